/* gcc: diagnostics of gcc and clang, and of the many tools that print "path:line:column: error:
 * message" as they do (javac, mypy, gfortran...).
 * https://gcc.gnu.org/onlinedocs/gcc/Diagnostic-Message-Formatting-Options.html */
#include "kit/report/scan.h"

#include "kit/report/format.h"

enum { SNIPPET_LINES = 12 };

struct gcc {
	struct failure f; /* the diagnostic whose notes may follow */
	bool have;
	int first_line, last_line;
	int snippet;            /* lines of source shown since */
	struct failure context; /* frames: "In file included from" */
	char function[256];     /* "In function 'f':" */
	int context_line;
};

struct severity {
	const char *text;
	const char *type;
	enum failure_kind kind;
	bool note;
};

static const struct severity severities[] = {
	{"fatal error: ", "fatal error", FAILURE_COMPILE, false},
	{"internal compiler error: ", "internal compiler error", FAILURE_INFRASTRUCTURE, false},
	{"error: ", "error", FAILURE_COMPILE, false},
	{"sorry, unimplemented: ", "error", FAILURE_COMPILE, false},
	{"warning: ", "warning", FAILURE_LINT, false},
	{"note: ", "note", FAILURE_LINT, true},
	{"remark: ", "note", FAILURE_LINT, true},
};

static const struct severity *take_severity(struct str *s)
{
	str_skip(s, " ");
	for (size_t i = 0; i < ARRAY_LEN(severities); i++)
		if (str_skip(s, severities[i].text))
			return &severities[i];
	return NULL;
}

static void flush(struct gcc *g, struct report_out *out)
{
	if (g->have)
		out_emit(out, &g->f, ROLE_DETAIL, g->first_line, g->last_line);
	g->have = false;
	g->snippet = 0;
	if (g->context.stack.n == 0) {
		g->context.stack.v = NULL;
		g->context.stack.cap = 0;
		out_reset(out);
	}
}

/* "message [-Wname]" -> name; "-Werror=name" is the same option made an error. */
static struct str take_option(struct report_out *out, struct str *message)
{
	ptrdiff_t at = str_rfind_char(*message, '[');
	struct str option;

	if (at <= 0 || !str_ends(*message, "]") || message->p[at - 1] != ' ')
		return STR("");
	option = str_slice(*message, (size_t)at + 1, message->n - 1);
	if (option.n == 0 || str_find_char(option, ' ') >= 0)
		return STR("");
	*message = str_rtrim(str_slice(*message, 0, (size_t)at));
	if (str_skip(&option, "-Werror="))
		return arena_printf(&out->scratch, "-W%.*s", STR_ARGS(option));
	option = scan_until(option, ",-Werror");
	option = scan_until(option, ",-W");
	return out_scratch(out, option);
}

static void add_context(struct gcc *g, struct report_out *out)
{
	struct frame at = {.path = g->f.file,
		.function = out_scratch(out, str_of(g->function)),
		.line = g->f.line,
		.column = g->f.column};

	failure_add_frame(&g->f, &out->scratch, at);
	for (size_t i = 0; i < g->context.stack.n; i++)
		failure_add_frame(&g->f, &out->scratch, g->context.stack.v[i]);
	if (g->context.stack.n)
		g->first_line = g->context_line;
	g->context.stack.n = 0;
}

static void start(struct gcc *g, struct report_out *out, const struct location *at,
	const struct severity *severity, struct str message, int line)
{
	struct str language = at ? scan_language(at->path) : STR("");

	flush(g, out);
	g->f = (struct failure){.kind = severity->kind,
		.language = language.p ? language : STR(""),
		.type = str_of(severity->type),
		.duration_s = -1};
	if (at) {
		g->f.file = out_scratch(out, at->path);
		g->f.line = at->line;
		g->f.column = at->column;
	}
	g->f.name = take_option(out, &message);
	g->f.message = out_scratch(out, str_trim(message));
	g->first_line = g->last_line = line;
	g->have = true;
	if (at)
		add_context(g, out);
}

/* g++ indents the one that says which parameter an argument was for; its JSON form lists it apart.
 */
static void emit_note(
	struct report_out *out, const struct location *at, struct str message, int line)
{
	struct str language = scan_language(at->path);
	struct failure f = {.kind = FAILURE_LINT,
		.type = STR("note"),
		.language = language.p ? language : STR(""),
		.file = at->path,
		.line = at->line,
		.column = at->column,
		.message = str_trim(message),
		.duration_s = -1};

	out_emit(out, &f, ROLE_DETAIL, line, line);
}

