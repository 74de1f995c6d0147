#include "heal/propose.h"

#include "model/udiff.h"
#include "port/forge/forge.h"
#include "publish/branch.h"
#include "publish/check.h"
#include "verify/policy.h"

struct proposing {
	struct forge *forge;
	const struct bundle *bundle;
	const struct propose_options *options;
	struct publish_options publish;
	struct policy *policy;
	struct arena *mem;
};

static int judge(
	void *data, const struct branch_plan *plan, enum policy_verdict *verdict, struct err *err)
{
	struct proposing *p = data;
	struct policy_text *texts = arena_array(p->mem, plan->n, sizeof(*texts));
	struct policy_report report;

	for (size_t i = 0; i < plan->n; i++)
		texts[i] = (struct policy_text){
			plan->changes[i].path, plan->before[i], plan->changes[i].content};
	if (policy_check_texts(&report, p->policy, texts, plan->n, p->mem, err) < 0)
		return -1;
	*verdict = report.verdict;
	return 0;
}

static int mismatch(struct err *err, const char *what)
{
	return err_set(
		err, ERR_POLICY, "the bundle is of another %s than it is published for", what);
}

static bool is_commit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789abcdef", s.p[i]))
			return false;
	return s.n == 40 || s.n == 64;
}

static int check_identity(const struct proposing *p, struct err *err)
{
	const struct bundle *b = p->bundle;

	if (b->repository.n && !str_eq_nocase(b->repository, p->publish.repo))
		return mismatch(err, "repository");
	if (p->options->run_id && b->run_id != p->options->run_id)
		return mismatch(err, "run");
	if (!is_commit(b->commit))
		return err_set(err, ERR_POLICY,
			"the bundle does not say which commit was healed: it was no git "
			"repository");
	if (b->folder.n && !udiff_path_is_safe(b->folder))
		return err_set(err, ERR_POLICY, "the bundle's folder leaves the repository");
	return 0;
}

/* What GitHub says of the run that the bundle names: its head is what was healed, and whose it is.
 */
static int ask_run(struct proposing *p, struct err *err)
{
	struct forge_run run;
	int rc = forge_run(p->forge, p->publish.repo, p->bundle->run_id, &run, p->mem, err);

	if (rc < 0)
		return -1;
	if (rc == FORGE_NONE)
		return mismatch(err, "repository: it has no such run");
	p->publish.run_url = run.html_url;
	p->publish.trusted = str_eq_nocase(run.head_repo, p->publish.repo) &&
			     str_eq(run.head_sha, p->bundle->commit);
	return 0;
}

/* Without a run: what was healed is a commit that the base branch has. */
static int ask_commit(struct proposing *p, struct err *err)
{
	struct forge_compare compare;
	struct err unknown = ERR_INIT;

	if (forge_compare(p->forge, p->publish.repo, p->publish.base_branch, p->bundle->commit,
		    &compare, p->mem, &unknown) == 0) {
		p->publish.trusted = compare.ahead == 0;
		return 0;
	}
	if (!err_is_retryable(&unknown) && unknown.code != ERR_AUTH)
		return 0;
	*err = unknown;
	return -1;
}

static int find_base(struct proposing *p, struct err *err)
{
	struct forge_repository repository;
	struct str sha;
	int rc;

	if (p->publish.base_branch.n)
		return 0;
	if (p->bundle->branch.n) {
		rc = forge_branch(p->forge, p->publish.repo, p->bundle->branch, &sha, p->mem, err);
		if (rc < 0)
			return -1;
		p->publish.base_branch = rc == FORGE_NONE ? STR_NULL : p->bundle->branch;
	}
	if (p->publish.base_branch.n)
		return 0;
	rc = forge_repository(p->forge, p->publish.repo, &repository, p->mem, err);
	if (rc == FORGE_NONE)
		return err_set(err, ERR_CONFIG,
			"there is no repository '%.*s', or the token may not see it",
			STR_ARGS(p->publish.repo));
	if (rc < 0)
		return -1;
	p->publish.base_branch = repository.default_branch;
	return 0;
}

