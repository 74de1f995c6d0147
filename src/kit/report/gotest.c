/* gotest: what `go test` prints, plain and -v, and gotestsum, which repeats it.
 * https://pkg.go.dev/cmd/go#hdr-Test_packages, testing.(*common).report, cmd/internal/test2json.
 * With -v a test's output stands between its RUN, CONT or NAME line and the result, without
 * behind the result, indented. The package is told last, so that names wait for it. */
#include "kit/report/block.h"
#include "kit/report/scan.h"
#include "kit/report/tally.h"

enum {
	PENDING_TESTS = 64,
	TOLD_LOOKS = 2000,
	QUIET_LINES = 20000, /* without a word of go test: its log was cut */
};

/* A test that runs, and what it said so far; strings from the scratch. */
struct pending {
	struct str name;
	struct block block;
	bool used;
};

struct gotest {
	struct pending tests[PENDING_TESTS];
	size_t next;             /* the slot that is given away next */
	struct pending *current; /* whose output is printed; NULL: nobody's */
	struct block block;      /* a failed test whose output may go on */
	int package;             /* number of the package whose tests run */
	report_ref first_open;   /* + 1: the first failure that waits for its package */
	bool in_package;         /* a line of the running package was seen */
	bool failed_here;        /* ... a failed test among them */
	int seen;                /* the last line that was Go's */
	int panic_line;          /* 0: none; else the frames of goroutines are read */
	bool in_goroutine, running_list;
	bool in_test;        /* a frame of a test function was among them */
	struct str *value;   /* "got:" or "want:" of an example, whose lines follow */
	struct str function; /* of a frame whose place is on the next line */
	bool summary;        /* gotestsum's list is being read */
	struct block summed; /* one of it */
	uint64_t benchmark;  /* hash of the last one's name */
	struct block panic;  /* one that no test is known to have caused */
};

static void forget_all(struct gotest *g, struct report_out *out)
{
	for (size_t i = 0; i < PENDING_TESTS; i++)
		g->tests[i].used = false;
	g->current = NULL;
	out_reset(out);
}

static struct pending *find_pending(struct gotest *g, struct str name)
{
	for (size_t i = 0; i < PENDING_TESTS; i++)
		if (g->tests[i].used && str_eq(g->tests[i].name, name))
			return &g->tests[i];
	return NULL;
}

static struct pending *enter_test(
	struct gotest *g, struct report_out *out, struct str name, int line)
{
	struct pending *p = find_pending(g, name);

	if (p)
		return p;
	p = &g->tests[g->next++ % PENDING_TESTS];
	p->used = true;
	p->name = out_scratch(out, name);
	block_open(&p->block, out, "go", line);
	return p;
}

/* Until its package is known a failure is told from others of that name by "#n" in its id. */
static report_ref report_block(struct gotest *g, struct report_out *out, struct block *b)
{
	report_ref ref;

	if (!b->open)
		return -1;
	if (b->f.kind == FAILURE_TEST && str_has(b->f.message, "race detected during execution"))
		b->f.type = STR("data race");
	b->f.id = arena_printf(&out->scratch, "#%d", g->package);
	ref = block_close(b, out);
	if (!g->first_open && ref >= 0)
		g->first_open = ref + 1;
	g->failed_here = true;
	return ref;
}

static void flush(struct gotest *g, struct report_out *out)
{
	(void)report_block(g, out, &g->block);
	if (!g->panic.open)
		g->panic_line = 0;
	g->function = STR("");
}

/* The failures since the last package line are this package's ("": it was never told). */
static void name_package(struct gotest *g, struct report_out *out, struct str package)
{
	struct str kept = out_keep(out, package);

	for (report_ref ref = g->first_open - 1; ref >= 0; ref = out_next(out, ref)) {
		struct failure *f = out_at(out, ref);

		f->suite = kept;
		f->id = f->name;
		if (kept.n) {
			struct str id = arena_printf(
				&out->scratch, "%.*s.%.*s", STR_ARGS(kept), STR_ARGS(f->name));

			f->id = out_keep(out, id);
		}
	}
	g->first_open = 0;
	g->package++;
	g->in_package = g->failed_here = false;
}

