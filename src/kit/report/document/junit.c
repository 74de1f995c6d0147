/* junit: the XML that Ant's JUnit task wrote first and that everything writes since: Surefire,
 * Gradle, pytest, GoogleTest, Jest, Mocha, PHPUnit, Bazel, CTest, Cucumber, go-junit-report...
 * There is no one description: https://github.com/testmoapp/junitxml lists what is met,
 * https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report-3.0.xsd has
 * reruns. What a suite says about the number of its tests is not read: the test cases are counted.
 */
#include "kit/report/document/dialect.h"

#include "base/limits.h"
#include "kit/report/document/outcome.h"

/* How a case ended, in one pass: most have passed and have no more than three attributes. */
struct verdict {
	const struct node *failure, *error;
	bool skipped;
};

static bool is_skip_word(struct str s)
{
	return str_eq_c(s, "notrun") || str_eq_c(s, "disabled") || str_eq_nocase(s, STR("skipped"));
}

static struct verdict judge(const struct node *node)
{
	struct verdict v = {0};

	for (const struct node *n = node->first; n; n = n->next) {
		switch (n->name.n ? n->name.p[0] : 0) {
		case 'f':
			if (!v.failure && str_eq(n->name, STR("failure")))
				v.failure = n;
			break;
		case 'e':
			if (!v.error && str_eq(n->name, STR("error")))
				v.error = n;
			break;
		case 'i':
			v.skipped |= str_eq(n->name, STR("ignored"));
			break;
		case 's':
			v.skipped |= str_eq(n->name, STR("skipped")) ||
				     str_eq(n->name, STR("skip")) ||
				     (str_eq(n->name, STR("status")) && is_skip_word(n->text));
			break;
		case 'r':
			v.skipped |= str_eq(n->name, STR("result")) && is_skip_word(n->text);
			break;
		}
	}
	return v;
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

/* A "test" that has the name of its suite, which is a file: it could not be loaded, no test of it
 * was run. */
static bool is_file(const struct node *node)
{
	struct str name = node_text(node, "name");

	return str_eq(name, node_text(node, "classname")) &&
	       str_eq(name, node_text(node, "../name")) && str_extension(name).n > 1 &&
	       str_find_char(name, ' ') < 0 && str_find_char(name, '/') >= 0;
}

static void report_file(struct document_out *out, const struct node *node, const struct node *bad)
{
	struct failure f = {.kind = FAILURE_COMPILE, .duration_s = -1};

	f.id = f.suite = f.file = node_text(node, "name");
	read_bad(&f, bad, &out->report->scratch);
	document_emit(out, &f, ROLE_RUNNER);
	out_reset(out->report);
}

static void junit_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	struct verdict v;

	(void)dialect;
	(void)state;
	if (!str_eq(node->name, STR("testcase"))) {
		if (node->first || str_trim(node->text).n)
			report_case(out, node, node);
		return;
	}
	v = judge(node);
	if ((v.failure || v.error) && is_file(node)) {
		report_file(out, node, v.failure ? v.failure : v.error);
	} else if (v.failure || v.error) {
		document_count(out, v.failure ? RESULT_FAILED : RESULT_ERROR);
		report_case(out, node, v.failure ? v.failure : v.error);
	} else {
		document_count(out, v.skipped ? RESULT_SKIPPED : RESULT_PASSED);
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
	.known_by =
		(const char *const[]){"testsuite", "testsuites/testsuite", "testsuites/testcase",
			"testsuites/tests", "testrun/testsuite", "testcase/name", NULL},
	.records = (const char *const[]){"testcase", "testsuite/error", "testsuite/failure", NULL},
	.skip = (const char *const[]){"system-out", "system-err", "properties", NULL},
	.record = junit_record,
	.leave = junit_leave,
};
