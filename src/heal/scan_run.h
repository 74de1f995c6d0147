/* scan_run: runs the tests, reads what analysers and coverage tools left, measures the sources.
 * Layer: heal. Changes nothing, repairs nothing, remembers nothing; detect/scan.h decides. */
#pragma once

#include "heal/heal.h"
#include "model/issue.h"

enum { SCAN_COMPLEXITY = 15, SCAN_COVERAGE = 80 };

struct scan_options {
	const struct heal_options *heal; /* root, command, setup, time-out, sandbox, templates */
	bool no_tests;                   /* the tests are not run */
	/* Files, folders or globs (kit/report/inputs.h), NULL-terminated; NULL: none. With logs
	 * the tests are not run either. */
	const char *const *logs, *const *sarif;
	const char *const *coverage; /* NULL or empty: looked for under the usual names */
	int complexity;              /* more is an issue; 0: not measured */
	double coverage_least;       /* per cent */
};

enum { SCAN_NOTICES_MAX = 32 };

struct scan_result {
	struct issue_list issues;
	bool ran;             /* the tests ran */
	struct str command;   /* by this */
	enum outcome outcome; /* of that run: detect's; NOT_HEALED: red */
	struct str why;       /* which evidence decided */
	struct str commit;    /* of the checkout; may be empty */
	struct str notices[SCAN_NOTICES_MAX];
	size_t n_notices;
	double seconds;
};

void scan_result_init(struct scan_result *r);
void scan_result_release(struct scan_result *r);

/* 0 whatever was found. Strings live in mem. */
int scan_run(struct scan_result *out, const struct scan_options *options, struct arena *mem,
	struct err *err) MUST_CHECK;
/* The document of 'scan --format json' (templates/schemas/scan.schema.json); the caller frees. */
struct json_t *scan_result_to_json(const struct scan_result *r, struct str repository);
