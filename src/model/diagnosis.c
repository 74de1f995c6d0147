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
