/* The runtime woven into a metamutant (see src/kit/trial/schemata.h), behind libc.h.
 *
 * One source file of the project is replaced by one that holds every candidate; this text stands
 * at its top. Before main, where the process already has its natural arguments, environment and
 * folder, the constructor either takes its candidate from the environment or, where a socket is
 * named there, becomes a fork server (src/kit/trial/forkserver.h).
 *
 * It must compile in any file, as C89 and as C++98, with any macros on the command line and before
 * any header. Several files and libraries of one program may carry it: what is shared is weak, the
 * rest static. */
#ifndef SELFHEAL_RUNTIME
#define SELFHEAL_RUNTIME
#ifdef __cplusplus
extern "C" {
#endif

/* Which alternative each choice point takes: 0 is the file as it was. */
__attribute__((weak)) unsigned short selfheal_at[4096];
__attribute__((weak)) int selfheal_started;

#ifdef SELFHEAL_WORKS

enum {
	SELFHEAL_SLOTS = 16,      /* candidates in flight */
	SELFHEAL_TAIL = 4096,     /* kept of what one prints */
	SELFHEAL_FRAME = 64 << 10 /* the longest frame read */
};

struct selfheal_pollfd {
	int fd;
	short events, revents;
};

struct selfheal_slot {
	unsigned id;
	int pid, fd, end, status; /* fd: its output, end: readable once it is gone (-1: not to be had) */
	long begin_us, deadline_us, bytes;
	unsigned long hash; /* FNV-1a of all it printed */
	char tail[SELFHEAL_TAIL]; /* a ring: byte i of the output at i % SELFHEAL_TAIL */
};

static void selfheal_put(char *to, unsigned long v, int bytes)
{
	int i;

	for (i = 0; i < bytes; i++)
		to[i] = (char)(v >> (8 * i));
}

static unsigned selfheal_u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return b[0] | (unsigned)b[1] << 8 | (unsigned)b[2] << 16 | (unsigned)b[3] << 24;
}

static int selfheal_read_all(int fd, char *p, unsigned long n)
{
	while (n > 0) {
		long got = selfheal_read(fd, p, n);

		if (got <= 0)
			return 0;
		p += got;
		n -= (unsigned long)got;
	}
	return 1;
}

static int selfheal_write_all(int fd, const char *p, unsigned long n)
{
	while (n > 0) {
		long put = selfheal_write(fd, p, n);

		if (put <= 0)
			return 0;
		p += put;
		n -= (unsigned long)put;
	}
	return 1;
}

/* A frame is u32 length of the rest, u32 type, u32 id, body. */
static int selfheal_send(int fd, unsigned type, unsigned id, const char *body, unsigned long n)
{
	char head[12];

	selfheal_put(head, 8 + n, 4);
	selfheal_put(head + 4, type, 4);
	selfheal_put(head + 8, id, 4);
	return selfheal_write_all(fd, head, sizeof(head)) && selfheal_write_all(fd, body, n);
}

/* Reads a frame; its body ends with a NUL. False at the end of the wire or on nonsense. */
static int selfheal_receive(int fd, unsigned *type, unsigned *id, char *body, unsigned *n)
{
	char head[12];
	unsigned length;

	if (!selfheal_read_all(fd, head, sizeof(head)))
		return 0;
	length = selfheal_u32(head);
	*type = selfheal_u32(head + 4);
	*id = selfheal_u32(head + 8);
	if (length < 8 || length - 8 >= SELFHEAL_FRAME)
		return 0;
	*n = length - 8;
	body[*n] = 0;
	return selfheal_read_all(fd, body, *n);
}

/* "3:17,5:2": point 3 takes alternative 17, point 5 alternative 2. */
static void selfheal_take(const char *spec)
{
	unsigned v[2], k;

	while (*spec) {
		for (k = 0; k < 2; k++) {
			for (v[k] = 0; *spec >= '0' && *spec <= '9'; spec++)
				v[k] = v[k] * 10 + (unsigned)(*spec - '0');
			if (*spec)
				spec++;
		}
		if (v[0] < 4096)
			selfheal_at[v[0]] = (unsigned short)v[1];
	}
}

/* What the process reads from must be there again for every candidate: a file is wound back, a
 * pipe that ends is kept in memory; one that does not end is left as it is. Gives the offset. */
