#include "app/serve/job_env.h"

#include <stdlib.h>
#include <unistd.h>

/* Beside what any child may see. A job talks to GitHub and, where settings name one, to a model; it
 * hands none of this on to what it runs (port/child/environment.h). */
static const char *const globs[] = {"HOME", "TMPDIR", "XDG_*", "SELFHEAL_*", "HTTP_PROXY",
	"HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE",
	"SSL_CERT_DIR", "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_API_URL", "GITHUB_SERVER_URL",
	"GITHUB_GRAPHQL_URL", "GHE_HOST", "APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH",
	"OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "GEMINI_API_KEY",
	"GOOGLE_API_KEY", "LLM_*", "SLACK_WEBHOOK_URL", "OTEL_*"};

static bool is_for_jobs(struct str name)
{
	if (str_starts(name, "WEBHOOK_"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(globs); i++)
		if (str_glob(str_of(globs[i]), name))
			return true;
	return false;
}

void job_env_init(struct job_env *e)
{
	environment_init(&e->all);
	environment_add_allowed(&e->all, (const char *const *)environ, NULL);
	for (char **at = environ; *at; at++) {
		struct str rest = str_of(*at), name;

		if (str_cut(&rest, "=", &name) && is_for_jobs(name))
			environment_set(&e->all, *at);
	}
	e->v = (const char *const *)e->all.v;
}

void job_env_release(struct job_env *e)
{
	environment_release(&e->all);
}
