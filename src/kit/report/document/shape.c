#include "kit/report/document/shape.h"

#include <assert.h>

#include "base/limits.h"
#include "base/overlay.h"
#include "kit/report/document/collect.h"
#include "kit/report/document/event.h"
#include "kit/report/document/field.h"
#include "kit/report/document/outcome.h"
#include "kit/report/document/stack_text.h"
#include "kit/report/scan.h"
#include "port/format/yaml.h"

enum { SHAPE_DEPTH = 16 };

enum shape_kind { SHAPE_LINT, SHAPE_COMPILE, SHAPE_TEST };

struct mapped {
	struct str from, to;
};

/* One kind of items; a dialect may have several. */
struct shape {
	struct shape *next;
	struct str *items; /* paths of the findings in the record; none: it is one itself */
	size_t item_count;
	enum shape_kind kind;
	struct field where, file, class_, line, column, end_line, end_column, name, suite, id,
		message, details, type, fix, place, expected, actual, seconds, milliseconds, state;
	struct mapped *types; /* what a type is called here */
	size_t type_count;
	struct str *errors, *passed, *skipped, *broken, *ignored;
	size_t error_count, passed_count, skipped_count, broken_count, ignored_count;
	struct str split; /* what stands between suite and name */
	bool uncounted;   /* failures that are no test's */
	bool own_place;   /* the report is what the findings are of */
	struct str language;
	int line_base, column_base; /* the number of the first */
};

/* --- one finding --- */

static bool is_one_of(const struct str *list, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(list[i], s))
			return true;
	return false;
}

static int number(const struct field *field, const struct node *item, int base, struct arena *mem)
{
	struct str s = field_eval(field, item, mem);
	int n;

	if (!str_take_int(&s, &n) || n < 0 || n > INT32_MAX - 1)
		return 0;
	return n + 1 - base;
}

static struct str type_of(const struct shape *s, const struct node *item, struct arena *mem)
{
	struct str type = field_eval(&s->type, item, mem);

	for (size_t i = 0; i < s->type_count; i++)
		if (str_eq_nocase(s->types[i].from, type))
			return s->types[i].to;
	return type;
}

static struct str without_scheme(struct str file)
{
	(void)(str_skip(&file, "file://localhost") || str_skip(&file, "file://"));
	if (file.n > 3 && file.p[0] == '/' && file.p[2] == ':')
		file = str_from(file, 1);
	return file;
}

static void read_fix(
	struct failure *f, const struct shape *s, const struct node *item, struct arena *mem)
{
	if (!field_is_set(&s->fix) || !field_holds(&s->fix, item))
		return;
	f->fixit = field_eval(&s->fix, item, mem);
	f->fix_line = f->line;
	f->fix_column = f->column;
	f->fix_end_line = number(&s->end_line, item, s->line_base, mem);
	f->fix_end_column = number(&s->end_column, item, s->column_base, mem);
}

/* "path:3:5", "path(3,5)", "path(3)" with a mark before the number. */
static void read_place(struct failure *f, struct str place)
{
	ptrdiff_t open = str_rfind_char(place, '(');
	struct frame frame;

	if (stack_text_place(place, &frame)) {
		f->file = frame.path;
		f->line = frame.line;
		f->column = frame.column;
	} else if (open > 0 && str_ends(place, ")")) {
		f->file = str_slice(place, 0, (size_t)open);
		place = str_from(place, (size_t)open + 1);
		while (place.n && (place.p[0] < '0' || place.p[0] > '9'))
			place = str_from(place, 1);
		(void)str_take_int(&place, &f->line);
	} else {
		f->file = place;
	}
}

/* Where a class of Java is by convention: "a.b.C$D" -> a/b/C.java. */
static struct str file_of_class(struct str name, struct arena *mem)
{
	BUF_AUTO path = BUF_INIT(DOCUMENT_VALUE_BYTES);

	name = scan_until(scan_until(name, "$"), "<");
	if (name.n == 0)
		return STR("");
	for (size_t i = 0; i < name.n; i++)
		buf_char(&path, name.p[i] == '.' ? '/' : name.p[i]);
	buf_c(&path, ".java");
	return arena_str(mem, buf_view(&path));
}

