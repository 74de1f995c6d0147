/* linker: what ld, gold, lld and the compiler drivers print when linking fails. */
#include "kit/report/scan.h"

#include "kit/report/format.h"

struct linker {
	char function[256]; /* "in function `f':" of the lines that follow */
	struct failure lld; /* "ld.lld: error: undefined symbol: f"; its place comes in ">>>" */
	bool in_lld;
	int first_line;
};

struct complaint {
	const char *text;
	const char *type;
	enum failure_kind kind;
};

static const struct complaint complaints[] = {
	{"undefined reference to ", "undefined reference", FAILURE_COMPILE},
	{"multiple definition of ", "multiple definition", FAILURE_COMPILE},
	{"duplicate symbol: ", "multiple definition", FAILURE_COMPILE},
	{"undefined symbol: ", "undefined reference", FAILURE_COMPILE},
	{"cannot find -l", "missing library", FAILURE_DEPENDENCY},
	{"library not found for -l", "missing library", FAILURE_DEPENDENCY},
	{"unable to find library -l", "missing library", FAILURE_DEPENDENCY},
	{"undefined reference", "undefined reference", FAILURE_COMPILE},
};

/* `name', 'name', "name" with something behind -> name */
static struct str quoted(struct str s)
{
	size_t n = 0;

	if (s.n && (s.p[0] == '`' || s.p[0] == '\'')) {
		s = str_from(s, 1);
		while (n < s.n && s.p[n] != '\'')
			n++;
	} else {
		while (n < s.n && s.p[n] != ';')
			n++;
	}
	return str_slice(s, 0, n);
}

/* "/usr/bin/ld: " and the like, once or twice. */
static struct str without_tool(struct str s)
{
	static const char *const tools[] = {"ld: error: ", "mold: error: ", "mold: fatal: ",
		"ld64.lld: error: ", "wasm-ld: error: ", "lld-link: error: ", "ld: ",
		"ld.lld: error: ", "ld.gold: ", "ld.bfd: ", "ld.lld: ", "lld: error: "};
	ptrdiff_t at;

	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if ((at = str_find_c(s, tools[i])) >= 0 && !memchr(s.p, ' ', (size_t)at))
			s = str_from(s, (size_t)at + strlen(tools[i]));
	return s;
}

/* "a.c:(.text+0x5)", "a.c:3", "/tmp/cc1.o:a.c:3", "a.o" */
static void read_place(struct failure *f, struct report_out *out, struct str s)
{
	struct location at;
	struct str terminated;
	ptrdiff_t colon;

	s = str_trim(s);
	while (str_ends(s, ":"))
		s.n--;
	s = scan_until(s, ":(");
	terminated = arena_printf(&out->scratch, "%.*s:", STR_ARGS(s));
	if (scan_location(&terminated, &at)) {
		s = at.path;
		f->line = at.line;
	}
	colon = str_rfind_char(s, ':');
	if (colon > 1 && str_ends(str_slice(s, 0, (size_t)colon), ".o"))
		s = str_from(s, (size_t)colon + 1);
	if (str_ends(s, ".o") || str_ends(s, ".a"))
		return;
	f->file = out_scratch(out, s);
}

static void conclude(
	struct linker *l, struct report_out *out, struct failure *f, int first, int last)
{
	struct frame frame = {.path = f->file, .function = str_of(l->function), .line = f->line};

	f->language = scan_language(f->file);
	if (!f->language.p)
		f->language = STR("");
	if (frame.path.n)
		failure_add_frame(f, &out->scratch, frame);
	out_emit(out, f, ROLE_DETAIL, first, last);
	out_reset(out);
}

static const struct complaint *find_complaint(struct str s, struct str *before, struct str *what)
{
	for (size_t i = 0; i < ARRAY_LEN(complaints); i++) {
		ptrdiff_t at = str_find_c(s, complaints[i].text);

		if (at < 0)
			continue;
		*before = str_slice(s, 0, (size_t)at);
		*what = str_from(s, (size_t)at + strlen(complaints[i].text));
		return &complaints[i];
	}
	return NULL;
}

static bool complaint_line(struct linker *l, struct report_out *out, const struct report_line *line)
{
	struct str s = without_tool(line->text), before, what;
	const struct complaint *c = find_complaint(s, &before, &what);
	struct failure f = {.duration_s = -1};

	if (!c || str_has(before, " error: ") || str_has(before, "warning: "))
		return false;
	what = quoted(what);
	if (c->kind == FAILURE_DEPENDENCY) {
		what = scan_until(what, ":");
		what = scan_until(what, " ");
	}
	f.type = str_of(c->type);
	f.kind = c->kind;
	f.name = out_scratch(out, what);
	f.message = arena_printf(&out->scratch, "%s%s%.*s%s", c->text,
		c->kind == FAILURE_DEPENDENCY ? "" : "'", STR_ARGS(what),
		c->kind == FAILURE_DEPENDENCY ? "" : "'");
	if (before.n == 0 && str_has(line->text, "ld: error: ")) {
		l->lld = f;
		l->in_lld = true;
		l->first_line = line->number;
		return true;
	}
	read_place(&f, out, before);
	conclude(l, out, &f, line->number, line->number);
	return l->function[0] != '\0';
}

/* ">>> referenced by a.c:3 (/src/a.c:3)" */
static bool lld_line(struct linker *l, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, place;

	if (str_skip(&s, ">>> referenced by ") || str_skip(&s, ">>> defined at ")) {
		if (!str_cut(&s, " (", &place))
			place = s;
		if (l->lld.file.n == 0)
			read_place(&l->lld, out, place);
		return true;
	}
	if (str_starts(s, ">>>"))
		return true;
	conclude(l, out, &l->lld, l->first_line, line->number - 1);
	l->in_lld = false;
	return false;
}

/* "/usr/bin/ld: /tmp/cc1.o: in function `main':" */
static bool function_line(struct linker *l, struct str s)
{
	struct str before;

	if (!str_cut(&s, ": in function `", &before) || !str_ends(s, "':"))
		return false;
	snprintf(l->function, sizeof(l->function), "%.*s", (int)(s.n - 2), s.p);
	return true;
}

static bool linker_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct linker *l = state;
	struct failure f = {.kind = FAILURE_COMPILE, .type = STR("link"), .duration_s = -1};

	if (!out->open)
		l->function[0] = '\0';
	if (l->in_lld && lld_line(l, out, line))
		return true;
	if (function_line(l, line->text))
		return true;
	if (str_has(line->text, "ld returned ") || str_has(line->text, "linker command failed")) {
		f.message = str_trim(line->text);
		out_emit(out, &f, ROLE_RESULT, line->number, line->number);
		return false;
	}
	return complaint_line(l, out, line);
}

static void linker_end(void *state, struct report_out *out)
{
	struct linker *l = state;

	if (l->in_lld)
		conclude(l, out, &l->lld, l->first_line, l->first_line);
}

const struct report_format format_linker = {
	.name = "linker",
	.literals = (const char *const[]){": in function `", "undefined reference to ",
		"multiple definition of ", "duplicate symbol: ", "undefined symbol: ",
		"cannot find -l", "library not found for -l", "unable to find library -l",
		" ld returned ", "linker command failed", NULL},
	.state_size = sizeof(struct linker),
	.line = linker_line,
	.end = linker_end,
};
