/* keeper: the process between us and a command. It starts the command, adopts what the command
 * orphans, and when the command ends, or when we ask or die, ends everything that is left.
 * Layer: port/child. Runs after fork() in a copy of a maybe threaded process: system calls only, no
 * allocation, no stdio. */
#pragma once

#include <stdint.h>
#include <sys/resource.h>

struct keeper_plan {
	const char *const *argv;
	const char *const *env;
	const char *cwd;
	int stdin_fd, output_fd;
	int report_fd;  /* struct keeper_report goes here */
	int control_fd; /* readable or hung up: end everything */
};

enum keeper_event {
	KEEPER_NO_FOLDER,  /* value: errno of chdir */
	KEEPER_NO_PROGRAM, /* value: errno of exec */
	KEEPER_ENDED,      /* value: the wait status; usage covers all that ran */
};

struct keeper_report {
	enum keeper_event event;
	int value;
	int64_t end_us; /* CLOCK_MONOTONIC */
	struct rusage usage;
};

_Noreturn void keeper_main(const struct keeper_plan *plan);
