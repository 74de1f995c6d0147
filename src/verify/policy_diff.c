#include "verify/policy_diff.h"

#include "base/limits.h"
#include "base/vec.h"

enum { FILES_MAX = 2000, HUNK_LINES_MAX = 200000, COMPARE_EDITS_MAX = 1000 };

static struct change_file *add_file(struct change_set *set, struct arena *mem)
{
	if (set->n == set->cap) {
		size_t cap = set->cap ? set->cap * 2 : 8;
		struct change_file *v = arena_array(mem, cap, sizeof(*v));

		if (set->n)
			memcpy(v, set->v, set->n * sizeof(*v));
		set->v = v;
		set->cap = cap;
	}
	memset(&set->v[set->n], 0, sizeof(*set->v));
	return &set->v[set->n++];
}

static struct change_hunk *add_hunk(struct change_file *file, struct arena *mem)
{
	if (file->n == file->cap) {
		size_t cap = file->cap ? file->cap * 2 : 4;
		struct change_hunk *v = arena_array(mem, cap, sizeof(*v));

		if (file->n)
			memcpy(v, file->hunks, file->n * sizeof(*v));
		file->hunks = v;
		file->cap = cap;
	}
	memset(&file->hunks[file->n], 0, sizeof(*file->hunks));
	return &file->hunks[file->n++];
}

static void add_line(
	struct change_hunk *hunk, char mark, struct str text, int number, struct arena *mem)
{
	if (hunk->n == hunk->cap) {
		size_t cap = hunk->cap ? hunk->cap * 2 : 16;
		struct change_line *v = arena_array(mem, cap, sizeof(*v));

		if (hunk->n)
			memcpy(v, hunk->v, hunk->n * sizeof(*v));
		hunk->v = v;
		hunk->cap = cap;
	}
	hunk->v[hunk->n++] = (struct change_line){mark, text, number};
}

/* Undoes git's C-style quoting of a path. */
static struct str unquote(struct str s, struct arena *mem)
{
	char *out, *p;

	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return s;
	s = str_slice(s, 1, s.n - 1);
	out = p = arena_alloc(mem, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		const char *from = "abtnvfr", *to = "\a\b\t\n\v\f\r", *known;

		if (s.p[i] != '\\' || i + 1 == s.n) {
			*p++ = s.p[i];
			continue;
		}
		i++;
		if (s.p[i] >= '0' && s.p[i] <= '3' && i + 2 < s.n) {
			*p++ = (char)((s.p[i] - '0') * 64 + (s.p[i + 1] - '0') * 8 +
				      (s.p[i + 2] - '0'));
			i += 2;
		} else {
			known = strchr(from, s.p[i]);
			*p++ = known && *known ? to[known - from] : s.p[i];
		}
	}
	return str_make(out, (size_t)(p - out));
}

/* The path of a "--- " or "+++ " line: without time stamp, quotes and the a/ or b/ in front; "" for
 * /dev/null. */
static struct str header_path(struct str s, struct arena *mem)
{
	ptrdiff_t tab = str_find_char(s, '\t');

	if (tab >= 0)
		s = str_slice(s, 0, (size_t)tab);
	s = unquote(str_rtrim(s), mem);
	if (str_eq_c(s, "/dev/null"))
		return STR("");
	if (s.n > 2 && s.p[1] == '/' && strchr("abciow", s.p[0]))
		s = str_from(s, 2);
	return s;
}

static int parse_mode(struct str s)
{
	int mode = 0;

	s = str_trim(s);
	for (size_t i = 0; i < s.n && i < 7; i++)
		if (s.p[i] >= '0' && s.p[i] <= '7')
			mode = mode * 8 + (s.p[i] - '0');
	return mode;
}

struct reader {
	struct change_set *set;
	struct arena *mem;
	struct str rest;
	struct change_file *file; /* being read */
	struct change_hunk *hunk;
	bool named;             /* file's ---/+++ lines were seen */
	bool blob;              /* inside a binary patch */
	int old_left, new_left; /* lines the hunk's counts still promise */
	int old_line, new_line;
};

static void start_file(struct reader *r)
{
	r->file = add_file(r->set, r->mem);
	r->hunk = NULL;
	r->named = r->blob = false;
}

