/* spectrum_python: the project's own command under our tracer
 * (templates/languages/python/selfheal_spectrum.py), and what it recorded. */
#include "kit/trial/spectrum.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/strmap.h"
#include "base/vec.h"
#include "json/json.h"
#include "kit/trial/python_runtime.h"
#include "kit/trial/trial.h"

enum {
	PROCESSES_MAX = 1000, /* files read */
	TESTS_MAX = 20000,
	LINE_MAX_NUMBER = 10000000,
	LINES_MAX = 8 << 20, /* kept of all tests */
	COMMAND_BYTES = 256 << 10,
	DEFAULT_MS = 600 * 1000,
	BASE_WEIGHT_MAX =
		1 << 20, /* lines run outside of tests, times tests, that are kept whole */
};

/* Lines of one file, as they come: neither sorted nor each once. */
struct lines {
	struct str path;
	vec(int) v;
};

struct files {
	struct strmap by_path;
	vec(struct lines *) v;
};

struct test {
	struct str id;
	bool passed;
	size_t process; /* index of its process's base */
	struct files files;
};

struct collector {
	struct arena *mem;
	const char *folder;
	vec(struct test *) tests;
	vec(struct files *) bases;
	size_t lines; /* in all of them */
};

static struct files *files_new(void)
{
	struct files *f = xcalloc(1, sizeof(*f));

	strmap_init(&f->by_path);
	return f;
}

static void files_release(struct files *f)
{
	vec_each (l, &f->v) {
		vec_free(&(*l)->v);
		free(*l);
	}
	vec_free(&f->v);
	strmap_release(&f->by_path);
}

static struct lines *files_get(struct files *f, struct str path)
{
	struct lines *l = strmap_get(&f->by_path, path);

	if (l)
		return l;
	l = xcalloc(1, sizeof(*l));
	l->path = path;
	strmap_put(&f->by_path, path, l);
	vec_push(&f->v, l);
	return l;
}

static void collector_release(struct collector *c)
{
	vec_each (t, &c->tests) {
		files_release(&(*t)->files);
		free(*t);
	}
	vec_each (b, &c->bases) {
		files_release(*b);
		free(*b);
	}
	vec_free(&c->tests);
	vec_free(&c->bases);
}

/* "3-5,9" */
static void read_ranges(struct collector *c, struct lines *to, struct str text)
{
	int first, last;

	while (str_take_int(&text, &first)) {
		last = first;
		if (str_skip(&text, "-") && !str_take_int(&text, &last))
			return;
		if (first < 1 || last > LINE_MAX_NUMBER)
			return;
		for (int line = first; line <= last && c->lines < LINES_MAX; line++, c->lines++)
			vec_push(&to->v, line);
		if (!str_skip(&text, ","))
			return;
	}
}

/* [[path, ranges]] */
static void read_files(struct collector *c, struct files *to, const struct json_t *rows)
{
	for (size_t i = 0; i < json_len(rows); i++) {
		const struct json_t *row = json_at(rows, i);
		struct str path = json_is_arr(row) ? json_to_str(json_at(row, 0)) : STR_NULL;

		if (path.n && path.n <= LIMIT_PATH_BYTES && json_len(row) > 1)
			read_ranges(c, files_get(to, arena_str(c->mem, path)),
				json_to_str(json_at(row, 1)));
	}
}

/* A program's exit status was written beside by the process that waited for it. */
static bool program_passed(const struct collector *c, struct str name)
{
	CLEANUP(freep) char *path = xasprintf("%s/%.*s", c->folder, STR_ARGS(name));
	struct err err = ERR_INIT;
	BUF_AUTO text;

	buf_init(&text, 64);
	return str_find_char(name, '/') < 0 && file_read_untrusted(&text, path, &err) == 0 &&
	       str_eq_c(str_trim(buf_view(&text)), "0");
}

static void read_row(struct collector *c, const struct json_t *row)
{
	const struct json_t *base = json_get_arr(row, "base");
	struct str id = json_get_str(row, "id");
	struct str status = json_get_str(row, "status");
	struct test *t;

	if (base)
		read_files(c, c->bases.v[c->bases.n - 1], base);
	if (!id.n || c->tests.n >= TESTS_MAX)
		return;
	t = xcalloc(1, sizeof(*t));
	strmap_init(&t->files.by_path);
	t->id = arena_str(c->mem, id);
	t->process = c->bases.n - 1;
	t->passed = status.n ? program_passed(c, status) : json_get_bool(row, "passed", false);
	read_files(c, &t->files, json_get_arr(row, "files"));
	vec_push(&c->tests, t);
}

static int read_process(struct collector *c, const char *name, struct err *err)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", c->folder, name);
	struct str rest, line;
	BUF_AUTO text;

	buf_init(&text, LIMIT_JSON_BYTES);
	if (file_read_untrusted(&text, path, err))
		return -1;
	vec_push(&c->bases, files_new());
	rest = buf_view(&text);
	while (str_next_line(&rest, &line)) {
		CLEANUP(json_freep) struct json_t *row = NULL;
		if (json_parse(&row, line, err)) /* the last line of a process that was killed */
			err_reset(err);
		else
			read_row(c, row);
	}
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_record(const struct dirent *d)
{
	return str_ends(str_of(d->d_name), ".jsonl");
}

