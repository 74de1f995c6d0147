/* cucumber: the JSON of Cucumber and of those that write it (behave, karate, specflow).
 * https://github.com/cucumber/json-formatter. A scenario is a test: it failed with its first failed
 * step or hook. */
#include "kit/report/document/dialect.h"

#include "kit/report/document/outcome.h"

static bool is_state(const struct node *step, const char *const *states)
{
	struct str status = node_text(step, "result/status");

	for (; *states; states++)
		if (str_eq_nocase(status, str_of(*states)))
			return true;
	return false;
}

static const struct node *find_step(const struct node *scenario, const char *const *states)
{
	static const char *const parts[] = {"before", "steps", "after"};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		for (const struct node *n = node_get(scenario, parts[i]); n; n = node_again(n))
			if (is_state(n, states))
				return n;
	return NULL;
}

static void report_scenario(
	struct document_out *out, const struct node *scenario, const struct node *step)
{
	struct failure f = {.kind = FAILURE_TEST, .duration_s = -1, .language = STR("gherkin")};
	struct arena *mem = &out->report->scratch;
	struct str error = node_text(step, "result/error_message"), name = node_text(step, "name");

	f.name = node_text(scenario, "name");
	f.suite = node_text(scenario, "../name");
	f.id = arena_printf(mem, "%.*s:%d", STR_ARGS(node_text(scenario, "../uri")),
		node_int(scenario, "line", 0));
	if (error.n == 0)
		error = arena_printf(mem, "%.*s: %.*s %.*s",
			STR_ARGS(node_text(step, "result/status")),
			STR_ARGS(node_text(step, "keyword")), STR_ARGS(name));
	outcome_explain(&f, STR(""), error, mem);
	f.file = node_text(scenario, "../uri");
	f.line = node_int(step, "line", node_int(scenario, "line", 0));
	f.column = 0;
	document_emit(out, &f, ROLE_RUNNER);
	out_reset(out->report);
}

static void cucumber_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	static const char *const failed[] = {"failed", "ambiguous", "undefined", NULL};
	static const char *const skipped[] = {"skipped", "pending", NULL};
	const struct node *step;

	(void)dialect;
	(void)state;
	if (str_eq_c(node_text(node, "type"), "background"))
		return;
	step = find_step(node, failed);
	if (step) {
		document_count(out, RESULT_FAILED);
		report_scenario(out, node, step);
	} else {
		document_count(out, find_step(node, skipped) ? RESULT_SKIPPED : RESULT_PASSED);
	}
}

const struct dialect dialect_cucumber = {
	.name = "cucumber",
	.json = true,
	.known_by = (const char *const[]){"/uri /keyword /name /elements/keyword",
		"/uri /elements/steps/keyword", "/elements/type /elements/steps/result/status",
		NULL},
	.records = (const char *const[]){"/elements", NULL},
	.skip = (const char *const[]){"embeddings", "output", "rows", NULL},
	.record = cucumber_record,
};
