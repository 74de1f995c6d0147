/* diagnosis: where and why, from evidence.
 * Layer: model. JSON form: SPEC 3 and 13. Strings and arrays live in the run's arena. */
#pragma once

#include "base/arena.h"
#include "base/vec.h"

struct json_t;

/* One suspicious line. suspiciousness is in 0..1, ordered highest first. */
struct suspect {
	struct str path; /* repository-relative */
	int line;        /* 1-based */
	double suspiciousness;
	double ochiai;      /* spectrum part, < 0 when there was no spectrum */
	int stack_distance; /* frames from the innermost, -1 when not in a failing stack */
};

struct diagnosis {
	struct str root_cause; /* one sentence, with file:line */
	struct str fix_strategy;
	struct str impact;
	struct str additional_context;
	double confidence; /* 0..1 */
	double complexity; /* 0..1 */
	struct {
		struct str *v;
		size_t n;
	} affected_files, evidence;
	struct {
		struct suspect *v;
		size_t n;
	} suspects;
};

struct json_t *diagnosis_to_json(const struct diagnosis *d);
/* The same back; at most DIAGNOSIS_ITEMS_MAX of each list. NULL gives an empty one. */
enum { DIAGNOSIS_ITEMS_MAX = 100 };
void diagnosis_from_json(struct diagnosis *d, const struct json_t *j, struct arena *mem);
