#include "kit/trial/blame.h"

#include <ctype.h>

#include "base/buf.h"
#include "base/limits.h"

enum { STALE_LINES = 4, TRACE_LINES = 240 };

/* Lower case; a line that has one says that the world outside was wanted. */
static const char *const network_signs[] = {"network is unreachable",
	"temporary failure in name resolution", "name or service not known",
	"could not resolve host", "could not resolve proxy", "getaddrinfo enotfound",
	"getaddrinfo eai_again", "enetunreach", "unknownhostexception", ": no such host",
	"dial tcp: lookup ", "nodename nor servname provided", "failed to resolve '",
	"unable to resolve host", "no address associated with hostname",
	"failed to lookup address information", "name does not resolve", "getaddrinfo failed",
	"network is down", "no route to host", "host is unreachable", "ehostunreach",
	"err_name_not_resolved", "err_internet_disconnected", "err_address_unreachable",
	"server misbehaving", "temporary failure resolving",
	"could not connect to the endpoint url", "all nameservers failed",
	"the resolution lifetime expired", "nameresolutionerror", "queryaaaa e", "querysrv e"};

/* Of a line near it, an installer at work: that belongs before the tests. */
static const char *const installer_signs[] = {"pip install", "pypi.org", "files.pythonhosted.org",
	"npm err!", "npm error", "registry.npmjs.org", "registry.yarnpkg.com", "crates.io",
	"proxy.golang.org", "go: downloading", "repo.maven.apache.org", "repo1.maven.org",
	"services.gradle.org", "rubygems.org", "packagist.org", "api.nuget.org", "git clone",
	"fetchcontent", "deb.debian.org"};

static const char *const denied_signs[] = {
	"operation not permitted", "read-only file system", "permission denied"};

/* Ports of servers that a test expects beside it. */
static const char *const service_ports[] = {"5432", "3306", "6379", "27017", "5672", "9200",
	"11211", "9092", "2181", "1433", "1521", "8086", "4222", "2379", "9000"};

/* Servers that are met at a socket of the file system, or say themselves that they are not there.
 */
static const char *const service_signs[] = {"can't connect to local mysql server",
	"connection to server on socket", "is the server running locally and accepting",
	"cannot connect to the docker daemon",
	"docker.sock: connect:", "error while fetching server api version",
	"could not find a valid docker environment", "no display name and no $display",
	"cannot open display", "can't open display", "could not connect to display",
	"couldn't connect to display", "missing x server or $display",
	"failed to connect to the bus", "could not connect to session bus"};

static const char *const limit_signs[] = {"can't start new thread", "fork: retry", "cannot fork",
	"unable to create native thread", "pthread_create failed: resource temporarily unavailable",
	"file size limit exceeded"};

#define HAS_ANY(line, signs) has_any((line), (signs), ARRAY_LEN(signs))

static bool has_any(struct str line, const char *const *signs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_has(line, signs[i]))
			return true;
	return false;
}

/* Whether the number stands alone behind a ':', "port " or ", ". */
static bool names_port(struct str line, const char *port)
{
	size_t n = strlen(port);
	ptrdiff_t at;

	while ((at = str_find_c(line, port)) >= 0) {
		char before = at ? line.p[at - 1] : '\0';
		struct str rest = str_from(line, (size_t)at + n);

		if ((before == ':' || before == ' ' || before == '=') &&
			(!rest.n || !isdigit((unsigned char)rest.p[0])))
			return true;
		line = rest;
	}
	return false;
}

/* What the lines before, as of one traceback, speak of: how many lines ago. */
struct memory {
	int installer; /* an installer at work */
	int server;    /* a port of this machine, written out */
	int launch;    /* a program being started */
};

static bool is_refused(struct str line)
{
	return str_has(line, "connection refused") || str_has(line, "econnrefused") ||
	       str_has(line, "could not connect to server") ||
	       str_has(line, "connection to server at ") || str_has(line, "connect call failed");
}

/* "127.0.0.1:8080", "('localhost', 8080)" in a line of code before the refusal: a port that
 * somebody chose, not one that a server of the tests was given. */
static bool names_own_port(struct str line)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "::1"};

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		ptrdiff_t at = str_find_c(line, hosts[i]);
		struct str rest = at < 0 ? STR_NULL : str_from(line, (size_t)at + strlen(hosts[i]));

		while (rest.n && strchr("]:'\", \t", rest.p[0]))
			rest = str_from(rest, 1);
		if (at >= 0 && rest.n && isdigit((unsigned char)rest.p[0]))
			return true;
	}
	return false;
}

/* Python's way to say that a program is not there. */
static bool misses_program(struct str line)
{
	static const char sign[] = "no such file or directory: '";
	ptrdiff_t at = str_find_c(line, sign);
	struct str name;

	if (at < 0 || !str_has(line, "filenotfounderror"))
		return false;
	name = str_from(line, (size_t)at + sizeof(sign) - 1);
	return str_find_char(name, '/') < 0;
}

