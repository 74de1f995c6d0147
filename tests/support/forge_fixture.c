#include "support/forge_fixture.h"

#include "base/alloc.h"

int64_t fixture_now_s;

static int64_t now(void)
{
	return fixture_now_s;
}

static bool note_wait(void *data, int64_t ms)
{
	struct forge_fixture *f = data;

	if (f->n_waits < FIXTURE_WAITS)
		f->waits[f->n_waits++] = ms;
	fixture_now_s += ms / 1000;
	return true;
}

int fixture_setup(void **state)
{
	struct forge_fixture *f = xcalloc(1, sizeof(*f));
	struct http_options options = {.wait_ms = note_wait, .data = f, .timeout_ms = 5000};

	(void)signal(SIGPIPE, SIG_IGN);
	fixture_now_s = FIXTURE_START;
	*state = f;
	return http_open(&f->http, &options, &f->err);
}

int fixture_teardown(void **state)
{
	struct forge_fixture *f = *state;

	forge_free(f->forge);
	http_free(f->http);
	if (f->peer)
		(void)peer_stop(f->peer);
	if (f->other)
		(void)peer_stop(f->other);
	arena_release(&f->mem);
	free(f);
	return 0;
}

void fixture_play(struct forge_fixture *f, const struct peer_step *steps, size_t n,
	const struct forge_options *options)
{
	static const struct forge_options plain = {.token = "tok", .write_gap_ms = -1};
	struct forge_options o = options ? *options : plain;
	CLEANUP(freep) char *url = NULL;

	f->peer = peer_start(steps, n, f->other);
	url = xasprintf("%s%s", peer_url(f->peer), o.api_url ? o.api_url : "");
	o.api_url = url;
	o.http = f->http;
	o.now = now;
	if (forge_open(&f->forge, &o, &f->err) < 0)
		fail_msg("forge_open: %s", f->err.msg);
}

void fixture_done(struct forge_fixture *f)
{
	assert_true(peer_stop(TAKE(f->peer)));
	forge_free(TAKE(f->forge));
}
