/* policy_diff: a patch as files, hunks and lines, whether read from a unified diff or made from two
 * texts.
 * Layer: verify. Lines are views of the input; arrays live in the caller's arena. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum change_status { CHANGE_MODIFY, CHANGE_ADD, CHANGE_DELETE, CHANGE_RENAME };

struct change_line {
	char mark;       /* ' ', '-', '+' */
	struct str text; /* without the mark and the line end */
	int number;      /* in the new file; of a removed line: where it was in the old one */
};

struct change_hunk {
	struct str heading; /* behind the second @@: the function it is in, may be "" */
	struct change_line *v;
	size_t n, cap;
};

struct change_file {
	struct str path;     /* after the change; before it for a deletion */
	struct str old_path; /* before it; "" for an addition */
	enum change_status status;
	int old_mode, new_mode; /* as git writes them in octal, 0 unknown */
	bool binary;
	bool whole; /* the hunks hold the whole file */
	struct change_hunk *hunks;
	size_t n, cap;
};

struct change_set {
	struct change_file *v;
	size_t n, cap;
	int added, removed;     /* lines */
	const char *unreadable; /* why the input is no patch, or NULL */
};

/* Reads a unified diff leniently: a line counts as what its mark says even where the hunk's counts
 * disagree, so that nothing an applier might take is passed over. */
void change_read(struct change_set *out, struct str diff, struct arena *mem);
/* Appends the change of one file as a single hunk over the whole of it; p NULL: absent. */
void change_compare(struct change_set *out, struct str path, struct str before, struct str after,
	struct arena *mem);
