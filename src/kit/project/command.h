/* command: what a shell line of a build script does, told from its words.
 * Layer: kit. Not a shell parser: it looks at the simple commands that build scripts hold and
 * leaves the rest alone. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

struct detection;

enum command_role {
	COMMAND_OTHER,
	COMMAND_TEST,    /* starts tests */
	COMMAND_BUILD,   /* makes what tests of a compiled language need */
	COMMAND_INSTALL, /* wants the network or the machine: not ours to run */
};

/* The role of a line that may hold several commands ("cd x && make test"): a test beats a build
 * beats an installation. *runner (may be NULL) is the test's runner, else "". */
enum command_role command_role(struct str line, struct str *runner);
/* Whether what this runner tests must be built by earlier commands. */
bool command_needs_build(struct str runner);
/* The line with programs that are not here replaced by those that are ("pytest" by "python3 -m
 * pytest", "poetry run x" by "x") and options of absent pytest plugins left out. False, and
 * *missing names it, when a program that it needs is not here. */
bool command_adapt(
	const struct detection *d, struct str line, struct str *out, struct str *missing);
/* Quoted for sh. */
struct str command_quote(struct arena *mem, struct str text);
