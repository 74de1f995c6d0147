/* tap: the Test Anything Protocol, versions 12 to 14, as Perl, node-tap, tape, node --test, mocha,
 * vitest, bats and many more write it. https://testanything.org/tap-version-14-specification.html
 * A test is a point at the left margin, as the protocol counts; where that is only a file or a
 * suite (node, vitest), the innermost points are the tests. */
#include "kit/report/block.h"
#include "kit/report/frames.h"
#include "kit/report/scan.h"
#include "kit/report/tap_yaml.h"

enum {
	TAP_PENDING = 64, /* failed points inside others that wait for the outer one's result */
	TAP_DEPTH = 16,
	TAP_QUIET_LINES = 300, /* without a line of the protocol, then it is taken to have ended */
	TAP_STEP = 4,          /* of indentation */
};

struct point {
	struct block block;
	size_t indent;
	bool is_suite; /* it failed because points inside did */
	bool is_file;  /* a file that could not be loaded */
};

struct counters {
	int tests, passed, failed, skipped, todo, cancelled, suites;
};

struct tap {
	struct point point; /* the last failed one, whose details may go on */
	struct point outer; /* a buffered one at the margin: the points inside follow it */
	struct point inner[TAP_PENDING];
	size_t n_inner;
	struct str path[TAP_DEPTH]; /* names of what is around, by depth; kept */
	bool file_path;             /* path[0] is a file printed as a buffered point */
	struct tap_yaml yaml;
	bool in_yaml, active, strict;
	bool clean; /* nothing but the protocol came before the first point */
	bool version, has_plan, subtests;
	bool quiet; /* the points inside one that is ok do not matter */
	int plan_first, plan_last;
	int points, last_number, least_number;
	int broken; /* faults of the protocol itself */
	struct counters raw, footer, leaves;
	bool only_files; /* every point at the margin is a file with points inside */
	int quiet_from, first_line, last_line;
};

static size_t indent_of(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == ' ')
		n++;
	return n;
}

static size_t depth_of(size_t indent)
{
	size_t depth = indent / TAP_STEP;

	return depth < TAP_DEPTH ? depth : TAP_DEPTH - 1;
}

/* --- what failed --- */

static struct str suite_of(struct tap *t, struct report_out *out, size_t indent)
{
	struct str suite = STR("");
	size_t depth = depth_of(indent);

	for (size_t i = 0; i < depth; i++)
		if (t->path[i].n)
			suite = suite.n ? arena_printf(&out->scratch, "%.*s > %.*s",
						  STR_ARGS(suite), STR_ARGS(t->path[i]))
					: t->path[i];
	return suite;
}

static void emit(struct report_out *out, struct point *p)
{
	struct failure *f = &p->block.f;

	block_split_type(&p->block);
	if (p->is_file) {
		f->suite = f->id = f->name;
		f->file = f->file.n ? f->file : f->name;
		f->name = STR("");
		f->kind = str_eq_c(f->type, "SyntaxError") ? FAILURE_COMPILE : FAILURE_CRASH;
	}
	if (!f->language.n)
		f->language = scan_language(f->file);
	(void)block_close(&p->block, out);
}

static void emit_inner(struct tap *t, struct report_out *out)
{
	for (size_t i = 0; i < t->n_inner; i++)
		if (!t->inner[i].is_suite)
			emit(out, &t->inner[i]);
	t->n_inner = 0;
}

/* The outer point is the failed test; what failed inside tells why. */
static void borrow(struct block *b, const struct block *inner)
{
	struct failure *f = &b->f;

	if (f->message.n == 0)
		f->message = inner->f.message.n ? inner->f.message : inner->f.name;
	if (f->file.n == 0) {
		f->file = inner->f.file;
		f->line = inner->f.line;
		f->column = inner->f.column;
	}
	if (f->stack.n == 0) {
		f->stack.v = inner->f.stack.v;
		f->stack.n = f->stack.cap = inner->f.stack.n;
	}
	if (!f->expected.p && !f->actual.p) {
		f->expected = inner->f.expected;
		f->actual = inner->f.actual;
	}
	if (f->type.n == 0)
		f->type = inner->f.type;
	b->first_line = inner->first_line < b->first_line ? inner->first_line : b->first_line;
}

