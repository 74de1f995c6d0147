/* err: what went wrong, for a person and for a reaction.
 * Layer: base. The last parameter of every function that can fail, never NULL; filled only on
 * failure. Results: 0 done, > 0 an outcome to handle, < 0 failure with *err set. Codes are about
 * what the caller can do. No message ever holds a secret. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

enum err_code {
	ERR_NONE,
	ERR_SYS,       /* a system call failed; sys_errno says how */
	ERR_NET,       /* the network or a peer */
	ERR_AUTH,      /* credentials missing, refused */
	ERR_RATE,      /* asked to slow down */
	ERR_TIMEOUT,   /* took too long */
	ERR_LIMIT,     /* over one of our caps */
	ERR_PARSE,     /* input that cannot be understood */
	ERR_CONFLICT,  /* the world changed underneath, or is in use */
	ERR_POLICY,    /* refused on purpose */
	ERR_CONFIG,    /* the user's settings or command line */
	ERR_INTERRUPT, /* the user asked to stop */
	ERR_INTERNAL,  /* our own mistake */
};

struct err {
	enum err_code code;
	int sys_errno;
	const char *file;
	int line;
	char msg[480];
};

#define ERR_INIT ((struct err){0})

/* Each gives -1. Messages: lower case, no full stop, action, subject in quotes, cause. */
#define err_set(err, code, ...) err_set_at((err), (code), 0, __FILE__, __LINE__, __VA_ARGS__)
/* Code ERR_SYS with ": strerror(no)" behind the message. */
#define err_sys(err, no, ...) err_set_at((err), ERR_SYS, (no), __FILE__, __LINE__, __VA_ARGS__)
/* Puts "message: " before what *err already says; keeps its code. */
#define err_wrap(err, ...) err_wrap_at((err), __VA_ARGS__)

int err_set_at(struct err *err, enum err_code code, int sys_errno, const char *file, int line,
	const char *fmt, ...) PRINTF_LIKE(6, 7);
int err_wrap_at(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_reset(struct err *err);
/* Whether the same call may succeed later: NET, RATE, TIMEOUT and EINTR, EAGAIN, EBUSY. */
bool err_is_retryable(const struct err *err);
const char *err_code_to_string(enum err_code code);
