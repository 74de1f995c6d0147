#include "model/failure.h"

#include "base/limits.h"
#include "json/json.h"

static const char *const kinds[] = {"test", "compile", "lint", "crash", "timeout", "dependency",
	"configuration", "infrastructure"};

const char *failure_kind_to_string(enum failure_kind kind)
{
	return (size_t)kind < ARRAY_LEN(kinds) ? kinds[kind] : "test";
}

bool failure_kind_from_string(struct str s, enum failure_kind *out)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq_c(s, kinds[i])) {
			*out = (enum failure_kind)i;
			return true;
		}
	return false;
}

void failure_list_init(struct failure_list *list)
{
	*list = (struct failure_list){.counts = {-1, -1, -1, -1, -1}};
}

void failure_list_release(struct failure_list *list)
{
	vec_free(&list->items);
	vec_free(&list->excerpt);
}

struct failure *failure_list_add(struct failure_list *list)
{
	struct failure *f;

	if (list->items.n >= LIMIT_FAILURES) {
		list->truncated = true;
		return NULL;
	}
	f = vec_add(&list->items);
	f->duration_s = -1;
	f->attempts = 1;
	return f;
}

void failure_add_frame(struct failure *f, struct arena *mem, struct frame frame)
{
	if (f->stack.n >= LIMIT_FRAMES)
		return;
	if (f->stack.n == f->stack.cap) {
		size_t cap = f->stack.cap ? f->stack.cap * 2 : 4;
		struct frame *v = arena_array(mem, cap, sizeof(*v));

		if (f->stack.n)
			memcpy(v, f->stack.v, f->stack.n * sizeof(*v));
		f->stack.v = v;
		f->stack.cap = cap;
	}
	f->stack.v[f->stack.n++] = frame;
}

static void fill(struct str *to, struct str from)
{
	if (to->n == 0 && from.p)
		*to = from;
}

void failure_fill(struct failure *to, const struct failure *from)
{
	fill(&to->message, from->message);
	fill(&to->expected, from->expected);
	fill(&to->actual, from->actual);
	fill(&to->language, from->language);
	if (to->file.n == 0) {
		to->file = from->file;
		to->line = from->line;
		to->column = from->column;
	}
	if (!to->finding)
		to->finding = from->finding;
	if (to->stack.n == 0) {
		to->stack.v = from->stack.v;
		to->stack.n = to->stack.cap = from->stack.n;
	}
}

struct failure *failure_list_find(const struct failure_list *list, const struct failure *like)
{
	vec_each (f, &list->items) {
		if (like->id.n || f->id.n
				? str_eq(f->id, like->id)
				: str_eq(f->suite, like->suite) && str_eq(f->name, like->name))
			return f;
	}
	return NULL;
}

static void put_optional(struct json_t *j, const char *key, struct str s)
{
	json_put(j, key, s.p ? json_str(s) : json_nothing());
}

static struct json_t *frame_to_json(const struct frame *frame)
{
	struct json_t *j = json_obj();

	json_put_str(j, "file", frame->path);
	json_put_str(j, "function", frame->function);
	json_put_int(j, "line", frame->line);
	json_put_int(j, "column", frame->column);
	json_put_bool(j, "in_project", frame->in_project);
	return j;
}

struct json_t *failure_to_json(const struct failure *f)
{
	struct json_t *j = json_obj(), *stack = json_arr(), *class_ = json_arr(),
		      *source = json_obj();

	json_put_str(j, "id", f->id);
	json_put_str(j, "name", f->name);
	json_put_str(j, "suite", f->suite);
	json_put_str(j, "file", f->file);
	json_put_int(j, "line", f->line);
	json_put_int(j, "column", f->column);
	json_put_c(j, "kind", failure_kind_to_string(f->kind));
	json_put_str(j, "language", f->language);
	json_put_str(j, "type", f->type);
	json_put_str(j, "message", f->message);
	if (f->evidence.n)
		json_put_str(j, "evidence", f->evidence);
	put_optional(j, "expected", f->expected);
	put_optional(j, "actual", f->actual);
	vec_each (frame, &f->stack)
		json_push(stack, frame_to_json(frame));
	json_put(j, "stack", stack);
	if (f->duration_s >= 0)
		json_put_real(j, "duration_s", f->duration_s);
	json_put_int(j, "attempts", f->attempts);
	json_put_c(j, "fingerprint", f->fingerprint);
	json_put_c(j, "cause", f->cause);
	for (int i = 0; i < FAILURE_CLASS_LEVELS; i++)
		json_push(class_, json_str(f->class_[i]));
	json_put(j, "class", class_);
	json_put_str(source, "file", f->source.file);
	json_put_int(source, "first_line", f->source.first_line);
	json_put_int(source, "last_line", f->source.last_line);
	json_put(j, "source", source);
	return j;
}

