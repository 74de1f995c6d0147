#include "heal/respond.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "heal/propose.h"
#include "heal/responding.h"
#include "heal/self_child.h"
#include "json/json.h"
#include "publish/comment.h"

enum {
	ARGUMENTS_MAX = 64,
	AVOIDED_MAX = 8,
	LOG_BYTES = 256 << 20,
	GRACE_S = 600, /* over the budget, for set-up and the last proof */
	CATCH_UP_S = 3 * 3600,
};

/* --- healing in a child --- */

static int fetch_logs(struct responding *r, int64_t run, const char *path, struct err *err)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return err_sys(err, errno, "cannot make '%s'", path);
	rc = forge_run_logs(r->o->forge, r->publish.repo, run, fd, LOG_BYTES, err);
	close(fd);
	return rc;
}

struct arguments {
	const char *v[ARGUMENTS_MAX];
	size_t n;
};

static void add(struct arguments *a, const char *one)
{
	if (a->n + 1 < ARGUMENTS_MAX)
		a->v[a->n++] = one;
}

static int add_logs(
	struct arguments *a, struct responding *r, const struct heal_job *job, struct err *err)
{
	struct str path = arena_printf(r->mem, "%.*s/log.zip", STR_ARGS(r->place.folder));
	int rc;

	if (!job->log_run)
		return 0;
	rc = fetch_logs(r, job->log_run, path.p, err);
	/* Logs are kept for a time only: the tests say what fails, too. */
	if (rc < 0 && (err_is_retryable(err) || err->code == ERR_INTERRUPT))
		return -1;
	if (rc)
		return 0;
	add(a, "--log");
	add(a, path.p);
	return 0;
}

static int add_avoided(
	struct arguments *a, struct responding *r, const struct heal_job *job, struct err *err)
{
	for (size_t i = 0; i < job->n_avoid && i < AVOIDED_MAX; i++) {
		struct str path =
			arena_printf(r->mem, "%.*s/avoid-%zu.patch", STR_ARGS(r->place.folder), i);
		if (file_replace(path.p, job->avoid[i], err) < 0)
			return -1;
		add(a, "--avoid");
		add(a, path.p);
	}
	return 0;
}

static int run_child(struct responding *r, const struct arguments *a, struct err *err)
{
	CHILD_RESULT_AUTO result;

	child_result_init(&result);
	if (self_child_run(&result, a->v, r->place.dir.p, (r->o->budget_s + GRACE_S) * 1000, err) <
		0)
		return -1;
	if (result.exit_code == 0 || result.exit_code == 1 || result.exit_code == 4)
		return 0;
	return err_set(err, result.exit_code == 3 ? ERR_NET : ERR_CONFIG,
		"healing ended with exit code %d: %.*s", result.exit_code,
		STR_ARGS(str_trim(str_slice(buf_view(&result.output), 0, 300))));
}

static int take_bundle(struct responding *r, const char *path, struct err *err)
{
	BUF_AUTO text = BUF_INIT(BUNDLE_BYTES_MAX);

	if (file_read(&text, path, err) < 0 ||
		bundle_read(&r->bundle, &r->document, buf_view(&text), r->mem, err) < 0)
		return -1;
	if (!r->bundle.n)
		return err_set(err, ERR_INTERNAL, "the child left a bundle without a result");
	fix_from_json(&r->fix, r->bundle.results[0], r->mem);
	return 0;
}

