/* pytest: sections between "=" banners, a block under a "_" heading for each failure, a summary
 * line with the node id. All --tb styles, -q, -v, xdist, errors of collection and fixtures.
 * https://docs.pytest.org/en/stable/how-to/output.html */
#include "base/limits.h"
#include "kit/report/python_trace.h"
#include "kit/report/scan.h"

enum {
	CRASH_LINES = 120,   /* of a stack that the dying interpreter prints */
	NESTED_LINES = 2000, /* of a run in a test's captured output */
};

struct pytest {
	enum { SECTION_NONE, SECTION_RUN, SECTION_BLOCKS, SECTION_SUMMARY, SECTION_OTHER } section;
	int session_from;     /* line where the run began, 0: not known to have */
	report_ref confirmed; /* the last failure that the summary named, + 1 */
	/* The open block. */
	bool in_block, captured, internal;
	struct str path, heading; /* of a collection error; "Class.test[id]" */
	struct str first_text;    /* what the block says when it has no "E" line */
	struct str def;           /* the function whose source is being shown */
	size_t margin;            /* of the "E" lines */
	bool in_error, saw_frame;
	struct python_trace trace;
	int first_line, last_line;
	int nested, nested_from;   /* runs that a test's captured output holds */
	bool capturing;            /* captured output is being printed, of a passed test perhaps */
	bool counted;              /* a line of totals was read */
	struct test_counts listed; /* by the summary's lines, where there are no totals */
	int nameless;              /* failures of --tb=line that wait for the summary */
	report_ref crashed;        /* the test during which the interpreter died, + 1 */
	int crash_line;
};

/* --- names --- */

/* Where the node id ends in "path::Class::test[a - b] - message": at " - " outside brackets. */
static size_t id_length(struct str s)
{
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '[')
			depth++;
		else if (s.p[i] == ']')
			depth--;
		else if (depth <= 0 && str_starts(str_from(s, i), " - "))
			return i;
	}
	/* Unbalanced brackets in a parameter. */
	ptrdiff_t at = str_find_c(s, "] - ");

	return at < 0 ? s.n : (size_t)at + 1;
}

/* The offset where the parameters of "test[a::b]" start. */
static size_t plain_length(struct str s)
{
	ptrdiff_t at = str_find_char(s, '[');

	return at < 0 ? s.n : (size_t)at;
}

static struct str replaced(struct report_out *out, struct str s, struct str from, const char *to)
{
	BUF_AUTO b = {.cap = LIMIT_LINE_BYTES};
	struct str head = str_slice(s, 0, plain_length(s)), rest = head;
	ptrdiff_t at;

	while ((at = str_find(rest, from)) >= 0) {
		buf_add(&b, rest.p, (size_t)at);
		buf_c(&b, to);
		rest = str_from(rest, (size_t)at + from.n);
	}
	buf_str(&b, rest);
	buf_str(&b, str_from(s, head.n));
	return out_scratch(out, buf_view(&b));
}

/* name, and suite as JUnit has it ("tests.test_a.TestK"), from the id; a file that cannot be
 * collected is a name without a suite. */
static void name_by_id(struct report_out *out, struct failure *f, struct str id)
{
	struct str head = str_slice(id, 0, plain_length(id));
	ptrdiff_t at = -1;

	for (ptrdiff_t i = 0; i + 1 < (ptrdiff_t)head.n; i++)
		if (head.p[i] == ':' && head.p[i + 1] == ':')
			at = i;
	f->id = out_scratch(out, id);
	f->suite = replaced(out, at < 0 ? id : str_slice(id, 0, (size_t)at), STR("::"), ".");
	f->suite = replaced(out, f->suite, STR(".py"), "");
	f->suite = replaced(out, f->suite, STR("/"), ".");
	f->name = at < 0 ? f->suite : out_scratch(out, str_from(id, (size_t)at + 2));
	if (at < 0)
		f->suite = STR("");
	if (at < 0 && str_starts(id, "/"))
		f->name = out_scratch(out, str_basename(id));
}

