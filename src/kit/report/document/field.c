#include "kit/report/document/field.h"

#include "kit/report/document/event.h"

enum { FIELD_PARTS = 16, FIELD_BYTES = DOCUMENT_VALUE_BYTES };

/* --- compiling --- */

/* "!a/b", "a=x|y", "a!=x", "a/@", "a/b*" */
static void compile_path(struct field_part *part, struct str text, struct arena *mem)
{
	struct str path;
	ptrdiff_t equals; /* outside of a filter */

	*part = (struct field_part){0};
	equals = str_find_char(str_from(text, (size_t)(str_rfind_char(text, ']') + 1)), '=');
	if (equals >= 0) {
		equals += str_rfind_char(text, ']') + 1;
		part->wanted = arena_str(mem, str_from(text, (size_t)equals + 1));
		part->not_ = equals > 0 && text.p[equals - 1] == '!';
		path = str_slice(text, 0, (size_t)(equals - part->not_));
	} else {
		path = text;
		part->not_ = str_skip(&path, "!");
	}
	part->own_name = str_ends(path, "@");
	if (path.n > 1 && path.p[path.n - 2] != '/')
		part->glue = str_ends(path, "*") ? " > " : str_ends(path, "+") ? "\n" : NULL;
	if (part->own_name || part->glue)
		path = str_slice(path, 0, path.n - 1);
	if (part->own_name && str_ends(path, "/"))
		path = str_slice(path, 0, path.n - 1);
	part->path = path.n ? arena_cstr(mem, path) : ".";
}

static void compile_text(struct field_text *to, struct str text, struct arena *mem)
{
	struct str before, path;

	to->parts = arena_array(mem, FIELD_PARTS, sizeof(*to->parts));
	if (str_find_char(text, '{') < 0) {
		compile_path(&to->parts[to->n++], text, mem);
		return;
	}
	while (to->n + 2 < FIELD_PARTS && str_cut(&text, "{", &before)) {
		if (before.n)
			to->parts[to->n++] = (struct field_part){.literal = arena_str(mem, before)};
		if (str_cut(&text, "}", &path))
			compile_path(&to->parts[to->n++], path, mem);
	}
	if (text.n)
		to->parts[to->n++] = (struct field_part){.literal = arena_str(mem, text)};
}

void field_compile(struct field *f, const struct str *texts, size_t n, struct arena *mem)
{
	f->n = n;
	f->texts = arena_array(mem, n, sizeof(*f->texts));
	for (size_t i = 0; i < n; i++)
		compile_text(&f->texts[i], texts[i], mem);
}

bool field_is_set(const struct field *f)
{
	return f->n > 0;
}

/* --- evaluating --- */

static bool is_wanted(struct str wanted, struct str value)
{
	struct str one;

	if (wanted.n == 0)
		return value.n == 0;
	while (str_next(&wanted, '|', &one))
		if (str_eq(one, value))
			return true;
	return false;
}

static bool part_holds(const struct field_part *part, const struct node *item)
{
	const struct node *node = node_get(item, part->path);
	bool there = node != NULL;

	if (part->wanted.p)
		there = is_wanted(part->wanted, node ? str_trim(node->text) : STR(""));
	return there != part->not_;
}

static struct str joined(const struct node *node, const char *glue, struct arena *mem)
{
	BUF_AUTO all = BUF_INIT(FIELD_BYTES);

	for (; node; node = node_again(node)) {
		if (all.n)
			buf_c(&all, glue);
		buf_str(&all, str_trim(node->text));
	}
	return arena_str(mem, buf_view(&all));
}

static struct str part_text(
	const struct field_part *part, const struct node *item, struct arena *mem)
{
	const struct node *node = node_get(item, part->path);

	if (!node)
		return STR("");
	if (part->own_name)
		return node->name;
	return part->glue ? joined(node, part->glue, mem) : str_trim(node->text);
}

static struct str text_value(
	const struct field_text *text, const struct node *item, struct arena *mem)
{
	BUF_AUTO all = BUF_INIT(FIELD_BYTES);

	if (text->n == 1 && text->parts[0].path)
		return part_text(&text->parts[0], item, mem);
	for (size_t i = 0; i < text->n; i++) {
		struct str s = text->parts[i].literal;

		if (text->parts[i].path)
			s = part_text(&text->parts[i], item, mem);
		if (s.n == 0)
			return STR("");
		buf_str(&all, s);
	}
	return arena_str(mem, buf_view(&all));
}

struct str field_eval(const struct field *f, const struct node *item, struct arena *mem)
{
	struct str value = STR("");

	for (size_t i = 0; i < f->n && value.n == 0; i++)
		value = text_value(&f->texts[i], item, mem);
	return value;
}

bool field_holds(const struct field *f, const struct node *item)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < f->texts[i].n; k++)
			if (f->texts[i].parts[k].path && !part_holds(&f->texts[i].parts[k], item))
				return false;
	return true;
}
