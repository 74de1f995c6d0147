#include "heal/backtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "kit/report/inputs.h"
#include "port/child/child.h"
#include "port/child/copy.h"
#include "port/forge/forge.h"
#include "port/git/apart.h"

enum { LOG_BYTES_MAX = 256 << 20, SUBJECT_BYTES = 200 };

struct backtesting {
	struct backtest *out;
	struct forge *forge;
	const struct backtest_options *o;
	struct report_tables *tables;
	struct repo *repo;  /* NULL: nothing is healed */
	const char *folder; /* of ours, for checkouts and logs; NULL: not made yet */
	struct arena *mem;
};

static const struct {
	const char *reason, *text;
} reasons[] = {
	{"log_gone", "GitHub does not have its log any more"},
	{"nothing_recognised", "no failure was recognised in its log"},
	{"infrastructure", "the machine or the network failed, not the code"},
	{"configuration", "a setting or a dependency was missing"},
	{"flaky", "the same commit was green as well"},
	{"same_failure", "another of these runs has the same failure"},
	{"of_a_fork", "its code is a fork's, which is not run here"},
	{"no_checkout", "no clone of the repository is at hand"},
	{"commit_not_here", "this clone does not have its commit: git fetch"},
	{"not_healable", "it could not be healed here"},
};

const char *backtest_reason_text(const char *reason)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (!strcmp(reasons[i].reason, reason))
			return reasons[i].text;
	return reason;
}

static void tell(const struct backtesting *b, size_t done, const char *what)
{
	if (b->o->progress)
		b->o->progress(b->o->data, done, b->out->n, what);
}

static int make_folder(struct backtesting *b, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	struct str pattern;
	char *folder;

	if (b->folder)
		return 0;
	pattern = arena_printf(b->mem, "%s/selfheal-backtest-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	folder = arena_strndup(b->mem, pattern.p, pattern.n);
	if (!mkdtemp(folder))
		return err_sys(err, errno, "cannot make a folder like '%s'", folder);
	b->folder = folder;
	return 0;
}

static void remove_folder(const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	remove_tree(fd);
	close_fd(fd);
	(void)rmdir(path);
}

/* --- what it was --- */

static int open_log(struct backtesting *b, int *fd, struct err *err)
{
	const char *path;

	if (make_folder(b, err) < 0)
		return -1;
	path = arena_printf(b->mem, "%s/logs.zip", b->folder).p;
	*fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*fd < 0)
		return err_sys(err, errno, "cannot make '%s'", path);
	(void)unlink(path);
	return 0;
}

static void read_log(struct backtesting *b, struct backtest_run *run, int fd)
{
	struct report_options how = {
		.tables = b->tables, .root = b->o->checkout, .root_guessed = true};
	struct err damaged = ERR_INIT; /* what can be read of it is */
	struct inputs inputs;

	inputs_init(&inputs, &how, &run->failures, b->mem);
	(void)lseek(fd, 0, SEEK_SET);
	if (inputs_read_fd(&inputs, fd, "logs.zip", &damaged) < 0)
		run->reason = "nothing_recognised";
	inputs_finish(&inputs);
	inputs_release(&inputs);
}

static struct str subject_of(const struct backtest_run *run, struct arena *mem)
{
	const struct failure *f = run->failures.items.v;
	struct str type, where;

	if (!run->failures.items.n)
		return STR_NULL;
	type = f->type.n ? f->type : str_of(failure_kind_to_string(f->kind));
	where = f->id.n ? f->id : f->name.n ? f->name : f->file;
	return where.n ? arena_printf(mem, "%.*s in %.*s",
				 STR_ARGS(str_slice(type, 0, SUBJECT_BYTES)),
				 STR_ARGS(str_slice(where, 0, SUBJECT_BYTES)))
		       : str_slice(type, 0, SUBJECT_BYTES);
}

static void judge(struct backtesting *b, struct backtest_run *run)
{
	static const char *const why[BACKTEST_KINDS] = {
		[BACKTEST_INFRASTRUCTURE] = "infrastructure",
		[BACKTEST_CONFIGURATION] = "configuration",
		[BACKTEST_UNREADABLE] = "nothing_recognised"};

	run->kind = backtest_kind_of(&run->failures);
	run->reason = why[run->kind];
	run->subject = subject_of(run, b->mem);
}

static int explain(struct backtesting *b, struct backtest_run *run, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	int rc;

	if (open_log(b, &fd, err) < 0)
		return -1;
	rc = forge_run_logs(b->forge, b->o->repo, run->id, fd, LOG_BYTES_MAX, err);
	if (rc < 0 && err->code != ERR_LIMIT)
		return -1;
	if (rc == FORGE_NONE) {
		run->kind = BACKTEST_UNREADABLE;
		run->reason = "log_gone";
		return 0;
	}
	err_reset(err);
	read_log(b, run, fd);
	judge(b, run);
	return 0;
}

