/* forge_fixture: a forge that asks a scripted peer, with a clock and waits of the test's own. */
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "port/forge/forge.h"
#include "port/http/http.h"
#include "support/peer.h"

enum { FIXTURE_WAITS = 32 };

struct forge_fixture {
	struct http *http;
	struct forge *forge;
	struct peer *peer, *other;
	struct arena mem;
	struct err err;
	int64_t waits[FIXTURE_WAITS]; /* in order, ms */
	size_t n_waits;
};

/* The clock: starts here, and goes on by what is waited. One test at a time. */
enum { FIXTURE_START = 1700000000 };
extern int64_t fixture_now_s;

int fixture_setup(void **state);
int fixture_teardown(void **state);
/* A peer with these steps, and a forge that asks it. options: http, now and api_url are filled in
 * (api_url as a suffix of the peer's address); NULL: token "tok", no gap. */
void fixture_play(struct forge_fixture *f, const struct peer_step *steps, size_t n,
	const struct forge_options *options);
/* Each step was asked for and nothing else. */
void fixture_done(struct forge_fixture *f);

#define FIXTURE_REPO STR("o/r")
#define FORGE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define assert_str(s, text) assert_true(str_eq_c((s), (text)))
#define assert_said(f, text) assert_non_null(strstr((f)->err.msg, (text)))
