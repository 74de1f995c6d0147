#include "publish/publish.h"

#include "base/limits.h"
#include "model/udiff.h"
#include "port/forge/forge.h"
#include "publish/branch.h"
#include "publish/codeowners.h"
#include "publish/comment.h"
#include "publish/commit_message.h"

const char *published_as_to_string(enum published_as as)
{
	static const char *const names[] = {
		"none", "created", "updated", "kept", "closed", "suggested", "pushed", "commented"};

	return names[as];
}

static const struct forge_label known_labels[] = {
	{STR("auto-fix"), STR("0e8a16"), STR("A fix made by a program")},
	{STR("self-healing"), STR("5319e7"), STR("Opened by selfheal")},
	{STR("security"), STR("d93f0b"), STR("Fixes a security finding")},
};

/* All that one publication needs at hand. */
struct publication {
	struct published *out;
	struct forge *forge;
	const struct fix *fix;
	const struct publish_options *o;
	struct branch_plan branch;
	struct pull_text text;
	struct plan plan;
	enum policy_verdict policy;
	struct str me;
	struct arena *mem;
};

static void notice(struct publication *p, const char *what, const struct err *err)
{
	if (p->out->n_notices < ARRAY_LEN(p->out->notices))
		p->out->notices[p->out->n_notices++] =
			arena_printf(p->mem, "%s: %s", what, err->msg);
}

static int skipped(struct publication *p, const char *reason)
{
	p->out->as = PUBLISHED_NOTHING;
	p->out->reason = reason;
	if (p->plan.pull) {
		p->out->number = p->plan.pull->number;
		p->out->url = p->plan.pull->html_url;
	}
	return 0;
}

static enum pull_form form_of(const struct publication *p)
{
	enum pull_form form = pull_form_of(p->fix->verdict.confidence, p->o->trusted);

	if (p->policy == POLICY_HOLD || p->o->draft == PULL_DRAFT_ALWAYS)
		return PULL_DRAFT;
	return form == PULL_DRAFT && p->o->trusted && p->o->draft == PULL_DRAFT_NEVER ? PULL_REVIEW
										      : form;
}

static int make_text(struct publication *p, bool ci_starts, struct err *err)
{
	const struct publish_options *o = p->o;
	struct pull_options options = {.template = o->template,
		.prefix = o->prefix,
		.instance = o->instance,
		.form = p->out->form,
		.run_url = o->run_url,
		.base = o->commit,
		.rebased_on = p->branch.moved ? p->branch.base : STR_NULL,
		.claimed = o->claimed,
		.done = o->done,
		.attempts_more = o->attempts_more,
		.previous = p->plan.pull ? &p->plan.pull->marker : NULL,
		.ci_starts = ci_starts,
		.security = o->security};

	return pull_text_make(&p->text, p->fix, &options, p->mem, err);
}

static struct str message_of(const struct publication *p)
{
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);

	commit_message_of(&text, p->fix, p->mem);
	return arena_str(p->mem, buf_view(&text));
}

static struct branch_options branch_of(const struct publication *p)
{
	return (struct branch_options){.repo = p->o->repo,
		.base_branch = p->o->base_branch,
		.commit = p->o->commit,
		.folder = p->o->folder,
		.branch = p->plan.pull ? p->plan.pull->head_ref : p->text.branch,
		.message = message_of(p)};
}

static int push(struct publication *p, struct err *err)
{
	struct branch_options options = branch_of(p);
	int rc = branch_make(&p->out->head_sha, p->forge, &p->branch, &options, p->mem, err);

	p->out->branch = options.branch;
	return rc;
}

/* The pull request of that head, when one is open: a post whose answer was lost made it. */
static int find_open(struct publication *p, struct forge_pull *out, struct err *err)
{
	struct str owner = p->o->repo, rest = p->o->repo;
	struct forge_pulls found;

	str_cut(&rest, "/", &owner);
	struct forge_pull_filter filter = {.head = arena_printf(p->mem, "%.*s:%.*s",
						   STR_ARGS(owner), STR_ARGS(p->out->branch)),
		.base = p->o->base_branch};
	if (forge_pulls(p->forge, p->o->repo, &filter, &found, p->mem, err) < 0)
		return -1;
	if (!found.n)
		return FORGE_NONE;
	*out = found.v[0];
	return 0;
}

