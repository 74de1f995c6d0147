#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "port/git/remote_url.h"

static void addresses(void **state)
{
	static const struct {
		const char *url, *host;
		bool https, loopback;
		int port;
	} cases[] = {
		{"https://github.com/a/b.git", "github.com", true, false, 443},
		{"https://ghe.example:8443/a/b", "ghe.example", true, false, 8443},
		{"http://127.0.0.1:1234/a", "127.0.0.1", false, true, 1234},
		{"http://localhost/a", "localhost", false, true, 80},
		{"https://[::1]:99/a", "::1", true, true, 99},
		{"http://127.evil.example/a", "127.evil.example", false, false, 80},
		{"http://127.0.0.1.evil.example/a", "127.0.0.1.evil.example", false, false, 80},
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct remote_url u;

		if (remote_url_read(&u, cases[i].url, &err) < 0)
			fail_msg("%s: %s", cases[i].url, err.msg);
		assert_true(str_eq_c(u.host, cases[i].host));
		assert_int_equal(u.https, cases[i].https);
		assert_int_equal(u.port, cases[i].port);
		if (remote_url_is_loopback(&u) != cases[i].loopback)
			fail_msg("%s: loopback", cases[i].url);
	}
}

static void no_addresses(void **state)
{
	static const char *const urls[] = {"", "git@github.com:a/b", "ssh://h/a", "file:///a",
		"https://", "https://h", "https:///a", "https://u:p@h/a", "https://u@h/a",
		"https://h:/a", "https://h:0/a", "https://h:65536/a", "https://h:1x/a",
		"https://h/a b", "https://h\\@evil/a", "https://h/a\n", "https://[::1/a"};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct remote_url u;

		if (remote_url_read(&u, urls[i], &err) == 0)
			fail_msg("'%s' was taken", urls[i]);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_null(strstr(err.msg, "u:p"));
	}
}

static void proxies(void **state)
{
	static const struct {
		const char *url, *https_proxy, *no_proxy, *expect; /* expect NULL: refused */
	} cases[] = {
		{"https://github.com/a", "", "", ""},
		{"https://github.com/a", "http://p:1", "", "http://p:1"},
		{"https://github.com/a", "p:1", "", "http://p:1"},
		{"https://github.com/a", "http://p:1", "example.org,github.com", ""},
		{"https://api.github.com/a", "http://p:1", ".github.com", ""},
		{"https://api.github.com/a", "http://p:1", "github.com", ""},
		{"https://notgithub.com/a", "http://p:1", "github.com", "http://p:1"},
		{"https://github.com/a", "http://p:1", "*", ""},
		{"https://github.com/a", "socks5://p:1", "", NULL},
		{"http://h/a", "http://p:1", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		BUF_AUTO out = BUF_INIT(1000);
		struct err err = ERR_INIT;
		struct remote_url u;
		int rc;

		setenv("https_proxy", cases[i].https_proxy, 1);
		setenv("no_proxy", cases[i].no_proxy, 1);
		assert_int_equal(remote_url_read(&u, cases[i].url, &err), 0);
		rc = remote_url_proxy(&out, &u, &err);
		assert_int_equal(rc, cases[i].expect ? 0 : -1);
		if (cases[i].expect)
			assert_string_equal(buf_text(&out), cases[i].expect);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(no_addresses),
		cmocka_unit_test(proxies),
	};

	/* Nothing of who runs the test. */
	unsetenv("HTTPS_PROXY");
	unsetenv("ALL_PROXY");
	unsetenv("all_proxy");
	unsetenv("NO_PROXY");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