/* "Class.test[id]" -> "Class::test[id]" */
static struct str selector(struct report_out *out, struct str heading)
{
	return replaced(out, heading, STR("."), "::");
}

/* The part of a node id that a heading tells: behind the path. */
static struct str behind_path(struct str id)
{
	struct str path;

	return str_cut(&id, "::", &path) ? id : STR("");
}

static bool is_nameless(const struct failure *f)
{
	return str_starts(f->id, "#");
}

static report_ref find_exact(struct report_out *out, struct str id)
{
	for (report_ref ref = out_next(out, -1); ref >= 0; ref = out_next(out, ref))
		if (str_eq(out_at(out, ref)->id, id))
			return ref;
	return -1;
}

/* A test of that heading told already (or not yet), whatever its path. An id without a path can
 * be any; of the others only one behind from: blocks and summary have the same order. */
static report_ref find_alike(struct report_out *out, struct str id, report_ref from, bool told)
{
	struct str tail = behind_path(id);
	report_ref second = -1;

	for (report_ref ref = out_next(out, -1); ref >= 0 && tail.n; ref = out_next(out, ref)) {
		const struct failure *f = out_at(out, ref);

		if (!str_eq(behind_path(f->id), tail) || told != (f->message.n || f->type.n))
			continue;
		if (str_starts(f->id, "::"))
			return ref;
		if (second < 0 && ref > from)
			second = ref;
	}
	return second;
}

static report_ref find_nameless(struct report_out *out)
{
	for (report_ref ref = out_next(out, -1); ref >= 0; ref = out_next(out, ref))
		if (is_nameless(out_at(out, ref)))
			return ref;
	return -1;
}

/* --- a block --- */

static void open_block(struct pytest *p, struct report_out *out, struct str heading, int line)
{
	p->in_block = true;
	p->captured = p->in_error = p->saw_frame = false;
	p->path = p->first_text = p->def = STR("");
	p->margin = 0;
	p->first_line = p->last_line = line;
	python_trace_reset(&p->trace, true);
	p->trace.f.kind = FAILURE_TEST;
	if (str_skip(&heading, "ERROR collecting "))
		p->path = out_scratch(out, heading);
	else if (str_skip(&heading, "ERROR at "))
		(void)(str_skip(&heading, "setup of ") || str_skip(&heading, "teardown of "));
	p->heading = out_scratch(out, heading);
}

/* The test file: of the frames the outermost one that can be a test's. */
static struct str test_file(const struct failure *f)
{
	for (size_t i = f->stack.n; i-- > 0;) {
		struct str path = f->stack.v[i].path;

		if (path.n && path.p[0] != '/' && path.p[0] != '<')
			return path;
	}
	return STR("");
}

/* Without the summary the id is put together: frames are printed relative to the root. */
static struct str guessed_id(struct pytest *p, struct report_out *out)
{
	if (p->path.n)
		return p->path;
	return arena_printf(&out->scratch, "%.*s::%.*s", STR_ARGS(test_file(&p->trace.f)),
		STR_ARGS(selector(out, p->heading)));
}

static void fill_reported(struct report_out *out, report_ref ref, const struct failure *from)
{
	struct failure *f = out_at(out, ref);

	f->type = out_keep(out, from->type);
	f->message = out_keep(out, from->message);
	f->expected = out_keep(out, from->expected);
	f->actual = out_keep(out, from->actual);
	f->file = out_keep(out, from->file);
	f->line = from->line;
	f->kind = from->kind;
	out_set_frames(out, ref, from);
}