/* --- what a test prints --- */

/* "    a_test.go:10: text": a call of t.Log, t.Error... */
static bool log_place(struct str s, struct location *at, struct str *text)
{
	struct str rest = str_ltrim(s);

	if (rest.n == s.n || !scan_location(&rest, at) || !str_ends(at->path, ".go") ||
		str_find_char(at->path, ' ') >= 0)
		return false;
	*text = str_ltrim(rest);
	return true;
}

/* "path/a_test.go:12" and nothing else */
static bool scan_location_only(struct str s)
{
	ptrdiff_t at = str_find_c(s, ".go:");
	int line;

	return at > 0 && str_to_int(str_from(s, (size_t)at + 4), 1, INT32_MAX, &line);
}

/* testify's "Error Trace:", "Error:", "expected: 1", "actual  : 2", "Messages:", "Test:" */
static bool testify_line(struct block *b, struct report_out *out, struct str s)
{
	struct str rest = str_trim(s);

	if (str_skip(&rest, "Error Trace:") || str_skip(&rest, "Test:"))
		return true;
	if (scan_location_only(rest))
		return true; /* the trace's further lines */
	if (str_skip(&rest, "Error:") || str_skip(&rest, "Messages:")) {
		block_text(b, out, str_trim(rest));
	} else if (str_skip(&rest, "expected: ")) {
		if (b->f.expected.n == 0)
			b->f.expected = out_scratch(out, rest);
		block_text(b, out, str_trim(s));
	} else if (str_skip(&rest, "actual  : ")) {
		if (b->f.actual.n == 0)
			b->f.actual = out_scratch(out, rest);
		block_text(b, out, str_trim(s));
	} else {
		return false;
	}
	return true;
}

static void output_line(struct block *b, struct report_out *out, const struct report_line *line)
{
	struct location at;
	struct str text;

	block_touch(b, line);
	if (log_place(line->text, &at, &text)) {
		if (!str_starts(at.path, "testing.go"))
			block_frame(b, out, (struct frame){.path = at.path, .line = at.line});
		block_text(b, out, text);
	} else if (!testify_line(b, out, line->text)) {
		text = str_starts(line->text, "        ") ? str_from(line->text, 8) : line->text;
		block_text(b, out, str_starts(text, "\t") ? str_trim(text) : text);
	}
}

/* What an example printed and should have, "got:" and "want:" each with lines of its own. */
static void example_line(struct gotest *g, struct report_out *out, const struct report_line *line)
{
	struct failure *f = &g->block.f;
	struct str s = line->text;

	block_touch(&g->block, line);
	if (str_eq_c(s, "got:"))
		g->value = &f->actual;
	else if (str_eq_c(s, "want:"))
		g->value = &f->expected;
	else if (g->value)
		*g->value = g->value->n ? out_join(out, *g->value, s) : out_scratch(out, s);
}

/* --- panics --- */

/* "pkg/path.(*T).Method(0x1, ...)", "created by pkg.f in goroutine 7" -> the function */
static struct str frame_function(struct str s)
{
	ptrdiff_t open;

	str_skip(&s, "created by ");
	s = scan_until(s, " in goroutine");
	open = str_ends(s, ")") ? str_rfind_char(s, '(') : -1;
	if (open > 0)
		s = str_slice(s, 0, (size_t)open);
	return s;
}

/* "pkg/path.TestA.func1" -> "TestA": what the testing package calls. */
static struct str test_of(struct str function)
{
	ptrdiff_t at = str_find_c(function, ".Test");
	struct str name;

