/* schemata: one C or C++ source file that holds many candidates of itself, switched at run time.
 * Layer: kit. Pure. (Untch, Offutt, Harrold: "Mutation analysis using mutant schemata", 1993;
 * SketchFix, Hua et al. 2018, for repair.)
 *
 * Every edit is widened to the smallest statement that can stand in a block of its own, its choice
 * point. There the metamutant has
 *
 *     { if (!selfheal_at[3]) {
 *     #line 12 "src/x.c"
 *             the statement as it was, in which further choice points may lie
 *     } else if (selfheal_at[3] == 1) {
 *     #line 1000012 "src/x.c"
 *             the statement as candidate 1 has it
 *     } ... }
 *
 * so a signature, a method, a template, a recursive or variadic function, main itself need nothing
 * special, and a candidate costs the compiler one statement rather than one function (measured:
 * 8 to 20 times less). Line numbers carry the candidate, which is how compiler messages are
 * given back to candidates. Nothing is said about edits outside of function bodies. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "model/patch.h"

enum {
	SCHEMATA_LINE_STRIDE = 1000000, /* line = (candidate + 1) * stride + the true line */
	SCHEMATA_CANDIDATES_MAX = 2000, /* of one build: lines stay below 2^31 */
	SCHEMATA_POINTS_MAX = 4095,     /* of one build: selfheal_at has one more */
};

struct schemata;

/* The schemata of one file; its content is copied. path is what messages call it. */
int schemata_new(struct schemata **out, struct str path, struct str content, const char *language,
	struct err *err) MUST_CHECK;
void schemata_free(struct schemata *s);
DEFINE_CLEANUP(struct schemata *, schemata_free)

struct str schemata_path(const struct schemata *s);
struct str schemata_content(const struct schemata *s);

/* This line of the file as it was does not compile: candidates have to replace it, and what they
 * replace is left out. Before schemata_add; a known line is no news (false). */
bool schemata_break(struct schemata *s, int line);

enum {
	SCHEMATA_OUTSIDE = 1, /* not within one function's body, or not with a broken line */
	SCHEMATA_INVALID = 2, /* brackets or strings that do not match */
};
/* Adds what the patch changes in this file as candidate id. Nothing is added unless 0. */
int schemata_add(
	struct schemata *s, const struct patch *patch, uint32_t id, struct err *err) MUST_CHECK;
/* Forgets a candidate, or all of them and their choice points (the broken lines stay). */
void schemata_drop(struct schemata *s, uint32_t id);
void schemata_clear(struct schemata *s);
/* The next candidate from *id on that brings the name to a choice point of like's, where it was not
 * before; false when there is none. */
bool schemata_next_alike(const struct schemata *s, uint32_t like, struct str name, uint32_t *id);
/* Whether a candidate's own text has that identifier. */
bool schemata_mentions(const struct schemata *s, uint32_t id, struct str name);

/* Numbers the choice points from first on; the number behind the last. After the last add. */
int schemata_number(struct schemata *s, int first);
/* Appends the candidate's choices in this file, "3:17,5:2", as the runtime takes them. */
void schemata_spec(const struct schemata *s, uint32_t id, struct buf *out);
/* The file's text with all that was added. optimise: leave the functions with choice points to the
 * command's own optimisation level rather than none (which compiles several times faster). */
void schemata_write(const struct schemata *s, bool optimise, struct buf *out);
