#include "kit/report/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "kit/report/lines.h"
#include "port/format/archive.h"

enum {
	PIECE = 64 << 10,
	DEPTH_MAX = 24,
	LINES_BYTES = 64 << 10, /* of the excerpt's text */
	COPY_BYTES = 8 << 20,   /* kept of what comes through a pipe or packed */
	LINE_SHOWN = 400,
	AGAIN_BYTES = 1 << 28, /* a text up to this is read again for its excerpt */
};

void inputs_init(struct inputs *in, const struct report_options *how, struct failure_list *out,
	struct arena *mem)
{
	*in = (struct inputs){.how = *how, .mem = mem};
	buf_init(&in->lines, LINES_BYTES);
	merge_init(&in->merge, out, mem);
}

void inputs_release(struct inputs *in)
{
	report_free(in->report);
	buf_release(&in->lines);
	merge_release(&in->merge);
}

void inputs_finish(struct inputs *in)
{
	merge_finish(&in->merge);
}

/* --- one text --- */

static void begin_text(struct inputs *in, struct str name)
{
	in->how.file = arena_str(in->mem, name);
	in->n++;
	if (in->report)
		report_restart(in->report, in->how.file);
	else
		in->report = report_new(&in->how, in->mem);
}

static int end_text(struct inputs *in, struct err *err)
{
	struct failure_list part;
	int r;

	failure_list_init(&part);
	r = report_finish(in->report, &part, err);
	if (r >= 0)
		merge_add(&in->merge, &part, in->how.file);
	failure_list_release(&part);
	return r < 0 ? -1 : 0;
}

