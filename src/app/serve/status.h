/* status: what a server says of itself: /healthz, /readyz, /metrics.
 * Layer: app/serve. */
#pragma once

#include <stddef.h>

#include "app/serve/counts.h"
#include "port/httpd/httpd.h"

struct buf;
struct spool;

struct status {
	struct counts *counts;
	struct spool *spool;
	int64_t started_s;
};

/* Their routes; data is the struct status, which outlives the server. */
enum { STATUS_ROUTES = 3 };
void status_routes(struct status *s, struct httpd_route out[STATUS_ROUTES]);
/* Prometheus text: https://prometheus.io/docs/instrumenting/exposition_formats/ */
void status_metrics(struct buf *out, struct status *s);
