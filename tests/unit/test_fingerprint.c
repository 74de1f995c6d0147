/* Identities of failures: equal under what changes from run to run, different for other causes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/fingerprint/fingerprint.h"
#include "kit/fingerprint/taxonomy.h"

static struct arena mem;

static int set_up(void **state)
{
	(void)state;
	arena_init(&mem);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&mem);
	return 0;
}

static void messages_are_masked(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"assert 3 == 4", "assert # == #"},
		{"assert -3 == 1.5e-05", "assert # == #"},
		{"at 0x7fbe9f1c0400>", "at #>"},
		{"[1, 2, 3] != [4]", "[#] != [#]"},
		{"2024-01-31T12:34:56.123Z done", "# done"},
		{"Wed Jan 31 12:34:56 2024", "#"},
		{"took 1m 3.5s", "took #"},
		{"version 3.11.2", "version #"},
		{"id 123e4567-e89b-12d3-a456-426614174000", "id #"},
		{"commit 3f2a9bc1d", "commit #"},
		{"No such file: '/tmp/pytest-of-a/pytest-3/x.txt'", "No such file: '*'"},
		{"open /home/u/proj/conf.yml failed", "open conf.yml failed"},
		{"open /tmp/tmpab12cd failed", "open # failed"},
		{"C:\\work\\a.txt gone", "a.txt gone"},
		{"name 'foo' is not defined", "name 'foo' is not defined"},
		{"No module named 'a.b'", "No module named 'a.b'"},
		{"KeyError: 'alice'", "KeyError: '*'"},
		{"got \"some text\" here", "got '*' here"},
		{"can't and won't", "can't and won't"},
		{"x1 and x2", "x1 and x2"},
		{"  spaces \t and\nlines ", "spaces and lines"},
		{"unclosed 'quote", "unclosed 'quote"},
		{"\xe2\x80\x98two\xe2\x80\x99 undeclared",
			"\xe2\x80\x98two\xe2\x80\x99 undeclared"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str got = fingerprint_mask(str_of(cases[i].in), &mem);

		if (!str_eq_c(got, cases[i].out))
			fail_msg("'%s' gives '%.*s'", cases[i].in, STR_ARGS(got));
	}
}

static struct failure sample(void)
{
	struct failure f = {.id = STR("tests/test_a.py::test_b"),
		.language = STR("python"),
		.type = STR("AssertionError"),
		.message = STR("assert 3 == 4\n +  where 3 = f()"),
		.file = STR("tests/test_a.py"),
		.line = 7};
	struct frame outside = {.path = STR("/usr/lib/x.py"), .function = STR("run")};
	struct frame inside = {
		.path = STR("src/a.py"), .function = STR("f"), .line = 3, .in_project = true};

	failure_add_frame(&f, &mem, outside);
	failure_add_frame(&f, &mem, inside);
	return f;
}

static struct failure finished(struct failure f)
{
	fingerprint_failure(&f, &mem);
	return f;
}

static void stable_things_do_not_matter(void **state)
{
	struct failure a = finished(sample()), f = sample();

	(void)state;
	f.line = 99;
	f.message = STR("assert 30 == 41\n +  where 30 = f(1)");
	f.stack.v[1].line = 44;
	f.stack.v[0].path = STR("/opt/other/x.py");
	f.duration_s = 3;
	f = finished(f);
	assert_string_equal(a.fingerprint, f.fingerprint);
	assert_string_equal(a.cause, f.cause);
	assert_int_equal(strlen(a.fingerprint), 64);
}

static void causes_differ(void **state)
{
	struct failure a = finished(sample()), b = sample(), c = sample(), d = sample(),
		       e = sample();

	(void)state;
	b.id = STR("tests/test_a.py::test_c");
	b = finished(b);
	assert_string_not_equal(a.fingerprint, b.fingerprint);
	assert_string_equal(a.cause, b.cause);
	c.type = STR("ValueError");
	c = finished(c);
	assert_string_not_equal(a.cause, c.cause);
	d.stack.v[1].function = STR("g");
	d = finished(d);
	assert_string_not_equal(a.cause, d.cause);
	e.kind = FAILURE_TIMEOUT;
	e = finished(e);
	assert_string_not_equal(a.cause, e.cause);
}

/* A runner that takes the file for the test's name, and one that prints what differs. */
static void tests_have_a_name_of_some_sort(void **state)
{
	struct failure a = {.name = STR("/home/a/app/test/one.test.js"), .message = STR("failed")};
	struct failure b = {.name = STR("/builds/7/test/one.test.js"), .message = STR("failed")};
	struct failure c = {.name = STR("/builds/7/test/two.test.js"), .message = STR("failed")};
	struct failure d = {.id = STR("1"),
		.message = STR("--- expected\n+++ actual\n@@ -1 +1 @@\n-alpha\n+beta")};
	struct failure e = {.id = STR("1"),
		.message = STR("--- expected\n+++ actual\n@@ -9 +9 @@\n-alpha\n+gamma")};

	(void)state;
	a = finished(a);
	b = finished(b);
	c = finished(c);
	assert_string_equal(a.fingerprint, b.fingerprint);
	assert_string_not_equal(b.fingerprint, c.fingerprint);
	d = finished(d);
	e = finished(e);
	assert_string_not_equal(d.fingerprint, e.fingerprint);
}

