#include "model/udiff.h"

#include "base/limits.h"
#include "base/vec.h"

struct reader {
	struct str rest;
	struct str line; /* the current one */
	int number;      /* of the current line, 1-based */
	bool has_line;
	struct arena *mem;
	struct err *err;
	vec(struct udiff_file) files;
	vec(struct udiff_hunk) hunks; /* of the current file */
	vec(struct udiff_line) lines; /* of the current hunk */
};

/* Lines end at LF alone: a CR belongs to the text of the file. */
static void advance(struct reader *r)
{
	r->has_line = str_next(&r->rest, '\n', &r->line);
	r->number++;
}

static int bad(struct reader *r, const char *why)
{
	return err_set(r->err, ERR_PARSE, "cannot read diff line %d: %s", r->number, why);
}

static bool at(const struct reader *r, const char *prefix)
{
	return r->has_line && str_starts(r->line, prefix);
}

bool udiff_path_is_safe(struct str path)
{
	struct str rest = path, part;

	if (!path.n || path.n >= LIMIT_PATH_BYTES || path.p[path.n - 1] == '/' ||
		str_find_char(path, '\0') >= 0)
		return false;
	while (str_next(&rest, '/', &part))
		if (!part.n || str_eq_c(part, ".") || str_eq_c(part, "..") ||
			str_eq_nocase(part, STR(".git")))
			return false;
	return true;
}

static bool must_quote(unsigned char c)
{
	return c < 0x20 || c >= 0x7f || c == '"' || c == '\\';
}

static const char escapes[] = "a\ab\bt\tn\nv\vf\fr\r\"\"\\\\";

static void quote_byte(struct buf *out, unsigned char c)
{
	for (size_t i = 0; i + 1 < sizeof(escapes); i += 2)
		if ((unsigned char)escapes[i + 1] == c) {
			buf_char(out, '\\');
			buf_char(out, escapes[i]);
			return;
		}
	if (must_quote(c))
		buf_printf(out, "\\%03o", c);
	else
		buf_char(out, (char)c);
}

void udiff_quote_path(struct buf *out, const char *prefix, struct str path)
{
	bool quote = false;

	for (size_t i = 0; i < path.n && !quote; i++)
		quote = must_quote((unsigned char)path.p[i]);
	if (!quote) {
		buf_c(out, prefix);
		buf_str(out, path);
		return;
	}
	buf_char(out, '"');
	buf_c(out, prefix);
	for (size_t i = 0; i < path.n; i++)
		quote_byte(out, (unsigned char)path.p[i]);
	buf_char(out, '"');
}

/* One escape behind a backslash; moves *s behind it. */
static bool unquote_escape(struct str *s, struct buf *out)
{
	int octal = 0;

	if (!s->n)
		return false;
	for (size_t i = 0; i + 1 < sizeof(escapes); i += 2)
		if (escapes[i] == s->p[0]) {
			buf_char(out, escapes[i + 1]);
			*s = str_from(*s, 1);
			return true;
		}
	for (int i = 0; i < 3; i++) {
		if (!s->n || s->p[0] < '0' || s->p[0] > '7')
			return false;
		octal = octal * 8 + (s->p[0] - '0');
		*s = str_from(*s, 1);
	}
	buf_char(out, (char)octal);
	return octal <= 255;
}

/* A quoted name at the start of *s; moves it behind the closing quote. */
static bool unquote(struct str *s, struct str *name, struct arena *mem)
{
	BUF_AUTO out;

	buf_init(&out, LIMIT_PATH_BYTES);
	*s = str_from(*s, 1);
	while (s->n && s->p[0] != '"') {
		char c = s->p[0];

		*s = str_from(*s, 1);
		if (c != '\\')
			buf_char(&out, c);
		else if (!unquote_escape(s, &out))
			return false;
	}
	if (!s->n || out.over)
		return false;
	*s = str_from(*s, 1);
	*name = arena_str(mem, buf_view(&out));
	return true;
}

/* The name behind "--- ", "rename to "...: quoted, or up to a tab (diff -u puts a date there). */
static bool read_name(struct reader *r, struct str text, struct str *name)
{
	ptrdiff_t tab;

	if (text.n && text.p[0] == '"')
		return unquote(&text, name, r->mem);
	tab = str_find_char(text, '\t');
	*name = str_slice(text, 0, tab < 0 ? text.n : (size_t)tab);
	if (str_ends(*name, "\r"))
		name->n--;
	return name->n > 0;
}

static bool is_null_name(struct str name)
{
	return str_eq_c(name, "/dev/null");
}

