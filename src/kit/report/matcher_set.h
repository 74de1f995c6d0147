/* matcher_set: the shapes of diagnostics that templates/matchers/ describes.
 * Layer: kit, inside report/. A matcher is data: literals that let a line through, a pattern for
 * the first line, patterns for the lines behind it (templates/matchers/FORMAT.md). Patterns are
 * compiled when a line first needs them. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "kit/report/format.h"
#include "model/failure.h"
#include "port/regex/regex.h"

enum { MATCHER_STEPS = 4, MATCHER_SKIP_MAX = 60 };

struct matcher_step {
	struct str pattern;
	struct regex *regex; /* NULL until needed */
	int skip;            /* lines that may stand before it */
	bool loop;           /* it matches again and again, each time a finding */
};

struct matcher {
	struct str name, language, severity, type; /* "" if none */
	enum failure_kind kind;                    /* of what is no warning */
	enum report_role role;
	struct matcher_step before; /* of the line before the first; may be without */
	struct matcher_step first, then[MATCHER_STEPS], more;
	size_t steps;
	/* A stack behind it: its lines, the ones that hold only a function's name, those that tell
	 * the next exception of a chain, those that say nothing. */
	struct matcher_step frame, function, cause, between;
	bool at_frames; /* ... whose lines are read by stack_text_frame() */
	bool bare;      /* it counts without a frame, too */
	int lead;       /* lines of any kind before the first frame */
	const char *const *literals;
};

struct matcher_set;

/* Reads the files, those of dir (NULL: none) over those built in (overlay.h). ERR_PARSE, ERR_CONFIG
 * or ERR_LIMIT say file and line. */
int matcher_set_new(struct matcher_set **out, const char *dir, struct err *err) MUST_CHECK;
void matcher_set_free(struct matcher_set *set);
DEFINE_CLEANUP(struct matcher_set *, matcher_set_free)
/* Of all matchers together, NULL-terminated; lives as long as the set. */
const char *const *matcher_set_literals(const struct matcher_set *set);
bool matcher_set_has(const struct matcher_set *set, const char *name);
size_t matcher_set_count(const struct matcher_set *set);
struct matcher *matcher_set_at(struct matcher_set *set, size_t i);
/* The first matcher at or behind from with a literal in the line, in their order:
 * those of one line, those of several, those that guess; -1 when there is none. */
long matcher_set_next(const struct matcher_set *set, struct str line, size_t from);

/* What the named groups of a pattern took. */
struct matcher_take {
	struct str file, line, column, severity, code, message, type, function;
};

/* Whether text is like the step's pattern; adds what was taken, leaving the rest of *take. */
bool matcher_step_match(struct matcher_step *step, struct str text, struct matcher_take *take);
/* Whether a stack may follow. */
bool matcher_has_frames(const struct matcher *m);
/* Compiles all patterns now, to find a bad one. */
int matcher_set_compile(struct matcher_set *set, struct err *err) MUST_CHECK;
/* The same of one step's. */
int matcher_step_compile(struct matcher_step *step, struct err *err) MUST_CHECK;
