/* feedback: what a candidate's run printed, read for the next choice.
 * Layer: kit. Pure. */
#pragma once

#include "base/arena.h"
#include "kit/trial/accel.h"

/* Fills line (of the last assertion or failure message), message (true line numbers, at most its
 * last lines) and signature from what the process printed, and makes a sanitizer's report a crash.
 * wait_status is waitpid's. Line numbers at or above stride carry a candidate (schemata.h). */
void feedback_read(
	struct observed *o, struct str output, int wait_status, int stride, struct arena *mem);
