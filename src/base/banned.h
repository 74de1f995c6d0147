/* banned: functions that this program never calls. Forced into every file of ours by the build. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strtol strtoul strtoll strtoull atoi atol atof sprintf vsprintf strcpy strcat   \
	strtok system popen localtime gmtime asctime ctime gets mktemp tmpnam
