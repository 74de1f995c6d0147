#include "model/job.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "json/json.h"

static const char *const kinds[JOB_KIND_COUNT] = {
	[JOB_HEAL_RUN] = "heal_run",
	[JOB_OWN_RED] = "own_red",
	[JOB_BASE_GREEN] = "base_green",
	[JOB_COMMAND] = "command",
	[JOB_REVIEW] = "review",
	[JOB_PULL_CLOSED] = "pull_closed",
	[JOB_INSTALLATION] = "installation",
	[JOB_PUSH] = "push",
	[JOB_CATCH_UP] = "catch_up",
};

const char *job_kind_to_string(enum job_kind kind)
{
	return kinds[kind];
}

bool job_kind_from_string(struct str s, enum job_kind *out)
{
	for (int i = 0; i < JOB_KIND_COUNT; i++)
		if (str_eq_c(s, kinds[i])) {
			*out = (enum job_kind)i;
			return true;
		}
	return false;
}

struct field {
	const char *name;
	size_t at;
};
#define FIELD(member)                                                                              \
	{                                                                                          \
#member, offsetof(struct job, member)                                              \
	}

static const struct field texts[] = {
	FIELD(repo),
	FIELD(delivery),
	FIELD(event),
	FIELD(action),
	FIELD(conclusion),
	FIELD(branch),
	FIELD(sha),
	FIELD(head_repo),
	FIELD(base),
	FIELD(ci),
	FIELD(actor),
	FIELD(association),
	FIELD(text),
	FIELD(key),
	FIELD(line),
};

static const struct field numbers[] = {
	FIELD(number),
	FIELD(run_id),
	FIELD(run_attempt),
	FIELD(suite_id),
	FIELD(comment_id),
	FIELD(review_id),
	FIELD(installation_id),
	FIELD(at),
};

static const struct field flags[] = {FIELD(merged), FIELD(of_line)};

#define MEMBER(type, job, field) ((type *)(void *)((char *)(job) + (field)->at))
#define MEMBER_OF(type, job, field)                                                                \
	((const type *)(const void *)((const char *)(job) + (field)->at))

struct json_t *job_to_json(const struct job *job)
{
	struct json_t *j = json_obj();

	json_put_c(j, "kind", job_kind_to_string(job->kind));
	for (const struct field *f = texts; f < texts + ARRAY_LEN(texts); f++)
		if (MEMBER_OF(struct str, job, f)->n)
			json_put_str(j, f->name, *MEMBER_OF(struct str, job, f));
	for (const struct field *f = numbers; f < numbers + ARRAY_LEN(numbers); f++)
		if (*MEMBER_OF(int64_t, job, f))
			json_put_int(j, f->name, *MEMBER_OF(int64_t, job, f));
	for (const struct field *f = flags; f < flags + ARRAY_LEN(flags); f++)
		if (*MEMBER_OF(bool, job, f))
			json_put_bool(j, f->name, true);
	return j;
}

bool job_from_json(struct job *out, const struct json_t *j, struct arena *mem)
{
	struct job job = {0};

	if (!job_kind_from_string(json_get_str(j, "kind"), &job.kind))
		return false;
	for (const struct field *f = texts; f < texts + ARRAY_LEN(texts); f++)
		*MEMBER(struct str, &job, f) = arena_str(mem, json_get_str(j, f->name));
	for (const struct field *f = numbers; f < numbers + ARRAY_LEN(numbers); f++)
		*MEMBER(int64_t, &job, f) = json_get_int(j, f->name, 0);
	for (const struct field *f = flags; f < flags + ARRAY_LEN(flags); f++)
		*MEMBER(bool, &job, f) = json_get_bool(j, f->name, false);
	*out = job;
	return true;
}
