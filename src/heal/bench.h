/* bench: heal every case of a corpus, each as an unknown repository, and count.
 * Layer: heal. Layout: SUITE/cases/<id>/{case.json,repo/}, SUITE/solutions/<id>/ with hidden.json
 * and truth.json where there are more tests. Each case runs in a process of its own on a copy of
 * its repository with an empty store; the solutions are opened only afterwards, to judge. */
#pragma once

#include "base/err.h"
#include "heal/heal.h"

struct bench_options {
	const char *suite;
	int jobs;          /* cases at once, >= 1 */
	int64_t budget_ms; /* per case */
	enum sandbox_mode sandbox;
	const char *out;     /* one JSON line a case; NULL: none */
	const char *patches; /* folder for <id>.patch; NULL: none */
	const char *only;    /* comma-separated ids; NULL: all */
	const char *templates_dir;
	/* Called in the parent after each case with its JSON line; may be NULL. */
	void (*each)(void *data, const struct json_t *result);
	void *data;
};

struct bench_totals {
	int cases, plausible, judged, correct;
	double low, high; /* 95 % Wilson interval of the plausible share */
	double seconds_median, seconds_total;
	double candidates_median;
	long max_rss_kb; /* of the bot's own process, the largest */
};

int bench_run(
	struct bench_totals *out, const struct bench_options *options, struct err *err) MUST_CHECK;
