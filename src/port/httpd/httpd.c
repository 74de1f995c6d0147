#include "port/httpd/httpd.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "json/json.h"
#include "port/httpd/connection.h"
#include "port/httpd/library.h"
#include "port/httpd/listen.h"

enum {
	MAX_CONNECTIONS = 256,
	IDLE_MS = 15000,
	REQUEST_MS = 30000,
	/* Of one connection: its headers (431 beyond), and what is read at once of a body. */
	MEMORY_BYTES = 48 << 10,
	/* A refused body up to this size is read and dropped, so that the peer sees the answer and
	 * may go on; what is longer loses its connection. */
	DRAIN_BYTES = 1 << 20,
	ID_SIZE = 17,
};

struct httpd {
	struct mhd mhd;
	struct MHD_Daemon *daemon;
	struct connections connections;
	struct httpd_route *routes;
	size_t n_routes;
	struct listen_address address;
	void (*seen)(void *data, const struct httpd_seen *seen);
	void *data;
	int request_ms;
	uint64_t first_id, requests;
	atomic_int pending, asleep;
	atomic_bool stopping;
};

/* Who has to wake the connection: the thread that answers, when the server's own has put it to
 * sleep already. */
enum { WAITS_NOT, WAITS, ANSWERED };

struct httpd_request {
	struct httpd *server;
	struct MHD_Connection *connection;
	struct connection *line;
	const struct httpd_route *route;
	const char *method, *path, *note;
	void *state;
	struct buf body; /* of a route that gathers */
	size_t body_bytes;
	int64_t began_us;
	bool opened, refused, over, asked;
	atomic_int waits;
	int status;
	struct MHD_Response *answer;
	char id[ID_SIZE];
};

const char *httpd_header(const struct httpd_request *r, const char *name)
{
	return r->server->mhd.MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *httpd_query(const struct httpd_request *r, const char *name)
{
	return r->server->mhd.MHD_lookup_connection_value(
		r->connection, MHD_GET_ARGUMENT_KIND, name);
}

int64_t httpd_length(const struct httpd_request *r)
{
	const char *text = httpd_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
	int64_t length;

	if (!text)
		return httpd_header(r, MHD_HTTP_HEADER_TRANSFER_ENCODING) ? -1 : 0;
	/* libmicrohttpd has refused what is no number; one beyond all limits is as good as -1. */
	return str_to_i64(str_of(text), 0, INT64_MAX, &length) ? length : INT64_MAX;
}

const char *httpd_id(const struct httpd_request *r)
{
	return r->id;
}

void httpd_note(struct httpd_request *r, const char *note)
{
	r->note = note;
}

void httpd_answer(struct httpd_request *r, const struct httpd_answer *answer)
{
	char *copy = xstrndup(answer->body.p ? answer->body.p : "", answer->body.n);
	char seconds[16];

	assert(!r->answer);
	r->answer = r->server->mhd.MHD_create_response_from_buffer(
		answer->body.n, copy, MHD_RESPMEM_MUST_FREE);
	assert(r->answer);
	r->server->mhd.MHD_add_response_header(r->answer, MHD_HTTP_HEADER_CONTENT_TYPE,
		answer->type ? answer->type : "application/json");
	r->server->mhd.MHD_add_response_header(r->answer, "X-Request-Id", r->id);
	if (answer->retry_after_s) {
		snprintf(seconds, sizeof(seconds), "%d", answer->retry_after_s);
		r->server->mhd.MHD_add_response_header(
			r->answer, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	r->status = answer->status;
	if (atomic_exchange(&r->waits, ANSWERED) == WAITS)
		r->server->mhd.MHD_resume_connection(r->connection);
}

static void refuse(struct httpd_request *r, int status, const char *message, int retry_after_s)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	BUF_AUTO text = BUF_INIT(4096);

	json_put_c(j, "error", message);
	json_put_c(j, "request", r->id);
	json_put_int(j, "status", status);
	json_write(&text, j, 0);
	httpd_answer(r,
		&(struct httpd_answer){
			.status = status, .body = buf_view(&text), .retry_after_s = retry_after_s});
}

void httpd_refuse(struct httpd_request *r, int status, const char *message)
{
	refuse(r, status, message, 0);
}

void httpd_refuse_for_now(struct httpd_request *r, const char *message, int retry_after_s)
{
	refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, message, retry_after_s);
}

static bool takes_method(const struct httpd_route *route, const char *method)
{
	return !strcmp(route->method, method) ||
	       (!strcmp(route->method, "GET") && !strcmp(method, "HEAD"));
}

/* The route, or NULL with the refusal given. */
static const struct httpd_route *find_route(struct httpd_request *r)
{
	bool there = false;

	for (size_t i = 0; i < r->server->n_routes; i++) {
		const struct httpd_route *route = &r->server->routes[i];

		if (strcmp(route->path, r->path))
			continue;
		if (takes_method(route, r->method))
			return route;
		there = true;
	}
	if (there)
		httpd_refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, "this method is not taken here");
	else
		httpd_refuse(r, MHD_HTTP_NOT_FOUND, "there is nothing here");
	return NULL;
}

