/* banned: functions that this program never calls. Forced into every file of ours by the build. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strtol strtoul strtoll strtoull atoi atol atof sprintf vsprintf strcpy strcat   \
	strtok system popen localtime gmtime asctime gets mktemp tmpnam

/* Also the name of a member in git2.h, so it cannot be poisoned. (clang takes the attribute on a
 * first declaration only.) */
#ifndef __clang__
extern char *ctime(const time_t *when) __attribute__((error("use clock_iso")));
#endif
