/* What paths, modes and kinds of change say by themselves. */
#include "base/limits.h"
#include "verify/policy_judge.h"

static bool fits_any(const struct str *globs, size_t n, struct str path)
{
	for (size_t i = 0; i < n; i++)
		if (path_fits(globs[i], path))
			return true;
	return false;
}

enum path_kind judge_path_kind(
	const struct policy *policy, struct str path, const struct path_class **class_)
{
	static const struct path_class EXTRA = {
		PATH_PROTECTED, POLICY_REFUSE, "protected-path", NULL, 0};

	*class_ = NULL;
	if (fits_any(policy->options.protected_globs, policy->options.n_protected, path)) {
		*class_ = &EXTRA;
		return PATH_PROTECTED;
	}
	*class_ = tables_class(&policy->tables, path);
	if (!*class_ || !((*class_)->kind & (PATH_PROTECTED | PATH_TEST)))
		if (fits_any(policy->options.test_globs, policy->options.n_tests, path))
			return PATH_TEST;
	if (*class_)
		return (*class_)->kind;
	return tables_language(&policy->tables, path)->lexis.blocks == BLOCKS_LINES ? PATH_OTHER
										    : PATH_SOURCE;
}

/* Out of the tree, into git's own folder, or not what it looks like. */
static bool leaves_tree(struct str path)
{
	struct str rest = path, part;

	if (!path.n)
		return false;
	if (path.p[0] == '/' || path.p[0] == '~' || str_has(path, "\\") ||
		str_has(path, "\u200b") || str_has(path, "\u200c") || str_has(path, "\u200d") ||
		str_has(path, "\ufeff"))
		return true;
	while (str_next(&rest, '/', &part)) {
		if (str_eq_c(part, "..") || str_eq_nocase(part, STR(".git")) ||
			str_eq_nocase(part, STR("git~1")) || str_eq_nocase(part, STR(".git.")) ||
			str_eq_nocase(part, STR(".git ")))
			return true;
		for (size_t i = 0; i < part.n; i++)
			if ((unsigned char)part.p[i] < 0x20)
				return true;
	}
	return false;
}

enum { MODE_TYPE = 0170000, MODE_LINK = 0120000, MODE_SUBMODULE = 0160000, MODE_FILE = 0100000 };

static void judge_modes(struct judge *j)
{
	const struct change_file *f = j->file;
	int was = f->old_mode, is = f->new_mode;

	if ((was & MODE_TYPE) == MODE_SUBMODULE || (is & MODE_TYPE) == MODE_SUBMODULE)
		judge_report(j, POLICY_REFUSE, "submodule", 0, "a submodule");
	else if ((was & MODE_TYPE) == MODE_LINK || (is & MODE_TYPE) == MODE_LINK)
		judge_report(j, POLICY_REFUSE, "link", 0, "a symbolic link");
	else if (was && is && was != is)
		judge_report(j, POLICY_REFUSE, "mode", 0, "mode %o becomes %o", (unsigned)was,
			(unsigned)is);
	else if (is && is != 0100644 && is != 0100755)
		judge_report(j, POLICY_REFUSE, "mode", 0, "mode %o", (unsigned)is);
	else if (is == 0100755 && !was)
		judge_report(j, POLICY_HOLD, "mode", 0, "a new executable file");
}

/* A test file whose new name or place keeps runners from finding it. */
static void judge_rename(struct judge *j)
{
	static const char *const AWAY[] = {"disabled", "skip", "archive", "attic", "old", "unused",
		"quarantine", "broken", "deprecated", "backup", "ignored"};
	const struct change_file *f = j->file;
	const struct path_class *was, *is;
	struct str dirs = str_dirname(f->path), part;

	if (f->status != CHANGE_RENAME ||
		judge_path_kind(j->policy, f->old_path, &was) != PATH_TEST)
		return;
	(void)judge_path_kind(j->policy, f->path, &is);
	if (was && strcmp(was->name, "test") == 0 && (!is || strcmp(is->name, "test") != 0)) {
		judge_report(j, POLICY_REFUSE, "uncollected-test", 0, "renamed from '%.*s'",
			STR_ARGS(f->old_path));
		return;
	}
	while (str_next(&dirs, '/', &part))
		for (size_t i = 0; i < ARRAY_LEN(AWAY); i++)
			if (str_starts(part, AWAY[i]) &&
				!str_has(str_dirname(f->old_path), AWAY[i]))
				judge_report(j, POLICY_REFUSE, "uncollected-test", 0,
					"moved to '%.*s'", STR_ARGS(f->path));
	judge_report(
		j, POLICY_HOLD, "changed-test", 0, "renamed from '%.*s'", STR_ARGS(f->old_path));
}

static void judge_one_path(struct judge *j, struct str path)
{
	const struct path_class *class_;
	enum policy_verdict verdict;

	if (leaves_tree(path))
		judge_report(j, POLICY_REFUSE, "outside", 0, "not a path of the tree");
	if (judge_path_kind(j->policy, path, &class_) != PATH_PROTECTED || !class_)
		return;
	verdict = class_->verdict;
	if (!strcmp(class_->name, "workflow") && j->policy->options.allow_workflows)
		verdict = POLICY_HOLD;
	judge_report(j, verdict, class_->name, 0, "a protected path");
}

void judge_paths(struct judge *j)
{
	const struct change_file *f = j->file;

	judge_one_path(j, f->path);
	if (f->old_path.n && !str_eq(f->old_path, f->path))
		judge_one_path(j, f->old_path);
	judge_modes(j);
	judge_rename(j);
	if (f->binary)
		judge_report(j, j->kind == PATH_TEST ? POLICY_REFUSE : POLICY_HOLD, "binary", 0,
			"a binary file");
}