static long selfheal_keep_input(void)
{
	struct selfheal_pollfd p = {0, 1, 0};
	char chunk[4096];
	long at = selfheal_lseek(0, 0, 1), got;
	int fd;

	if (at >= 0 || selfheal_poll(&p, 1, 100) <= 0)
		return at;
	fd = selfheal_memfd_create("input", 1);
	if (fd < 0)
		return -1;
	while (selfheal_poll(&p, 1, 1000) > 0 && (got = selfheal_read(0, chunk, sizeof(chunk))) > 0)
		selfheal_write_all(fd, chunk, (unsigned long)got);
	selfheal_dup2(fd, 0);
	selfheal_close(fd);
	selfheal_lseek(0, 0, 0);
	return 0;
}

/* Candidates make frames larger (each has its own variables): more stack, so that a recursion which
 * was deep but right stays so. Processor time is bounded in milliseconds, without a wall clock's
 * noise; the signal (SIGPROF) ends the process. */
static void selfheal_limit(unsigned cpu_ms)
{
	unsigned long limit[2];
	long timer[4] = {0, 0, 0, 0};

	if (selfheal_getrlimit(3, limit) == 0) {
		unsigned long want = 24ul << 20;

		limit[0] = limit[1] < want ? limit[1] : want;
		selfheal_setrlimit(3, limit);
	}
	limit[0] = limit[1] = 0;
	selfheal_setrlimit(4, limit);
	timer[2] = (long)(cpu_ms / 1000);
	timer[3] = (long)(cpu_ms % 1000) * 1000;
	if (cpu_ms > 0)
		selfheal_setitimer(2, timer, (void *)0);
}

static int selfheal_wait_until(int pid, long deadline_us, int *status)
{
	int nap_ms = 0;

	while (selfheal_waitpid(pid, status, 1) == 0) {
		if (selfheal_now_us() > deadline_us) {
			selfheal_kill(-pid, 9);
			selfheal_kill(pid, 9);
			selfheal_waitpid(pid, status, 0);
			return 0;
		}
		selfheal_poll((void *)0, 0, nap_ms < 5 ? nap_ms++ : 5);
	}
	return 1;
}

/* The unpatched program, undisturbed: its output goes where it goes. A run that ends well ends this
 * process well too, and the command goes on; else its status is told and candidates follow. Gives
 * 1 in the child, which has to go on to main. */
static int selfheal_base(int fd, unsigned limit_ms, long input)
{
	char text[64];
	long begin = selfheal_now_us(), us;
	int status = 0, ended, pid = selfheal_fork();

	if (pid == 0) {
		selfheal_close(fd);
		return 1;
	}
	ended = pid > 0 && selfheal_wait_until(pid, begin + (long)limit_ms * 1000, &status);
	us = selfheal_now_us() - begin;
	if (ended && status == 0)
		selfheal__exit(0);
	selfheal_put(text, ended ? (unsigned)status : 0xffffffffu, 4);
	selfheal_put(text + 4, (unsigned long)us, 8);
	if (!selfheal_send(fd, 4, 0, text, 12))
		selfheal__exit(1);
	return 0;
}

/* Its own place in the input, so that candidates side by side do not take from each other. */
static void selfheal_reopen_input(long input)
{
	int fd = input < 0 ? -1 : selfheal_open("/proc/self/fd/0", 0);

	if (fd < 0)
		return;
	selfheal_lseek(fd, input, 0);
	selfheal_dup2(fd, 0);
	selfheal_close(fd);
}

/* TRY's body: u32 processor ms, u32 wall ms, the candidate as selfheal_take reads it. Gives 1 in
 * the child. */
static int selfheal_start(
	struct selfheal_slot *slot, int wire, unsigned id, const char *body, long input)
{
	int ends[2];

