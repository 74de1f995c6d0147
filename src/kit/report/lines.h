/* lines: a log cut into clean lines, whatever the pieces it comes in.
 * Layer: kit, inside report/. Off come: terminal escapes, what a carriage return overwrote,
 * what CI systems and parallel runners put before every line (prefix.h), a byte order mark. A line
 * over LIMIT_LINE_BYTES loses its rest. */
#pragma once

#include "base/buf.h"
#include "kit/report/prefix.h"

enum { LINE_BEFORE_BYTES = 512 };

struct report_line {
	struct str text;   /* valid until the next lines_next() */
	int number;        /* 1-based, as an editor counts the log's lines */
	int stream;        /* whose of several that ran at once, below PREFIX_STREAMS */
	bool prefixed;     /* something was taken off its start */
	struct str before; /* the line before this one, cut at LINE_BEFORE_BYTES */
};

struct lines {
	struct buf carry, clean; /* a line's start from earlier pieces; one without escapes */
	int number;
	struct prefixes prefixes;
	bool as_is;    /* lines are clean already */
	bool carrying; /* carry holds the start of a line, perhaps an empty one */
};

void lines_init(struct lines *l);
void lines_release(struct lines *l);
/* Takes the next line that ends in *text; false when the rest was kept for the next piece. */
bool lines_next(struct lines *l, struct str *text, struct report_line *out);
/* The last line, if the text ended without a line feed. */
bool lines_last(struct lines *l, struct report_line *out);