/* The open point is complete: its details cannot go on. */
static void close_point(struct tap *t, struct report_out *out)
{
	struct point *p = &t->point;
	size_t own = t->n_inner; /* of the inner ones, the first that is inside this one */

	if (!p->block.open)
		return;
	while (own > 0 && t->inner[own - 1].indent > p->indent)
		own--;
	if (own < t->n_inner && !p->is_suite && p->indent == 0 && !t->file_path) {
		borrow(&p->block, &t->inner[own].block);
		t->n_inner = 0;
	} else if (own < t->n_inner) {
		p->is_suite = true;
	}
	if (p->indent > 0 && t->quiet) {
		p->block.open = false;
	} else if (p->indent > 0 && t->outer.block.open) {
		borrow(&t->outer.block, &p->block);
	} else if (p->indent > 0) {
		if (t->n_inner == TAP_PENDING)
			emit_inner(t, out);
		t->inner[t->n_inner++] = *p;
	} else {
		emit_inner(t, out);
		if (!p->is_suite)
			emit(out, p);
		out_reset(out);
	}
	p->block.open = false;
}

static void close_outer(struct tap *t, struct report_out *out)
{
	close_point(t, out);
	if (t->outer.block.open) {
		t->outer.block.last_line = t->last_line;
		emit(out, &t->outer);
	}
	t->quiet = false;
}

/* --- points --- */

static bool starts_nocase(struct str s, const char *word)
{
	return str_eq_nocase(str_slice(s, 0, strlen(word)), str_of(word));
}

/* tape does not escape: any other "#" is part of the name. */
static bool is_directive(struct str s, size_t at)
{
	struct str word = str_ltrim(str_from(s, at + 1));

	return s.p[at] == '#' && (at == 0 || s.p[at - 1] == ' ' || s.p[at - 1] == '\t') &&
	       (starts_nocase(word, "todo") || starts_nocase(word, "skip") ||
		       starts_nocase(word, "time="));
}

/* Takes the directive behind an unescaped '#' off *s; "" without one. */
static struct str take_directive(struct str *s)
{
	for (size_t i = 0; i + 1 < s->n; i++) {
		if (s->p[i] == '\\')
			i++;
		else if (is_directive(*s, i)) {
			struct str directive = str_trim(str_from(*s, i + 1));

			*s = str_rtrim(str_slice(*s, 0, i));
			return directive;
		}
	}
	return STR("");
}

static struct str unescaped(struct report_out *out, struct str s)
{
	BUF_AUTO b = {.cap = REPORT_MESSAGE_BYTES};

	if (str_find_char(s, '\\') < 0)
		return out_scratch(out, s);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '#' || s.p[i + 1] == '\\'))
			i++;
		buf_char(&b, s.p[i]);
	}
	return out_scratch(out, buf_view(&b));
}

static bool is_file_name(struct str s)
{
	struct str extension = str_extension(s);

	return extension.n > 1 && extension.n < 6 && str_find_char(s, ' ') < 0 &&
	       scan_language(s).n > 0;
}

/* "test/a.test.js > suite > name" of vitest's tap-flat. */
static void split_path(struct failure *f)
{
	ptrdiff_t at = str_find_c(f->name, " > "), last = at, next;

	if (at <= 0 || !is_file_name(str_slice(f->name, 0, (size_t)at)))
		return;
	while ((next = str_find_c(str_from(f->name, (size_t)last + 3), " > ")) >= 0)
		last += next + 3;
	f->suite = str_slice(f->name, 0, (size_t)last);
	f->name = str_from(f->name, (size_t)last + 3);
}

struct parsed_point {
	bool ok, buffered, todo, skip;
	int number;
	struct str name;
	double duration_s;
};

static void read_directive(struct parsed_point *p, struct str directive)
{
	double ms;

	p->todo = starts_nocase(directive, "todo");
	p->skip = starts_nocase(directive, "skip");
	if (str_skip(&directive, "time=") && str_ends(directive, "ms") &&
		str_to_double(str_slice(directive, 0, directive.n - 2), &ms))
		p->duration_s = ms / 1000;
}

