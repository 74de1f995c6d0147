/* failure: one thing that a run says went wrong, and the list a run gives.
 * Layer: model. Plain records; every string lives in the arena of the run that made it.
 * JSON forms: SPEC 11 (explain, heal) and 13. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/vec.h"

struct json_t;

enum failure_kind {
	FAILURE_TEST,
	FAILURE_COMPILE,
	FAILURE_LINT,
	FAILURE_CRASH,
	FAILURE_TIMEOUT,
	FAILURE_DEPENDENCY,
	FAILURE_CONFIGURATION,
	FAILURE_INFRASTRUCTURE,
};

/* One stack frame, innermost first in a stack. line and column are 1-based, 0 when unknown. */
struct frame {
	struct str path;     /* as printed; repository-relative once in_project is set */
	struct str function; /* "" when unknown */
	int line, column;
	bool in_project; /* path names a file of the repository */
};

enum { FAILURE_CLASS_LEVELS = 5, FINGERPRINT_SIZE = 65 };

/* A part of a change that an analyser proposes: the range is replaced by text. end_column 0: to the
 * end of that line. Columns count from 1. */
struct finding_edit {
	struct str file, text;
	int line, column, end_line, end_column;
};

enum { FINDING_EDITS_MAX = 32 };

/* What a static analyser says beyond a failure. */
struct failure_finding {
	bool security;              /* it says so, or gives a severity or a weakness's number */
	double severity;            /* 0..10 as CVSS counts; 0: not given */
	struct str tags;            /* "CWE-79 CVE-2024-1234", each once; may be empty */
	struct str print;           /* its own fingerprint, stable while lines move; may be empty */
	struct finding_edit *edits; /* the first fix it proposes, whole; n_edits == 0: none */
	size_t n_edits;
};

struct failure {
	struct str
		id; /* how the runner selects it: tests/test_a.py::test_b, suite.case; "" if none */
	struct str name;  /* test function or case, or the diagnostic's option (-Wfoo) */
	struct str suite; /* class, file or executable it belongs to */
	struct str file;  /* where it shows: the assertion, the diagnostic */
	int line, column;
	enum failure_kind kind;
	struct str language; /* python, c, cpp...: "" when unknown */
	struct str type;     /* AssertionError, SIGSEGV, heap-buffer-overflow, error, undefined
				reference */
	struct str message;
	struct str
		evidence; /* the line of the message that the kind was decided by, p NULL if none */
	struct str expected, actual; /* p NULL when the format does not give them */
	vec(struct frame) stack;     /* v is from the arena: do not free */
	double duration_s;           /* < 0 unknown */
	int attempts;                /* 1, more when the report shows reruns */
	struct str fixit; /* a tool's own replacement for the source range, p NULL if none */
	int fix_line, fix_column, fix_end_line, fix_end_column;
	char fingerprint[FINGERPRINT_SIZE]; /* fp1, hex; "" until fingerprint_failure() */
	char cause[FINGERPRINT_SIZE];       /* the same without the test id */
	struct str class_[FAILURE_CLASS_LEVELS];
	struct failure_finding *finding; /* NULL: none */
	struct {
		struct str file;
		int first_line, last_line;
	} source; /* where in the log or report it was read, 1-based lines */
};

struct test_counts {
	int tests, passed, failed, errors, skipped; /* -1 unknown */
};

struct line_range {
	int first, last;
};

struct failure_list {
	vec(struct failure) items; /* malloc'd array, failure_list_release frees it */
	struct test_counts counts;
	vec(struct line_range) excerpt; /* the lines that matter, of the text that was read */
	bool truncated;                 /* more than LIMIT_FAILURES were there */
};

void failure_list_init(struct failure_list *list);
void failure_list_release(struct failure_list *list);
/* A new zeroed item (kind TEST, duration -1, attempts 1), or NULL when the list is full. */
struct failure *failure_list_add(struct failure_list *list);
/* Appends a frame, memory from the arena; does nothing past LIMIT_FRAMES. */
void failure_add_frame(struct failure *f, struct arena *mem, struct frame frame);
/* What to lacks of message, values, language, place and stack, from another telling of the same
 * failure; nothing is copied. */
void failure_fill(struct failure *to, const struct failure *from);
/* The failure with that id (or, without ids, that suite and name), or NULL. */
struct failure *failure_list_find(const struct failure_list *list, const struct failure *like);

const char *failure_kind_to_string(enum failure_kind kind);
bool failure_kind_from_string(struct str s, enum failure_kind *out);

/* SPEC 11's form; the caller frees. */
struct json_t *failure_to_json(const struct failure *f);
struct json_t *failure_list_to_json(const struct failure_list *list);
/* Strings are copied into mem. Unknown members are ignored, missing ones are empty. */
void failure_from_json(struct failure *f, const struct json_t *j, struct arena *mem);
