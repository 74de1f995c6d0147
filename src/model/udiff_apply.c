#include "model/udiff.h"

#include "base/limits.h"
#include "base/vec.h"

/* Line compares one bind may do: a hostile diff against a long file of alike lines would take
 * their product. */
enum { COMPARES_MAX = 50000000, FUZZ_MAX = 2 };

struct text_line {
	struct str text;   /* without the newline */
	size_t start, end; /* end is behind the newline */
};

struct text_lines {
	vec(struct text_line) v;
	struct str content;
};

static void split(struct text_lines *out, struct str content)
{
	struct str rest = content, line;

	*out = (struct text_lines){.content = content};
	while (str_next(&rest, '\n', &line)) {
		size_t start = (size_t)(line.p - content.p), end = content.n - rest.n;

		vec_push(&out->v, (struct text_line){line, start, end});
	}
}

static void text_lines_release(struct text_lines *lines)
{
	vec_free(&lines->v);
}

static bool has_newline(const struct text_line *line)
{
	return line->end - line->start > line->text.n;
}

static bool line_fits(const struct udiff_line *want, const struct text_line *line)
{
	return want->no_newline != has_newline(line) && str_eq(want->text, line->text);
}

/* Whether the lines [from, to) of the hunk that were there before are in the text at line at. */
static bool hunk_fits(const struct udiff_hunk *h, size_t from, size_t to,
	const struct text_lines *text, size_t at, long *budget)
{
	for (size_t i = from; i < to; i++) {
		if (h->lines[i].op == '+')
			continue;
		if (at >= text->v.n || --*budget < 0 || !line_fits(&h->lines[i], &text->v.v[at++]))
			return false;
	}
	return true;
}

static size_t start_of(const struct text_lines *text, size_t line)
{
	return line < text->v.n ? text->v.v[line].start : text->content.n;
}

/* 0-based line at which the hunk says it begins. "-5,0" means behind line 5. */
static size_t stated_line(const struct udiff_hunk *h)
{
	if (h->old_count == 0)
		return (size_t)h->old_first;
	return h->old_first > 0 ? (size_t)h->old_first - 1 : 0;
}

static int apply_hunk(struct buf *out, const struct udiff_hunk *h, const struct text_lines *text,
	size_t *line, struct err *err)
{
	long budget = COMPARES_MAX;
	size_t at = stated_line(h);

	if (at < *line || at > text->v.n || !hunk_fits(h, 0, h->n, text, at, &budget))
		return err_set(err, ERR_CONFLICT,
			"cannot apply the hunk of line %d: the file is "
			"not as the diff says",
			h->old_first);
	buf_str(out, str_slice(text->content, start_of(text, *line), start_of(text, at)));
	for (size_t i = 0; i < h->n; i++) {
		if (h->lines[i].op != '+')
			at++;
		if (h->lines[i].op == '-')
			continue;
		buf_str(out, h->lines[i].text);
		buf_c(out, h->lines[i].no_newline ? "" : "\n");
	}
	*line = at;
	return 0;
}

int udiff_apply(struct buf *out, const struct udiff_file *file, struct str content, struct err *err)
{
	CLEANUP(text_lines_release) struct text_lines text;
	size_t line = 0;

	split(&text, content);
	buf_reset(out);
	if (file->binary)
		return err_set(err, ERR_CONFLICT, "cannot apply a binary diff to '%.*s'",
			STR_ARGS(file->path));
	for (size_t i = 0; i < file->n; i++)
		if (apply_hunk(out, &file->hunks[i], &text, &line, err) < 0)
			return err_wrap(err, "cannot change '%.*s'", STR_ARGS(file->path));
	buf_str(out, str_from(content, start_of(&text, line)));
	if (out->over)
		return err_set(err, ERR_LIMIT, "cannot change '%.*s': over %zu bytes",
			STR_ARGS(file->path), out->cap);
	return 0;
}

/* A hunk's lines [from, to): all of it less the outermost fuzz context lines at either end. */
struct core {
	size_t from, to;
	size_t cut; /* lines cut in front */
	bool whole; /* nothing cut */
};

static struct core core_of(const struct udiff_hunk *h, size_t fuzz)
{
	struct core c = {.from = 0, .to = h->n, .whole = fuzz == 0};

	while (c.cut < fuzz && c.from < c.to && h->lines[c.from].op == ' ')
		c.from++, c.cut++;
	for (size_t n = 0; n < fuzz && c.to > c.from && h->lines[c.to - 1].op == ' '; n++)
		c.to--;
	return c;
}

