#include "model/verdict.h"

#include "json/json.h"

const char *policy_verdict_to_string(enum policy_verdict v)
{
	static const char *const names[] = {"allow", "hold", "refuse"};

	return (size_t)v < ARRAY_LEN(names) ? names[v] : "refuse";
}

const char *rung_to_string(enum rung rung)
{
	static const char *const names[] = {"parse", "policy", "duplicate", "target", "affected",
		"suite", "rerun", "revert", "mutants"};

	return (size_t)rung < ARRAY_LEN(names) ? names[rung] : "unknown";
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
