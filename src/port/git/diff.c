#include "port/git/diff.h"

#include "base/limits.h"
#include "model/udiff.h"
#include "port/git/lib.h"

static void name_line(
	struct buf *out, const char *sign, const char *prefix, struct str path, bool is_null)
{
	buf_c(out, sign);
	if (is_null)
		buf_c(out, "/dev/null");
	else
		udiff_quote_path(out, prefix, path);
	/* GNU patch ends a name at a blank unless a tab follows; git does the same. */
	if (!is_null && str_find_char(path, ' ') >= 0)
		buf_char(out, '\t');
	buf_char(out, '\n');
}

static void headers(struct buf *out, struct str path, bool is_new, bool is_gone, bool has_lines)
{
	buf_c(out, "diff --git ");
	udiff_quote_path(out, "a/", path);
	buf_char(out, ' ');
	udiff_quote_path(out, "b/", path);
	buf_c(out, is_new    ? "\nnew file mode 100644\n"
		   : is_gone ? "\ndeleted file mode 100644\n"
			     : "\n");
	if (!has_lines) /* an empty file made or removed */
		return;
	name_line(out, "--- ", "a/", path, is_new);
	name_line(out, "+++ ", "b/", path, is_gone);
}

/* libgit2 gives its own file header first, which we write ourselves. */
static int add_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
	const git_diff_line *line, void *data)
{
	struct buf *out = data;

	(void)delta;
	(void)hunk;
	if (line->origin == GIT_DIFF_LINE_FILE_HDR || line->origin == GIT_DIFF_LINE_BINARY)
		return 0;
	if (line->origin == GIT_DIFF_LINE_CONTEXT || line->origin == GIT_DIFF_LINE_ADDITION ||
		line->origin == GIT_DIFF_LINE_DELETION)
		buf_char(out, line->origin);
	buf_add(out, line->content, line->content_len);
	return out->over;
}

static bool same(struct str old, struct str new)
{
	return !old.p == !new.p &&str_eq(old, new);
}

int diff_unified(struct buf *out, struct str path, struct str old, struct str new, struct err *err)
{
	git_diff_options options = GIT_DIFF_OPTIONS_INIT;
	CLEANUP(git_patch_freep) git_patch *patch = NULL;

	if (same(old, new))
		return 0;
	if (!udiff_path_is_safe(path))
		return err_set(err, ERR_POLICY,
			"cannot write a diff of '%.*s': not a path of a tree", STR_ARGS(path));
	if (old.n > LIMIT_SOURCE_BYTES || new.n > LIMIT_SOURCE_BYTES)
		return err_set(err, ERR_LIMIT, "cannot write a diff of '%.*s': over %d bytes",
			STR_ARGS(path), LIMIT_SOURCE_BYTES);
	git_lib_start();
	options.flags = GIT_DIFF_FORCE_TEXT;
	options.context_lines = 3;
	if (git_patch_from_buffers(&patch, old.p, old.n, "a", new.p, new.n, "b", &options) < 0)
		return git_fail(err, "compare the versions of", "a file");
	headers(out, path, !old.p, !new.p, git_patch_num_hunks(patch) > 0);
	git_patch_print(patch, add_line, out); /* stops early only when out is over */
	if (out->over)
		return err_set(err, ERR_LIMIT, "cannot write a diff of '%.*s': over %zu bytes",
			STR_ARGS(path), out->cap);
	return 0;
}
