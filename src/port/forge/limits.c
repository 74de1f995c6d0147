#include "port/forge/forge_private.h"

#include "base/clock.h"

/* GitHub's rules for good guests: wait for as long as retry-after says, else until
 * x-ratelimit-reset when nothing remains, else a minute and longer each time; one write after the
 * other, a second apart. */

enum { FIRST_WAIT_S = 60, LONGEST_WAIT_S = 900, STRIKES = 8 };

int64_t forge_now(const struct forge *f)
{
	return (f->now ? f->now() : clock_wall_s()) + f->skew_s;
}

static struct quota *quota_of(struct forge *f, const struct ask *ask)
{
	return &f->quotas[ask->graphql        ? QUOTA_GRAPHQL
			  : ask->as == AS_APP ? QUOTA_APP
					      : QUOTA_REST];
}

static int64_t number(const struct http_response *r, const char *name)
{
	int64_t n;

	return str_to_i64(http_header_get(r, name), 0, INT64_MAX / 2, &n) ? n : -1;
}

static void note_clock(struct forge *f, const struct http_response *r)
{
	int64_t theirs;

	if (http_date(http_header_get(r, "date"), &theirs))
		f->skew_s = theirs - (f->now ? f->now() : clock_wall_s());
}

void limits_note(struct forge *f, const struct ask *ask, const struct http_response *r)
{
	struct quota *q = quota_of(f, ask);
	int64_t left = number(r, "x-ratelimit-remaining");

	note_clock(f, r);
	if (left < 0)
		return;
	q->left = left;
	q->limit = number(r, "x-ratelimit-limit");
	q->reset_at = number(r, "x-ratelimit-reset");
	if (left == 0 && q->reset_at > forge_now(f))
		q->blocked_until = q->reset_at + 1;
}

static bool is_write(const struct ask *ask)
{
	return ask->method && ask->as != AS_APP;
}

static int wait_for_gap(struct forge *f, const struct ask *ask, struct err *err)
{
	int64_t wait = f->last_write_ms + f->write_gap_ms - clock_mono_ms();

	if (!is_write(ask) || !f->last_write_ms || wait <= 0 || http_wait(f->http, wait))
		return 0;
	return err_set(err, ERR_INTERRUPT, "interrupted");
}

void limits_after_write(struct forge *f)
{
	f->last_write_ms = clock_mono_ms();
}

int limits_before(struct forge *f, const struct ask *ask, int64_t *waited_ms, struct err *err)
{
	struct quota *q = quota_of(f, ask);
	int64_t wait_ms = (q->blocked_until - forge_now(f)) * 1000;
	char when[CLOCK_ISO_SIZE];

	if (wait_ms <= 0)
		return wait_for_gap(f, ask, err);
	clock_iso(q->blocked_until, when);
	if (*waited_ms + wait_ms > f->max_wait_ms || q->strikes > STRIKES)
		return err_set(err, ERR_RATE,
			"%s %.*s: GitHub's limit is reached (%lld requests an hour), open again at "
			"%s",
			ask->method ? ask->method : "GET", STR_ARGS(str_slice(ask->path, 0, 150)),
			(long long)q->limit, when);
	if (!http_wait(f->http, wait_ms))
		return err_set(err, ERR_INTERRUPT, "interrupted");
	*waited_ms += wait_ms;
	q->blocked_until = 0;
	return wait_for_gap(f, ask, err);
}

static bool says_limit(const struct ask *ask, const struct http_response *r)
{
	/* GraphQL answers 200 and says so inside; what it gives of others is what we asked for. */
	if (ask->graphql && r->status == 200)
		return str_has(r->body, "\"RATE_LIMITED\"");
	if (r->status == 429)
		return true;
	if (r->status == 422)
		return refusal_says(r->body, "submitted too quickly");
	if (r->status != 403)
		return false;
	return http_header_get(r, "retry-after").n || number(r, "x-ratelimit-remaining") == 0 ||
	       refusal_says(r->body, "rate limit") || refusal_says(r->body, "abuse detection");
}

bool limits_met(struct forge *f, const struct ask *ask, const struct http_response *r)
{
	struct quota *q = quota_of(f, ask);
	int64_t now = forge_now(f), wait;

	if (!says_limit(ask, r)) {
		q->strikes = 0;
		return false;
	}
	wait = http_retry_after(http_header_get(r, "retry-after"), now);
	if (wait < 0 && q->left == 0 && q->reset_at > now)
		wait = q->reset_at - now + 1;
	if (wait < 0) {
		wait = (int64_t)FIRST_WAIT_S << (q->strikes < 4 ? q->strikes : 4);
		wait = wait < LONGEST_WAIT_S ? wait : LONGEST_WAIT_S;
	}
	q->strikes++;
	q->blocked_until = now + (wait > 0 ? wait : 1);
	return true;
}