static int open_pull(struct publication *p, struct forge_pull *pull, struct err *err)
{
	struct forge_pull_draft draft = {.title = p->text.title,
		.body = p->text.body,
		.head = p->out->branch,
		.base = p->o->base_branch,
		.draft = p->out->form == PULL_DRAFT};
	struct err first = ERR_INIT;
	int rc = find_open(p, pull, err);

	if (rc <= 0)
		return rc;
	if (forge_pull_create(p->forge, p->o->repo, &draft, pull, p->mem, &first) == 0) {
		p->out->as = PUBLISHED_CREATED;
		return 0;
	}
	/* Repositories of a free plan have no drafts: the title and the text say it then. */
	if (draft.draft && first.code == ERR_CONFIG &&
		str_has(str_of(first.msg), "Draft pull requests")) {
		draft.draft = false;
		err_reset(&first);
		if (forge_pull_create(p->forge, p->o->repo, &draft, pull, p->mem, &first) == 0) {
			p->out->as = PUBLISHED_CREATED;
			return 0;
		}
	}
	if (first.code == ERR_CONFLICT || err_is_retryable(&first)) {
		rc = find_open(p, pull, err);
		if (rc <= 0)
			return rc;
	}
	*err = first;
	return -1;
}

static int update_pull(
	struct publication *p, int64_t number, struct str title, struct str body, struct err *err)
{
	struct forge_pull_change change = {.title = p->text.title, .body = p->text.body};

	if (str_eq(title, change.title) && str_eq(body, change.body))
		return 0;
	if (p->out->as != PUBLISHED_CREATED)
		p->out->as = PUBLISHED_UPDATED;
	return forge_pull_update(p->forge, p->o->repo, number, &change, err);
}

/* Labels and reviewers are a courtesy: failing to set them is told and stops nothing. */
static void add_labels(struct publication *p, const struct str *have, size_t n_have)
{
	struct str labels[32];
	struct err err = ERR_INIT;
	size_t n = 0, missing = 0;

	labels[n++] = known_labels[0].name;
	labels[n++] = known_labels[1].name;
	if (p->o->security)
		labels[n++] = known_labels[2].name;
	for (size_t i = 0; i < p->o->n_labels && n < ARRAY_LEN(labels); i++)
		labels[n++] = p->o->labels[i];
	for (size_t i = 0; i < n; i++) {
		bool there = false;
		for (size_t k = 0; k < n_have; k++)
			there |= str_eq_nocase(have[k], labels[i]);
		if (!there)
			labels[missing++] = labels[i];
	}
	if (!missing)
		return;
	for (size_t i = 0; i < ARRAY_LEN(known_labels); i++)
		for (size_t k = 0; k < missing; k++)
			if (str_eq(labels[k], known_labels[i].name) &&
				forge_label_ensure(p->forge, p->o->repo, &known_labels[i], &err) <
					0) {
				notice(p, "label", &err);
				return;
			}
	if (forge_labels_add(p->forge, p->o->repo, p->out->number, labels, missing, &err) < 0)
		notice(p, "labels", &err);
}

static size_t owners_of(struct publication *p, struct str *owners)
{
	static const char *const places[] = {".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"};
	struct err ignored = ERR_INIT;
	struct str text = STR_NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(places) && !text.p; i++)
		if (forge_contents(p->forge, p->o->repo, str_of(places[i]), p->o->base_branch,
			    &text, p->mem, &ignored) != 0)
			text = STR_NULL;
	for (size_t i = 0; i < p->branch.n && text.p; i++)
		codeowners_of(owners, &n, text, p->branch.changes[i].path, p->mem);
	return n;
}

static void ask_reviewers(struct publication *p)
{
	struct str reviewers[CODEOWNERS_MAX];
	struct err err = ERR_INIT;
	size_t n;

	if (p->out->as != PUBLISHED_CREATED || p->out->form == PULL_DRAFT)
		return;
	n = owners_of(p, reviewers);
	for (size_t i = 0; i < p->o->n_reviewers && n < ARRAY_LEN(reviewers); i++)
		reviewers[n++] = p->o->reviewers[i];
	if (n && forge_request_reviewers(p->forge, p->o->repo, p->out->number, reviewers, n, &err) <
			 0)
		notice(p, "reviewers", &err);
}

