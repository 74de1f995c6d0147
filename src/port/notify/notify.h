/* notify: one notice on its way to a service, repeated while that may help.
 * Layer: port. The address of a Slack or generic webhook is a credential: no error, trace or log
 * has more of it than its host. What an answer says is checked, not only its status. A notice may
 * arrive twice (an answer got lost); the receivers can tell: by dedup_key, X-Selfheal-Delivery,
 * Message-ID. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct http;

/* Answers are read up to this size, and exchanges tried so often. */
enum { NOTIFY_ANSWER_BYTES = 64 << 10, NOTIFY_TIMEOUT_MS = 10000 };

/* Whether a text may be such an address: https, or http to this machine alone. */
bool notify_is_address(struct str text);

/* An incoming webhook of Slack (or of what takes its form: Mattermost, Rocket.Chat). */
int notify_slack(struct http *h, struct str url, struct str body, struct err *err) MUST_CHECK;
/* Events API v2; url is no secret, the key in the body is. */
int notify_pagerduty(struct http *h, struct str url, struct str body, struct err *err) MUST_CHECK;
/* Any receiver of JSON. secret: X-Selfheal-Signature is "sha256=" and the HMAC-SHA256 of the body
 * under it, in hexadecimal; empty: not signed. id: X-Selfheal-Delivery. */
struct notify_webhook {
	struct str url, secret, id;
};
int notify_webhook(struct http *h, const struct notify_webhook *to, struct str body,
	struct err *err) MUST_CHECK;

/* Where mail goes, as one text: "smtps://USER:PASSWORD@HOST:PORT/?from=A&to=B,C" (or smtp://), or
 * "sendmail:/usr/sbin/sendmail?from=A&to=B". User and password are percent-encoded. */
enum { NOTIFY_RECIPIENTS_MAX = 20 };
struct notify_mail {
	const char *program; /* NULL: by SMTP */
	const char *url, *user, *password;
	struct str from, to[NOTIFY_RECIPIENTS_MAX];
	size_t n_to;
};
/* ERR_CONFIG says what is missing, and nothing of what is there. */
int notify_mail_read(
	struct notify_mail *out, struct str text, struct arena *mem, struct err *err) MUST_CHECK;
/* text: a whole message. */
int notify_mail(
	struct http *h, const struct notify_mail *to, struct str text, struct err *err) MUST_CHECK;
