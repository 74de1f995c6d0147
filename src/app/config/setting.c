#include "app/config/setting.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "json/json.h"

const char *const setting_fail_on_words[] = {"never", "flaky", "unhealed", NULL};
const char *const setting_sandbox_words[] = {"auto", "require", "off", NULL};

static const char *const merge_words[] = {"never", "auto", NULL};
static const char *const on_pull_words[] = {"suggest", "push", "pull-request", "comment", NULL};
static const char *const region_words[] = {"us", "eu", NULL};
static const char *const draft_words[] = {"auto", "always", "never", NULL};

const struct setting settings[SETTING_COUNT] = {
	[SETTING_TEST] = {"test", SETTING_COMMAND, "SELFHEAL_TEST", NULL,
		"the command that runs the tests; found in the project's files when not given",
		"python3 -m pytest -q"},
	[SETTING_SETUP] = {"setup", SETTING_COMMANDS, "SELFHEAL_SETUP", NULL,
		"commands run once before the tests; the network is open to these alone",
		"pip install -r requirements.txt"},
	[SETTING_TIMEOUT] = {"timeout", SETTING_SECONDS, "SELFHEAL_TIMEOUT", NULL,
		"the longest that one run of the tests may take; 10 times the last green run, else "
		"600 seconds, and a sixth of the budget at most, when not given",
		"600", 1, 86400},
	[SETTING_BUDGET] = {"budget", SETTING_SECONDS, "SELFHEAL_BUDGET", "900",
		"the longest that a whole repair may take", NULL, 1, 86400 * 7},
	[SETTING_JOBS] = {"jobs", SETTING_INT, "SELFHEAL_JOBS", "0",
		"candidates tried side by side; 0 is one for each processor", NULL, 0, 256},
	[SETTING_MAX_ATTEMPTS] = {"max_attempts", SETTING_INT, "SELFHEAL_MAX_ATTEMPTS", "3",
		"verified attempts by a model before giving up; repair without one is bounded by "
		"the budget alone",
		NULL, 1, 100},
	[SETTING_FAIL_ON] = {"fail_on", SETTING_ENUM, "SELFHEAL_FAIL_ON", "unhealed",
		"what makes the exit code 1", NULL, .words = setting_fail_on_words},
	[SETTING_STORE] = {"store", SETTING_STR, "SELFHEAL_STORE", NULL,
		"the file where fixes are remembered; in the git directory when not given",
		"/var/lib/selfheal/store.db"},
	[SETTING_RULES] = {"rules", SETTING_STR, "SELFHEAL_RULES", NULL,
		"a file of repair rules of your own, relative to the repository",
		".selfheal/rules.yml"},
	[SETTING_SERVICES] = {"services", SETTING_COMMANDS, "SELFHEAL_SERVICES", NULL,
		"commands kept running beside the tests, inside the sandbox",
		"redis-server --port 6379"},
	[SETTING_SANDBOX_MODE] = {"sandbox.mode", SETTING_ENUM, "SELFHEAL_SANDBOX_MODE", "auto",
		"auto: every layer this machine has; require: refuse to run when one is missing; "
		"off: none",
		NULL, .words = setting_sandbox_words},
	[SETTING_SANDBOX_NETWORK] = {"sandbox.network", SETTING_BOOL, "SELFHEAL_SANDBOX_NETWORK",
		"false", "let tests reach more than this machine's loopback"},
	[SETTING_SANDBOX_ENV] = {"sandbox.env", SETTING_STRS, "SELFHEAL_SANDBOX_ENV", NULL,
		"names of environment variables that tests may see", "DATABASE_URL"},
	[SETTING_SCRATCH_IGNORE] = {"scratch.ignore", SETTING_STRS, "SELFHEAL_SCRATCH_IGNORE", NULL,
		"ignored files left out of the scratch tree, as globs", "data/**"},
	[SETTING_POLICY_PROTECTED] = {"policy.protected", SETTING_STRS, "SELFHEAL_POLICY_PROTECTED",
		NULL, "files that no fix may touch, as globs", "migrations/**"},
	[SETTING_POLICY_TESTS] = {"policy.tests", SETTING_STRS, "SELFHEAL_POLICY_TESTS", NULL,
		"files that are tests beside those a runner's names tell, as globs", "checks/**"},
	[SETTING_POLICY_ALLOW_WORKFLOWS] = {"policy.allow_workflows", SETTING_BOOL,
		"SELFHEAL_POLICY_ALLOW_WORKFLOWS", "false",
		"hold fixes of .github/workflows for a person instead of refusing them"},
	[SETTING_POLICY_MAX_FILES] = {"policy.max_files", SETTING_INT, "SELFHEAL_POLICY_MAX_FILES",
		"10", "the most files that a fix may touch", NULL, 1, 1000},
	[SETTING_POLICY_MAX_LINES] = {"policy.max_lines", SETTING_INT, "SELFHEAL_POLICY_MAX_LINES",
		"400", "the most lines that a fix may change", NULL, 1, 100000},
	[SETTING_SCAN_COMPLEXITY] = {"scan.complexity", SETTING_INT, "SELFHEAL_SCAN_COMPLEXITY",
		"15", "the most ways through a function that 'scan' finds no issue in; 0: any",
		NULL, 0, 1000},
	[SETTING_SCAN_COVERAGE] = {"scan.coverage", SETTING_INT, "SELFHEAL_SCAN_COVERAGE", "80",
		"the least per cent of a file's lines that tests should run", NULL, 0, 100},
	[SETTING_MERGE] = {"merge", SETTING_ENUM, "SELFHEAL_MERGE", "never",
		"auto: ask for GitHub's own auto-merge, under branch protection, where confidence "
		"is 0.9 or more; the bot itself never merges",
		NULL, .words = merge_words},
	[SETTING_PUBLISH_PREFIX] = {"publish.branch_prefix", SETTING_STR,
		"SELFHEAL_PUBLISH_BRANCH_PREFIX", "selfheal/",
		"what the names of its branches begin with"},
	[SETTING_PUBLISH_INSTANCE] = {"publish.instance", SETTING_STR, "SELFHEAL_PUBLISH_INSTANCE",
		"default", "a name for this bot where several work in one repository"},
	[SETTING_PUBLISH_DRAFT] = {"publish.draft", SETTING_ENUM, "SELFHEAL_PUBLISH_DRAFT", "auto",
		"auto: a draft where confidence is below 0.7; always; never", NULL,
		.words = draft_words},
	[SETTING_PUBLISH_ON_PULL_REQUEST] = {"publish.on_pull_request", SETTING_ENUM,
		"SELFHEAL_PUBLISH_ON_PULL_REQUEST", "suggest",
		"a fix for somebody's open pull request: suggest on its lines (else a pull request "
		"against its branch), push onto its branch, pull-request, or comment",
		NULL, .words = on_pull_words},
	[SETTING_PUBLISH_CHECKS] = {"publish.checks", SETTING_BOOL, "SELFHEAL_PUBLISH_CHECKS",
		"true", "write a check run with the failures on the commit that failed"},
	[SETTING_PUBLISH_DASHBOARD] = {"publish.dashboard", SETTING_BOOL,
		"SELFHEAL_PUBLISH_DASHBOARD", "false",
		"keep one issue that lists what is open, passed over and seen"},
	[SETTING_PUBLISH_LABELS] = {"publish.labels", SETTING_STRS, "SELFHEAL_PUBLISH_LABELS", NULL,
		"labels of its pull requests beside auto-fix and self-healing", "bot"},
	[SETTING_PUBLISH_REVIEWERS] = {"publish.reviewers", SETTING_STRS,
		"SELFHEAL_PUBLISH_REVIEWERS", NULL,
		"who is asked for review beside the owners in CODEOWNERS: logins, org/team",
		"octo-org/maintainers"},
	[SETTING_PUBLISH_TEMPLATE] = {"publish.template", SETTING_STR, "SELFHEAL_PUBLISH_TEMPLATE",
		NULL, "a file with the text of pull requests, relative to the repository",
		".selfheal/pull_request.md"},
	[SETTING_PUBLISH_MAX_OPEN] = {"publish.max_open", SETTING_INT, "SELFHEAL_PUBLISH_MAX_OPEN",
		"5", "the most pull requests it keeps open; 0 is no limit", NULL, 0, 1000},
	[SETTING_PUBLISH_PER_HOUR] = {"publish.per_hour", SETTING_INT, "SELFHEAL_PUBLISH_PER_HOUR",
		"3", "the most pull requests it opens in an hour; 0 is no limit", NULL, 0, 1000},
	[SETTING_PUBLISH_PER_DAY] = {"publish.per_day", SETTING_INT, "SELFHEAL_PUBLISH_PER_DAY",
		"10", "the most pull requests it opens in a day; 0 is no limit", NULL, 0, 10000},
	[SETTING_PUBLISH_EXPIRE_DAYS] = {"publish.expire_days", SETTING_INT,
		"SELFHEAL_PUBLISH_EXPIRE_DAYS", "30",
		"days after which a pull request that nobody touched is closed; 0 is never", NULL,
		0, 3650},
	[SETTING_SERVE_REPOSITORIES] = {"serve.repositories", SETTING_STRS,
		"SELFHEAL_SERVE_REPOSITORIES", NULL,
		"repositories whose deliveries 'serve' acts on, as globs; all when not given",
		"acme/*"},
	[SETTING_SERVE_JOBS] = {"serve.jobs", SETTING_INT, "SELFHEAL_SERVE_JOBS", "1",
		"jobs that 'serve' and 'work' do side by side; 0: 'serve' only receives", NULL, 0,
		64},
	[SETTING_SERVE_JOBS_PER_HOUR] = {"serve.jobs_per_hour", SETTING_INT,
		"SELFHEAL_SERVE_JOBS_PER_HOUR", "20",
		"jobs begun of one repository within an hour; 0 is no limit", NULL, 0, 10000},
	[SETTING_SERVE_JOB_TIMEOUT] = {"serve.job_timeout", SETTING_SECONDS,
		"SELFHEAL_SERVE_JOB_TIMEOUT", "7200", "the longest that one job may take", NULL, 1,
		86400},
	[SETTING_SERVE_SPOOL_MB] = {"serve.spool_mb", SETTING_INT, "SELFHEAL_SERVE_SPOOL_MB",
		"1024",
		"megabytes of deliveries that may wait on disk to be read; more are refused (503)",
		NULL, 64, 1000000},
	[SETTING_SERVE_CACHE] = {"serve.cache", SETTING_STR, "SELFHEAL_SERVE_CACHE", NULL,
		"the folder of mirrors and checkouts; selfheal in XDG_CACHE_HOME when not given",
		"/var/cache/selfheal"},
	[SETTING_SERVE_CACHE_MB] = {"serve.cache_mb", SETTING_INT, "SELFHEAL_SERVE_CACHE_MB",
		"10240",
		"megabytes of mirrors that are kept, longest unused removed first; 0 is no limit",
		NULL, 0, 100000000},
	[SETTING_SERVE_LOGIN] = {"serve.login", SETTING_STR, "SELFHEAL_SERVE_LOGIN", NULL,
		"the bot's own login, whose comments and closings are passed over", "my-app[bot]"},
	[SETTING_NOTIFY_ON] = {"notify.on", SETTING_STRS, "SELFHEAL_NOTIFY_ON", NULL,
		"what is told: outcomes and pull_request; when not given fixes and pull requests, "
		"and to PagerDuty what is not healed",
		"not_healed"},
	[SETTING_NOTIFY_SLACK] = {"notify.slack", SETTING_STR, "SELFHEAL_NOTIFY_SLACK",
		"SLACK_WEBHOOK_URL",
		"the name of the environment variable with the address of an incoming webhook"},
	[SETTING_NOTIFY_PAGERDUTY] = {"notify.pagerduty", SETTING_STR, "SELFHEAL_NOTIFY_PAGERDUTY",
		NULL, "the name of the environment variable with a routing key of Events v2",
		"PAGERDUTY_ROUTING_KEY"},
	[SETTING_NOTIFY_PAGERDUTY_REGION] = {"notify.pagerduty_region", SETTING_ENUM,
		"SELFHEAL_NOTIFY_PAGERDUTY_REGION", "us", "where the PagerDuty account is", NULL,
		.words = region_words},
	[SETTING_NOTIFY_WEBHOOK] = {"notify.webhook", SETTING_STR, "SELFHEAL_NOTIFY_WEBHOOK", NULL,
		"the name of the environment variable with an address that takes JSON",
		"NOTIFY_WEBHOOK_URL"},
	[SETTING_NOTIFY_WEBHOOK_SECRET] = {"notify.webhook_secret", SETTING_STR,
		"SELFHEAL_NOTIFY_WEBHOOK_SECRET", NULL,
		"the name of the environment variable with the key that signs what is sent there",
		"NOTIFY_WEBHOOK_SECRET"},
	[SETTING_NOTIFY_MAIL] = {"notify.mail", SETTING_STR, "SELFHEAL_NOTIFY_MAIL", NULL,
		"the name of the environment variable that says how mail goes out and to whom",
		"NOTIFY_MAIL_URL"},
	[SETTING_NOTIFY_REPEAT_AFTER] = {"notify.repeat_after", SETTING_SECONDS,
		"SELFHEAL_NOTIFY_REPEAT_AFTER", "86400",
		"how long the same notice is not sent again", NULL, 1, 86400 * 365},
};