	if (at < 0 || str_starts(function, "testing."))
		return STR("");
	name = scan_until(str_from(function, (size_t)at + 1), ".");
	return name.n == 4 || (name.p[4] >= 'a' && name.p[4] <= 'z') ? STR("") : name;
}

static bool is_runtime(struct str path)
{
	return str_has(path, "/src/runtime/") || str_has(path, "/src/testing/");
}

static void goroutine_line(
	struct gotest *g, struct report_out *out, struct block *b, const struct report_line *line)
{
	struct str s = line->text;
	struct frame frame = {0};
	struct str path;

	if (s.n == 0) {
		g->in_goroutine = false;
	} else if (s.p[0] != '\t') {
		g->function = out_scratch(out, frame_function(s));
		g->in_test |= test_of(g->function).n > 0;
		if (b->f.name.n == 0)
			b->f.name = out_scratch(out, test_of(g->function));
	} else if (b->f.stack.n < 20) {
		s = str_trim(s);
		if (!str_cut(&s, ".go:", &path) || !str_take_int(&s, &frame.line))
			return;
		frame.path = str_make(path.p, path.n + 3);
		frame.function = g->function;
		if (is_runtime(frame.path) && b->f.file.n == 0) {
			failure_add_frame(&b->f, &out->scratch,
				(struct frame){.path = out_scratch(out, frame.path),
					.function = frame.function,
					.line = frame.line});
			return;
		}
		if (b->f.stack.n && is_runtime(b->f.file))
			b->f.file = STR("");
		block_frame(b, out, frame);
	}
}

static struct block *panic_block(struct gotest *g)
{
	if (g->block.open)
		return &g->block;
	if (g->panic.open)
		return &g->panic;
	return NULL;
}

/* "panic: boom [recovered]", "fatal error: all goroutines are asleep - deadlock!" */
static void open_panic(struct gotest *g, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct block *b = g->block.open ? &g->block : &g->panic;
	bool fatal = str_skip(&s, "fatal error: ");

	if (!fatal)
		str_skip(&s, "panic: ");
	if (!g->block.open) {
		block_open(&g->panic, out, "go", line->number);
		if (g->current)
			g->panic.f.name = g->current->name;
	}
	b->f.kind = FAILURE_CRASH;
	b->f.type = fatal ? STR("fatal error") : STR("panic");
	b->f.file = STR("");
	b->f.line = 0;
	b->f.message = STR("");
	b->f.stack.n = b->f.stack.cap = 0;
	b->f.stack.v = NULL;
	b->lines = 0;
	block_text(b, out, scan_until(s, " [recovered"));
	if (str_starts(s, "test timed out after ")) {
		b->f.kind = FAILURE_TIMEOUT;
		b->f.type = STR("timeout");
	}
	g->panic_line = line->number;
	g->in_goroutine = g->running_list = g->in_test = false;
}

/* A line of a dump; false when it is none of it. */
static bool panic_line(struct gotest *g, struct report_out *out, const struct report_line *line)
{
	struct block *b = panic_block(g);
	struct str s = line->text;

	if (!b || !g->panic_line)
		return false;
	block_touch(b, line);
	if (str_starts(s, "goroutine ") && str_ends(s, "]:")) {
		/* The first one panicked; of a time-out dump the one in a test hangs. */
		bool wanted = b->f.stack.n == 0 || (!str_eq_c(b->f.type, "panic") && !g->in_test);

		g->in_goroutine = wanted;
		if (wanted) {
			b->f.stack.v = NULL;
			b->f.stack.n = b->f.stack.cap = 0;
			b->f.file = STR("");
		}
		g->running_list = false;
	} else if (g->in_goroutine) {
		goroutine_line(g, out, b, line);
	} else if (str_eq_c(s, "running tests:")) {
		g->running_list = true;
	} else if (g->running_list && str_skip(&s, "\t")) {
		/* Of a test and its sub-tests the innermost is told last. */
		b->f.name = out_scratch(out, scan_until(s, " ("));
	} else if (b->f.stack.n == 0 && s.n && !str_starts(s, "\tpanic: ") && s.p[0] != '[') {
		block_text(b, out, str_trim(s));
	}
	return true;
}

