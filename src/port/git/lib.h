/* lib: libgit2 itself, inside port/git only.
 * Layer: port. */
#pragma once

#include <git2.h>

#include "base/cleanup.h"
#include "base/err.h"

/* Starts libgit2 (7 ms the first time: its TLS set-up; nothing later). It is never shut down: that
 * would make the next start cost as much again. */
void git_lib_start(void);

/* libgit2's last failure as an error: "cannot ACTION 'subject': its message". Gives -1. */
int git_fail(struct err *err, const char *action, const char *subject);

/* Around calls in which libgit2 1.5 itself leaks: its regular expressions lose their match data
 * when nothing matches, which opening a repository of format 1 (extensions) does for each setting.
 */
#ifdef __SANITIZE_ADDRESS__
void __lsan_disable(void);
void __lsan_enable(void);
#define git_leaks_begin() __lsan_disable()
#define git_leaks_end() __lsan_enable()
#else
#define git_leaks_begin() ((void)0)
#define git_leaks_end() ((void)0)
#endif

/* The result of one such call. */
#define git_leaky(call)                                                                            \
	({                                                                                         \
		git_leaks_begin();                                                                 \
		int leaky_ = (call);                                                               \
		git_leaks_end();                                                                   \
		leaky_;                                                                            \
	})

DEFINE_CLEANUP(git_repository *, git_repository_free)
DEFINE_CLEANUP(git_reference *, git_reference_free)
DEFINE_CLEANUP(git_object *, git_object_free)
DEFINE_CLEANUP(git_commit *, git_commit_free)
DEFINE_CLEANUP(git_tree *, git_tree_free)
DEFINE_CLEANUP(git_blob *, git_blob_free)
DEFINE_CLEANUP(git_signature *, git_signature_free)
DEFINE_CLEANUP(git_revwalk *, git_revwalk_free)
DEFINE_CLEANUP(git_diff *, git_diff_free)
DEFINE_CLEANUP(git_patch *, git_patch_free)
DEFINE_CLEANUP(git_status_list *, git_status_list_free)
DEFINE_CLEANUP(git_config *, git_config_free)
DEFINE_CLEANUP(git_tree_entry *, git_tree_entry_free)
