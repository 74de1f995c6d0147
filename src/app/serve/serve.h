/* serve: the webhook server: door, spool, ingest, workers.
 * Layer: app/serve.
 *
 *	GitHub -> httpd -> webhooks -> spool        believed, on disk, answered
 *	                                 |
 *	                              ingest        read, de-duplicated, made jobs
 *	                                 |
 *	                               queue        (the store)
 *	                                 |
 *	                              workers       one child process a job
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/serve/ingest.h"
#include "app/serve/workers.h"
#include "base/err.h"
#include "base/str.h"
#include "port/store/store.h"

struct serve_options {
	const char *listen; /* "ADDR:PORT" */
	struct str secret;  /* empty: unsigned deliveries are taken, on loopback alone */
	const char *spool_dir;
	uint64_t spool_bytes;
	int max_connections, max_per_address, idle_ms, request_ms;
	int grace_ms; /* how long jobs may go on after the request to stop */
	bool log_requests;
	bool catch_up; /* ask GitHub for deliveries that failed */
	struct ingest_options ingest;
	struct workers_options workers;
};

/* Opens store and spool, listens, serves until SIGINT or SIGTERM (which it takes for itself), then
 * stops in order: no new connections, requests under way answered, jobs ended or given back.
 * ready, unless NULL, is called when it listens. */
int serve_run(const struct serve_options *options, void (*ready)(void *data, int port), void *data,
	struct err *err) MUST_CHECK;
