#include "heal/publish_local.h"

#include "base/limits.h"
#include "heal/cycle.h"
#include "json/json.h"
#include "kit/apply/apply.h"
#include "port/git/repo.h"
#include "publish/commit_message.h"

static void write_message(struct buf *out, const struct cycle *c)
{
	struct fix fix;

	heal_result_as_fix(&fix, c->out);
	commit_message_of(out, &fix, c->mem);
}

static int note(struct cycle *c, const char *stage, const char *key, struct err *err)
{
	return c->memory ? memory_note(c->memory, stage, key, json_obj(), err) : 0;
}

static int open_for_branch(struct cycle *c, struct repo **out, struct err *err)
{
	int rc = repo_open(out, c->options->root, err);

	if (rc == REPO_NONE)
		return err_set(err, ERR_CONFIG,
			"cannot make branch '%s': '%s' is no git repository", c->options->branch,
			c->options->root);
	return rc;
}

int check_local(struct cycle *c, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = NULL;

	/* A run that is resumed may have made the branch already. */
	if (!c->options->branch || c->options->resume)
		return 0;
	if (open_for_branch(c, &repo, err) < 0 ||
		repo_check_branch(repo, c->options->branch, err) < 0) {
		err->code = ERR_CONFIG;
		return -1;
	}
	return 0;
}

static int make_branch(struct cycle *c, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = NULL;
	struct repo_branch_commit commit = {
		.branch = c->options->branch, .diff = c->out->diff, .folder = c->options->root};
	char id[COMMIT_ID_SIZE];
	BUF_AUTO message;

	buf_init(&message, LIMIT_TEXT_BYTES);
	if (open_for_branch(c, &repo, err) < 0)
		return -1;
	write_message(&message, c);
	commit.message = buf_view(&message);
	if (note(c, "branch_intent", c->options->branch, err) < 0 ||
		repo_commit_on_branch(repo, &commit, id, err) < 0)
		return -1;
	c->out->branch = arena_str(c->mem, str_of(c->options->branch));
	return note(c, "branch", id, err);
}

static int apply(struct cycle *c, struct err *err)
{
	if (note(c, "apply_intent", "", err) < 0 ||
		apply_diff(c->options->root, c->out->diff, err) < 0)
		return -1;
	c->out->applied = true;
	return note(c, "apply", "", err);
}

int publish_local(struct cycle *c, struct err *err)
{
	if (c->options->branch && make_branch(c, err) < 0)
		return -1;
	return c->options->apply ? apply(c, err) : 0;
}

int recover_local(struct cycle *c, struct err *err)
{
	struct apply_recovery recovery = {0};
	int rc = apply_recover(c->options->root, &recovery, c->mem, err);

	if (rc == APPLY_COMPLETED)
		cycle_notice(c, STR("completed writing a fix that had been cut off"));
	else if (rc == APPLY_UNDONE)
		cycle_notice(c, STR("undid the writing of a fix that had been cut off"));
	for (size_t i = 0; rc > 0 && i < recovery.n; i++)
		cycle_notice(
			c, arena_printf(c->mem, "left alone, changed by someone meanwhile: %.*s",
				   STR_ARGS(recovery.left_alone[i])));
	return rc < 0 ? -1 : 0;
}
