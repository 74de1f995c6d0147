#include "publish/branch.h"

#include "base/limits.h"
#include "model/udiff.h"
#include "port/forge/forge.h"

static struct str in_repository(struct str folder, struct str path, struct arena *mem)
{
	return folder.n ? arena_printf(mem, "%.*s/%.*s", STR_ARGS(folder), STR_ARGS(path)) : path;
}

/* The same change the other way round. */
static struct udiff_file reversed(const struct udiff_file *file, struct arena *mem)
{
	struct udiff_file back = *file;

	back.created = file->deleted;
	back.deleted = file->created;
	back.hunks = arena_array(mem, file->n, sizeof(*back.hunks));
	for (size_t i = 0; i < file->n; i++) {
		const struct udiff_hunk *h = &file->hunks[i];
		back.hunks[i] = (struct udiff_hunk){.old_first = h->new_first,
			.old_count = h->new_count,
			.new_first = h->old_first,
			.new_count = h->old_count,
			.lines = arena_array(mem, h->n, sizeof(*h->lines)),
			.n = h->n};
		for (size_t k = 0; k < h->n; k++) {
			back.hunks[i].lines[k] = h->lines[k];
			if (h->lines[k].op != ' ')
				back.hunks[i].lines[k].op = h->lines[k].op == '+' ? '-' : '+';
		}
	}
	return back;
}

/* Whether the hunks stand in content somewhere, each in one place. */
static bool fits(const struct udiff_file *file, struct str content, struct arena *mem)
{
	struct err ignored = ERR_INIT;
	struct edit *edits;
	size_t n;

	return udiff_bind(&edits, &n, file, content, mem, &ignored) == 0;
}

/* The file as the fix leaves it, on the base as it is now. */
static int change_file(struct forge_change *out, const struct udiff_file *file, struct str content,
	struct arena *mem, struct err *err)
{
	BUF_AUTO text = BUF_INIT(LIMIT_SOURCE_BYTES);
	struct err strict = ERR_INIT;
	struct patch patch = {0};

	if (udiff_apply(&text, file, content, &strict) == 0) {
		out->content = arena_str(mem, buf_view(&text));
		return 0;
	}
	struct udiff_file back = reversed(file, mem);
	if (fits(&back, content, mem))
		return BRANCH_FIXED;
	struct edit *edits;
	int rc = udiff_bind(&edits, &patch.n, file, content, mem, err);
	if (rc)
		return rc < 0 ? -1 : BRANCH_OUTDATED;
	patch.edits = edits;
	buf_reset(&text);
	if (patch_apply_to(&text, &patch, file->path, content, err) < 0)
		return -1;
	out->content = arena_str(mem, buf_view(&text));
	return 0;
}

/* One file of the diff: what it was and what it becomes. */
struct file_plan {
	struct forge_change change;
	struct str before; /* p NULL: not there */
};

/* GitHub's interface sets a file's mode anew with each change: it stays what it was. */
static int keep_mode(struct file_plan *out, struct forge *forge, const struct branch_options *o,
	struct str base, struct arena *mem, struct err *err)
{
	int mode = 0100644;
	int rc = forge_file_mode(forge, o->repo, base, out->change.path, &mode, mem, err);

	if (rc < 0)
		return -1;
	if (mode != 0100644 && mode != 0100755)
		return err_set(err, ERR_POLICY, "'%.*s' is a link or a submodule: not proposed",
			STR_ARGS(out->change.path));
	out->change.executable = mode == 0100755;
	return 0;
}

static int plan_file(struct file_plan *out, struct forge *forge, const struct udiff_file *file,
	const struct branch_options *o, struct str base, struct arena *mem, struct err *err)
{
	int rc;

	*out = (struct file_plan){.change.path = in_repository(o->folder, file->path, mem)};
	if (file->renamed || file->copied || file->binary)
		return err_set(err, ERR_POLICY, "'%.*s': renamed and binary files are not proposed",
			STR_ARGS(file->path));
	rc = forge_contents(forge, o->repo, out->change.path, base, &out->before, mem, err);
	if (rc < 0)
		return -1;
	if (rc == FORGE_NONE) {
		out->before = STR_NULL;
		return file->created   ? change_file(&out->change, file, STR(""), mem, err)
		       : file->deleted ? BRANCH_FIXED
				       : BRANCH_OUTDATED;
	}
	if (file->created)
		return BRANCH_OUTDATED;
	if (keep_mode(out, forge, o, base, mem, err) < 0)
		return -1;
	rc = change_file(&out->change, file, out->before, mem, err);
	if (file->deleted)
		out->change.content = STR_NULL;
	return rc;
}

