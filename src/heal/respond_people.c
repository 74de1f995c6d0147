/* What people ask for and decide: commands, reviews, merging and closing. */
#include <inttypes.h>

#include "heal/responding.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "learn/knowledge.h"
#include "port/store/fix.h"
#include "port/store/outcome.h"
#include "port/store/store.h"
#include "publish/command.h"
#include "publish/sections.h"

static struct str key_of(const struct responding *r, const char *what, int64_t id)
{
	return arena_printf(r->mem, "%s-%" PRId64, what, id);
}

static int may_ask(struct responding *r, bool *may, struct err *err)
{
	enum forge_permission permission;

	*may = false;
	if (forge_permission_of(r->o->forge, r->publish.repo, r->job->actor, &permission, err) < 0)
		return -1;
	*may = permission >= FORGE_CAN_WRITE;
	return 0;
}

/* --- another attempt at a pull request of ours --- */

/* The failure again on its base, without what is proposed now. */
static int attempt_again(struct responding *r, const struct forge_pull *pull,
	const struct marker *marker, struct published *published, struct err *err)
{
	struct str avoid[MARKER_REFUSED_MAX + 1];
	struct heal_job job = {.avoid = avoid};
	int rc = forge_branch(
		r->o->forge, r->publish.repo, pull->base_ref, &job.commit, r->mem, err);

	if (rc)
		return rc < 0 ? -1 : err_set(err, ERR_CONFLICT, "the base branch is gone");
	if (responding_pull_diff(r, pull->number, &avoid[0], err) < 0)
		return -1;
	job.n_avoid = avoid[0].n > 0;
	for (size_t i = 0; i < marker->n_refused; i++)
		avoid[job.n_avoid++] =
			arena_printf(r->mem, "form:%.*s\n", STR_ARGS(marker->refused[i]));
	if (responding_heal(r, &job, err) < 0)
		return -1;
	r->publish.base_branch = pull->base_ref;
	r->publish.attempts_more = 1;
	return responding_publish(r, published, err);
}

static struct str attempt_text(struct responding *r, const struct published *p)
{
	BUF_AUTO note = BUF_INIT(LIMIT_LINE_BYTES);

	if (p->as == PUBLISHED_UPDATED || p->as == PUBLISHED_CREATED) {
		section_text(&note, section_fix(&r->fix, r->mem).note);
		return arena_printf(r->mem, "Another change holds: %.*s (%.*s).",
			STR_ARGS(buf_view(&note)), STR_ARGS(p->url));
	}
	if (r->fix.outcome == OUTCOME_HEALED && p->reason)
		return arena_printf(
			r->mem, "Nothing new is proposed: %s.", plan_reason_text(p->reason));
	return arena_printf(r->mem,
		"No other change held (%s, %zu candidates tried). A person is needed here.",
		outcome_to_string(r->fix.outcome), r->fix.candidates);
}

/* A review that asks for changes: the counter lives with the pull request, so that two machines
 * cannot start it over. */
int respond_review(struct responding *r, struct err *err)
{
	struct str key = key_of(r, r->job->review_id ? "review" : "line",
		r->job->review_id ? r->job->review_id : r->job->comment_id);
	struct published published;
	struct forge_pull pull;
	struct marker marker;
	bool may;
	int rc = responding_own_pull(r, r->job->number, &pull, &marker, err);

	if (rc || !pull.open)
		return rc < 0 ? -1 : 0;
	if (may_ask(r, &may, err) < 0)
		return -1;
	if (!may)
		return 0;
	if (marker.attempts >= r->o->max_attempts)
		return responding_answer(r, pull.number, key,
			STR("The attempts for this failure are used up: a person is needed here."),
			err);
	/* Cut off between the change and the answer: the change is not to be refused as well. */
	if (str_eq(marker.done, key))
		return responding_answer(r, pull.number, key,
			STR("Another change holds: it is on the branch."), err);
	responding_stop_merge(r, &pull);
	r->publish.done = key;
	if (attempt_again(r, &pull, &marker, &published, err) < 0)
		return -1;
	if (published.as != PUBLISHED_UPDATED) {
		marker.attempts++;
		if (responding_mark(r, &pull, &marker, err) < 0 ||
			responding_label(r, pull.number, "needs-human", err) < 0)
			return -1;
	}
	return responding_answer(r, pull.number, key, attempt_text(r, &published), err);
}