	if (selfheal_pipe2(ends, 02000000) != 0)
		selfheal__exit(1);
	slot->id = id;
	slot->bytes = 0;
	slot->hash = 14695981039346656037ul;
	slot->begin_us = selfheal_now_us();
	slot->deadline_us = slot->begin_us + (long)selfheal_u32(body + 4) * 1000;
	slot->pid = selfheal_fork();
	if (slot->pid == 0) {
		selfheal_setpgid(0, 0);
		selfheal_dup2(ends[1], 1);
		selfheal_dup2(ends[1], 2);
		selfheal_close(ends[0]);
		selfheal_close(ends[1]);
		selfheal_close(wire);
		selfheal_reopen_input(input);
		selfheal_setenv("SELFHEAL_CANDIDATE", body + 8, 1);
		selfheal_take(body + 8);
		selfheal_limit(selfheal_u32(body));
		return 1;
	}
	selfheal_close(ends[1]);
	slot->fd = ends[0];
	slot->end = (int)selfheal_syscall(434, slot->pid, 0); /* pidfd_open */
	if (slot->pid < 0)
		selfheal__exit(1);
	selfheal_setpgid(slot->pid, slot->pid);
	return 0;
}

/* False at the end of the output. */
static int selfheal_drain(struct selfheal_slot *slot)
{
	char chunk[4096];
	long got = selfheal_read(slot->fd, chunk, sizeof(chunk)), i;

	if (got <= 0) {
		selfheal_close(slot->fd);
		slot->fd = -1;
		return 0;
	}
	for (i = 0; i < got; i++) {
		slot->tail[(slot->bytes + i) % SELFHEAL_TAIL] = chunk[i];
		slot->hash = (slot->hash ^ (unsigned char)chunk[i]) * 1099511628211ul;
	}
	slot->bytes += got;
	return 1;
}

/* RESULT: status (0 pass, 1 fail, 2 time, 3 crash), tests unknown, the wait status in the line's
 * place, the output's hash as signature, the end of the output. */
static void selfheal_report(int wire, struct selfheal_slot *slot, int timed_out)
{
	char body[32 + SELFHEAL_TAIL];
	long n = slot->bytes < SELFHEAL_TAIL ? slot->bytes : SELFHEAL_TAIL, i;
	int signal = slot->status & 0x7f;
	unsigned verdict = timed_out || signal == 27 || signal == 24 ? 2 : signal ? 3 : 1;

	selfheal_put(body, slot->status == 0 && !timed_out ? 0 : verdict, 4);
	selfheal_put(body + 4, 0xffffffffu, 4);
	selfheal_put(body + 8, 0xffffffffu, 4);
	selfheal_put(body + 12, (unsigned)slot->status, 4);
	selfheal_put(body + 16, (unsigned long)(selfheal_now_us() - slot->begin_us), 8);
	selfheal_put(body + 24, slot->hash, 8);
	for (i = 0; i < n; i++)
		body[32 + i] = slot->tail[(slot->bytes - n + i) % SELFHEAL_TAIL];
	if (!selfheal_send(wire, 6, slot->id, body, 32 + (unsigned long)n))
		selfheal__exit(1);
	selfheal_kill(-slot->pid, 9);
	if (slot->fd >= 0)
		selfheal_close(slot->fd);
	if (slot->end >= 0)
		selfheal_close(slot->end);
	slot->pid = 0;
}

static void selfheal_watch(struct selfheal_pollfd *p, int fd)
{
	p->fd = fd;
	p->events = 1;
	p->revents = 0;
}

static void selfheal_check(int wire, struct selfheal_slot *slot)
{
	int timed_out = 0;

	if (selfheal_waitpid(slot->pid, &slot->status, 1) != slot->pid) {
		if (selfheal_now_us() < slot->deadline_us)
			return;
		timed_out = 1;
		selfheal_kill(-slot->pid, 9);
		selfheal_waitpid(slot->pid, &slot->status, 0);
	}
	while (slot->fd >= 0) {
		struct selfheal_pollfd p;

		selfheal_watch(&p, slot->fd);
		if (selfheal_poll(&p, 1, 0) <= 0 || !selfheal_drain(slot))
			break;
	}
	selfheal_report(wire, slot, timed_out);
}

static void selfheal_end(struct selfheal_slot *slots)
{
	int i;

	for (i = 0; i < SELFHEAL_SLOTS; i++)
		if (slots[i].pid > 0)
			selfheal_kill(-slots[i].pid, 9);
}