static void close_block(struct pytest *p, struct report_out *out)
{
	struct failure *f = &p->trace.f;
	report_ref ref;
	struct str id;

	if (!p->in_block)
		return;
	p->in_block = false;
	python_trace_push(&p->trace, out);
	if (f->type.n == 0 && str_starts(f->message, "assert "))
		f->type = STR("AssertionError");
	if (f->message.n == 0 && f->type.n == 0)
		f->message = p->first_text;
	python_trace_conclude(&p->trace, out);
	id = guessed_id(p, out);
	ref = find_exact(out, id);
	if (ref < 0)
		ref = find_alike(out, id, -1, false);
	if (ref >= 0 && out_at(out, ref)->message.n == 0) {
		fill_reported(out, ref, f);
		out_move(out, ref, p->first_line, p->last_line);
	} else {
		if (p->internal)
			f->name = p->heading;
		else
			name_by_id(out, f, id);
		out_emit(out, f, p->internal ? ROLE_DETAIL : ROLE_RUNNER, p->first_line,
			p->last_line);
	}
	out_reset(out);
}

/* "E   text": the exception, its message, the place of a syntax error. */
static void error_line(struct pytest *p, struct report_out *out, struct str s)
{
	struct failure *f = &p->trace.f;
	struct str type, message, text = str_ltrim(s);
	struct frame frame;

	if (!p->in_error) {
		p->in_error = true;
		p->margin = s.n - text.n;
		f->type = f->message = STR("");
	}
	if (f->type.n == 0 && python_frame(text, &frame)) {
		python_trace_add_frame(&p->trace, out, frame);
		p->saw_frame = true;
	} else if (f->type.n == 0 && (f->message.n == 0 || p->saw_frame) &&
		   python_exception(text, &type, &message)) {
		f->type = out_scratch(out, type);
		f->message = out_scratch(out, message);
	} else {
		if (str_starts(text, "fixture '") && f->type.n == 0)
			f->type = STR("FixtureLookupError");
		text = str_rtrim(s.n - text.n < p->margin ? text : str_from(s, p->margin));
		f->message =
			f->message.n ? out_join(out, f->message, text) : out_scratch(out, text);
	}
}

/* "path:3: ", "path:3: in name", "path:3: ValueError" */
static bool place_line(struct pytest *p, struct report_out *out, struct str s)
{
	struct location at;
	struct str word, type;
	struct frame frame;

	if (s.n == 0 || s.p[0] == ' ' || !scan_location(&s, &at) || str_has(at.path, "'"))
		return false;
	frame = (struct frame){.path = at.path, .line = at.line};
	str_skip(&s, " ");
	if (str_skip(&s, "in ")) {
		frame.function = str_trim(s);
		s = STR("");
	} else {
		frame.function = p->def;
	}
	word = s;
	type = scan_word(&word);
	if (word.n)
		return false;
	if (type.n && p->trace.f.type.n == 0)
		p->trace.f.type = out_scratch(out, type);
	python_trace_add_frame(&p->trace, out, frame);
	p->def = STR("");
	return true;
}

/* "file /path/test_a.py, line 17": where a missing fixture is asked for. */
static void fixture_place(struct pytest *p, struct report_out *out, struct str s)
{
	struct frame frame = {0};
	struct str path;

	if (str_skip(&s, "file ") && str_cut(&s, ", line ", &path) &&
		str_take_int(&s, &frame.line)) {
		frame.path = path;
		python_trace_add_frame(&p->trace, out, frame);
	}
}

static void source_line(struct pytest *p, struct report_out *out, struct str s)
{
	str_skip(&s, ">");
	s = str_ltrim(s);
	str_skip(&s, "async ");
	if (str_skip(&s, "def "))
		p->def = out_scratch(out, scan_word(&s));
}

/* xdist: "worker 'gw0' crashed while running 'tests/test_a.py::test_b'" */
static void crash_line(struct pytest *p, struct report_out *out, struct str s)
{
	struct str before;

	if (!str_cut(&s, "crashed while running '", &before) || !str_ends(s, "'"))
		return;
	p->path = out_scratch(out, str_slice(s, 0, s.n - 1));
	p->trace.f.kind = FAILURE_CRASH;
	p->trace.f.type = STR("crash");
}