static bool is_answered(struct httpd_request *r)
{
	return atomic_load(&r->waits) == ANSWERED;
}

static void open_route(struct httpd_request *r)
{
	r->route = find_route(r);
	if (!r->route)
		return;
	if (httpd_length(r) > (int64_t)r->route->max_body) {
		httpd_refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large");
		return;
	}
	if (r->route->stream)
		r->state = r->route->stream->open(r->route->data, r);
	else
		buf_init(&r->body, r->route->max_body + 1);
}

/* Once, when the headers are there. */
static enum MHD_Result open_request(struct httpd_request *r)
{
	int64_t length = httpd_length(r);

	r->opened = true;
	r->line = connection_of(&r->server->connections, r->connection);
	connection_expect_by(&r->server->connections, r->line, r->server->request_ms);
	open_route(r);
	if (!is_answered(r))
		return MHD_YES;
	r->refused = true;
	/* A peer that asked first (Expect: 100-continue), or a body too long to be dropped. */
	if (length < 0 || length > DRAIN_BYTES || httpd_header(r, MHD_HTTP_HEADER_EXPECT))
		return r->server->mhd.MHD_queue_response(
			r->connection, (unsigned)r->status, r->answer);
	return MHD_YES;
}

static enum MHD_Result take_piece(struct httpd_request *r, struct str piece)
{
	r->body_bytes += piece.n;
	if (!r->refused && r->body_bytes > r->route->max_body) {
		r->over = r->refused = true;
		httpd_refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large");
	}
	/* Too long to be dropped politely: nothing can be said in the middle of a body. */
	if (r->over && r->body_bytes > r->route->max_body + DRAIN_BYTES)
		return MHD_NO;
	if (r->refused)
		return MHD_YES;
	if (r->route->stream)
		r->route->stream->piece(r->state, r, piece);
	else
		buf_add(&r->body, piece.p, piece.n);
	/* What came so far was enough for an answer: the rest is dropped. */
	r->refused = is_answered(r);
	return MHD_YES;
}

/* Its connection sleeps no more. */
static void wake_up(struct httpd_request *r)
{
	if (r->asked)
		atomic_fetch_sub(&r->server->asleep, 1);
	r->asked = false;
}

static enum MHD_Result queue_answer(struct httpd_request *r)
{
	wake_up(r);
	return r->server->mhd.MHD_queue_response(r->connection, (unsigned)r->status, r->answer);
}

static enum MHD_Result end_request(struct httpd_request *r)
{
	int still = WAITS_NOT;

	if (is_answered(r))
		return queue_answer(r);
	if (atomic_load(&r->server->stopping)) {
		httpd_refuse_for_now(r, "the server is being stopped", 5);
		return r->server->mhd.MHD_queue_response(
			r->connection, (unsigned)r->status, r->answer);
	}
	connection_expect_by(&r->server->connections, r->line, 0);
	atomic_fetch_add(&r->server->asleep, 1);
	r->asked = true;
	if (r->route->stream)
		r->route->stream->end(r->state, r);
	else
		r->route->handle(r->route->data, r, buf_view(&r->body));
	if (is_answered(r))
		return queue_answer(r);
	r->server->mhd.MHD_suspend_connection(r->connection);
	if (!atomic_compare_exchange_strong(&r->waits, &still, WAITS))
		r->server->mhd.MHD_resume_connection(r->connection); /* answered in between */
	return MHD_YES;
}

static void name_request(char out[ID_SIZE], uint64_t id)
{
	for (int i = ID_SIZE - 2; i >= 0; i--, id >>= 4)
		out[i] = "0123456789abcdef"[id & 15];
	out[ID_SIZE - 1] = '\0';
}

static struct httpd_request *new_request(
	struct httpd *h, struct MHD_Connection *connection, const char *path, const char *method)
{
	struct httpd_request *r = xcalloc(1, sizeof(*r));

