#include "app/cli/github_facts.h"

#include <stdlib.h>
#include <unistd.h>

#include "app/cli/cmd.h"
#include "base/clock.h"
#include "port/crypto/hmac.h"

enum { WEBHOOK_TIMEOUT_MS = 10000, DAY_S = 24 * 3600 };

/* --- the environment --- */

/* "http://user:pass@proxy.example:3128/" -> "proxy.example:3128". */
static struct str host_of(struct str url)
{
	struct str before, rest = url;

	if (str_cut(&rest, "://", &before))
		url = rest;
	rest = url;
	if (str_cut(&rest, "/", &before))
		url = before;
	rest = url;
	while (str_cut(&rest, "@", &before))
		url = rest;
	return url;
}

static void look_at_environment(struct github_facts *out, struct arena *mem)
{
	static const char *const proxies[] = {
		"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"};

	for (size_t i = 0; !out->proxy_variable && i < ARRAY_LEN(proxies); i++) {
		const char *value = getenv(proxies[i]);
		if (!value || !*value)
			continue;
		out->proxy_variable = proxies[i];
		out->proxy_host = arena_str(mem, host_of(str_of(value)));
	}
	out->ca_file = getenv("SSL_CERT_FILE");
	if (out->ca_file && !*out->ca_file)
		out->ca_file = NULL;
	out->ca_file_readable = out->ca_file && access(out->ca_file, R_OK) == 0;
	out->in_actions = cli_in_actions();
}

/* --- GitHub --- */

static bool answered(struct github_answer *answer, int rc, const struct err *err, struct arena *mem)
{
	answer->asked = true;
	answer->known = rc == 0;
	if (rc != 0)
		answer->why = rc < 0 ? arena_str(mem, str_of(err->msg)) : STR("not found");
	return answer->known;
}

static void ask_about_repository(
	struct github_facts *out, const struct github_question *q, struct arena *mem)
{
	struct err err = ERR_INIT;
	int rc = forge_repository(q->forge, q->repo, &out->repository, mem, &err);

	if (!answered(&out->repository_, rc, &err, mem))
		return;
	err = (struct err)ERR_INIT;
	rc = forge_branch_rules(
		q->forge, q->repo, out->repository.default_branch, &out->rules, mem, &err);
	answered(&out->rules_, rc, &err, mem);
	err = (struct err)ERR_INIT;
	rc = forge_actions_policy(q->forge, q->repo, &out->policy, mem, &err);
	answered(&out->policy_, rc, &err, mem);
	if (!out->me_.known || !str_eq_c(out->me.type, "User"))
		return;
	err = (struct err)ERR_INIT;
	rc = forge_permission_of(q->forge, q->repo, out->me.login, &out->role, &err);
	answered(&out->role_, rc, &err, mem);
}

static void ask_github(struct github_facts *out, const struct github_question *q, struct arena *mem)
{
	struct forge_delivery *deliveries = NULL;
	struct err err = ERR_INIT;
	int rc;

	/* An installation's token, and with it its permissions, is made by the first of these. */
	rc = forge_me(q->forge, &out->me, mem, &err);
	answered(&out->me_, rc, &err, mem);
	err = (struct err)ERR_INIT;
	rc = forge_access(q->forge, &out->access, mem, &err);
	out->our_time = clock_wall_s();
	if (!answered(&out->access_, rc, &err, mem))
		return;
	ask_about_repository(out, q, mem);
	if (!str_eq_c(out->access.kind, "app"))
		return;
	err = (struct err)ERR_INIT;
	rc = forge_failed_deliveries(
		q->forge, out->our_time - DAY_S, &deliveries, &out->failed_deliveries, mem, &err);
	answered(&out->deliveries_, rc, &err, mem);
}

/* --- the webhook server --- */

static struct str signature(struct str secret, struct str body, struct arena *mem)
{
	CLEANUP(hmac_freep) struct hmac *h = hmac_new(secret);
	unsigned char sum[HMAC_BYTES];
	BUF_AUTO text = BUF_INIT(128);

	hmac_update(h, body);
	hmac_final(h, sum);
	buf_c(&text, "sha256=");
	for (size_t i = 0; i < sizeof(sum); i++)
		buf_printf(&text, "%02x", sum[i]);
	return arena_str(mem, buf_view(&text));
}

/* The status, or 0 with *why set. */
static int deliver(const struct github_question *q, struct str sign, int number, struct str *why,
	struct arena *mem)
{
	struct http_header headers[] = {
		{STR("content-type"), STR("application/json")},
		{STR("x-github-event"), STR("ping")},
		{STR("x-github-delivery"), arena_printf(mem, "selfheal-doctor-%lld-%d",
						   (long long)clock_wall_s(), number)},
		{STR("x-hub-signature-256"), sign},
	};
	struct http_request request = {.method = "POST",
		.url = str_of(q->webhook_url),
		.headers = headers,
		.n_headers = ARRAY_LEN(headers) - (sign.n ? 0 : 1),
		.body = STR("{\"zen\":\"Keep it logically awesome.\",\"hook_id\":0}"),
		.timeout_ms = WEBHOOK_TIMEOUT_MS};
	struct http_response response;
	struct err err = ERR_INIT;

	if (http_send(q->http, &request, &response, mem, &err) < 0) {
		*why = arena_str(mem, str_of(err.msg));
		return 0;
	}
	return response.status;
}

static void probe_webhook(
	struct webhook_probe *out, const struct github_question *q, struct arena *mem)
{
	struct str body = STR("{\"zen\":\"Keep it logically awesome.\",\"hook_id\":0}");

	*out = (struct webhook_probe){
		.tried = true, .url = str_of(q->webhook_url), .has_secret = q->secret.n > 0};
	out->unsigned_ = deliver(q, STR(""), 0, &out->why, mem);
	if (!out->why.n)
		out->wrong = deliver(q, signature(STR("not the secret of anybody"), body, mem), 1,
			&out->why, mem);
	if (!out->why.n && out->has_secret)
		out->right = deliver(q, signature(q->secret, body, mem), 2, &out->why, mem);
}

void github_facts_gather(
	struct github_facts *out, const struct github_question *question, struct arena *mem)
{
	*out = (struct github_facts){.api_url = question->api_url, .repo = question->repo};
	look_at_environment(out, mem);
	if (question->forge)
		ask_github(out, question, mem);
	if (question->webhook_url)
		probe_webhook(&out->webhook, question, mem);
}
