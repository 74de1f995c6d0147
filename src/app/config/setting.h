/* setting: every setting of .selfheal.yml, in one table: reading, environment names, the schema,
 * 'config show' and 'config init' follow from it.
 * Layer: app. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum setting_id {
	SETTING_TEST,
	SETTING_SETUP,
	SETTING_TIMEOUT,
	SETTING_BUDGET,
	SETTING_JOBS,
	SETTING_MAX_ATTEMPTS,
	SETTING_FAIL_ON,
	SETTING_STORE,
	SETTING_RULES,
	SETTING_SERVICES,
	SETTING_SANDBOX_MODE,
	SETTING_SANDBOX_NETWORK,
	SETTING_SANDBOX_ENV,
	SETTING_SCRATCH_IGNORE,
	SETTING_POLICY_PROTECTED,
	SETTING_POLICY_TESTS,
	SETTING_POLICY_ALLOW_WORKFLOWS,
	SETTING_POLICY_MAX_FILES,
	SETTING_POLICY_MAX_LINES,
	SETTING_SCAN_COMPLEXITY,
	SETTING_SCAN_COVERAGE,
	SETTING_MERGE,
	SETTING_PUBLISH_PREFIX,
	SETTING_PUBLISH_INSTANCE,
	SETTING_PUBLISH_DRAFT,
	SETTING_PUBLISH_ON_PULL_REQUEST,
	SETTING_PUBLISH_CHECKS,
	SETTING_PUBLISH_DASHBOARD,
	SETTING_PUBLISH_LABELS,
	SETTING_PUBLISH_REVIEWERS,
	SETTING_PUBLISH_TEMPLATE,
	SETTING_PUBLISH_MAX_OPEN,
	SETTING_PUBLISH_PER_HOUR,
	SETTING_PUBLISH_PER_DAY,
	SETTING_PUBLISH_EXPIRE_DAYS,
	SETTING_SERVE_REPOSITORIES,
	SETTING_SERVE_JOBS,
	SETTING_SERVE_JOBS_PER_HOUR,
	SETTING_SERVE_JOB_TIMEOUT,
	SETTING_SERVE_SPOOL_MB,
	SETTING_SERVE_LOGIN,
	SETTING_SERVE_CACHE,
	SETTING_SERVE_CACHE_MB,
	SETTING_NOTIFY_ON,
	SETTING_NOTIFY_SLACK,
	SETTING_NOTIFY_PAGERDUTY,
	SETTING_NOTIFY_PAGERDUTY_REGION,
	SETTING_NOTIFY_WEBHOOK,
	SETTING_NOTIFY_WEBHOOK_SECRET,
	SETTING_NOTIFY_MAIL,
	SETTING_NOTIFY_REPEAT_AFTER,
	SETTING_COUNT,
};

enum setting_kind {
	SETTING_STR,
	SETTING_COMMAND,  /* a shell command, or a list of them: run in turn until one fails */
	SETTING_COMMANDS, /* a list of shell commands; in the environment one a line */
	SETTING_STRS,     /* a list of words; in the environment separated by commas */
	SETTING_INT,
	SETTING_SECONDS, /* a number of seconds, or 90s, 10m, 2h, 1d */
	SETTING_BOOL,
	SETTING_ENUM,
};

struct setting {
	const char *key; /* "jobs", or "section.name" */
	enum setting_kind kind;
	const char *env;          /* the variable that sets it */
	const char *fallback;     /* as it would stand in the file; NULL: not set */
	const char *help;         /* one line, lower case, no full stop */
	const char *example;      /* for 'config init' when there is no fallback */
	int64_t min, max;         /* of INT and SECONDS */
	const char *const *words; /* of ENUM */
};

extern const struct setting settings[SETTING_COUNT];
/* The words of fail_on and sandbox.mode, in the order of their enums. */
extern const char *const setting_fail_on_words[];
extern const char *const setting_sandbox_words[];

/* The setting with that key, or NULL. */
const struct setting *setting_find(const char *key);
/* What it takes, for messages: "a number from 1 to 64". */
void setting_wants(const struct setting *s, struct buf *out);
/* The JSON Schema of the file. */
void setting_schema(struct buf *out);
/* A commented file with every setting at its default. test: the command found, NULL: none. */
void setting_template(struct buf *out, const char *test);