/* --- what people did --- */

/* The first green run of the workflow on that branch behind the red one; and whether the same
 * commit was green. */
static int find_green(struct backtesting *b, struct backtest_run *run, const struct forge_run *red,
	struct err *err)
{
	struct forge_run_filter filter = {.branch = red->head_branch,
		.status = STR("success"),
		.workflow = arena_printf(b->mem, "%lld", (long long)red->workflow_id)};
	struct forge_run *greens;
	size_t n;

	if (forge_runs(b->forge, b->o->repo, &filter, &greens, &n, b->mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct forge_run *g = &greens[i];
		if (str_eq(g->head_sha, red->head_sha) && run->kind == BACKTEST_REPAIR) {
			run->kind = BACKTEST_FLAKY;
			run->reason = "flaky";
		}
		if (g->id <= red->id || g->created_at < red->created_at ||
			str_eq(g->head_sha, red->head_sha))
			continue;
		if (!run->people.sha.n || g->created_at < run->people.at) {
			run->people.sha = g->head_sha;
			run->people.at = g->created_at;
		}
	}
	return 0;
}

/* GitHub lists hunks a file; with headers they are a diff again. */
static int read_their_change(struct backtesting *b, struct backtest_run *run, struct err *err)
{
	struct forge_compare c;
	BUF_AUTO diff = BUF_INIT(LIMIT_PATCH_BYTES);
	struct str *files;
	struct err unknown = ERR_INIT;

	if (!run->people.sha.n)
		return 0;
	if (forge_compare(b->forge, b->o->repo, run->sha, run->people.sha, &c, b->mem, &unknown) <
		0) {
		if (!err_is_retryable(&unknown))
			return 0;
		*err = unknown;
		return -1;
	}
	files = arena_array(b->mem, c.n_files + 1, sizeof(*files));
	for (size_t i = 0; i < c.n_files; i++) {
		const struct forge_file *f = &c.files[i];
		files[run->people.n_files++] = f->path;
		if (!f->patch.n)
			continue;
		buf_printf(&diff, "--- a/%.*s\n+++ b/%.*s\n%.*s\n",
			STR_ARGS(f->previous_path.n ? f->previous_path : f->path),
			STR_ARGS(f->path), STR_ARGS(f->patch));
	}
	run->people.files = files;
	run->people.diff = diff.over ? STR_NULL : arena_str(b->mem, buf_view(&diff));
	return 0;
}

/* --- what the bot does --- */

static int heal_commit(struct backtesting *b, struct str sha, const char *name,
	struct heal_result *result, struct err *err)
{
	struct heal_options options = *b->o->heal;
	const char *path;
	int rc;