static int prepare(struct proposing *p, struct err *err)
{
	if (check_identity(p, err) < 0 || find_base(p, err) < 0)
		return -1;
	p->publish.commit = p->bundle->commit;
	p->publish.folder = p->bundle->folder;
	p->publish.run_url = STR_NULL; /* GitHub's word alone: it becomes a link */
	p->publish.claimed = !p->options->own;
	p->publish.judge = judge;
	p->publish.judge_data = p;
	if (p->options->head_sha.n) {
		if (!str_eq(p->bundle->commit, p->options->head_sha))
			return mismatch(err, "commit");
		p->publish.trusted = str_eq_nocase(p->options->head_repo, p->publish.repo);
		return 0;
	}
	if (p->bundle->run_id)
		return ask_run(p, err);
	return ask_commit(p, err);
}

/* The base branch's own head, green: whatever is open for it has nothing left to fix. */
static int close_what_is_green(
	struct proposed *out, struct proposing *p, const struct fix *fix, struct err *err)
{
	struct str head;
	size_t n = 0;
	int rc =
		forge_branch(p->forge, p->publish.repo, p->publish.base_branch, &head, p->mem, err);

	if (rc || !str_eq(head, p->publish.commit) || !p->publish.trusted)
		return rc < 0 ? -1 : 0;
	if (publish_base_green(out->v + out->n, PROPOSED_MAX - out->n, &n, p->forge, &p->publish,
		    fix->command, p->mem, err) < 0)
		return -1;
	for (; n; n--)
		out->fixes[out->n++] = fix;
	return 0;
}

/* A check run is a courtesy, too: a token without that permission is told of. */
static void write_check(struct published *out, struct proposing *p, const struct fix *fix)
{
	struct check_options options = {.repo = p->publish.repo,
		.sha = p->publish.commit,
		.folder = p->publish.folder,
		.instance = p->publish.instance};
	struct forge_user me;
	struct err err = ERR_INIT;

	if (!p->publish.checks || p->publish.dry_run || !fix->n_failures)
		return;
	/* Check runs are for apps, and the token of a workflow is one's. */
	if (forge_me(p->forge, &me, p->mem, &err) == 0 && !str_ends(me.login, "[bot]"))
		return;
	if (check_write(p->forge, fix, out, &options, p->mem, &err) < 0 &&
		out->n_notices < ARRAY_LEN(out->notices))
		out->notices[out->n_notices++] = arena_printf(p->mem, "check run: %s", err.msg);
}

static int publish_one(
	struct published *out, struct proposing *p, const struct fix *fix, struct err *err)
{
	struct forge_pull pull;
	int rc = publish_find_pull(&pull, p->forge, &p->publish, p->mem, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return publish_on_pull(out, p->forge, fix, &p->publish, &pull, p->mem, err);
	return publish_fix(out, p->forge, fix, &p->publish, p->mem, err);
}

static int propose_one(
	struct proposed *out, struct proposing *p, const struct json_t *result, struct err *err)
{
	struct fix *fix = arena_new(p->mem, struct fix);

	fix_from_json(fix, result, p->mem);
	if (fix->outcome == OUTCOME_NOTHING_TO_DO)
		return close_what_is_green(out, p, fix, err);
	if (out->n == PROPOSED_MAX)
		return 0;
	if (publish_one(&out->v[out->n], p, fix, err) < 0)
		return -1;
	out->fixes[out->n] = fix;
	write_check(&out->v[out->n++], p, fix);
	return 0;
}

int propose_bundle(struct proposed *out, struct forge *forge, const struct bundle *bundle,
	const struct propose_options *options, struct arena *mem, struct err *err)
{
	struct proposing p = {.forge = forge,
		.bundle = bundle,
		.options = options,
		.publish = options->publish,
		.mem = mem};
	int rc = 0;

	out->n = 0;
	if (prepare(&p, err) < 0 || policy_open(&p.policy, options->policy, err) < 0)
		return -1;
	for (size_t i = 0; i < bundle->n && !rc; i++)
		rc = propose_one(out, &p, bundle->results[i], err);
	policy_free(p.policy);
	if (!rc && out->n < PROPOSED_MAX) {
		size_t expired;
		rc = publish_expire(out->v + out->n, PROPOSED_MAX - out->n, &expired, forge,
			&p.publish, mem, err);
		for (; !rc && expired; expired--)
			out->fixes[out->n++] = NULL;
	}
	return rc;
}
