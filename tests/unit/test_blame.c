/* blame: which failures are ours, and which are not. */
#include "kit/trial/blame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"

static const char *const writable[] = {"/home/u/project", "/tmp", NULL};
static const char *const stripped[] = {"API_URL", "DATABASE", NULL};
static const struct blame_context all = {true, true, writable, stripped};

static void test_rules(void **state)
{
	static const struct {
		const char *output, *setting; /* NULL: the code's own failure */
	} cases[] = {
		{"OSError: [Errno 101] Network is unreachable\n", "sandbox.network"},
		{"socket.gaierror: [Errno -3] Temporary failure in name resolution",
			"sandbox.network"},
		{"Error: getaddrinfo EAI_AGAIN api.example.com", "sandbox.network"},
		{"dial tcp: lookup example.com: no such host", "sandbox.network"},
		{"java.net.UnknownHostException: example.com", "sandbox.network"},
		{"pip install -r requirements.txt\nfoo\nTemporary failure in name resolution",
			"setup"},
		{"npm ERR! request to https://x failed, reason: getaddrinfo ENOTFOUND x", "setup"},
		{"psycopg2.OperationalError: connection to server at \"localhost\", port 5432 "
		 "failed:"
		 " Connection refused",
			"services"},
		{"Error: connect ECONNREFUSED 127.0.0.1:6379", "services"},
		{"Error: connect ECONNREFUSED 127.0.0.1:63790", NULL},
		{"Connection refused", NULL},
		{"    urlopen('http://127.0.0.1:46001/health')\n  more\nurllib.error.URLError: "
		 "<urlopen "
		 "error [Errno 111] Connection refused>",
			"services"},
		{"    connect((\"localhost\", 4711))\nConnectionRefusedError: [Errno 111] "
		 "Connection "
		 "refused",
			"services"},
		{"    connect((host, port))\nConnectionRefusedError: [Errno 111] Connection "
		 "refused",
			NULL},
		{"/usr/lib/python3.11/subprocess.py:1901: in _execute_child\nFileNotFoundError: "
		 "[Errno 2] "
		 "No such file or directory: 'redis-server'",
			"setup"},
		{"FileNotFoundError: [Errno 2] No such file or directory: 'data.csv'", NULL},
		{"/usr/lib/python3.11/subprocess.py:1901: x\nFileNotFoundError: [Errno 2] No such "
		 "file or "
		 "directory: './run'",
			NULL},
		{"KeyError: 'API_URL'", "sandbox.env"},
		{"sh: 1: DATABASE: parameter not set", "sandbox.env"},
		{"KeyError: 'MY_API_URL'", NULL},
		{"KeyError: 'name'", NULL},
		{"API_URL is http://x", NULL},
		{"PermissionError: [Errno 13] Permission denied: '/home/u/.cache/x'", "sandbox"},
		{"OSError: [Errno 30] Read-only file system: '/opt/data'", "sandbox"},
		{"touch: cannot touch '/tmp/x/y': Permission denied", NULL},
		{"./run.sh: Permission denied", NULL},
		{"mount: /mnt: Operation not permitted", "sandbox"},
		{"RuntimeError: can't start new thread", "sandbox"},
		/* what -m names is a tool, or a module of the project */
		{"/usr/bin/python3: No module named pytest\n", "setup"},
		{"/opt/pypy/bin/pypy3: No module named nose2", "setup"},
		{"/usr/bin/python3: No module named shop", NULL},
		{"ModuleNotFoundError: No module named 'pytest'", NULL},
		{"/usr/bin/python3: No module named pytest.shop", NULL},
		{"E: ping: bad address 'a.b': Name does not resolve", "sandbox.network"},
		{"botocore: Could not connect to the endpoint URL: \"https://s3.x\"",
			"sandbox.network"},
		{"OSError: [Errno 113] No route to host", "sandbox.network"},
		{"ERROR: Could not resolve \"./shop\"", NULL},
		{"Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the",
			"services"},
		{"(2002, \"Can't connect to local MySQL server through socket '/run/x'\")",
			"services"},
		{"_tkinter.TclError: no display name and no $DISPLAY environment variable",
			"services"},
		{"the display is open", NULL},
		{"AssertionError: 1 != 2\n1 failed", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct blame blame = {0};
		bool found = blame_find(&blame, &all, str_of(cases[i].output));

		if (found != (cases[i].setting != NULL))
			fail_msg("'%s': %s", cases[i].output, found ? blame.setting : "nothing");
		if (found)
			assert_string_equal(blame.setting, cases[i].setting);
	}
}

static void test_what_is_open_is_not_blamed(void **state)
{
	static const struct blame_context open = {false, false, writable, NULL};
	struct blame blame;

	assert_false(blame_find(&blame, &open,
		STR("Network is unreachable\nKeyError: 'API_URL'\nPermission denied: '/opt/x'\n")));
}

static void test_evidence_is_the_line(void **state)
{
	struct blame blame;

	assert_true(blame_find(&blame, &all, STR("a\n  x: Network is unreachable  \nb\n")));
	assert_true(str_eq_c(blame.evidence, "x: Network is unreachable"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_what_is_open_is_not_blamed),
		cmocka_unit_test(test_evidence_is_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