/* "a/x b/x" names the file twice when nothing else does (mode changes, binaries). */
static void read_git_header(struct reader *r, struct str rest)
{
	struct str first, second;

	start_file(r);
	if (rest.n && rest.p[0] == '"') {
		ptrdiff_t close = str_find_c(str_from(rest, 1), "\" ");

		if (close < 0)
			return;
		first = str_slice(rest, 0, (size_t)close + 2);
		second = str_from(rest, (size_t)close + 3);
	} else {
		size_t half = rest.n / 2;
		ptrdiff_t at = rest.n % 2 && rest.p[half] == ' ' ? (ptrdiff_t)half
								 : str_find_c(rest, " b/");

		if (at < 0)
			return;
		first = str_slice(rest, 0, (size_t)at);
		second = str_from(rest, (size_t)at + 1);
	}
	r->file->old_path = header_path(first, r->mem);
	r->file->path = header_path(second, r->mem);
}

/* git's extended header lines; false when the line is none. */
static bool read_extended(struct reader *r, struct str line)
{
	struct change_file *f = r->file;
	struct str s = line;

	if (str_skip(&s, "old mode ")) {
		f->old_mode = parse_mode(s);
	} else if (str_skip(&s, "new mode ")) {
		f->new_mode = parse_mode(s);
	} else if (str_skip(&s, "new file mode ")) {
		f->new_mode = parse_mode(s);
		f->status = CHANGE_ADD;
	} else if (str_skip(&s, "deleted file mode ")) {
		f->old_mode = parse_mode(s);
		f->status = CHANGE_DELETE;
	} else if (str_skip(&s, "rename from ") || str_skip(&s, "copy from ")) {
		f->old_path = unquote(s, r->mem);
		f->status = str_starts(line, "copy") ? CHANGE_ADD : CHANGE_RENAME;
	} else if (str_skip(&s, "rename to ") || str_skip(&s, "copy to ")) {
		f->path = unquote(s, r->mem);
	} else if (str_skip(&s, "index ")) {
		ptrdiff_t space = str_find_char(s, ' ');

		if (space >= 0)
			f->old_mode = f->new_mode = parse_mode(str_from(s, (size_t)space));
	} else if (str_starts(line, "GIT binary patch")) {
		f->binary = r->blob = true;
	} else if (str_starts(line, "Binary files ")) {
		f->binary = true;
	} else {
		return str_starts(line, "similarity index") ||
		       str_starts(line, "dissimilarity index");
	}
	return true;
}

/* pkg.orig/src/x.c and pkg/src/x.c: the first part is the folder that was compared. */
static bool same_but_first(struct str a, struct str b)
{
	ptrdiff_t i = str_find_char(a, '/'), k = str_find_char(b, '/');

	return str_eq(a, b) ||
	       (i > 0 && k > 0 && str_eq(str_from(a, (size_t)i), str_from(b, (size_t)k)));
}

/* "--- " at the head of a file, or a removed line that looks so? A header is followed by "+++ "
 * and, within a hunk, by the next "@@": else lines behind it would be in no hunk and go unread. */
static bool read_names(struct reader *r, struct str line)
{
	struct str s = line, next, third = STR(""), rest = r->rest, ignored;
	struct str before, after;

	if (!str_skip(&s, "--- ") || !str_next_line(&rest, &next) || !str_skip(&next, "+++ "))
		return false;
	if (r->hunk && (!str_next_line(&rest, &third) || !str_starts(third, "@@")))
		return false;
	str_next_line(&r->rest, &ignored);
	if (!r->file || r->named || r->hunk)
		start_file(r);
	r->named = true;
	before = header_path(s, r->mem);
	after = header_path(next, r->mem);
	if (!after.n)
		r->file->status = CHANGE_DELETE;
	else if (!before.n)
		r->file->status = CHANGE_ADD;
	else if (!same_but_first(before, after))
		r->file->status = CHANGE_RENAME;
	else
		before = after;
	r->file->old_path = before;
	r->file->path = after.n ? after : before;
	return true;
}

static bool read_range(struct str *s, const char *sign, int *start, int *count)
{
	*count = 1;
	return str_skip(s, sign) && str_take_int(s, start) &&
	       (!str_skip(s, ",") || str_take_int(s, count));
}

