/* A load of signed deliveries over keep-alive connections, each with one request under way. Prints
 * one JSON line: requests a second, latency, answers by status, and its own share of a processor:
 * from 95 % on it is the generator that was measured.
 *
 *	bench_webhooks PORT SECRET SECONDS CONNECTIONS BODY_BYTES [wrong|same] [PATH] [IDS_FILE]
 *
 * wrong: signatures that do not fit; same: one body for all. IDS_FILE: the ids answered with 2xx.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "port/crypto/hmac.h"

enum { BODIES = 64, CONNECTIONS_MAX = 1024, ANSWER_MAX = 4096, BUCKETS = 100000, ID_DIGITS = 16 };

struct request {
	char *text;
	size_t n, id_at;
};

struct line {
	int fd;
	const struct request *request;
	char *copy; /* the request with this one's id */
	size_t sent, got;
	int64_t began_us;
	char answer[ANSWER_MAX];
};

struct load {
	struct request requests[BODIES];
	struct line lines[CONNECTIONS_MAX];
	int epoll, n, port;
	uint64_t next_id, done, by_status[600], broken;
	uint32_t micros[BUCKETS]; /* by 10 us */
	FILE *ids;
};

/* Like a workflow run's payload: many URLs, some numbers. */
static void fill_body(struct buf *out, size_t bytes, int seed)
{
	buf_printf(out,
		"{\"action\":\"completed\",\"workflow_run\":{\"id\":%d,\"run_attempt\":1,"
		"\"conclusion\":\"success\",\"head_branch\":\"b\",\"head_sha\":\"%040d\"},"
		"\"repository\":{\"full_name\":\"acme/"
		"r%d\",\"default_branch\":\"main\"},\"urls\":[",
		seed + 1, seed, seed % 8);
	while (out->n + 120 < bytes)
		buf_printf(out, "\"https://api.example.org/repos/acme/r%d/%x{/sha}\",", seed % 8,
			(unsigned)(out->n * 2654435761u ^ (unsigned)seed));
	buf_c(out, "\"");
	while (out->n + 3 < bytes)
		buf_char(out, 'x');
	buf_c(out, "\"]}");
}

static void make_request(
	struct request *r, const char *secret, size_t bytes, int seed, bool wrong, const char *path)
{
	struct hmac *h = hmac_new(str_of(secret));
	unsigned char sum[HMAC_BYTES];
	struct buf body = BUF_INIT(64 << 20), text = BUF_INIT(64 << 20);

	fill_body(&body, bytes, seed);
	hmac_update(h, buf_view(&body));
	hmac_final(h, sum);
	buf_printf(&text,
		"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: GitHub-Hookshot/044aadd\r\n"
		"Accept: */*\r\nContent-Type: application/json\r\nX-GitHub-Event: workflow_run\r\n"
		"X-GitHub-Hook-ID: 1\r\nContent-Length: %zu\r\nX-Hub-Signature-256: sha256=",
		path, body.n);
	for (size_t i = 0; i < HMAC_BYTES; i++)
		buf_printf(&text, "%02x", sum[i] ^ (wrong ? 1 : 0));
	buf_c(&text, "\r\nX-GitHub-Delivery: ");
	r->id_at = text.n;
	buf_fill(&text, '0', ID_DIGITS);
	buf_c(&text, "\r\n\r\n");
	buf_str(&text, buf_view(&body));
	r->n = text.n;
	r->text = buf_steal(&text);
	buf_release(&body);
	hmac_free(h);
}

static void push(struct load *l, struct line *line)
{
	while (line->sent < line->request->n) {
		ssize_t n = send(line->fd, line->copy + line->sent, line->request->n - line->sent,
			MSG_NOSIGNAL);

		if (n < 0)
			return;
		line->sent += (size_t)n;
	}
}

static void next_request(struct load *l, struct line *line)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t id = l->next_id++;
	const struct request *r = &l->requests[id % BODIES];

	line->request = r;
	line->copy = r->text; /* one processor sends them: only the id differs, and is set now */
	for (int i = ID_DIGITS - 1; i >= 0; i--, id >>= 4)
		line->copy[r->id_at + (size_t)i] = digits[id & 15];
	line->sent = line->got = 0;
	line->began_us = clock_mono_us();
	push(l, line);
}

