/* detect: is the project red, and is it a failure that repair is for?
 * Layer: detect. Runs the project's own command in a trial, reads what it printed, reruns it
 * before anything is spent (SPEC 2 "False positives", SPEC 14 "When to act"). */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "kit/trial/order.h"
#include "model/failure.h"
#include "model/verdict.h"

struct report_tables;
struct trial;

struct detect_options {
	const char *command;          /* the test command, for sh -c */
	const char *const *setup;     /* commands run once before it; NULL: none */
	struct report_tables *tables; /* for reports (report.h); NULL: those built in */
	const char *root;             /* as the commands see it: to resolve frames */
	const char *const *env_set;   /* further "NAME=value" for the command; NULL: none */
	int timeout_ms;               /* one test run; 0: none */
	int64_t rerun_budget_ms;      /* reruns stop when they have used it up */
	int reruns;                /* before repair; 3 (SPEC 14) unless the caller knows better */
	bool suspected;            /* these failures came and went before: more reruns */
	const struct order *order; /* of one run: which tests, in which order; NULL: as they come */
};

/* One run of the command, read. */
struct test_run {
	struct failure_list failures;
	int exit_code;
	bool timed_out;
	bool green; /* exit 0 in time */
	int64_t wall_us;
	struct str output;        /* in the arena */
	struct order_tests tests; /* that ran, when an order was asked for */
};

struct detection {
	struct test_run first;
	enum outcome outcome; /* NOTHING_TO_DO, FLAKY, INFRASTRUCTURE, CONFIGURATION; NOT_HEALED: go
				 on */
	struct str why;       /* for people: which evidence decided */
	int runs, red_runs;
	double flaky_low, flaky_high; /* when FLAKY: 95 % interval of the failure rate */
};

void test_run_release(struct test_run *run);
void detection_release(struct detection *d);
/* Runs the command once and reads it. < 0 only when it could not be run at all. */
int test_run_once(struct test_run *out, struct trial *trial, const struct detect_options *options,
	struct arena *mem, struct err *err) MUST_CHECK;
/* Setup commands, the first run, and what kind of red it is; no reruns yet. */
int detect_failures(struct detection *out, struct trial *trial,
	const struct detect_options *options, struct arena *mem, struct err *err) MUST_CHECK;
/* Reruns what is red: the outcome becomes FLAKY when the results are mixed. */
int detect_rerun(struct detection *d, struct trial *trial, const struct detect_options *options,
	struct arena *mem, struct err *err) MUST_CHECK;
/* Whether two runs failed alike: the same failing tests or diagnostics, or both green. */
bool test_runs_alike(const struct test_run *a, const struct test_run *b);
