#include "heal/heal.h"

#include "json/json.h"

void heal_result_init(struct heal_result *r)
{
	*r = (struct heal_result){0};
	failure_list_init(&r->failures);
}

void heal_result_release(struct heal_result *r)
{
	failure_list_release(&r->failures);
}

void heal_result_as_fix(struct fix *out, const struct heal_result *r)
{
	*out = (struct fix){.outcome = r->outcome,
		.why = r->why,
		.session = r->session,
		.command = r->command,
		.failures = r->failures.items.v,
		.n_failures = r->failures.items.n,
		.diff = r->diff,
		.verdict = r->verdict,
		.source = r->patch.source,
		.origin = r->patch.origin,
		.note = r->patch.note,
		.attempts = r->n_attempts,
		.candidates = r->candidates,
		.rivals = r->rivals,
		.runs = r->runs,
		.red_runs = r->red_runs,
		.seconds = r->seconds};
	if (r->has_diagnosis)
		out->diagnosis = r->diagnosis;
}

/* Why an attempt fell: the rung that failed is the reason, the next candidate the approach. */
static struct json_t *reflection_to_json(const struct heal_attempt *a)
{
	const struct rung_result *last =
		a->verdict.rungs.n ? &a->verdict.rungs.v[a->verdict.rungs.n - 1] : NULL;
	struct json_t *j = json_obj(), *changes = json_arr();

	json_put_str(j, "failure_reason", last ? last->detail : STR(""));
	json_put_c(j, "fix_approach", "the next candidate in order");
	json_push(changes, json_str(a->patch.note));
	json_put(j, "specific_changes", changes);
	return j;
}

static struct json_t *attempt_to_json(const struct heal_attempt *a, size_t index)
{
	struct json_t *j = json_obj(), *tests = json_obj();

	json_put_int(j, "attempt", (int64_t)index + 1);
	json_put_str(j, "source", a->patch.source);
	json_put_str(j, "origin", a->patch.origin);
	json_put_str(j, "note", a->patch.note);
	json_put(j, "patch", patch_to_json(&a->patch));
	json_put_bool(tests, "all_passed", a->verdict.holds);
	json_put_int(tests, "passed", a->verdict.tests_passed < 0 ? 0 : a->verdict.tests_passed);
	json_put(tests, "failures", json_arr());
	json_put(j, "test_results", tests);
	json_put(j, "rungs", verdict_to_json(&a->verdict));
	if (!a->verdict.holds)
		json_put(j, "reflection", reflection_to_json(a));
	json_put_real(j, "seconds", a->seconds);
	return j;
}

static struct json_t *failures_to_json(const struct failure_list *list)
{
	struct json_t *arr = json_arr();

	vec_each (f, &list->items)
		json_push(arr, failure_to_json(f));
	return arr;
}

static struct json_t *pull_to_json(const struct heal_pull *pull)
{
	struct json_t *j = json_obj();

	json_put_c(j, "operation", pull->operation);
	json_put_c(j, "reason", pull->reason ? pull->reason : "");
	json_put_int(j, "number", pull->number);
	json_put_str(j, "url", pull->url);
	return j;
}

struct json_t *heal_result_to_json(const struct heal_result *r)
{
	struct json_t *j = json_obj(), *skips = json_obj(), *attempts = json_arr(),
		      *notices = json_arr();

	json_put_int(j, "runs", r->runs);
	json_put_int(j, "red_runs", r->red_runs);
	json_put_c(j, "version", SELFHEAL_VERSION);
	json_put_str(j, "session", r->session);
	json_put_c(j, "outcome", outcome_to_string(r->outcome));
	json_put_str(j, "why", r->why);
	json_put_str(j, "test_command", r->command);
	json_put(j, "failures", failures_to_json(&r->failures));
	json_put(j, "diagnosis",
		r->has_diagnosis ? diagnosis_to_json(&r->diagnosis) : json_nothing());
	json_put(j, "patch", r->diff.n ? json_str(r->diff) : json_nothing());
	json_put(j, "proof", verdict_to_json(&r->verdict));
	json_put_real(j, "confidence", r->verdict.confidence);
	json_put_str(j, "confidence_why", r->verdict.confidence_why);
	json_put_str(j, "source", r->patch.source);
	json_put_str(j, "origin", r->patch.origin);
	json_put_str(j, "note", r->patch.note);
	for (size_t i = 0; i < r->n_attempts; i++)
		json_push(attempts, attempt_to_json(&r->attempts[i], i));
	json_put(j, "attempts", attempts);
	json_put_int(j, "candidates", (int64_t)r->candidates);
	json_put_int(j, "rivals", (int64_t)r->rivals);
	json_put_str(j, "accelerator", r->accel);
	json_put_real(j, "seconds", r->seconds);
	json_put_real(j, "search_seconds", r->search_seconds);
	json_put_real(j, "cost_usd", 0);
	for (size_t i = 0; i < r->n_skips; i++)
		json_put_int(skips, r->skips[i].reason, (int64_t)r->skips[i].count);
	json_put(j, "skips", skips);
	for (size_t i = 0; i < r->n_notices; i++)
		json_push(notices, json_str(r->notices[i]));
	json_put(j, "notices", notices);
	json_put_bool(j, "applied", r->applied);
	json_put_str(j, "branch", r->branch);
	if (r->pull.operation)
		json_put(j, "pull_request", pull_to_json(&r->pull));
	return j;
}
