#include "heal/bench_case.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "json/json.h"
#include "port/child/child.h"

enum { HIDDEN_TIMEOUT_S = 60 };

/* Where one case is worked on. */
struct desk {
	struct arena mem;
	const char *folder, *repo;
	struct json_t *about; /* case.json */
};

static int run_program(
	const char *const *argv, const char *cwd, int timeout_ms, int *exit_code, struct err *err)
{
	static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
		"PYTHONDONTWRITEBYTECODE=1", NULL};
	struct child_options options = {
		.argv = argv, .env = env, .cwd = cwd, .timeout_ms = timeout_ms};
	CHILD_RESULT_AUTO result;

	child_result_init(&result);
	if (child_run(&result, &options, err) < 0)
		return -1;
	*exit_code = result.timed_out ? 124 : result.exit_code;
	return 0;
}

static int must_run(const char *const *argv, struct err *err)
{
	int code;

	if (run_program(argv, "/", 0, &code, err) < 0)
		return -1;
	return code ? err_set(err, ERR_INTERNAL, "'%s' ended with exit code %d", argv[0], code) : 0;
}

static int copy_repo(const char *from, const char *to, struct err *err)
{
	const char *const copy[] = {"cp", "-a", "--no-preserve=ownership", "--", from, to, NULL};
	/* Corpora may be read-only; a checkout is not. */
	const char *const writable[] = {"chmod", "-R", "u+rwX", "--", to, NULL};

	return must_run(copy, err) < 0 || must_run(writable, err) < 0 ? -1 : 0;
}

static int read_json(struct json_t **out, const char *path, struct err *err)
{
	BUF_AUTO text;

	buf_init(&text, LIMIT_JSON_BYTES);
	if (file_read(&text, path, err) < 0)
		return -1;
	return json_parse(out, buf_view(&text), err);
}

static int desk_open(struct desk *d, const struct bench_options *o, struct str id, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *folder;

	arena_init(&d->mem);
	folder = arena_strndup(&d->mem,
		arena_printf(&d->mem, "%s/selfheal-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp").p,
		4000);
	if (!mkdtemp(folder))
		return err_sys(err, errno, "cannot make a folder like '%s'", folder);
	d->folder = folder;
	d->repo = arena_printf(&d->mem, "%s/repo", folder).p;
	if (read_json(&d->about,
		    arena_printf(&d->mem, "%s/cases/%.*s/case.json", o->suite, STR_ARGS(id)).p,
		    err) < 0)
		return -1;
	return copy_repo(arena_printf(&d->mem, "%s/cases/%.*s/repo", o->suite, STR_ARGS(id)).p,
		d->repo, err);
}

static void desk_close(struct desk *d)
{
	const char *const argv[] = {"rm", "-rf", "--", d->folder, NULL};
	struct err ignored = ERR_INIT;
	int code;

	if (d->folder && run_program(argv, "/", 0, &code, &ignored) < 0)
		err_reset(&ignored);
	json_free(d->about);
	arena_release(&d->mem);
}

/* The suite's answers, absolute, or NULL when it has none. */
static const char *solutions_of(struct desk *d, const struct bench_options *o)
{
	char *path = realpath(arena_printf(&d->mem, "%s/solutions", o->suite).p, NULL);
	const char *copy = path ? arena_strndup(&d->mem, path, strlen(path)) : NULL;

	free(path);
	return copy;
}

/* What the case asks for, and a sixth of the budget at most: a test that hangs leaves time for the
 * repair. */
static int run_limit_ms(const struct desk *d, const struct bench_options *o)
{
	int64_t wanted = json_get_int(d->about, "timeout_s", 0) * 1000;
	int64_t most = o->budget_ms / 6;

	return (int)(most > 0 && wanted > most ? most : wanted);
}

static int heal_case(
	struct heal_result *result, struct desk *d, const struct bench_options *o, struct err *err)
{
	struct str command = json_get_str(d->about, "test_command");
	const char *const hide[] = {solutions_of(d, o), NULL};
	struct heal_options options = {.root = d->repo,
		.hide = hide[0] ? hide : NULL,
		.command = command.n ? arena_cstr(&d->mem, command) : NULL,
		.timeout_ms = run_limit_ms(d, o),
		.budget_ms = o->budget_ms,
		.jobs = 1,
		.sandbox = o->sandbox,
		.store_path = arena_printf(&d->mem, "%s/store.db", d->folder).p,
		.templates_dir = o->templates_dir};

	return heal_run(result, &options, &d->mem, err);
}

static int write_hidden(
	struct desk *d, const struct json_t *hidden, const char *repo, struct err *err)
{
	struct json_each each = {0};