static void read_common(
	struct failure *f, const struct shape *s, const struct node *item, struct arena *mem)
{
	f->duration_s = -1;
	f->name = field_eval(&s->name, item, mem);
	f->suite = field_eval(&s->suite, item, mem);
	f->id = field_eval(&s->id, item, mem);
	f->file = without_scheme(field_eval(&s->file, item, mem));
	f->line = number(&s->line, item, s->line_base, mem);
	f->column = number(&s->column, item, s->column_base, mem);
	if (f->file.n == 0)
		read_place(f, field_eval(&s->place, item, mem));
	if (f->file.n == 0)
		f->file = file_of_class(field_eval(&s->class_, item, mem), mem);
	f->type = type_of(s, item, mem);
	f->language = s->language;
	if (f->language.n == 0 && f->file.n)
		f->language = scan_language(f->file);
	if (!f->language.p)
		f->language = STR("");
}

/* The line of the report that the record begins at. */
static int own_line(const struct node *item)
{
	while (item && item->line == 0)
		item = item->parent;
	return item ? item->line : 0;
}

static void finding(struct document_out *out, const struct shape *s, const struct node *item)
{
	struct arena *mem = &out->report->scratch;
	struct failure f = {.kind = FAILURE_LINT};

	read_common(&f, s, item, mem);
	f.message = field_eval(&s->message, item, mem);
	if (s->own_place) {
		f.file = out_source(out->report);
		f.line = own_line(item);
	}
	if (s->kind == SHAPE_COMPILE && is_one_of(s->errors, s->error_count, f.type))
		f.kind = FAILURE_COMPILE;
	read_fix(&f, s, item, mem);
	if (f.message.n || f.name.n || f.file.n)
		document_emit(out, &f, ROLE_RUNNER);
}

static double seconds_of(const struct shape *s, const struct node *item, struct arena *mem)
{
	struct str clock = field_eval(&s->seconds, item, mem);
	double v;
	int hours, minutes;

	if (str_find_char(clock, ':') > 0 && str_take_int(&clock, &hours) &&
		str_skip(&clock, ":") && str_take_int(&clock, &minutes) && str_skip(&clock, ":") &&
		str_to_double(clock, &v))
		return hours * 3600.0 + minutes * 60.0 + v;
	if (str_to_double(field_eval(&s->seconds, item, mem), &v) && v >= 0)
		return v;
	if (str_to_double(field_eval(&s->milliseconds, item, mem), &v) && v >= 0)
		return v / 1000;
	return -1;
}

/* Where the separator is for the last time outside of brackets and quotes. */
static ptrdiff_t last_separator(struct str s, struct str separator)
{
	struct str head = scan_until(scan_until(scan_until(s, "("), "["), "<");
	ptrdiff_t last = -1, at;

	while ((at = str_find(str_from(head, (size_t)(last + 1)), separator)) >= 0)
		last += at + 1;
	return last;
}

/* Names that hold their suite: "Ns.Class.method(1.5)", "A describes b" below "A". */
static void split_name(struct failure *f, const struct shape *s)
{
	ptrdiff_t at = -1;

	if (s->split.n)
		at = last_separator(f->name, s->split);
	if (at >= 0) {
		f->suite = str_slice(f->name, 0, (size_t)at);
		f->name = str_from(f->name, (size_t)at + s->split.n);
		(void)str_skip(&f->suite, "/");
		return;
	}
	if (f->suite.n && f->name.n > f->suite.n + 1 && f->name.p[f->suite.n] == '.' &&
		str_eq(str_slice(f->name, 0, f->suite.n), f->suite)) {
		f->name = str_from(f->name, f->suite.n + 1);
		return;
	}
	if (f->suite.n > f->name.n && str_eq(str_from(f->suite, f->suite.n - f->name.n), f->name))
		f->suite = str_trim(str_slice(f->suite, 0, f->suite.n - f->name.n));
}

static void failed_test(struct document_out *out, const struct shape *s, const struct node *item)
{
	struct arena *mem = &out->report->scratch;
	struct failure f = {.kind = FAILURE_TEST};

	read_common(&f, s, item, mem);
	f.duration_s = seconds_of(s, item, mem);
	split_name(&f, s);
	if (field_is_set(&s->expected) && field_holds(&s->expected, item))
		f.expected = field_eval(&s->expected, item, mem);
	if (field_is_set(&s->actual) && field_holds(&s->actual, item))
		f.actual = field_eval(&s->actual, item, mem);
	outcome_explain(
		&f, field_eval(&s->message, item, mem), field_eval(&s->details, item, mem), mem);
	document_emit(out, &f, ROLE_RUNNER);
}

