#include "support/peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/vec.h"

enum { CONNECTIONS = 16, REQUEST_BYTES = 8 << 20, READ_MS = 5000 };

struct peer {
	const struct peer_step *steps;
	size_t n, at;
	char url[64], other[64], trouble[1024];
	int listener, stop[2];
	int open[CONNECTIONS];
	size_t n_open;
	pthread_t thread;
	pthread_mutex_t lock;
	vec(struct str) requests;
};

static void complain(struct peer *p, const char *what, struct str request)
{
	if (!p->trouble[0])
		(void)snprintf(p->trouble, sizeof(p->trouble), "step %zu: %s\n%.*s", p->at, what,
			STR_ARGS(str_slice(request, 0, 800)));
}

/* Text with {peer} and {other} filled in. */
static void expand(const struct peer *p, const char *text, struct buf *out)
{
	struct str rest = str_of(text);

	while (rest.n) {
		if (str_skip(&rest, "{peer}")) {
			buf_c(out, p->url);
		} else if (str_skip(&rest, "{other}")) {
			buf_c(out, p->other);
		} else {
			buf_char(out, rest.p[0]);
			rest = str_from(rest, 1);
		}
	}
}

static void add_headers(const struct peer *p, const struct peer_step *s, struct buf *out)
{
	BUF_AUTO lines = BUF_INIT(64 << 10);
	struct str rest, line;

	expand(p, s->headers ? s->headers : "", &lines);
	rest = buf_view(&lines);
	if (!str_has(rest, "Content-Type"))
		buf_c(out, "Content-Type: application/json\r\n");
	while (str_next_line(&rest, &line)) {
		buf_str(out, line);
		buf_c(out, "\r\n");
	}
}

static void send_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		s = str_from(s, (size_t)n);
	}
}

/* Whether the connection is kept. */
static bool answer(const struct peer *p, const struct peer_step *s, bool head, int fd)
{
	BUF_AUTO out = BUF_INIT(64 << 20);
	BUF_AUTO body = BUF_INIT(32 << 20);
	bool half = s->fault == PEER_CUT || s->fault == PEER_STALL;
	int status = s->status ? s->status : 200;

	expand(p, s->body ? s->body : "", &body);
	buf_str(&body, s->bytes);
	buf_fill(&body, 'x', s->filler);
	buf_printf(&out, "HTTP/1.1 %d Scripted\r\n", status);
	add_headers(p, s, &out);
	if (status != 204 && status != 304)
		buf_printf(&out, "Content-Length: %zu\r\n", body.n);
	buf_c(&out, "\r\n");
	if (!head)
		buf_str(&out, str_slice(buf_view(&body), 0, half ? body.n / 2 : body.n));
	send_all(fd, buf_view(&out));
	return s->fault != PEER_CUT;
}

static bool act(const struct peer *p, const struct peer_step *s, bool head, int fd)
{
	struct linger now = {.l_onoff = 1};

	if (s->delay_ms)
		clock_sleep_ms(s->delay_ms);
	switch (s->fault) {
	case PEER_RESET:
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		return false;
	case PEER_CLOSE:
		return false;
	case PEER_HANG:
		return true;
	case PEER_GARBAGE:
		send_all(fd, STR("\0\1\2 this is no protocol of yours\r\n\r\n"));
		return false;
	default:
		return answer(p, s, head, fd);
	}
}

/* How long the request is, with its body, or 0 while its head is not whole. */
static size_t whole_length(struct str got)
{
	ptrdiff_t end = str_find_c(got, "\r\n\r\n");
	struct str rest, line;
	int64_t length = 0;

	if (end < 0)
		return 0;
	rest = str_slice(got, 0, (size_t)end);
	while (str_next_line(&rest, &line))
		if (str_skip(&line, "Content-Length: "))
			(void)str_to_i64(line, 0, REQUEST_BYTES, &length);
	return (size_t)end + 4 + (size_t)length;
}

static bool read_request(int fd, struct buf *in)
{
	char piece[16 << 10];

	for (;;) {
		struct pollfd poll_in = {.fd = fd, .events = POLLIN};
		size_t whole = whole_length(buf_view(in));
		ssize_t n;

		if (whole && in->n >= whole)
			return true;
		if (poll(&poll_in, 1, READ_MS) <= 0)
			return false;
		n = recv(fd, piece, sizeof(piece), 0);
		if (n <= 0)
			return false;
		buf_add(in, piece, (size_t)n);
	}
}

