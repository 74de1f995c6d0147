/* junit: the XML that Ant's JUnit task wrote first and that everything writes since: Surefire,
 * Gradle, pytest, GoogleTest, Jest, Mocha, PHPUnit, Bazel, CTest, Cucumber, go-junit-report...
 * There is no one description: https://github.com/testmoapp/junitxml lists what is met,
 * https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report-3.0.xsd has
 * reruns. What a suite says about the number of its tests is not read: the test cases are counted.
 */
#include "kit/report/document/dialect.h"

#include "base/limits.h"
#include "kit/report/document/outcome.h"

/* What says that the case went wrong, in the order in which it is believed. */
static const struct node *find_bad(const struct node *node, bool *error)
{
	static const char *const names[] = {"failure", "error"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct node *bad = node_get(node, names[i]);

		*error = i == 1;
		if (bad)
			return bad;
	}
	return NULL;
}

static int count_named(const struct node *node, const char *name)
{
	const struct node *child = node_get(node, name);
	int n = 0;

	for (; child; child = node_again(child))
		n++;
	return n;
}

static struct str suite_of(const struct node *node)
{
	static const char *const names[] = {"classname", "class", "../name", NULL};

	return node_text_any(node, names);
}

/* "tests.test_a.TestX" and "test_b" -> "tests/test_a.py::TestX::test_b", as pytest selects it. What
 * could not be collected has its module as the name. */
static struct str pytest_id(const struct node *node, struct arena *mem)
{
	struct str rest = node_text(node, "classname"), name = node_text(node, "name"), part;
	BUF_AUTO id = BUF_INIT(LIMIT_PATH_BYTES);
	bool in_class = false;

	if (rest.n == 0) {
		rest = name;
		name = STR("");
	}
	while (str_next(&rest, '.', &part)) {
		bool class_ = id.n && part.n && part.p[0] >= 'A' && part.p[0] <= 'Z';

		if (class_ && !in_class)
			buf_c(&id, ".py");
		in_class |= class_;
		buf_printf(&id, "%s%.*s", id.n == 0 ? "" : in_class ? "::" : "/", STR_ARGS(part));
	}
	if (!in_class)
		buf_c(&id, ".py");
	if (name.n)
		buf_printf(&id, "::%.*s", STR_ARGS(name));
	return arena_str(mem, buf_view(&id));
}

static void read_bad(struct failure *f, const struct node *bad, struct arena *mem)
{
	struct str message = node_text(bad, "message"), text = str_trim(bad->text);

	f->type = node_text(bad, "type");
	outcome_explain(f, message, text, mem);
	if (f->file.n == 0 && node_text(bad, "file").n) {
		f->file = node_text(bad, "file");
		f->line = node_int(bad, "line", 0);
	}
}

static void name_case(struct failure *f, const struct node *node, struct arena *mem)
{
	f->name = node_text(node, "name");
	f->suite = suite_of(node);
	if (str_eq_c(f->suite, "pytest"))
		f->suite = STR("");
	f->file = node_text(node, "file");
	f->line = node_int(node, "line", 0);
	f->duration_s = node_seconds(node, "time");
	if (str_eq_c(node_text(node, "../name"), "pytest"))
		f->id = pytest_id(node, mem);
	else if (str_eq_c(node_text(node, "../../name"), "AllTests")) /* GoogleTest */
		f->id = arena_printf(mem, "%.*s.%.*s", STR_ARGS(f->suite), STR_ARGS(f->name));
}

static void report_case(struct document_out *out, const struct node *node, const struct node *bad)
{
	struct failure f = {.kind = FAILURE_TEST, .duration_s = -1};
	struct arena *mem = &out->report->scratch;

	name_case(&f, node, mem);
	f.attempts = 1 + count_named(node, "rerunFailure") + count_named(node, "rerunError");
	read_bad(&f, bad, mem);
	document_emit(out, &f, ROLE_RUNNER);
	out_reset(out->report);
}

static bool is_skipped(const struct node *node)
{
	struct str status = node_text(node, "status"), result = node_text(node, "result");

	return node_get(node, "skipped") || node_get(node, "skip") || node_get(node, "ignored") ||
	       str_eq_c(status, "notrun") || str_eq_c(status, "disabled") ||
	       str_eq_nocase(status, STR("skipped")) || str_eq_nocase(result, STR("skipped"));
}

static void junit_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	bool error = false;
	const struct node *bad = find_bad(node, &error);

	(void)dialect;
	(void)state;
	if (!str_eq_c(node->name, "testcase")) {
		if (node->first || str_trim(node->text).n)
			report_case(out, node, node);
	} else if (bad) {
		document_count(out, error ? RESULT_ERROR : RESULT_FAILED);
		report_case(out, node, bad);
	} else {
		document_count(out, is_skipped(node) ? RESULT_SKIPPED : RESULT_PASSED);
	}
}

/* A suite that names no test case, only how many there were. */
static void junit_leave(void *state, struct document_out *out, struct node *node)
{
	static const char *const skips[] = {"skipped", "skip", "ignored", "disabled", NULL};
	struct test_counts *c = &out->report->counts;
	int tests = node_int(node, "tests", -1), failed = node_int(node, "failures", 0);
	int errors = node_int(node, "errors", 0), skipped = 0;
	struct str s = node_text_any(node, skips);

	(void)state;
	if (node->records || tests < 0 || !str_eq_c(node->name, "testsuite"))
		return;
	(void)str_take_int(&s, &skipped);
	if (failed < 0 || errors < 0 || skipped < 0 || (int64_t)failed + errors + skipped > tests)
		return;
	out_count(&c->tests, tests);
	out_count(&c->failed, failed);
	out_count(&c->errors, errors);
	out_count(&c->skipped, skipped);
	out_count(&c->passed, tests - failed - errors - skipped);
	for (struct node *n = node->parent; n; n = n->parent)
		n->records++;
}

const struct dialect dialect_junit = {
	.name = "junit",
	.known_by = (const char *const[]){"testsuite", "testsuites/testsuite",
		"testsuites/testcase", "testsuites/tests", "testrun/testsuite", NULL},
	.records = (const char *const[]){"testcase", "testsuite/error", "testsuite/failure", NULL},
	.skip = (const char *const[]){"system-out", "system-err", "properties", NULL},
	.record = junit_record,
	.leave = junit_leave,
};