/* "/usr/bin/python3: No module named pytest": the interpreter itself says so of what `-m` names. */
static bool misses_runner(struct str line)
{
	static const char *const runners[] = {"pytest", "nose", "nose2", "tox", "nox", "coverage",
		"trial", "twisted", "green", "ward", "behave", "robot", "pip", "build", "venv",
		"virtualenv", "poetry", "pipenv", "mypy", "flake8", "pylint", "ruff", "black",
		"isort", "xdist", "zope.testrunner", "testtools", "stestr", "avocado"};
	static const char sign[] = ": no module named ";
	ptrdiff_t at = str_find_c(line, sign);
	struct str program, module;

	if (at <= 0)
		return false;
	program = str_slice(line, 0, (size_t)at);
	module = str_trim(str_from(line, (size_t)at + sizeof(sign) - 1));
	if (!str_has(program, "python") && !str_has(program, "pypy"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(runners); i++)
		if (str_eq_c(module, runners[i]))
			return true;
	return false;
}

static bool wants_service(struct str line)
{
	if (!is_refused(line))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(service_ports); i++)
		if (names_port(line, service_ports[i]))
			return true;
	return false;
}

/* The first absolute path of the line: in quotes, or behind white space. */
static struct str find_path(struct str line)
{
	for (size_t i = 0; i + 1 < line.n; i++) {
		char before = i ? line.p[i - 1] : ' ';
		size_t end = i + 1;

		if (line.p[i] != '/' || !strchr(" '\"`(=", before))
			continue;
		while (end < line.n && !strchr(" '\"`):,\t", line.p[end]))
			end++;
		if (end > i + 1)
			return str_slice(line, i, end);
	}
	return STR_NULL;
}

/* A denial of a path that commands may write is the project's own doing. */
static bool is_denied_outside(const struct blame_context *c, struct str lower, struct str line)
{
	struct str path = find_path(line);

	if (!HAS_ANY(lower, denied_signs) || !path.n)
		return false;
	for (const char *const *folder = c->writable; folder && *folder; folder++)
		if (str_starts(path, *folder))
			return false;
	return true;
}

static bool is_word_at(struct str line, size_t at, size_t n)
{
	char before = at ? line.p[at - 1] : ' ', after = at + n < line.n ? line.p[at + n] : ' ';

	return !isalnum((unsigned char)before) && before != '_' && !isalnum((unsigned char)after) &&
	       after != '_';
}

/* A variable that we did not pass on, in a line that speaks of its absence. */
static bool names_stripped(const struct blame_context *c, struct str lower, struct str line)
{
	static const char *const absence[] = {"keyerror", "environ", "not set", "is required",
		"missing", "undefined", "unset", "unbound variable", "not defined", "must be set",
		"not found", "parameter not set"};

	if (!HAS_ANY(lower, absence))
		return false;
	for (const char *const *name = c->stripped; name && *name; name++) {
		ptrdiff_t at = str_find_c(line, *name);

		if (at >= 0 && is_word_at(line, (size_t)at, strlen(*name)))
			return true;
	}
	return false;
}

static const struct blame *judge(
	const struct blame_context *c, struct str lower, struct str line, const struct memory *ago)
{
	static const struct blame setup = {"setup", "something was to be installed while tests ran",
					  {NULL, 0}},
				  network = {"sandbox.network", "only the loopback can be reached",
					  {NULL, 0}},
				  services = {"services", "a server of this machine was wanted",
					  {NULL, 0}},
				  program = {"setup", "a program is not installed", {NULL, 0}},
				  env = {"sandbox.env", "a variable was not passed on", {NULL, 0}},
				  denied = {"sandbox", "a call or a write was denied", {NULL, 0}},
				  limit = {"sandbox", "a limit was met", {NULL, 0}};

	if (c->no_network && HAS_ANY(lower, network_signs))
		return ago->installer < STALE_LINES ? &setup : &network;
	if (HAS_ANY(lower, service_signs))
		return &services;
	if (c->no_network && (wants_service(lower) || (is_refused(lower) && ago->server > 0 &&
							      ago->server < TRACE_LINES)))
		return &services;
	if (misses_runner(lower) || (ago->launch < TRACE_LINES && misses_program(lower)))
		return &program;
	if (names_stripped(c, lower, line))
		return &env;
	if (c->confined && HAS_ANY(lower, limit_signs))
		return &limit;
	return c->confined && is_denied_outside(c, lower, line) ? &denied : NULL;
}

static void remember(struct memory *ago, struct str lower)
{
	ago->installer = HAS_ANY(lower, installer_signs) ? 0 : ago->installer + 1;
	ago->server = names_own_port(lower) ? 0 : ago->server + 1;
	ago->launch = str_has(lower, "subprocess") ? 0 : ago->launch + 1;
}

bool blame_find(struct blame *out, const struct blame_context *context, struct str output)
{
	const struct blame *found = NULL;
	struct memory ago = {TRACE_LINES, TRACE_LINES, TRACE_LINES};
	struct str line;
	BUF_AUTO lower;

	buf_init(&lower, LIMIT_LINE_BYTES);
	while (!found && str_next_line(&output, &line)) {
		struct str head = str_slice(line, 0, LIMIT_LINE_BYTES - 1);

		buf_reset(&lower);
		for (size_t i = 0; i < head.n; i++)
			buf_char(&lower, (char)tolower((unsigned char)head.p[i]));
		remember(&ago, buf_view(&lower));
		found = judge(context, buf_view(&lower), head, &ago);
	}
	if (!found)
		return false;
	*out = *found;
	out->evidence = str_trim(line);
	return true;
}
