/* backtest: what the bot would have done with the red runs of the past, beside what people did.
 * Layer: heal. Reads only: of GitHub with GET alone, of the repository its objects; heals run in
 * checkouts of their own, remember nothing and are thrown away. Every run is listed, with the
 * reason where nothing was tried. */
#pragma once

#include "heal/backtest_judge.h"
#include "heal/heal.h"

struct forge;

enum { BACKTEST_RUNS_MAX = 500 };

struct backtest_options {
	struct str repo;                 /* "owner/name" */
	struct str workflow, branch;     /* empty: any */
	size_t runs;                     /* the last so many, at most BACKTEST_RUNS_MAX */
	const char *checkout;            /* a clone whose commits are healed; NULL: only explain */
	const struct heal_options *heal; /* how; root, store and what writes are not used */
	void (*progress)(void *data, size_t done, size_t of, const char *what);
	void *data;
};

struct backtest_run {
	int64_t id, created_at;
	struct str name, url, branch, sha;
	enum backtest_kind kind;
	const char *reason;           /* static: why it was not healed; NULL: it was tried */
	struct str subject;           /* the first failure, for people */
	struct failure_list failures; /* backtest_release frees */
	int64_t same_as;              /* the run that showed this failure, too; 0: none */
	enum outcome outcome;         /* these of a run that was tried */
	struct str why, diff;
	double confidence, seconds;
	struct {
		struct str sha; /* the next green run's commit; empty: none */
		int64_t at;
		struct str diff; /* what they changed until then, as far as GitHub lists it */
		const struct str *files;
		size_t n_files;
		bool tried, green; /* whether the tests pass on it here */
	} people;
	enum backtest_place place;
};

struct backtest_totals {
	size_t kinds[BACKTEST_KINDS];
	size_t tried, proposed, same_lines, same_file, elsewhere, fixed_by_people;
	int64_t median_to_people_s; /* -1: nobody fixed one */
};

struct backtest {
	struct backtest_run *v;
	size_t n;
	struct backtest_totals totals;
};

/* Strings of *out live in mem. */
int backtest_run(struct backtest *out, struct forge *forge, const struct backtest_options *options,
	struct arena *mem, struct err *err) MUST_CHECK;
void backtest_release(struct backtest *b);
/* A reason, for people. */
const char *backtest_reason_text(const char *reason);
