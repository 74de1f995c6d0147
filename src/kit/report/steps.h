/* steps: what CI systems print around the commands they run, and how those ended.
 * Layer: kit, inside report/. Data: steps.c has one row for each wording. */
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

enum step_mark {
	STEP_TEXT,   /* what a command printed */
	STEP_NOISE,  /* the CI system's own talk */
	STEP_ECHO,   /* a wrapper's words that the command inside it failed */
	STEP_BEGIN,  /* a command begins, whatever became of the one before it */
	STEP_NEXT,   /* a step begins: the one before it would have said that it failed */
	STEP_PASSED, /* the command before this line ended well */
	STEP_FAILED, /* ... or badly */
	STEP_ENDED,  /* the whole run failed, if no command did */
	STEP_CUT,    /* ... was ended from outside: this line is the reason itself */
};

struct steps;

struct steps *steps_new(void);
void steps_free(struct steps *s);
DEFINE_CLEANUP(struct steps *, steps_free)
/* A step's mark in this line (clean, see lines.h). */
enum step_mark steps_mark(const struct steps *s, struct str line);
/* The i-th wording, NULL behind the last: a line without any of them is STEP_TEXT. "\n..." only at
 * the start of a line. */
const char *steps_literal(size_t i);
