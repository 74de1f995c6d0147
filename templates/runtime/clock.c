/* clock: preloaded into the processes of a test command that is rerun at another time of day. Adds
 * SELFHEAL_CLOCK_SHIFT seconds to the wall clock; what measures durations is left alone. Built as a
 * shared object and embedded; needs nothing but the kernel. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

SHOWN int clock_gettime(clockid_t id, struct timespec *out);
SHOWN time_t time(time_t *out);
SHOWN int gettimeofday(struct timeval *restrict out, void *restrict zone);
SHOWN int timespec_get(struct timespec *out, int base);

static long shift_of_environment(void)
{
	const char *text = getenv("SELFHEAL_CLOCK_SHIFT");
	long shift = 0;

	for (int i = 0; text && text[i] >= '0' && text[i] <= '9' && i < 10; i++)
		shift = shift * 10 + (text[i] - '0');
	return shift;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	static long shift = -1;
	int rc = (int)syscall(SYS_clock_gettime, id, out);

	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
		if (shift < 0)
			shift = shift_of_environment();
		out->tv_sec += shift;
	}
	return rc;
}

time_t time(time_t *out)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now))
		return (time_t)-1;
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now))
		return -1;
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

int timespec_get(struct timespec *out, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}
