/* SARIF 2.1.0 (OASIS), as code scanning takes it in: one result for each failure.
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
#include "app/render/render.h"
#include "base/limits.h"
#include "base/strmap.h"
#include "json/json.h"
#include "kit/fingerprint/taxonomy.h"
#include "model/failure.h"

/* A rule is a kind and what the tool calls the thing. */
static struct str rule_of(const struct failure *f, struct buf *b)
{
	buf_reset(b);
	buf_printf(b, "%s/%.*s", failure_kind_to_string(f->kind),
		STR_ARGS(f->type.n ? f->type : STR("other")));
	return buf_view(b);
}

/* A path as the reference that 3.4.3 wants: percent-encoded, forward slashes. */
static void put_uri(struct json_t *at, struct str path)
{
	BUF_AUTO uri = {.cap = LIMIT_TEXT_BYTES};
	bool drive = path.n > 2 && path.p[1] == ':' && strchr("/\\", path.p[2]);

	if (drive)
		buf_c(&uri, "file:///");
	else if (path.n && path.p[0] == '/')
		buf_c(&uri, "file://");
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];

		if (c == '\\')
			buf_char(&uri, '/');
		else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			 (c >= '0' && c <= '9') || (c && strchr("-._~/+@,=", c)) ||
			 (drive && i == 1))
			buf_char(&uri, (char)c);
		else
			buf_printf(&uri, "%%%02X", c);
	}
	json_put_str(at, "uri", buf_view(&uri));
}

static struct json_t *region(int line, int column)
{
	struct json_t *j = json_obj();

	json_put_int(j, "startLine", line);
	if (column > 0)
		json_put_int(j, "startColumn", column);
	return j;
}

static struct json_t *physical(struct str path, int line, int column)
{
	struct json_t *j = json_obj(), *artifact = json_obj();

	put_uri(artifact, path);
	json_put(j, "artifactLocation", artifact);
	if (line > 0)
		json_put(j, "region", region(line, column));
	return j;
}

static struct json_t *text_object(struct str text)
{
	struct json_t *j = json_obj();

	json_put_str(j, "text", text);
	return j;
}

static struct json_t *location(const struct failure *f)
{
	struct json_t *j = json_obj(), *logical = json_obj(), *logicals = json_arr();
	struct str name = f->id.n ? f->id : f->name;

	if (f->file.n)
		json_put(j, "physicalLocation", physical(f->file, f->line, f->column));
	if (name.n) {
		json_put_str(logical, "fullyQualifiedName", name);
		json_put_c(logical, "kind", "function");
		json_push(logicals, logical);
		json_put(j, "logicalLocations", logicals);
	} else {
		json_free(logical);
		json_free(logicals);
	}
	return j;
}

static struct json_t *stacks(const struct failure *f)
{
	struct json_t *all = json_arr(), *stack = json_obj(), *frames = json_arr();

	for (size_t i = 0; i < f->stack.n; i++) {
		const struct frame *from = &f->stack.v[i];
		struct json_t *frame = json_obj(), *at = json_obj();

		if (from->path.n)
			json_put(at, "physicalLocation",
				physical(from->path, from->line, from->column));
		json_put(at, "message", text_object(from->function));
		json_put(frame, "location", at);
		json_push(frames, frame);
	}
	json_put(stack, "frames", frames);
	json_push(all, stack);
	return all;
}

static struct json_t *result(const struct failure *f, struct str rule, size_t index)
{
	struct json_t *j = json_obj(), *places = json_arr(), *prints = json_obj(),
		      *properties = json_obj();

	json_put_str(j, "ruleId", rule);
	json_put_int(j, "ruleIndex", (int64_t)index);
	json_put_c(j, "level", f->kind == FAILURE_LINT ? "warning" : "error");
	json_put(j, "message", text_object(f->message.n ? f->message : rule));
	if (f->file.n || f->id.n || f->name.n)
		json_push(places, location(f));
	json_put(j, "locations", places);
	if (f->stack.n)
		json_put(j, "stacks", stacks(f));
	if (f->fingerprint[0])
		json_put_c(prints, "selfheal/fp1", f->fingerprint);
	json_put(j, "partialFingerprints", prints);
	if (f->attempts > 1)
		json_put_int(j, "occurrenceCount", f->attempts);
	json_put_c(properties, "kind", failure_kind_to_string(f->kind));
	json_put_str(properties, "advice", taxonomy_advice(f));
	json_put(j, "properties", properties);
	return j;
}

/* One run's results, made one by one. */
struct results {
	const struct failure_list *list;
	const struct render_sink *sink;
	struct strmap rules; /* id -> its place + 1 */
	struct buf text;
};

/* A rule is told once. */
static struct json_t *fill_rules(struct results *r)
{
	struct json_t *rules = json_arr();

	vec_each (f, &r->list->items) {
		struct str id = rule_of(f, &r->text);

		if (!strmap_has(&r->rules, id)) {
			struct json_t *rule = json_obj();

			json_put_str(rule, "id", id);
			json_push(rules, rule);
			strmap_put(&r->rules, id, (void *)(uintptr_t)json_len(rules));
		}
	}
	return rules;
}

static struct json_t *make_result(void *data, size_t i)
{
	struct results *r = data;
	const struct failure *f = &r->list->items.v[i];
	struct str id = rule_of(f, &r->text);

	return result(f, id, (size_t)(uintptr_t)strmap_get(&r->rules, id) - 1);
}

static void result_written(void *data)
{
	const struct results *r = data;

	render_sink_step(r->sink);
}

static struct json_t *run_of(struct results *r)
{
	struct json_t *run = json_obj(), *tool = json_obj(), *driver = json_obj();

	json_put_c(driver, "name", "selfheal");
	json_put_c(driver, "version", SELFHEAL_VERSION);
	json_put(driver, "rules", fill_rules(r));
	json_put(tool, "driver", driver);
	json_put(run, "tool", tool);
	json_put_c(run, "columnKind", "utf16CodeUnits");
	json_put(run, "results", json_arr());
	return run;
}

void render_failures_sarif(const struct render_sink *sink, const struct failure_list *list)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	struct results r = {.list = list, .sink = sink, .text = BUF_INIT(LIMIT_TEXT_BYTES)};
	struct json_t *runs = json_arr();

	strmap_init(&r.rules);
	json_push(runs, run_of(&r));
	json_put_c(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_put_c(j, "version", "2.1.0");
	json_put(j, "runs", runs);
	json_write_items(sink->out, j, 2,
		&(struct json_items){"results", list->items.n, make_result, result_written, &r});
	buf_char(sink->out, '\n');
	strmap_release(&r.rules);
	buf_release(&r.text);
}
