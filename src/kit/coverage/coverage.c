#include "kit/coverage/coverage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/limits.h"
#include "kit/coverage/reader.h"

enum { COUNTED = 1, RAN = 2, PER_BYTE = 4, SUFFIXES_MAX = 24 };

void coverage_init(struct coverage *c)
{
	*c = (struct coverage){0};
	strmap_init(&c->by_path);
	arena_init(&c->mem);
}

void coverage_release(struct coverage *c)
{
	vec_each (f, &c->files)
		free(f->lines);
	vec_free(&c->files);
	vec_free(&c->sources);
	strmap_release(&c->by_path);
	arena_release(&c->mem);
}

struct coverage_file *coverage_file(struct coverage *c, struct str path)
{
	uintptr_t known;
	struct coverage_file *f;

	while (str_skip(&path, "./"))
		;
	if (!path.n || path.n > LIMIT_PATH_BYTES)
		return NULL;
	known = (uintptr_t)strmap_get(&c->by_path, path);
	if (known)
		return &c->files.v[known - 1];
	if (c->files.n >= COVERAGE_FILES_MAX) {
		c->truncated = true;
		return NULL;
	}
	f = vec_add(&c->files);
	f->path = arena_str(&c->mem, path);
	strmap_put(&c->by_path, path, (void *)(uintptr_t)c->files.n);
	return f;
}

static bool make_room(struct coverage *c, struct coverage_file *f, size_t line)
{
	size_t have = (f->n_lines + PER_BYTE - 1) / PER_BYTE, want = have ? have : 64;
	unsigned char *lines;

	if (line < f->n_lines)
		return true;
	while (want * PER_BYTE <= line)
		want *= 2;
	if (c->bits + (want - have) > COVERAGE_BITS_MAX) {
		c->truncated = true;
		return false;
	}
	c->bits += want - have;
	lines = xreallocarray(f->lines, want, 1);
	memset(lines + have, 0, want - have);
	f->lines = lines;
	f->n_lines = want * PER_BYTE;
	return true;
}

static int line_bits(const struct coverage_file *f, size_t line)
{
	return f->lines[line / PER_BYTE] >> line % PER_BYTE * 2 & (COUNTED | RAN);
}

void coverage_line(struct coverage *c, struct coverage_file *f, int64_t line, bool ran)
{
	int bits = ran ? COUNTED | RAN : COUNTED;

	if (line < 1 || line >= COVERAGE_LINE_MAX || !make_room(c, f, (size_t)line))
		return;
	f->lines[line / PER_BYTE] |= (unsigned char)(bits << line % PER_BYTE * 2);
}

int coverage_read(struct coverage *c, const char *path, struct err *err)
{
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	CLEANUP(freep) char *piece = NULL;
	struct coverage_reader *reader;
	struct stat st;
	size_t sum = 0;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "cannot read '%s': it is no file", path);
	piece = xmalloc(LIMIT_LINE_BYTES);
	reader = coverage_reader_new(c);
	while ((n = read(fd, piece, LIMIT_LINE_BYTES)) > 0 && sum < COVERAGE_BYTES_MAX) {
		coverage_reader_feed(reader, str_make(piece, (size_t)n));
		sum += (size_t)n;
	}
	c->truncated |= sum >= COVERAGE_BYTES_MAX;
	return coverage_reader_finish(reader, path, err);
}

/* --- whose file it is --- */

static bool is_below(const char *root, struct str path, struct arena *mem)
{
	return path.n && file_is_regular(arena_printf(mem, "%s/%.*s", root, STR_ARGS(path)).p);
}

/* The path without its leading folders, one by one, as far as one is there. */
static struct str without_folders(const char *root, struct str path, struct arena *mem)
{
	for (int i = 0; i < SUFFIXES_MAX; i++) {
		ptrdiff_t slash = str_find_char(path, '/');

		if (slash < 0)
			break;
		path = str_from(path, (size_t)slash + 1);
		if (is_below(root, path, mem))
			return path;
	}
	return STR("");
}

static struct str below_root(const char *root, struct str path)
{
	if (str_skip(&path, root) && str_skip(&path, "/"))
		return path;
	return STR("");
}

static bool leaves(struct str path)
{
	struct str part;

	while (str_next(&path, '/', &part))
		if (str_eq_c(part, ".."))
			return true;
	return false;
}

static struct str locate(const struct coverage *c, const char *root, struct str path)
{
	ARENA_AUTO mem;
	struct str found;

	arena_init(&mem);
	if (leaves(path))
		return STR("");
	if (path.p[0] == '/') {
		found = below_root(root, path);
		if (is_below(root, found, &mem))
			return found;
		return without_folders(root, path, &mem);
	}
	if (is_below(root, path, &mem))
		return path;
	vec_each (source, &c->sources) {
		struct str whole =
			arena_printf(&mem, "%.*s/%.*s", STR_ARGS(*source), STR_ARGS(path));

		found = source->n && source->p[0] == '/' ? below_root(root, whole) : whole;
		if (is_below(root, found, &mem))
			return arena_str(&((struct coverage *)(uintptr_t)c)->mem, found);
	}
	return without_folders(root, path, &mem);
}

static void join(struct coverage *c, struct coverage_file *to, struct coverage_file *from)
{
	for (size_t i = 1; i < from->n_lines; i++)
		if (line_bits(from, i))
			coverage_line(c, to, (int64_t)i, line_bits(from, i) & RAN);
	from->missing = from->joined = true;
}

static void count(struct coverage_file *f)
{
	for (size_t i = 1; i < f->n_lines; i++) {
		f->total += (line_bits(f, i) & COUNTED) != 0;
		f->covered += (line_bits(f, i) & RAN) != 0;
	}
}

void coverage_finish(struct coverage *c, const char *root)
{
	struct strmap located;

	strmap_init(&located);
	for (size_t i = 0; i < c->files.n; i++) {
		struct coverage_file *f = &c->files.v[i];
		struct str path = locate(c, root, f->path);
		uintptr_t first;

		f->missing = path.n == 0;
		if (f->missing)
			continue;
		f->path = path;
		first = (uintptr_t)strmap_get(&located, path);
		if (first)
			join(c, &c->files.v[first - 1], f);
		else
			strmap_put(&located, path, (void *)(uintptr_t)(i + 1));
	}
	strmap_release(&located);
	vec_each (f, &c->files)
		count(f);
}

double coverage_percent(const struct coverage_file *f)
{
	return f->total ? 100.0 * f->covered / f->total : 100;
}

struct str coverage_gaps(const struct coverage_file *f, size_t max, int *first, struct arena *mem)
{
	BUF_AUTO out = BUF_INIT(LIMIT_LINE_BYTES);
	size_t ranges = 0, i = 1;

	*first = 0;
	while (i < f->n_lines) {
		size_t begin = i, last = i;

		/* Lines that are not counted, such as blank ones, part no gap. */
		if (line_bits(f, i++) != COUNTED)
			continue;
		while (i < f->n_lines && line_bits(f, i) != (COUNTED | RAN)) {
			if (line_bits(f, i) == COUNTED)
				last = i;
			i++;
		}
		if (!*first)
			*first = (int)begin;
		if (ranges++ == max) {
			buf_c(&out, ", ...");
			break;
		}
		buf_printf(&out, ranges > 1 ? ", %zu" : "%zu", begin);
		if (last > begin)
			buf_printf(&out, "-%zu", last);
	}
	return arena_str(mem, buf_view(&out));
}
