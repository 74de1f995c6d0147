/* connection: who is connected, and until when we wait for what they owe us.
 * Layer: port/httpd. libmicrohttpd ends connections that are silent, not those that send a byte now
 * and then; so each has a time by which the next thing must be whole. The server's thread sets it,
 * any thread may cut those that are late. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "port/httpd/library.h"

enum { CONNECTION_ADDRESS_SIZE = 48 };

struct connection {
	struct connection *next, *previous;
	int fd;
	int64_t until_ms; /* 0: we owe them */
	char address[CONNECTION_ADDRESS_SIZE];
};

struct connections {
	const struct mhd *mhd;
	pthread_mutex_t lock;
	struct connection *first;
	atomic_int n;
	int idle_ms;
};

void connections_init(struct connections *c, const struct mhd *mhd, int idle_ms);
void connections_release(struct connections *c);
/* MHD_NotifyConnectionCallback. */
void connections_notify(void *data, struct MHD_Connection *connection, void **state,
	enum MHD_ConnectionNotificationCode code);
/* What connections_notify keeps for it. */
struct connection *connection_of(const struct connections *c, struct MHD_Connection *connection);
/* From now on ms are left; 0: no limit. */
void connection_expect_by(struct connections *c, struct connection *line, int ms);
/* Shuts the sockets of those that are late: the server's thread then sees them end. */
void connections_cut_overdue(struct connections *c);