/* Notes are further places of the same diagnostic. */
static void add_note(struct gcc *g, struct report_out *out, const struct location *at,
	struct str message, int line)
{
	struct frame frame = {.line = at->line, .column = at->column};

	if (!g->have)
		return;
	if (str_starts(message, "  "))
		emit_note(out, at, message, line);
	frame.path = out_scratch(out, at->path);
	/* Not where the macro is defined but where it is used is the place. */
	if (str_starts(message, "in expansion of macro ")) {
		g->f.file = frame.path;
		g->f.line = at->line;
		g->f.column = at->column;
	}
	failure_add_frame(&g->f, &out->scratch, frame);
	g->last_line = line;
	g->snippet = 0;
}

/* -fdiagnostics-parseable-fixits: fix-it:"path":{3:5-3:8}:"text" */
static bool fixit_line(struct gcc *g, struct report_out *out, struct str s)
{
	struct str path, text;
	int at[4];
	static const char *const between[] = {":", "-", ":", "}:\""};

	if (!str_skip(&s, "fix-it:\"") || !str_cut(&s, "\":{", &path))
		return false;
	for (size_t i = 0; i < 4; i++)
		if (!str_take_int(&s, &at[i]) || !str_skip(&s, between[i]))
			return false;
	text = str_ends(s, "\"") ? str_slice(s, 0, s.n - 1) : s;
	if (!g->have || g->f.fixit.p)
		return g->have;
	g->f.fixit = out_scratch(out, text);
	g->f.fix_line = at[0];
	g->f.fix_column = at[1];
	g->f.fix_end_line = at[2];
	g->f.fix_end_column = at[3];
	return true;
}

/* "In file included from a.h:3:5," and "                 from b.c:1:" */
static bool include_line(struct gcc *g, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct location at;
	struct frame frame;

	if (str_skip(&s, "In file included from ")) {
		flush(g, out);
		g->context.stack.n = 0;
		g->context_line = line->number;
	} else if (g->context.stack.n && str_starts(s, "        ") && str_has(s, " from ")) {
		s = str_ltrim(s);
		str_skip(&s, "from ");
	} else {
		return false;
	}
	s = arena_printf(&out->scratch, "%.*s:", (int)(s.n ? s.n - 1 : 0), s.n ? s.p : "");
	if (scan_location(&s, &at)) {
		frame = (struct frame){.path = at.path, .line = at.line, .column = at.column};
		failure_add_frame(&g->context, &out->scratch, frame);
	}
	return true;
}

static struct str unquoted(struct str s)
{
	if (str_skip(&s, "\xe2\x80\x98"))
		return str_ends(s, "\xe2\x80\x99") ? str_slice(s, 0, s.n - 3) : s;
	if (str_skip(&s, "'"))
		return str_ends(s, "'") ? str_slice(s, 0, s.n - 1) : s;
	return s;
}

/* "a.cpp:3:5:   required from 'int f(T) [with T = int]'", "a.cpp:9:   instantiated from here": the
 * way to an error in a template, innermost first. */
static bool instantiation_line(
	struct gcc *g, struct report_out *out, const struct report_line *line)
{
	static const char *const words[] = {"required from ", "recursively required from ",
		"required by ", "instantiated from ", "in 'constexpr' expansion of ",
		"in \xe2\x80\x98"
		"constexpr\xe2\x80\x99 expansion of "};
	struct str s = line->text;
	struct location at;
	bool ours = false;

	if (!scan_location(&s, &at) || !str_starts(s, "  "))
		return false;
	s = str_ltrim(s);
	for (size_t i = 0; i < ARRAY_LEN(words) && !ours; i++)
		ours = str_skip(&s, words[i]);
	if (!ours)
		return false;
	flush(g, out);
	if (g->context.stack.n == 0)
		g->context_line = line->number;
	s = str_eq_c(s, "here") ? STR("") : unquoted(s);
	failure_add_frame(&g->context, &out->scratch,
		(struct frame){.path = out_scratch(out, at.path),
			.function = out_scratch(out, s),
			.line = at.line,
			.column = at.column});
	return true;
}

/* "a.c: In function 'f':", "a.cpp: In member function 'int A::f()':", "a.c: At top level:" */
static bool function_line(struct gcc *g, struct str s)
{
	struct str before, name;

	if (str_ends(s, ": At top level:") || str_ends(s, ": At global scope:")) {
		g->function[0] = '\0';
		return true;
	}
	if (!str_ends(s, ":") || !str_cut(&s, ": In ", &before))
		return false;
	if (!str_cut(&s, "\xe2\x80\x98", &before) && !str_cut(&s, "'", &before))
		return false;
	if (!str_cut(&s, "\xe2\x80\x99", &name) && !str_cut(&s, "'", &name))
		return false;
	snprintf(g->function, sizeof(g->function), "%.*s", STR_ARGS(name));
	return true;
}

