#include "heal/review_pull.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/strmap.h"
#include "heal/self_child.h"
#include "heal/workplace.h"
#include "json/json.h"
#include "port/forge/forge.h"
#include "publish/marker.h"
#include "publish/sections.h"
#include "verify/policy.h"

enum { LISTED = 20, FILES_MAX = 300, GRACE_S = 300 };

struct reviewing {
	struct reviewed *out;
	struct forge *forge;
	const struct review_pull_options *o;
	struct forge_pull pull;
	struct arena *mem;
};

/* --- the tests on both sides --- */

static void take_failing(struct review_side *side, const struct json_t *scan, struct arena *mem)
{
	const struct json_t *list = json_get_arr(scan, "failures");
	const struct json_t *tests = json_get_obj(scan, "tests");
	size_t n = json_len(list);
	struct str *failing = arena_array(mem, n, sizeof(*failing));

	for (size_t i = 0; i < n; i++) {
		struct str id = json_get_str(json_at(list, i), "symbol");
		if (!id.n)
			id = json_get_str(json_at(list, i), "title");
		failing[i] = arena_str(mem, id);
	}
	side->failing = failing;
	side->n_failing = n;
	side->ran = json_get_bool(tests, "ran", false);
	side->command = arena_str(mem, json_get_str(tests, "command"));
	side->why = arena_str(mem, json_get_str(tests, "why"));
}

static int scan_once(struct review_side *side, const struct reviewing *r,
	const struct workplace *place, struct err *err)
{
	const char *timeout = arena_printf(r->mem, "%d", r->o->timeout_s).p;
	const char *argv[] = {r->o->program, "scan", place->dir.p, "--quiet", "--timeout", timeout,
		"--format", "json", NULL};
	CLEANUP(json_freep) struct json_t *scan = NULL;
	CHILD_RESULT_AUTO result;
	struct str text;
	ptrdiff_t begin;

	child_result_init(&result);
	if (self_child_run(&result, argv, place->dir.p, (r->o->timeout_s + GRACE_S) * 1000, err) <
		0)
		return -1;
	text = buf_view(&result.output);
	begin = str_find_char(text, '{');
	if (begin < 0 || json_parse(&scan, str_from(text, (size_t)begin), err) < 0)
		return err_set(err, ERR_CONFIG, "the tests could not be run: %.*s",
			STR_ARGS(str_trim(str_slice(text, 0, 300))));
	take_failing(side, scan, r->mem);
	return 0;
}

static bool holds(const struct str *list, size_t n, struct str one)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i], one))
			return true;
	return false;
}

static bool same_tests(const struct review_side *a, const struct review_side *b)
{
	for (size_t i = 0; i < a->n_failing; i++)
		if (!holds(b->failing, b->n_failing, a->failing[i]))
			return false;
	return a->n_failing == b->n_failing;
}

/* Twice, so that chance is told from cause. */
static int run_side(struct review_side *side, struct reviewing *r, struct str commit, int64_t job,
	struct err *err)
{
	struct workplace_options how = {.cache_dir = r->o->cache_dir,
		.repo = r->o->repo,
		.commit = commit,
		.settings = r->pull.base_sha,
		.pull = r->o->number,
		.kind = "reviews",
		.job = job};
	struct review_side again = {0};
	struct workplace place = {0};
	int rc = workplace_open(&place, r->forge, &how, r->mem, err);

	if (rc == 0)
		rc = scan_once(side, r, &place, err);
	if (rc == 0)
		rc = scan_once(&again, r, &place, err);
	workplace_close(&place);
	side->steady = same_tests(side, &again);
	return rc;
}

static const struct str *difference(const struct review_side *a, const struct review_side *b,
	bool in_both, size_t *n, struct arena *mem)
{
	struct str *out = arena_array(mem, a->n_failing, sizeof(*out));

	*n = 0;
	for (size_t i = 0; i < a->n_failing; i++)
		if (holds(b->failing, b->n_failing, a->failing[i]) == in_both)
			out[(*n)++] = a->failing[i];
	return out;
}

static void compare(struct reviewed *out, struct arena *mem)
{
	out->healed = difference(&out->base, &out->head, false, &out->n_healed, mem);
	out->left = difference(&out->base, &out->head, true, &out->n_left, mem);
	out->broken = difference(&out->head, &out->base, false, &out->n_broken, mem);
	out->verdict = !out->base.ran || !out->head.ran ? "could not be judged"
		       : !out->base.steady || !out->head.steady
			       ? "cannot be told from chance: the same code passes and fails"
		       : out->n_broken        ? "breaks tests that passed"
		       : !out->base.n_failing ? "has no failing test to heal: the base is green"
		       : !out->n_healed       ? "does not heal the failing tests"
		       : out->n_left          ? "heals some of the failing tests"
					      : "heals the failing tests and breaks none";
}

/* --- what it changes --- */

static int read_side(
	struct str *out, struct reviewing *r, struct str path, struct str commit, struct err *err)
{
	int rc = forge_contents(r->forge, r->o->repo, path, commit, out, r->mem, err);

	if (rc == FORGE_NONE)
		*out = STR_NULL;
	return rc < 0 ? -1 : 0;
}

