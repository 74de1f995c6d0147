#include "port/git/remote_url.h"

#include <stdlib.h>

enum { PORT_HTTP = 80, PORT_HTTPS = 443, PORT_MAX = 65535 };

static int read_port(struct remote_url *u, struct str rest, const char *url, struct err *err)
{
	u->port = u->https ? PORT_HTTPS : PORT_HTTP;
	if (!rest.n)
		return 0;
	if (str_skip(&rest, ":") && str_to_int(rest, 1, PORT_MAX, &u->port))
		return 0;
	return err_set(err, ERR_CONFIG, "the port in '%.200s' is none", url);
}

static bool is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '\\')
			return false;
	return true;
}

int remote_url_read(struct remote_url *out, const char *url, struct err *err)
{
	struct str authority, rest = str_of(url);
	struct remote_url u = {.https = str_skip(&rest, "https://")};

	if (!u.https && !str_skip(&rest, "http://"))
		return err_set(err, ERR_CONFIG,
			"'%.200s' is no address of a repository: https://HOST/OWNER/NAME.git is",
			url);
	if (!is_clean(rest) || !str_cut(&rest, "/", &authority))
		return err_set(err, ERR_CONFIG, "'%.200s' is no address of a repository", url);
	if (str_has(authority, "@"))
		return err_set(err, ERR_CONFIG,
			"the address of a repository holds a user or a password: give the token by "
			"the environment (GITHUB_TOKEN)");
	if (str_skip(&authority, "[") && str_cut(&authority, "]", &u.host))
		rest = authority;
	else if (str_cut(&authority, ":", &u.host))
		rest = str_make(authority.p - 1, authority.n + 1);
	else
		u.host = authority, rest = STR("");
	if (!u.host.n)
		return err_set(err, ERR_CONFIG, "'%.200s' names no host", url);
	if (read_port(&u, rest, url, err) < 0)
		return -1;
	*out = u;
	return 0;
}

/* A name may begin as an address does: 127.0.0.1.example.org is anyone's. */
static bool is_loopback_number(struct str host)
{
	int n;

	if (!str_skip(&host, "127"))
		return false;
	for (int i = 0; i < 3; i++)
		if (!str_skip(&host, ".") || !str_take_int(&host, &n) || n > 255)
			return false;
	return host.n == 0;
}

bool remote_url_is_loopback(const struct remote_url *url)
{
	return str_eq_nocase(url->host, STR("localhost")) || str_eq_c(url->host, "::1") ||
	       is_loopback_number(url->host);
}

/* "a.example" and ".a.example" of a list fit the host and all below it. */
static bool is_direct(struct str host, struct str list)
{
	struct str one;

	while (str_next(&list, ',', &one)) {
		one = str_trim(one);
		if (str_eq_c(one, "*"))
			return true;
		(void)str_skip(&one, ".");
		if (!one.n || host.n < one.n || !str_eq_nocase(str_from(host, host.n - one.n), one))
			continue;
		if (host.n == one.n || host.p[host.n - one.n - 1] == '.')
			return true;
	}
	return false;
}

static struct str first_set(const char *const *names)
{
	for (; *names; names++) {
		const char *value = getenv(*names);

		if (value && *value)
			return str_of(value);
	}
	return STR("");
}

int remote_url_proxy(struct buf *out, const struct remote_url *url, struct err *err)
{
	static const char *const names[] = {
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
	static const char *const none[] = {"no_proxy", "NO_PROXY", NULL};
	struct str proxy = first_set(names), kind, rest = proxy;

	/* Without TLS libgit2 1.5 speaks to the host itself, but in a proxy's words. */
	if (!url->https || !proxy.n || is_direct(url->host, first_set(none)))
		return 0;
	if (!str_cut(&rest, "://", &kind))
		buf_c(out, "http://");
	else if (!str_eq_nocase(kind, STR("http")) && !str_eq_nocase(kind, STR("https")))
		return err_set(err, ERR_CONFIG,
			"git cannot go through a proxy of the kind '%.*s': name one of http in "
			"HTTPS_PROXY, or except the host in NO_PROXY",
			(int)(kind.n < 20 ? kind.n : 20), kind.p);
	buf_str(out, proxy);
	return 0;
}
