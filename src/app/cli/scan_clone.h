/* scan_clone: a repository of a forge as a folder that is gone afterwards.
 * Layer: app. */
#pragma once

#include "base/err.h"

struct scan_clone {
	char dir[4096]; /* "" when nothing was cloned */
	char root[4096 + 16];
};

/* Clones "OWNER/NAME" from GITHUB_SERVER_URL (https://github.com) with GITHUB_TOKEN or GH_TOKEN, if
 * there is one and the server asks. ERR_CONFIG for what is no such name. */
int scan_clone_make(struct scan_clone *c, const char *repository, struct err *err) MUST_CHECK;
void scan_clone_remove(struct scan_clone *c);
#define SCAN_CLONE_AUTO CLEANUP(scan_clone_remove) struct scan_clone
