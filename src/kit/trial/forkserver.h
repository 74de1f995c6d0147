/* forkserver: the wire between an accelerator and the test processes that turn into fork servers.
 * Layer: kit. The accelerator listens on a socket in the trial's exchange folder and starts the
 * project's own command; code of ours inside the test processes (an interpreter hook, a linked-in
 * runtime) connects, is told to serve or to go on as usual, and then forks once per candidate.
 *
 * A frame is u32 length of the rest, u32 type, u32 id, body; numbers little-endian.
 *
 *   process                          accelerator
 *   HELLO  who I am              ->
 *                                <-  SERVE what to run    (or PASS: close and go on as usual)
 *   READY  what I can do         ->                       (targets fail unpatched, budget is known)
 *                                <-  TRY id, candidate    (many at once; any number in flight)
 *   RESULT id, outcome           ->                       (in any order)
 *                                <-  RELEASE: go on as usual, unpatched (C only)
 *                                <-  (end of file: kill what runs and exit at once)
 *
 * What comes from a process is hostile: lengths are capped, unknown ids and types end its service.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "kit/trial/accel.h"

struct child;
struct child_result;

/* The environment variable that names the socket to the command's processes. */
#define FORKSERVER_ENV "SELFHEAL_SOCKET"

enum {
	FORKSERVER_VERSION = 1,
	FORKSERVER_BODY_MAX = 32 << 20,   /* ours: patched sources may travel */
	FORKSERVER_REPLY_MAX = 1 << 20,   /* theirs */
	FORKSERVER_MESSAGE_MAX = 4 << 10, /* of RESULT; the server cuts it */
};

enum forkserver_type {
	FORKSERVER_HELLO = 1,   /* u32 FORKSERVER_VERSION, u32 pid, text: the accelerator's own */
	FORKSERVER_SERVE = 2,   /* body: the accelerator's own (targets, budgets) */
	FORKSERVER_PASS = 3,    /* no body */
	FORKSERVER_READY = 4,   /* text: the accelerator's own */
	FORKSERVER_TRY = 5,     /* body: the candidate, the accelerator's own */
	FORKSERVER_RESULT = 6,  /* u32 enum observed_status, i32 tests_passed, i32 tests_failed,
				   i32 line, u64 wall_us, u64 signature, text: message */
	FORKSERVER_RELEASE = 7, /* no body */
};

/* Writers of bodies: numbers little-endian, strings as u32 length and bytes. */
void forkserver_put_u32(struct buf *b, uint32_t v);
void forkserver_put_u64(struct buf *b, uint64_t v);
void forkserver_put_str(struct buf *b, struct str s);
/* Readers: take from the front of *s; false when it is too short. */
bool forkserver_take_u32(struct str *s, uint32_t *v);
bool forkserver_take_u64(struct str *s, uint64_t *v);
bool forkserver_take_str(struct str *s, struct str *v);

struct forkserver_options {
	const char *exchange;        /* folder for the socket as we see it: trial_exchange() */
	const char *exchange_inside; /* and as commands see it: trial_exchange_inside() */
	/* Decides about a process that said HELLO: true and the body of SERVE, or false to let it
	 * run on. NULL: serve the first. Called in the order of connection. */
	bool (*choose)(void *data, struct str hello, struct buf *serve);
	void *data;
};

struct forkserver;

int forkserver_open(struct forkserver **out, const struct forkserver_options *options,
	struct err *err) MUST_CHECK;
/* Ends every server (they see the end of file) and removes the socket. */
void forkserver_free(struct forkserver *fs);
DEFINE_CLEANUP(struct forkserver *, forkserver_free)
/* "SELFHEAL_SOCKET=path inside", for the command's environment; lives as long as fs. */
const char *forkserver_env(const struct forkserver *fs);
/* Waits for one process of the running command to become READY, answering HELLOs meanwhile. *ready
 * (may be NULL) gets its READY text, alive until forkserver_free. 0, or FORKSERVER_NONE when the
 * command ended (*ended is filled) or time ran out (*err says which). The child stays the
 * caller's. */
enum { FORKSERVER_NONE = 1 };
int forkserver_wait(struct forkserver *fs, struct child *command, int timeout_ms, struct str *ready,
	struct child_result *ended, struct err *err) MUST_CHECK;

struct forkserver_job {
	struct str body; /* of TRY */
	int timeout_ms;  /* wall time for this one once sent and alone; the server's own watchdog
			    should act first: past it the server is given up */
};

/* Sends the jobs, at most window at once, and gathers the results by index; messages live in mem.
 * 0 when all have a result. FORKSERVER_LOST: the server died or fell silent (*err says how);
 * results not given have status OBSERVED_UNSUPPORTED and done[i] false, those that were in
 * flight are the likely culprits: sent[i] is true. done and sent (may be NULL) are n long. */
enum { FORKSERVER_LOST = 2 };
int forkserver_run(struct forkserver *fs, const struct forkserver_job *jobs, size_t n, int window,
	struct observed *out, bool *done, bool *sent, struct arena *mem,
	struct err *err) MUST_CHECK;

/* Lets the server go on as the program it is; forkserver_wait then waits for the next one. */
void forkserver_release(struct forkserver *fs);
