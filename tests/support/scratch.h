/* scratch: a temporary folder for one test, and short ways to fill and read it. */
#pragma once

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

struct scratch {
	char dir[64];
};

static inline __attribute__((unused)) void scratch_make(struct scratch *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/selfheal-test-XXXXXX");
	if (!mkdtemp(s->dir))
		abort();
}

static inline int scratch_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline __attribute__((unused)) void scratch_remove(struct scratch *s)
{
	nftw(s->dir, scratch_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of name in the folder, in a static ring of eight. */
static inline __attribute__((unused)) const char *scratch_path(
	const struct scratch *s, const char *name)
{
	static char ring[8][512];
	static int next;
	char *at = ring[next++ & 7];

	snprintf(at, sizeof(ring[0]), "%s/%s", s->dir, name);
	return at;
}

static inline __attribute__((unused)) void scratch_write_n(
	const struct scratch *s, const char *name, const void *p, size_t n)
{
	int fd = open(scratch_path(s, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
}

static inline __attribute__((unused)) void scratch_write(
	const struct scratch *s, const char *name, const char *text)
{
	scratch_write_n(s, name, text, strlen(text));
}

/* The whole file, NUL-terminated, malloc'd; NULL when it is not there. */
static inline __attribute__((unused)) char *scratch_read(
	const struct scratch *s, const char *name, size_t *n)
{
	int fd = open(scratch_path(s, name), O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;
	size_t got = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	while (got < (size_t)st.st_size) {
		ssize_t one = read(fd, text + got, (size_t)st.st_size - got);

		if (one <= 0)
			abort();
		got += (size_t)one;
	}
	close(fd);
	text[got] = '\0';
	if (n)
		*n = got;
	return text;
}

/* Runs a shell line in the folder; gives its exit code. */
static inline __attribute__((unused))
PRINTF_LIKE(2, 3) int scratch_sh(const struct scratch *s, const char *fmt, ...)
{
	char line[4096];
	va_list args;
	pid_t pid;
	int status;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if ((pid = fork()) == 0) {
		if (chdir(s->dir) < 0)
			_exit(126);
		setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
		setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1);
		setenv("GIT_AUTHOR_NAME", "A", 1);
		setenv("GIT_AUTHOR_EMAIL", "a@example.org", 1);
		setenv("GIT_COMMITTER_NAME", "A", 1);
		setenv("GIT_COMMITTER_EMAIL", "a@example.org", 1);
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