/* "not ok 3 - name # TODO why {" */
static bool parse_point(struct str s, struct parsed_point *p)
{
	*p = (struct parsed_point){.number = -1, .duration_s = -1};
	p->ok = !str_skip(&s, "not ok");
	if (p->ok && !str_skip(&s, "ok"))
		return false;
	if (s.n && s.p[0] != ' ' && s.p[0] != '\t')
		return false;
	s = str_trim(s);
	if (s.n && s.p[0] >= '0' && s.p[0] <= '9') {
		struct str rest = s;

		if (str_take_int(&rest, &p->number) &&
			(rest.n == 0 || rest.p[0] == ' ' || rest.p[0] == '\t'))
			s = str_ltrim(rest);
		else
			p->number = -1;
	}
	if (str_ends(s, " {") || str_eq_c(s, "{")) {
		p->buffered = true;
		s = str_rtrim(str_slice(s, 0, s.n - 1));
	}
	if (str_skip(&s, "-"))
		s = str_ltrim(s);
	read_directive(p, take_directive(&s));
	p->name = s;
	return true;
}

static void open_point(struct tap *t, struct report_out *out, const struct parsed_point *p,
	size_t indent, const struct report_line *line)
{
	struct failure *f = &t->point.block.f;

	t->point = (struct point){.indent = indent};
	block_open(&t->point.block, out, "", line->number);
	f->name = unescaped(out, p->name);
	f->suite = suite_of(t, out, indent);
	f->duration_s = p->duration_s;
	split_path(f);
	if (p->number >= 0)
		f->id = arena_printf(&out->scratch, "%d", p->number);
	if (f->name.n)
		f->id = f->suite.n ? arena_printf(&out->scratch, "%.*s > %.*s", STR_ARGS(f->suite),
					     STR_ARGS(f->name))
				   : f->name;
}

/* A fault of the protocol itself: a failure without a test's name. */
static void protocol_error(
	struct tap *t, struct report_out *out, struct str name, struct str message, int line)
{
	struct failure f = {.name = name,
		.kind = FAILURE_TEST,
		.type = STR("TAP"),
		.message = message,
		.duration_s = -1};

	t->broken++;
	out_emit(out, &f, ROLE_RUNNER, line, line);
}

/* A number outside of the plan, or for the second time. */
static void check_number(
	struct tap *t, struct report_out *out, const struct parsed_point *p, int line)
{
	int number = p->number >= 0 ? p->number : t->last_number + 1;
	bool outside = t->has_plan && (number > t->plan_last || number < t->plan_first);

	if ((outside || (t->has_plan && p->number == t->last_number)) && p->ok)
		protocol_error(t, out, p->name,
			outside ? arena_printf(&out->scratch, "test %d is not in the plan", number)
				: arena_printf(&out->scratch, "test %d twice", number),
			line);
	t->last_number = number;
	if (t->points == 0 || number < t->least_number)
		t->least_number = number;
}

/* vitest: a file that could not be loaded is a point without any inside. */
static bool is_broken_file(const struct tap *t, const struct parsed_point *p)
{
	struct str language = is_file_name(p->name) ? scan_language(p->name) : STR("");

	return !t->subtests && !p->ok && !p->buffered &&
	       (str_eq_c(language, "javascript") || str_eq_c(language, "typescript"));
}

static void count_margin_point(struct tap *t, const struct parsed_point *p)
{
	t->points++;
	if (is_broken_file(t, p))
		return;
	t->raw.tests++;
	if (p->ok)
		t->raw.passed++;
	else
		t->raw.failed++;
	t->raw.skipped += p->skip;
	t->only_files &= p->buffered && is_file_name(p->name);
}

static void count_inner_point(struct tap *t, const struct parsed_point *p)
{
	if (p->buffered)
		return;
	t->leaves.tests++;
	if (p->skip || p->todo)
		t->leaves.skipped++;
	else if (p->ok)
		t->leaves.passed++;
	else
		t->leaves.failed++;
}

static void set_path(struct tap *t, struct report_out *out, size_t indent, struct str name)
{
	size_t depth = depth_of(indent);

	t->path[depth] = out_keep(out, name);
	for (size_t i = depth + 1; i < TAP_DEPTH; i++)
		t->path[i] = STR("");
}

