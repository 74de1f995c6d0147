/* child: run a program: capped output, time-out, whole process tree killed at the end.
 * Layer: port. No shell, no inherited environment: argv and env are exactly what is given.
 * Every descriptor of ours is close-on-exec; the child gets stdin (/dev/null by default), one pipe
 * for stdout and stderr together, and a session of its own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

struct sandbox;

struct child_options {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in the child's PATH */
	const char *const *env;  /* "NAME=value", NULL-terminated; NULL is an empty environment */
	const char *cwd;         /* NULL: ours */
	int timeout_ms;          /* 0: none. At its end the whole tree is killed */
	size_t output_cap; /* 0: LIMIT_OUTPUT_BYTES; beyond it the head and the tail are kept */
	int stdin_fd;      /* < 0 or 0: /dev/null; borrowed */
	/* Run in place of a program, after everything was given up; argv[0] is its name. In a copy
	 * of a maybe threaded process: system calls only. Gives the exit code. */
	int (*entry)(void *context);
	void *context;
	bool open_network;             /* with a sandbox: our network instead of its own */
	const struct sandbox *sandbox; /* where it runs; NULL: beside us. Outlives the start */
};

struct child_result {
	int exit_code; /* 0..255; 128 + signal when killed by one, as a shell says it */
	int signal;    /* 0 or the signal that ended it */
	bool timed_out;
	bool truncated;        /* the middle of the output was dropped */
	bool not_started;      /* exec failed: exit_code is 127 (not found) or 126 */
	uint64_t output_bytes; /* all it wrote, kept or not */
	struct buf output;     /* stdout and stderr as they came */
	int64_t wall_us, cpu_us;
	long max_rss_kb;
};

void child_result_init(struct child_result *r);
void child_result_release(struct child_result *r);
#define CHILD_RESULT_AUTO CLEANUP(child_result_release) struct child_result

/* Runs to the end. A child that fails is no failure here: see out. On < 0 nothing runs any more.
 * ERR_INTERRUPT when child_interrupt() was called meanwhile (SIGINT): the tree is killed first. */
int child_run(
	struct child_result *out, const struct child_options *options, struct err *err) MUST_CHECK;

/* A child that runs beside us. */
struct child;
int child_start(
	struct child **out, const struct child_options *options, struct err *err) MUST_CHECK;
enum { CHILD_RUNNING = 1 };
/* Waits up to timeout_ms (< 0: its own time-out alone) while draining its output.
 * 0: ended, *out is filled. CHILD_RUNNING: not yet. */
int child_wait(
	struct child *child, int timeout_ms, struct child_result *out, struct err *err) MUST_CHECK;
/* What it has printed so far, up to the head's size; valid until the next call. */
struct str child_output(const struct child *child);
void child_kill(struct child *child);
/* Kills what still runs. */
void child_free(struct child *child);
DEFINE_CLEANUP(struct child *, child_free)

/* Async-signal-safe: makes every current and later wait here end with ERR_INTERRUPT. */
void child_interrupt(void);
bool child_interrupted(void);
