#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "port/forge/forge_private.h"

static bool read_run(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_run *r = out;

	r->id = json_get_int(j, "id", 0);
	r->workflow_id = json_get_int(j, "workflow_id", 0);
	r->attempt = json_get_int(j, "run_attempt", 1);
	r->created_at = read_time(j, "created_at");
	r->updated_at = read_time(j, "updated_at");
	r->name = read_str(j, "name", mem);
	r->path = read_str(j, "path", mem);
	r->event = read_str(j, "event", mem);
	r->status = read_str(j, "status", mem);
	r->conclusion = read_str(j, "conclusion", mem);
	r->head_branch = read_str(j, "head_branch", mem);
	r->head_sha = read_str(j, "head_sha", mem);
	r->head_repo = read_str(json_get_obj(j, "head_repository"), "full_name", mem);
	r->html_url = read_str(j, "html_url", mem);
	r->actor = read_login(j, "actor", NULL, mem);
	r->triggering_actor = read_login(j, "triggering_actor", NULL, mem);
	return r->id > 0;
}

const struct reader run_reader = {"workflow run", sizeof(struct forge_run), read_run};

static const struct forge_step *read_steps(const struct json_t *arr, size_t *n, struct arena *mem)
{
	size_t all = json_len(arr) < 1000 ? json_len(arr) : 1000;
	struct forge_step *v = arena_array(mem, all ? all : 1, sizeof(*v));

	for (size_t i = 0; i < all; i++) {
		const struct json_t *j = json_at(arr, i);

		v[i].name = read_str(j, "name", mem);
		v[i].conclusion = read_str(j, "conclusion", mem);
		v[i].number = (int)json_get_int(j, "number", 0);
	}
	*n = all;
	return v;
}

static bool read_job(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_job *job = out;

	job->id = json_get_int(j, "id", 0);
	job->name = read_str(j, "name", mem);
	job->conclusion = read_str(j, "conclusion", mem);
	job->runner_name = read_str(j, "runner_name", mem);
	job->html_url = read_str(j, "html_url", mem);
	job->steps = read_steps(json_get_arr(j, "steps"), &job->n_steps, mem);
	return job->id > 0;
}

const struct reader job_reader = {"job", sizeof(struct forge_job), read_job};

static bool read_artifact(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_artifact *a = out;
	const struct json_t *run = json_get_obj(j, "workflow_run");

	a->id = json_get_int(j, "id", 0);
	a->size_bytes = json_get_int(j, "size_in_bytes", 0);
	a->run_id = json_get_int(run, "id", 0);
	a->name = read_str(j, "name", mem);
	a->digest = read_str(j, "digest", mem);
	a->head_sha = read_str(run, "head_sha", mem);
	a->expired = json_get_bool(j, "expired", false);
	return a->id > 0;
}

const struct reader artifact_reader = {"artifact", sizeof(struct forge_artifact), read_artifact};

static void add_filter(struct buf *query, const char *name, struct str value, struct arena *mem)
{
	if (value.n)
		buf_printf(query, "&%s=%s", name, url_encoded(mem, value));
}

int forge_runs(struct forge *f, struct str repo, const struct forge_run_filter *filter,
	struct forge_run **out, size_t *n, struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &run_reader,
		.key = "workflow_runs",
		.max = filter->max ? filter->max : 100};
	int page = query.max < PAGE_SIZE ? (int)query.max : PAGE_SIZE;
	BUF_AUTO filters = BUF_INIT(8 << 10);
	bool named = filter->workflow.n > 0;
	struct ask ask = {0};
	struct list list;

	add_filter(&filters, "branch", filter->branch, mem);
	add_filter(&filters, "event", filter->event, mem);
	add_filter(&filters, "status", filter->status, mem);
	add_filter(&filters, "head_sha", filter->head_sha, mem);
	if (ask_in_repo(&ask, repo, mem, err, "/actions/%s%s%sruns?per_page=%d%s",
		    named ? "workflows/" : "", url_encoded(mem, filter->workflow), named ? "/" : "",
		    page, buf_text(&filters)) < 0)
		return -1;
	if (forge_list(f, &ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = list.n;
	return 0;
}

int forge_run(struct forge *f, struct str repo, int64_t id, struct forge_run *out,
	struct arena *mem, struct err *err)
{
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, mem, err, "/actions/runs/%" PRId64, id) < 0)
		return -1;
	return forge_one(f, &ask, &run_reader, out, mem, err);
}