static void block_line(struct pytest *p, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, banner = scan_banner(s, '-');

	if (s.n)
		p->last_line = line->number;
	if (banner.p && str_starts(banner, "Captured "))
		p->captured = true;
	if (p->captured)
		return;
	if (p->trace.at != TRACE_NONE || str_starts(s, "Traceback (most recent") ||
		str_has(s, "+ Exception Group Traceback")) {
		if (python_trace_line(&p->trace, out, line))
			return;
	}
	if (p->first_text.n == 0 && str_trim(s).n && !str_starts(s, "[gw"))
		p->first_text = out_scratch(out, str_trim(s));
	if (str_starts(s, "E  ") || str_eq_c(s, "E")) {
		error_line(p, out, str_from(s, 1));
		return;
	}
	if (python_is_chain(s)) {
		python_trace_push(&p->trace, out);
		p->trace.f.type = p->trace.f.message = STR("");
	} else if (!place_line(p, out, s)) {
		source_line(p, out, s);
		fixture_place(p, out, s);
		crash_line(p, out, s);
	}
	p->in_error = false;
}

/* --- other lines --- */

/* "Type: message", "assert a == b" */
static void read_message(struct failure *f, struct str text)
{
	struct str type, message;

	f->message = text;
	if (python_exception(text, &type, &message)) {
		f->type = type;
		f->message = message;
	} else if (str_starts(text, "assert ")) {
		f->type = STR("AssertionError");
	}
}

/* --tb=line: "path:3: Type: message" with nothing that tells the test. */
static bool short_failure(struct pytest *p, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct failure f = {.language = STR("python"), .duration_s = -1};
	struct location at;

	if (scan_location(&s, &at)) {
		f.file = at.path;
		f.line = at.line;
	} else if (!str_starts(s, "[XPASS")) {
		return false;
	}
	read_message(&f, str_trim(s));
	python_operands(&f, out);
	f.id = arena_printf(&out->scratch, "#%d", p->nameless++);
	if (f.file.n)
		failure_add_frame(
			&f, &out->scratch, (struct frame){.path = f.file, .line = f.line});
	out_emit(out, &f, ROLE_RUNNER, line->number, line->number);
	out_reset(out);
	return true;
}

/* The root by which node ids are relative, where no "rootdir:" was printed (-q). */
static void learn_root(struct report_out *out, struct str file, struct str id)
{
	struct str path = scan_until(id, "::");

	if (str_starts(file, "/") && file.n > path.n + 1 &&
		str_eq(str_from(file, file.n - path.n), path) && file.p[file.n - path.n - 1] == '/')
		out_root(out, str_slice(file, 0, file.n - path.n - 1));
}

/* The reported test gets its true id, and what the summary says if nothing did so far. */
static void complete(
	struct pytest *p, struct report_out *out, report_ref ref, const struct failure *f)
{
	struct failure *known = out_at(out, ref);

	p->confirmed = ref >= p->confirmed ? ref + 1 : p->confirmed;
	if (!str_eq(known->id, f->id)) {
		known->id = out_keep(out, f->id);
		known->name = out_keep(out, f->name);
		known->suite = out_keep(out, f->suite);
	}
	learn_root(out, known->file, f->id);
	if (known->message.n == 0 && known->type.n == 0) {
		known->type = out_keep(out, f->type);
		known->message = out_keep(out, f->message);
	}
}

static void name_reported(
	struct pytest *p, struct report_out *out, struct str s, bool failed, int line)
{
	struct str id = str_slice(s, 0, id_length(s)), message = str_from(s, id.n);
	report_ref ref = find_exact(out, id);
	struct failure f = {.language = STR("python"), .duration_s = -1};

