/* log: chatter for people, on stderr (stdout is the product).
 * Layer: base. Layers below heal log at debug only; heal logs each failure once. */
#pragma once

#include "base/cleanup.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Default LOG_WARN; RUNNER_DEBUG=1 or SELFHEAL_DEBUG=1 raise it to LOG_DEBUG. */
void log_init(void);
void log_set_level(enum log_level level);
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
void log_at(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