static int check_path(struct reader *r, struct str path)
{
	if (!path.n)
		return bad(r, "the file before it has no name");
	if (udiff_path_is_safe(path))
		return 0;
	return err_set(r->err, ERR_POLICY, "cannot take diff line %d: path '%.*s' is not allowed",
		r->number, (int)(path.n < 200 ? path.n : 200), path.n ? path.p : "");
}

/* "a/X b/X" of a file whose name did not change: the only form where the line alone says it. */
static bool read_git_names(struct reader *r, struct str text, struct str *name)
{
	struct str first, second;

	if (text.n && text.p[0] == '"') {
		if (!unquote(&text, &first, r->mem) || !str_skip(&text, " \"") || !text.n)
			return false;
		text = str_make(text.p - 1, text.n + 1);
		if (!unquote(&text, &second, r->mem))
			return false;
	} else {
		first = str_slice(text, 0, text.n / 2);
		second = str_from(text, text.n / 2 + 1);
	}
	*name = first;
	return str_skip(name, "a/") && str_skip(&second, "b/") && str_eq(*name, second);
}

static bool read_mode(struct reader *r, const char *prefix, int *mode)
{
	struct str text = r->line;
	int v = 0;

	if (!str_skip(&text, prefix) || text.n > 7)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7')
			return false;
		v = v * 8 + (text.p[i] - '0');
	}
	*mode = v;
	return true;
}

/* "index 1234567..89abcde 100644": the mode when it does not change. */
static void read_index_mode(struct reader *r, struct udiff_file *f)
{
	ptrdiff_t blank = str_rfind_char(r->line, ' ');
	struct reader rest = {.line = str_from(r->line, (size_t)(blank + 1))};

	if (read_mode(&rest, "", &f->old_mode) && f->old_mode)
		f->new_mode = f->old_mode;
}

/* git's extended header lines. 0 taken, 1 not one of them. */
static int read_extended(struct reader *r, struct udiff_file *f)
{
	struct str text = r->line;
	bool named = true;

	if (read_mode(r, "old mode ", &f->old_mode) || read_mode(r, "new mode ", &f->new_mode))
		return 0;
	if (read_mode(r, "new file mode ", &f->new_mode))
		f->created = true;
	else if (read_mode(r, "deleted file mode ", &f->old_mode))
		f->deleted = true;
	else if (str_skip(&text, "rename from ") || str_skip(&text, "copy from "))
		named = read_name(r, text, &f->old_path);
	else if (str_skip(&text, "rename to "))
		f->renamed = true, named = read_name(r, text, &f->path);
	else if (str_skip(&text, "copy to "))
		f->copied = true, named = read_name(r, text, &f->path);
	else if (str_starts(text, "Binary files ") || str_starts(text, "GIT binary patch"))
		f->binary = true;
	else if (str_starts(text, "index "))
		read_index_mode(r, f);
	else if (!str_starts(text, "similarity index ") &&
		 !str_starts(text, "dissimilarity index "))
		return 1;
	return named ? 0 : bad(r, "a name cannot be read");
}

static int read_git_header(struct reader *r, struct udiff_file *f)
{
	int rc = 0;

	if (!read_git_names(r, str_from(r->line, strlen("diff --git ")), &f->path))
		f->path = STR_NULL; /* renamed: further lines say the names */
	f->old_path = f->path;
	advance(r);
	while (r->has_line && (rc = read_extended(r, f)) == 0)
		advance(r);
	if (rc < 0)
		return -1;
	/* A binary patch's data is not for us: up to the next file. */
	while (f->binary && r->has_line && !at(r, "diff --git "))
		advance(r);
	return 0;
}

/* "--- old", "+++ new", with a/ and b/ taken off when both have them. */
static int read_names(struct reader *r, struct udiff_file *f)
{
	struct str old, new;
	bool no_old, no_new;

	if (!read_name(r, str_from(r->line, 4), &old))
		return bad(r, "no name behind '---'");
	advance(r);
	if (!at(r, "+++ ") || !read_name(r, str_from(r->line, 4), &new))
		return bad(r, "no '+++' line behind '---'");
	advance(r);
	no_old = is_null_name(old);
	no_new = is_null_name(new);
	if (no_old && no_new)
		return bad(r, "both names are /dev/null");
	if ((no_old || str_starts(old, "a/")) && (no_new || str_starts(new, "b/"))) {
		old = str_from(old, 2);
		new = str_from(new, 2);
	}
	f->created = f->created || no_old;
	f->deleted = f->deleted || no_new;
	f->path = no_new ? old : new;
	f->old_path = no_old ? new : old;
	return 0;
}

