#include "port/httpd/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/clock.h"

void connections_init(struct connections *c, const struct mhd *mhd, int idle_ms)
{
	*c = (struct connections){.mhd = mhd, .idle_ms = idle_ms};
	pthread_mutex_init(&c->lock, NULL);
}

void connections_release(struct connections *c)
{
	while (c->first) {
		struct connection *line = c->first;

		c->first = line->next;
		free(line);
	}
	pthread_mutex_destroy(&c->lock);
}

static void name_address(struct connection *line, const struct sockaddr *address)
{
	const void *ip = &((const struct sockaddr_in *)(const void *)address)->sin_addr;

	if (address->sa_family == AF_INET6)
		ip = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	if (!inet_ntop(address->sa_family, ip, line->address, sizeof(line->address)))
		line->address[0] = 0;
}

static struct connection *add(struct connections *c, struct MHD_Connection *connection)
{
	struct connection *line = xcalloc(1, sizeof(*line));
	const union MHD_ConnectionInfo *info =
		c->mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (info && info->client_addr)
		name_address(line, info->client_addr);
	info = c->mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	line->fd = info ? info->connect_fd : -1;
	line->until_ms = clock_mono_ms() + c->idle_ms;
	pthread_mutex_lock(&c->lock);
	line->next = c->first;
	if (c->first)
		c->first->previous = line;
	c->first = line;
	pthread_mutex_unlock(&c->lock);
	atomic_fetch_add(&c->n, 1);
	return line;
}

static void drop(struct connections *c, struct connection *line)
{
	pthread_mutex_lock(&c->lock);
	if (line->next)
		line->next->previous = line->previous;
	if (line->previous)
		line->previous->next = line->next;
	else
		c->first = line->next;
	pthread_mutex_unlock(&c->lock);
	atomic_fetch_sub(&c->n, 1);
	free(line);
}

void connections_notify(void *data, struct MHD_Connection *connection, void **state,
	enum MHD_ConnectionNotificationCode code)
{
	/* The end is told before the socket is closed: who holds the lock may use the number. */
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*state = add(data, connection);
	else if (*state)
		drop(data, *state), *state = NULL;
}

struct connection *connection_of(const struct connections *c, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		c->mhd->MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

void connection_expect_by(struct connections *c, struct connection *line, int ms)
{
	pthread_mutex_lock(&c->lock);
	line->until_ms = ms ? clock_mono_ms() + ms : 0;
	pthread_mutex_unlock(&c->lock);
}

void connections_cut_overdue(struct connections *c)
{
	int64_t now = clock_mono_ms();

	pthread_mutex_lock(&c->lock);
	for (struct connection *line = c->first; line; line = line->next)
		if (line->until_ms && line->until_ms < now)
			shutdown(line->fd, SHUT_RDWR);
	pthread_mutex_unlock(&c->lock);
}
