/* cleanup: scope-bound release of resources (gcc and clang's cleanup attribute).
 * Layer: base. DEFINE_CLEANUP(T *, f) makes f##p, for use as CLEANUP(f##p) T *x = NULL;
 * publish a result with *out = TAKE(x). */
#pragma once

#include <stddef.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define DEFINE_CLEANUP(type, fn)                                                                   \
	static inline __attribute__((unused)) void fn##p(type *p)                                  \
	{                                                                                          \
		if (*p)                                                                            \
			fn(*p);                                                                    \
	}

/* Gives p's value away and leaves NULL behind. */
#define TAKE(p)                                                                                    \
	__extension__({                                                                            \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

void close_fd(int fd);

/* CLEANUP(fd_closep) int fd = -1; */
static inline __attribute__((unused)) void fd_closep(int *fd)
{
	if (*fd >= 0)
		close_fd(*fd);
}
