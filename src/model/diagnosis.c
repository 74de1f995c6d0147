#include "model/diagnosis.h"

#include "json/json.h"

static struct json_t *strings(const struct str *v, size_t n)
{
	struct json_t *arr = json_arr();

	for (size_t i = 0; i < n; i++)
		json_push(arr, json_str(v[i]));
	return arr;
}

struct json_t *diagnosis_to_json(const struct diagnosis *d)
{
	struct json_t *j = json_obj(), *suspects = json_arr();

	json_put_str(j, "root_cause", d->root_cause);
	json_put_str(j, "fix_strategy", d->fix_strategy);
	json_put_str(j, "impact", d->impact);
	json_put_str(j, "additional_context", d->additional_context);
	json_put_real(j, "confidence", d->confidence);
	json_put_real(j, "complexity", d->complexity);
	json_put(j, "affected_files", strings(d->affected_files.v, d->affected_files.n));
	json_put(j, "evidence", strings(d->evidence.v, d->evidence.n));
	for (size_t i = 0; i < d->suspects.n && i < 20; i++) {
		const struct suspect *s = &d->suspects.v[i];
		struct json_t *one = json_obj();

		json_put_str(one, "file", s->path);
		json_put_int(one, "line", s->line);
		json_put_real(one, "suspiciousness", s->suspiciousness);
		json_push(suspects, one);
	}
	json_put(j, "suspects", suspects);
	return j;
}

static struct str *strings_back(const struct json_t *arr, size_t *n, struct arena *mem)
{
	struct str *v;

	*n = json_len(arr) < DIAGNOSIS_ITEMS_MAX ? json_len(arr) : DIAGNOSIS_ITEMS_MAX;
	v = arena_array(mem, *n, sizeof(*v));
	for (size_t i = 0; i < *n; i++)
		v[i] = arena_str(mem, json_to_str(json_at(arr, i)));
	return v;
}

static void suspects_back(struct diagnosis *d, const struct json_t *arr, struct arena *mem)
{
	size_t n = json_len(arr) < DIAGNOSIS_ITEMS_MAX ? json_len(arr) : DIAGNOSIS_ITEMS_MAX;

	d->suspects.v = arena_array(mem, n, sizeof(*d->suspects.v));
	d->suspects.n = n;
	for (size_t i = 0; i < n; i++) {
		const struct json_t *one = json_at(arr, i);

		d->suspects.v[i] =
			(struct suspect){.path = arena_str(mem, json_get_str(one, "file")),
				.line = (int)json_get_int(one, "line", 0),
				.suspiciousness = json_get_real(one, "suspiciousness", 0),
				.ochiai = -1,
				.stack_distance = -1};
	}
}

void diagnosis_from_json(struct diagnosis *d, const struct json_t *j, struct arena *mem)
{
	*d = (struct diagnosis){.root_cause = arena_str(mem, json_get_str(j, "root_cause")),
		.fix_strategy = arena_str(mem, json_get_str(j, "fix_strategy")),
		.impact = arena_str(mem, json_get_str(j, "impact")),
		.additional_context = arena_str(mem, json_get_str(j, "additional_context")),
		.confidence = json_get_real(j, "confidence", 0),
		.complexity = json_get_real(j, "complexity", 0)};
	d->affected_files.v =
		strings_back(json_get_arr(j, "affected_files"), &d->affected_files.n, mem);
	d->evidence.v = strings_back(json_get_arr(j, "evidence"), &d->evidence.n, mem);
	suspects_back(d, json_get_arr(j, "suspects"), mem);
}