static bool point_line(struct tap *t, struct report_out *out, struct str s, size_t indent,
	const struct report_line *line)
{
	struct parsed_point p;

	if (!parse_point(s, &p))
		return false;
	close_point(t, out);
	if (indent == 0) {
		close_outer(t, out);
		if (t->file_path)
			emit_inner(t, out);
		if (p.ok)
			t->n_inner = 0;
		t->quiet = p.ok && p.buffered;
		t->file_path = p.buffered && is_file_name(p.name);
		check_number(t, out, &p, line->number);
		count_margin_point(t, &p);
	} else {
		count_inner_point(t, &p);
	}
	if (p.buffered)
		set_path(t, out, indent, p.name);
	if (!p.ok && !p.todo && !p.skip)
		open_point(t, out, &p, indent, line);
	t->point.is_file = indent == 0 && is_broken_file(t, &p);
	/* The points inside a buffered one come behind it. */
	if (p.buffered && t->point.block.open && (indent || t->file_path)) {
		t->point.is_suite = true;
		close_point(t, out);
	} else if (p.buffered && t->point.block.open) {
		t->outer = t->point;
		t->point.block.open = false;
	}
	return true;
}

/* --- the stream --- */

static void begin(struct tap *t)
{
	if (t->active)
		return;
	*t = (struct tap){.active = true, .clean = true, .only_files = true};
}

static void add_counts(struct tap *t, struct report_out *out)
{
	struct counters *c = &t->raw;
	bool footer = t->footer.tests && t->footer.passed;

	if (t->only_files && t->leaves.tests)
		c = &t->leaves;
	if (footer) {
		c = &t->footer;
		c->tests--, c->passed--;
		/* mocha does not speak of those that it skipped. */
		if (!c->skipped && t->raw.tests == c->tests + t->raw.skipped) {
			c->tests = t->raw.tests;
			c->skipped = t->raw.skipped;
		}
		c->failed += c->cancelled;
		c->skipped += c->todo;
	}
	out_count(&out->counts.tests, c->tests);
	out_count(&out->counts.passed, c->passed);
	out_count(&out->counts.failed, c->failed + t->broken);
	out_count(&out->counts.errors, 0);
	out_count(&out->counts.skipped, c->skipped);
}

static void end_stream(struct tap *t, struct report_out *out)
{
	int planned = t->plan_last - t->plan_first + 1;
	bool red = t->raw.failed + t->broken > 0;

	if (!t->active)
		return;
	close_outer(t, out);
	emit_inner(t, out);
	t->active = false;
	if (t->has_plan && t->points && t->least_number < t->plan_first)
		protocol_error(t, out, STR(""),
			arena_printf(&out->scratch, "test %d is not in the plan", t->least_number),
			t->last_line);
	else if (t->has_plan && !red && planned != t->points && t->points)
		protocol_error(t, out, STR(""),
			arena_printf(
				&out->scratch, "%d tests were planned, %d ran", planned, t->points),
			t->last_line);
	else if (!t->has_plan && t->points && (t->version || t->clean))
		protocol_error(t, out, STR(""), STR("no plan was printed: the run broke off"),
			t->last_line);
	if (t->points || t->has_plan)
		add_counts(t, out);
	if (t->points)
		out_session(out, t->first_line, t->last_line);
}

/* "1..5", "1..0 # skip why" */
static bool plan_line(struct tap *t, struct report_out *out, struct str s)
{
	int first, last;

	if (!str_take_int(&s, &first) || !str_skip(&s, "..") || !str_take_int(&s, &last))
		return false;
	if (s.n && !str_starts(str_ltrim(s), "#"))
		return t->active; /* not one, but no sign of another text either */
	if (t->has_plan && t->points) {
		end_stream(t, out);
		begin(t);
	}
	if (last < first - 1)
		return true;
	begin(t);
	t->has_plan = true;
	t->plan_first = first;
	t->plan_last = last;
	return true;
}

static bool version_line(struct tap *t, struct report_out *out, struct str s)
{
	if (!starts_nocase(s, "TAP version "))
		return false;
	if (t->points)
		end_stream(t, out);
	begin(t);
	t->version = true;
	return true;
}

static void bail_out(struct tap *t, struct report_out *out, struct str why, int line)
{
	struct failure f = {.name = STR("Bail out!"),
		.kind = FAILURE_CRASH,
		.type = STR("Bail out"),
		.message = str_trim(why),
		.duration_s = -1};

	close_point(t, out);
	out_emit(out, &f, ROLE_RUNNER, line, line);
	t->has_plan = true;
	t->plan_last = t->plan_first + t->points - 1;
}

/* "# tests 5" and its like that tape, mocha and node print behind the points; tests and passed are
 * one more than they say, so that 0 means that they said nothing. */
