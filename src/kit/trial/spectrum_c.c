/* spectrum_c: lines run by C and C++ tests, through probes woven into the sources (probes.h) and
 * the project's own command. docs/decisions/line-probes.md says why. */
#include "kit/trial/spectrum.h"

#include <dirent.h>
#include <fcntl.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/limits.h"
#include "kit/trial/probes.h"
#include "kit/trial/stand_in.h"
#include "kit/trial/trial.h"

enum {
	FILES_PROBED_MAX = 400,
	PROCESSES_MAX = 400, /* files read */
	FAILING_MAX = 64,
	RECORD_BYTES = 8 << 20, /* of one process, so that many probes have fewer rows */
	HEAD_WORDS = 4,
};

struct probed_file {
	struct str path, content;
	const char *language;
	bool lines, marks;
	int failing[FAILING_MAX];
	size_t n_failing;
};

struct collection {
	struct trial *trial;
	const struct spectrum_options *options;
	struct arena *mem;
	vec(struct probed_file) files;
	struct probes probes;
	vec(struct covered_test) tests;
	size_t installed;
	size_t marks; /* a process's record is HEAD_WORDS + 1 + marks words, then 1 + marks rows */
};

static void collection_release(struct collection *c)
{
	vec_free(&c->files);
	vec_free(&c->probes.v);
	vec_free(&c->tests);
}

/* The entry of a C or C++ file of the project, or NULL. */
static struct probed_file *file_at(struct collection *c, struct str path)
{
	struct err ignored = ERR_INIT;
	BUF_AUTO content = BUF_INIT(LIMIT_SOURCE_BYTES);

	vec_each (f, &c->files)
		if (str_eq(f->path, path))
			return f;
	if (path.n == 0 || path.p[0] == '/' || c->files.n >= FILES_PROBED_MAX ||
		trial_read(c->trial, path, &content, &ignored) < 0)
		return NULL;
	const char *language = stand_in_language(path, buf_view(&content));
	if (!language)
		return NULL;
	struct probed_file *f = vec_add(&c->files);
	f->path = arena_str(c->mem, path);
	f->content = arena_str(c->mem, buf_view(&content));
	f->language = language;
	return f;
}

/* The sources asked for, and the files in which assertions failed. */
static void choose_files(struct collection *c)
{
	const struct failure_list *failures = c->options->failures;

	for (size_t i = 0; i < c->options->n_files; i++) {
		struct probed_file *f = file_at(c, c->options->files[i]);

		if (f)
			f->lines = true;
	}
	for (size_t i = 0; failures && i < failures->items.n; i++) {
		const struct failure *failure = &failures->items.v[i];
		struct probed_file *f = file_at(c, failure->file);

		if (!f)
			continue;
		f->marks = true;
		if (failure->line > 0 && f->n_failing < FAILING_MAX)
			f->failing[f->n_failing++] = failure->line;
	}
}

static int weave(struct collection *c, struct probed_file *f, struct buf *out, struct err *err)
{
	return probes_weave(out, &c->probes, f->content,
		&(struct probes_options){.file = (uint32_t)(f - c->files.v),
			.language = f->language,
			.lines = f->lines,
			.marks = f->marks,
			.failing = f->failing,
			.n_failing = f->n_failing,
			.only_failing = f->lines},
		err);
}

/* The number of probes is part of every file, so all are woven before one is written. */
static int install(struct collection *c, struct err *err)
{
	struct str *texts = arena_array(c->mem, c->files.n, sizeof(*texts));

	for (size_t i = 0; i < c->files.n; i++) {
		BUF_AUTO text = BUF_INIT(4 * LIMIT_SOURCE_BYTES);

		if (weave(c, &c->files.v[i], &text, err) < 0)
			return -1;
		texts[i] = arena_str(c->mem, buf_view(&text));
	}
	c->marks = RECORD_BYTES / (c->probes.v.n + 1);
	if (c->marks > PROBE_MARKS)
		c->marks = PROBE_MARKS;
	for (; c->installed < c->files.n; c->installed++) {
		const struct probed_file *f = &c->files.v[c->installed];
		BUF_AUTO text = BUF_INIT(4 * LIMIT_SOURCE_BYTES);

		buf_printf(&text,
			"#pragma GCC system_header\n#define SELFHEAL_PROBES %zu\n"
			"#define SELFHEAL_MARKS %d\n",
			c->probes.v.n + 1, PROBE_MARKS);
		buf_str(&text, embed_get("templates/languages/c/libc.h"));
		buf_str(&text, embed_get("templates/languages/c/spectrum.h"));
		buf_printf(&text,
			"#undef SELFHEAL_PROBES\n#undef SELFHEAL_MARKS\n#line 1 \"%.*s\"\n",
			STR_ARGS(f->path));
		buf_str(&text, texts[c->installed]);
		if (stand_in_put(c->trial, f->path, buf_view(&text), err) < 0)
			return -1;
	}
	return 0;
}

