#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/str.h"

int64_t clock_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_s(void)
{
	const char *fixed = getenv("SELFHEAL_NOW");
	int64_t now;

	if (fixed && str_to_i64(str_of(fixed), 0, INT64_MAX, &now))
		return now;
	return (int64_t)time(NULL);
}

void clock_iso(int64_t wall_s, char out[CLOCK_ISO_SIZE])
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void clock_sleep_ms(int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}
