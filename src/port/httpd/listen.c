#include "port/httpd/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"

enum { BACKLOG = 512 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int refuse(const char *text, struct err *err)
{
	return err_set(err, ERR_CONFIG,
		"cannot listen on '%s': an address and a port are wanted, as in 127.0.0.1:8080 or "
		"[::1]:8080",
		text);
}

static bool read_ip(struct str host, union address *out)
{
	char name[INET6_ADDRSTRLEN] = "";

	if (str_eq_c(host, "localhost"))
		host = STR("127.0.0.1");
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = str_slice(host, 1, host.n - 1);
	if (!host.n || host.n >= sizeof(name))
		return false;
	memcpy(name, host.p, host.n);
	if (inet_pton(AF_INET, name, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		return true;
	}
	out->v6.sin6_family = AF_INET6;
	return inet_pton(AF_INET6, name, &out->v6.sin6_addr) == 1;
}

static int read_address(const char *text, union address *out, struct err *err)
{
	ptrdiff_t colon = str_rfind_char(str_of(text), ':');
	int port;

	*out = (union address){0};
	if (colon < 0 || !str_to_int(str_from(str_of(text), (size_t)colon + 1), 0, 65535, &port) ||
		!read_ip(str_slice(str_of(text), 0, (size_t)colon), out))
		return refuse(text, err);
	if (out->any.sa_family == AF_INET)
		out->v4.sin_port = htons((uint16_t)port);
	else
		out->v6.sin6_port = htons((uint16_t)port);
	return 0;
}

static bool is_local(const union address *a)
{
	return a->any.sa_family == AF_INET ? (ntohl(a->v4.sin_addr.s_addr) >> 24) == 127
					   : IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

int listen_on(const char *text, struct listen_address *out, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	union address a;
	socklen_t size = sizeof(a);
	int on = 1, result;

	if (read_address(text, &a, err) < 0)
		return -1;
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, errno, "cannot listen on '%s'", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &a.any, a.any.sa_family == AF_INET ? sizeof(a.v4) : sizeof(a.v6)) < 0 ||
		listen(fd, BACKLOG) < 0 || getsockname(fd, &a.any, &size) < 0)
		return err_sys(err, errno, "cannot listen on '%s'", text);
	out->port = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
	out->local = is_local(&a);
	result = fd;
	fd = -1;
	return result;
}
