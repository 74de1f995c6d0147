/* keeper: the process between us and a command. It starts the command, adopts what the command
 * orphans, and when the command ends, or when we ask or die, ends everything that is left.
 * Layer: port/child. Runs after fork() in a copy of a maybe threaded process: system calls only, no
 * allocation, no stdio. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

struct namespaces;
struct confinement;

struct keeper_plan {
	const char *const *argv;
	const char *const *env;
	const char *cwd;
	int (*entry)(void *context); /* instead of argv; NULL: argv */
	void *context;
	int stdin_fd, output_fd;
	int report_fd;                         /* struct keeper_report goes here */
	int control_fd;                        /* readable or hung up: end everything */
	const struct namespaces *namespaces;   /* NULL: ours */
	bool open_network;                     /* not the network namespace */
	const struct confinement *confinement; /* NULL: none */
};

enum keeper_event {
	KEEPER_NO_SANDBOX, /* value: errno of `step` */
	KEEPER_NO_FOLDER,  /* value: errno of chdir */
	KEEPER_NO_PROGRAM, /* value: errno of exec */
	KEEPER_ENDED,      /* value: the wait status; usage covers all that ran */
};

struct keeper_report {
	enum keeper_event event;
	int value;
	const char *step; /* a literal of the same program */
	int64_t end_us;   /* CLOCK_MONOTONIC */
	struct rusage usage;
};

/* What keeper_enter() says: the keeper's id, or < 0 the errno of what failed. */
struct keeper_start {
	int pid;
	const char *step; /* a literal of the same program */
};

/* Enters the namespaces and makes the keeper there, as our sibling: a pid namespace begins with the
 * next process. Ends at once, having written a struct keeper_start to start_fd. */
_Noreturn void keeper_enter(const struct keeper_plan *plan, int start_fd);
_Noreturn void keeper_main(const struct keeper_plan *plan);
