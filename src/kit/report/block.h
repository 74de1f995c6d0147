/* block: a failure that a runner tells over several lines, while it is being read.
 * Layer: kit, inside report/. Strings are from the format's scratch; what a message may hold is
 * capped by lines, so that joining them stays cheap. */
#pragma once

#include "kit/report/format.h"

enum { BLOCK_MESSAGE_LINES = 40 };

struct block {
	struct failure f;
	bool open;
	int first_line, last_line;
	int lines;     /* of the message */
	size_t margin; /* of the message's first line, taken off the others, too */
	int blank;     /* empty lines that belong to the message if it goes on */
};

/* Begins one at that line; what was open is forgotten. */
void block_open(struct block *b, struct report_out *out, const char *language, int line);
/* The line belongs to it; an empty one only if a further line follows. */
void block_touch(struct block *b, const struct report_line *line);
/* Adds a line to the message (blank ones only between others). */
void block_text(struct block *b, struct report_out *out, struct str text);
/* Adds a frame, its strings copied; the first one is where the failure shows. */
void block_frame(struct block *b, struct report_out *out, struct frame frame);
/* Takes "Type: text" at the start of the message apart, where it names an exception. */
void block_split_type(struct block *b);
/* Reports it and closes; -1 when none was open. The scratch is left alone. */
report_ref block_close(struct block *b, struct report_out *out);
/* The exception's name in "a.b.SomeError: text" or "SomeError"; *message is what follows. */
bool block_exception(struct str s, struct str *type, struct str *message);
