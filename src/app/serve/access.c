#include "app/serve/access.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"

enum { FLUSH_BYTES = 32 << 10, KEPT_BYTES = 64 << 10, PATH_MAX_SHOWN = 256 };

struct access {
	pthread_mutex_t lock;
	struct buf text;
	int fd;
	int64_t second;
	char now[CLOCK_ISO_SIZE];
};

struct access *access_new(int fd)
{
	struct access *a = xcalloc(1, sizeof(*a));

	pthread_mutex_init(&a->lock, NULL);
	buf_init(&a->text, FLUSH_BYTES * 4);
	a->fd = fd;
	return a;
}

/* A log that nobody reads must not hold up the server: what does not fit now waits, and is lost
 * when too much of it waits. A pipe that is ready takes PIPE_BUF bytes without blocking. */
static void flush(struct access *a)
{
	struct pollfd ready = {.fd = a->fd, .events = POLLOUT};
	size_t done = 0;

	while (done < a->text.n && poll(&ready, 1, 0) == 1 && ready.revents == POLLOUT) {
		struct str piece = str_slice(buf_view(&a->text), done, done + PIPE_BUF);
		ssize_t n = write(a->fd, piece.p, piece.n);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	buf_splice(&a->text, 0, done, STR_NULL);
	if (a->text.n > KEPT_BYTES)
		buf_reset(&a->text);
}

void access_flush(struct access *a)
{
	pthread_mutex_lock(&a->lock);
	flush(a);
	pthread_mutex_unlock(&a->lock);
}

static void add_quoted(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (int i = 0; text[i] && i < PATH_MAX_SHOWN; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == '"' || c == '\\' || c >= 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_char(out, (char)c);
	}
	buf_char(out, '"');
}

static void add_time(struct access *a)
{
	int64_t now = clock_wall_s();

	if (now != a->second)
		clock_iso(a->second = now, a->now);
	buf_printf(&a->text, "{\"at\":\"%s\",\"address\":", a->now);
}

void access_add(void *data, const struct httpd_seen *seen)
{
	struct access *a = data;

	pthread_mutex_lock(&a->lock);
	add_time(a);
	add_quoted(&a->text, seen->address);
	buf_c(&a->text, ",\"method\":");
	add_quoted(&a->text, seen->method);
	buf_c(&a->text, ",\"path\":");
	add_quoted(&a->text, seen->path);
	buf_printf(&a->text, ",\"status\":%d,\"bytes\":%zu,\"us\":%" PRId64 ",\"request\":\"%s\"",
		seen->status, seen->body_bytes, seen->took_us, seen->id);
	if (seen->note)
		buf_printf(&a->text, ",\"result\":\"%s\"", seen->note);
	buf_c(&a->text, "}\n");
	if (a->text.n > FLUSH_BYTES)
		flush(a);
	pthread_mutex_unlock(&a->lock);
}

void access_free(struct access *a)
{
	if (!a)
		return;
	flush(a);
	buf_release(&a->text);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
