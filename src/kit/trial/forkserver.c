#include "kit/trial/forkserver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/trace.h"
#include "base/vec.h"
#include "port/child/child.h"

enum {
	HEADER_BYTES = 12, /* length, type, id */
	PEERS_MAX = 64,
	TICK_MS = 20, /* how often the command itself is looked at */
	READ_BYTES = 1 << 16,
	RESULT_BYTES = 32, /* the numbers in front of the message */
};

/* A process that has connected. */
struct peer {
	int fd;
	bool asked; /* SERVE was sent */
	bool ready;
	struct buf in, out;
	size_t sent; /* of out */
	struct buf about;
};

struct forkserver {
	struct forkserver_options options;
	int listener;
	char *path, *env;
	vec(struct peer *) peers;
	struct peer *server; /* the one that serves; one of peers */
	uint32_t next_id;
};

struct packet {
	uint32_t type, id;
	struct str body;
};

void forkserver_put_u32(struct buf *b, uint32_t v)
{
	const unsigned char p[4] = {(unsigned char)v, (unsigned char)(v >> 8),
		(unsigned char)(v >> 16), (unsigned char)(v >> 24)};

	buf_add(b, p, sizeof(p));
}

void forkserver_put_u64(struct buf *b, uint64_t v)
{
	forkserver_put_u32(b, (uint32_t)v);
	forkserver_put_u32(b, (uint32_t)(v >> 32));
}

void forkserver_put_str(struct buf *b, struct str s)
{
	forkserver_put_u32(b, (uint32_t)s.n);
	buf_str(b, s);
}

bool forkserver_take_u32(struct str *s, uint32_t *v)
{
	const unsigned char *p = (const unsigned char *)s->p;

	if (s->n < 4)
		return false;
	*v = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	*s = str_from(*s, 4);
	return true;
}

bool forkserver_take_u64(struct str *s, uint64_t *v)
{
	uint32_t low, high;

	if (s->n < 8 || !forkserver_take_u32(s, &low) || !forkserver_take_u32(s, &high))
		return false;
	*v = (uint64_t)high << 32 | low;
	return true;
}

bool forkserver_take_str(struct str *s, struct str *v)
{
	struct str rest = *s;
	uint32_t n;

	if (!forkserver_take_u32(&rest, &n) || rest.n < n)
		return false;
	*v = str_slice(rest, 0, n);
	*s = str_from(rest, n);
	return true;
}

static void put_packet(struct buf *b, uint32_t type, uint32_t id, struct str body)
{
	forkserver_put_u32(b, (uint32_t)(HEADER_BYTES - 4 + body.n));
	forkserver_put_u32(b, type);
	forkserver_put_u32(b, id);
	buf_str(b, body);
}

static struct peer *peer_new(int fd)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	p->fd = fd;
	buf_init(&p->in, FORKSERVER_REPLY_MAX + READ_BYTES);
	buf_init(&p->out, (size_t)2 * FORKSERVER_BODY_MAX);
	buf_init(&p->about, FORKSERVER_REPLY_MAX);
	return p;
}

static void peer_free(struct peer *p)
{
	if (!p)
		return;
	close_fd(p->fd);
	buf_release(&p->in);
	buf_release(&p->out);
	buf_release(&p->about);
	free(p);
}

static void drop_peer(struct forkserver *fs, struct peer *p)
{
	for (size_t i = 0; i < fs->peers.n; i++) {
		if (fs->peers.v[i] != p)
			continue;
		memmove(&fs->peers.v[i], &fs->peers.v[i + 1],
			(fs->peers.n - i - 1) * sizeof(fs->peers.v[0]));
		fs->peers.n--;
		break;
	}
	if (fs->server == p)
		fs->server = NULL;
	peer_free(p);
}

static int listen_at(const char *path, struct err *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int done;

	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(err, ERR_LIMIT, "path too long for a socket: '%s'", path);
	memcpy(at.sun_path, path, strlen(path) + 1);
	/* The command may run under another user; the folder itself is closed to strangers. */
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) || chmod(path, 0666) ||
		listen(fd, PEERS_MAX))
		return err_sys(err, errno, "cannot listen at '%s'", path);
	done = fd;
	fd = -1;
	return done;
}