/* --- results --- */

static double take_seconds(struct str s)
{
	double seconds;

	s = scan_until(scan_until(s, "s)"), " seconds)");
	return str_to_double(s, &seconds) ? seconds : -1;
}

static void take_result(struct gotest *g, struct report_out *out, struct str s, char what,
	const struct report_line *line)
{
	struct str name;
	struct pending *p;
	double duration_s = -1;

	flush(g, out);
	if (str_cut(&s, " (", &name))
		duration_s = take_seconds(s);
	else
		name = str_trim(s);
	p = find_pending(g, name);
	out_count(&out->counts.tests, 1);
	out_count(&out->counts.passed, what == 'P');
	out_count(&out->counts.failed, what == 'F');
	out_count(&out->counts.skipped, what == 'S');
	if (what == 'F') {
		if (p)
			g->block = p->block;
		else
			block_open(&g->block, out, "go", line->number);
		g->block.f.name = p ? p->name : out_scratch(out, name);
		g->block.f.duration_s = duration_s;
		block_touch(&g->block, line);
	}
	if (p)
		p->used = false;
	g->current = NULL;
	g->value = NULL;
}

/* "--- FAIL: TestA (0.00s)", indented for sub-tests; gotestsum: "=== FAIL: pkg TestA (0.00s)". */
static bool result_line(struct gotest *g, struct report_out *out, const struct report_line *line)
{
	static const char *const tags[] = {"--- FAIL: ", "--- PASS: ", "--- SKIP: "};
	struct str s = str_ltrim(line->text);

	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		if (str_skip(&s, tags[i])) {
			take_result(g, out, s, tags[i][4], line);
			return true;
		}
	return false;
}

static bool is_word(struct str s)
{
	return s.n && str_find_char(s, ' ') < 0 && str_find_char(s, '\t') < 0;
}

/* "=== RUN   TestA", "=== CONT  TestA", "=== NAME  TestA", "=== PAUSE TestA" */
static bool switch_line(struct gotest *g, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	bool pause;

	if (!str_skip(&s, "=== "))
		return false;
	pause = str_skip(&s, "PAUSE ");
	if (!pause && !str_skip(&s, "RUN ") && !str_skip(&s, "CONT ") && !str_skip(&s, "NAME "))
		return false;
	s = str_trim(s);
	flush(g, out);
	/* A panic that nothing followed was a test's output. */
	g->panic.open = false;
	if (!g->current && str_starts(line->text, "=== RUN") && str_find_char(s, '/') < 0) {
		bool any = false;

		for (size_t i = 0; i < PENDING_TESTS; i++)
			any |= g->tests[i].used;
		if (!any)
			forget_all(g, out);
	}
	g->current = pause || !is_word(s) ? NULL : enter_test(g, out, s, line->number);
	return true;
}

static void report_panic(struct gotest *g, struct report_out *out)
{
	if (!g->panic.open)
		return;
	if (g->panic.f.name.n == 0)
		g->panic.f.name = STR("Failure"); /* as go-junit-report calls a package's */
	out_count(&out->counts.tests, 1);
	out_count(&out->counts.errors, 1);
	(void)report_block(g, out, &g->panic);
	g->panic_line = 0;
}

/* A package that ended badly while a test ran, without a word of Go's: os.Exit, a signal. */
static void report_killed(struct gotest *g, struct report_out *out, int line)
{
	if (g->failed_here)
		return;
	if (!g->current) {
		block_open(&g->panic, out, "go", line);
		g->panic.f.kind = FAILURE_CRASH;
		g->panic.f.type = STR("exit");
		report_panic(g, out);
		return;
	}
	g->current->block.f.kind = FAILURE_CRASH;
	g->current->block.f.type = STR("exit");
	g->current->block.f.name = g->current->name;
	out_count(&out->counts.tests, 1);
	out_count(&out->counts.failed, 1);
	(void)report_block(g, out, &g->current->block);
}

