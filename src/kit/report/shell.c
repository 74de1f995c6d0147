/* shell: what shells and make say of a command that died or was not there. */
#include "kit/report/scan.h"

#include "kit/report/format.h"

struct death {
	const char *text, *type;
	enum failure_kind kind;
};

static const struct death deaths[] = {
	{"Segmentation fault", "SIGSEGV", FAILURE_CRASH},
	{"Aborted", "SIGABRT", FAILURE_CRASH},
	{"Abort trap", "SIGABRT", FAILURE_CRASH},
	{"Floating point exception", "SIGFPE", FAILURE_CRASH},
	{"Illegal instruction", "SIGILL", FAILURE_CRASH},
	{"Bus error", "SIGBUS", FAILURE_CRASH},
	{"Trace/breakpoint trap", "SIGTRAP", FAILURE_CRASH},
	{"Killed", "SIGKILL", FAILURE_INFRASTRUCTURE},
	{"Terminated", "SIGTERM", FAILURE_TIMEOUT},
	{"Alarm clock", "SIGALRM", FAILURE_TIMEOUT},
	{"CPU time limit exceeded", "SIGXCPU", FAILURE_TIMEOUT},
};

/* What may stand before: nothing, "make: *** [Makefile:3: test] ", "bash: line 1:  123 ",
 * "./run.sh: line 3:  123 "; behind: nothing, " (core dumped)", a command after blanks. */
static bool frames_death(struct str before, struct str after)
{
	struct str b = str_trim(before);
	bool plain = b.n == 0, make = str_ends(b, "]") && str_has(b, "*** [");
	bool shell = str_has(b, ": line ") || str_has(b, ": ");
	size_t digits = 0;

	while (digits < b.n && b.p[b.n - 1 - digits] >= '0' && b.p[b.n - 1 - digits] <= '9')
		digits++;
	if (after.n && !str_starts(after, " (core dumped)") && !str_starts(after, "  ") &&
		!str_starts(after, ": 11") && !str_starts(after, ": 6"))
		return false;
	return plain || make || (shell && digits > 0);
}

static bool death_line(struct report_out *out, const struct report_line *line)
{
	struct failure f = {.duration_s = -1, .message = str_trim(line->text)};

	for (size_t i = 0; i < ARRAY_LEN(deaths); i++) {
		ptrdiff_t at = str_find_c(line->text, deaths[i].text);
		size_t end = (size_t)at + strlen(deaths[i].text);

		if (at < 0 || !frames_death(str_slice(line->text, 0, (size_t)at),
				      str_rtrim(str_from(line->text, end))))
			continue;
		f.type = str_of(deaths[i].type);
		f.kind = deaths[i].kind;
		out_emit(out, &f, ROLE_DETAIL, line->number, line->number);
		return true;
	}
	return false;
}

/* "sh: 1: foo: not found", "bash: line 2: foo: command not found", "make: foo: No such file or
 * directory", "env: 'foo': No such file or directory" */
static bool missing_command(struct report_out *out, const struct report_line *line)
{
	static const struct {
		const char *end, *type;
		enum failure_kind kind;
	} ends[] = {{": command not found", "command not found", FAILURE_DEPENDENCY},
		{": not found", "command not found", FAILURE_DEPENDENCY},
		{": No such file or directory", "command not found", FAILURE_DEPENDENCY},
		{": Permission denied", "permission denied", FAILURE_CONFIGURATION}};
	static const char *const shells[] = {
		"sh", "bash", "dash", "zsh", "make", "gmake", "env", "ksh", "busybox"};
	struct str s = str_rtrim(line->text), first, rest = s;
	struct failure f = {.message = s, .duration_s = -1};
	bool shell = false;
	ptrdiff_t colon;

	if (!str_cut(&rest, ": ", &first))
		return false;
	first = str_basename(first);
	first = scan_until(first, "[");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		shell |= str_eq_c(first, shells[i]);
	shell |= str_ends(first, ".sh");
	for (size_t i = 0; i < ARRAY_LEN(ends) && shell; i++) {
		if (!str_ends(s, ends[i].end))
			continue;
		s = str_slice(s, 0, s.n - strlen(ends[i].end));
		colon = str_rfind_char(s, ' ');
		f.name = str_from(s, (size_t)(colon + 1));
		f.type = str_of(ends[i].type);
		f.kind = ends[i].kind;
		out_emit(out, &f, ROLE_DETAIL, line->number, line->number);
		return true;
	}
	return false;
}

static bool shell_line(void *state, struct report_out *out, const struct report_line *line)
{
	(void)state;
	if (!death_line(out, line))
		(void)missing_command(out, line);
	return false;
}

const struct report_format format_shell = {
	.name = "shell",
	.literals = (const char *const[]){"Segmentation fault", "Aborted", "Abort trap",
		"Floating point exception", "Illegal instruction", "Bus error",
		"Trace/breakpoint trap", "Killed", "Terminated", "Alarm clock",
		"CPU time limit exceeded", ": command not found", ": not found",
		": No such file or directory", ": Permission denied", NULL},
	.line = shell_line,
};
