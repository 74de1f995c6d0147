/* gotest_json: go test -json, one event a line, and what gotestsum keeps of it.
 * https://pkg.go.dev/cmd/test2json. A test's output comes in pieces between those of others, so
 * that it is kept until its result; packages that fail without a failed test are reported, too. */
#include "kit/report/document/dialect.h"

#include <stdlib.h>

#include "base/strmap.h"
#include "kit/report/document/outcome.h"
#include "kit/report/scan.h"

enum {
	OUTPUT_BYTES = 16 << 10, /* kept of one test's */
	OPEN_TESTS = 4096,       /* running at once, with what is kept of them */
};

struct running {
	struct str package, name;
	uint64_t hash; /* of both */
	struct buf output;
	bool failed_below; /* of a package: a test of it failed */
	int first_line;
};

struct gotest_json {
	vec(struct running *) open;
};

static uint64_t hash_of(struct str package, struct str name)
{
	return str_hash(package) * 31 + str_hash(name);
}

static struct running *find(struct gotest_json *g, struct str package, struct str name)
{
	uint64_t hash = hash_of(package, name);

	for (size_t i = g->open.n; i > 0; i--) {
		struct running *r = g->open.v[i - 1];

		if (r->hash == hash && str_eq(r->name, name) && str_eq(r->package, package))
			return r;
	}
	return NULL;
}

static struct str copy(struct str s)
{
	char *p = xmalloc(s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return str_make(p, s.n);
}

static void running_free(struct running *r)
{
	free((char *)(uintptr_t)r->package.p);
	free((char *)(uintptr_t)r->name.p);
	buf_release(&r->output);
	free(r);
}

static struct running *open_test(
	struct gotest_json *g, struct str package, struct str name, int line)
{
	struct running *r = find(g, package, name);

	if (r || g->open.n == OPEN_TESTS)
		return r;
	r = xcalloc(1, sizeof(*r));
	r->package = copy(package);
	r->name = copy(name);
	r->hash = hash_of(package, name);
	r->first_line = line;
	buf_init(&r->output, OUTPUT_BYTES);
	vec_push(&g->open, r);
	return r;
}

static void close_test(struct gotest_json *g, struct running *r)
{
	for (size_t i = 0; i < g->open.n; i++)
		if (g->open.v[i] == r) {
			g->open.v[i] = g->open.v[--g->open.n];
			running_free(r);
			return;
		}
}

/* What the test said, without the lines that the runner adds. */
static struct str said(struct str output, struct arena *mem)
{
	static const char *const marks[] = {
		"=== ", "--- ", "FAIL", "ok  \t", "PASS", "exit status ", "coverage: "};
	BUF_AUTO text = BUF_INIT(OUTPUT_BYTES);
	struct str line;

	while (str_next_line(&output, &line)) {
		bool mark = false;

		for (size_t i = 0; i < ARRAY_LEN(marks); i++)
			mark |= str_starts(str_ltrim(line), marks[i]);
		if (!mark)
			buf_printf(&text, "%.*s\n", STR_ARGS(line));
	}
	return arena_str(mem, str_trim(buf_view(&text)));
}

/* "    x_test.go:10: message" -> the message; the place stays for the stack's reader. */
static struct str message_of(struct str text)
{
	struct str rest = text, line;
	struct location at;

	while (str_next_line(&rest, &line)) {
		struct str s = str_trim(line);

		if (!scan_location(&s, &at) || !str_ends(at.path, ".go"))
			continue;
		s = str_trim(s);
		return s.n ? str_trim(str_from(text, (size_t)(s.p - text.p))) : str_trim(rest);
	}
	return text;
}

static void report_failure(struct document_out *out, const struct node *node, struct running *r)
{
	struct arena *mem = &out->report->scratch;
	struct str package = node_text(node, "Package"), test = node_text(node, "Test");
	struct failure f = {.kind = FAILURE_TEST, .language = STR("go"), .suite = package};
	struct str text = r ? said(buf_view(&r->output), mem) : STR(""), panic;
	int last = out->last_line;

	f.name = test.n ? test : STR("Failure");
	f.id = test.n ? arena_printf(mem, "%.*s.%.*s", STR_ARGS(package), STR_ARGS(test)) : package;
	f.duration_s = node_seconds(node, "Elapsed");
	panic = text;
	if (str_cut(&panic, "panic: ", &(struct str){0})) {
		f.kind = FAILURE_CRASH;
		f.type = STR("panic");
		outcome_explain(
			&f, scan_until(scan_until(panic, "\n\n"), " [recovered]"), panic, mem);
	} else {
		outcome_explain(&f, message_of(text), text, mem);
	}
	if (r)
		out->first_line = r->first_line;
	document_emit(out, &f, ROLE_RUNNER);
	out->first_line = last;
	out_reset(out->report);
}

static void note_failure(struct gotest_json *g, struct str package, int line)
{
	struct running *p = open_test(g, package, STR(""), line);

	if (p)
		p->failed_below = true;
}

static void end_test(
	struct gotest_json *g, struct document_out *out, const struct node *node, struct str action)
{
	struct str package = node_text(node, "Package"), test = node_text(node, "Test");
	struct running *r = find(g, package, test);
	bool failed = str_eq_c(action, "fail");

	if (test.n) {
		document_count(out, failed                     ? RESULT_FAILED
				    : str_eq_c(action, "skip") ? RESULT_SKIPPED
							       : RESULT_PASSED);
		if (failed)
			note_failure(g, package, out->first_line);
		r = find(g, package, test);
	}
	/* A package that could not be built has told so by the compiler. */
	if (failed && (test.n || !r || !r->failed_below) && !node_text(node, "FailedBuild").n &&
		!(r && str_has(buf_view(&r->output), "[build failed]")))
		report_failure(out, node, r);
	if (r)
		close_test(g, r);
}

static void gotest_json_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	struct gotest_json *g = state;
	struct str action = node_text(node, "Action"), output = STR("");
	const struct node *text = node_get(node, "Output");
	struct running *r;

	(void)dialect;
	if (text)
		output = text->text;
	if (str_eq_c(action, "build-output")) {
		document_text(out, output);
	} else if (str_eq_c(action, "output") || str_eq_c(action, "run")) {
		r = open_test(
			g, node_text(node, "Package"), node_text(node, "Test"), out->first_line);
		if (r)
			buf_str(&r->output, str_slice(output, 0, OUTPUT_BYTES - r->output.n));
	} else if (str_eq_c(action, "pass") || str_eq_c(action, "fail") ||
		   str_eq_c(action, "skip")) {
		end_test(g, out, node, action);
	}
}

static void gotest_json_release(void *state)
{
	struct gotest_json *g = state;

	vec_each (r, &g->open)
		running_free(*r);
	vec_free(&g->open);
}

const struct dialect dialect_gotest_json = {
	.name = "gotest-json",
	.json = true,
	.known_by = (const char *const[]){"/Action /Package", "/Action /ImportPath", NULL},
	.records = (const char *const[]){"/", NULL},
	.state_size = sizeof(struct gotest_json),
	.record = gotest_json_record,
	.release = gotest_json_release,
};