int forge_jobs(struct forge *f, struct str repo, int64_t run, struct forge_job **out, size_t *n,
	struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &job_reader, .key = "jobs"};
	struct ask ask = {0};
	struct list list;

	if (ask_in_repo(&ask, repo, mem, err,
		    "/actions/runs/%" PRId64 "/jobs?filter=latest&per_page=%d", run,
		    PAGE_SIZE) < 0 ||
		forge_list(f, &ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = list.n;
	return 0;
}

int forge_artifacts(struct forge *f, struct str repo, int64_t run, struct forge_artifact **out,
	size_t *n, struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &artifact_reader, .key = "artifacts"};
	struct ask ask = {0};
	struct list list;

	if (ask_in_repo(&ask, repo, mem, err, "/actions/runs/%" PRId64 "/artifacts?per_page=%d",
		    run, PAGE_SIZE) < 0 ||
		forge_list(f, &ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = list.n;
	return 0;
}

int forge_rerun_failed(struct forge *f, struct str repo, int64_t run, struct err *err)
{
	ARENA_AUTO mem = {0};
	struct ask ask = {.method = "POST"};

	if (ask_in_repo(&ask, repo, &mem, err, "/actions/runs/%" PRId64 "/rerun-failed-jobs", run) <
		0)
		return -1;
	return forge_do(f, &ask, &mem, err);
}

/* ---- what goes into a file ---- */

static int write_piece(void *data, struct str piece, struct err *err)
{
	const int *fd = data;

	while (piece.n) {
		ssize_t n = write(*fd, piece.p, piece.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot write what GitHub sends");
		piece = str_from(piece, (size_t)n);
	}
	return 0;
}

static int begin_again(void *data, struct err *err)
{
	const int *fd = data;

	if (ftruncate(*fd, 0) < 0 || lseek(*fd, 0, SEEK_SET) < 0)
		return err_sys(err, errno, "cannot begin the file again");
	return 0;
}

/* GitHub sends to a storage host, whose address holds its own signature. */
static int download(struct forge *f, struct ask *ask, int fd, size_t max_bytes, struct arena *mem,
	struct err *err)
{
	REPLY_AUTO reply = {0};

	ask->sink = write_piece;
	ask->sink_again = begin_again;
	ask->sink_data = &fd;
	ask->max_bytes = max_bytes;
	return forge_exchange(f, ask, &reply, mem, err);
}

int forge_run_logs(
	struct forge *f, struct str repo, int64_t run, int fd, size_t max_bytes, struct err *err)
{
	ARENA_AUTO mem = {0};
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, &mem, err, "/actions/runs/%" PRId64 "/logs", run) < 0)
		return -1;
	return download(f, &ask, fd, max_bytes, &mem, err);
}

int forge_job_log(
	struct forge *f, struct str repo, int64_t job, int fd, size_t max_bytes, struct err *err)
{
	ARENA_AUTO mem = {0};
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, &mem, err, "/actions/jobs/%" PRId64 "/logs", job) < 0)
		return -1;
	return download(f, &ask, fd, max_bytes, &mem, err);
}

int forge_artifact_download(struct forge *f, struct str repo, int64_t artifact, int fd,
	size_t max_bytes, struct err *err)
{
	ARENA_AUTO mem = {0};
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, &mem, err, "/actions/artifacts/%" PRId64 "/zip", artifact) < 0)
		return -1;
	return download(f, &ask, fd, max_bytes, &mem, err);
}
