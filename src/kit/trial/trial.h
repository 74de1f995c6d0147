/* trial: a scratch tree of the project, in a sandbox, where commands run and files are patched.
 * Layer: kit. SPEC 5 and 14: commands see the project at its own absolute path; nothing they or we
 * do reaches the user's tree. With mounts it is an overlay whose upper layer is memory; without,
 * a copy elsewhere. One trial is one layer: open several for parallel work. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "port/child/child.h"

enum sandbox_mode {
	SANDBOX_AUTO, /* every layer that is to be had; what is missing is told by trial_layers() */
	SANDBOX_REQUIRE, /* refuse (ERR_POLICY) when a layer is missing */
	SANDBOX_OFF,     /* no namespaces, Landlock, seccomp; still a scratch tree */
};

struct trial_options {
	const char *root; /* absolute path of the project's top folder */
	enum sandbox_mode sandbox;
	bool network;                 /* allow more than loopback */
	const char *const *env_allow; /* further names passed on from our environment; NULL: none */
	const char *const *env_set;   /* further "NAME=value"; NULL: none */
	const char *const *services;  /* shell commands kept running beside each one; NULL: none */
	const char *const *ignore;    /* globs of ignored files left out of the tree; NULL: none */
	const char *const *hide; /* absolute paths commands see empty (with mounts only); NULL */
	const char *runtime_dir; /* folder of ours to show read-only to commands; NULL: none */
};

struct trial;

int trial_open(struct trial **out, const struct trial_options *options, struct err *err) MUST_CHECK;
void trial_free(struct trial *trial);
DEFINE_CLEANUP(struct trial *, trial_free)

/* One line a layer: "mount namespace: on", "landlock: missing (kernel has none)". */
void trial_layers(const struct trial *trial, struct buf *out);
/* The sandbox commands run in, NULL when it is off. Borrowed. */
const struct sandbox *trial_sandbox(const struct trial *trial);
/* Whether a failed run's output says that the sandbox, not the code, is the cause (SPEC 14): names
 * the setting that would let it through. The evidence is a part of output. */
struct blame;
bool trial_blame(const struct trial *trial, struct str output, struct blame *out);
/* The project's folder as commands see it (the user's own path, or the copy's). */
const char *trial_root(const struct trial *trial);
/* A folder for sockets and results that we and commands share: as this process sees it (short, so
 * that a socket's path fits). */
const char *trial_exchange(const struct trial *trial);
/* The same folder as commands see it. */
const char *trial_exchange_inside(const struct trial *trial);
/* runtime_dir as commands see it; NULL when none was given. */
const char *trial_runtime_inside(const struct trial *trial);

/* A file as it is in the scratch tree now; path is repository-relative. ERR_SYS/ENOENT if absent.
 */
int trial_read(struct trial *trial, struct str path, struct buf *out, struct err *err) MUST_CHECK;
/* Writes one file, mode kept, times set to now (builds must see the change). What it replaces is
 * remembered for trial_restore. Never follows a symbolic link out of the tree. */
int trial_write(
	struct trial *trial, struct str path, struct str content, struct err *err) MUST_CHECK;
/* Puts back every file written since open or the last trial_restore. */
int trial_restore(struct trial *trial, struct err *err) MUST_CHECK;
/* A fresh layer: forgets also what commands left behind. */
int trial_reset(struct trial *trial, struct err *err) MUST_CHECK;

/* Whether the user's tree is still as it was when we looked: the files read and written here, and
 * git's HEAD. ERR_CONFLICT names the first that is not. A stat each: ask before and after. */
int trial_check_unchanged(const struct trial *trial, struct err *err) MUST_CHECK;

struct trial_command {
	const char *command;        /* given to sh -c */
	const char *subdir;         /* relative to the root; NULL: the root */
	int timeout_ms;             /* 0: none */
	const char *const *env_set; /* further "NAME=value" for this command */
	size_t output_cap;          /* 0: LIMIT_OUTPUT_BYTES */
	bool network;               /* with our network: for `setup` commands */
};

int trial_run(struct trial *trial, const struct trial_command *command, struct child_result *out,
	struct err *err) MUST_CHECK;
/* The same beside us; child_wait and child_free as for any child. */
int trial_start(struct trial *trial, const struct trial_command *command, struct child **out,
	struct err *err) MUST_CHECK;
