/* heal: the cycle, from a checkout to a proven fix.
 * Layer: heal. Drives the stages detect, diagnose, repair, verify, learn; journals each result
 * before the next starts, resumes what was cut off, and explains every silence with counts (SPEC
 * 1). */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "kit/trial/trial.h"
#include "model/diagnosis.h"
#include "model/failure.h"
#include "model/fix.h"
#include "model/patch.h"
#include "model/verdict.h"

struct policy_options;

/* What a person watching sees; all strings are borrowed for the call. */
struct heal_progress {
	const char *stage; /* "run tests", "rerun", "locate", "search", "verify" */
	size_t tried;
	double rate; /* candidates a second */
	struct str best;
	double seconds, seconds_left;
};

struct heal_options {
	const char *root;    /* absolute path of the project's top folder */
	const char *command; /* the test command; NULL: found in the project's files */
	const char *const *setup;
	int timeout_ms;    /* one test run; 0: 10 x the last green run, else 600 s */
	int64_t budget_ms; /* whole repair; 0: 900 s */
	int jobs;          /* 0: processors */
	int max_attempts;  /* by a model; unused offline */
	enum sandbox_mode sandbox;
	bool network;
	const char *const *env_allow, *const *ignore;
	const char *const *services; /* kept running beside every command; NULL: none */
	const char *const *hide;     /* absolute paths that commands see empty; NULL: none */
	const char *store_path;      /* NULL: the repository's own */
	bool no_store;               /* remember nothing, know nothing */
	const char *templates_dir;
	struct str user_rules;
	const struct policy_options *policy;
	bool apply;              /* write the verified patch to the user's tree */
	const char *branch;      /* commit it on a new branch of that name; NULL: no */
	bool dry_run;            /* diagnose, propose nothing to the tree, learn nothing */
	const char *patch_file;  /* absolute, NULL: none; the caller writes it, resume knows it */
	const struct str *avoid; /* unified diffs, or "form:HEX" (pull_patch_form): changes that are
				not proposed (again) */
	size_t n_avoid;
	/* What a CI run's log tells: when the tests pass here, the failure is not reproduced. NULL:
	 * no log. */
	const struct failure_list *log;
	const char *resume; /* session id to go on with; NULL: a new one */
	void (*progress)(void *data, const struct heal_progress *progress);
	void *data;
};

/* Why something was not done, with how often. */
struct heal_skip {
	const char *reason; /* static: "no_candidate_held", "policy", "budget"... */
	size_t count;
};

/* One climb of the ladder (SPEC 13 "self-correction record"). */
struct heal_attempt {
	struct patch patch;
	struct verdict verdict;
	double seconds;
};

enum { HEAL_SKIPS_MAX = 16, HEAL_ATTEMPTS_MAX = 16, HEAL_NOTICES_MAX = 16 };

struct heal_result {
	enum outcome outcome;
	struct str why; /* one line for people */
	struct str session;
	struct str command, command_why; /* the test command and where it was found */
	struct failure_list failures;    /* heal_result_release frees */
	struct diagnosis diagnosis;
	bool has_diagnosis;
	int runs, red_runs;
	struct patch patch; /* n == 0: none */
	struct str diff;    /* unified, -p1; empty: none */
	struct verdict verdict;
	struct heal_attempt attempts[HEAL_ATTEMPTS_MAX];
	size_t n_attempts;
	size_t candidates, generated, rivals;
	struct str accel;
	double seconds, search_seconds;
	struct heal_skip skips[HEAL_SKIPS_MAX];
	size_t n_skips;
	struct str notices[HEAL_NOTICES_MAX]; /* "no git repository here: ...", missing layers */
	size_t n_notices;
	bool applied;
	struct str branch; /* made; empty: none */
	/* What became of its pull request; operation NULL: none was asked for. */
	struct heal_pull {
		const char *operation, *reason; /* static: "created"...; why nothing was done */
		int64_t number;
		struct str url;
	} pull;
};

void heal_result_init(struct heal_result *r);
void heal_result_release(struct heal_result *r);

/* The whole cycle. 0 with *out filled for every outcome; < 0 when it could not be carried out
 * (ERR_CONFIG: the caller's settings; ERR_CONFLICT: another heal, or the tree changed underneath;
 * ERR_INTERRUPT). Strings of *out live in mem. */
int heal_run(struct heal_result *out, const struct heal_options *options, struct arena *mem,
	struct err *err) MUST_CHECK;

/* Fills options (root and store_path are given) from the last session there that was cut off, its
 * id as resume. HEAL_NONE_UNFINISHED when there is none. Strings live in mem. */
enum { HEAL_NONE_UNFINISHED = 1 };
int heal_load_unfinished(
	struct heal_options *options, struct arena *mem, struct err *err) MUST_CHECK;

/* The same as the record that travels; borrows from r. */
void heal_result_as_fix(struct fix *out, const struct heal_result *r);
/* SPEC 11's JSON; the caller frees. */
struct json_t *heal_result_to_json(const struct heal_result *r);
