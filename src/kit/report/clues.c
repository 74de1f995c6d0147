#include "kit/report/clues.h"

#include <ctype.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/vec.h"
#include "kit/report/prefilter.h"

/* A row's words weigh together: a line has the weight of its heaviest row, one more for each
 * further row, and all of what speaks against. Letters stand for themselves in lower case, with a
 * first capital, and all in capitals. "\n" is the start of the line. */
struct row {
	int weight;
	const char *words[48];
};

static const struct row rows[] = {
	{10, {"traceback (most recent call last", "panicked at", "panic: ", "fatal error",
		     "segmentation fault", "core dumped", "command not found",
		     "undefined reference", "AssertionError", "assertion failed",
		     "exception in thread", "unhandled ", "uncaught ", "access violation",
		     "stack overflow", "out of memory", "could not resolve", "syntax error",
		     "SyntaxError", "AddressSanitizer", "cannot find module", "no rule to make",
		     "no space left", "is not recognized as", "parse error", "error[E",
		     "could not be resolved", "cannot be resolved", NULL}},
	{8, {"error:", "fatal:", "\n[error]", "##[error]",
		    "failure:", "failures:", "failed:", "exception:", "--- fail", "\nnot ok ",
		    "\nfail:", "\nfail ", " failed\n", "error -", "error in ", "\nerror ",
		    "no such file or directory", "permission denied", " failed on ",
		    "does not exist", "not in scope", "is not installed", "currently not installed",
		    "not able to ", "[fatal]", "\u2716", "\u2717", "\u274c", "\u2718", " errored",
		    "error!", "failure!", "but got", "but was", "test failures", "error found",
		    "unable to find", " failed.\n", "failed!", "illegal ", "offenses:", NULL}},
	{6, {"cannot ", "can't ", "unable to ", "could not ", "couldn't ", "not found", "undefined",
		    "unexpected", "denied", "refused", "timed out", "timeout", "conflict",
		    "unresolved", "mismatch", "not available", "violation", "not allowed",
		    "not supported", "not match", "no longer", "expected ", "unknown ", "invalid",
		    "incorrect", "broken", "crash", "not expect", "aborted", "killed",
		    "not defined", "not declared", "reason:", NULL}},
	{4, {"error", "failed", "failure", "exception", "fail ", "fatal", "critical", "err!",
		    "illegal", NULL}},
	{2, {"missing", "wrong", "should ", "must ", "bad ", "problem", "forgot", "never ",
		    "nothing ", "not ", "no ", "required ", "actual", NULL}},
	{-4, {"warning", "warn ", "deprecat", "notice", "ignor", "retry", "optional", "success",
		     "skipping", "passed", "debug", "\n$ ", "\n+ ", "-werror", "error.", "errors.c",
		     "errors.o", "error_", "_error", "no errors", "no failures", "without error",
		     "[info]", "info ", "passing", NULL}},
	{-20, {"\n0 errors", "\n0 failures", "0 failed", " 0 errors", "(0 errors", "0 failures",
		      " 0 error", "errors: 0", "failures: 0", "failed: 0", "allow_fail",
		      "allow-fail", "\nok ", "... ok", " skipped\n", "--- pass", "\npass ",
		      "\u2713", "\u2714", "\u221a", "xfail", "expected fail", "\nskip ", "=== run",
		      " ok\n", " ok (", " passed\n", "\ncompiling ", NULL}},
};

struct clues {
	struct prefilter *filter;
	struct arena mem;
	vec(const char *) literals; /* those of rows that weigh more than 0 */
};

enum { FORMS = 4 }; /* as written, lower case, first letter upper, all upper */

static char as_form(char c, int form, bool first)
{
	if (form == 0)
		return c;
	return (char)(form == 3 || (form == 2 && first) ? toupper((unsigned char)c)
							: tolower((unsigned char)c));
}

/* The word in one of its forms, NULL when that is an earlier one again. */
static const char *in_form(struct clues *c, const char *word, int form)
{
	size_t n = strlen(word), first = 0;
	char *s = arena_strndup(&c->mem, word, n);

	while (first < n && !isalpha((unsigned char)word[first]))
		first++;
	for (int before = 0; before < form; before++) {
		bool same = true;

		for (size_t i = 0; i < n; i++)
			same &= as_form(word[i], form, i == first) ==
				as_form(word[i], before, i == first);
		if (same)
			return NULL;
	}
	for (size_t i = 0; i < n; i++)
		s[i] = as_form(word[i], form, i == first);
	return s;
}

struct clues *clues_new(void)
{
	struct clues *c = xcalloc(1, sizeof(*c));
	const char *words[ARRAY_LEN(rows)][FORMS * ARRAY_LEN(rows[0].words)];
	const char *const *groups[ARRAY_LEN(rows)];

	arena_init(&c->mem);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = 0;

		for (int k = 0; rows[i].words[k]; k++)
			for (int form = 0; form < FORMS; form++) {
				const char *word = in_form(c, rows[i].words[k], form);

				if (!word)
					continue;
				words[i][n++] = word;
				if (rows[i].weight > 2)
					vec_push(&c->literals, word);
			}
		words[i][n] = NULL;
		groups[i] = words[i];
	}
	c->filter = prefilter_new(groups, ARRAY_LEN(rows));
	return c;
}

void clues_free(struct clues *c)
{
	if (!c)
		return;
	prefilter_free(c->filter);
	arena_release(&c->mem);
	vec_free(&c->literals);
	free(c);
}

int clues_weigh(const struct clues *c, struct str line)
{
	uint64_t bits = prefilter_scan(c->filter, line).bits[0];
	int best = 0, more = 0, against = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!(bits >> i & 1))
			continue;
		if (rows[i].weight < 0)
			against += rows[i].weight;
		else if (best == 0)
			best = rows[i].weight;
		else
			more++;
	}
	return best + more + against;
}

const char *clues_literal(const struct clues *c, size_t i)
{
	return i < c->literals.n ? c->literals.v[i] : NULL;
}
