/* udiff: a unified diff as hunks: read, applied strictly, or re-bound to a file that moved on.
 * Layer: model. Pure. Reads what git and diff -u write; made for hostile input: paths that leave
 * the tree or reach into .git are refused, counts must fit. Everything lives in mem and borrows
 * from the text. (Written by port/git/diff.h.) */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/patch.h"

struct udiff_line {
	char op;         /* ' ', '-', '+' */
	struct str text; /* without the newline; a CR before it is part of the text */
	bool no_newline; /* the file's last line, and it has no newline */
};

struct udiff_hunk {
	int old_first, old_count, new_first, new_count; /* 1-based; first may be 0 when count is */
	struct udiff_line *lines;
	size_t n;
};

struct udiff_file {
	struct str path;     /* what it is called after the change (before it, when deleted) */
	struct str old_path; /* differs from path only when renamed or copied */
	bool created, deleted, renamed, copied, binary;
	int old_mode, new_mode; /* as git says them (0100644), 0: not said */
	struct udiff_hunk *hunks;
	size_t n;
};

struct udiff {
	struct udiff_file *files;
	size_t n;
};

/* At most LIMIT_PATCH_BYTES; text before the first file is skipped. ERR_PARSE says the line;
 * ERR_POLICY a path that may not be written. A text without any file is ERR_PARSE. */
int udiff_parse(struct udiff *out, struct str text, struct arena *mem, struct err *err) MUST_CHECK;

/* Every hunk exactly where its header says; ERR_CONFLICT otherwise. Content of an absent file is
 * empty. */
int udiff_apply(struct buf *out, const struct udiff_file *file, struct str content,
	struct err *err) MUST_CHECK;

/* The file's hunks as edits of content as it is now, arena array. A hunk is looked for at its own
 * line first, then anywhere; with its whole context first, then without the outermost one or two
 * lines of it. 0, or UDIFF_UNBOUND when a hunk fits nowhere or in several places alike, or when the
 * file is created, deleted, renamed or binary. */
enum { UDIFF_UNBOUND = 1 };
int udiff_bind(struct edit **edits, size_t *n, const struct udiff_file *file, struct str content,
	struct arena *mem, struct err *err) MUST_CHECK;

/* Whether a path from outside may be written in a tree: relative, no empty, "." or ".." part, no
 * ".git" part, no NUL, at most LIMIT_PATH_BYTES. */
bool udiff_path_is_safe(struct str path);
/* The path as git quotes it in headers: as it is, or in double quotes with C escapes when it has
 * control characters, quotes, backslashes or bytes that are not ASCII. */
void udiff_quote_path(struct buf *out, const char *prefix, struct str path);