static int judge_changes(struct reviewing *r, struct err *err)
{
	CLEANUP(policy_freep) struct policy *policy = NULL;
	struct policy_text *texts;
	struct forge_file *files;
	size_t n;

	if (forge_pull_files(r->forge, r->o->repo, r->o->number, &files, &n, r->mem, err) < 0 ||
		policy_open(&policy, r->o->policy, err) < 0)
		return -1;
	r->out->files = n;
	n = n < FILES_MAX ? n : FILES_MAX;
	texts = arena_array(r->mem, n, sizeof(*texts));
	for (size_t i = 0; i < n; i++) {
		struct str old = files[i].previous_path.n ? files[i].previous_path : files[i].path;
		r->out->additions += files[i].additions;
		r->out->deletions += files[i].deletions;
		texts[i].path = files[i].path;
		if (read_side(&texts[i].before, r, old, r->pull.base_sha, err) < 0 ||
			read_side(&texts[i].after, r, files[i].path, r->pull.head_sha, err) < 0)
			return -1;
	}
	return policy_check_texts(&r->out->policy, policy, texts, n, r->mem, err);
}

/* --- what is said --- */

static void list_tests(struct buf *out, const char *title, const struct str *tests, size_t n)
{
	if (!n)
		return;
	buf_printf(out, "\n%s (%zu):\n\n", title, n);
	for (size_t i = 0; i < n && i < LISTED; i++) {
		buf_c(out, "- ");
		section_code(out, tests[i]);
		buf_char(out, '\n');
	}
	if (n > LISTED)
		buf_printf(out, "- and %zu more\n", n - LISTED);
}

static void write_policy(struct buf *out, const struct policy_report *report)
{
	if (!report->n)
		buf_c(out, "Policy has nothing against it.\n");
	else
		buf_c(out, "| policy | rule | where | why |\n|---|---|---|---|\n");
	for (size_t i = 0; i < report->n && i < LISTED; i++) {
		const struct policy_finding *f = &report->v[i];
		buf_printf(out, "| %s | %s | ", policy_verdict_to_string(f->verdict), f->rule);
		section_text(out, f->path);
		if (f->line > 0)
			buf_printf(out, ":%d", f->line);
		buf_c(out, " | ");
		section_text(out, f->detail);
		buf_c(out, " |\n");
	}
	if (report->n > LISTED)
		buf_printf(out, "\nand %zu more\n", report->n - LISTED);
}

static void write_text(struct reviewing *r)
{
	struct reviewed *o = r->out;
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);

	buf_printf(&text, "### This change %s\n\n", o->verdict);
	buf_c(&text, "| | base | with the change |\n|---|---|---|\n");
	buf_printf(&text, "| failing tests | %zu | %zu |\n", o->base.n_failing, o->head.n_failing);
	buf_printf(&text, "| two runs agree | %s | %s |\n", o->base.steady ? "yes" : "no",
		o->head.steady ? "yes" : "no");
	list_tests(&text, "Healed", o->healed, o->n_healed);
	list_tests(&text, "Still failing", o->left, o->n_left);
	list_tests(&text, "Broken by it", o->broken, o->n_broken);
	buf_printf(&text,
		"\n### What it changes\n\n%zu file%s, %" PRId64 " lines added, %" PRId64
		" removed.\n\n",
		o->files, o->files == 1 ? "" : "s", o->additions, o->deletions);
	write_policy(&text, &o->policy);
	if (o->files > FILES_MAX)
		buf_printf(&text, "\nPolicy read the first %d files alone.\n", FILES_MAX);
	buf_c(&text, "\nA test that is gone fails no more: policy tells of deleted tests.\n");
	buf_c(&text, "\nNot checked: behaviour that no test looks at. This is no approval.\n");
	if (o->base.command.n) {
		buf_c(&text, "\nBy ");
		section_code(&text, o->base.command);
		buf_c(&text, ", twice on each side.\n");
	}
	o->text = arena_str(r->mem, buf_view(&text));
}

/* One review for each head: what was said of this one is not said again. */
static int post(struct reviewing *r, struct err *err)
{
	struct marker marker = {
		.what = STR("review"), .instance = r->o->instance, .base = r->pull.head_sha};
	struct forge_review_draft draft = {.commit_id = r->pull.head_sha};
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);
	struct forge_review *reviews;
	struct forge_user me;
	struct marker other;
	size_t n;

	if (forge_me(r->forge, &me, r->mem, err) < 0 ||
		forge_reviews(r->forge, r->o->repo, r->o->number, &reviews, &n, r->mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(reviews[i].author, me.login) &&
			marker_read(&other, reviews[i].body, "review", r->o->instance, r->mem) &&
			str_eq(other.base, r->pull.head_sha))
			return 0;
	buf_str(&text, r->out->text);
	buf_char(&text, '\n');
	marker_write(&text, &marker);
	draft.body = buf_view(&text);
	r->out->posted = true;
	return forge_review_create(r->forge, r->o->repo, r->o->number, &draft, err);
}

int review_pull(struct reviewed *out, struct forge *forge,
	const struct review_pull_options *options, struct arena *mem, struct err *err)
{
	struct reviewing r = {.out = out, .forge = forge, .o = options, .mem = mem};
	int rc = forge_pull(forge, options->repo, options->number, &r.pull, mem, err);

	*out = (struct reviewed){0};
	if (rc < 0)
		return -1;
	if (rc == FORGE_NONE || !r.pull.open)
		return err_set(err, ERR_CONFIG, "'%.*s' has no open pull request #%" PRId64,
			STR_ARGS(options->repo), options->number);
	out->head_sha = r.pull.head_sha;
	if (judge_changes(&r, err) < 0 ||
		run_side(&out->base, &r, r.pull.base_sha, (int64_t)getpid() * 2, err) < 0 ||
		run_side(&out->head, &r, r.pull.head_sha, (int64_t)getpid() * 2 + 1, err) < 0)
		return -1;
	compare(out, mem);
	write_text(&r);
	return options->post ? post(&r, err) : 0;
}
