#include "kit/trial/forkserver.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/vec.h"
#include "port/child/child.h"

enum { PROCESSES_MAX = 256, FRAME_HEAD = 12, CHUNK = 64 << 10 };

/* One process at the other end. */
struct wire {
	int fd;
	struct buf in; /* received, not yet a whole frame */
};

struct packet {
	uint32_t type, id;
	struct str body; /* in the wire's buffer until the next read */
};

struct forkserver {
	struct forkserver_options options;
	char *path, *env;
	int listener;
	vec(struct wire *) wires; /* said nothing, or serve but are not ready */
	struct wire *server;
	struct arena mem; /* READY texts */
};

void forkserver_put_u32(struct buf *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		buf_char(b, (char)(v >> (8 * i)));
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
	*v = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	*s = str_from(*s, 4);
	return true;
}

bool forkserver_take_u64(struct str *s, uint64_t *v)
{
	uint32_t low, high;

	if (s->n < 8 || !forkserver_take_u32(s, &low) || !forkserver_take_u32(s, &high))
		return false;
	*v = low | (uint64_t)high << 32;
	return true;
}

bool forkserver_take_str(struct str *s, struct str *v)
{
	uint32_t n;

	if (!forkserver_take_u32(s, &n) || n > s->n)
		return false;
	*v = str_slice(*s, 0, n);
	*s = str_from(*s, n);
	return true;
}

static void wire_free(struct wire *w)
{
	if (!w)
		return;
	close_fd(w->fd);
	buf_release(&w->in);
	free(w);
}