const struct setting *setting_find(const char *key)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (!strcmp(settings[i].key, key))
			return &settings[i];
	return NULL;
}

void setting_wants(const struct setting *s, struct buf *out)
{
	static const char *const texts[] = {
		[SETTING_STR] = "a text",
		[SETTING_COMMAND] = "a command or a list of commands",
		[SETTING_COMMANDS] = "a list of commands",
		[SETTING_STRS] = "a list of texts",
		[SETTING_BOOL] = "true or false",
	};

	switch (s->kind) {
	case SETTING_INT:
		buf_printf(out, "a whole number from %" PRId64 " to %" PRId64, s->min, s->max);
		break;
	case SETTING_SECONDS:
		buf_printf(out,
			"a number of seconds from %" PRId64 " to %" PRId64 " (or 90s, 10m, 2h)",
			s->min, s->max);
		break;
	case SETTING_ENUM:
		for (const char *const *word = s->words; *word; word++)
			buf_printf(out, "%s%s",
				word == s->words ? ""
				: word[1]        ? ", "
						 : " or ",
				*word);
		break;
	default:
		buf_c(out, texts[s->kind]);
	}
}

static struct json_t *type_of(const char *type)
{
	struct json_t *j = json_obj();

	json_put_c(j, "type", type);
	return j;
}