	if (ref < 0)
		ref = find_alike(out, id, p->confirmed - 1, true);
	if (ref < 0 && failed)
		ref = find_nameless(out);
	str_skip(&message, " - ");
	read_message(&f, message);
	name_by_id(out, &f, id);
	if (ref >= 0) {
		complete(p, out, ref, &f);
	} else {
		python_operands(&f, out);
		out_emit(out, &f, ROLE_RUNNER, line, line);
	}
	out_reset(out);
}

/* "SUBFAIL id", "SUBFAILED[text] (i=1) id" */
static bool skip_subtest(struct str *s)
{
	struct str rest = *s, before;

	if (!str_skip(&rest, "SUBFAILED") && !str_skip(&rest, "SUBFAIL"))
		return false;
	if (str_starts(rest, "[") || str_starts(rest, "("))
		(void)(str_cut(&rest, ") ", &before) || str_cut(&rest, "] ", &before));
	*s = str_ltrim(rest);
	return true;
}

/* "FAILED id - message", "ERROR id - message" of the summary. */
static bool summary_line(struct pytest *p, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;

	p->listed.passed += str_starts(s, "PASSED ") || str_starts(s, "XPASS ");
	p->listed.skipped += str_starts(s, "SKIPPED ") || str_starts(s, "XFAIL ");
	p->listed.failed += str_starts(s, "FAILED ");
	p->listed.errors += str_starts(s, "ERROR ");
	if (skip_subtest(&s) || str_skip(&s, "FAILED ") || str_skip(&s, "FAIL "))
		name_reported(p, out, s, true, line->number);
	else if (str_skip(&s, "ERROR ") && !str_starts(s, "at ") && !str_starts(s, "collecting "))
		name_reported(p, out, s, false, line->number);
	else
		return false;
	return true;
}

/* -v: "tests/test_a.py::test_b FAILED   [ 50%]"; xdist: "[gw0] [ 50%] FAILED tests/...". */
static bool progress_line(struct pytest *p, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, id, before;
	struct failure f = {.language = STR("python"), .duration_s = -1};

	if (str_starts(s, "[gw") && str_cut(&s, "%] ", &before)) {
		if (!str_skip(&s, "FAILED ") && !str_skip(&s, "ERROR "))
			return false;
		id = str_trim(s);
	} else if (!str_cut(&s, " FAILED", &id) && !str_cut(&s, " ERROR", &id)) {
		return false;
	}
	if (!str_has(id, ".py::") || (s.n && s.p[0] != ' '))
		return false;
	if (find_exact(out, id) >= 0)
		return true;
	name_by_id(out, &f, id);
	out_emit(out, &f, ROLE_RUNNER, line->number, line->number);
	out_reset(out);
	return true;
}

/* -v: "tests/test_a.py::test_b Fatal Python error: Segmentation fault"; the stack follows. */
static void crash_in_test(struct pytest *p, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, id;
	struct failure f = {.kind = FAILURE_CRASH, .language = STR("python"), .duration_s = -1};

	if (p->crashed && line->number - p->crash_line < CRASH_LINES)
		out_extend(out, p->crashed - 1, line->number);
	if (!str_cut(&s, " Fatal Python error: ", &id) || !str_has(id, ".py::"))
		return;
	name_by_id(out, &f, id);
	p->crashed = out_emit(out, &f, ROLE_RUNNER, line->number, line->number) + 1;
	p->crash_line = line->number;
	out_reset(out);
}

