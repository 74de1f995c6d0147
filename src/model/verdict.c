#include "model/verdict.h"

#include "json/json.h"

const char *policy_verdict_to_string(enum policy_verdict v)
{
	static const char *const names[] = {"allow", "hold", "refuse"};

	return (size_t)v < ARRAY_LEN(names) ? names[v] : "refuse";
}

static const char *const rungs[] = {"parse", "policy", "duplicate", "target", "affected", "suite",
	"rerun", "revert", "mutants"};

const char *rung_to_string(enum rung rung)
{
	return (size_t)rung < ARRAY_LEN(rungs) ? rungs[rung] : "unknown";
}

bool rung_from_string(struct str s, enum rung *out)
{
	for (size_t i = 0; i < ARRAY_LEN(rungs); i++)
		if (str_eq_c(s, rungs[i])) {
			*out = (enum rung)i;
			return true;
		}
	return false;
}

static const struct {
	const char *name;
	int exit_code;
} outcomes[] = {
	[OUTCOME_HEALED] = {"healed", 0},
	[OUTCOME_NOTHING_TO_DO] = {"nothing_to_do", 0},
	[OUTCOME_NOT_HEALED] = {"not_healed", 1},
	[OUTCOME_AWAITING_APPROVAL] = {"awaiting_approval", 1},
	[OUTCOME_ESCALATED] = {"escalated", 1},
	[OUTCOME_FLAKY] = {"flaky", 0},
	[OUTCOME_INFRASTRUCTURE] = {"infrastructure", 3},
	[OUTCOME_CONFIGURATION] = {"configuration", 2},
	[OUTCOME_NOT_REPRODUCED] = {"not_reproduced", 1},
	[OUTCOME_REFUSED] = {"refused", 4},
	[OUTCOME_ROLLED_BACK] = {"rolled_back", 1},
};

const char *outcome_to_string(enum outcome outcome)
{
	return (size_t)outcome < ARRAY_LEN(outcomes) ? outcomes[outcome].name : "unknown";
}

bool outcome_from_string(struct str s, enum outcome *out)
{
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		if (str_eq_c(s, outcomes[i].name)) {
			*out = (enum outcome)i;
			return true;
		}
	return false;
}

int outcome_exit_code(enum outcome outcome)
{
	return (size_t)outcome < ARRAY_LEN(outcomes) ? outcomes[outcome].exit_code : 1;
}

struct rung_result *verdict_add(struct verdict *v, struct arena *mem, enum rung rung)
{
	struct rung_result *r;

	if (v->rungs.n == v->rungs.cap) {
		size_t cap = v->rungs.cap ? v->rungs.cap * 2 : 8;
		struct rung_result *grown = arena_array(mem, cap, sizeof(*grown));

		if (v->rungs.n)
			memcpy(grown, v->rungs.v, v->rungs.n * sizeof(*grown));
		v->rungs.v = grown;
		v->rungs.cap = cap;
	}
	r = &v->rungs.v[v->rungs.n++];
	r->rung = rung;
	return r;
}

struct json_t *verdict_to_json(const struct verdict *v)
{
	struct json_t *proof = json_arr();

	for (size_t i = 0; i < v->rungs.n; i++) {
		const struct rung_result *r = &v->rungs.v[i];
		struct json_t *j = json_obj();

		json_put_c(j, "rung", rung_to_string(r->rung));
		json_put_bool(j, "passed", r->passed);
		json_put_real(j, "seconds", r->seconds);
		json_put_str(j, "command", r->command);
		json_put_str(j, "detail", r->detail);
		json_push(proof, j);
	}
	return proof;
}

/* "42/42 tests" at the beginning of a suite's detail. */
static void take_counts(struct verdict *v, struct str detail)
{
	int passed, total;

	if (!str_take_int(&detail, &passed) || !str_skip(&detail, "/") ||
		!str_take_int(&detail, &total))
		return;
	v->tests_passed = passed;
	v->tests_total = total;
}

void verdict_from_json(struct verdict *v, const struct json_t *proof, struct arena *mem)
{
	size_t n = json_len(proof);

	v->tests_passed = v->tests_total = -1;
	v->holds = n > 0;
	for (size_t i = 0; i < n && i < VERDICT_RUNGS_MAX; i++) {
		const struct json_t *j = json_at(proof, i);
		struct rung_result *r;
		enum rung rung;

		if (!rung_from_string(json_get_str(j, "rung"), &rung))
			continue;
		r = verdict_add(v, mem, rung);
		r->passed = json_get_bool(j, "passed", false);
		r->seconds = json_get_real(j, "seconds", 0);
		r->command = arena_str(mem, json_get_str(j, "command"));
		r->detail = arena_str(mem, json_get_str(j, "detail"));
		/* Mutants measure the tests; they are no gate. */
		v->holds = v->holds && (r->passed || rung == RUNG_MUTANTS);
		if (rung == RUNG_SUITE)
			take_counts(v, r->detail);
	}
}