static bool footer_line(struct tap *t, struct str s)
{
	const struct {
		const char *word;
		int *to, more;
	} table[] = {
		{"tests ", &t->footer.tests, 1},
		{"pass ", &t->footer.passed, 1},
		{"fail ", &t->footer.failed, 0},
		{"skipped ", &t->footer.skipped, 0},
		{"skip ", &t->footer.skipped, 0},
		{"todo ", &t->footer.todo, 0},
		{"cancelled ", &t->footer.cancelled, 0},
		{"suites ", &t->footer.suites, 0},
	};
	int n;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct str rest = s;

		if (str_skip(&rest, table[i].word) &&
			str_to_int(str_trim(rest), 0, INT32_MAX - 1, &n)) {
			*table[i].to = n + table[i].more;
			return true;
		}
	}
	return str_starts(s, "duration_ms ");
}

/* Test::More: "Failed test 'x'", "at t/a.t line 17."; bats: "(in test file a.bats, line 5)". */
static bool comment_place(struct block *b, struct report_out *out, struct str s)
{
	struct frame frame = {0};
	struct str before;
	bool bats = str_starts(s, "(in test file ") || str_starts(s, "(from function `") ||
		    str_starts(s, " in test file ");

	if (bats) {
		if (!str_cut(&s, " file ", &before) || !str_cut(&s, ", line ", &frame.path))
			return false;
	} else if (str_skip(&s, "at ") || str_cut(&s, " at ", &before)) {
		if (!str_cut(&s, " line ", &frame.path) || !str_has(s, "."))
			return false;
	} else {
		return false;
	}
	if (!str_take_int(&s, &frame.line))
		return false;
	block_frame(b, out, frame);
	return true;
}

static void comment_detail(struct block *b, struct report_out *out, struct str s)
{
	struct str text = str_trim(s), rest = text;

	if (str_starts(text, "Looks like you "))
		return;
	if (comment_place(b, out, text)) {
		if (str_starts(text, "at ") || str_starts(text, "Failed test at "))
			return;
	} else if (str_skip(&rest, "got: ") && !b->f.actual.p) {
		b->f.actual = out_scratch(out, rest);
	} else if (str_skip(&rest, "expected: ") && !b->f.expected.p) {
		b->f.expected = out_scratch(out, rest);
	}
	block_text(b, out, s);
}

static void comment_line(struct tap *t, struct report_out *out, struct str s, size_t indent,
	const struct report_line *line)
{
	struct str text = s, name;

	str_skip(&text, "#");
	str_skip(&text, " ");
	name = text;
	if (str_skip(&name, "Subtest: ")) {
		close_point(t, out);
		t->subtests = true;
		set_path(t, out, indent, str_trim(name));
	} else if (t->point.block.open && indent == t->point.indent) {
		if (indent == 0 && footer_line(t, text))
			return;
		block_touch(&t->point.block, line);
		comment_detail(&t->point.block, out, text);
	} else if (indent == 0) {
		(void)footer_line(t, text);
	}
}

/* --- details in YAML --- */

static void yaml_line(struct tap *t, struct report_out *out, const struct report_line *line)
{
	struct str s = str_trim(line->text);
	size_t indent = indent_of(line->text);

	if (t->point.block.open)
		block_touch(&t->point.block, line);
	if (indent <= t->yaml.indent && str_eq_c(s, "...")) {
		t->in_yaml = false;
	} else if (s.n && indent < t->yaml.indent && !t->yaml.quoted) {
		t->in_yaml = false; /* broken off */
	} else if (t->point.block.open) {
		tap_yaml_line(&t->yaml, &t->point.block, out, line->text);
		t->point.is_suite |= t->yaml.subtests_failed;
	}
}

/* "{" behind the details of a point at the margin. */
static void begin_buffered(struct tap *t)
{
	if (t->point.block.open) {
		t->outer = t->point;
		t->point.block.open = false;
	} else {
		t->quiet = true;
	}
}

/* The points inside are told: what follows has others. */
static void end_buffered(struct tap *t, struct report_out *out, size_t indent)
{
	close_point(t, out);
	for (size_t i = t->n_inner; i-- > 0 && t->inner[i].indent > indent;)
		t->inner[i].indent = indent;
}

static bool is_plan(struct str s)
{
	int n;

	return str_take_int(&s, &n) && str_skip(&s, "..") && str_take_int(&s, &n);
}