/* "1 failed, 2 passed, 1 error in 0.03s": every part a number and a known word. */
static bool read_counts(struct pytest *p, struct report_out *out, struct str s, bool add)
{
	static const char *const words[] = {"failed", "passed", "skipped", "error", "errors",
		"xfailed", "xpassed", "warning", "warnings", "deselected", "rerun"};
	int n[ARRAY_LEN(words)] = {0};
	struct test_counts *counts = &out->counts;
	struct str list, part;
	bool known = false;

	if (!str_cut(&s, " in ", &list) || s.n == 0 || s.p[0] < '0' || s.p[0] > '9')
		return false;
	if (str_eq_c(list, "no tests ran"))
		return true;
	while (str_next(&list, ',', &part)) {
		int count;
		size_t i;

		part = str_trim(part);
		if (!str_take_int(&part, &count) || !str_skip(&part, " "))
			return false;
		for (i = 0; i < ARRAY_LEN(words) && !str_eq_c(part, words[i]); i++)
			;
		/* Plugins count things of their own: "2 pytest-warnings", "3 subtests passed". */
		known |= i < ARRAY_LEN(words);
		if (i < ARRAY_LEN(words))
			n[i] = count;
	}
	if (!known)
		return false;
	if (!add)
		return true;
	out_count(&counts->failed, n[0]);
	out_count(&counts->passed, n[1]);
	out_count(&counts->skipped, n[2]);
	out_count(&counts->errors, n[3]);
	out_count(&counts->errors, n[4]);
	out_count(&counts->skipped, n[5]);
	out_count(&counts->passed, n[6]);
	for (size_t i = 0; i < 7; i++)
		out_count(&counts->tests, n[i]);
	return true;
}

static bool is_start(struct str banner)
{
	return str_eq_c(banner, "test session starts");
}

static bool counts_line(struct pytest *p, struct report_out *out, struct str s)
{
	bool read = read_counts(p, out, s, true);

	p->counted |= read;
	return read;
}

/* Tests of pytest's plugins print a run of its own: it is theirs as long as it is captured. One
 * that never ends was no run. */
static bool nested_line(struct pytest *p, struct report_out *out, const struct report_line *line)
{
	struct str banner = scan_banner(line->text, '='), dashes = scan_banner(line->text, '-');

	if (dashes.p && str_starts(dashes, "Captured "))
		p->capturing = true;
	if (p->nested && line->number - p->nested_from > NESTED_LINES)
		p->nested = 0;
	if (!p->nested && (scan_banner(line->text, '_').p || (banner.p && !is_start(banner))))
		p->capturing = false;
	if (!p->capturing || !banner.p)
		return p->nested > 0;
	if (is_start(banner)) {
		if (p->nested++ == 0)
			p->nested_from = line->number;
	} else if (p->nested && read_counts(p, out, banner, false)) {
		p->nested--;
	}
	return true;
}

static void enter(struct pytest *p, struct report_out *out, struct str banner, int line)
{
	close_block(p, out);
	if (str_eq_c(banner, "FAILURES") || str_eq_c(banner, "ERRORS"))
		p->section = SECTION_BLOCKS;
	else if (str_eq_c(banner, "short test summary info"))
		p->section = SECTION_SUMMARY;
	else
		p->section = SECTION_OTHER;
	if (str_eq_c(banner, "test session starts")) {
		p->section = SECTION_RUN;
		p->session_from = line;
	}
}

static void leave(struct pytest *p, struct report_out *out, int line)
{
	close_block(p, out);
	if (p->session_from)
		out_session(out, p->session_from, line);
	p->section = SECTION_NONE;
	p->session_from = 0;
}

/* Command line and collection problems that stop pytest before any test. */
static bool refusal_line(struct pytest *p, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct failure f = {.language = STR("python"),
		.kind = FAILURE_CONFIGURATION,
		.type = STR("UsageError"),
		.duration_s = -1};

	if (str_starts(s, "ImportError while loading conftest '")) {
		struct str path, rest = str_from(s, strlen("ImportError while loading conftest '"));

		p->section = SECTION_BLOCKS;
		open_block(p, out, STR(""), line->number);
		if (str_cut(&rest, "'", &path))
			p->path = out_scratch(out, path);
		return true;
	}
	if (!str_skip(&s, "ERROR: ") ||
		!(str_starts(s, "file or directory not found: ") || str_starts(s, "not found: ") ||
			str_starts(s, "usage: ")))
		return false;
	f.message = s;
	out_emit(out, &f, ROLE_DETAIL, line->number, line->number);
	return true;
}

