/* make: GNU make's own complaints. "Error n" only repeats that a command failed; a missing rule or
 * a broken makefile is the cause itself. https://www.gnu.org/software/make/manual, "Errors" */
#include "kit/report/scan.h"

#include "kit/report/format.h"

/* "[Makefile:4: test] Error 1" -> place, target, what. */
static bool read_target(struct failure *f, struct str s, struct str *what)
{
	struct str inside, place;
	struct location at;

	if (!str_skip(&s, "[") || !str_cut(&s, "] ", &inside))
		return false;
	place = inside;
	if (scan_location(&place, &at)) {
		f->file = at.path;
		f->line = at.line;
		inside = str_trim(place);
	}
	f->name = inside;
	*what = s;
	return true;
}

/* "make: *** ...", "make[2]: *** ...", "gmake: *** ..." -> behind the stars. */
static bool behind_stars(struct str *s)
{
	struct str before;

	if (!str_cut(s, ": *** ", &before))
		return false;
	before = scan_until(before, "[");
	before = str_basename(before);
	return str_eq_c(before, "make") || str_eq_c(before, "gmake") || str_eq_c(before, "ninja");
}

/* "Makefile:3: *** missing separator.  Stop." */
static bool syntax_line(struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct location at;
	struct failure f = {
		.kind = FAILURE_CONFIGURATION, .type = STR("makefile"), .duration_s = -1};

	if (!scan_location(&s, &at) || !str_skip(&s, " *** "))
		return false;
	f.file = at.path;
	f.line = at.line;
	if (!str_cut(&s, "  Stop.", &f.message))
		f.message = s;
	out_emit(out, &f, ROLE_DETAIL, line->number, line->number);
	return true;
}

static bool make_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, what = STR("");
	struct failure f = {.kind = FAILURE_TEST, .type = STR("exit"), .duration_s = -1};
	enum report_role role = ROLE_RESULT;

	(void)state;
	if (syntax_line(out, line) || !behind_stars(&s))
		return false;
	if (read_target(&f, s, &what)) {
		f.message = what;
		if (str_starts(what, "Error 127"))
			f.kind = FAILURE_DEPENDENCY;
	} else if (str_starts(s, "No rule to make target") || str_starts(s, "No targets")) {
		f.kind = FAILURE_CONFIGURATION;
		f.type = STR("no rule");
		f.message = s;
		role = ROLE_DETAIL;
	} else {
		return false;
	}
	out_emit(out, &f, role, line->number, line->number);
	return false;
}

const struct report_format format_make = {
	.name = "make",
	.literals = (const char *const[]){": *** ", NULL},
	.line = make_line,
};
