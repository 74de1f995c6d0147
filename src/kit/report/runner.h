/* runner: test runners whose output is described by a table of line forms (pattern.h).
 * Layer: kit, inside report/. What they have in common: a heading names a failed test; the lines
 * below it hold a message, values, a stack; a line of numbers ends the run. A table says how each
 * of these looks; everything else is here. */
#pragma once

#include "kit/report/block.h"

enum rule_what {
	RULE_NONE,    /* ends a table */
	RULE_SECTION, /* from here on headings marked IN_SECTION count */
	RULE_SECTION_END,
	RULE_SUITE, /* file or suite of the headings that follow */
	RULE_HEAD,  /* a failed test */
	RULE_NEXT,  /* the line behind a heading: says more of its name and place */
	RULE_FIELD, /* in a block: type, message, values, place */
	RULE_FRAME, /* in a block: %F, %L, %C, and %N as the function */
	RULE_SKIP,  /* in a block: no part of the message */
	RULE_STOP,  /* in a block: the message ends, frames may follow */
	RULE_DIFF,  /* in a block: lines with "-" and "+" follow, "-" is expected */
	RULE_END,   /* ends a block, is no part of it */
	RULE_TALLY, /* %M, or the whole line, holds the run's numbers */
	RULE_PASS,  /* one test, where there are no totals */
	RULE_PENDING,
	RULE_OFF, /* another format reads this run */
};

enum rule_flags {
	IN_SECTION = 1 << 0,
	TITLE_GOES_ON = 1 << 1, /* the name goes on over lines until one that ends in ':' */
	NO_TEST = 1 << 2,       /* the file could not be loaded: no test's name */
	IS_ERROR = 1 << 3,      /* counted as an error where there are no totals */
	IS_CRASH = 1 << 4,
	IS_COMPILE = 1 << 5,
	IS_TIMEOUT = 1 << 6,
	ONE_LINE = 1 << 7,       /* nothing follows */
	SET_ONCE = 1 << 8,       /* a field: only where nothing was said before */
	IN_MESSAGE = 1 << 9,     /* a field whose line belongs to the message, too */
	PLUS_EXPECTED = 1 << 10, /* a diff: "+" is expected */
	RUNNING_SUM = 1 << 11,   /* a tally of one kind: tests are their sum */
	OPENS = 1 << 12,         /* lines that follow are wanted although no test failed so far */
	NOT_COUNTED = 1 << 13,
	INSIDE = 1 << 14,      /* a block's end that belongs to it: how to run the test again */
	MUST_NEXT = 1 << 15,   /* the heading is none unless a RULE_NEXT fits the line behind it */
	LAST_TALLY = 1 << 16,  /* of several such lines only the last counts */
	PARTIAL = 1 << 17,     /* a tally: what it does not name is not to be concluded */
	UNSURE = 1 << 19,      /* a failure only when another heading names the same test */
	NEW_MESSAGE = 1 << 20, /* a field: what the message held so far was output */
	IN_LIST = 1 << 22,     /* a heading of a list at the end: says more of a test told before */
	ENTERS = 1 << 23,      /* a heading that begins a section, too */
	NEEDS_CONFIRM = 1 << 24, /* a heading of a failure only if a field CONFIRMS */
	CONFIRMS = 1 << 25,      /* a field; of a line at the end: all that was UNSURE */
	ONCE = 1 << 26,          /* a line to skip: the next one like it is none */
	TESTS_ONLY = 1 << 27,  /* a tally: how many tests there are, the failed ones are counted */
	DROPS_BLOCK = 1 << 21, /* a field: the heading was that of a suite, whose tests are told */
	ENCODED = 1 << 18,     /* %M holds all lines, "%0A" between them (GitHub's commands) */
};

struct rule {
	enum rule_what what;
	const char *pattern;
	unsigned flags;
};

struct frame;

struct runner {
	const char *language;
	const char *separator; /* of a name's path; NULL: the name is taken as it is */
	const char *type;      /* of a failure that names none; or NULL */
	const char *glue;      /* between the parts of a suite that the runner prints in lines */
	const struct rule *rules;
	bool (*frame)(struct str line, struct frame *out); /* or NULL */
	bool (*is_library)(const struct frame *frame);     /* no place of a failure; or NULL */
	/* Takes a printed name apart, sets id; false: this was no heading. Or NULL. */
	bool (*name)(struct failure *f, struct report_out *out);
	/* What a list at the end calls the test, as an id under which it is found. Or NULL. */
	struct str (*alias)(const struct failure *f, struct report_out *out);
	const char *const *prefixes; /* taken off every line, NULL-terminated; or NULL */
	bool prefixed;               /* lines without one are not the runner's */
	bool shared_details;         /* headings in a row have what follows the last of them */
	bool file_first;             /* a path's first part is a file */
	int blank_ends;              /* that many empty lines end a block; 0: none do */
	bool indented;               /* a line at the heading's margin or left of it ends a block */
};

enum { RUNNER_SIBLINGS = 32, RUNNER_TEXT_BYTES = 512, RUNNER_UNSURE = 128 };

/* Zeroed is the start. */
struct runner_state {
	struct block block;
	size_t margin; /* the heading's indentation */
	bool in_section, title_open, next_wanted, opened;
	int quiet_from; /* the last line that fitted a form */
	int blanks;
	bool off, confirmed, skipped;
	int announced;  /* tests, by TESTS_ONLY */
	bool stopped;   /* the message is complete */
	int diff;       /* 1: "+" is expected, -1: "-" is, 0: no diff is read */
	unsigned flags; /* of the open heading */
	struct failure siblings[RUNNER_SIBLINGS]; /* headings whose details follow the last one's */
	size_t n_siblings;
	report_ref unsure[RUNNER_UNSURE]; /* reported, and not yet said to have failed */
	size_t n_unsure;
	char suite[RUNNER_TEXT_BYTES], file[RUNNER_TEXT_BYTES]; /* of the headings that follow */
	int file_line, file_column;
	struct test_counts single, last; /* counted one by one; the last line of LAST_TALLY */
	bool tallied;
};

/* For struct runner's name: "Outer.Class.method(x)[1]" -> suite and name; the id is all of it. */
bool runner_dotted_name(struct failure *f, struct report_out *out);
/* ... as an id of a list at the end: the name alone. */
struct str runner_plain_alias(const struct failure *f, struct report_out *out);
/* The hooks of a format whose data is a struct runner. */
bool runner_line(void *state, struct report_out *out, const struct report_line *line);
void runner_end(void *state, struct report_out *out);
