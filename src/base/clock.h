/* clock: time that tests can set.
 * Layer: base. Monotonic time for durations and deadlines, wall time for records. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int64_t clock_mono_us(void);
static inline int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}
/* Seconds since the epoch; SELFHEAL_NOW (a number) fixes it for tests. */
int64_t clock_wall_s(void);
/* "2026-01-31T12:34:56Z" into out. */
enum { CLOCK_ISO_SIZE = 24 };
void clock_iso(int64_t wall_s, char out[CLOCK_ISO_SIZE]);
void clock_sleep_ms(int ms);
