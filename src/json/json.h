/* json: JSON documents behind capped parsing, typed getters and sorted output.
 * Layer: json; the only folder that includes jansson. A document is a struct json_t (jansson's),
 * reference counted: json_free drops one reference. Text that is not UTF-8 is cleaned on the way
 * in. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct json_t;

void json_free(struct json_t *j);
DEFINE_CLEANUP(struct json_t *, json_free)
struct json_t *json_ref(struct json_t *j);

/* Parses text of at most LIMIT_JSON_BYTES, duplicate keys refused; the caller frees *out. */
int json_parse(struct json_t **out, struct str text, struct err *err) MUST_CHECK;
/* As json_parse for text of outsiders: a NUL character or bytes that are not UTF-8, which would
 * make one hostile comment hide all others, become U+FFFD. */
int json_parse_mended(struct json_t **out, struct str text, struct err *err) MUST_CHECK;
/* Sorted keys; indent 0 gives one compact line (no newline at the end). */
void json_write(struct buf *out, const struct json_t *j, int indent);

/* The items of an array that is too long to be built: each is made, written, freed. */
struct json_items {
	const char *key; /* the array's: j holds one empty array of that name, and no other */
	size_t n;
	struct json_t *(*make)(void *data, size_t i);
	void (*written)(void *data); /* out ends with a whole line, and may be emptied */
	void *data;
};
/* What json_write() gives, at indent > 0, for j with these items in that array. */
void json_write_items(
	struct buf *out, const struct json_t *j, int indent, const struct json_items *items);

/* Values. Bytes that are not UTF-8 become U+FFFD. */
struct json_t *json_obj(void);
struct json_t *json_arr(void);
struct json_t *json_str(struct str s);
struct json_t *json_int(int64_t v);
struct json_t *json_num(double v);
struct json_t *json_flag(bool v);
struct json_t *json_nothing(void);

/* Into an object (json_put takes the value's reference) ... */
void json_put(struct json_t *obj, const char *key, struct json_t *value);
void json_put_str(struct json_t *obj, const char *key, struct str s);
void json_put_c(struct json_t *obj, const char *key, const char *s);
void json_put_int(struct json_t *obj, const char *key, int64_t v);
void json_put_real(struct json_t *obj, const char *key, double v);
void json_put_bool(struct json_t *obj, const char *key, bool v);
/* ... and an array (takes the reference). */
void json_push(struct json_t *arr, struct json_t *value);

/* Typed getters: the value if there and of that type, else the fallback. Borrowed from obj. */
struct str json_get_str(const struct json_t *obj, const char *key);
int64_t json_get_int(const struct json_t *obj, const char *key, int64_t fallback);
double json_get_real(const struct json_t *obj, const char *key, double fallback);
bool json_get_bool(const struct json_t *obj, const char *key, bool fallback);
/* The member whatever its type, an object, an array: or NULL. */
struct json_t *json_get(const struct json_t *obj, const char *key);
struct json_t *json_get_obj(const struct json_t *obj, const char *key);
struct json_t *json_get_arr(const struct json_t *obj, const char *key);
size_t json_len(const struct json_t *arr);
struct json_t *json_at(const struct json_t *arr, size_t i);
bool json_is_obj(const struct json_t *j);
bool json_is_arr(const struct json_t *j);
bool json_is_str(const struct json_t *j);
bool json_is_num(const struct json_t *j);
struct str json_to_str(const struct json_t *j);

/* Members of an object, by sorted key: struct json_each each = {0}; while (json_next(obj, &each)).
 * key and value are borrowed; the object must not change meanwhile. */
struct json_each {
	const char *key;
	struct json_t *value;
};
bool json_next(const struct json_t *obj, struct json_each *each);
