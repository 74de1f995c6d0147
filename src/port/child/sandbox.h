/* sandbox: where commands run that we do not trust: their own namespaces, an overlay of the project
 * at its own path, an unprivileged uid, Landlock, seccomp, limits.
 * Layer: port/child. Each layer is probed by doing; what is missing is on record. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* A file that commands see otherwise. content.p NULL: not at all (folders too). */
struct sandbox_mask {
	const char *path; /* relative to its tree */
	struct str content;
};

/* A folder that commands may write, without our seeing it. */
struct sandbox_tree {
	const char *path; /* absolute, without links */
	const struct sandbox_mask *masks;
	size_t n;
};

struct sandbox_options {
	const struct sandbox_tree *trees; /* the project first */
	size_t n_trees;
	const char *copy_because; /* no overlay over the trees but a copy; NULL: overlay */
	const char *exchange;     /* folder shared with commands at SANDBOX_EXCHANGE */
	const char *runtime;      /* shown read-only at SANDBOX_RUNTIME; NULL: none */
	const char *spare;        /* folder of ours on disk, for what memory cannot hold */
	const char *home;         /* the user's, whose secrets are covered; NULL: unknown */
	const char *const *show; /* folders that stay visible though they are in /tmp; NULL: none */
	const char *const *hide; /* paths that are seen empty; NULL: none */
	bool network;
};

/* Where commands find things. */
#define SANDBOX_EXCHANGE "/tmp/.selfheal/exchange"
#define SANDBOX_RUNTIME "/tmp/.selfheal/runtime"
#define SANDBOX_HOME "/tmp/.selfheal/home"

struct sandbox;

/* 0, or SANDBOX_UNAVAILABLE with *err saying what could not be had: no mounts here. */
enum { SANDBOX_UNAVAILABLE = 1 };
int sandbox_open(
	struct sandbox **out, const struct sandbox_options *options, struct err *err) MUST_CHECK;
/* Without namespaces: Landlock, seccomp and limits, where they are to be had. */
struct sandbox_bare {
	const char *const *writable; /* paths, NULL-terminated */
	const char *owned_like;  /* root's commands run as the owner of this folder, or nobody */
	const char *search_path; /* unless a folder of this PATH is closed to others */
	const char *why;         /* what is said of the missing namespaces */
};
int sandbox_open_bare(
	struct sandbox **out, const struct sandbox_bare *bare, struct err *err) MUST_CHECK;
/* Everything as it was at sandbox_open: fresh mounts in the same namespaces. */
int sandbox_reset(
	struct sandbox *box, const struct sandbox_options *options, struct err *err) MUST_CHECK;
void sandbox_free(struct sandbox *box);
DEFINE_CLEANUP(struct sandbox *, sandbox_free)

/* The project's folder as commands see it: a borrowed directory descriptor, -1 for a bare one. */
int sandbox_tree(const struct sandbox *box);
/* Who commands run as; true when not as ourselves. */
bool sandbox_identity(const struct sandbox *box, unsigned *uid, unsigned *gid);

enum sandbox_layer {
	LAYER_MOUNT,
	LAYER_PID,
	LAYER_NETWORK,
	LAYER_IPC,
	LAYER_IDENTITY, /* an unprivileged uid without capabilities */
	LAYER_LANDLOCK,
	LAYER_SECCOMP,
	LAYER_LIMITS,
	LAYER_COUNT,
};
const char *sandbox_layer_to_string(enum sandbox_layer layer);

enum layer_state { LAYER_MISSING, LAYER_ON, LAYER_WAIVED /* by the user's wish */ };
/* *why: static until the box is freed; never NULL. */
enum layer_state sandbox_layer(
	const struct sandbox *box, enum sandbox_layer layer, const char **why);

/* Nobody of our uid reads our memory or environment through /proc from now on. */
void sandbox_protect_self(void);
