/* Red runs: of somebody's branch, and of our own. */
#include <inttypes.h>

#include "heal/responding.h"

#include "base/limits.h"
#include "base/log.h"

/* Whether the run is still worth looking at: red, its branch not further by now, not green in a
 * later attempt. *pull: the fork's pull request that it is of. */
static int still_red(struct responding *r, bool *red, int64_t *pull, struct err *err)
{
	struct forge_pulls pulls = {0};
	struct forge_run run;
	struct str head;
	int rc;

	*red = true;
	*pull = 0;
	if (r->job->run_id) {
		rc = forge_run(r->o->forge, r->publish.repo, r->job->run_id, &run, r->mem, err);
		if (rc < 0)
			return -1;
		*red = rc == 0 && !str_eq_c(run.conclusion, "success");
	}
	if (*red && !str_eq_nocase(r->job->head_repo, r->publish.repo)) {
		rc = forge_pulls_of_commit(
			r->o->forge, r->publish.repo, r->job->sha, &pulls, r->mem, err);
		*red = rc == 0 && pulls.n > 0 && pulls.v[0].open &&
		       str_eq(pulls.v[0].head_sha, r->job->sha);
		*pull = *red ? pulls.v[0].number : 0;
		return rc < 0 ? -1 : 0;
	}
	if (!*red)
		return 0;
	rc = forge_branch(r->o->forge, r->publish.repo, r->job->branch, &head, r->mem, err);
	*red = rc == 0 && str_eq(head, r->job->sha);
	return rc < 0 ? -1 : 0;
}

int respond_red_run(struct responding *r, struct err *err)
{
	struct heal_job job = {.commit = r->job->sha, .log_run = r->job->run_id};
	struct published published;
	bool red;

	if (still_red(r, &red, &job.pull, err) < 0)
		return -1;
	if (!red) {
		log_info("run %" PRId64 " is outdated: nothing is done", r->job->run_id);
		return 0;
	}
	job.untrusted = job.pull != 0;
	if (responding_heal(r, &job, err) < 0)
		return -1;
	if (!job.pull)
		r->publish.base_branch = r->job->branch;
	if (responding_publish(r, &published, err) < 0)
		return -1;
	log_info("%.*s: %s, %s%s%s", STR_ARGS(r->publish.repo), outcome_to_string(r->fix.outcome),
		published_as_to_string(published.as), published.reason ? ": " : "",
		published.reason ? published.reason : "");
	return 0;
}

static int hand_over(
	struct responding *r, const struct forge_pull *pull, const char *why, struct err *err)
{
	struct str text = arena_printf(r->mem, "%s. A person is needed here.", why);

	if (responding_label(r, pull->number, "needs-human", err) < 0)
		return -1;
	if (!pull->draft && forge_pull_set_draft(r->o->forge, pull->node_id, true, err) < 0)
		log_warn("%s", err->msg); /* a free plan has no drafts: the label says it */
	return responding_answer(
		r, pull->number, arena_printf(r->mem, "red-%.12s", pull->head_sha.p), text, err);
}

/* CI is red on a branch of ours: one more attempt on top of it, counted on the pull request. */
int respond_own_red(struct responding *r, struct err *err)
{
	struct heal_job job = {.commit = r->job->sha, .log_run = r->job->run_id};
	struct forge_pulls pulls;
	struct published published;
	struct forge_pull pull;
	struct marker marker;
	int rc = forge_pulls_of_commit(
		r->o->forge, r->publish.repo, r->job->sha, &pulls, r->mem, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	/* A stranger's pull request may have the same head. */
	rc = FORGE_NONE;
	for (size_t i = 0; i < pulls.n && rc == FORGE_NONE; i++)
		rc = responding_own_pull(r, pulls.v[i].number, &pull, &marker, err);
	if (rc || !pull.open || !str_eq(pull.head_sha, r->job->sha))
		return rc < 0 ? -1 : 0;
	responding_stop_merge(r, &pull);
	if (marker.attempts >= r->o->max_attempts)
		return hand_over(r, &pull,
			"CI is red with this change, and the attempts to "
			"correct it are used up",
			err);
	if (responding_heal(r, &job, err) < 0)
		return -1;
	marker.attempts++;
	if (responding_mark(r, &pull, &marker, err) < 0)
		return -1;
	r->publish.on_pull = ON_PULL_PUSH;
	r->publish.checks = false;
	if (responding_publish(r, &published, err) < 0)
		return -1;
	if (published.as == PUBLISHED_PUSHED)
		return responding_answer(r, pull.number,
			arena_printf(r->mem, "red-%.12s", pull.head_sha.p),
			STR("CI was red with this change; one more commit corrects it."), err);
	return hand_over(r, &pull,
		r->fix.outcome == OUTCOME_NOT_REPRODUCED
			? "CI is red with this change, and the failure does not appear where the "
			  "bot runs the tests"
			: "CI is red with this change, and no correction held",
		err);
}
