/* command: what a person asks the bot for in a comment.
 * Layer: publish. Pure. "/selfheal retry" as the first words of a line, in any case; lines of
 * quotes, code fences and HTML comments do not count. Who may ask is the caller's to check. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum command_verb {
	COMMAND_NONE,
	COMMAND_RETRY,   /* another attempt; lifts earlier refusals */
	COMMAND_EXPLAIN, /* the diagnosis as a comment */
	COMMAND_APPLY,   /* the fix onto the failing pull request's own branch */
	COMMAND_REVERT,  /* a pull request that takes the merged fix back */
	COMMAND_STOP,    /* hands off this pull request */
	COMMAND_IGNORE,  /* not this failure, ever: closes */
	COMMAND_HELP,
	COMMAND_UNKNOWN,
};

struct command {
	enum command_verb verb;
	struct str word; /* the verb as written */
	struct str rest; /* what follows on the line */
};

/* The first one in the text; verb COMMAND_NONE without any. Borrows from body. */
struct command command_read(struct str body);
/* What follows "/selfheal" on its line. */
struct command command_of(struct str text);
const char *command_verb_to_string(enum command_verb verb);
/* The list of commands, as Markdown. */
const char *command_help(void);