static int read_all(struct collector *c, struct err *err)
{
	struct dirent **names;
	int n = scandir(c->folder, &names, is_record, by_name);
	int r = 0;

	if (n < 0)
		return err_sys(err, errno, "cannot read the folder '%s'", c->folder);
	for (int i = 0; i < n; i++) {
		if (i < PROCESSES_MAX && r == 0)
			r = read_process(c, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	return r;
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static struct covered_file cover(struct lines *l, struct arena *mem)
{
	struct covered_file f = {.path = l->path};

	if (l->v.n)
		qsort(l->v.v, l->v.n, sizeof(int), by_number);
	f.lines = arena_array(mem, l->v.n ? l->v.n : 1, sizeof(int));
	for (size_t i = 0; i < l->v.n; i++)
		if (!f.n || f.lines[f.n - 1] != l->v.v[i])
			f.lines[f.n++] = l->v.v[i];
	return f;
}

/* What ran at import is part of every test: always in the files that the test runs, in the others
 * as long as that is not too much. */
static void add_base(struct test *t, const struct files *base, bool everywhere)
{
	vec_each (l, &base->v) {
		struct lines *own = strmap_get(&t->files.by_path, (*l)->path);
		if (!own && everywhere)
			own = files_get(&t->files, (*l)->path);
		for (size_t i = 0; own && i < (*l)->v.n; i++)
			vec_push(&own->v, (*l)->v.v[i]);
	}
}

static size_t count_lines(const struct files *f)
{
	size_t n = 0;

	vec_each (l, &f->v)
		n += (*l)->v.n;
	return n;
}

static int by_path(const void *a, const void *b)
{
	return str_cmp(
		((const struct covered_file *)a)->path, ((const struct covered_file *)b)->path);
}

static void publish(struct spectrum *out, struct collector *c)
{
	out->tests = arena_array(c->mem, c->tests.n, sizeof(*out->tests));
	out->n = c->tests.n;
	for (size_t i = 0; i < c->tests.n; i++) {
		struct test *t = c->tests.v[i];
		struct covered_test *done = &out->tests[i];
		const struct files *base = c->bases.v[t->process];

		add_base(t, base, count_lines(base) * c->tests.n <= BASE_WEIGHT_MAX);
		*done = (struct covered_test){.id = t->id, .passed = t->passed};
		done->files =
			arena_array(c->mem, t->files.v.n ? t->files.v.n : 1, sizeof(*done->files));
		vec_each (l, &t->files.v)
			done->files[done->n++] = cover(*l, c->mem);
		qsort(done->files, done->n, sizeof(*done->files), by_path);
	}
}

static int run_traced(struct trial *trial, const struct spectrum_options *options,
	const char *inside, struct err *err)
{
	CLEANUP(freep) char *hook = python_runtime_hook_env(trial);
	CLEANUP(freep) char *root = python_runtime_root_env(trial);
	CLEANUP(freep) char *folder = xasprintf("SELFHEAL_SPECTRUM=%s", inside);
	int64_t limit_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_MS;
	/* What hangs has to be recorded before it is killed. */
	double until = ((double)clock_mono_ms() + 0.85 * (double)limit_ms) / 1000;
	CLEANUP(freep) char *deadline = xasprintf("SELFHEAL_SPECTRUM_UNTIL=%.3f", until);
	const char *env[] = {hook, root, folder, deadline, "PYTHONHASHSEED=0",
		"PYTHONDONTWRITEBYTECODE=1", NULL};
	CHILD_RESULT_AUTO result;
	BUF_AUTO command;

	buf_init(&command, COMMAND_BYTES);
	child_result_init(&result);
	python_runtime_command(&command, str_of(options->command));
	if (command.over)
		return err_set(err, ERR_LIMIT, "test command too long");
	return trial_run(trial,
		&(struct trial_command){.command = buf_text(&command),
			.subdir = options->subdir,
			.timeout_ms = options->timeout_ms,
			.env_set = env},
		&result, err);
}

int spectrum_python(struct spectrum *out, struct trial *trial,
	const struct spectrum_options *options, struct arena *mem, struct err *err)
{
	CLEANUP(freep) char *name = xasprintf("spectrum-%llx", (unsigned long long)clock_mono_us());
	CLEANUP(freep) char *folder = xasprintf("%s/%s", trial_exchange(trial), name);
	CLEANUP(freep) char *inside = xasprintf("%s/%s", trial_exchange_inside(trial), name);
	CLEANUP(collector_release) struct collector c = {.mem = mem, .folder = folder};

	if (python_runtime_install(trial, err))
		return -1;
	/* The command may run under another user. */
	if (mkdir(folder, 0777) || chmod(folder, 0777))
		return err_sys(err, errno, "cannot make the folder '%s'", folder);
	if (run_traced(trial, options, inside, err) || read_all(&c, err))
		return -1;
	if (!c.tests.n) {
		err_set(err, ERR_CONFLICT, "no Python test of the command could be traced");
		return SPECTRUM_UNAVAILABLE;
	}
	publish(out, &c);
	return 0;
}
