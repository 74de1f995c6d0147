/* yaml: one YAML document as a tree that knows its lines.
 * Layer: port; with xml and zip the only folder that includes the format libraries. The tree lives
 * in the caller's arena and borrows nothing. Input is hostile: size, depth and node count are
 * capped (an alias counts as much as what it stands for), duplicate keys are refused, tags are
 * ignored. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };
enum yaml_style { YAML_PLAIN, YAML_QUOTED, YAML_BLOCK };

struct yaml_pair {
	struct str key;
	int line, column; /* of the key, 1-based */
	const struct yaml_node *value;
};

struct yaml_node {
	enum yaml_kind kind;
	enum yaml_style style;                /* of a scalar: plain, '...' or "...", | or > */
	int line, column;                     /* 1-based */
	const char *source;                   /* the document's name, for messages */
	struct str text;                      /* of a scalar, NUL-terminated behind n */
	const struct yaml_node *const *items; /* n of a list */
	const struct yaml_pair *pairs;        /* n of a map, in the document's order */
	size_t n;
	size_t weight; /* nodes in this tree, aliases written out */
};

enum { YAML_DEPTH_MAX = 64, YAML_NODES_MAX = 200000 };

/* Parses the one document in text (at most cap bytes). name is for messages. An empty document is
 * a plain scalar without text. ERR_PARSE says name, line and column; ERR_LIMIT over a cap. */
int yaml_parse(const struct yaml_node **out, struct str text, const char *name, size_t cap,
	struct arena *mem, struct err *err) MUST_CHECK;

/* The value of key, or NULL (also when map is NULL or no map). */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* A plain scalar that is empty, "~" or "null". NULL is null, too. */
bool yaml_is_null(const struct yaml_node *node);
/* ERR_CONFIG "cannot parse 'name' line 12: ..."; gives -1. */
int yaml_error(const struct yaml_node *node, struct err *err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Fails unless the node is of that kind ("expected a list, not a map"). */
int yaml_want(const struct yaml_node *node, enum yaml_kind kind, struct err *err) MUST_CHECK;
/* Fails on a key that is not among the n known ones, naming the nearest. */
int yaml_check_keys(const struct yaml_node *map, const char *const *known, size_t n,
	struct err *err) MUST_CHECK;

/* Typed reading of map's member key. Absent or null: *out is left as it is, 0. Another type or out
 * of range: < 0. Booleans are true/false, yes/no, on/off, unquoted. */
int yaml_read_str(
	const struct yaml_node *map, const char *key, struct str *out, struct err *err) MUST_CHECK;
int yaml_read_bool(
	const struct yaml_node *map, const char *key, bool *out, struct err *err) MUST_CHECK;
int yaml_read_int(const struct yaml_node *map, const char *key, int min, int max, int *out,
	struct err *err) MUST_CHECK;
int yaml_read_real(const struct yaml_node *map, const char *key, double min, double max,
	double *out, struct err *err) MUST_CHECK;
/* A list of scalars, or one scalar as a list of one; the array is in mem. */
int yaml_read_strs(const struct yaml_node *map, const char *key, struct str **out, size_t *n,
	struct arena *mem, struct err *err) MUST_CHECK;
