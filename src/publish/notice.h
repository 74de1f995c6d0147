/* notice: what happened, as Slack, PagerDuty, a webhook of yours or a mail want to hear it.
 * Layer: publish. Pure. Texts come from logs, models and people: each is redacted, made one line,
 * cut to what the service takes, and cannot mention anybody there. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "model/fix.h"

enum notice_channel {
	NOTICE_SLACK,
	NOTICE_PAGERDUTY,
	NOTICE_WEBHOOK,
	NOTICE_MAIL,
	NOTICE_CHANNELS,
};
const char *notice_channel_to_string(enum notice_channel channel);

/* Events are a set of bits: one each outcome, and one for changes of pull requests. */
enum { NOTICE_ON_PULL = 1u << 31 };
/* "healed", "not_healed", ... "pull_request"; false for any other word. */
bool notice_event_from_string(struct str word, uint32_t *bit);
/* What a channel hears when nobody said: fixes and pull requests; PagerDuty what people must look
 * at. */
uint32_t notice_default_events(enum notice_channel channel);

struct notice {
	enum outcome outcome;
	struct str repository; /* "owner/name", or a folder's name */
	struct str fingerprint, session;
	struct str error, root_cause, solution, why;
	size_t attempts;
	int tests_passed, tests_total; /* < 0: not known */
	double confidence;
	struct {
		const char *operation; /* "created"...; NULL: none changed */
		int64_t number;
		struct str url;
	} pull;
	int64_t at; /* seconds since the epoch */
};

/* Of a fix, or of a run that found none; pull is left empty. Borrows from fix. */
void notice_of_fix(struct notice *out, const struct fix *fix, struct arena *mem);
/* Whether a channel that listens to events wants it. PagerDuty hears of every healed one: that
 * resolves what was triggered. */
bool notice_wanted(const struct notice *n, enum notice_channel channel, uint32_t events);
/* Two with the same key say the same. 64 hexadecimal digits. */
struct str notice_key(const struct notice *n, struct arena *mem);

/* The body of an incoming webhook's request: blocks, and a text for notifications. */
void notice_slack(struct buf *out, const struct notice *n);
/* Events API v2: trigger, or resolve of a healed one, with the fingerprint as dedup_key. */
void notice_pagerduty(struct buf *out, const struct notice *n, struct str routing_key);
/* Source: docs/notices.md. */
void notice_webhook(struct buf *out, const struct notice *n);
/* A whole message (RFC 5322), its text in base64. */
void notice_mail(struct buf *out, const struct notice *n, struct str from, const struct str *to,
	size_t n_to);