/* --- commands --- */

struct asked {
	struct forge_pull pull;
	struct marker marker;
	bool is_pull, own;
	struct str answer;
};

static int do_retry(struct responding *r, struct asked *a, struct err *err)
{
	struct heal_job job = {.commit = a->pull.head_sha,
		.pull = a->pull.number,
		.untrusted = !str_eq_nocase(a->pull.head_repo, r->publish.repo)};
	struct published published;

	if (a->own && (a->marker.ignore || !a->marker.retry)) {
		a->marker.retry = true;
		a->marker.ignore = false;
		if (responding_mark(r, &a->pull, &a->marker, err) < 0)
			return -1;
	}
	if (a->own) {
		if (attempt_again(r, &a->pull, &a->marker, &published, err) < 0)
			return -1;
	} else if (responding_heal(r, &job, err) < 0 ||
		   responding_publish(r, &published, err) < 0) {
		return -1;
	}
	a->answer = attempt_text(r, &published);
	return 0;
}

static int do_explain(struct responding *r, struct asked *a, struct err *err)
{
	struct heal_job job = {.commit = a->pull.head_sha,
		.pull = a->pull.number,
		.untrusted = !str_eq_nocase(a->pull.head_repo, r->publish.repo),
		.dry_run = true};
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);
	int rc;

	if (a->own) {
		rc = forge_branch(
			r->o->forge, r->publish.repo, a->pull.base_ref, &job.commit, r->mem, err);
		if (rc)
			return rc < 0 ? -1 : err_set(err, ERR_CONFLICT, "the base is gone");
	}
	if (responding_heal(r, &job, err) < 0)
		return -1;
	r->fix = section_fix(&r->fix, r->mem);
	buf_printf(&text, "**%s**. ", outcome_to_string(r->fix.outcome));
	section_text(&text, r->fix.why);
	buf_c(&text, "\n\n");
	section_text(&text, r->fix.diagnosis.root_cause);
	buf_c(&text, "\n\n");
	section_failures(&text, &r->fix, 20);
	a->answer = arena_str(r->mem, buf_view(&text));
	return 0;
}

static int do_apply(struct responding *r, struct asked *a, struct err *err)
{
	struct heal_job job = {.commit = a->pull.head_sha,
		.pull = a->pull.number,
		.untrusted = !str_eq_nocase(a->pull.head_repo, r->publish.repo)};
	struct published published;

	if (a->own || !a->pull.open) {
		a->answer = STR("There is nothing to apply here: this works on an open pull "
				"request whose tests fail.");
		return 0;
	}
	if (responding_heal(r, &job, err) < 0)
		return -1;
	r->publish.on_pull = ON_PULL_PUSH;
	if (responding_publish(r, &published, err) < 0)
		return -1;
	a->answer = published.as == PUBLISHED_PUSHED ? arena_printf(r->mem, "The fix is on `%.*s`.",
							       STR_ARGS(a->pull.head_ref))
						     : attempt_text(r, &published);
	return 0;
}

static int count_use(struct store *store, struct str diff, bool held, struct err *err)
{
	char id[KNOWLEDGE_ID_SIZE];
	struct err unreadable = ERR_INIT;
	int rc;

	if (!diff.n || knowledge_id(id, diff, &unreadable) < 0)
		return 0;
	rc = fix_count_use(store, str_of(id), held, err);
	return rc < 0 ? -1 : 0;
}

