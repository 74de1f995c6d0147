#include "model/fix.h"

#include <string.h>

#include "base/limits.h"
#include "json/json.h"

static struct str text_of(const struct json_t *j, const char *key, struct arena *mem)
{
	return arena_str(mem, json_get_str(j, key));
}

static size_t count_of(const struct json_t *j, const char *key)
{
	int64_t n = json_get_int(j, key, 0);

	return n > 0 && n < INT32_MAX ? (size_t)n : 0;
}

static void failures_from_json(struct fix *fix, const struct json_t *arr, struct arena *mem)
{
	size_t n = json_len(arr);
	struct failure *failures;

	n = n < FIX_FAILURES_MAX ? n : FIX_FAILURES_MAX;
	failures = arena_array(mem, n, sizeof(*failures));
	for (size_t i = 0; i < n; i++)
		failure_from_json(&failures[i], json_at(arr, i), mem);
	fix->failures = failures;
	fix->n_failures = n;
}

void fix_from_json(struct fix *fix, const struct json_t *j, struct arena *mem)
{
	struct str diff = json_get_str(j, "patch");

	*fix = (struct fix){.outcome = OUTCOME_NOT_HEALED,
		.why = text_of(j, "why", mem),
		.session = text_of(j, "session", mem),
		.command = text_of(j, "test_command", mem),
		.source = text_of(j, "source", mem),
		.origin = text_of(j, "origin", mem),
		.note = text_of(j, "note", mem),
		.attempts = json_len(json_get_arr(j, "attempts")),
		.candidates = count_of(j, "candidates"),
		.rivals = count_of(j, "rivals"),
		.runs = (int)count_of(j, "runs"),
		.red_runs = (int)count_of(j, "red_runs"),
		.seconds = json_get_real(j, "seconds", 0),
		.cost_usd = json_get_real(j, "cost_usd", 0)};
	outcome_from_string(json_get_str(j, "outcome"), &fix->outcome);
	if (diff.n <= LIMIT_PATCH_BYTES)
		fix->diff = arena_str(mem, diff);
	failures_from_json(fix, json_get_arr(j, "failures"), mem);
	diagnosis_from_json(&fix->diagnosis, json_get_obj(j, "diagnosis"), mem);
	verdict_from_json(&fix->verdict, json_get_arr(j, "proof"), mem);
	fix->verdict.confidence = json_get_real(j, "confidence", 0);
	fix->verdict.confidence_why = text_of(j, "confidence_why", mem);
}

const char *fix_fingerprint(const struct fix *fix)
{
	const char *least = "";

	for (size_t i = 0; i < fix->n_failures; i++) {
		const char *one = fix->failures[i].fingerprint;
		if (*one && (!*least || strcmp(one, least) < 0))
			least = one;
	}
	return least;
}

struct str fix_subject(const struct fix *fix, struct arena *mem)
{
	const struct failure *f = fix->failures;
	struct str type, where;

	if (!fix->n_failures)
		return STR("failing tests");
	type = f->type.n ? f->type : str_of(failure_kind_to_string(f->kind));
	where = f->name.n ? f->name : f->file;
	if (!where.n)
		return type;
	if (fix->n_failures == 1)
		return arena_printf(mem, "%.*s in %.*s", STR_ARGS(type), STR_ARGS(where));
	return arena_printf(mem, "%.*s in %.*s and %zu more", STR_ARGS(type), STR_ARGS(where),
		fix->n_failures - 1);
}
