/* toolbox: programs of ours that stand first in a command's PATH, for commands (scripts, as a rule)
 * that compile, run and compare by themselves.
 * Layer: kit. Compilers remember what they made (templates/languages/c/compiler.sh), so that a
 * command which compiles at every run does so once; diff and cmp write down their verdicts
 * (comparer.sh). They live in the trial's exchange folder. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct trial;

struct toolbox {
	/* "NAME=value" for the command: PATH, what is remembered, where verdicts go. */
	const char *env[3];
	const char *judged; /* the verdicts as we see them, one number a line; absent at first */
};

/* One for every state of the sources: nothing is remembered yet. Strings live in mem. */
int toolbox_make(
	struct toolbox *out, struct trial *trial, struct arena *mem, struct err *err) MUST_CHECK;