static bool holds(struct peer *p, const char *wanted, struct str request)
{
	struct str rest = str_of(wanted), line;
	bool all = true;

	while (str_next_line(&rest, &line)) {
		bool not_wanted = str_skip(&line, "!");

		if ((str_find(request, line) >= 0) != not_wanted)
			continue;
		complain(p, wanted, request);
		all = false;
	}
	return all;
}

static bool is_expected(struct peer *p, const struct peer_step *s, struct str request)
{
	struct str rest = request, method, target;

	if (!str_cut(&rest, " ", &method) || !str_cut(&rest, " ", &target))
		return false;
	if (s->method && !str_eq_c(method, s->method)) {
		complain(p, s->method, request);
		return false;
	}
	if (s->target && !str_eq_c(target, s->target)) {
		complain(p, s->target, request);
		return false;
	}
	return !s->has || holds(p, s->has, request);
}

/* Whether the connection is kept. */
static bool serve(struct peer *p, int fd)
{
	static const struct peer_step refusal = {.status = 599, .body = "unexpected"};
	BUF_AUTO in = BUF_INIT(REQUEST_BYTES + (64 << 10));
	const struct peer_step *s = &refusal;
	struct str request;

	if (!read_request(fd, &in))
		return false;
	request = buf_view(&in);
	pthread_mutex_lock(&p->lock);
	vec_push(&p->requests, str_make(xstrndup(request.p, request.n), request.n));
	if (p->at >= p->n)
		complain(p, "more than the script has", request);
	else if (is_expected(p, &p->steps[p->at], request))
		s = &p->steps[p->at];
	p->at += p->at < p->n;
	pthread_mutex_unlock(&p->lock);
	return act(p, s, str_starts(request, "HEAD "), fd);
}

static void *run(void *data)
{
	struct peer *p = data;

	for (;;) {
		struct pollfd fds[CONNECTIONS + 2] = {{.fd = p->stop[0], .events = POLLIN},
			{.fd = p->listener, .events = POLLIN}};

		for (size_t i = 0; i < p->n_open; i++)
			fds[i + 2] = (struct pollfd){.fd = p->open[i], .events = POLLIN};
		if (poll(fds, p->n_open + 2, -1) < 0 || fds[0].revents)
			return NULL;
		for (size_t i = p->n_open; i-- > 0;)
			if (fds[i + 2].revents && !serve(p, p->open[i])) {
				close(p->open[i]);
				p->open[i] = p->open[--p->n_open];
			}
		if (fds[1].revents && p->n_open < CONNECTIONS)
			p->open[p->n_open++] = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
	}
}

struct peer *peer_start(const struct peer_step *steps, size_t n, const struct peer *other)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	struct peer *p = xcalloc(1, sizeof(*p));

	p->steps = steps;
	p->n = n;
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->listener < 0 || bind(p->listener, (struct sockaddr *)&at, size) < 0 ||
		listen(p->listener, 16) < 0 ||
		getsockname(p->listener, (struct sockaddr *)&at, &size) < 0 || pipe(p->stop) < 0)
		abort();
	(void)snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%d", ntohs(at.sin_port));
	(void)snprintf(p->other, sizeof(p->other), "%s", other ? other->url : "http://nowhere");
	pthread_mutex_init(&p->lock, NULL);
	if (pthread_create(&p->thread, NULL, run, p) != 0)
		abort();
	return p;
}

const char *peer_url(const struct peer *p)
{
	return p->url;
}

size_t peer_count(struct peer *p)
{
	size_t n;

	pthread_mutex_lock(&p->lock);
	n = p->requests.n;
	pthread_mutex_unlock(&p->lock);
	return n;
}

struct str peer_request(struct peer *p, size_t i)
{
	struct str s;

	pthread_mutex_lock(&p->lock);
	s = i < p->requests.n ? p->requests.v[i] : STR_NULL;
	pthread_mutex_unlock(&p->lock);
	return s;
}

bool peer_stop(struct peer *p)
{
	bool good;

	if (write(p->stop[1], "x", 1) != 1)
		abort();
	pthread_join(p->thread, NULL);
	if (p->at < p->n && !p->trouble[0])
		complain(p, "never asked for", STR_NULL);
	good = !p->trouble[0];
	if (!good)
		(void)fprintf(stderr, "peer: %s\n", p->trouble);
	for (size_t i = 0; i < p->n_open; i++)
		close(p->open[i]);
	for (size_t i = 0; i < p->requests.n; i++)
		free((void *)(uintptr_t)p->requests.v[i].p);
	vec_free(&p->requests);
	close(p->listener);
	close(p->stop[0]);
	close(p->stop[1]);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return good;
}
