#include "publish/wording.h"

#include "kit/clean/clean.h"

const char *wording_rung(enum rung rung)
{
	static const char *const texts[] = {
		[RUNG_PARSE] = "it parses",
		[RUNG_POLICY] = "policy of the diff",
		[RUNG_DUPLICATE] = "not tried before",
		[RUNG_TARGET] = "failing tests pass",
		[RUNG_AFFECTED] = "affected tests pass",
		[RUNG_SUITE] = "whole suite passes",
		[RUNG_RERUN] = "passes again",
		[RUNG_REVERT] = "red without, green with",
		[RUNG_MUTANTS] = "tests notice mutants of it",
	};

	return texts[rung];
}

void wording_unchecked(struct buf *out, const struct verdict *verdict)
{
	static const struct {
		enum rung rung;
		const char *text;
	} wanted[] = {
		{RUNG_POLICY, "the policy of the diff"},
		{RUNG_SUITE, "the whole suite in a clean tree"},
		{RUNG_RERUN, "a second run"},
		{RUNG_REVERT, "red again without the patch"},
		{RUNG_MUTANTS, "mutants of the changed lines: whether the tests would notice other "
			       "changes there"},
	};

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		bool climbed = false;
		for (size_t k = 0; k < verdict->rungs.n; k++)
			climbed |= verdict->rungs.v[k].rung == wanted[i].rung;
		if (!climbed)
			buf_printf(out, "%s\n", wanted[i].text);
	}
	buf_c(out, "behaviour that no test looks at\n");
}

void wording_place(struct buf *out, struct str file, int line)
{
	clean_line(out, file, 0);
	if (file.n && line > 0)
		buf_printf(out, ":%d", line);
}
