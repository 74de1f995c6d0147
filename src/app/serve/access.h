/* access: the access log: one JSON line a request on stderr, written in larger pieces.
 * Layer: app/serve. What a peer sent is escaped; bodies and headers are never in it. */
#pragma once

#include "base/cleanup.h"
#include "port/httpd/httpd.h"

struct access;

struct access *access_new(int fd);
/* Writes what is left. */
void access_free(struct access *a);
DEFINE_CLEANUP(struct access *, access_free)
/* struct httpd_options' seen; data is the struct access. */
void access_add(void *data, const struct httpd_seen *seen);
/* Writes what waits; about once a second. */
void access_flush(struct access *a);
