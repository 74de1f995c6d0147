/* masks: what of a project commands do not see: .env files, credentials in git's configuration, and
 * what the user leaves out. And where its git directory is.
 * Layer: kit. */
#pragma once

#include "base/arena.h"
#include "base/vec.h"
#include "port/child/sandbox.h"

struct masks {
	struct arena mem;
	vec(struct sandbox_mask) project, git;
	const char *git_dir;    /* what HEAD and index are in; NULL: no repository */
	const char *git_common; /* outside the project: a tree of its own; NULL: inside, or none */
	bool cut;               /* too many entries: not all were looked at */
	const char *obstacle;   /* why no overlay can stand for the tree; NULL: it can */
};

void masks_init(struct masks *m);
void masks_release(struct masks *m);
/* root: absolute, without links. ignore: globs, NULL-terminated, or NULL. */
int masks_find(
	struct masks *m, const char *root, const char *const *ignore, struct err *err) MUST_CHECK;

/* A git configuration without what can hold a secret or run a program: sections that describe the
 * repository stay, urls lose their passwords. */
struct str masks_clean_git_config(struct str config, struct arena *mem);
