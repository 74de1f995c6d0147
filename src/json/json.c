#include "json/json.h"

#include <assert.h>
#include <jansson.h>

#include "base/limits.h"
#include "base/utf8.h"

void json_free(struct json_t *j)
{
	json_decref(j);
}

struct json_t *json_ref(struct json_t *j)
{
	return json_incref(j);
}

int json_parse(struct json_t **out, struct str text, struct err *err)
{
	json_error_t where;
	json_t *j;

	if (text.n > LIMIT_JSON_BYTES)
		return err_set(err, ERR_LIMIT, "cannot parse JSON of %zu bytes: more than %d",
			text.n, LIMIT_JSON_BYTES);
	j = json_loadb(
		text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
	if (!j)
		return err_set(err, ERR_PARSE, "cannot parse JSON line %d column %d: %s",
			where.line, where.column, where.text);
	*out = j;
	return 0;
}

/* Copies text with what jansson refuses replaced: only inside of strings can there be a backslash,
 * so pairs of it are told apart by taking two characters at a time. */
static void mend(struct buf *out, struct str text)
{
	static const char replacement[] = "\xef\xbf\xbd";

	while (text.n) {
		size_t n = utf8_length(text);

		if (str_skip(&text, "\\u0000")) {
			buf_c(out, replacement);
			continue;
		}
		if (text.p[0] == '\\' && text.n > 1 && (unsigned char)text.p[1] < 0x80)
			n = 2;
		if (n)
			buf_add(out, text.p, n);
		else
			buf_c(out, replacement);
		text = str_from(text, n ? n : 1);
	}
}

int json_parse_mended(struct json_t **out, struct str text, struct err *err)
{
	BUF_AUTO mended = BUF_INIT(LIMIT_JSON_BYTES);
	struct err again = ERR_INIT;

	if (json_parse(out, text, err) == 0)
		return 0;
	if (err->code != ERR_PARSE)
		return -1;
	mend(&mended, text);
	return mended.over ? -1 : json_parse(out, buf_view(&mended), &again);
}

static int write_chunk(const char *p, size_t n, void *data)
{
	buf_add(data, p, n);
	return 0;
}

void json_write(struct buf *out, const struct json_t *j, int indent)
{
	json_dump_callback(j, write_chunk, out,
		JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) |
			(indent ? JSON_INDENT((size_t)indent) : JSON_COMPACT));
}

/* Written text holds line feeds only between its parts: those in strings are escaped. */
static void write_indented(struct buf *out, const struct json_t *j, int indent, size_t margin)
{
	BUF_AUTO text = BUF_INIT(LIMIT_JSON_BYTES);
	struct str rest, line;

	json_write(&text, j, indent);
	rest = buf_view(&text);
	while (str_cut(&rest, "\n", &line)) {
		buf_fill(out, ' ', margin);
		buf_str(out, line);
		buf_char(out, '\n');
	}
	buf_fill(out, ' ', margin);
	buf_str(out, rest);
	out->over |= text.over;
}

/* Finds '\n   "key": []'; the margin is that of the line. */
static ptrdiff_t find_array(struct str text, const char *key, size_t *margin)
{
	BUF_AUTO name = BUF_INIT(LIMIT_LINE_BYTES);
	ptrdiff_t at;

	buf_printf(&name, " \"%s\": []", key);
	at = str_find(text, buf_view(&name));
	assert(at > 0);
	*margin = 1;
	while (text.p[at - (ptrdiff_t)*margin] == ' ')
		++*margin;
	assert(text.p[at - (ptrdiff_t)*margin] == '\n');
	return at + (ptrdiff_t)name.n - 1;
}

void json_write_items(
	struct buf *out, const struct json_t *j, int indent, const struct json_items *items)
{
	BUF_AUTO frame = BUF_INIT(LIMIT_JSON_BYTES);
	size_t margin;
	ptrdiff_t at;

	json_write(&frame, j, indent);
	at = find_array(buf_view(&frame), items->key, &margin);
	buf_add(out, frame.p, (size_t)at);
	for (size_t i = 0; i < items->n; i++) {
		CLEANUP(json_freep) struct json_t *item = items->make(items->data, i);

		buf_c(out, i ? ",\n" : "\n");
		items->written(items->data);
		write_indented(out, item, indent, margin + (size_t)indent);
	}
	if (items->n)
		buf_printf(out, "\n%*s", (int)margin, "");
	buf_str(out, str_from(buf_view(&frame), (size_t)at));
}