static void put_count(struct json_t *j, const char *key, int n)
{
	json_put(j, key, n < 0 ? json_nothing() : json_int(n));
}

struct json_t *failure_list_to_json(const struct failure_list *list)
{
	struct json_t *j = json_obj(), *items = json_arr(), *counts = json_obj(),
		      *excerpt = json_arr();

	vec_each (f, &list->items)
		json_push(items, failure_to_json(f));
	json_put(j, "failures", items);
	put_count(counts, "tests", list->counts.tests);
	put_count(counts, "passed", list->counts.passed);
	put_count(counts, "failed", list->counts.failed);
	put_count(counts, "errors", list->counts.errors);
	put_count(counts, "skipped", list->counts.skipped);
	json_put(j, "counts", counts);
	vec_each (range, &list->excerpt) {
		struct json_t *pair = json_arr();

		json_push(pair, json_int(range->first));
		json_push(pair, json_int(range->last));
		json_push(excerpt, pair);
	}
	json_put(j, "excerpt", excerpt);
	return j;
}

static struct str copied(const struct json_t *j, const char *key, struct arena *mem)
{
	struct str s = json_get_str(j, key);

	return s.p ? arena_str(mem, s) : STR_NULL;
}

static void hex_from_json(char out[FINGERPRINT_SIZE], struct str s)
{
	if (s.n < FINGERPRINT_SIZE && s.n) {
		memcpy(out, s.p, s.n);
		out[s.n] = '\0';
	}
}

void failure_from_json(struct failure *f, const struct json_t *j, struct arena *mem)
{
	const struct json_t *stack = json_get_arr(j, "stack"), *class_ = json_get_arr(j, "class");
	const struct json_t *source = json_get_obj(j, "source");

	*f = (struct failure){.duration_s = json_get_real(j, "duration_s", -1),
		.attempts = (int)json_get_int(j, "attempts", 1),
		.line = (int)json_get_int(j, "line", 0),
		.column = (int)json_get_int(j, "column", 0),
		.id = copied(j, "id", mem),
		.name = copied(j, "name", mem),
		.suite = copied(j, "suite", mem),
		.file = copied(j, "file", mem),
		.language = copied(j, "language", mem),
		.type = copied(j, "type", mem),
		.message = copied(j, "message", mem),
		.evidence = copied(j, "evidence", mem),
		.expected = copied(j, "expected", mem),
		.actual = copied(j, "actual", mem)};
	failure_kind_from_string(json_get_str(j, "kind"), &f->kind);
	for (size_t i = 0; i < json_len(stack); i++) {
		const struct json_t *frame = json_at(stack, i);

		failure_add_frame(f, mem,
			(struct frame){.path = copied(frame, "file", mem),
				.function = copied(frame, "function", mem),
				.line = (int)json_get_int(frame, "line", 0),
				.column = (int)json_get_int(frame, "column", 0),
				.in_project = json_get_bool(frame, "in_project", false)});
	}
	hex_from_json(f->fingerprint, json_get_str(j, "fingerprint"));
	hex_from_json(f->cause, json_get_str(j, "cause"));
	for (size_t i = 0; i < FAILURE_CLASS_LEVELS && i < json_len(class_); i++)
		f->class_[i] = arena_str(mem, json_to_str(json_at(class_, i)));
	f->source.file = copied(source, "file", mem);
	f->source.first_line = (int)json_get_int(source, "first_line", 0);
	f->source.last_line = (int)json_get_int(source, "last_line", 0);
}