/* "pkg [build failed]", "pkg [setup failed]": says nothing when the compiler's words were read. */
static void report_unbuilt(
	struct gotest *g, struct report_out *out, struct str s, struct str package, int line)
{
	struct failure f = {.kind = FAILURE_COMPILE,
		.language = STR("go"),
		.suite = package,
		.id = package,
		.name = str_trim(str_from(s, package.n)),
		.type = STR("build"),
		.message = s,
		.duration_s = -1};

	(void)g;
	out_emit(out, &f, ROLE_RESULT, line, line);
}

/* "BenchmarkA-8   100   10 ns/op": a test that passed. */
static bool benchmark_line(struct gotest *g, struct report_out *out, struct str s)
{
	uint64_t hash = str_hash(scan_until(scan_until(s, "\t"), " "));

	if (!str_starts(s, "Benchmark") || !str_has(s, " ns/op"))
		return false;
	/* -count repeats it */
	out_count(&out->counts.tests, hash != g->benchmark);
	out_count(&out->counts.passed, hash != g->benchmark);
	g->benchmark = hash;
	return true;
}

/* "FAIL\tpkg\t0.003s", "ok  \tpkg\t(cached)", "FAIL\tpkg [build failed]", "?   \tpkg\t[no test..."
 */
static bool package_line(struct gotest *g, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, package;
	bool failed = str_skip(&s, "FAIL\t") || str_skip(&s, "FAIL    ");

	if (!failed && !str_skip(&s, "ok  \t") && !str_skip(&s, "ok      ") &&
		!str_skip(&s, "?   \t") && !str_skip(&s, "---\t"))
		return false;
	package = s = str_trim(s);
	for (size_t i = 0; i < s.n && package.n == s.n; i++)
		if (s.p[i] == ' ' || s.p[i] == '\t')
			package.n = i;
	if (package.n == 0)
		return false;
	flush(g, out);
	if (failed && str_ends(s, " failed]")) {
		report_unbuilt(g, out, s, package, line->number);
	} else if (failed) {
		report_panic(g, out);
		report_killed(g, out, line->number);
	}
	g->panic.open = false;
	name_package(g, out, package);
	forget_all(g, out);
	return true;
}

/* --- gotestsum --- */

/* Whether the go test that gotestsum ran has told it: gotestsum shortens the package's path. */
static bool was_told(struct report_out *out, struct str package, struct str name)
{
	int looked = 0;

	for (report_ref ref = out_next(out, -1); ref >= 0 && looked < TOLD_LOOKS;
		ref = out_next(out, ref), looked++) {
		const struct failure *f = out_at(out, ref);

		if (str_eq(f->name, name) && f->suite.n >= package.n &&
			memcmp(f->suite.p + f->suite.n - package.n, package.p, package.n) == 0)
			return true;
	}
	return false;
}

static void close_summed(struct gotest *g, struct report_out *out)
{
	struct failure *f = &g->summed.f;

	if (!g->summed.open)
		return;
	f->id = arena_printf(&out->scratch, "%.*s.%.*s", STR_ARGS(f->suite), STR_ARGS(f->name));
	(void)block_close(&g->summed, out);
	out_reset(out);
}

/* "=== FAIL: shop/cart TestAdd (0.00s)" */
static void open_summed(struct gotest *g, struct report_out *out, struct str s, int line)
{
	struct str package, name;
	struct failure *f = &g->summed.f;
	ptrdiff_t open = str_rfind_char(s, '(');

	close_summed(g, out);
	if (!str_cut(&s, " ", &package) || open < 0)
		return;
	name = str_trim(scan_until(s, " ("));
	if (name.n == 0)
		name = STR("Failure");
	if (was_told(out, package, name))
		return;
	block_open(&g->summed, out, "go", line);
	f->suite = out_scratch(out, package);
	f->name = out_scratch(out, name);
	f->duration_s = take_seconds(str_from(s, (size_t)str_rfind_char(s, '(') + 1));
}

