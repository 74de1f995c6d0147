/* dart: the JSON reporter of dart test and flutter test --machine, one event a line.
 * https://github.com/dart-lang/test/blob/master/pkgs/test/doc/json_reporter.md. Events speak of
 * suites, groups and tests by number. */
#include "kit/report/document/dialect.h"

#include "base/strmap.h"
#include "kit/report/document/outcome.h"

enum {
	NAMED_BYTES = 4 << 20, /* of suites and groups */
	OPEN_TESTS = 1024,
	TEXT_BYTES = 8 << 10,
};

struct open_test {
	int id, line, column;
	char name[1024], url[1024], group[512];
	size_t name_n, url_n, group_n;
	struct str suite;    /* from mem */
	char *error, *stack; /* NULL until it failed */
	bool is_error;
	int first_line;
};

struct dart {
	struct arena mem;
	struct strmap suites, groups; /* id -> struct str in mem */
	vec(struct open_test) open;
};

static void remember(struct dart *d, struct strmap *map, struct str id, struct str text)
{
	struct str *kept;

	if (d->mem.total > NAMED_BYTES || id.n == 0)
		return;
	kept = arena_new(&d->mem, struct str);
	*kept = arena_str(&d->mem, text);
	strmap_put(map, id, kept);
}

static struct str recall(const struct strmap *map, struct str id)
{
	const struct str *kept = strmap_get(map, id);

	return kept ? *kept : STR("");
}

static size_t store(char *to, size_t room, struct str s)
{
	size_t n = s.n < room ? s.n : room;

	if (n)
		memcpy(to, s.p, n);
	return n;
}

static void test_start(struct dart *d, const struct node *test, int line)
{
	struct open_test *t;
	struct str group = STR("");

	if (d->open.n == OPEN_TESTS)
		return;
	/* The names of groups hold those around them: the last is the longest. */
	for (const struct node *n = node_get(test, "groupIDs"); n; n = node_again(n))
		if (recall(&d->groups, str_trim(n->text)).n)
			group = recall(&d->groups, str_trim(n->text));
	t = vec_add(&d->open);
	t->id = node_int(test, "id", -1);
	t->line = node_int(test, "root_line", node_int(test, "line", 0));
	t->column = node_int(test, "root_column", node_int(test, "column", 0));
	t->name_n = store(t->name, sizeof(t->name), node_text(test, "name"));
	t->group_n = store(t->group, sizeof(t->group), group);
	t->url_n = store(t->url, sizeof(t->url),
		node_text_any(test, (const char *const[]){"root_url", "url", NULL}));
	t->suite = recall(&d->suites, node_text(test, "suiteID"));
	t->first_line = line;
}

static struct open_test *find(struct dart *d, const struct node *node)
{
	int id = node_int(node, "testID", -1);

	vec_each (t, &d->open)
		if (t->id == id)
			return t;
	return NULL;
}

static char *take(struct str s)
{
	char *p = xmalloc(TEXT_BYTES + 1);

	p[store(p, TEXT_BYTES, s)] = '\0';
	return p;
}

static void test_error(struct dart *d, const struct node *node)
{
	struct open_test *t = find(d, node);

	if (!t || t->error)
		return;
	t->error = take(node_text(node, "error"));
	t->stack = take(node_text(node, "stackTrace"));
	t->is_error = !node_is_true(node, "isFailure");
}

static struct str without_scheme(struct str url)
{
	(void)str_skip(&url, "file://");
	if (url.n > 3 && url.p[0] == '/' && url.p[2] == ':')
		url = str_from(url, 1);
	return url;
}

static void report_test(struct dart *d, struct document_out *out, const struct open_test *t)
{
	struct str name = str_make(t->name, t->name_n), group = str_make(t->group, t->group_n);
	struct failure f = {.kind = FAILURE_TEST, .duration_s = -1, .language = STR("dart")};
	struct arena *mem = &out->report->scratch;

	(void)d;
	f.name = name;
	if (group.n && group.n < name.n && !memcmp(name.p, group.p, group.n))
		f.name = str_trim(str_from(name, group.n));
	f.suite = group.n ? arena_printf(mem, "%.*s %.*s", STR_ARGS(t->suite), STR_ARGS(group))
			  : t->suite;
	f.file = without_scheme(str_make(t->url, t->url_n));
	if (f.file.n == 0)
		f.file = t->suite;
	f.line = t->line;
	f.column = t->column;
	outcome_explain(
		&f, str_of(t->error ? t->error : ""), str_of(t->stack ? t->stack : ""), mem);
	out->first_line = t->first_line;
	document_emit(out, &f, ROLE_RUNNER);
	out_reset(out->report);
}

static void forget(struct open_test *t)
{
	free(t->error);
	free(t->stack);
	t->error = t->stack = NULL;
}

static void test_done(struct dart *d, struct document_out *out, const struct node *node)
{
	struct str result = node_text(node, "result");
	struct open_test *t = find(d, node);
	bool failed = !str_eq_c(result, "success");

	if (failed || !node_is_true(node, "hidden"))
		document_count(out, str_eq_c(result, "error")       ? RESULT_ERROR
				    : failed                        ? RESULT_FAILED
				    : node_is_true(node, "skipped") ? RESULT_SKIPPED
								    : RESULT_PASSED);
	if (!t)
		return;
	if (failed)
		report_test(d, out, t);
	forget(t);
	*t = d->open.v[--d->open.n];
}

static void dart_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	struct dart *d = state;
	struct str type = node_text(node, "type");

	(void)dialect;
	if (str_eq_c(type, "suite"))
		remember(d, &d->suites, node_text(node, "suite/id"), node_text(node, "suite/path"));
	else if (str_eq_c(type, "group"))
		remember(d, &d->groups, node_text(node, "group/id"), node_text(node, "group/name"));
	else if (str_eq_c(type, "testStart") && node_get(node, "test"))
		test_start(d, node_get(node, "test"), out->first_line);
	else if (str_eq_c(type, "error"))
		test_error(d, node);
	else if (str_eq_c(type, "testDone"))
		test_done(d, out, node);
}

static void dart_release(void *state)
{
	struct dart *d = state;

	vec_each (t, &d->open)
		forget(t);
	vec_free(&d->open);
	strmap_release(&d->suites);
	strmap_release(&d->groups);
	arena_release(&d->mem);
}

const struct dialect dialect_dart = {
	.name = "dart",
	.json = true,
	.known_by = (const char *const[]){"/protocolVersion /runnerVersion",
		"/type=suite /suite/path", "/type=testStart /test/suiteID",
		"/type=testDone /testID /result /hidden", "/type=group /group/suiteID",
		"/type=allSuites /count", "/type=error /testID /isFailure",
		"/type=print /testID /message", "/type=done /success /time", NULL},
	.records = (const char *const[]){"/", NULL},
	.skip = (const char *const[]){"metadata", NULL},
	.state_size = sizeof(struct dart),
	.record = dart_record,
	.release = dart_release,
};
