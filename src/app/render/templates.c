/* Log templates, for people and machines. */
#include <stdlib.h>

#include "kit/clean/clean.h"
#include "app/render/paint.h"
#include "app/render/render.h"
#include "base/limits.h"
#include "base/vec.h"
#include "json/json.h"
#include "kit/drain/drain.h"

enum { TEXT_SHOWN = 40, EVENT_HITS = 5, TEMPLATE_BYTES = 300 };

struct templates {
	vec(struct drain_template) v;
};

/* What weighs most first, then what is met most, then what came first. */
static int by_weight(const void *a, const void *b)
{
	const struct drain_template *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void list_templates(struct templates *list, struct drain *drain, struct arena *mem)
{
	struct drain_template t;
	uint32_t at = 0;

	while (drain_next(drain, &at, &t, mem))
		vec_push(&list->v, t);
	if (list->v.n)
		qsort(list->v.v, list->v.n, sizeof(*list->v.v), by_weight);
}

/* SPEC 13: five hits of a message that tells of trouble make an event. */
static bool is_event(const struct drain_template *t)
{
	return t->count >= EVENT_HITS && t->severity <= DRAIN_HIGH;
}

static struct json_t *template_to_json(const struct drain_template *t)
{
	struct json_t *j = json_obj();

	json_put_int(j, "id", t->id);
	json_put_str(j, "template", t->text);
	json_put_str(j, "example", t->example);
	json_put_int(j, "count", (int64_t)t->count);
	json_put_int(j, "first_line", t->first_line);
	json_put_int(j, "last_line", t->last_line);
	json_put_c(j, "severity", drain_severity_to_string(t->severity));
	return j;
}

static struct json_t *event_to_json(const struct drain_template *t)
{
	struct json_t *j = json_obj(), *metadata = json_obj();

	json_put_c(j, "source", "logs");
	json_put_c(j, "severity", drain_severity_to_string(t->severity));
	json_put_str(j, "message", t->text);
	json_put_int(metadata, "template", t->id);
	json_put_int(metadata, "hits", (int64_t)t->count);
	json_put(j, "metadata", metadata);
	return j;
}

void render_templates_json(struct buf *out, struct drain *drain, int64_t lines)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	struct json_t *templates = json_arr(), *events = json_arr();
	struct templates list = {0};
	ARENA_AUTO mem;

	arena_init(&mem);
	list_templates(&list, drain, &mem);
	vec_each (t, &list.v) {
		json_push(templates, template_to_json(t));
		if (is_event(t))
			json_push(events, event_to_json(t));
	}
	json_put_int(j, "lines", lines);
	json_put_int(j, "left_out", (int64_t)drain_left_out(drain));
	json_put(j, "templates", templates);
	json_put(j, "events", events);
	json_write(out, j, 2);
	buf_char(out, '\n');
	vec_free(&list.v);
}

static void one_template(const struct painter *p, const struct drain_template *t)
{
	static const enum paint paints[] = {[DRAIN_CRITICAL] = PAINT_RED,
		[DRAIN_HIGH] = PAINT_RED,
		[DRAIN_MEDIUM] = PAINT_YELLOW,
		[DRAIN_LOW] = PAINT_DIM,
		[DRAIN_INFO] = PAINT_DIM};
	const char *severity = drain_severity_to_string(t->severity);

	buf_printf(p->out, "%10llu  ", (unsigned long long)t->count);
	paint_c(p, paints[t->severity], severity);
	buf_fill(p->out, ' ', 10 - strlen(severity));
	clean_line(p->out, t->text, TEMPLATE_BYTES);
	if (t->count == 1)
		buf_printf(p->out, "  (line %lld)\n", (long long)t->first_line);
	else
		buf_printf(p->out, "  (lines %lld to %lld)\n", (long long)t->first_line,
			(long long)t->last_line);
}

void render_templates_text(struct buf *out, struct drain *drain, int64_t lines, bool color)
{
	const struct painter p = {out, color};
	struct templates list = {0};
	ARENA_AUTO mem;

	arena_init(&mem);
	list_templates(&list, drain, &mem);
	buf_printf(out, "%lld line%s, %zu template%s\n", (long long)lines, lines == 1 ? "" : "s",
		list.v.n, list.v.n == 1 ? "" : "s");
	for (size_t i = 0; i < list.v.n && i < TEXT_SHOWN; i++)
		one_template(&p, &list.v.v[i]);
	if (list.v.n > TEXT_SHOWN)
		buf_printf(out, "and %zu more (--format json lists them all)\n",
			list.v.n - TEXT_SHOWN);
	if (drain_left_out(drain))
		buf_printf(out, "%llu lines of other shapes were only counted\n",
			(unsigned long long)drain_left_out(drain));
	vec_free(&list.v);
}
