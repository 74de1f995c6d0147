#include "base/limits.h"
#include "port/forge/forge.h"
#include "publish/branch.h"
#include "publish/comment.h"
#include "publish/commit_message.h"
#include "publish/publish.h"
#include "publish/sections.h"
#include "publish/suggest.h"

int publish_find_pull(struct forge_pull *out, struct forge *forge,
	const struct publish_options *options, struct arena *mem, struct err *err)
{
	struct forge_pulls pulls;
	int rc = forge_pulls_of_commit(forge, options->repo, options->commit, &pulls, mem, err);

	if (rc)
		return rc;
	/* A fork may hold the same commit: its pull request is not the one that failed when the
	 * head is the repository's own. */
	for (size_t i = 0; i < pulls.n; i++)
		if (pulls.v[i].open && str_eq(pulls.v[i].head_sha, options->commit) &&
			(!options->trusted || str_eq_nocase(pulls.v[i].head_repo, options->repo))) {
			*out = pulls.v[i];
			return 0;
		}
	return FORGE_NONE;
}

static struct str comment_text(const struct fix *fix, struct arena *mem)
{
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);
	struct fix shown = section_fix(fix, mem);

	fix = &shown;
	buf_c(&text, "A change that makes the failing tests of this pull request pass. ");
	section_text(&text, fix->diagnosis.root_cause);
	buf_c(&text, "\n\n");
	section_failures(&text, fix, 10);
	buf_char(&text, '\n');
	section_change(&text, fix, 20000);
	buf_char(&text, '\n');
	section_proof(&text, fix);
	buf_char(&text, '\n');
	section_confidence(&text, fix);
	return arena_str(mem, buf_view(&text));
}

static int comment(struct published *out, struct forge *forge, const struct fix *fix,
	const struct publish_options *o, const struct forge_pull *pull, struct arena *mem,
	struct err *err)
{
	struct comment_place place = {
		.repo = o->repo, .issue = pull->number, .what = "fix", .instance = o->instance};
	int64_t id;

	out->as = PUBLISHED_COMMENTED;
	if (o->dry_run)
		return 0;
	return comment_ensure(forge, &place, comment_text(fix, mem), &id, mem, err);
}

static int suggest(struct forge *forge, const struct fix *fix, const struct publish_options *o,
	const struct forge_pull *pull, struct arena *mem, struct err *err)
{
	struct suggest_options options = {.repo = o->repo,
		.sha = o->commit,
		.folder = o->folder,
		.instance = o->instance,
		.pull = pull->number};

	return suggest_review(forge, fix, &options, mem, err);
}

/* One commit on top of what is there; never by force. */
static int push(struct published *out, struct forge *forge, const struct branch_plan *plan,
	const struct fix *fix, const struct publish_options *o, const struct forge_pull *pull,
	struct arena *mem, struct err *err)
{
	BUF_AUTO message = BUF_INIT(LIMIT_TEXT_BYTES);
	struct forge_commit_draft draft = {.branch = pull->head_ref,
		.parent = plan->base,
		.changes = plan->changes,
		.n = plan->n};

	commit_message_of(&message, fix, mem);
	draft.message = buf_view(&message);
	out->as = PUBLISHED_PUSHED;
	out->branch = pull->head_ref;
	return o->dry_run ? 0
			  : forge_commit_create(forge, o->repo, &draft, &out->head_sha, mem, err);
}

/* The same gates as for a pull request of our own: policy judges the files of its head. */
static int check(struct published *out, struct branch_plan *plan, struct forge *forge,
	const struct fix *fix, const struct publish_options *o, struct arena *mem, struct err *err)
{
	struct branch_options base = {
		.repo = o->repo, .at = o->commit, .commit = o->commit, .folder = o->folder};
	enum policy_verdict policy = POLICY_ALLOW;
	int rc = branch_plan(plan, forge, fix, &base, mem, err);

	if (rc == BRANCH_FIXED || rc == BRANCH_OUTDATED)
		out->reason = rc == BRANCH_FIXED ? "already_fixed" : "base_moved";
	if (rc)
		return rc;
	if (o->judge && o->judge(o->judge_data, plan, &policy, err) < 0)
		return -1;
	if (policy == POLICY_REFUSE)
		out->reason = "refused_by_policy";
	return policy == POLICY_REFUSE;
}

/* In the order of what disturbs its author least; what cannot be had falls to the next. */
static int choose(struct published *out, struct forge *forge, const struct branch_plan *plan,
	const struct fix *fix, const struct publish_options *options, const struct forge_pull *pull,
	struct arena *mem, struct err *err)
{
	struct publish_options o = *options;
	int rc;

	if (o.on_pull == ON_PULL_COMMENT)
		return comment(out, forge, fix, &o, pull, mem, err);
	if (o.on_pull == ON_PULL_SUGGEST && !o.dry_run) {
		rc = suggest(forge, fix, &o, pull, mem, err);
		out->as = PUBLISHED_SUGGESTED;
		if (rc <= 0)
			return rc;
	}
	if (!str_eq_nocase(pull->head_repo, o.repo))
		return comment(out, forge, fix, &o, pull, mem, err);
	if (o.on_pull == ON_PULL_PUSH)
		return push(out, forge, plan, fix, &o, pull, mem, err);
	o.base_branch = pull->head_ref;
	return publish_fix(out, forge, fix, &o, mem, err);
}

int publish_on_pull(struct published *out, struct forge *forge, const struct fix *fix,
	const struct publish_options *options, const struct forge_pull *pull, struct arena *mem,
	struct err *err)
{
	struct branch_plan plan;
	int rc;

	*out = (struct published){.number = pull->number, .url = pull->html_url};
	if (fix->outcome != OUTCOME_HEALED || !fix->diff.n || !fix->verdict.holds) {
		out->reason = "nothing_proved";
		return 0;
	}
	if ((rc = check(out, &plan, forge, fix, options, mem, err)) != 0)
		return rc < 0 ? -1 : 0;
	return choose(out, forge, &plan, fix, options, pull, mem, err);
}
