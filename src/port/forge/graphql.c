#include "port/forge/forge_private.h"

#include "base/alloc.h"

/* GraphQL tells failures in a 200: a type and a sentence each. */
static const struct {
	const char *type, *says;
	enum err_code code;
} failures[] = {
	{"NOT_FOUND", NULL, ERR_AUTH},
	{"FORBIDDEN", NULL, ERR_AUTH},
	{"INSUFFICIENT_SCOPES", NULL, ERR_AUTH},
	{NULL, "not allowed for this repository", ERR_CONFIG},
	{NULL, "rules not configured", ERR_CONFIG},
	{NULL, "in clean status", ERR_CONFLICT},
	{NULL, "in unstable status", ERR_CONFLICT},
	{"UNPROCESSABLE", NULL, ERR_CONFLICT},
};

static enum err_code code_of(struct str type, struct str message)
{
	for (size_t i = 0; i < ARRAY_LEN(failures); i++)
		if ((!failures[i].type || str_eq_c(type, failures[i].type)) &&
			(!failures[i].says || str_has(message, failures[i].says)))
			return failures[i].code;
	return ERR_CONFIG;
}

static int explain(const struct json_t *failure, const struct reply *reply, struct err *err)
{
	struct str message = str_slice(json_get_str(failure, "message"), 0, 250);
	struct str id = str_slice(http_header_get(&reply->http, "x-github-request-id"), 0, 60);

	return err_set(err, code_of(json_get_str(failure, "type"), message),
		"POST /graphql: %.*s, request %.*s", STR_ARGS(message), STR_ARGS(id));
}

int forge_graphql(struct forge *f, const char *query, struct json_t *variables,
	struct json_t **data, struct err *err)
{
	ARENA_AUTO mem = {0};
	REPLY_AUTO reply = {0};
	CLEANUP(json_freep) struct json_t *body = json_obj();
	/* Each mutation we have sets a state: twice is once. */
	struct ask ask = {.method = "POST",
		.path = STR("/graphql"),
		.body = body,
		.graphql = true,
		.repeatable = true};
	struct json_t *failures_told;
	int rc;

	json_put_c(body, "query", query);
	json_put(body, "variables", variables);
	rc = forge_exchange(f, &ask, &reply, &mem, err);
	if (rc == FORGE_NONE)
		return forge_not_there(&ask, &reply, err);
	if (rc < 0)
		return -1;
	failures_told = json_get_arr(reply.json, "errors");
	if (json_len(failures_told))
		return explain(json_at(failures_told, 0), &reply, err);
	if (data)
		*data = json_ref(json_get_obj(reply.json, "data"));
	return 0;
}
