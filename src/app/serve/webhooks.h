/* webhooks: GitHub's deliveries at the door: believed by their signature, stored, then answered.
 * Layer: app/serve. The HMAC runs over the raw bytes as they come; nothing of a body is looked at
 * before it, and nothing of one is ever logged. What is inside is read later (ingest.h). */
#pragma once

#include "app/serve/counts.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "port/httpd/httpd.h"

struct spool;
struct webhooks;

enum {
	WEBHOOK_BODY_MAX = 25 << 20,   /* GitHub's own limit */
	WEBHOOK_MEMORY_MAX = 64 << 10, /* of one body; larger ones go to the spool as they come */
};

/* secret empty: deliveries are taken unsigned. Both pointers are borrowed. */
struct webhooks *webhooks_new(struct spool *spool, struct counts *counts, struct str secret);
/* The server that used it must be gone. */
void webhooks_free(struct webhooks *w);
DEFINE_CLEANUP(struct webhooks *, webhooks_free)

extern const struct httpd_stream webhooks_stream; /* its data: the struct webhooks */