	while (json_next(hidden, &each)) {
		const char *path = arena_printf(&d->mem, "%s/%s", repo, each.key).p;
		const char *const argv[] = {
			"mkdir", "-p", "--", arena_cstr(&d->mem, str_dirname(str_of(path))), NULL};

		if (must_run(argv, err) < 0 || file_replace(path, json_to_str(each.value), err) < 0)
			return -1;
	}
	return 0;
}

/* A fresh copy with the healed patch. */
static int make_judged(struct desk *d, const struct bench_options *o, struct str id,
	const char *diff, const char *repo, int *code, struct err *err)
{
	const char *patch = arena_printf(&d->mem, "%s/fix.patch", d->folder).p;
	const char *const argv[] = {"patch", "-p1", "-s", "-f", "-i", patch, NULL};

	if (copy_repo(arena_printf(&d->mem, "%s/cases/%.*s/repo", o->suite, STR_ARGS(id)).p, repo,
		    err) < 0 ||
		file_replace(patch, str_of(diff), err) < 0)
		return -1;
	return run_program(argv, repo, 0, code, err);
}

enum judgement { JUDGED_WRONG, JUDGED_CORRECT, NOT_JUDGED };

/* The hidden tests on the healed copy: an enum judgement, or -1. */
static int judge(struct desk *d, const struct bench_options *o, struct str id, const char *diff,
	struct err *err)
{
	const char *base = arena_printf(&d->mem, "%s/solutions/%.*s", o->suite, STR_ARGS(id)).p;
	const char *hidden_path = arena_printf(&d->mem, "%s/hidden.json", base).p;
	const char *repo = arena_printf(&d->mem, "%s/judged", d->folder).p;
	CLEANUP(json_freep) struct json_t *hidden = NULL;
	CLEANUP(json_freep) struct json_t *truth = NULL;
	struct str command;
	int code;

	if (!file_is_regular(hidden_path))
		return NOT_JUDGED;
	if (read_json(&hidden, hidden_path, err) < 0 ||
		read_json(&truth, arena_printf(&d->mem, "%s/truth.json", base).p, err) < 0 ||
		make_judged(d, o, id, diff, repo, &code, err) < 0)
		return -1;
	if (code)
		return JUDGED_WRONG;
	if (write_hidden(d, hidden, repo, err) < 0)
		return -1;
	command = json_get_str(truth, "hidden_test_command");
	if (!command.n)
		command = json_get_str(d->about, "test_command");
	{
		const char *const argv[] = {"sh", "-c", arena_cstr(&d->mem, command), NULL};
		int limit = (int)json_get_int(truth, "hidden_timeout_s", HIDDEN_TIMEOUT_S);

		if (run_program(argv, repo, limit * 1000, &code, err) < 0)
			return -1;
	}
	return code == 0 ? JUDGED_CORRECT : JUDGED_WRONG;
}

/* Our own peak, not that of compilers and tests we waited for (which getrusage mixes in). */
static int64_t own_peak_kb(void)
{
	struct err ignored = ERR_INIT;
	struct str rest, line;
	int kb = 0;
	BUF_AUTO text;

	buf_init(&text, LIMIT_TEXT_BYTES);
	if (file_read(&text, "/proc/self/status", &ignored) < 0)
		return 0;
	rest = buf_view(&text);
	while (str_next_line(&rest, &line))
		if (str_skip(&line, "VmHWM:")) {
			line = str_ltrim(line);
			return str_take_int(&line, &kb) ? kb : 0;
		}
	return 0;
}

static int write_case(struct buf *out, struct desk *d, const struct heal_result *result,
	const struct bench_options *o, struct str id, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = heal_result_to_json(result);
	bool plausible = result->outcome == OUTCOME_HEALED;
	int judged = plausible ? judge(d, o, id, result->diff.p, err) : NOT_JUDGED;

	if (judged < 0)
		return -1;
	json_put_str(j, "id", id);
	json_put_int(j, "max_rss_kb", own_peak_kb());
	json_put_bool(j, "plausible", plausible);
	json_put_bool(j, "judged", judged != NOT_JUDGED);
	json_put_bool(j, "correct", judged == JUDGED_CORRECT);
	json_write(out, j, 0);
	return 0;
}

int bench_case(struct buf *out, const struct bench_options *o, struct str id, struct err *err)
{
	struct desk d = {0};
	struct heal_result result;
	int rc;

	heal_result_init(&result);
	rc = desk_open(&d, o, id, err);
	if (!rc)
		rc = heal_case(&result, &d, o, err);
	if (!rc)
		rc = write_case(out, &d, &result, o, id, err);
	heal_result_release(&result);
	desk_close(&d);
	return rc;
}

void bench_case_failed(struct buf *out, struct str id, const struct err *why)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();

	json_put_str(j, "id", id);
	json_put_c(j, "outcome", "infrastructure");
	json_put_c(j, "why", why->msg);
	json_put_bool(j, "plausible", false);
	json_write(out, j, 0);
}