static void test(struct document_out *out, const struct shape *s, const struct node *item)
{
	struct str state = field_eval(&s->state, item, &out->report->scratch);
	bool error = is_one_of(s->broken, s->broken_count, state);

	if (is_one_of(s->ignored, s->ignored_count, state))
		return;
	if (is_one_of(s->passed, s->passed_count, state)) {
		document_count(out, RESULT_PASSED);
	} else if (is_one_of(s->skipped, s->skipped_count, state)) {
		document_count(out, RESULT_SKIPPED);
	} else {
		if (!s->uncounted)
			document_count(out, error ? RESULT_ERROR : RESULT_FAILED);
		failed_test(out, s, item);
	}
}

static void one_item(struct document_out *out, const struct shape *s, const struct node *item)
{
	if (field_is_set(&s->where) && !field_holds(&s->where, item))
		return;
	if (s->kind == SHAPE_TEST)
		test(out, s, item);
	else
		finding(out, s, item);
	out_reset(out->report);
}

/* Every node that the path leads to, not only the first. */
static void each_item(struct document_out *out, const struct shape *s, const struct node *node,
	struct str path, int depth)
{
	struct str name = path;

	if (path.n == 0) {
		one_item(out, s, node);
		return;
	}
	if (depth == SHAPE_DEPTH)
		return;
	(void)str_next(&path, '/', &name);
	if (str_eq_c(name, ".")) {
		each_item(out, s, node, path, depth + 1);
		return;
	}
	for (const struct node *n = NULL; (n = node_child(node, name, n));)
		each_item(out, s, n, path, depth + 1);
}

static void shape_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	(void)state;
	for (const struct shape *s = dialect->about; s; s = s->next) {
		for (size_t i = 0; i < s->item_count; i++)
			each_item(out, s, node, s->items[i], 0);
		if (s->item_count == 0)
			one_item(out, s, node);
	}
}

/* --- reading the description --- */

static int read_list(const char *const **out, const struct yaml_node *map, const char *key,
	struct arena *mem, struct err *err)
{
	struct str *items = NULL;
	const char **list;
	size_t n = 0;

	if (yaml_read_strs(map, key, &items, &n, mem, err) < 0)
		return -1;
	list = arena_array(mem, n + 1, sizeof(*list));
	if (n > COLLECT_NAMES)
		return yaml_error(map, err, "more than %d of '%s'", COLLECT_NAMES, key);
	for (size_t i = 0; i < n; i++)
		list[i] = arena_cstr(mem, items[i]);
	*out = list;
	return 0;
}

static int read_fields(
	struct shape *s, const struct yaml_node *map, struct arena *mem, struct err *err)
{
	const struct {
		const char *key;
		struct field *to;
	} fields[] = {{"where", &s->where}, {"file", &s->file}, {"line", &s->line},
		{"class", &s->class_}, {"column", &s->column}, {"place", &s->place},
		{"end_line", &s->end_line}, {"end_column", &s->end_column}, {"name", &s->name},
		{"suite", &s->suite}, {"id", &s->id}, {"message", &s->message},
		{"details", &s->details}, {"type", &s->type}, {"fix", &s->fix},
		{"expected", &s->expected}, {"actual", &s->actual}, {"seconds", &s->seconds},
		{"milliseconds", &s->milliseconds}, {"state", &s->state}};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct str *texts = NULL;
		size_t n = 0;

		if (yaml_read_strs(map, fields[i].key, &texts, &n, mem, err) < 0)
			return -1;
		field_compile(fields[i].to, texts, n, mem);
	}
	return 0;
}

static int read_types(
	struct shape *s, const struct yaml_node *map, struct arena *mem, struct err *err)
{
	const struct yaml_node *types = yaml_get(map, "types");

	if (!types)
		return 0;
	if (yaml_want(types, YAML_MAP, err) < 0)
		return -1;
	s->types = arena_array(mem, types->n, sizeof(*s->types));
	for (size_t i = 0; i < types->n; i++)
		s->types[s->type_count++] =
			(struct mapped){types->pairs[i].key, types->pairs[i].value->text};
	return 0;
}