static int plan_files(struct branch_plan *out, struct forge *forge, const struct udiff *diff,
	const struct branch_options *o, struct arena *mem, struct err *err)
{
	struct forge_change *changes = arena_array(mem, diff->n, sizeof(*changes));
	struct str *before = arena_array(mem, diff->n, sizeof(*before));
	size_t fixed = 0;

	for (size_t i = 0; i < diff->n; i++) {
		struct file_plan file;
		int rc = plan_file(&file, forge, &diff->files[i], o, out->base, mem, err);
		if (rc < 0 || rc == BRANCH_OUTDATED)
			return rc;
		fixed += rc == BRANCH_FIXED;
		changes[i] = file.change;
		before[i] = file.before;
	}
	out->changes = changes;
	out->before = before;
	out->n = diff->n;
	return !fixed ? 0 : fixed == diff->n ? BRANCH_FIXED : BRANCH_OUTDATED;
}

int branch_plan(struct branch_plan *out, struct forge *forge, const struct fix *fix,
	const struct branch_options *o, struct arena *mem, struct err *err)
{
	struct udiff diff;
	int rc;

	*out = (struct branch_plan){0};
	out->base = o->at;
	rc = o->at.n ? 0 : forge_branch(forge, o->repo, o->base_branch, &out->base, mem, err);
	if (rc == FORGE_NONE)
		return err_set(err, ERR_CONFIG, "repository '%.*s' has no branch '%.*s'",
			STR_ARGS(o->repo), STR_ARGS(o->base_branch));
	if (rc < 0 || udiff_parse(&diff, fix->diff, mem, err) < 0)
		return -1;
	out->moved = !str_eq(out->base, o->commit);
	return plan_files(out, forge, &diff, o, mem, err);
}

/* By us, and as we made it: who amends or moves a commit becomes its committer, and what we wrote
 * in its message stays. What an app makes, GitHub may commit. */
static bool is_ours(const struct forge_commit *c, struct str me)
{
	bool by_github = str_eq_c(c->committer_login, "web-flow") ||
			 (!c->committer_login.n && str_starts(c->committer_email, "noreply@"));

	return str_has(c->message, "\nSelfheal-Fingerprint: ") &&
	       str_eq_nocase(c->author_login, me) &&
	       (by_github || str_eq_nocase(c->committer_login, me));
}

/* Every commit that the branch has and the base lacks is ours: only then may it be replaced. */
static int check_ours(struct forge *forge, const struct branch_options *o, struct str tip,
	struct arena *mem, struct err *err)
{
	struct forge_compare compare;
	struct forge_user me;

	if (forge_me(forge, &me, mem, err) < 0 ||
		forge_compare(forge, o->repo, o->base_branch, tip, &compare, mem, err) < 0)
		return -1;
	if (compare.cut)
		return BRANCH_FOREIGN;
	for (size_t i = 0; i < compare.n_commits; i++)
		if (!is_ours(&compare.commits[i], me.login))
			return BRANCH_FOREIGN;
	return 0;
}

/* Whether the tip is this message on this base: the change was pushed before, by a run that was cut
 * off behind it. */
static int is_made(struct forge *forge, const struct branch_plan *plan,
	const struct branch_options *o, struct str tip, bool *made, struct arena *mem,
	struct err *err)
{
	struct forge_commit commit;
	int rc = forge_commit(forge, o->repo, tip, &commit, mem, err);

	*made = rc == 0 && commit.n_parents == 1 && str_eq(commit.parents[0], plan->base) &&
		str_eq(str_trim(commit.message), str_trim(o->message));
	return rc < 0 ? -1 : 0;
}

int branch_make(struct str *sha, struct forge *forge, const struct branch_plan *plan,
	const struct branch_options *o, struct arena *mem, struct err *err)
{
	struct forge_commit_draft draft = {.branch = o->branch,
		.parent = plan->base,
		.message = o->message,
		.changes = plan->changes,
		.n = plan->n};
	bool made = false;
	int rc = forge_branch(forge, o->repo, o->branch, sha, mem, err);

	if (rc < 0)
		return -1;
	if (rc != FORGE_NONE) {
		if (is_made(forge, plan, o, *sha, &made, mem, err) < 0)
			return -1;
		if (made)
			return 0;
		if ((rc = check_ours(forge, o, *sha, mem, err)) != 0)
			return rc;
		draft.force = true;
	}
	return forge_commit_create(forge, o->repo, &draft, sha, mem, err);
}