static ssize_t read_some(int fd, char *p, size_t size, const char *name, struct err *err)
{
	ssize_t n;

	do {
		n = read(fd, p, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		err_sys(err, errno, "cannot read '%s'", name);
	return n;
}

static bool is_in(const struct failure_list *list, int line)
{
	vec_each (range, &list->excerpt)
		if (line >= range->first && line <= range->last)
			return true;
	return false;
}

static void keep_lines(struct inputs *in, struct lines *lines, struct str text)
{
	const struct failure_list *list = in->merge.out;
	struct report_line line;

	while (text.n)
		if (lines_next(lines, &text, &line) && is_in(list, line.number))
			buf_printf(&in->lines, "%d\t%.*s\n", line.number,
				STR_ARGS(str_slice(line.text, 0, LINE_SHOWN)));
}

/* What came through a pipe or packed, while it is small enough to look at again. */
struct copy {
	struct buf text;
	bool seekable; /* no copy is needed */
};

static void read_file_again(struct inputs *in, int fd, struct lines *lines)
{
	CLEANUP(freep) char *piece = xmalloc(PIECE);
	const struct failure_list *list = in->merge.out;
	int last = list->excerpt.v[list->excerpt.n - 1].last;
	struct err ignored = ERR_INIT;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return;
	while (lines->number <= last && (n = read_some(fd, piece, PIECE, "", &ignored)) > 0)
		keep_lines(in, lines, str_make(piece, (size_t)n));
}

/* Looks once more for the lines that turned out to matter. */
static void read_again(struct inputs *in, int fd, const struct copy *copy)
{
	struct lines lines;

	lines_init(&lines);
	if (copy->seekable)
		read_file_again(in, fd, &lines);
	else if (!copy->text.over)
		keep_lines(in, &lines, buf_view(&copy->text));
	keep_lines(in, &lines, STR("\n"));
	lines_release(&lines);
	in->lines_of = in->how.file;
}

static bool is_seekable(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= AGAIN_BYTES;
}

static void feed(struct inputs *in, struct copy *copy, struct str piece)
{
	report_feed(in->report, piece);
	if (!copy->seekable)
		buf_str(&copy->text, piece);
}

static int read_text(struct inputs *in, int fd, struct str head, const char *name, struct err *err)
{
	CLEANUP(freep) char *piece = xmalloc(PIECE);
	struct copy copy = {.text = BUF_INIT(COPY_BYTES), .seekable = is_seekable(fd)};
	bool had = in->merge.out->excerpt.n > 0;
	ssize_t n;
	int r = -1;

	begin_text(in, str_of(name));
	feed(in, &copy, head);
	while ((n = read_some(fd, piece, PIECE, name, err)) > 0)
		feed(in, &copy, str_make(piece, (size_t)n));
	if (n == 0)
		r = end_text(in, err);
	if (r == 0 && !had && in->merge.out->excerpt.n)
		read_again(in, fd, &copy);
	buf_release(&copy.text);
	return r;
}

/* --- what is packed --- */

struct unpacking {
	struct inputs *in;
	const char *name;
	bool reading;         /* an entry */
	bool had;             /* an excerpt before the entry */
	struct copy copy;     /* of the entry: it is unpacked once */
	struct strmap wholes; /* job names of GitHub's "3_job.txt": their steps are told again */
};

/* What runs leave behind, told by its name: the sources of a project are no reports. */
static bool is_report_name(struct str path)
{
	static const char *const extensions[] = {".log", ".txt", ".out", ".err", ".xml", ".json",
		".jsonl", ".ndjson", ".tap", ".sarif", ".trx", ".gz", ".xz", ".zst", ".bz2"};
	struct str base = str_basename(path);

	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (str_ends(base, extensions[i]))
			return true;
	return str_extension(base).n == 0 && (str_has(base, "log") || str_has(base, "output"));
}

/* "3_build (ubuntu).txt" -> "build (ubuntu)". */
static bool numbered_name(struct str base, struct str *name)
{
	int number;

	if (!str_take_int(&base, &number) || !str_skip(&base, "_") || !str_ends(base, ".txt"))
		return false;
	*name = str_slice(base, 0, base.n - strlen(".txt"));
	return true;
}

/* GitHub's archive of a run holds each job's log whole, then once more cut into steps. */
static bool is_told_again(struct unpacking *u, struct str path)
{
	struct str folder = str_dirname(path), name;

	if (!numbered_name(str_basename(path), &name))
		return false;
	if (folder.n == 0 && u->wholes.n < ARCHIVE_ENTRIES_MAX)
		strmap_put(&u->wholes, name, u);
	return folder.n && strmap_has(&u->wholes, folder);
}

static int take_entry(void *context, struct str name, struct err *err)
{
	struct unpacking *u = context;

	(void)err;
	if (u->in->n >= INPUTS_MAX) {
		u->in->full = true;
		return 0;
	}
	if (name.n && (!is_report_name(name) || is_told_again(u, name)))
		return 0;
	begin_text(u->in, name.n ? arena_printf(u->in->mem, "%s/%.*s", u->name, STR_ARGS(name))
				 : str_of(u->name));
	buf_reset(&u->copy.text);
	u->had = u->in->merge.out->excerpt.n > 0;
	u->reading = true;
	return 1;
}

static int take_data(void *context, struct str piece, struct err *err)
{
	struct unpacking *u = context;

	(void)err;
	feed(u->in, &u->copy, piece);
	return 0;
}

static int take_end(void *context, struct err *err)
{
	struct unpacking *u = context;
	int r;

	u->reading = false;
	r = end_text(u->in, err);
	if (r == 0 && !u->had && u->in->merge.out->excerpt.n)
		read_again(u->in, -1, &u->copy);
	return r;
}

static int read_packed(
	struct inputs *in, int fd, struct str head, const char *name, struct err *err)
{
	struct unpacking u = {.in = in, .name = name, .copy = {.text = BUF_INIT(COPY_BYTES)}};
	const struct archive_taker taker = {&u, take_entry, take_data, take_end};
	struct err trouble = ERR_INIT;
	int r;

	strmap_init(&u.wholes);
	r = archive_read(fd, head, &taker, &trouble);
	if (r == ARCHIVE_BROKEN)
		log_warn("'%s': %s", name, trouble.msg);
	if (r == ARCHIVE_BROKEN && u.reading)
		r = take_end(&u, &trouble);
	strmap_release(&u.wholes);
	buf_release(&u.copy.text);

	if (r < 0)
		*err = trouble;
	return r < 0 ? -1 : 0;
}

int inputs_read_fd(struct inputs *in, int fd, const char *name, struct err *err)
{
	char head[ARCHIVE_HEAD_BYTES];
	size_t n = 0;
	ssize_t more = 0;

	while (n < sizeof(head) &&
		(more = read_some(fd, head + n, sizeof(head) - n, name, err)) > 0)
		n += (size_t)more;
	if (more < 0)
		return -1;
	if (archive_is_packed(str_make(head, n)))
		return read_packed(in, fd, str_make(head, n), name, err);
	return read_text(in, fd, str_make(head, n), name, err);
}

/* --- files and folders --- */

static int read_file(struct inputs *in, const char *path, struct err *err)
{
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		err_sys(err, errno, "cannot read '%s'", path);
		err->code = ERR_CONFIG;
		return -1;
	}
	return inputs_read_fd(in, fd, path, err);
}

static int is_shown(const struct dirent *entry)
{
	static const char *const others[] = {"node_modules", "__pycache__"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (!strcmp(entry->d_name, others[i]))
			return 0;
	return entry->d_name[0] != '.';
}

/* Archives in a folder are read when their name says what they hold. */
static bool is_report_archive(struct str path)
{
	static const char *const words[] = {"log", "report", "result", "artifact"};
	struct str base = str_basename(path);

	if (!str_ends(base, ".zip") && !str_ends(base, ".tar") && !str_ends(base, ".tgz"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_has(base, words[i]))
			return true;
	return false;
}

static bool is_wanted(const struct inputs *in, struct str path)
{
	return in->only ? str_glob(str_of(in->only), path)
			: is_report_name(path) || is_report_archive(path);
}

static int read_folder(struct inputs *in, const char *path, int depth, struct err *err);

static int read_found(struct inputs *in, const char *path, int depth, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH_MAX ? read_folder(in, path, depth + 1, err) : 0;
	if (!S_ISREG(st.st_mode) || !is_wanted(in, str_of(path)))
		return 0;
	if (in->n >= INPUTS_MAX) {
		in->full = true;
		return 0;
	}
	return read_file(in, path, err);
}

static int read_folder(struct inputs *in, const char *path, int depth, struct err *err)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_shown, alphasort), r = 0;

	if (n < 0)
		log_warn("cannot read the folder '%s'", path);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = read_found(in,
				arena_printf(in->mem, "%s/%s", path, entries[i]->d_name).p, depth,
				err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* Files named outright are read whatever they are called. */
static int read_named(struct inputs *in, const char *path, struct err *err)
{
	return file_is_dir(path) ? read_folder(in, path, 0, err) : read_file(in, path, err);
}

/* "**" goes through folders, which glob(3) does not: walk from the last folder before a wildcard.
 */
static int read_deep_glob(struct inputs *in, const char *pattern, struct err *err)
{
	struct str fixed = str_dirname(str_make(pattern, strcspn(pattern, "*?[")));
	const char *root = fixed.n ? arena_cstr(in->mem, fixed) : ".";
	size_t before = in->n;
	int r;

	in->only = fixed.n ? pattern : arena_printf(in->mem, "./%s", pattern).p;
	r = read_folder(in, root, 0, err);
	in->only = NULL;
	if (r == 0 && in->n == before)
		return err_set(err, ERR_CONFIG, "cannot read '%s': no file fits", pattern);
	return r;
}

static int read_glob(struct inputs *in, const char *pattern, struct err *err)
{
	glob_t found = {0};
	int r = glob(pattern, 0, NULL, &found);

	if (r == 0)
		for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
			r = read_named(in, found.gl_pathv[i], err);
	else
		r = err_set(err, ERR_CONFIG, "cannot read '%s': no file fits", pattern);
	globfree(&found);
	return r;
}

int inputs_read(struct inputs *in, const char *operand, struct err *err)
{
	if (!strcmp(operand, "-")) {
		if (in->from_fd)
			return err_set(err, ERR_CONFIG, "standard input ('-') can be read once");
		in->from_fd = true;
		return inputs_read_fd(in, STDIN_FILENO, "-", err);
	}
	if (access(operand, F_OK) < 0 && strpbrk(operand, "*?["))
		return strstr(operand, "**") ? read_deep_glob(in, operand, err)
					     : read_glob(in, operand, err);
	return read_named(in, operand, err);
}
