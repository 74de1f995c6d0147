/* library: libmicrohttpd, loaded when the first server is opened: it draws in GnuTLS, whose loading
 * every other command would pay for. Layer: port, private to src/port/httpd. */
#pragma once

#include <microhttpd.h>

#include "base/cleanup.h"
#include "base/err.h"

#define MHD_CALLS(X)                                                                               \
	X(MHD_add_response_header)                                                                 \
	X(MHD_create_response_from_buffer)                                                         \
	X(MHD_destroy_response)                                                                    \
	X(MHD_get_connection_info)                                                                 \
	X(MHD_lookup_connection_value)                                                             \
	X(MHD_queue_response)                                                                      \
	X(MHD_quiesce_daemon)                                                                      \
	X(MHD_resume_connection)                                                                   \
	X(MHD_start_daemon)                                                                        \
	X(MHD_stop_daemon)                                                                         \
	X(MHD_suspend_connection)

#define MHD_MEMBER(name) __typeof__(name) *name;

struct mhd {
	MHD_CALLS(MHD_MEMBER)
};

/* ERR_CONFIG when it is not there or too old. */
int mhd_load(struct mhd *out, struct err *err) MUST_CHECK;