static bool has_old_line(const struct udiff_hunk *h, struct core c)
{
	for (size_t i = c.from; i < c.to; i++)
		if (h->lines[i].op != '+')
			return true;
	return false;
}

struct binding {
	const struct text_lines *text;
	size_t line; /* hunks go behind the one before */
	long shift;  /* of the hunk before: where the next is most likely */
	long budget;
	vec(struct edit) edits;
};

/* The one place where the core fits, first at its own line: 0 and *at, or UDIFF_UNBOUND; *none when
 * there is no place at all (less context may find one). */
static int find_place(
	struct binding *b, const struct udiff_hunk *h, struct core c, size_t *at, bool *none)
{
	long stated = (long)stated_line(h) + (long)c.cut + b->shift;
	size_t found = 0;

	*none = false;
	/* With less context its own line is no better than another. */
	if (c.whole && stated >= (long)b->line &&
		hunk_fits(h, c.from, c.to, b->text, (size_t)stated, &b->budget)) {
		*at = (size_t)stated;
		return 0;
	}
	for (size_t i = b->line; i < b->text->v.n && found < 2; i++)
		if (hunk_fits(h, c.from, c.to, b->text, i, &b->budget)) {
			found++;
			*at = i;
		}
	*none = found == 0 && b->budget > 0;
	return found == 1 && b->budget > 0 ? 0 : UDIFF_UNBOUND;
}

/* One run of removed and added lines, starting at hunk line i and text line at. */
static size_t add_edit(struct binding *b, const struct udiff_hunk *h, struct core c, size_t i,
	size_t *at, struct arena *mem)
{
	struct edit e = {.start = start_of(b->text, *at)};
	BUF_AUTO added;

	buf_init(&added, LIMIT_PATCH_BYTES + 1);
	for (; i < c.to && h->lines[i].op != ' '; i++) {
		if (h->lines[i].op == '-') {
			(*at)++;
			continue;
		}
		buf_str(&added, h->lines[i].text);
		buf_c(&added, h->lines[i].no_newline ? "" : "\n");
	}
	e.end = start_of(b->text, *at);
	e.text = arena_str(mem, buf_view(&added));
	vec_push(&b->edits, e);
	return i;
}

static int bind_hunk(struct binding *b, const struct udiff_hunk *h, struct arena *mem)
{
	struct core c = {0};
	size_t at = 0;
	bool none = true;

	for (size_t fuzz = 0; none && fuzz <= FUZZ_MAX; fuzz++) {
		c = core_of(h, fuzz);
		if (!has_old_line(h, c))
			return UDIFF_UNBOUND;
		if (find_place(b, h, c, &at, &none) == 0)
			break;
		if (!none)
			return UDIFF_UNBOUND;
	}
	if (none)
		return UDIFF_UNBOUND;
	b->shift = (long)at - (long)c.cut - (long)stated_line(h);
	for (size_t i = c.from; i < c.to;)
		if (h->lines[i].op == ' ')
			i++, at++;
		else
			i = add_edit(b, h, c, i, &at, mem);
	b->line = at;
	return b->edits.n > LIMIT_CANDIDATE_EDITS ? UDIFF_UNBOUND : 0;
}

static int bind_hunks(struct binding *b, const struct udiff_file *file, struct arena *mem)
{
	int rc = 0;

	for (size_t i = 0; i < file->n && rc == 0; i++)
		rc = bind_hunk(b, &file->hunks[i], mem);
	return rc;
}

int udiff_bind(struct edit **edits, size_t *n, const struct udiff_file *file, struct str content,
	struct arena *mem, struct err *err)
{
	CLEANUP(text_lines_release) struct text_lines text;
	struct binding b = {.text = &text, .budget = COMPARES_MAX};
	int rc;

	split(&text, content);
	if (content.n > LIMIT_SOURCE_BYTES)
		return err_set(err, ERR_LIMIT, "cannot change '%.*s': over %d bytes",
			STR_ARGS(file->path), LIMIT_SOURCE_BYTES);
	if (file->created || file->deleted || file->renamed || file->copied || file->binary ||
		!file->n || file->n > LIMIT_CANDIDATE_EDITS)
		return UDIFF_UNBOUND;
	rc = bind_hunks(&b, file, mem);
	if (rc == 0) {
		*n = b.edits.n;
		*edits = arena_array(mem, b.edits.n, sizeof(**edits));
		for (size_t i = 0; i < b.edits.n; i++) {
			(*edits)[i] = b.edits.v[i];
			(*edits)[i].path = file->path;
		}
	}
	vec_free(&b.edits);
	return rc;
}