static bool wire_send(struct wire *w, enum forkserver_type type, uint32_t id, struct str body)
{
	BUF_AUTO frame;
	size_t at = 0;

	buf_init(&frame, FORKSERVER_BODY_MAX + FRAME_HEAD);
	forkserver_put_u32(&frame, (uint32_t)body.n + 8);
	forkserver_put_u32(&frame, type);
	forkserver_put_u32(&frame, id);
	buf_str(&frame, body);
	while (!frame.over && at < frame.n) {
		ssize_t n = send(w->fd, frame.p + at, frame.n - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return !frame.over;
}

/* What has arrived; false at the end of the wire. */
static bool wire_fill(struct wire *w)
{
	char *at = buf_reserve(&w->in, CHUNK);
	ssize_t n = at ? recv(w->fd, at, CHUNK, MSG_DONTWAIT) : -1;

	if (n < 0 && at && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	w->in.n += (size_t)n;
	return true;
}

/* The frame at *at in what has arrived, *at moved behind it. 0, 1: none is whole, < 0: nonsense. */
static int wire_next(struct wire *w, size_t *at, struct packet *f)
{
	struct str rest = str_from(buf_view(&w->in), *at);
	uint32_t n;

	if (!forkserver_take_u32(&rest, &n))
		return 1;
	if (n < 8 || n > FORKSERVER_REPLY_MAX)
		return -1;
	if (rest.n < n)
		return 1;
	*at += 4 + n;
	rest = str_slice(rest, 0, n);
	if (!forkserver_take_u32(&rest, &f->type) || !forkserver_take_u32(&rest, &f->id))
		return -1;
	f->body = rest;
	return 0;
}

int forkserver_open(
	struct forkserver **out, const struct forkserver_options *options, struct err *err)
{
	CLEANUP(forkserver_freep) struct forkserver *fs = xcalloc(1, sizeof(*fs));
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int64_t mark = clock_mono_us();

	arena_init(&fs->mem);
	fs->options = *options;
	fs->listener = -1;
	fs->path = xasprintf("%s/s%llx", options->exchange, (unsigned long long)mark);
	fs->env = xasprintf(
		"%s=%s/s%llx", FORKSERVER_ENV, options->exchange_inside, (unsigned long long)mark);
	if (strlen(fs->path) >= sizeof(to.sun_path))
		return err_set(err, ERR_LIMIT, "cannot listen at '%s': path too long", fs->path);
	memcpy(to.sun_path, fs->path, strlen(fs->path) + 1);
	fs->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fs->listener < 0 || bind(fs->listener, (struct sockaddr *)&to, sizeof(to)) ||
		chmod(fs->path, 0666) || listen(fs->listener, PROCESSES_MAX))
		return err_sys(err, errno, "listen at '%s'", fs->path);
	*out = TAKE(fs);
	return 0;
}

void forkserver_free(struct forkserver *fs)
{
	if (!fs)
		return;
	vec_each (w, &fs->wires)
		wire_free(*w);
	vec_free(&fs->wires);
	wire_free(fs->server);
	if (fs->listener >= 0) {
		close_fd(fs->listener);
		(void)unlink(fs->path);
	}
	arena_release(&fs->mem);
	free(fs->path);
	free(fs->env);
	free(fs);
}

const char *forkserver_env(const struct forkserver *fs)
{
	return fs->env;
}

static void accept_all(struct forkserver *fs)
{
	while (fs->wires.n < PROCESSES_MAX) {
		int fd = accept4(fs->listener, NULL, NULL, SOCK_CLOEXEC);
		struct wire *w;

		if (fd < 0)
			return;
		w = xcalloc(1, sizeof(*w));
		w->fd = fd;
		buf_init(&w->in, 2 * FORKSERVER_REPLY_MAX);
		vec_push(&fs->wires, w);
	}
}

static bool answer_hello(struct forkserver *fs, struct wire *w, struct str body)
{
	BUF_AUTO serve;
	uint32_t version, pid;

	buf_init(&serve, FORKSERVER_BODY_MAX);
	if (!forkserver_take_u32(&body, &version) || !forkserver_take_u32(&body, &pid) ||
		version != FORKSERVER_VERSION)
		return false;
	if (fs->options.choose && !fs->options.choose(fs->options.data, body, &serve))
		return wire_send(w, FORKSERVER_PASS, 0, STR_NULL);
	return wire_send(w, FORKSERVER_SERVE, 0, buf_view(&serve));
}

/* Reads what a process says before it is ready. False: it is gone. */
static bool attend(struct forkserver *fs, struct wire *w, struct str *ready)
{
	bool open = wire_fill(w);
	struct packet f;
	size_t at = 0;
	int r;

	while ((r = wire_next(w, &at, &f)) == 0) {
		if (f.type == FORKSERVER_HELLO && !answer_hello(fs, w, f.body))
			return false;
		if (f.type == FORKSERVER_READY) {
			fs->server = w;
			if (ready)
				*ready = arena_str(&fs->mem, f.body);
		}
	}
	buf_splice(&w->in, 0, at, STR_NULL);
	return r > 0 && open;
}

static void attend_all(struct forkserver *fs, struct str *ready)
{
	for (size_t i = 0; i < fs->wires.n && !fs->server;) {
		struct wire *w = fs->wires.v[i];
		struct pollfd p = {w->fd, POLLIN, 0};
		bool alive = poll(&p, 1, 0) <= 0 || attend(fs, w, ready);

		if (alive && fs->server != w) {
			i++;
			continue;
		}
		if (!alive)
			wire_free(w);
		fs->server = alive ? fs->server : NULL;
		fs->wires.v[i] = fs->wires.v[--fs->wires.n];
	}
}

int forkserver_wait(struct forkserver *fs, struct child *command, int timeout_ms, struct str *ready,
	struct child_result *ended, struct err *err)
{
	int64_t until = clock_mono_ms() + timeout_ms;
	int running = CHILD_RUNNING;

	while (!fs->server) {
		accept_all(fs);
		attend_all(fs, ready);
		if (fs->server)
			break;
		if (running == 0) {
			err_set(err, ERR_CONFLICT, "the command ended and no process serves");
			return FORKSERVER_NONE;
		}
		if (clock_mono_ms() >= until) {
			err_set(err, ERR_TIMEOUT, "no process serves after %d ms", timeout_ms);
			return FORKSERVER_NONE;
		}
		running = child_wait(command, 2, ended, err);
		if (running < 0)
			return -1;
	}
	return 0;
}

static bool take_result(struct str body, struct observed *o, struct arena *mem)
{
	uint32_t v[4];
	uint64_t wall;

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (!forkserver_take_u32(&body, &v[i]))
			return false;
	if (v[0] > OBSERVED_UNSUPPORTED || !forkserver_take_u64(&body, &wall) ||
		!forkserver_take_u64(&body, &o->signature) || body.n > FORKSERVER_MESSAGE_MAX)
		return false;
	o->status = (enum observed_status)v[0];
	o->tests_passed = (int)v[1];
	o->tests_failed = (int)v[2];
	o->line = (int)v[3];
	o->wall_us = (int64_t)wall;
	o->message = arena_str(mem, body);
	return true;
}

/* The state of one forkserver_run. */
struct batch {
	const struct forkserver_job *jobs;
	size_t n, next, flying;
	struct observed *out;
	bool *done, *sent;
	struct arena *mem;
};

static bool gather(struct forkserver *fs, struct batch *b)
{
	bool open = wire_fill(fs->server);
	struct packet f;
	size_t at = 0;
	int r;

	while ((r = wire_next(fs->server, &at, &f)) == 0) {
		if (f.type != FORKSERVER_RESULT || f.id >= b->next || b->done[f.id] ||
			!take_result(f.body, &b->out[f.id], b->mem))
			return false;
		b->done[f.id] = true;
		b->flying--;
	}
	buf_splice(&fs->server->in, 0, at, STR_NULL);
	return r > 0 && open;
}

int forkserver_run(struct forkserver *fs, const struct forkserver_job *jobs, size_t n, int window,
	struct observed *out, bool *done, bool *sent, struct arena *mem, struct err *err)
{
	struct batch b = {.jobs = jobs, .n = n, .out = out, .done = done, .sent = sent, .mem = mem};

	for (size_t i = 0; i < n; i++) {
		out[i] = (struct observed){.status = OBSERVED_UNSUPPORTED};
		done[i] = false;
		if (sent)
			sent[i] = false;
	}
	while (b.next < n || b.flying > 0) {
		struct pollfd p = {fs->server->fd, POLLIN, 0};
		int limit_ms = 0;

		for (; b.next < n && b.flying < (size_t)window; b.next++, b.flying++) {
			if (!wire_send(fs->server, FORKSERVER_TRY, (uint32_t)b.next,
				    jobs[b.next].body))
				goto lost;
			if (sent)
				sent[b.next] = true;
		}
		for (size_t i = 0; i < b.next; i++)
			if (!done[i] && jobs[i].timeout_ms > limit_ms)
				limit_ms = jobs[i].timeout_ms;
		if (poll(&p, 1, limit_ms * window + 1000) <= 0 || !gather(fs, &b))
			goto lost;
	}
	return 0;
lost:
	err_set(err, ERR_CONFLICT, "the fork server is lost");
	return FORKSERVER_LOST;
}