/* What people decided, for the record and for the fix: a merge speaks for it, the rest against. */
static int teach(struct responding *r, const struct forge_pull *pull, const struct marker *marker,
	const char *result, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	struct outcome_record outcome = {.repo = r->publish.repo,
		.number = pull->number,
		.result = result,
		.patch = marker->patch,
		.fingerprint = marker->n ? marker->fingerprints[0] : STR(""),
		.actor = r->job->actor};
	struct store_options how = {.path = r->o->store_path};
	struct str diff;
	int rc;

	if (responding_pull_diff(r, pull->number, &diff, err) < 0 ||
		store_open(&store, &how, err) < 0)
		return -1;
	rc = outcome_add(store, &outcome, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	return count_use(store, diff, !strcmp(result, "merged"), err);
}

/* What the merge changed, put back; refused where later work is on the same files. */
static int revert_changes(struct responding *r, const struct forge_pull *pull, struct str head,
	struct forge_change **changes, size_t *n, bool *clean, struct err *err)
{
	struct forge_commit merge;
	struct forge_file *files;
	int rc = forge_commit(r->o->forge, r->publish.repo, pull->merge_sha, &merge, r->mem, err);

	if (rc || !merge.n_parents)
		return rc < 0 ? -1 : err_set(err, ERR_CONFLICT, "the merge is not to be found");
	if (forge_pull_files(r->o->forge, r->publish.repo, pull->number, &files, n, r->mem, err) <
		0)
		return -1;
	*changes = arena_array(r->mem, *n, sizeof(**changes));
	*clean = *n > 0;
	for (size_t i = 0; i < *n && *clean; i++) {
		struct str then = STR_NULL, now = STR_NULL, before = STR_NULL;
		int mode = 0100644;
		if (forge_contents(r->o->forge, r->publish.repo, files[i].path, pull->merge_sha,
			    &then, r->mem, err) < 0 ||
			forge_contents(r->o->forge, r->publish.repo, files[i].path, head, &now,
				r->mem, err) < 0 ||
			(rc = forge_contents(r->o->forge, r->publish.repo, files[i].path,
				 merge.parents[0], &before, r->mem, err)) < 0)
			return -1;
		*clean = str_eq(then, now) && !files[i].previous_path.n;
		(*changes)[i] = (struct forge_change){
			.path = files[i].path, .content = rc == FORGE_NONE ? STR_NULL : before};
		if (rc != FORGE_NONE &&
			forge_file_mode(r->o->forge, r->publish.repo, merge.parents[0],
				files[i].path, &mode, r->mem, err) < 0)
			return -1;
		(*changes)[i].executable = mode == 0100755;
	}
	return 0;
}

static int open_revert(struct responding *r, const struct forge_pull *pull, struct str head,
	const struct forge_change *changes, size_t n, struct forge_pull *made, struct err *err)
{
	struct str branch = arena_printf(
		r->mem, "%.*srevert-%" PRId64, STR_ARGS(r->publish.prefix), pull->number);
	struct str title = arena_printf(r->mem, "Revert \"%.*s\"", STR_ARGS(pull->title));
	struct forge_commit_draft commit = {.branch = branch,
		.parent = head,
		.message = arena_printf(r->mem, "%.*s\n\nTakes #%" PRId64 " back.\n",
			STR_ARGS(title), pull->number),
		.changes = changes,
		.n = n};
	struct forge_pull_draft draft = {.title = title,
		.body = arena_printf(
			r->mem, "Takes #%" PRId64 " back, as asked for there.\n", pull->number),
		.head = branch,
		.base = pull->base_ref};
	struct forge_pull_filter filter = {.state = "all", .base = pull->base_ref};
	struct str owner, rest = r->publish.repo, sha;
	struct forge_pulls found;
	int rc;

	str_cut(&rest, "/", &owner);
	filter.head = arena_printf(r->mem, "%.*s:%.*s", STR_ARGS(owner), STR_ARGS(branch));
	if (forge_pulls(r->o->forge, r->publish.repo, &filter, &found, r->mem, err) < 0)
		return -1;
	if (found.n) {
		*made = found.v[0];
		return 0;
	}
	rc = forge_branch(r->o->forge, r->publish.repo, branch, &sha, r->mem, err);
	if (rc < 0 || (rc == FORGE_NONE && forge_commit_create(r->o->forge, r->publish.repo,
						   &commit, &sha, r->mem, err) < 0))
		return -1;
	return forge_pull_create(r->o->forge, r->publish.repo, &draft, made, r->mem, err);
}

static int do_revert(struct responding *r, struct asked *a, struct err *err)
{
	struct forge_change *changes = NULL;
	struct forge_pull made;
	struct str head;
	size_t n = 0;
	bool clean = false;

	if (!a->own || !a->pull.merged) {
		a->answer = STR("Only a merged fix of this bot can be taken back.");
		return 0;
	}
	if (forge_branch(r->o->forge, r->publish.repo, a->pull.base_ref, &head, r->mem, err) != 0)
		return err->code ? -1 : err_set(err, ERR_CONFLICT, "the base branch is gone");
	if (revert_changes(r, &a->pull, head, &changes, &n, &clean, err) < 0)
		return -1;
	if (!clean) {
		a->answer = STR("Later work changed the same files: taking the fix back by "
				"itself would lose it. A person is needed here.");
		return 0;
	}
	if (open_revert(r, &a->pull, head, changes, n, &made, err) < 0)
		return -1;
	a->answer = arena_printf(r->mem, "Proposed: #%" PRId64 ".", made.number);
	return teach(r, &a->pull, &a->marker, "reverted", err);
}

static int do_stop(struct responding *r, struct asked *a, struct err *err)
{
	a->answer = STR("Left to you; remove the label `no-auto-fix` to have the bot back.");
	return responding_label(r, r->job->number, "no-auto-fix", err);
}

static int do_ignore(struct responding *r, struct asked *a, struct err *err)
{
	struct forge_pull_change change = {.state = "closed"};

	if (!a->own) {
		a->answer = STR("This works on the bot's own pull requests.");
		return 0;
	}
	a->marker.ignore = true;
	a->marker.retry = false;
	a->answer = STR("Closed; nothing is proposed for this failure again until "
			"`/selfheal retry` here.");
	if (responding_mark(r, &a->pull, &a->marker, err) < 0)
		return -1;
	return a->pull.open ? forge_pull_update(
				      r->o->forge, r->publish.repo, a->pull.number, &change, err)
			    : 0;
}

static int do_help(struct responding *r, struct asked *a, struct err *err)
{
	(void)r;
	(void)err;
	a->answer = str_of(command_help());
	return 0;
}

static int carry_out(struct responding *r, enum command_verb verb, struct asked *a, struct err *err)
{
	static int (*const verbs[])(struct responding * r, struct asked * a, struct err * err) = {
		[COMMAND_RETRY] = do_retry,
		[COMMAND_EXPLAIN] = do_explain,
		[COMMAND_APPLY] = do_apply,
		[COMMAND_REVERT] = do_revert,
		[COMMAND_STOP] = do_stop,
		[COMMAND_IGNORE] = do_ignore,
		[COMMAND_HELP] = do_help,
		[COMMAND_UNKNOWN] = do_help,
	};

	if (!a->is_pull && verb != COMMAND_HELP && verb != COMMAND_UNKNOWN) {
		a->answer = STR("Commands work on pull requests.");
		return 0;
	}
	return verbs[verb](r, a, err);
}

/* The answer is written last, and once: it is what tells that the command was done. */
int respond_command(struct responding *r, struct err *err)
{
	struct command command = command_of(r->job->text);
	struct str key = key_of(r, "comment", r->job->comment_id);
	struct asked a = {0};
	bool may;
	int rc;

	if (may_ask(r, &may, err) < 0)
		return -1;
	if (!may)
		return forge_react(r->o->forge, r->publish.repo, r->job->comment_id,
			r->job->of_line, "-1", err);
	if (forge_react(r->o->forge, r->publish.repo, r->job->comment_id, r->job->of_line, "eyes",
		    err) < 0)
		return -1;
	rc = forge_pull(r->o->forge, r->publish.repo, r->job->number, &a.pull, r->mem, err);
	if (rc < 0)
		return -1;
	a.is_pull = rc == 0;
	a.own = a.is_pull && str_eq_nocase(a.pull.author, r->me.login) &&
		marker_read(&a.marker, a.pull.body, "pull", r->publish.instance, r->mem);
	if (carry_out(r, command.verb, &a, err) < 0)
		return -1;
	if (responding_answer(r, r->job->number, key, a.answer, err) < 0)
		return -1;
	return forge_react(r->o->forge, r->publish.repo, r->job->comment_id, r->job->of_line,
		command.verb == COMMAND_UNKNOWN ? "confused" : "+1", err);
}

/* --- merged or closed --- */

/* What people decided teaches: of the fix, and for the record. */
int respond_pull_closed(struct responding *r, struct err *err)
{
	struct forge_pull pull;
	struct marker marker;
	int rc = responding_own_pull(r, r->job->number, &pull, &marker, err);

	if (rc || pull.open)
		return rc < 0 ? -1 : 0;
	if (!pull.merged && str_eq_nocase(r->job->actor, r->me.login))
		return 0;
	/* A close after "retry" is a refusal again. */
	if (!pull.merged && marker.retry) {
		marker.retry = false;
		if (responding_mark(r, &pull, &marker, err) < 0)
			return -1;
	}
	return teach(r, &pull, &marker, pull.merged ? "merged" : "closed", err);
}
