/* trace: one JSON line per region and child process, to the file SELFHEAL_TRACE names.
 * Layer: base. Off costs one test of a flag. */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

/* Opens the file named by SELFHEAL_TRACE, if any. Called once by main. */
void trace_open(void);
void trace_close(void);
/* {"event": name, "us": since start, "detail": formatted}. Never a secret. */
void trace_event(const char *name, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A region: int64_t t = trace_begin(); ... trace_end(t, "name", "detail %d", n); */
int64_t trace_begin(void);
void trace_end(int64_t begin, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