/* fp1 is stored for years: its value for a known record may never change. */
static void version_one_is_what_it_was(void **state)
{
	struct failure f = {.language = STR("c"), .type = STR("assert"), .message = STR("x == 1")};

	(void)state;
	f = finished(f);
	assert_string_equal(
		f.cause, "213b6afd5f0713029d8cb3a9d378f632f7e4b71b9f276f5f3620099355d7fdd3");
}

static void kinds_and_classes_follow_rules(void **state)
{
	static const struct {
		const char *language, *type, *message;
		enum failure_kind from, to;
		const char *phase, *subtype;
	} cases[] = {
		{"python", "ModuleNotFoundError", "No module named 'x'", FAILURE_TEST,
			FAILURE_DEPENDENCY, "deploy", "MissingModule"},
		{"python", "SyntaxError", "'(' was never closed", FAILURE_TEST, FAILURE_COMPILE,
			"compile", "Unbalanced"},
		{"python", "OSError", "[Errno 28] No space left on device", FAILURE_TEST,
			FAILURE_INFRASTRUCTURE, "deploy", "DiskFull"},
		{"python", "requests.exceptions.ConnectionError", "x", FAILURE_TEST,
			FAILURE_INFRASTRUCTURE, "deploy", "Network"},
		{"python", "AssertionError", "assert 1 == 2", FAILURE_TEST, FAILURE_TEST, "runtime",
			"WrongValue"},
		{"c", "error", "\xe2\x80\x98i\xe2\x80\x99 undeclared (first use)", FAILURE_COMPILE,
			FAILURE_COMPILE, "compile", "UndefinedName"},
		{"c", "fatal error", "a.h: No such file or directory", FAILURE_COMPILE,
			FAILURE_DEPENDENCY, "deploy", "MissingHeader"},
		{"", "SIGSEGV", "", FAILURE_CRASH, FAILURE_CRASH, "runtime", "InvalidMemory"},
		{"", "strange", "", FAILURE_TEST, FAILURE_TEST, "runtime", "other"},
		{"", "environment", "curl: (6) Could not resolve host: a.b", FAILURE_INFRASTRUCTURE,
			FAILURE_INFRASTRUCTURE, "deploy", "Network"},
		{"java", "java.net.UnknownHostException", "a.b", FAILURE_TEST,
			FAILURE_INFRASTRUCTURE, "deploy", "Network"},
		{"javascript", "Error", "connect ECONNREFUSED 10.1.2.3:80", FAILURE_TEST,
			FAILURE_INFRASTRUCTURE, "deploy", "Network"},
		{"javascript", "Error", "connect ECONNREFUSED 127.0.0.1:5432", FAILURE_TEST,
			FAILURE_TEST, "runtime", "ServiceDown"},
		{"javascript", "Error", "getaddrinfo ENOTFOUND a.b", FAILURE_TEST,
			FAILURE_INFRASTRUCTURE, "deploy", "Network"},
		/* An assertion is a test, whatever it speaks of. */
		{"javascript", "AssertionError", "expected 'Could not resolve host' to equal 'a'",
			FAILURE_TEST, FAILURE_TEST, "runtime", "WrongValue"},
		{"java", "org.opentest4j.AssertionFailedError", "No space left on device",
			FAILURE_TEST, FAILURE_TEST, "runtime", "Condition"},
		{"cpp", "expectation", "Value of: s\n  Actual: \"429 Too Many Requests\"",
			FAILURE_TEST, FAILURE_TEST, "runtime", "WrongValue"},
		{"python", "AssertionError", "assert 'certificate has expired' in log",
			FAILURE_TEST, FAILURE_TEST, "runtime", "Condition"},
		/* Nor does what a warning speaks of make it another kind. */
		{"c", "warning", "message: Network is unreachable", FAILURE_LINT, FAILURE_LINT,
			"compile", "Network"},
		{"", "environment", "x509: certificate signed by unknown authority",
			FAILURE_INFRASTRUCTURE, FAILURE_INFRASTRUCTURE, "deploy", "Certificate"},
		{"", "environment", "E: Release file for x is not valid yet", FAILURE_TEST,
			FAILURE_INFRASTRUCTURE, "deploy", "Clock"},
		{"", "environment", "The operation was canceled.", FAILURE_TEST,
			FAILURE_INFRASTRUCTURE, "deploy", "Cancelled"},
		{"", "environment", "No output has been received in the last 10m0s", FAILURE_TEST,
			FAILURE_TIMEOUT, "runtime", "JobTimeout"},
		{"javascript", "npm", "Unsupported engine", FAILURE_DEPENDENCY, FAILURE_DEPENDENCY,
			"deploy", "VersionMismatch"},
		{"python", "pip", "No matching distribution found for x", FAILURE_DEPENDENCY,
			FAILURE_DEPENDENCY, "deploy", "MissingPackage"},
		{"go", "go-mod", "verifying a: checksum mismatch", FAILURE_DEPENDENCY,
			FAILURE_DEPENDENCY, "deploy", "Checksum"},
		{"javascript", "Error", "Cannot find module 'a'", FAILURE_TEST, FAILURE_DEPENDENCY,
			"deploy", "MissingModule"},
		{"javascript", "Error", "Cannot find module './a'", FAILURE_TEST, FAILURE_TEST,
			"runtime", "PathIssue"},
		{"typescript", "error", "Cannot find name 'a'.", FAILURE_COMPILE, FAILURE_COMPILE,
			"compile", "UndefinedName"},
		{"rust", "error", "mismatched types", FAILURE_COMPILE, FAILURE_COMPILE, "compile",
			"TypeMismatch"},
		{"rust", "panic", "assertion `left == right` failed", FAILURE_CRASH, FAILURE_TEST,
			"runtime", "WrongValue"},
		{"go", "panic", "runtime error: index out of range [5]", FAILURE_CRASH,
			FAILURE_CRASH, "runtime", "OutOfRange"},
		{"python", "KeyError", "'API_KEY'", FAILURE_TEST, FAILURE_TEST, "runtime",
			"MissingKey"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct failure f = {.language = str_of(cases[i].language),
			.type = str_of(cases[i].type),
			.message = str_of(cases[i].message),
			.kind = cases[i].from};

		taxonomy_decide_kind(&f);
		taxonomy_classify(&f, &mem);
		if (f.kind != cases[i].to || !str_eq_c(f.class_[1], cases[i].phase) ||
			!str_eq_c(f.class_[3], cases[i].subtype))
			fail_msg("%s: %s: %s %.*s %.*s", cases[i].type, cases[i].message,
				failure_kind_to_string(f.kind), STR_ARGS(f.class_[1]),
				STR_ARGS(f.class_[3]));
		assert_true(taxonomy_advice(&f).n > 10);
	}
}

/* What the world around a run says when it is not well. */
static void the_world_around_is_told(void **state)
{
	static const struct {
		const char *type, *message, *subtype;
	} cases[] = {
		{"socket.gaierror", "[Errno -5] No address associated with hostname", "Network"},
		{"error", "dial tcp: lookup db.x on 10.0.0.2:53: server misbehaving", "Network"},
		{"urllib.error.URLError", "<urlopen error [Errno 111] Connection refused>",
			"Network"},
		{"urllib3.exceptions.ProxyError", "x", "Network"},
		{"http.client.RemoteDisconnected", "Remote end closed connection without response",
			"Network"},
		{"environment", "kex_exchange_identification: Connection closed by remote host",
			"Network"},
		{"java.net.ConnectException", "Connection refused", "Network"},
		{"TimeoutError", "timed out", "Network"},
		{"error", "dial tcp 10.0.0.9:443: connect: connection refused", "Network"},
		{"requests.exceptions.HTTPError",
			"503 Server Error: Service Unavailable for url: x", "Registry"},
		{"environment", "http://a/Packages.gz  Hash Sum mismatch", "Registry"},
		{"ssl.SSLEOFError", "[SSL] EOF occurred in violation of protocol (_ssl.c:997)",
			"Certificate"},
		{"Error", "unable to verify the first certificate", "Certificate"},
		{"OSError", "[Errno 30] Read-only file system: '/var/cache/x'", "FileSystem"},
		{"OSError", "[Errno 5] Input/output error", "FileSystem"},
		{"sqlite3.OperationalError", "disk I/O error", "FileSystem"},
		{"OSError", "[Errno 24] Too many open files: 'a'", "FileLimit"},
		{"Error", "ENOSPC: System limit for number of file watchers reached", "DiskFull"},
		{"RuntimeError", "can't start new thread", "Processes"},
		{"java.lang.OutOfMemoryError", "unable to create native thread", "Processes"},
		{"Error", "spawn node EAGAIN", "Processes"},
		{"OSError", "[Errno 12] Cannot allocate memory", "OutOfMemory"},
		{"botocore.exceptions.ClientError", "An error occurred (ThrottlingException): Rate",
			"RateLimit"},
		{"sqlite3.OperationalError", "database is locked", "Locked"},
		{"environment", "fatal: Unable to create '/x/.git/index.lock': File exists.",
			"Locked"},
		{"OSError", "[Errno 26] Text file busy: './tool'", "Locked"},
		{"OSError", "[Errno 98] Address already in use", "PortTaken"},
		{"Error", "listen EADDRINUSE: address already in use :::3000", "PortTaken"},
		{"_tkinter.TclError", "no display name and no $DISPLAY environment variable",
			"Display"},
		{"java.awt.HeadlessException", "x", "Display"},
		{"environment",
			"Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
			"Docker"},
		{"psycopg2.OperationalError", "FATAL:  the database system is starting up",
			"ServiceDown"},
		{"pymysql.err.OperationalError",
			"(2003, \"Can't connect to MySQL server on 'db'\")", "ServiceDown"},
		{"pymongo.errors.ServerSelectionTimeoutError", "db:27017: x", "ServiceDown"},
		{"environment", "make: warning: Clock skew detected. Your build may be incomplete.",
			"Clock"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct failure f = {.language = STR("python"),
			.type = str_of(cases[i].type),
			.message = str_of(cases[i].message)};

		taxonomy_decide_kind(&f);
		taxonomy_classify(&f, &mem);
		if (f.kind != FAILURE_INFRASTRUCTURE || !str_eq_c(f.class_[3], cases[i].subtype))
			fail_msg("%s: %s: %s %.*s", cases[i].type, cases[i].message,
				failure_kind_to_string(f.kind), STR_ARGS(f.class_[3]));
		assert_true(taxonomy_advice(&f).n > 10);
		/* The same words in a comparison are a test's. */
		f = (struct failure){.type = STR("AssertionError"),
			.message = str_of(cases[i].message),
			.language = STR("python"),
			.expected = STR("a"),
			.actual = STR("b")};
		taxonomy_decide_kind(&f);
		assert_int_equal(f.kind, FAILURE_TEST);
	}
}

/* A test is about what it says more often than the world around is ill. */
static void a_test_that_speaks_of_the_world_stays_a_test(void **state)
{
	static const struct {
		const char *type, *message;
		enum failure_kind to;
	} cases[] = {
		{"java.net.ConnectException", "Connection refused (Connection refused)",
			FAILURE_TEST},
		{"java.net.ConnectException", "Connection timed out", FAILURE_INFRASTRUCTURE},
		{"java.net.ConnectException", "Failed to connect to repo.example.org/10.1.2.3:80",
			FAILURE_INFRASTRUCTURE},
		{"error", "status code: 503, want 200", FAILURE_TEST},
		{"Error", "Request failed with HTTP 503", FAILURE_TEST},
		{"Error", "expected error EMFILE to be thrown", FAILURE_TEST},
		{"error", "got Connection reset by peer", FAILURE_TEST},
		{"error", "Unexpected EMFILE", FAILURE_INFRASTRUCTURE},
		{"error", "got dial tcp: lookup a.b on 10.0.0.2:53: no such host, want nil",
			FAILURE_INFRASTRUCTURE},
		{"LimiterError", "API rate limit: 5 of 4", FAILURE_TEST},
		{"requests.exceptions.HTTPError",
			"500 Server Error: x for url: http://localhost:5000/a", FAILURE_TEST},
		{"requests.exceptions.HTTPError",
			"500 Server Error: x for url: http://pypi.example.org/a",
			FAILURE_INFRASTRUCTURE},
		{"error",
			"Get \"https://127.0.0.1:4/\": x509: certificate signed by unknown "
			"authority",
			FAILURE_TEST},
		{"error", "bad path /var/run/docker.sock", FAILURE_TEST},
		{"error", "dial unix /var/run/docker.sock: connect: no such file or directory",
			FAILURE_INFRASTRUCTURE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct failure f = {.name = STR("test_a"),
			.type = str_of(cases[i].type),
			.message = str_of(cases[i].message)};

		taxonomy_decide_kind(&f);
		if (f.kind != cases[i].to)
			fail_msg("%s: %s: %s", cases[i].type, cases[i].message,
				failure_kind_to_string(f.kind));
	}
}

static void the_deciding_line_is_quoted(void **state)
{
	struct failure f = {.type = STR("Error"),
		.message = STR("request failed\n  getaddrinfo ENOTFOUND a.b\nat once")};
	struct failure compared = {.type = STR("Error"),
		.message = STR("getaddrinfo ENOTFOUND a.b"),
		.expected = STR("a"),
		.actual = STR("getaddrinfo ENOTFOUND a.b")};

	(void)state;
	taxonomy_decide_kind(&f);
	assert_true(str_eq_c(f.evidence, "getaddrinfo ENOTFOUND a.b"));
	/* Two values that differ are a test's failure. */
	taxonomy_decide_kind(&compared);
	assert_int_equal(compared.kind, FAILURE_TEST);
	assert_null(compared.evidence.p);
}

static void patterns_match(void **state)
{
	(void)state;
	assert_true(taxonomy_like("*", STR("")));
	assert_true(taxonomy_like("", STR("")));
	assert_false(taxonomy_like("", STR("a")));
	assert_true(taxonomy_like("a*c", STR("abbc")));
	assert_true(taxonomy_like("*b*b*", STR("abxb")));
	assert_false(taxonomy_like("a*c", STR("abb")));
	assert_false(taxonomy_like("abc", STR("ab")));
	assert_false(taxonomy_like("ab*ba", STR("aba")));
	assert_true(taxonomy_like("*a**b", STR("ab")));
	assert_true(taxonomy_like("a*", STR("a")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_masked),
		cmocka_unit_test(stable_things_do_not_matter),
		cmocka_unit_test(causes_differ),
		cmocka_unit_test(tests_have_a_name_of_some_sort),
		cmocka_unit_test(version_one_is_what_it_was),
		cmocka_unit_test(kinds_and_classes_follow_rules),
		cmocka_unit_test(the_world_around_is_told),
		cmocka_unit_test(a_test_that_speaks_of_the_world_stays_a_test),
		cmocka_unit_test(the_deciding_line_is_quoted),
		cmocka_unit_test(patterns_match),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
