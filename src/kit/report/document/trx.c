/* trx: Visual Studio's test results, which dotnet test, MSTest and vstest write.
 * https://learn.microsoft.com/visualstudio/test; the schema is vstst.xsd. A result names its test
 * by an id; the class is with the test's definition, which mostly comes behind all results. */
#include "kit/report/document/dialect.h"

#include "base/strmap.h"
#include "kit/report/document/outcome.h"

enum { CLASSES_BYTES = 16 << 20 };

struct trx {
	struct arena mem;
	struct strmap classes;  /* test id -> struct str in mem */
	struct strmap failures; /* test id -> report_ref + 1 of its last failure */
};

static struct str until_comma(struct str s)
{
	struct str class_;

	return str_cut(&s, ",", &class_) ? class_ : s;
}

/* A name that starts with its class says it once. */
static void set_class(struct failure *f, struct str class_)
{
	f->suite = class_;
	if (f->name.n > class_.n + 1 && class_.n && !memcmp(f->name.p, class_.p, class_.n) &&
		f->name.p[class_.n] == '.')
		f->name = str_from(f->name, class_.n + 1);
}

static void define(struct trx *t, struct document_out *out, const struct node *node)
{
	struct str id = node_text(node, "id");
	struct str class_ = until_comma(node_text(node, "TestMethod/className"));
	uintptr_t ref = (uintptr_t)strmap_get(&t->failures, id);
	struct str *kept;

	if (class_.n == 0)
		return;
	if (ref) {
		set_class(out_at(out->report, (report_ref)ref - 1), out_keep(out->report, class_));
	} else if (t->mem.total < CLASSES_BYTES) {
		kept = arena_new(&t->mem, struct str);
		*kept = arena_str(&t->mem, class_);
		strmap_put(&t->classes, id, kept);
	}
}

static void report_result(
	struct trx *t, struct document_out *out, const struct node *node, enum failure_kind kind)
{
	struct failure f = {.kind = kind, .language = STR("csharp"), .duration_s = -1};
	struct arena *mem = &out->report->scratch;
	struct str id = node_text(node, "testId"), clock = node_text(node, "duration");
	const struct str *class_ = strmap_get(&t->classes, id);
	int hours, minutes;
	double seconds;
	report_ref ref;

	f.name = node_text(node, "testName");
	if (class_)
		set_class(&f, *class_);
	if (str_take_int(&clock, &hours) && str_skip(&clock, ":") &&
		str_take_int(&clock, &minutes) && str_skip(&clock, ":") &&
		str_to_double(clock, &seconds))
		f.duration_s = hours * 3600.0 + minutes * 60.0 + seconds;
	outcome_explain(&f, node_text(node, "Output/ErrorInfo/Message"),
		node_text(node, "Output/ErrorInfo/StackTrace"), mem);
	if (f.message.n == 0)
		f.message = node_text(node, "outcome");
	ref = document_emit(out, &f, ROLE_RUNNER);
	out_reset(out->report);
	if (ref >= 0 && !class_)
		strmap_put(&t->failures, id, (void *)(uintptr_t)(ref + 1));
}

static bool is_one_of(struct str s, const char *const *list)
{
	for (; *list; list++)
		if (str_eq_nocase(s, str_of(*list)))
			return true;
	return false;
}

static void trx_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	static const char *const passed[] = {
		"", "Passed", "PassedButRunAborted", "Completed", "Warning", NULL};
	static const char *const skipped[] = {"NotExecuted", "NotRunnable", "Inconclusive",
		"Pending", "Disconnected", "InProgress", NULL};
	static const char *const broken[] = {"Error", "Timeout", "Aborted", NULL};
	struct str outcome = node_text(node, "outcome");
	struct trx *t = state;

	(void)dialect;
	if (str_eq_c(node->name, "UnitTest")) {
		define(t, out, node);
	} else if (is_one_of(outcome, passed)) {
		document_count(out, RESULT_PASSED);
	} else if (is_one_of(outcome, skipped)) {
		document_count(out, RESULT_SKIPPED);
	} else {
		document_count(out, is_one_of(outcome, broken) ? RESULT_ERROR : RESULT_FAILED);
		report_result(t, out, node,
			str_eq_c(outcome, "Timeout") ? FAILURE_TIMEOUT : FAILURE_TEST);
	}
}

static void trx_release(void *state)
{
	struct trx *t = state;

	strmap_release(&t->classes);
	strmap_release(&t->failures);
	arena_release(&t->mem);
}

const struct dialect dialect_trx = {
	.name = "trx",
	.known_by = (const char *const[]){"TestRun/Results", "TestRun/TestDefinitions",
		"TestRun/TestSettings", "TestRun/Times", "TestRun/ResultSummary", "TestRun/runUser",
		"TestRun/TestRunConfiguration", NULL},
	.records = (const char *const[]){"Results/UnitTestResult", "Results/TestResult",
		"Results/ManualTestResult", "Results/GenericTestResult", "TestDefinitions/UnitTest",
		NULL},
	.skip = (const char *const[]){"StdOut", "StdErr", "DebugTrace", "ResultFiles",
		"InnerResults", NULL},
	.state_size = sizeof(struct trx),
	.record = trx_record,
	.release = trx_release,
};
