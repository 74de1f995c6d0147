#include <inttypes.h>

#include "port/forge/forge_private.h"

static bool read_check(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_check *c = out;
	const struct json_t *output = json_get_obj(j, "output");
	int64_t there = json_get_int(output, "annotations_count", 0);

	c->id = json_get_int(j, "id", 0);
	c->name = read_str(j, "name", mem);
	c->head_sha = read_str(j, "head_sha", mem);
	c->external_id = read_str(j, "external_id", mem);
	c->status = read_str(j, "status", mem);
	c->conclusion = read_str(j, "conclusion", mem);
	c->title = read_str(output, "title", mem);
	c->summary = read_str(output, "summary", mem);
	c->annotations_there = there > 0 && there <= INT32_MAX ? (size_t)there : 0;
	c->app_slug = read_str(json_get_obj(j, "app"), "slug", mem);
	return c->id > 0;
}

const struct reader check_reader = {"check", sizeof(struct forge_check), read_check};

static bool read_status(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_status *s = out;

	s->context = read_str(j, "context", mem);
	s->state = read_str(j, "state", mem);
	s->description = read_str(j, "description", mem);
	return s->context.n > 0;
}

const struct reader status_reader = {"status", sizeof(struct forge_status), read_status};

int forge_checks(struct forge *f, struct str repo, struct str ref, struct forge_check **out,
	size_t *n, struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &check_reader, .key = "check_runs"};
	struct ask ask = {0};
	struct list list;

	if (ask_in_repo(&ask, repo, mem, err, "/commits/%s/check-runs?per_page=%d",
		    url_encoded(mem, ref), PAGE_SIZE) < 0 ||
		forge_list(f, &ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = list.n;
	return 0;
}

int forge_statuses(struct forge *f, struct str repo, struct str ref, struct forge_status **out,
	size_t *n, struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &status_reader, .key = "statuses"};
	struct ask ask = {0};
	struct list list;

	if (ask_in_repo(&ask, repo, mem, err, "/commits/%s/status?per_page=%d",
		    url_encoded(mem, ref), PAGE_SIZE) < 0 ||
		forge_list(f, &ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = list.n;
	return 0;
}

static struct json_t *annotation_to_json(const struct forge_annotation *a)
{
	struct json_t *j = json_obj();
	int64_t first = a->first_line > 0 ? a->first_line : 1;

	json_put_str(j, "path", a->path);
	json_put_int(j, "start_line", first);
	json_put_int(j, "end_line", a->last_line > first ? a->last_line : first);
	json_put_c(j, "annotation_level", a->level);
	json_put_str(j, "message", a->message);
	if (a->title.n)
		json_put_str(j, "title", a->title);
	return j;
}

static struct json_t *output_to_json(const struct forge_check *c, size_t from)
{
	struct json_t *j = json_obj(), *annotations = json_arr();
	size_t to = from + FORGE_ANNOTATIONS_A_REQUEST;

	json_put_str(j, "title", c->title.n ? c->title : c->name);
	json_put_str(j, "summary", c->summary);
	for (size_t i = from; i < to && i < c->n_annotations; i++)
		json_push(annotations, annotation_to_json(&c->annotations[i]));
	json_put(j, "annotations", annotations);
	return j;
}

static void put_if(struct json_t *j, const char *key, struct str value)
{
	if (value.n)
		json_put_str(j, key, value);
}

static int write_part(struct forge *f, struct str repo, struct forge_check *c, size_t from,
	struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *body = json_obj();
	/* Annotations are added each time: what came twice would be there twice. */
	struct ask ask = {.method = c->id ? "PATCH" : "POST",
		.body = body,
		.repeatable = c->id && from >= c->n_annotations};
	struct forge_check made;

	put_if(body, "name", c->name);
	if (!c->id)
		put_if(body, "head_sha", c->head_sha);
	put_if(body, "external_id", c->external_id);
	put_if(body, "status", c->status);
	put_if(body, "conclusion", c->conclusion);
	json_put(body, "output", output_to_json(c, from));
	if (c->id ? ask_in_repo(&ask, repo, mem, err, "/check-runs/%" PRId64, c->id) < 0
		  : ask_in_repo(&ask, repo, mem, err, "/check-runs") < 0)
		return -1;
	if (forge_one(f, &ask, &check_reader, &made, mem, err) < 0)
		return -1;
	c->id = made.id;
	return 0;
}

int forge_check_write(struct forge *f, struct str repo, struct forge_check *check,
	struct arena *mem, struct err *err)
{
	/* GitHub adds annotations and never takes one back. */
	size_t from = check->annotations_there;

	do {
		if (write_part(f, repo, check, from, mem, err) < 0)
			return -1;
		from += FORGE_ANNOTATIONS_A_REQUEST;
	} while (from < check->n_annotations);
	return 0;
}