/* mocha: the error below the point, without any mark. */
static void indented_line(struct tap *t, struct report_out *out, const struct report_line *line)
{
	struct frame frame;
	struct str type, message;

	block_touch(&t->point.block, line);
	if (is_plan(str_trim(line->text)))
		return;
	if (block_exception(str_trim(line->text), &type, &message) &&
		str_starts(t->point.block.f.message, arena_cstr(&out->scratch, message)))
		t->point.block.f.type = out_scratch(out, type); /* the same with its type */
	else if (!frame_of_js(line->text, &frame))
		block_text(&t->point.block, out, line->text);
	else if (frame_is_js_library(&frame) || t->point.block.f.line)
		failure_add_frame(&t->point.block.f, &out->scratch,
			(struct frame){.path = out_scratch(out, frame.path),
				.function = out_scratch(out, frame.function),
				.line = frame.line,
				.column = frame.column});
	else
		block_frame(&t->point.block, out, frame);
}

static bool protocol_line(struct tap *t, struct report_out *out, const struct report_line *line)
{
	size_t indent = indent_of(line->text);
	struct str s = str_from(line->text, indent);

	if (indent == 0 && s.n && s.p[0] != '}' && s.p[0] != '{' && t->outer.block.open)
		close_outer(t, out);
	if (str_starts(s, "#")) {
		comment_line(t, out, s, indent, line);
		return true;
	}
	if (str_eq_c(str_trim(s), "---") && (indent > 0 || t->point.block.open)) {
		t->in_yaml = true;
		tap_yaml_open(&t->yaml, indent);
		return true;
	}
	if (indent % TAP_STEP == 0 && point_line(t, out, s, indent, line))
		return true;
	if (indent == 0 && (plan_line(t, out, s) || version_line(t, out, s)))
		return true;
	if (indent == 0 && str_starts(s, "Bail out!")) {
		bail_out(t, out, str_from(s, strlen("Bail out!")), line->number);
		return true;
	}
	if (indent == 0 && (str_starts(s, "pragma +") || str_starts(s, "pragma -"))) {
		if (str_ends(str_trim(s), "strict"))
			t->strict = s.p[7] == '+';
		return true;
	}
	if (str_eq_c(str_trim(s), "{") && indent == 0)
		begin_buffered(t);
	else if (str_eq_c(s, "}"))
		end_buffered(t, out, indent);
	else if (indent > 0 && t->point.block.open)
		indented_line(t, out, line);
	return str_trim(s).n == 0 || str_eq_c(s, "}") || str_eq_c(s, "{") || indent > 0;
}

/* Whether an idle format may begin with this line: ordinary text holds "ok 1" and "1..5", too. */
static bool is_beginning(struct str s)
{
	struct parsed_point p;
	struct str rest = s;
	int n;

	if (starts_nocase(s, "TAP version ") || str_starts(s, "Bail out!"))
		return true;
	if (str_take_int(&rest, &n) && str_skip(&rest, "..") && str_take_int(&rest, &n))
		return rest.n == 0 || str_trim(rest).n == 0 || str_starts(str_ltrim(rest), "#") ||
		       str_starts(rest, " todo");
	return parse_point(s, &p) && (p.number >= 0 || !p.ok || p.name.n == 0);
}

static bool tap_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct tap *t = state;

	if (!t->active) {
		if (!is_beginning(line->text))
			return false;
		begin(t);
		t->clean = line->number <= 2;
		t->first_line = line->number;
	}
	if (t->in_yaml) {
		yaml_line(t, out, line);
		if (t->in_yaml || str_eq_c(str_trim(line->text), "..."))
			return true;
	}
	if (protocol_line(t, out, line)) {
		t->quiet_from = line->number;
		if (str_trim(line->text).n && t->active)
			t->last_line = line->number;
	} else if (t->strict) {
		protocol_error(
			t, out, STR(""), STR("a line that is no TAP in strict mode"), line->number);
	} else if (t->point.block.open && t->point.indent == 0) {
		close_point(t, out);
	}
	if (line->number - t->quiet_from > TAP_QUIET_LINES)
		end_stream(t, out);
	return t->active;
}

static void tap_end(void *state, struct report_out *out)
{
	end_stream(state, out);
}

const struct report_format format_tap = {
	.name = "tap",
	.literals = (const char *const[]){"\nTAP version ", "\nTAP Version ", "\nok", "\nnot ok",
		"\n1..", "\nBail out!", "\npragma +strict", NULL},
	.state_size = sizeof(struct tap),
	.line = tap_line,
	.end = tap_end,
};