static void ask_auto_merge(struct publication *p, const struct forge_pull *pull)
{
	struct err err = ERR_INIT;

	if (p->o->auto_merge && p->out->form == PULL_READY &&
		forge_pull_auto_merge(p->forge, pull->node_id, "squash", &err) < 0)
		notice(p, "auto-merge", &err);
}

/* What GitHub was asked for when the change was another one holds no more for this one; what people
 * decided of this one stays. */
static void lower_form(struct publication *p, const struct forge_pull *pull)
{
	struct err err = ERR_INIT;

	if (p->plan.action != PLAN_UPDATE || p->out->form == PULL_READY ||
		str_eq(p->plan.pull->marker.patch, p->text.marker.patch))
		return;
	if (p->o->auto_merge && forge_pull_stop_auto_merge(p->forge, pull->node_id, &err) < 0) {
		notice(p, "auto-merge", &err);
		err_reset(&err);
	}
	if (p->out->form == PULL_DRAFT && !pull->draft &&
		forge_pull_set_draft(p->forge, pull->node_id, true, &err) < 0)
		notice(p, "draft", &err);
}

static int make_pull(struct publication *p, struct err *err)
{
	struct forge_pull pull;

	if (open_pull(p, &pull, err) < 0)
		return -1;
	p->out->number = pull.number;
	p->out->url = pull.html_url;
	/* A person opened it from our branch, as who may not have us do it: its words are theirs.
	 */
	if (!str_eq_nocase(pull.author, p->me))
		return 0;
	/* What says the same stays as it is: times and sessions are no news. */
	if (p->plan.action != PLAN_KEEP &&
		update_pull(p, pull.number, pull.title, pull.body, err) < 0)
		return -1;
	lower_form(p, &pull);
	add_labels(p, pull.labels, pull.n_labels);
	ask_reviewers(p);
	ask_auto_merge(p, &pull);
	return 0;
}

static const char *reason_of(int rc)
{
	return rc == BRANCH_FIXED      ? "already_fixed"
	       : rc == BRANCH_OUTDATED ? "base_moved"
				       : "branch_has_other_commits";
}

static int decide(struct publication *p, struct err *err)
{
	const struct publish_options *o = p->o;
	struct own_pull *pulls;
	size_t n;

	if (publish_own_pulls(p->forge, o->repo, o->instance, &pulls, &n, p->mem, err) < 0 ||
		publish_ask_who_closed(p->forge, o->repo, &p->text.marker, pulls, n, p->mem, err) <
			0)
		return -1;
	plan_pull(&p->plan, &p->text.marker, o->base_branch, pulls, n, &o->rules);
	return 0;
}

static void dry_run(struct publication *p)
{
	p->out->as = p->plan.action == PLAN_CREATE ? PUBLISHED_CREATED
		     : p->plan.action == PLAN_KEEP ? PUBLISHED_KEPT
						   : PUBLISHED_UPDATED;
	p->out->branch = p->plan.pull ? p->plan.pull->head_ref : p->text.branch;
	if (p->plan.pull) {
		p->out->number = p->plan.pull->number;
		p->out->url = p->plan.pull->html_url;
	}
}

/* What the base and policy say, before anything of GitHub's is asked twice. */
static int look(struct publication *p, struct err *err)
{
	const struct publish_options *o = p->o;
	struct branch_options base = {.repo = o->repo,
		.base_branch = o->base_branch,
		.commit = o->commit,
		.folder = o->folder};
	int rc = branch_plan(&p->branch, p->forge, p->fix, &base, p->mem, err);

	if (rc || !o->judge)
		return rc;
	return o->judge(o->judge_data, &p->branch, &p->policy, err);
}

/* The text is made twice: what is planned depends on its marker, and the marker of a pull request
 * that is updated keeps what it had. */
static int think(struct publication *p, struct err *err)
{
	struct forge_user me;
	bool ci_starts;

	if (forge_me(p->forge, &me, p->mem, err) < 0)
		return -1;
	p->me = me.login;
	ci_starts = !str_eq_c(me.login, "github-actions[bot]");
	p->out->form = form_of(p);
	if (make_text(p, ci_starts, err) < 0 || decide(p, err) < 0)
		return -1;
	return p->plan.pull ? make_text(p, ci_starts, err) : 0;
}