	if (make_folder(b, err) < 0)
		return -1;
	path = arena_printf(b->mem, "%s/%s", b->folder, name).p;
	rc = repo_check_out_apart(b->repo, arena_cstr(b->mem, sha), path, err);
	if (rc == 0) {
		options.root = path;
		options.no_store = options.dry_run = true;
		options.store_path = options.branch = options.patch_file = options.resume = NULL;
		options.apply = false;
		options.progress = NULL;
		rc = heal_run(result, &options, b->mem, err);
	}
	remove_folder(path);
	return rc;
}

static int try_theirs(struct backtesting *b, struct backtest_run *run, struct err *err)
{
	struct heal_result result;
	struct err broken = ERR_INIT;
	int rc;

	if (!run->people.sha.n)
		return 0;
	heal_result_init(&result);
	rc = heal_commit(b, run->people.sha, "theirs", &result, &broken);
	if (rc == 0) {
		run->people.tried = true;
		run->people.green = result.outcome == OUTCOME_NOTHING_TO_DO;
	}
	heal_result_release(&result);
	if (rc < 0 && broken.code == ERR_INTERRUPT) {
		*err = broken;
		return -1;
	}
	return 0;
}

/* A commit that cannot be healed (its settings, its tools) is told, and the next one is tried. */
static int try_ours(struct backtesting *b, struct backtest_run *run, struct err *err)
{
	struct heal_result result;
	struct err broken = ERR_INIT;
	int rc;

	heal_result_init(&result);
	rc = heal_commit(b, run->sha, "ours", &result, &broken);
	if (rc == 0) {
		run->outcome = result.outcome;
		run->why = result.why;
		run->confidence = result.verdict.confidence;
		run->seconds = result.seconds;
		if (result.outcome == OUTCOME_HEALED)
			run->diff = result.diff;
		run->place = backtest_compare(run->diff, run->people.diff, b->mem);
	} else {
		run->reason = rc < 0 ? "not_healable" : "commit_not_here";
		run->why = rc < 0 ? arena_str(b->mem, str_of(broken.msg)) : STR_NULL;
	}
	heal_result_release(&result);
	if (rc < 0 && broken.code == ERR_INTERRUPT) {
		*err = broken;
		return -1;
	}
	return rc == 0 ? try_theirs(b, run, err) : 0;
}

static void find_same(struct backtesting *b, struct backtest_run *run)
{
	for (struct backtest_run *other = b->out->v; other < run; other++)
		if (!other->same_as && other->kind == run->kind &&
			backtest_same_failure(&other->failures, &run->failures)) {
			run->same_as = other->id;
			run->reason = "same_failure";
			return;
		}
}

static int look_at(struct backtesting *b, size_t i, const struct forge_run *red, struct err *err)
{
	struct backtest_run *run = &b->out->v[i];

	tell(b, i, "read");
	if (explain(b, run, err) < 0 || find_green(b, run, red, err) < 0 ||
		read_their_change(b, run, err) < 0)
		return err_wrap(err, "run %lld", (long long)run->id);
	if (run->kind != BACKTEST_REPAIR)
		return 0;
	find_same(b, run);
	if (run->reason)
		return 0;
	if (!str_eq_nocase(red->head_repo, b->o->repo))
		run->reason = "of_a_fork";
	else if (!b->repo)
		run->reason = "no_checkout";
	if (run->reason)
		return 0;
	tell(b, i, "heal");
	return try_ours(b, run, err);
}

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Of failures, not of runs: a failure that shows in ten runs was healed by people once. */
static void count(struct backtest *out, struct arena *mem)
{
	int64_t *times = arena_array(mem, out->n + 1, sizeof(*times));
	struct backtest_totals *t = &out->totals;

	t->median_to_people_s = -1;
	for (size_t i = 0; i < out->n; i++) {
		const struct backtest_run *r = &out->v[i];
		t->kinds[r->kind]++;
		if (r->kind != BACKTEST_REPAIR || r->same_as)
			continue;
		t->tried += !r->reason;
		t->proposed += r->diff.n > 0;
		t->same_lines += r->place == PLACE_SAME_LINES;
		t->same_file += r->place == PLACE_SAME_FILE;
		t->elsewhere += r->place == PLACE_ELSEWHERE;
		if (r->people.sha.n)
			times[t->fixed_by_people++] = r->people.at - r->created_at;
	}
	if (!t->fixed_by_people)
		return;
	qsort(times, t->fixed_by_people, sizeof(*times), by_number);
	t->median_to_people_s = times[t->fixed_by_people / 2];
}

static int list_runs(struct backtesting *b, struct forge_run **reds, struct err *err)
{
	struct forge_run_filter filter = {.branch = b->o->branch,
		.workflow = b->o->workflow,
		.status = STR("failure"),
		.max = b->o->runs};
	size_t n;

	if (forge_runs(b->forge, b->o->repo, &filter, reds, &n, b->mem, err) < 0)
		return -1;
	b->out->v = arena_array(b->mem, n + 1, sizeof(*b->out->v));
	b->out->n = n < b->o->runs ? n : b->o->runs;
	for (size_t i = 0; i < b->out->n; i++) {
		const struct forge_run *r = &(*reds)[i];
		b->out->v[i] = (struct backtest_run){.id = r->id,
			.created_at = r->created_at,
			.name = r->name,
			.url = r->html_url,
			.branch = r->head_branch,
			.sha = r->head_sha};
		failure_list_init(&b->out->v[i].failures);
	}
	return 0;
}

static int open_repo(struct backtesting *b, struct err *err)
{
	int rc = b->o->checkout ? repo_open(&b->repo, b->o->checkout, err) : REPO_NONE;

	return rc < 0 ? -1 : 0;
}

int backtest_run(struct backtest *out, struct forge *forge, const struct backtest_options *options,
	struct arena *mem, struct err *err)
{
	struct backtesting b = {.out = out,
		.forge = forge,
		.o = options,
		.tables = report_tables_new(),
		.mem = mem};
	struct forge_run *reds;
	int rc;

	*out = (struct backtest){0};
	rc = open_repo(&b, err) < 0 || list_runs(&b, &reds, err) < 0 ? -1 : 0;
	for (size_t i = 0; rc == 0 && i < out->n; i++)
		rc = child_interrupted() ? err_set(err, ERR_INTERRUPT, "interrupted")
					 : look_at(&b, i, &reds[i], err);
	count(out, mem);
	remove_folder(b.folder);
	repo_free(b.repo);
	report_tables_free(b.tables);
	return rc;
}

void backtest_release(struct backtest *b)
{
	for (size_t i = 0; i < b->n; i++)
		failure_list_release(&b->v[i].failures);
	*b = (struct backtest){0};
}
