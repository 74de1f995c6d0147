/* accel: many candidates a second: the failing test's own process, as started by the project's own
 * command inside a trial, becomes a fork server that tries one candidate per fork.
 * Layer: kit. One implementation per language family behind this table. What an accelerator says
 * chooses candidates; it never makes a verdict (SPEC 5). */
#pragma once

#include "base/arena.h"
#include "model/failure.h"
#include "model/patch.h"

struct trial;

enum observed_status {
	OBSERVED_PASS, /* every target test passed */
	OBSERVED_FAIL,
	OBSERVED_TIMEOUT,     /* over its time or step budget */
	OBSERVED_CRASH,       /* died by a signal */
	OBSERVED_INVALID,     /* does not parse or compile */
	OBSERVED_UNSUPPORTED, /* this accelerator cannot try it: run it the slow way */
};

struct observed {
	enum observed_status status;
	int64_t wall_us;
	int tests_passed, tests_failed; /* of the target tests, -1 unknown */
	int line;                       /* where in the test it failed (progress), 0 unknown */
	struct str message;             /* the end of what it printed or raised */
	uint64_t signature; /* hash of the failure seen: equal for candidates that fail alike */
};

struct accel_options {
	const char *command; /* the project's test command (sh -c) */
	const char *subdir;
	const struct failure_list *failures; /* what the unpatched run showed: the target tests */
	int command_timeout_ms;              /* for the whole command: start-up included */
	int candidate_timeout_ms;            /* 0: 10 x the unpatched target run, at least 20 ms */
	int jobs;                            /* candidates in flight, >= 1 */
	bool all_tests; /* Python: what passes the targets must also keep the other tests passing
			   that pass unpatched; else it is OBSERVED_FAIL */
};

struct accel;

struct accel_ops {
	const char *name;
	/* Languages whose files it can patch: NULL-terminated. */
	const char *const *languages;
	/* Starts the command in the trial (files as they are there now are the base that edits
	 * refer to) and waits until the fork server stands. 0, or ACCEL_UNAVAILABLE with *err
	 * saying why (no such process came up), or < 0. */
	int (*open)(struct accel **out, struct trial *trial, const struct accel_options *options,
		struct err *err);
	/* Tries n candidates, any order inside, results by index. Messages live in mem. */
	int (*run)(struct accel *accel, const struct patch *patches, size_t n, struct observed *out,
		struct arena *mem, struct err *err);
	void (*free)(struct accel *accel);
};

enum { ACCEL_UNAVAILABLE = 1 };

extern const struct accel_ops accel_python, accel_c;

/* The accelerator for a language, or NULL. */
const struct accel_ops *accel_for(struct str language);
const char *observed_status_to_string(enum observed_status status);