struct json_t *json_obj(void)
{
	return json_object();
}

struct json_t *json_arr(void)
{
	return json_array();
}

static struct json_t *str_cleaned(struct str s)
{
	BUF_AUTO clean;
	size_t i = 0;

	buf_init(&clean, s.n * 3 + 1);
	while (i < s.n) {
		size_t len = utf8_length(str_from(s, i));

		if (len)
			buf_add(&clean, s.p + i, len);
		else
			buf_c(&clean, "\xef\xbf\xbd");
		i += len ? len : 1;
	}
	return json_stringn(buf_text(&clean), clean.n);
}

struct json_t *json_str(struct str s)
{
	json_t *j = json_stringn(s.p ? s.p : "", s.n);

	return j ? j : str_cleaned(s);
}

struct json_t *json_int(int64_t v)
{
	return json_integer(v);
}

struct json_t *json_num(double v)
{
	return v == v && v - v == 0 ? json_real(v) : json_null();
}

struct json_t *json_flag(bool v)
{
	return json_boolean(v);
}

struct json_t *json_nothing(void)
{
	return json_null();
}

void json_put(struct json_t *obj, const char *key, struct json_t *value)
{
	json_object_set_new(obj, key, value);
}

void json_put_str(struct json_t *obj, const char *key, struct str s)
{
	json_put(obj, key, json_str(s));
}

void json_put_c(struct json_t *obj, const char *key, const char *s)
{
	json_put(obj, key, s ? json_str(str_of(s)) : json_null());
}

void json_put_int(struct json_t *obj, const char *key, int64_t v)
{
	json_put(obj, key, json_integer(v));
}

void json_put_real(struct json_t *obj, const char *key, double v)
{
	json_put(obj, key, json_num(v));
}

void json_put_bool(struct json_t *obj, const char *key, bool v)
{
	json_put(obj, key, json_boolean(v));
}

void json_push(struct json_t *arr, struct json_t *value)
{
	json_array_append_new(arr, value);
}

struct str json_to_str(const struct json_t *j)
{
	return j && json_is_string(j) ? str_make(json_string_value(j), json_string_length(j))
				      : STR_NULL;
}

struct json_t *json_get(const struct json_t *obj, const char *key)
{
	return obj ? json_object_get(obj, key) : NULL;
}

struct str json_get_str(const struct json_t *obj, const char *key)
{
	return json_to_str(json_get(obj, key));
}

int64_t json_get_int(const struct json_t *obj, const char *key, int64_t fallback)
{
	const json_t *j = json_get(obj, key);

	return j && json_is_integer(j) ? json_integer_value(j) : fallback;
}

double json_get_real(const struct json_t *obj, const char *key, double fallback)
{
	const json_t *j = json_get(obj, key);

	return j && json_is_number(j) ? json_number_value(j) : fallback;
}

bool json_get_bool(const struct json_t *obj, const char *key, bool fallback)
{
	const json_t *j = json_get(obj, key);

	return j && json_is_boolean(j) ? json_is_true(j) : fallback;
}

struct json_t *json_get_obj(const struct json_t *obj, const char *key)
{
	json_t *j = json_get(obj, key);

	return j && json_is_object(j) ? j : NULL;
}

struct json_t *json_get_arr(const struct json_t *obj, const char *key)
{
	json_t *j = json_get(obj, key);

	return j && json_is_array(j) ? j : NULL;
}

size_t json_len(const struct json_t *arr)
{
	return arr ? json_array_size(arr) : 0;
}

struct json_t *json_at(const struct json_t *arr, size_t i)
{
	return json_array_get(arr, i);
}

bool json_is_obj(const struct json_t *j)
{
	return j && json_is_object(j);
}

bool json_is_arr(const struct json_t *j)
{
	return j && json_is_array(j);
}

bool json_is_str(const struct json_t *j)
{
	return j && json_is_string(j);
}

bool json_is_num(const struct json_t *j)
{
	return j && json_is_number(j);
}

/* Walks by rank in sorted order: quadratic, which documents of a few members can bear. */
bool json_next(const struct json_t *obj, struct json_each *each)
{
	const char *key, *least = NULL;
	json_t *value, *found = NULL;
	json_t *mutable = (json_t *)(uintptr_t)obj;

	json_object_foreach(mutable, key, value)
	{
		if (each->key && strcmp(key, each->key) <= 0)
			continue;
		if (!least || strcmp(key, least) < 0) {
			least = key;
			found = value;
		}
	}
	each->key = least;
	each->value = found;
	return least != NULL;
}