static struct json_t *list_of(const char *type)
{
	struct json_t *j = type_of("array");

	json_put(j, "items", type_of(type));
	return j;
}

static struct json_t *any_of(struct json_t *a, struct json_t *b)
{
	struct json_t *j = json_obj(), *options = json_arr();

	json_push(options, a);
	json_push(options, b);
	json_put(j, "anyOf", options);
	return j;
}

static struct json_t *ranged(const struct setting *s, const char *type)
{
	struct json_t *j = type_of(type);

	json_put_int(j, "minimum", s->min);
	json_put_int(j, "maximum", s->max);
	return j;
}

static struct json_t *words_of(const struct setting *s)
{
	struct json_t *j = json_obj(), *words = json_arr();

	for (const char *const *word = s->words; *word; word++)
		json_push(words, json_str(str_of(*word)));
	json_put(j, "enum", words);
	return j;
}

static struct json_t *duration(const struct setting *s)
{
	struct json_t *text = type_of("string");

	json_put_c(text, "pattern", "^[0-9]+(\\.[0-9]+)?[smhd]?$");
	return any_of(ranged(s, "number"), text);
}

static struct json_t *value_schema(const struct setting *s)
{
	switch (s->kind) {
	case SETTING_COMMAND:
	case SETTING_COMMANDS:
	case SETTING_STRS:
		return any_of(type_of("string"), list_of("string"));
	case SETTING_INT:
		return ranged(s, "integer");
	case SETTING_SECONDS:
		return duration(s);
	case SETTING_BOOL:
		return type_of("boolean");
	case SETTING_ENUM:
		return words_of(s);
	default:
		return type_of("string");
	}
}

