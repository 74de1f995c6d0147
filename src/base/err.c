#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set_at(struct err *err, enum err_code code, int sys_errno, const char *file, int line,
	const char *fmt, ...)
{
	va_list args;
	size_t n;

	*err = (struct err){.code = code, .sys_errno = sys_errno, .file = file, .line = line};
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	n = strlen(err->msg);
	if (code == ERR_SYS)
		snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", strerrordesc_np(sys_errno));
	return -1;
}

int err_wrap_at(struct err *err, const char *fmt, ...)
{
	char inner[sizeof(err->msg)];
	va_list args;
	size_t n;

	memcpy(inner, err->msg, sizeof(inner));
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	n = strlen(err->msg);
	snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", inner);
	return -1;
}

void err_reset(struct err *err)
{
	*err = ERR_INIT;
}

bool err_is_retryable(const struct err *err)
{
	switch (err->code) {
	case ERR_NET:
	case ERR_RATE:
	case ERR_TIMEOUT:
		return true;
	case ERR_SYS:
		return err->sys_errno == EINTR || err->sys_errno == EAGAIN ||
		       err->sys_errno == EBUSY;
	default:
		return false;
	}
}

const char *err_code_to_string(enum err_code code)
{
	static const char *const names[] = {"none", "sys", "net", "auth", "rate", "timeout",
		"limit", "parse", "conflict", "policy", "config", "interrupt", "internal"};

	return (size_t)code < ARRAY_LEN(names) ? names[code] : "unknown";
}