int responding_heal(struct responding *r, const struct heal_job *job, struct err *err)
{
	struct workplace_options place = {.cache_dir = r->o->cache_dir,
		.cache_bytes = r->o->cache_bytes,
		.repo = r->publish.repo,
		.commit = job->commit,
		.pull = job->pull,
		.job = r->job->id};
	struct forge_repository about;
	struct arguments a = {0};
	struct str bundle;

	/* A fork's settings are a stranger's. */
	if (job->untrusted) {
		if (forge_repository(r->o->forge, r->publish.repo, &about, r->mem, err) != 0)
			return err->code ? -1
					 : err_set(err, ERR_CONFLICT, "the repository is gone");
		place.settings = about.default_branch;
	}
	if (workplace_open(&r->place, r->o->forge, &place, r->mem, err) < 0)
		return -1;
	bundle = arena_printf(r->mem, "%.*s/bundle.json", STR_ARGS(r->place.folder));
	add(&a, r->o->program);
	add(&a, "heal");
	add(&a, r->place.dir.p);
	add(&a, "--quiet");
	add(&a, "--fail-on");
	add(&a, "never");
	add(&a, "--budget");
	add(&a, arena_printf(r->mem, "%d", r->o->budget_s).p);
	add(&a, "--store");
	add(&a, r->o->store_path);
	add(&a, "--bundle");
	add(&a, bundle.p);
	if (job->dry_run)
		add(&a, "--dry-run");
	if (add_logs(&a, r, job, err) < 0 || add_avoided(&a, r, job, err) < 0 ||
		run_child(r, &a, err) < 0)
		return -1;
	return take_bundle(r, bundle.p, err);
}

int responding_publish(struct responding *r, struct published *out, struct err *err)
{
	struct propose_options options = {
		.publish = r->publish, .policy = r->o->policy, .own = true};
	struct proposed *proposed = arena_new(r->mem, struct proposed);

	*out = (struct published){.reason = "nothing_proved"};
	r->bundle.repository = r->publish.repo;
	r->bundle.run_id = r->job->run_id;
	if (propose_bundle(proposed, r->o->forge, &r->bundle, &options, r->mem, err) < 0)
		return -1;
	if (proposed->n)
		*out = proposed->v[0];
	return 0;
}

/* --- small things that several kinds do --- */

int responding_own_pull(struct responding *r, int64_t number, struct forge_pull *pull,
	struct marker *marker, struct err *err)
{
	int rc = forge_pull(r->o->forge, r->publish.repo, number, pull, r->mem, err);

	if (rc)
		return rc;
	return str_eq_nocase(pull->author, r->me.login) &&
			       marker_read(marker, pull->body, "pull", r->publish.instance, r->mem)
		       ? 0
		       : FORGE_NONE;
}

int responding_pull_diff(struct responding *r, int64_t number, struct str *diff, struct err *err)
{
	BUF_AUTO text = BUF_INIT(LIMIT_PATCH_BYTES);
	struct forge_file *files;
	size_t n;

	if (forge_pull_files(r->o->forge, r->publish.repo, number, &files, &n, r->mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!files[i].patch.n)
			continue;
		buf_printf(&text, "--- a/%.*s\n+++ b/%.*s\n%.*s\n", STR_ARGS(files[i].path),
			STR_ARGS(files[i].path), STR_ARGS(files[i].patch));
	}
	*diff = arena_str(r->mem, buf_view(&text));
	return 0;
}

int responding_answer(
	struct responding *r, int64_t number, struct str key, struct str text, struct err *err)
{
	struct comment_place place = {.repo = r->publish.repo,
		.issue = number,
		.what = "answer",
		.instance = r->publish.instance,
		.key = key};
	int64_t id;

	return comment_ensure(r->o->forge, &place, text, &id, r->mem, err);
}

int responding_mark(struct responding *r, const struct forge_pull *pull,
	const struct marker *marker, struct err *err)
{
	struct forge_pull_change change = {.body = marker_replace(pull->body, marker, r->mem)};

	if (str_eq(str_trim(change.body), str_trim(pull->body)))
		return 0;
	return forge_pull_update(r->o->forge, r->publish.repo, pull->number, &change, err);
}

void responding_stop_merge(struct responding *r, const struct forge_pull *pull)
{
	struct err err = ERR_INIT;

	if (r->publish.auto_merge &&
		forge_pull_stop_auto_merge(r->o->forge, pull->node_id, &err) < 0)
		log_warn("%s", err.msg);
}