/* Waits for the wire (with room for one more), for what candidates print and for their ends. */
static int selfheal_poll_all(struct selfheal_slot *slots, int wire)
{
	struct selfheal_pollfd p[2 * SELFHEAL_SLOTS + 1];
	int i, busy = 0, blind = 0;

	for (i = 0; i < SELFHEAL_SLOTS; i++) {
		int live = slots[i].pid > 0;

		selfheal_watch(&p[i], live ? slots[i].fd : -1);
		selfheal_watch(&p[SELFHEAL_SLOTS + i], live ? slots[i].end : -1);
		busy += live;
		blind += live && slots[i].end < 0;
	}
	selfheal_watch(&p[2 * SELFHEAL_SLOTS], busy < SELFHEAL_SLOTS ? wire : -1);
	selfheal_poll(p, 2 * SELFHEAL_SLOTS + 1, blind ? 1 : busy ? 10 : -1);
	for (i = 0; i < SELFHEAL_SLOTS; i++)
		if (p[i].revents)
			selfheal_drain(&slots[i]);
	return p[2 * SELFHEAL_SLOTS].revents;
}

/* Returns in a candidate's process, and when it is released: the unpatched program goes on. */
static void selfheal_serve(int wire, long input)
{
	static struct selfheal_slot slots[SELFHEAL_SLOTS];
	static char body[SELFHEAL_FRAME];
	unsigned type, id, n;
	int i;

	for (;;) {
		if (selfheal_poll_all(slots, wire)) {
			int heard = selfheal_receive(wire, &type, &id, body, &n);

			if (!heard || type != 5 || n < 8) {
				selfheal_end(slots);
				if (!heard || type != 7)
					selfheal__exit(1);
				selfheal_close(wire);
				return;
			}
			for (i = 0; slots[i].pid > 0; i++)
				;
			if (selfheal_start(&slots[i], wire, id, body, input))
				return;
		}
		for (i = 0; i < SELFHEAL_SLOTS; i++)
			if (slots[i].pid > 0)
				selfheal_check(wire, &slots[i]);
	}
}

static unsigned selfheal_number(const char *text)
{
	unsigned v = 0;

	while (text && *text >= '0' && *text <= '9')
		v = v * 10 + (unsigned)(*text++ - '0');
	return v;
}

static int selfheal_dial(const char *path)
{
	struct {
		unsigned short family;
		char path[108];
	} to = {1, {0}};
	unsigned n = 0;
	int fd = selfheal_socket(1, 1 | 02000000, 0);

	while (path[n] && n < sizeof(to.path) - 1) {
		to.path[n] = path[n];
		n++;
	}
	if (fd >= 0 && selfheal_connect(fd, &to, sizeof(to)) == 0)
		return fd;
	if (fd >= 0)
		selfheal_close(fd);
	return -1;
}

/* HELLO says who this is by its command line. */
static int selfheal_hello(int wire)
{
	char body[8 + 1024];
	long n = 0;
	int fd = selfheal_open("/proc/self/cmdline", 02000000);

	selfheal_put(body, 1, 4);
	selfheal_put(body + 4, (unsigned)selfheal_getpid(), 4);
	if (fd >= 0) {
		n = selfheal_read(fd, body + 8, 1024);
		selfheal_close(fd);
	}
	return selfheal_send(wire, 1, 0, body, 8 + (unsigned long)(n > 0 ? n : 0));
}

__attribute__((constructor(101))) static void selfheal_boot(void)
{
	char body[SELFHEAL_TAIL];
	const char *path = selfheal_getenv("SELFHEAL_SOCKET");
	const char *spec = selfheal_getenv("SELFHEAL_CANDIDATE");
	unsigned type, id, n;
	long input;
	int wire;

	if (selfheal_started++)
		return;
	if (spec) {
		selfheal_take(spec);
		selfheal_limit(selfheal_number(selfheal_getenv("SELFHEAL_CPU_MS")));
	}
	if (spec || !path || (wire = selfheal_dial(path)) < 0)
		return;
	selfheal_unsetenv("SELFHEAL_SOCKET");
	if (!selfheal_hello(wire) || !selfheal_receive(wire, &type, &id, body, &n) || type != 2 ||
		n < 4) {
		selfheal_close(wire);
		return;
	}
	input = selfheal_keep_input();
	if (n >= 8 && selfheal_u32(body + 4)) { /* held: no run of its own before */
		selfheal_put(body, 0, 8);
		selfheal_put(body + 8, 0, 4);
		if (selfheal_send(wire, 4, 0, body, 12))
			selfheal_serve(wire, input);
	} else if (!selfheal_base(wire, selfheal_u32(body), input)) {
		selfheal_serve(wire, input);
	}
}
#endif

#ifdef __cplusplus
}
#endif
#endif
