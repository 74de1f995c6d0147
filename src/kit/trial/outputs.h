/* outputs: what candidates print in every process of one run of a command.
 * Layer: kit. Where a driver judges (a script that compares outputs), the processes' own status
 * says nothing, but their output says much: the command is run once, each process that carries the
 * metamutant is held before main, all candidates are tried in it by fork, and it is let go on
 * unpatched. A candidate that prints the same as before wherever the command was not content, or
 * something else where it was, is refused without asking the command; candidates that print the
 * same everywhere are asked about once. */
#pragma once

#include "kit/trial/accel.h"

struct trial;

struct outputs_options {
	struct trial *trial;
	const char *command, *subdir;
	const char *const *env;  /* for the command, NULL-terminated */
	const char *judged;      /* verdicts of comparisons, one a line (toolbox.h) */
	const struct str *specs; /* the candidates, as the runtime takes them */
	size_t n;
	int command_timeout_ms;
	int candidate_timeout_ms; /* 0: measured */
	int jobs;
};

struct outputs {
	bool *refused;             /* the command is sure to refuse it */
	enum observed_status *how; /* FAIL or TIMEOUT, of those */
	uint64_t *printed;         /* equal: nothing can tell the two apart */
	bool comparable;           /* ... which holds only when all was seen */
	size_t processes;
};

/* Results live in mem. 0 also when no process could be held: then nobody is refused. */
int outputs_observe(struct outputs *out, const struct outputs_options *options, struct arena *mem,
	struct err *err) MUST_CHECK;