static int read_kind(struct shape *s, const struct yaml_node *map, struct err *err)
{
	static const char *const kinds[] = {"lint", "compile", "test"};
	struct str kind = STR("lint");

	if (yaml_read_str(map, "kind", &kind, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq_c(kind, kinds[i])) {
			s->kind = (enum shape_kind)i;
			return 0;
		}
	return yaml_error(yaml_get(map, "kind"), err, "expected lint, compile or test");
}

static int read_shape(
	struct shape *s, const struct yaml_node *map, struct arena *mem, struct err *err)
{
	s->language = STR("");
	s->line_base = s->column_base = 1;
	if (read_kind(s, map, err) < 0 || read_fields(s, map, mem, err) < 0 ||
		read_types(s, map, mem, err) < 0 ||
		yaml_read_strs(map, "items", &s->items, &s->item_count, mem, err) < 0 ||
		yaml_read_str(map, "language", &s->language, err) < 0 ||
		yaml_read_int(map, "line_base", 0, 1, &s->line_base, err) < 0 ||
		yaml_read_int(map, "column_base", 0, 1, &s->column_base, err) < 0 ||
		yaml_read_strs(map, "errors", &s->errors, &s->error_count, mem, err) < 0 ||
		yaml_read_strs(map, "passed", &s->passed, &s->passed_count, mem, err) < 0 ||
		yaml_read_strs(map, "skipped", &s->skipped, &s->skipped_count, mem, err) < 0 ||
		yaml_read_strs(map, "ignored", &s->ignored, &s->ignored_count, mem, err) < 0 ||
		yaml_read_str(map, "split", &s->split, err) < 0 ||
		yaml_read_bool(map, "uncounted", &s->uncounted, err) < 0 ||
		yaml_read_bool(map, "own_place", &s->own_place, err) < 0 ||
		yaml_read_strs(map, "broken", &s->broken, &s->broken_count, mem, err) < 0)
		return -1;
	return 0;
}

static int read_also(
	struct shape *s, const struct yaml_node *list, struct arena *mem, struct err *err)
{
	if (!list)
		return 0;
	if (yaml_want(list, YAML_LIST, err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		s->next = arena_new(mem, struct shape);
		s = s->next;
		if (yaml_want(list->items[i], YAML_MAP, err) < 0 ||
			read_shape(s, list->items[i], mem, err) < 0)
			return -1;
	}
	return 0;
}

static int read_dialect(struct shapes *shapes, struct str name, const struct yaml_node *map,
	struct arena *mem, struct err *err)
{
	static const char *const keys[] = {"known_by", "records", "keep", "skip", "json", "items",
		"kind", "where", "place", "file", "line", "column", "end_line", "end_column",
		"name", "suite", "id", "message", "details", "type", "fix", "expected", "actual",
		"seconds", "milliseconds", "state", "types", "errors", "passed", "skipped",
		"broken", "language", "line_base", "column_base", "also", "ignored", "split",
		"uncounted", "class", "own_place"};
	struct dialect *d = arena_new(mem, struct dialect);
	struct shape *s = arena_new(mem, struct shape);

	*d = (struct dialect){
		.name = arena_cstr(mem, name), .json = true, .about = s, .record = shape_record};
	if (yaml_want(map, YAML_MAP, err) < 0 ||
		yaml_check_keys(map, keys, ARRAY_LEN(keys), err) < 0 ||
		yaml_read_bool(map, "json", &d->json, err) < 0 ||
		read_list(&d->known_by, map, "known_by", mem, err) < 0 ||
		read_list(&d->records, map, "records", mem, err) < 0 ||
		read_list(&d->keep, map, "keep", mem, err) < 0 ||
		read_list(&d->skip, map, "skip", mem, err) < 0 ||
		read_shape(s, map, mem, err) < 0 ||
		read_also(s, yaml_get(map, "also"), mem, err) < 0)
		return -1;
	if (!d->known_by[0] || !d->records[0])
		return yaml_error(map, err, "a dialect needs 'known_by' and 'records'");
	vec_push(&shapes->dialects, d);
	return 0;
}

static int read_file(
	struct shapes *shapes, const struct overlay_file *file, struct arena *mem, struct err *err)
{
	const struct yaml_node *map;

	if (yaml_parse(&map, file->text, file->path, LIMIT_CONFIG_BYTES, mem, err) < 0 ||
		yaml_want(map, YAML_MAP, err) < 0)
		return -1;
	for (size_t i = 0; i < map->n; i++)
		if (read_dialect(shapes, map->pairs[i].key, map->pairs[i].value, mem, err) < 0)
			return -1;
	return 0;
}

int shapes_load(struct shapes *shapes, const char *dir, struct arena *mem, struct err *err)
{
	struct overlay files;

	if (overlay_read(&files, dir, "reports/", mem, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n; i++)
		if (read_file(shapes, &files.v[i], mem, err) < 0)
			return -1;
	return 0;
}

void shapes_release(struct shapes *shapes)
{
	vec_free(&shapes->dialects);
}