/* "INTERNALERROR> " and a traceback: pytest itself, mostly a plugin or conftest.py. */
static bool internal_line(struct pytest *p, struct report_out *out, const struct report_line *line)
{
	struct report_line inner = *line;

	if (!str_skip(&inner.text, "INTERNALERROR>")) {
		if (p->internal)
			close_block(p, out);
		p->internal = false;
		return false;
	}
	str_skip(&inner.text, " ");
	if (!p->internal) {
		close_block(p, out);
		open_block(p, out, STR("INTERNALERROR"), line->number);
		p->internal = true;
	}
	block_line(p, out, &inner);
	p->trace.f.kind = FAILURE_CONFIGURATION;
	return true;
}

static bool section_line(struct pytest *p, struct report_out *out, const struct report_line *line)
{
	struct str heading = scan_banner(line->text, '_');

	if (p->section == SECTION_BLOCKS && heading.p && !str_starts(heading, "_ ")) {
		close_block(p, out);
		open_block(p, out, heading, line->number);
	} else if (p->in_block && p->section == SECTION_BLOCKS) {
		block_line(p, out, line);
	} else if (p->section == SECTION_BLOCKS) {
		(void)short_failure(p, out, line);
	} else if (p->section == SECTION_RUN) {
		struct str s = line->text;

		if (str_skip(&s, "rootdir: ")) {
			struct str path = s;

			str_cut(&s, ", ", &path);
			out_root(out, str_trim(path));
		}
		if (!progress_line(p, out, line))
			crash_in_test(p, out, line);
	} else if (p->section == SECTION_SUMMARY) {
		(void)summary_line(p, out, line);
	}
	return p->section != SECTION_NONE;
}

static bool pytest_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct pytest *p = state;
	struct str banner = scan_banner(line->text, '=');

	if (internal_line(p, out, line) || nested_line(p, out, line))
		return true;
	if (banner.p && counts_line(p, out, banner)) {
		leave(p, out, line->number);
		return false;
	}
	if (banner.p) {
		enter(p, out, banner, line->number);
		return true;
	}
	if (p->section == SECTION_NONE && refusal_line(p, out, line))
		return p->in_block;
	/* -q has no banner around the counts. */
	if (p->section != SECTION_BLOCKS && counts_line(p, out, line->text)) {
		leave(p, out, line->number);
		return false;
	}
	return section_line(p, out, line);
}

/* -rA of a run whose last line is missing: as many tests as the summary lists. */
static void count_listed(struct pytest *p, struct report_out *out)
{
	const struct test_counts *c = &p->listed;
	int tests = c->passed + c->failed + c->errors + c->skipped;

	if (!tests)
		return;
	out_count(&out->counts.tests, tests);
	out_count(&out->counts.passed, c->passed);
	out_count(&out->counts.failed, c->failed);
	out_count(&out->counts.errors, c->errors);
	out_count(&out->counts.skipped, c->skipped);
}

static void pytest_end(void *state, struct report_out *out)
{
	struct pytest *p = state;

	close_block(p, out);
	if (!p->counted)
		count_listed(p, out);
	for (report_ref ref = out_next(out, -1); ref >= 0; ref = out_next(out, ref))
		if (is_nameless(out_at(out, ref)))
			out_at(out, ref)->id = STR("");
}

const struct report_format format_pytest = {
	.name = "pytest",
	.literals = (const char *const[]){"= test session starts =", "= FAILURES =", "= ERRORS =",
		"= short test summary info =", "\nINTERNALERROR>",
		"\nImportError while loading conftest", "\nERROR: file or directory not found",
		"\nERROR: not found: ", "\nERROR: usage: ", " passed in ", " failed in ",
		" passed, ", " failed, ", " error in ", " errors in ", " skipped in ", NULL},
	.state_size = sizeof(struct pytest),
	.line = pytest_line,
	.end = pytest_end,
};