static int put_back(struct collection *c, struct err *err)
{
	int r = 0;

	while (c->installed > 0 && r == 0) {
		const struct probed_file *f = &c->files.v[--c->installed];

		r = stand_in_remove(c->trial, f->path, f->content, err);
	}
	return r;
}

static bool row_hits(const struct collection *c, const unsigned char *row)
{
	return memchr(row, 1, c->probes.v.n) != NULL;
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* The lines of one file that the rows [from, to] ran. */
static struct covered_file cover(const struct collection *c, uint32_t file,
	const unsigned char *rows, size_t from, size_t to)
{
	struct covered_file out = {.path = c->files.v[file].path};
	size_t width = c->probes.v.n + 1, room = 0, kept = 0;

	for (size_t p = 0; p < c->probes.v.n; p++)
		if (c->probes.v.v[p].file == file)
			room += (size_t)(c->probes.v.v[p].last - c->probes.v.v[p].first + 1);
	out.lines = arena_array(c->mem, room + 1, sizeof(int));
	for (size_t p = 0; p < c->probes.v.n; p++) {
		const struct probe *probe = &c->probes.v.v[p];
		bool hit = false;

		for (size_t row = from; row <= to && !hit && probe->file == file; row++)
			hit = rows[row * width + p] != 0;
		for (int line = probe->first; hit && line <= probe->last; line++)
			out.lines[out.n++] = line;
	}
	qsort(out.lines, out.n, sizeof(int), by_number);
	for (size_t i = 0; i < out.n; i++)
		if (kept == 0 || out.lines[kept - 1] != out.lines[i])
			out.lines[kept++] = out.lines[i];
	out.n = kept;
	return out;
}

static void add_test(struct collection *c, struct str id, bool passed, const unsigned char *rows,
	size_t from, size_t to)
{
	struct covered_test test = {.id = id, .passed = passed};
	bool any = false;

	for (size_t row = from; row <= to; row++)
		any = any || row_hits(c, rows + row * (c->probes.v.n + 1));
	if (!any)
		return;
	test.files = arena_array(c->mem, c->files.n, sizeof(*test.files));
	for (size_t i = 0; i < c->files.n; i++) {
		struct covered_file f = cover(c, (uint32_t)i, rows, from, to);

		if (f.n > 0)
			test.files[test.n++] = f;
	}
	vec_push(&c->tests, test);
}

static bool line_failed(const struct collection *c, unsigned line)
{
	vec_each (f, &c->files)
		for (size_t i = 0; f->marks && i < f->n_failing; i++)
			if ((unsigned)f->failing[i] == line)
				return true;
	return false;
}

/* Rows 0..last of a process that failed; closed[r] is the line of the assertion that closed row r.
 * The open row failed if the process died in it; else those whose assertion is among the failures;
 * when nothing tells, all together are one failed test. */
static void add_rows(struct collection *c, struct str name, const unsigned char *rows,
	const unsigned *closed, size_t last, bool died)
{
	bool told = died;

	for (size_t row = 0; row < last; row++)
		told = told || line_failed(c, closed[row]);
	if (!told) {
		add_test(c, name, false, rows, 0, last);
		return;
	}
	for (size_t row = 0; row <= last; row++) {
		bool open = row == last;
		bool failed = open ? died : !died && line_failed(c, closed[row]);

		if (open && !died)
			continue; /* what ran behind the last assertion was not judged */
		add_test(c,
			open ? arena_printf(c->mem, "%.*s:%zu", STR_ARGS(name), row)
			     : arena_printf(c->mem, "%.*s:%zu (line %u)", STR_ARGS(name), row,
				       closed[row]),
			!failed, rows, row, row);
	}
}

static size_t record_bytes(const struct collection *c)
{
	return (HEAD_WORDS + 1 + c->marks) * sizeof(unsigned) +
	       (1 + c->marks) * (c->probes.v.n + 1);
}

static void read_process(struct collection *c, struct str name, struct str data)
{
	unsigned head[HEAD_WORDS + 1 + PROBE_MARKS];
	size_t words = HEAD_WORDS + 1 + c->marks;

	if (data.n < record_bytes(c))
		return;
	memcpy(head, data.p, words * sizeof(unsigned));
	const unsigned char *rows = (const unsigned char *)data.p + words * sizeof(unsigned);
	size_t last = head[1] <= c->marks ? head[1] : c->marks;

	if (head[0] != 0) {
		/* A mark's line stands with the row it began: it closed the one before. */
		add_rows(c, name, rows, head + HEAD_WORDS + 1, last, (head[0] & 0x7f) != 0);
		return;
	}
	for (size_t row = 0; row <= last; row++)
		add_test(c, arena_printf(c->mem, "%.*s:%zu", STR_ARGS(name), row), true, rows, row,
			row);
}

static int skip_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int read_folder(struct collection *c, const char *folder, struct err *err)
{
	struct dirent **names;
	int n = scandir(folder, &names, skip_dots, alphasort);

	if (n < 0)
		return err_sys(err, errno, "cannot read the folder '%s'", folder);
	for (int i = 0; i < n; i++) {
		CLEANUP(freep) char *path = xasprintf("%s/%s", folder, names[i]->d_name);
		BUF_AUTO data = BUF_INIT(record_bytes(c) + 1);
		struct err ignored = ERR_INIT;

		if (i < PROCESSES_MAX && file_read_untrusted(&data, path, &ignored) == 0)
			read_process(c, arena_printf(c->mem, "process %d", i), buf_view(&data));
		free(names[i]);
	}
	free(names);
	return 0;
}

/* When all processes ended well, a driver judged what they printed, and which of them it refused is
 * not known: so all are taken as failed. */
static void blame_all(struct collection *c)
{
	vec_each (t, &c->tests)
		if (!t->passed)
			return;
	vec_each (t, &c->tests)
		t->passed = false;
}

static int collect(struct collection *c, const char *folder, const char *inside, struct err *err)
{
	CLEANUP(freep) char *env = xasprintf("SELFHEAL_SPECTRUM=%s", inside);
	const char *const set[] = {env, NULL};
	CHILD_RESULT_AUTO result;

	child_result_init(&result);
	if (trial_run(c->trial,
		    &(struct trial_command){.command = c->options->command,
			    .subdir = c->options->subdir,
			    .timeout_ms = c->options->timeout_ms,
			    .env_set = set},
		    &result, err) < 0)
		return -1;
	if (read_folder(c, folder, err) < 0)
		return -1;
	if (result.exit_code != 0)
		blame_all(c);
	return 0;
}

int spectrum_c(struct spectrum *out, struct trial *trial, const struct spectrum_options *options,
	struct arena *mem, struct err *err)
{
	CLEANUP(freep) char *name = xasprintf("lines-%llx", (unsigned long long)clock_mono_us());
	CLEANUP(freep) char *folder = xasprintf("%s/%s", trial_exchange(trial), name);
	CLEANUP(freep) char *inside = xasprintf("%s/%s", trial_exchange_inside(trial), name);
	CLEANUP(collection_release)
	struct collection c = {.trial = trial, .options = options, .mem = mem};
	struct err late = ERR_INIT;

	choose_files(&c);
	/* The command may run under another user. */
	if (mkdir(folder, 0777) || chmod(folder, 0777))
		return err_sys(err, errno, "cannot make the folder '%s'", folder);
	int r = install(&c, err);
	if (r == 0)
		r = collect(&c, folder, inside, err);
	if (put_back(&c, r < 0 ? &late : err) < 0 || r < 0)
		return -1;
	if (c.tests.n == 0) {
		err_set(err, ERR_CONFLICT, "no C or C++ test of the command could be traced");
		return SPECTRUM_UNAVAILABLE;
	}
	out->tests = arena_array(mem, c.tests.n, sizeof(*out->tests));
	out->n = c.tests.n;
	memcpy(out->tests, c.tests.v, c.tests.n * sizeof(*out->tests));
	return 0;
}