/* Source with its margin, carets, clang's without one. */
static bool is_snippet(const struct gcc *g, struct str s)
{
	struct str rest = str_ltrim(s);
	int number;

	if (!g->have || g->snippet >= SNIPPET_LINES)
		return false;
	if (str_take_int(&rest, &number))
		rest = str_ltrim(rest);
	return str_starts(rest, "|") || (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) ||
	       str_starts(rest, "fix-it:");
}

/* "gcc", "/usr/bin/clang-15", "arm-none-eabi-g++-12.2" */
static bool is_driver(struct str tool)
{
	static const char *const names[] = {"gcc", "g++", "cc", "c++", "cc1", "cc1plus", "cc1obj",
		"clang", "clang++", "collect2", "lto1", "lto-wrapper", "emcc", "em++", "gfortran",
		"f951", "gnat1"};
	ptrdiff_t dash;

	if (str_find_char(tool, ' ') >= 0)
		return false;
	tool = str_basename(tool);
	dash = str_rfind_char(tool, '-');
	if (dash > 0 && (size_t)dash + 1 < tool.n && tool.p[dash + 1] >= '0' &&
		tool.p[dash + 1] <= '9')
		tool = str_slice(tool, 0, (size_t)dash);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = strlen(names[i]);

		if (str_ends(tool, names[i]) && (tool.n == n || tool.p[tool.n - n - 1] == '-'))
			return true;
	}
	return false;
}

/* "cc1: error: ...", "gcc: fatal error: ...": no place; the driver's last word is only a result. */
static bool driver_line(struct gcc *g, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, tool;
	const struct severity *severity;

	if (!str_cut(&s, ": ", &tool) || !is_driver(tool) || !(severity = take_severity(&s)) ||
		severity->note)
		return false;
	if (str_starts(s, "linker command failed") || str_starts(s, "ld returned ") ||
		str_starts(s, "all warnings being treated as errors"))
		return true;
	start(g, out, NULL, severity, s, line->number);
	return true;
}

/* run-clang-tidy prints the command that it runs without a line feed: "clang-tidy -p=build a.c:3:5:
 * error: x". */
static void skip_command(struct str *path)
{
	struct str command = scan_until(*path, " ");
	ptrdiff_t blank = str_rfind_char(*path, ' ');

	if (blank > 0 && str_starts(str_basename(command), "clang-tidy"))
		*path = str_from(*path, (size_t)blank + 1);
}

/* "{3:8-3:14}: " of clang's -fdiagnostics-print-source-range-info. */
static bool skip_ranges(struct str *s)
{
	struct str range;
	bool any = false;

	while (str_starts(*s, "{") && str_cut(s, "}", &range))
		any = true;
	return !any || str_skip(s, ":");
}

static bool gcc_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct gcc *g = state;
	struct str s = line->text;
	const struct severity *severity;
	struct location at;

	if (!out->open) {
		g->context.stack.v = NULL;
		g->context.stack.n = g->context.stack.cap = 0;
		g->function[0] = '\0';
	}
	if (include_line(g, out, line) || instantiation_line(g, out, line) || function_line(g, s) ||
		fixit_line(g, out, s))
		return true;
	if (g->have && is_snippet(g, s)) {
		g->snippet++;
		g->last_line = line->number;
		return true;
	}
	(void)str_skip(&s, "C/C++: "); /* Gradle's native builds */
	if (s.n && s.p[0] != ' ' && s.p[0] != '[' && scan_location(&s, &at) && at.line > 0 &&
		skip_ranges(&s) && (severity = take_severity(&s))) {
		skip_command(&at.path);
		if (severity->note)
			add_note(g, out, &at, s, line->number);
		else
			start(g, out, &at, severity, s, line->number);
		return true;
	}
	flush(g, out);
	return driver_line(g, out, line);
}

static void gcc_end(void *state, struct report_out *out)
{
	flush(state, out);
}

const struct report_format format_gcc = {
	.name = "gcc",
	.literals = (const char *const[]){": error: ", ": warning: ", ": fatal error: ",
		": internal compiler error: ", ": sorry, unimplemented: ", ": note: ",
		"\nIn file included from ", ": In function ", ": In member function ",
		": In constructor ", ": In destructor ", ": In instantiation of ",
		": In static member function ", ": In lambda function", NULL},
	.state_size = sizeof(struct gcc),
	.line = gcc_line,
	.end = gcc_end,
};