/* "DONE 46 tests, 4 skipped, 4 failures in 0.1s": of all that was printed before. */
static void done_line(struct gotest *g, struct report_out *out, struct str s)
{
	struct test_counts counts;

	close_summed(g, out);
	g->summary = false;
	if (!tally_read(scan_until(s, " in "), &counts) || counts.tests < 0)
		return;
	tally_complete(&counts);
	out->counts = counts;
}

/* The list at gotestsum's end; false when the line is not of it. */
static bool summary_line(struct gotest *g, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;

	if (str_skip(&s, "=== FAIL: ")) {
		flush(g, out);
		g->summary = true;
		open_summed(g, out, s, line->number);
	} else if (str_starts(s, "=== SKIP: ") || str_eq_c(s, "=== Failed") ||
		   str_eq_c(s, "=== Skipped") || str_eq_c(s, "=== Errors")) {
		flush(g, out);
		close_summed(g, out);
		g->summary = true;
	} else if (str_skip(&s, "DONE ")) {
		done_line(g, out, s);
	} else if (g->summary) {
		if (g->summed.open && !str_starts(str_ltrim(s), "--- "))
			output_line(&g->summed, out, line);
	} else {
		return false;
	}
	return true;
}

/* --- --- */

static bool in_output(struct gotest *g, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;

	if (str_starts(s, "panic: ") || str_starts(s, "fatal error: ")) {
		open_panic(g, out, line);
		return true;
	}
	if (panic_line(g, out, line))
		return true;
	if (str_eq_c(s, "FAIL") || str_eq_c(s, "PASS") || str_starts(s, "exit status ") ||
		str_starts(s, "coverage: ")) {
		flush(g, out);
		return true;
	}
	if (g->block.open && str_starts(g->block.f.name, "Example"))
		example_line(g, out, line);
	else if (g->current)
		output_line(&g->current->block, out, line);
	else if (g->block.open && (s.n == 0 || s.p[0] == ' ' || s.p[0] == '\t'))
		output_line(&g->block, out, line);
	return g->current || g->block.open;
}

static bool gotest_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct gotest *g = state;
	bool package;

	if (summary_line(g, out, line)) {
		g->seen = line->number;
		return g->summary || g->in_package;
	}
	package = package_line(g, out, line);

	if (!package) {
		bool known = switch_line(g, out, line) || result_line(g, out, line) ||
			     benchmark_line(g, out, line->text);

		if (!known)
			known = in_output(g, out, line);
		g->in_package |= known;
		if (known)
			g->seen = line->number;
	}
	if (line->number - g->seen > QUIET_LINES)
		g->in_package = g->panic.open = false;
	return g->in_package || g->block.open || g->panic.open;
}

static void gotest_end(void *state, struct report_out *out)
{
	struct gotest *g = state;

	flush(g, out);
	close_summed(g, out);
	if (g->in_package && g->panic.f.name.n)
		report_panic(g, out);
	name_package(g, out, STR(""));
}

const struct report_format format_gotest = {
	.name = "gotest",
	.literals = (const char *const[]){"\n=== RUN ", "--- FAIL: ", "--- PASS: ", "--- SKIP: ",
		"\nFAIL\t", "\nFAIL    ", "\nok  \t", "\npanic: ", "\nfatal error: ", " ns/op",
		"\n=== FAIL: ", "\n=== Failed", "\n=== Skipped", "\nDONE ", NULL},
	.state_size = sizeof(struct gotest),
	.line = gotest_line,
	.end = gotest_end,
};