static bool connect_line(struct load *l, struct line *line)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)l->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = line};
	int on = 1, room = 1 << 20;

	line->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* A whole request fits: it is sent in one call and never waits here. */
	setsockopt(line->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (connect(line->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return false;
	setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	epoll_ctl(l->epoll, EPOLL_CTL_ADD, line->fd, &event);
	next_request(l, line);
	return true;
}

/* Length of a whole answer at the start of the text, 0 when it is not whole yet. */
static size_t answer_length(const char *text, size_t n)
{
	struct str all = str_make(text, n), rest;
	ptrdiff_t end = str_find_c(all, "\r\n\r\n"), at;
	int length = 0;

	if (end < 0)
		return 0;
	for (rest = str_slice(all, 0, (size_t)end);;) {
		if ((at = str_find_char(rest, '\n')) < 0)
			break;
		rest = str_from(rest, (size_t)at + 1);
		if (rest.n > 15 && str_eq_nocase(str_slice(rest, 0, 15), STR("content-length:"))) {
			struct str value = str_ltrim(str_from(rest, 15));

			(void)!str_take_int(&value, &length);
		}
	}
	return n >= (size_t)end + 4 + (size_t)length ? (size_t)end + 4 + (size_t)length : 0;
}

static void note_answer(struct load *l, struct line *line)
{
	int64_t took = (clock_mono_us() - line->began_us) / 10;
	int status = 0;

	(void)!str_to_int(str_make(line->answer + 9, 3), 0, 599, &status);
	l->by_status[status]++;
	l->micros[took < BUCKETS ? took : BUCKETS - 1]++;
	l->done++;
	if (l->ids && status >= 200 && status < 300)
		fprintf(l->ids, "%.*s\n", ID_DIGITS, line->copy + line->request->id_at);
}

static void reconnect(struct load *l, struct line *line)
{
	l->broken++;
	close(line->fd);
	if (!connect_line(l, line))
		line->fd = -1;
}

static void on_readable(struct load *l, struct line *line, bool go_on)
{
	ssize_t n = recv(line->fd, line->answer + line->got, ANSWER_MAX - line->got, 0);

	if (n <= 0) {
		reconnect(l, line);
		return;
	}
	line->got += (size_t)n;
	if (!answer_length(line->answer, line->got))
		return;
	note_answer(l, line);
	if (go_on)
		next_request(l, line);
}

static double quantile(const struct load *l, double q)
{
	uint64_t seen = 0;

	for (int i = 0; i < BUCKETS; i++)
		if ((seen += l->micros[i]) >= (uint64_t)((double)l->done * q))
			return i / 100.0;
	return 0;
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void report(const struct load *l, double seconds, double cpu)
{
	printf("{\"requests\":%llu,\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
	       "\"p999_ms\":%.2f,\"broken\":%llu,\"generator_cpu\":%.2f,\"status\":{",
		(unsigned long long)l->done, (double)l->done / seconds, quantile(l, 0.5),
		quantile(l, 0.99), quantile(l, 0.999), (unsigned long long)l->broken,
		cpu / seconds);
	for (int i = 0, any = 0; i < 600; i++)
		if (l->by_status[i])
			printf("%s\"%d\":%llu", any++ ? "," : "", i,
				(unsigned long long)l->by_status[i]);
	printf("}}\n");
}

int main(int argc, char **argv)
{
	static struct load l;
	struct epoll_event events[64];
	int seconds = 4, bytes = 18900;
	bool wrong = argc > 6 && !strcmp(argv[6], "wrong");
	bool same = argc > 6 && !strcmp(argv[6], "same");
	int64_t begin;
	double cpu;

	if (argc < 6 || !str_to_int(str_of(argv[1]), 1, 65535, &l.port) ||
		!str_to_int(str_of(argv[3]), 1, 86400, &seconds) ||
		!str_to_int(str_of(argv[4]), 1, CONNECTIONS_MAX, &l.n) ||
		!str_to_int(str_of(argv[5]), 300, 30 << 20, &bytes))
		return 2;
	for (int i = 0; i < BODIES; i++)
		make_request(&l.requests[i], argv[2], (size_t)bytes, same ? 0 : i, wrong,
			argc > 7 ? argv[7] : "/webhooks/github");
	l.ids = argc > 8 ? fopen(argv[8], "we") : NULL;
	l.next_id = (uint64_t)clock_wall_s() << 24;
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < l.n; i++)
		if (!connect_line(&l, &l.lines[i]))
			return 3;
	begin = clock_mono_us();
	cpu = cpu_seconds();
	for (int64_t end = begin + (int64_t)seconds * 1000000; clock_mono_us() < end;) {
		int n = epoll_wait(l.epoll, events, 64, 100);

		for (int i = 0; i < n; i++)
			on_readable(&l, events[i].data.ptr, true);
	}
	report(&l, (double)(clock_mono_us() - begin) / 1e6, cpu_seconds() - cpu);
	if (l.ids)
		fclose(l.ids);
	return 0;
}