static bool read_hunk_header(struct reader *r, struct str line)
{
	struct str s = line;
	int old_start = 1, new_start = 1;

	if (!r->file || !str_skip(&s, "@@"))
		return false;
	s = str_ltrim(s);
	r->old_left = r->new_left = 0;
	if (read_range(&s, "-", &old_start, &r->old_left)) {
		s = str_ltrim(s);
		if (!read_range(&s, "+", &new_start, &r->new_left))
			r->new_left = 0;
	}
	r->hunk = add_hunk(r->file, r->mem);
	s = str_ltrim(s);
	if (str_skip(&s, "@@"))
		r->hunk->heading = str_trim(s);
	r->old_line = old_start;
	r->new_line = new_start;
	return true;
}

static bool read_hunk_line(struct reader *r, struct str line)
{
	char mark = line.n ? line.p[0] : ' ';
	struct str text = str_from(line, 1);

	if (!r->hunk || r->hunk->n >= HUNK_LINES_MAX)
		return false;
	if (mark == '\\')
		return true;
	if (mark == '\t') { /* a tool ate the blank in front */
		text = line;
		mark = ' ';
	}
	if (mark != ' ' && mark != '+' && mark != '-')
		return false;
	/* An empty line behind the promised ones separates patches. */
	if (r->old_left <= 0 && r->new_left <= 0 && (!line.n || str_eq_c(line, "-- ")))
		return true;
	r->old_left -= mark != '+';
	r->new_left -= mark != '-';
	add_line(r->hunk, mark, text, mark == '-' ? r->old_line : r->new_line, r->mem);
	r->old_line += mark != '+';
	r->new_line += mark != '-';
	r->set->added += mark == '+';
	r->set->removed += mark == '-';
	return true;
}

static void read_line(struct reader *r, struct str line)
{
	struct str s = line;

	if (str_skip(&s, "diff --git ")) {
		read_git_header(r, s);
		return;
	}
	/* Within the promised counts "--- x" is a removed line, unless a whole header follows. */
	if (read_names(r, line) || read_hunk_header(r, line) || r->blob)
		return;
	if (r->hunk && read_hunk_line(r, line))
		return;
	if (r->file && !r->hunk && !read_extended(r, line) && line.n &&
		(line.p[0] == '+' || line.p[0] == '-'))
		r->set->unreadable = "changed lines in no hunk";
}

static void judge_readable(struct change_set *set, struct str diff)
{
	if (set->unreadable)
		return;
	if (!set->n && str_trim(diff).n)
		set->unreadable = "no file header";
	if (set->n >= FILES_MAX)
		set->unreadable = "too many files";
	for (size_t i = 0; i < set->n; i++) {
		const struct change_file *f = &set->v[i];

		if (!f->path.n)
			set->unreadable = "a file without a name";
		if (f->path.n > LIMIT_PATH_BYTES || f->old_path.n > LIMIT_PATH_BYTES)
			set->unreadable = "a path too long";
		if (memchr(f->path.p ? f->path.p : "", 0, f->path.n))
			set->unreadable = "a NUL in a path";
		for (size_t h = 0; h < f->n; h++)
			if (f->hunks[h].n >= HUNK_LINES_MAX)
				set->unreadable = "a hunk too long";
	}
}

void change_read(struct change_set *out, struct str diff, struct arena *mem)
{
	struct reader r = {.set = out, .mem = mem, .rest = diff};
	struct str line;

	*out = (struct change_set){0};
	if (diff.n > LIMIT_PATCH_BYTES) {
		out->unreadable = "too large";
		return;
	}
	while (out->n < FILES_MAX && str_next_line(&r.rest, &line))
		read_line(&r, line);
	judge_readable(out, diff);
}

/* --- two texts --- */

struct lines {
	struct str *v;
	uint64_t *hash;
	size_t n;
};

static struct lines split_lines(struct str text, struct arena *mem)
{
	struct lines out = {0};
	struct str rest = text, line;
	size_t n = 0;

	while (str_next_line(&rest, &line))
		n++;
	out.v = arena_array(mem, n + 1, sizeof(*out.v));
	out.hash = arena_array(mem, n + 1, sizeof(*out.hash));
	while (str_next_line(&text, &line)) {
		out.hash[out.n] = str_hash(line);
		out.v[out.n++] = line;
	}
	return out;
}

static bool same_line(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
	return a->hash[i] == b->hash[j] && str_eq(a->v[i], b->v[j]);
}