int publish_fix(struct published *out, struct forge *forge, const struct fix *fix,
	const struct publish_options *options, struct arena *mem, struct err *err)
{
	struct publication p = {.out = out, .forge = forge, .fix = fix, .o = options, .mem = mem};
	int rc;

	*out = (struct published){0};
	if (fix->outcome != OUTCOME_HEALED || !fix->diff.n || !fix->verdict.holds)
		return skipped(&p, "nothing_proved");
	if ((rc = look(&p, err)) != 0)
		return rc < 0 ? -1 : skipped(&p, reason_of(rc));
	if (p.policy == POLICY_REFUSE)
		return skipped(&p, "refused_by_policy");
	if (think(&p, err) < 0)
		return -1;
	if (p.plan.action == PLAN_SKIP)
		return skipped(&p, p.plan.reason);
	if (options->dry_run) {
		dry_run(&p);
		return 0;
	}
	out->as = PUBLISHED_KEPT;
	if ((rc = push(&p, err)) != 0)
		return rc < 0 ? -1 : skipped(&p, reason_of(rc));
	return make_pull(&p, err);
}

/* Says why in a comment, once for each key, and closes. */
static int close_with(struct forge *forge, const struct publish_options *o, int64_t number,
	struct str key, struct str why, struct arena *mem, struct err *err)
{
	struct forge_pull_change change = {.state = "closed"};
	struct comment_place place = {.repo = o->repo,
		.issue = number,
		.what = "closed",
		.instance = o->instance,
		.key = key};
	int64_t id;

	if (o->dry_run)
		return 0;
	if (comment_ensure(forge, &place, why, &id, mem, err) < 0)
		return -1;
	return forge_pull_update(forge, o->repo, number, &change, err);
}

static struct published closed_as(const struct own_pull *pull, const char *reason)
{
	return (struct published){.as = PUBLISHED_CLOSED,
		.reason = reason,
		.number = pull->number,
		.url = pull->html_url,
		.branch = pull->head_ref};
}

int publish_base_green(struct published *out, size_t max, size_t *n, struct forge *forge,
	const struct publish_options *options, struct str command, struct arena *mem,
	struct err *err)
{
	struct str form = pull_command_form(command, mem);
	struct str why = arena_printf(mem,
		"`%.*s` is green again at %.12s: nothing is left to fix here, so this is closed.",
		STR_ARGS(options->base_branch), options->commit.p);
	struct own_pull *pulls;
	size_t n_pulls;

	*n = 0;
	if (publish_own_pulls(forge, options->repo, options->instance, &pulls, &n_pulls, mem, err) <
		0)
		return -1;
	for (size_t i = 0; i < n_pulls && *n < max; i++) {
		const struct own_pull *pull = &pulls[i];
		if (!pull->open || pull->hands_off ||
			!str_eq(pull->base_ref, options->base_branch) ||
			(form.n && pull->marker.command.n && !str_eq(form, pull->marker.command)))
			continue;
		if (close_with(forge, options, pull->number, str_slice(options->commit, 0, 12), why,
			    mem, err) < 0)
			return -1;
		out[(*n)++] = closed_as(pull, "already_fixed");
	}
	return 0;
}

int publish_expire(struct published *out, size_t max, size_t *n, struct forge *forge,
	const struct publish_options *options, struct arena *mem, struct err *err)
{
	int64_t before = options->rules.now - (int64_t)options->expire_days * 86400;
	struct str why = arena_printf(mem,
		"Nobody looked at this for %d days, so it is closed; `/selfheal retry` here brings "
		"it back.",
		options->expire_days);
	struct own_pull *pulls;
	size_t n_pulls;

	*n = 0;
	if (!options->expire_days)
		return 0;
	if (publish_own_pulls(forge, options->repo, options->instance, &pulls, &n_pulls, mem, err) <
		0)
		return -1;
	for (size_t i = 0; i < n_pulls && *n < max; i++) {
		const struct own_pull *pull = &pulls[i];
		if (!pull->open || pull->hands_off || pull->updated_at >= before)
			continue;
		if (close_with(forge, options, pull->number, STR("expired"), why, mem, err) < 0)
			return -1;
		out[(*n)++] = closed_as(pull, "expired");
	}
	return 0;
}
