#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum log_level limit = LOG_WARN;

void log_set_level(enum log_level level)
{
	limit = level;
}

static int is_on(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '1';
}

void log_init(void)
{
	if (is_on("RUNNER_DEBUG") || is_on("SELFHEAL_DEBUG"))
		limit = LOG_DEBUG;
}

void log_at(enum log_level level, const char *fmt, ...)
{
	static const char *const prefix[] = {"error: ", "warning: ", "", "debug: "};
	va_list args;

	if (level > limit)
		return;
	va_start(args, fmt);
	flockfile(stderr);
	fprintf(stderr, "selfheal: %s", prefix[level]);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	funlockfile(stderr);
	va_end(args);
}