/* Myers' greedy O(ND) (Algorithmica 1, 1986): keep[i] says that line i of a is in b, too. Past
 * COMPARE_EDITS_MAX edits the rest counts as changed, which only makes the judgement stricter. */
static void mark_common(bool *keep_a, bool *keep_b, const struct lines *a, size_t a_from,
	size_t a_to, const struct lines *b, size_t b_from, size_t b_to, struct arena *mem)
{
	long n = (long)(a_to - a_from), m = (long)(b_to - b_from), best = -1;
	long max = n + m < COMPARE_EDITS_MAX ? n + m : COMPARE_EDITS_MAX, x = 0, y = 0;
	long **rows = arena_array(mem, (size_t)max + 1, sizeof(*rows));

	for (long d = 0; d <= max && best < 0; d++) {
		long *v = rows[d] = arena_array(mem, (size_t)(2 * d + 3), sizeof(*v));
		const long *last = d ? rows[d - 1] : NULL;

		for (long k = -d; k <= d; k += 2) {
			bool down = k == -d ||
				    (k != d && last[k - 1 + d - 1 + 1] < last[k + 1 + d - 1 + 1]);

			if (!d)
				x = 0;
			else
				x = down ? last[k + 1 + d] : last[k - 1 + d] + 1;
			y = x - k;
			while (x < n && y < m && x >= 0 && y >= 0 &&
				same_line(a, a_from + (size_t)x, b, b_from + (size_t)y))
				x++, y++;
			v[k + d + 1] = x;
			if (x >= n && y >= m) {
				best = d;
				break;
			}
		}
	}
	if (best < 0)
		return;
	x = n;
	y = m;
	for (long d = best; d >= 0; d--) {
		long k = x - y, px, py;
		const long *last = d ? rows[d - 1] : NULL;
		bool down = d && (k == -d || (k != d && last[k - 1 + d] < last[k + 1 + d]));

		px = !d ? 0 : down ? last[k + 1 + d] : last[k - 1 + d];
		py = !d ? 0 : px - (down ? k + 1 : k - 1);
		while (x > px + (d && !down) && y > py + (d && down)) {
			x--, y--;
			keep_a[a_from + (size_t)x] = keep_b[b_from + (size_t)y] = true;
		}
		x = px;
		y = py;
	}
}

static void find_common(
	bool *keep_a, bool *keep_b, const struct lines *a, const struct lines *b, struct arena *mem)
{
	size_t head = 0, tail = 0;

	while (head < a->n && head < b->n && same_line(a, head, b, head)) {
		keep_a[head] = keep_b[head] = true;
		head++;
	}
	while (tail < a->n - head && tail < b->n - head &&
		same_line(a, a->n - 1 - tail, b, b->n - 1 - tail)) {
		keep_a[a->n - 1 - tail] = keep_b[b->n - 1 - tail] = true;
		tail++;
	}
	if (head + tail < a->n && head + tail < b->n)
		mark_common(keep_a, keep_b, a, head, a->n - tail, b, head, b->n - tail, mem);
}

void change_compare(struct change_set *out, struct str path, struct str before, struct str after,
	struct arena *mem)
{
	struct lines a = split_lines(before, mem), b = split_lines(after, mem);
	bool *keep_a = arena_alloc(mem, a.n + 1), *keep_b = arena_alloc(mem, b.n + 1);
	struct change_file *file = add_file(out, mem);
	struct change_hunk *hunk = add_hunk(file, mem);
	size_t i = 0, j = 0;

	file->path = path;
	file->old_path = before.p ? path : STR("");
	file->whole = true;
	file->status = !before.p ? CHANGE_ADD : !after.p ? CHANGE_DELETE : CHANGE_MODIFY;
	file->binary = memchr(before.p ? before.p : "", 0, before.n) ||
		       memchr(after.p ? after.p : "", 0, after.n);
	find_common(keep_a, keep_b, &a, &b, mem);
	while (i < a.n || j < b.n) {
		if (i < a.n && !keep_a[i]) {
			add_line(hunk, '-', a.v[i], (int)i + 1, mem);
			out->removed++;
			i++;
		} else if (j < b.n && !keep_b[j]) {
			add_line(hunk, '+', b.v[j], (int)j + 1, mem);
			out->added++;
			j++;
		} else {
			add_line(hunk, ' ', b.v[j], (int)j + 1, mem);
			i++;
			j++;
		}
	}
}