int forkserver_open(
	struct forkserver **out, const struct forkserver_options *options, struct err *err)
{
	CLEANUP(forkserver_freep) struct forkserver *fs = xcalloc(1, sizeof(*fs));
	CLEANUP(freep) char *name = xasprintf("fs-%llx", (unsigned long long)clock_mono_us());

	fs->options = *options;
	fs->next_id = 1;
	fs->path = xasprintf("%s/%s", options->exchange, name);
	fs->env = xasprintf("%s=%s/%s", FORKSERVER_ENV, options->exchange_inside, name);
	fs->listener = listen_at(fs->path, err);
	if (fs->listener < 0)
		return -1;
	*out = TAKE(fs);
	return 0;
}

void forkserver_free(struct forkserver *fs)
{
	if (!fs)
		return;
	while (fs->peers.n)
		drop_peer(fs, fs->peers.v[0]);
	vec_free(&fs->peers);
	if (fs->listener >= 0)
		close_fd(fs->listener);
	unlink(fs->path);
	free(fs->path);
	free(fs->env);
	free(fs);
}

const char *forkserver_env(const struct forkserver *fs)
{
	return fs->env;
}

/* Sends what the socket takes now. False when the peer is gone. */
static bool flush_peer(struct peer *p)
{
	while (p->sent < p->out.n) {
		ssize_t n = send(
			p->fd, p->out.p + p->sent, p->out.n - p->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		p->sent += (size_t)n;
	}
	buf_reset(&p->out);
	p->sent = 0;
	return true;
}

/* Reads what is there. False when the peer is gone or talks too much. */
static bool fill_peer(struct peer *p)
{
	char *room = buf_reserve(&p->in, READ_BYTES);
	ssize_t n;

	if (!room)
		return false;
	n = recv(p->fd, room, READ_BYTES, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	p->in.n += (size_t)n;
	return n > 0;
}

enum { PACKET_PARTIAL, PACKET_WHOLE, PACKET_BAD };

/* The first frame of *rest, which moves behind it. */
static int take_packet(struct str *rest, struct packet *f)
{
	struct str s = *rest;
	uint32_t n;

	if (!forkserver_take_u32(&s, &n))
		return PACKET_PARTIAL;
	if (n < HEADER_BYTES - 4 || n > FORKSERVER_REPLY_MAX)
		return PACKET_BAD;
	if (s.n < n)
		return PACKET_PARTIAL;
	f->body = str_slice(s, 0, n);
	*rest = str_from(s, n);
	forkserver_take_u32(&f->body, &f->type);
	forkserver_take_u32(&f->body, &f->id);
	return PACKET_WHOLE;
}

static void answer_hello(struct forkserver *fs, struct peer *p, struct str hello)
{
	BUF_AUTO serve;
	bool wanted = true;

	buf_init(&serve, FORKSERVER_BODY_MAX);
	if (fs->options.choose)
		wanted = fs->options.choose(fs->options.data, hello, &serve);
	p->asked = wanted;
	put_packet(&p->out, wanted ? FORKSERVER_SERVE : FORKSERVER_PASS, 0,
		wanted ? buf_view(&serve) : STR(""));
}

/* HELLO and READY. False ends the connection. */
static bool greet(struct forkserver *fs, struct peer *p, const struct packet *f)
{
	struct str body = f->body;
	uint32_t version, pid;

	if (f->type == FORKSERVER_READY && p->asked) {
		p->ready = true;
		buf_str(&p->about, body);
		return true;
	}
	if (f->type != FORKSERVER_HELLO || p->asked || !forkserver_take_u32(&body, &version) ||
		!forkserver_take_u32(&body, &pid) || version != FORKSERVER_VERSION)
		return false;
	trace_event("forkserver", "process %u says hello: %.*s", pid, STR_ARGS(body));
	answer_hello(fs, p, body);
	return flush_peer(p);
}

static bool greet_all(struct forkserver *fs, struct peer *p)
{
	struct str rest;
	struct packet f;
	int r = PACKET_PARTIAL;
	bool ok = fill_peer(p);

	rest = buf_view(&p->in);
	while (ok && !p->ready && (r = take_packet(&rest, &f)) == PACKET_WHOLE)
		ok = greet(fs, p, &f);
	buf_splice(&p->in, 0, p->in.n - rest.n, STR(""));
	return ok && r != PACKET_BAD;
}

static void accept_all(struct forkserver *fs)
{
	int fd;

	while ((fd = accept4(fs->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (fs->peers.n < PEERS_MAX)
			vec_push(&fs->peers, peer_new(fd));
		else
			close_fd(fd);
	}
}

/* One round of the greeting phase. */
static void meet(struct forkserver *fs)
{
	struct pollfd polls[PEERS_MAX + 1] = {{.fd = fs->listener, .events = POLLIN}};
	struct peer *peers[PEERS_MAX];
	size_t n = fs->peers.n;

	for (size_t i = 0; i < n; i++) {
		peers[i] = fs->peers.v[i];
		polls[i + 1] = (struct pollfd){.fd = peers[i]->fd, .events = POLLIN};
	}
	if (poll(polls, n + 1, TICK_MS) <= 0)
		return;
	if (polls[0].revents)
		accept_all(fs);
	for (size_t i = 0; i < n && !fs->server; i++) {
		if (!polls[i + 1].revents)
			continue;
		if (!greet_all(fs, peers[i]))
			drop_peer(fs, peers[i]);
		else if (peers[i]->ready)
			fs->server = peers[i];
	}
}

static int command_ended(const struct child_result *r, struct err *err)
{
	struct str tail = str_trim(buf_view(&r->output));

	tail = str_from(tail, tail.n > 200 ? tail.n - 200 : 0);
	err_set(err, ERR_CONFLICT,
		"no test process could be made a server: the command ended with %d: %.*s",
		r->exit_code, STR_ARGS(tail));
	return FORKSERVER_NONE;
}

int forkserver_wait(struct forkserver *fs, struct child *command, int timeout_ms, struct str *ready,
	struct child_result *ended, struct err *err)
{
	int64_t deadline = clock_mono_ms() + timeout_ms;

	while (!fs->server) {
		int r;

		meet(fs);
		if (fs->server)
			break;
		r = child_wait(command, 0, ended, err);
		if (r < 0)
			return -1;
		if (r == 0)
			return command_ended(ended, err);
		if (timeout_ms > 0 && clock_mono_ms() > deadline) {
			err_set(err, ERR_TIMEOUT, "no test process was ready within %d ms",
				timeout_ms);
			return FORKSERVER_NONE;
		}
	}
	/* The others go on without us. */
	while (fs->peers.n > 1)
		drop_peer(fs, fs->peers.v[fs->peers.v[0] == fs->server ? 1 : 0]);
	if (ready)
		*ready = buf_view(&fs->server->about);
	return 0;
}

/* One call of forkserver_run. */
struct round {
	struct forkserver *fs;
	const struct forkserver_job *jobs;
	size_t n, sent_n, done_n;
	size_t window;
	uint32_t first_id;
	struct observed *out;
	bool *done, *sent;
	struct arena *mem;
	int64_t deadline;
};

static void send_more(struct round *r)
{
	struct peer *p = r->fs->server;

	while (r->sent_n < r->n && r->sent_n - r->done_n < r->window) {
		const struct forkserver_job *job = &r->jobs[r->sent_n];
		if (p->out.n && p->out.n + job->body.n > FORKSERVER_BODY_MAX)
			return;
		put_packet(&p->out, FORKSERVER_TRY, r->first_id + (uint32_t)r->sent_n, job->body);
		if (r->sent)
			r->sent[r->sent_n] = true;
		r->sent_n++;
		r->deadline = clock_mono_ms() + job->timeout_ms;
	}
}

/* A RESULT's body into *o. False when it is not one. */
static bool read_result(struct observed *o, struct str body, struct arena *mem)
{
	uint32_t status, passed, failed, line;
	uint64_t wall_us, signature;

	if (body.n < RESULT_BYTES || body.n > RESULT_BYTES + FORKSERVER_MESSAGE_MAX)
		return false;
	(void)forkserver_take_u32(&body, &status);
	(void)forkserver_take_u32(&body, &passed);
	(void)forkserver_take_u32(&body, &failed);
	(void)forkserver_take_u32(&body, &line);
	(void)forkserver_take_u64(&body, &wall_us);
	(void)forkserver_take_u64(&body, &signature);
	if (status > OBSERVED_UNSUPPORTED)
		return false;
	*o = (struct observed){
		.status = (enum observed_status)status,
		.wall_us = (int64_t)wall_us,
		.tests_passed = (int)passed,
		.tests_failed = (int)failed,
		.line = (int)line,
		.message = arena_str(mem, body),
		.signature = signature,
	};
	return true;
}

static bool take_result(struct round *r, const struct packet *f)
{
	size_t i = f->id - r->first_id; /* an id of an earlier round wraps far beyond n */

	if (f->type != FORKSERVER_RESULT)
		return false;
	if (f->id < r->first_id)
		return true;
	if (i >= r->sent_n || r->done[i] || !read_result(&r->out[i], f->body, r->mem))
		return false;
	r->done[i] = true;
	r->done_n++;
	r->deadline = clock_mono_ms() + r->jobs[i].timeout_ms;
	return true;
}

static bool take_results(struct round *r)
{
	struct peer *p = r->fs->server;
	bool ok = fill_peer(p);
	struct str rest = buf_view(&p->in);
	struct packet f;
	int got = PACKET_PARTIAL;

	while ((got = take_packet(&rest, &f)) == PACKET_WHOLE && take_result(r, &f))
		;
	/* A frame that was taken but not accepted leaves got at PACKET_WHOLE. */
	buf_splice(&p->in, 0, p->in.n - rest.n, STR(""));
	return ok && got == PACKET_PARTIAL;
}

static int lost(struct round *r, struct err *err, const char *how)
{
	drop_peer(r->fs, r->fs->server);
	err_set(err, ERR_CONFLICT, "the test process that tries candidates %s", how);
	return FORKSERVER_LOST;
}

static int play(struct round *r, struct err *err)
{
	while (r->done_n < r->n) {
		struct peer *p = r->fs->server;
		struct pollfd poll_one = {.fd = p->fd, .events = POLLIN};

		send_more(r);
		if (!flush_peer(p))
			return lost(r, err, "ended");
		if (p->out.n)
			poll_one.events |= POLLOUT;
		if (child_interrupted())
			return err_set(err, ERR_INTERRUPT, "interrupted");
		if (poll(&poll_one, 1, TICK_MS) > 0 && poll_one.revents & ~POLLOUT &&
			!take_results(r))
			return lost(r, err, "ended or broke the protocol");
		if (r->done_n < r->n && clock_mono_ms() > r->deadline)
			return lost(r, err, "fell silent");
	}
	return 0;
}

int forkserver_run(struct forkserver *fs, const struct forkserver_job *jobs, size_t n, int window,
	struct observed *out, bool *done, bool *sent, struct arena *mem, struct err *err)
{
	struct round r = {.fs = fs,
		.jobs = jobs,
		.n = n,
		.window = window > 0 ? (size_t)window : 1,
		.first_id = fs->next_id,
		.out = out,
		.done = done,
		.sent = sent,
		.mem = mem,
		.deadline = INT64_MAX};

	for (size_t i = 0; i < n; i++) {
		out[i] = (struct observed){
			.status = OBSERVED_UNSUPPORTED, .tests_passed = -1, .tests_failed = -1};
		done[i] = false;
		if (sent)
			sent[i] = false;
	}
	if (!fs->server) {
		err_set(err, ERR_CONFLICT, "no test process serves");
		return FORKSERVER_LOST;
	}
	fs->next_id += (uint32_t)n;
	return play(&r, err);
}

void forkserver_release(struct forkserver *fs)
{
	if (!fs->server)
		return;
	put_packet(&fs->server->out, FORKSERVER_RELEASE, 0, STR_NULL);
	/* So short a packet fits into the socket: nothing else is on its way. */
	(void)flush_peer(fs->server);
	drop_peer(fs, fs->server);
}
