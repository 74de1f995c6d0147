#include "port/forge/forge_private.h"

#include "base/alloc.h"

static char *without_slash(const char *url)
{
	struct str s = str_trim(str_of(url));

	while (str_ends(s, "/"))
		s.n--;
	return xstrndup(s.p, s.n);
}

/* GitHub Enterprise Server has REST at /api/v3 and GraphQL at /api/graphql. */
static char *graphql_of(const char *api_url)
{
	struct str s = str_of(api_url);

	if (str_ends(s, "/api/v3"))
		s.n -= strlen("/v3");
	return xasprintf("%.*s/graphql", STR_ARGS(s));
}

int forge_open(struct forge **out, const struct forge_options *o, struct err *err)
{
	CLEANUP(forge_freep) struct forge *f = xcalloc(1, sizeof(*f));

	f->http = o->http;
	f->now = o->now;
	f->api_url =
		without_slash(o->api_url && o->api_url[0] ? o->api_url : "https://api.github.com");
	f->graphql_url = o->graphql_url && o->graphql_url[0] ? without_slash(o->graphql_url)
							     : graphql_of(f->api_url);
	f->write_gap_ms = o->write_gap_ms < 0 ? 0 : o->write_gap_ms ? o->write_gap_ms : 1000;
	f->max_wait_ms = o->max_wait_ms ? o->max_wait_ms : 600000;
	for (size_t i = 0; i < QUOTAS; i++)
		f->quotas[i] = (struct quota){.limit = -1, .left = -1, .reset_at = -1};
	if (auth_open(f, o, err) < 0)
		return -1;
	*out = TAKE(f);
	return 0;
}

void forge_free(struct forge *f)
{
	if (!f)
		return;
	auth_release(f);
	cache_release(f);
	free((void *)(uintptr_t)f->me.login.p);
	free((void *)(uintptr_t)f->me.type.p);
	free(f->api_url);
	free(f->graphql_url);
	free(f);
}
