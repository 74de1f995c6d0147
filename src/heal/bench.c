#include "heal/bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interval.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/vec.h"
#include "detect/detect.h"
#include "heal/bench_case.h"
#include "json/json.h"
#include "port/child/child.h"

struct worker {
	pid_t pid; /* 0: free */
	int fd;    /* the case's JSON comes through it */
	struct str id;
	struct buf line;
};

struct bench {
	const struct bench_options *options;
	struct arena mem;
	vec(struct str) ids;
	size_t next;
	struct worker *workers;
	vec(double) seconds, candidates;
	struct bench_totals *totals;
	FILE *out;
};

static bool is_wanted(const struct bench_options *o, struct str id)
{
	struct str rest = str_of(o->only), one;

	if (!o->only)
		return true;
	while (str_next(&rest, ',', &one))
		if (str_eq(str_trim(one), id))
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static int list_cases(struct bench *b, struct err *err)
{
	struct str path = arena_printf(&b->mem, "%s/cases", b->options->suite);
	DIR *dir = opendir(path.p);
	const struct dirent *entry;

	if (!dir)
		return err_sys(
			err, errno, "cannot read '%s' (a suite has a folder 'cases')", path.p);
	while ((entry = readdir(dir))) {
		struct str id = str_of(entry->d_name);

		if (id.p[0] != '.' && is_wanted(b->options, id))
			vec_push(&b->ids, arena_str(&b->mem, id));
	}
	closedir(dir);
	if (!b->ids.n)
		return err_set(err, ERR_CONFIG, "no case in '%s'", path.p);
	qsort(b->ids.v, b->ids.n, sizeof(*b->ids.v), by_name);
	return 0;
}

/* In the child: heal, judge, write one line, leave. */
static _Noreturn void work(const struct bench_options *o, struct str id, int fd)
{
	struct err err = ERR_INIT;
	BUF_AUTO line;
	size_t done = 0;

	buf_init(&line, LIMIT_JSON_BYTES);
	if (bench_case(&line, o, id, &err) < 0)
		bench_case_failed(&line, id, &err);
	while (done < line.n) {
		ssize_t n = write(fd, line.p + done, line.n - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	_exit(0);
}

static int start(struct bench *b, struct worker *w, struct err *err)
{
	int fds[2];

	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	w->pid = fork();
	if (w->pid < 0) {
		close(fds[0]);
		close(fds[1]);
		w->pid = 0;
		return err_sys(err, errno, "cannot fork");
	}
	if (w->pid == 0) {
		close(fds[0]);
		work(b->options, b->ids.v[b->next], fds[1]);
	}
	close(fds[1]);
	w->fd = fds[0];
	w->id = b->ids.v[b->next];
	buf_init(&w->line, LIMIT_JSON_BYTES);
	b->next++;
	return 0;
}

static void count(struct bench *b, const struct json_t *j)
{
	struct bench_totals *t = b->totals;
	long rss = (long)json_get_int(j, "max_rss_kb", 0);

	t->cases++;
	t->plausible += json_get_bool(j, "plausible", false);
	t->judged += json_get(j, "correct") && json_get_bool(j, "judged", false);
	t->correct += json_get_bool(j, "correct", false);
	t->seconds_total += json_get_real(j, "seconds", 0);
	if (rss > t->max_rss_kb)
		t->max_rss_kb = rss;
	vec_push(&b->seconds, json_get_real(j, "seconds", 0));
	vec_push(&b->candidates, (double)json_get_int(j, "candidates", 0));
}

static int save_patch(struct bench *b, const struct json_t *j, struct err *err)
{
	struct str patch = json_get_str(j, "patch"), id = json_get_str(j, "id");
	struct str path;

	if (!b->options->patches || !patch.n)
		return 0;
	path = arena_printf(&b->mem, "%s/%.*s.patch", b->options->patches, STR_ARGS(id));
	return file_replace(path.p, patch, err);
}

static int finish(struct bench *b, struct worker *w, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = NULL;
	struct err crash = ERR_INIT;
	BUF_AUTO text;
	int status, rc;

	buf_init(&text, LIMIT_JSON_BYTES);
	waitpid(w->pid, &status, 0);
	close(w->fd);
	w->pid = 0;
	if (!w->line.n) {
		err_set(&crash, ERR_INTERNAL, "the case ended without a result (wait status %d)",
			status);
		bench_case_failed(&w->line, w->id, &crash);
	}
	rc = json_parse(&j, buf_view(&w->line), err);
	buf_release(&w->line);
	if (rc < 0)
		return -1;
	count(b, j);
	json_write(&text, j, 0);
	if (b->out) {
		fprintf(b->out, "%s\n", buf_text(&text));
		fflush(b->out);
	}
	if (b->options->each)
		b->options->each(b->options->data, j);
	return save_patch(b, j, err);
}

/* Reads what has come; finishes a worker at its end of file. */
static int drain(struct bench *b, struct worker *w, struct err *err)
{
	char chunk[16384];
	ssize_t n = read(w->fd, chunk, sizeof(chunk));

	if (n > 0) {
		buf_add(&w->line, chunk, (size_t)n);
		return 0;
	}
	return finish(b, w, err);
}

static int wait_any(struct bench *b, struct err *err)
{
	CLEANUP(freep) struct pollfd *polls = xcalloc((size_t)b->options->jobs, sizeof(*polls));

	for (int i = 0; i < b->options->jobs; i++)
		polls[i] = (struct pollfd){
			.fd = b->workers[i].pid ? b->workers[i].fd : -1, .events = POLLIN};
	if (poll(polls, (nfds_t)b->options->jobs, -1) < 0 && errno != EINTR)
		return err_sys(err, errno, "cannot wait for the cases");
	if (child_interrupted())
		return err_set(err, ERR_INTERRUPT, "interrupted");
	for (int i = 0; i < b->options->jobs; i++)
		if (polls[i].revents && drain(b, &b->workers[i], err) < 0)
			return -1;
	return 0;
}

static int run_all(struct bench *b, struct err *err)
{
	for (;;) {
		int busy = 0;

		for (int i = 0; i < b->options->jobs; i++) {
			if (!b->workers[i].pid && b->next < b->ids.n &&
				start(b, &b->workers[i], err) < 0)
				return -1;
			busy += b->workers[i].pid != 0;
		}
		if (!busy)
			return 0;
		if (wait_any(b, err) < 0)
			return -1;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	if (!n)
		return 0;
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void stop_workers(struct bench *b)
{
	for (int i = 0; i < b->options->jobs; i++)
		if (b->workers[i].pid) {
			kill(b->workers[i].pid, SIGKILL);
			waitpid(b->workers[i].pid, NULL, 0);
			close(b->workers[i].fd);
			buf_release(&b->workers[i].line);
		}
}

static int open_outputs(struct bench *b, struct err *err)
{
	const struct bench_options *o = b->options;

	if (o->patches && mkdir(o->patches, 0755) < 0 && errno != EEXIST)
		return err_sys(err, errno, "cannot make folder '%s'", o->patches);
	if (o->out && !(b->out = fopen(o->out, "we")))
		return err_sys(err, errno, "cannot write '%s'", o->out);
	return 0;
}

int bench_run(struct bench_totals *out, const struct bench_options *options, struct err *err)
{
	struct bench b = {.options = options, .totals = out};
	int rc;

	*out = (struct bench_totals){0};
	arena_init(&b.mem);
	b.workers = xcalloc((size_t)options->jobs, sizeof(*b.workers));
	rc = list_cases(&b, err);
	if (!rc)
		rc = open_outputs(&b, err);
	if (!rc)
		rc = run_all(&b, err);
	stop_workers(&b);
	wilson_interval(out->plausible, out->cases, &out->low, &out->high);
	out->seconds_median = median(b.seconds.v, b.seconds.n);
	out->candidates_median = median(b.candidates.v, b.candidates.n);
	if (b.out)
		fclose(b.out);
	vec_free(&b.ids);
	vec_free(&b.seconds);
	vec_free(&b.candidates);
	free(b.workers);
	arena_release(&b.mem);
	return rc;
}