/* "-12,3" or "-12". */
static bool read_range(struct str *s, char sign, int *first, int *count)
{
	if (!s->n || s->p[0] != sign)
		return false;
	*s = str_from(*s, 1);
	*count = 1;
	if (!str_take_int(s, first) || *first < 0)
		return false;
	return !str_skip(s, ",") || (str_take_int(s, count) && *count >= 0);
}

static bool read_hunk_header(struct reader *r, struct udiff_hunk *h)
{
	struct str s = str_from(r->line, 3);

	return read_range(&s, '-', &h->old_first, &h->old_count) && str_skip(&s, " ") &&
	       read_range(&s, '+', &h->new_first, &h->new_count) && str_starts(s, " @@");
}

/* One line of a hunk; old and new are how many it still owes. */
static int read_hunk_line(struct reader *r, int *old, int *new)
{
	char op = r->line.n ? r->line.p[0] : ' '; /* some mailers cut the blank of an empty line */

	if (op == '\\') {
		if (!r->lines.n)
			return bad(r, "'\\' before any line of the hunk");
		r->lines.v[r->lines.n - 1].no_newline = true;
		return 0;
	}
	if (op != ' ' && op != '-' && op != '+')
		return bad(r, "not a line of a hunk");
	*old -= op != '+';
	*new -= op != '-';
	if (*old < 0 || *new < 0)
		return bad(r, "more lines than the hunk's header says");
	vec_push(&r->lines, (struct udiff_line){.op = op, .text = str_from(r->line, 1)});
	return 0;
}

static int read_hunk(struct reader *r)
{
	struct udiff_hunk h = {0};
	int old, new, rc = 0;

	if (!read_hunk_header(r, &h))
		return bad(r, "not a hunk's header");
	old = h.old_count;
	new = h.new_count;
	r->lines.n = 0;
	for (advance(r); r->has_line && rc == 0 && (old || new || at(r, "\\")); advance(r))
		rc = read_hunk_line(r, &old, &new);
	if (rc < 0)
		return -1;
	if (old || new)
		return bad(r, "the hunk ends before its header says");
	h.n = r->lines.n;
	h.lines = arena_array(r->mem, h.n, sizeof(*h.lines));
	if (h.n)
		memcpy(h.lines, r->lines.v, h.n * sizeof(*h.lines));
	vec_push(&r->hunks, h);
	return 0;
}

static int finish_file(struct reader *r, struct udiff_file *f)
{
	if (check_path(r, f->path) < 0 || check_path(r, f->old_path) < 0)
		return -1;
	f->renamed = f->renamed || (!f->copied && !str_eq(f->path, f->old_path));
	f->n = r->hunks.n;
	f->hunks = arena_array(r->mem, f->n, sizeof(*f->hunks));
	if (f->n)
		memcpy(f->hunks, r->hunks.v, f->n * sizeof(*f->hunks));
	vec_push(&r->files, *f);
	return 0;
}

static int read_file(struct reader *r)
{
	struct udiff_file f = {0};
	bool git = at(r, "diff --git ");

	r->hunks.n = 0;
	if (git && read_git_header(r, &f) < 0)
		return -1;
	if (at(r, "--- ") && read_names(r, &f) < 0)
		return -1;
	while (at(r, "@@ "))
		if (read_hunk(r) < 0)
			return -1;
	if (!git && !r->hunks.n)
		return bad(r, "no hunk behind '+++'");
	return finish_file(r, &f);
}

static int read_all(struct reader *r)
{
	for (advance(r); r->has_line;)
		if (at(r, "diff --git ") || (at(r, "--- ") && str_starts(r->rest, "+++ "))) {
			if (read_file(r) < 0)
				return -1;
		} else if (at(r, "@@ ")) {
			return bad(r, "a hunk without '---' and '+++' lines before it");
		} else {
			advance(r);
		}
	return r->files.n ? 0 : bad(r, "no file is changed");
}

int udiff_parse(struct udiff *out, struct str text, struct arena *mem, struct err *err)
{
	struct reader r = {.rest = text, .mem = mem, .err = err};
	int rc;

	if (text.n > LIMIT_PATCH_BYTES)
		return err_set(err, ERR_LIMIT, "cannot read a diff of %zu bytes: more than %d",
			text.n, LIMIT_PATCH_BYTES);
	rc = read_all(&r);
	if (rc == 0) {
		out->n = r.files.n;
		out->files = arena_array(mem, out->n, sizeof(*out->files));
		memcpy(out->files, r.files.v, out->n * sizeof(*out->files));
	}
	vec_free(&r.files);
	vec_free(&r.hunks);
	vec_free(&r.lines);
	return rc;
}
