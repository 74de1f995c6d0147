#include "port/git/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "port/child/child.h"
#include "port/git/lib.h"

#include <git2/sys/stream.h>

enum { SLICE_MS = 100 /* how soon an interrupt is seen */, CONNECT_MS = 10000 };

struct connection {
	git_stream base; /* first: libgit2 knows us by it */
	char *host, *port;
	int fd;
};

static _Thread_local struct socket_watch *watch;

struct socket_watch *git_socket_watch(struct socket_watch *next)
{
	struct socket_watch *before = watch;

	watch = next;
	return before;
}

static int net_fail(const char *what, const char *why)
{
	git_error_set_str(GIT_ERROR_NET, why);
	if (watch && !watch->why.code)
		(void)err_set(&watch->why, ERR_NET, "%s: %s", what, why);
	return -1;
}

static int give_up(enum err_code code, const char *why)
{
	git_error_set_str(GIT_ERROR_NET, why);
	if (watch)
		(void)err_set(&watch->why, code, "%s", why);
	return -1;
}

/* Until the descriptor is ready; stall_ms from now on at the longest. */
static int wait_for(int fd, short events, int stall_ms)
{
	int64_t begin = clock_mono_ms();
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int n = poll(&p, 1, SLICE_MS);
		int64_t now = clock_mono_ms();

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return net_fail("wait for the peer", strerror(errno));
		if (child_interrupted())
			return give_up(ERR_INTERRUPT, "interrupted");
		if (watch && now >= watch->deadline_ms)
			return give_up(ERR_TIMEOUT, "it takes longer than it may");
		if (watch && now - begin >= stall_ms)
			return give_up(ERR_TIMEOUT, "the peer says nothing");
	}
}

static int connect_to(struct connection *c, const struct addrinfo *a)
{
	int no = 0;
	socklen_t size = sizeof(no);

	c->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (c->fd < 0)
		return errno;
	if (connect(c->fd, a->ai_addr, a->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (wait_for(c->fd, POLLOUT, CONNECT_MS) < 0)
		return ETIMEDOUT;
	return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &no, &size) < 0 ? errno : no;
}

static int stream_close(git_stream *stream)
{
	struct connection *c = (struct connection *)stream;

	if (c->fd >= 0)
		close_fd(c->fd);
	c->fd = -1;
	return 0;
}

static int stream_connect(git_stream *stream)
{
	struct connection *c = (struct connection *)stream;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *found = NULL;
	int no = getaddrinfo(c->host, c->port, &hints, &found);

	if (no)
		return net_fail("find the host", gai_strerror(no));
	no = ECONNREFUSED;
	for (const struct addrinfo *a = found; a; a = a->ai_next) {
		if ((no = connect_to(c, a)) == 0)
			break;
		(void)stream_close(stream);
		if (watch &&
			(watch->why.code == ERR_INTERRUPT || clock_mono_ms() >= watch->deadline_ms))
			break;
	}
	freeaddrinfo(found);
	/* One address in vain does not spoil the next one. */
	if (watch && !no)
		err_reset(&watch->why);
	return no ? net_fail("connect", strerror(no)) : 0;
}

static ssize_t stream_read(git_stream *stream, void *data, size_t n)
{
	struct connection *c = (struct connection *)stream;

	for (;;) {
		ssize_t got = recv(c->fd, data, n, 0);

		if (got >= 0)
			return got;
		if (errno != EAGAIN && errno != EINTR)
			return net_fail("read", strerror(errno));
		if (wait_for(c->fd, POLLIN, watch ? watch->stall_ms : 0) < 0)
			return -1;
	}
}

static ssize_t stream_write(git_stream *stream, const char *data, size_t n, int flags)
{
	struct connection *c = (struct connection *)stream;

	(void)flags;
	for (;;) {
		ssize_t put = send(c->fd, data, n, MSG_NOSIGNAL);

		if (put >= 0)
			return put;
		if (errno != EAGAIN && errno != EINTR)
			return net_fail("write", strerror(errno));
		if (wait_for(c->fd, POLLOUT, watch ? watch->stall_ms : 0) < 0)
			return -1;
	}
}

static void stream_free(git_stream *stream)
{
	struct connection *c = (struct connection *)stream;

	(void)stream_close(stream);
	free(c->host);
	free(c->port);
	free(c);
}

static int stream_new(git_stream **out, const char *host, const char *port)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	c->base = (git_stream){.version = GIT_STREAM_VERSION,
		.connect = stream_connect,
		.read = stream_read,
		.write = stream_write,
		.close = stream_close,
		.free = stream_free};
	c->host = xstrdup(host);
	c->port = xstrdup(port);
	c->fd = -1;
	*out = &c->base;
	return 0;
}

void git_sockets_install(void)
{
	git_stream_registration how = {.version = GIT_STREAM_VERSION, .init = stream_new};

	git_stream_register(GIT_STREAM_STANDARD, &how);
}