static struct json_t *closed_object(struct json_t *properties)
{
	struct json_t *j = type_of("object");

	json_put(j, "properties", properties);
	json_put_bool(j, "additionalProperties", false);
	return j;
}

/* The properties of a section, made when the first of its settings is met. */
static struct json_t *section_of(struct json_t *root, struct str name)
{
	char key[64];
	struct json_t *section;

	snprintf(key, sizeof(key), "%.*s", STR_ARGS(name));
	section = json_get_obj(root, key);
	if (!section) {
		section = closed_object(json_obj());
		json_put(root, key, section);
	}
	return json_get_obj(section, "properties");
}

void setting_schema(struct buf *out)
{
	struct json_t *properties = json_obj();
	CLEANUP(json_freep) struct json_t *schema = closed_object(properties);

	json_put_c(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_put_c(schema, "title", ".selfheal.yml");
	for (int i = 0; i < SETTING_COUNT; i++) {
		struct str name = str_of(settings[i].key), section = STR_NULL;
		struct json_t *value = value_schema(&settings[i]);
		json_put_c(value, "description", settings[i].help);
		if (str_cut(&name, ".", &section))
			json_put(section_of(properties, section), name.p, value);
		else
			json_put(properties, name.p, value);
	}
	json_write(out, schema, 2);
	buf_char(out, '\n');
}

static bool is_list(const struct setting *s)
{
	return s->kind == SETTING_COMMANDS || s->kind == SETTING_STRS;
}

void setting_template(struct buf *out, const char *test)
{
	struct str last = STR_NULL;

	buf_c(out, "# yaml-language-server: "
		   "$schema=https://raw.githubusercontent.com/" SELFHEAL_REPOSITORY
		   "/v" SELFHEAL_VERSION "/templates/schemas/config.schema.json\n"
		   "# Settings of selfheal; 'selfheal config show' says what is in force.\n");
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &settings[i];
		struct str name = str_of(s->key), section = STR_NULL;
		const char *value = s->fallback ? s->fallback : s->example;
		const char *indent = str_cut(&name, ".", &section) ? "  " : "";
		bool found = i == SETTING_TEST && test;
		if (section.n && !str_eq(section, last))
			buf_printf(out, "\n# %.*s:\n", STR_ARGS(section));
		last = section;
		buf_printf(out, "%s#%s %s\n", section.n ? "" : "\n", indent, s->help);
		buf_printf(out, "%s%s%s: ", found ? "" : "# ", indent, name.p);
		if (found)
			buf_printf(out, "\"");
		for (const char *c = found ? test : value; *c; c++)
			buf_printf(out, found && (*c == '"' || *c == '\\') ? "\\%c" : "%c", *c);
		buf_c(out, found ? "\"\n" : is_list(s) ? "  # or a list\n" : "\n");
	}
}