	r->server = h;
	r->connection = connection;
	r->path = path;
	r->method = method;
	r->began_us = clock_mono_us();
	name_request(r->id, hash_mix(h->first_id, h->requests++));
	atomic_fetch_add(&h->pending, 1);
	return r;
}

/* Called with the headers, with each piece of the body, and at its end; again after a resume. */
static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *piece, size_t *n, void **state)
{
	struct httpd_request *r = *state;
	size_t bytes = *n;

	(void)version;
	if (!r)
		*state = r = new_request(data, connection, path, method);
	if (!r->opened)
		return open_request(r);
	if (!bytes)
		return end_request(r);
	*n = 0;
	return take_piece(r, str_make(piece, bytes));
}

static void on_completed(void *data, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode how)
{
	struct httpd *h = data;
	struct httpd_request *r = *state;

	(void)connection;
	if (!r)
		return;
	if (h->seen)
		h->seen(h->data,
			&(struct httpd_seen){.method = r->method,
				.path = r->path,
				.address = r->line ? r->line->address : "",
				.id = r->id,
				.note = r->note,
				.status =
					how == MHD_REQUEST_TERMINATED_COMPLETED_OK ? r->status : 0,
				.body_bytes = r->body_bytes,
				.took_us = clock_mono_us() - r->began_us});
	wake_up(r); /* the peer left meanwhile */
	if (r->state)
		r->route->stream->close(r->state);
	if (r->line)
		connection_expect_by(&h->connections, r->line, h->connections.idle_ms);
	if (r->answer)
		h->mhd.MHD_destroy_response(r->answer);
	buf_release(&r->body);
	free(r);
	*state = NULL;
	atomic_fetch_sub(&h->pending, 1);
}

static int start(struct httpd *h, const struct httpd_options *o, int fd, struct err *err)
{
	int most = o->max_connections ? o->max_connections : MAX_CONNECTIONS;

	h->daemon = h->mhd.MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
		h, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)most,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)o->max_per_address,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_BYTES,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_NOTIFY_CONNECTION,
		connections_notify, &h->connections, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_END);
	if (!h->daemon)
		return err_set(err, ERR_SYS, "cannot start the server on '%s': %s", o->listen,
			strerror(errno));
	return 0;
}

int httpd_open(struct httpd **out, const struct httpd_options *o, struct err *err)
{
	CLEANUP(httpd_freep) struct httpd *h = xcalloc(1, sizeof(*h));
	CLEANUP(fd_closep) int fd = -1;

	h->routes = xreallocarray(NULL, o->n_routes, sizeof(*h->routes));
	memcpy(h->routes, o->routes, o->n_routes * sizeof(*h->routes));
	h->n_routes = o->n_routes;
	h->seen = o->seen;
	h->data = o->data;
	h->request_ms = o->request_ms ? o->request_ms : REQUEST_MS;
	h->first_id = hash_mix((uint64_t)clock_mono_us(), (uint64_t)getpid());
	if (mhd_load(&h->mhd, err) < 0)
		return -1;
	connections_init(&h->connections, &h->mhd, o->idle_ms ? o->idle_ms : IDLE_MS);
	if ((fd = listen_on(o->listen, &h->address, err)) < 0)
		return -1;
	if (start(h, o, fd, err) < 0)
		return -1;
	fd = -1; /* the daemon's now */
	*out = TAKE(h);
	return 0;
}

int httpd_port(const struct httpd *h)
{
	return h->address.port;
}

bool httpd_is_local(const struct httpd *h)
{
	return h->address.local;
}

void httpd_tick(struct httpd *h)
{
	connections_cut_overdue(&h->connections);
}

void httpd_quiesce(struct httpd *h)
{
	MHD_socket fd = h->mhd.MHD_quiesce_daemon(h->daemon);

	if (fd != MHD_INVALID_SOCKET)
		close_fd(fd);
}

int httpd_pending(const struct httpd *h)
{
	return atomic_load(&h->pending);
}

int httpd_connections(const struct httpd *h)
{
	return atomic_load(&h->connections.n);
}

void httpd_free(struct httpd *h)
{
	if (!h)
		return;
	/* libmicrohttpd does not end while a connection sleeps. */
	atomic_store(&h->stopping, true);
	while (atomic_load(&h->asleep))
		clock_sleep_ms(1);
	if (h->daemon)
		h->mhd.MHD_stop_daemon(h->daemon);
	connections_release(&h->connections);
	free(h->routes);
	free(h);
}