int responding_label(struct responding *r, int64_t number, const char *name, struct err *err)
{
	struct forge_label label = {.name = str_of(name),
		.color = STR("fbca04"),
		.description = STR("Set for or by selfheal")};

	if (forge_label_ensure(r->o->forge, r->publish.repo, &label, err) < 0)
		return -1;
	return forge_labels_add(r->o->forge, r->publish.repo, number, &label.name, 1, err);
}

/* --- what needs no checkout --- */

/* Whether what ran last in each workflow on that commit of the branch ended well: one that is green
 * says nothing of the others. Runs that follow other runs carry a commit they did not look at. */
static int all_green(struct responding *r, bool *green, struct err *err)
{
	struct forge_run_filter filter = {.branch = r->job->branch, .head_sha = r->job->sha};
	struct forge_run *runs;
	size_t n;

	if (forge_runs(r->o->forge, r->publish.repo, &filter, &runs, &n, r->mem, err) < 0)
		return -1;
	*green = true;
	for (size_t i = 0; i < n; i++) {
		bool newest = !str_eq_c(runs[i].event, "workflow_run") &&
			      !str_eq_c(runs[i].event, "issue_comment");
		for (size_t k = 0; k < i && newest; k++)
			newest = runs[k].workflow_id != runs[i].workflow_id ||
				 !str_eq(runs[k].event, runs[i].event);
		*green &= !newest || (str_eq_c(runs[i].status, "completed") &&
					     !str_eq_c(runs[i].conclusion, "failure") &&
					     !str_eq_c(runs[i].conclusion, "timed_out"));
	}
	return 0;
}

int respond_base_green(struct responding *r, struct err *err)
{
	struct published *closed = arena_array(r->mem, PROPOSED_MAX, sizeof(*closed));
	struct str head;
	size_t n;
	bool green;
	int rc = forge_branch(r->o->forge, r->publish.repo, r->job->branch, &head, r->mem, err);

	/* A green run of an older commit says nothing of the branch as it is now. */
	if (rc || !str_eq(head, r->job->sha))
		return rc < 0 ? -1 : 0;
	if (all_green(r, &green, err) < 0)
		return -1;
	if (!green)
		return 0;
	r->publish.base_branch = r->job->branch;
	r->publish.commit = r->job->sha;
	return publish_base_green(
		closed, PROPOSED_MAX, &n, r->o->forge, &r->publish, STR_NULL, r->mem, err);
}

int respond_catch_up(struct responding *r, struct err *err)
{
	struct forge_delivery *failed;
	size_t n;

	if (forge_failed_deliveries(
		    r->o->forge, clock_wall_s() - CATCH_UP_S, &failed, &n, r->mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (forge_redeliver(r->o->forge, failed[i].id, err) < 0)
			return -1;
	return 0;
}

static int nothing(struct responding *r, struct err *err)
{
	(void)r;
	(void)err;
	return 0;
}

int respond_run(const struct job *job, const struct respond_options *options, struct arena *mem,
	struct err *err)
{
	static int (*const kinds[JOB_KIND_COUNT])(struct responding * r, struct err * err) = {
		[JOB_HEAL_RUN] = respond_red_run,
		[JOB_OWN_RED] = respond_own_red,
		[JOB_BASE_GREEN] = respond_base_green,
		[JOB_COMMAND] = respond_command,
		[JOB_REVIEW] = respond_review,
		[JOB_PULL_CLOSED] = respond_pull_closed,
		[JOB_INSTALLATION] = nothing,
		[JOB_PUSH] = nothing,
		[JOB_CATCH_UP] = respond_catch_up,
	};
	struct responding r = {.job = job, .o = options, .publish = *options->publish, .mem = mem};
	int rc;

	r.publish.repo = job->repo;
	if (job->kind == JOB_CATCH_UP)
		return respond_catch_up(&r, err);
	if (forge_me(options->forge, &r.me, mem, err) < 0)
		return -1;
	rc = kinds[job->kind](&r, err);
	json_free(r.document);
	workplace_close(&r.place);
	return rc < 0 ? err_wrap(err, "%s job of '%.*s'", job_kind_to_string(job->kind),
				STR_ARGS(job->repo))
		      : 0;
}
