/* c_scan: tokens of C and C++ text, for questions that a piece of a file can answer alone.
 * Layer: kit. Pure. Where a whole file is at hand port/syntax is the tool; this is for fragments
 * and for text with macros that no grammar knows. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum c_token_kind {
	C_IDENTIFIER, /* keywords too */
	C_NUMBER,
	C_STRING, /* also character constants and raw strings */
	C_PUNCTUATION,
	C_DIRECTIVE, /* a whole preprocessor line, continuations included */
	C_UNENDED,   /* a string or comment that does not end */
};

struct c_token {
	enum c_token_kind kind;
	struct str text; /* one byte of punctuation, two for '::' and '->' */
};

/* Takes the next token off *rest, passing white space and comments. False at the end. *line_start
 * says whether a '#' there begins a directive; true at first. */
bool c_scan_next(struct str *rest, bool *line_start, struct c_token *token);

/* Whether every bracket, string, comment and conditional directive that begins in the text ends in
 * it: only such a text can stand as an alternative beside another. */
bool c_scan_balanced(struct str text);
/* Whether name is one of its identifiers. */
bool c_scan_mentions(struct str text, struct str name);
/* Whether the text begins like a declaration, whose name lives on behind it. Unsure is yes. */
bool c_scan_declares(struct str text);
/* Whether one of its identifiers is goto's target, a label ("out:", not a case, not '?:'). Takes
 * the next label's name off *rest. */
bool c_scan_next_label(struct str *rest, struct str *label);
