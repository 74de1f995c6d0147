/* library: libcurl, loaded when the first client is opened. With TLS, Kerberos, LDAP and HTTP/2 it
 * draws in thirty libraries, whose loading takes longer (7 ms) than a run that asks nobody
 * anything. Layer: port, private to src/port/http. */
#pragma once

/* The checks of types are macros that take the names away which the members below have. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/err.h"

#define CURL_CALLS(X)                                                                              \
	X(curl_easy_cleanup)                                                                       \
	X(curl_easy_getinfo)                                                                       \
	X(curl_easy_init)                                                                          \
	X(curl_easy_reset)                                                                         \
	X(curl_easy_setopt)                                                                        \
	X(curl_easy_strerror)                                                                      \
	X(curl_free)                                                                               \
	X(curl_global_init)                                                                        \
	X(curl_multi_add_handle)                                                                   \
	X(curl_multi_cleanup)                                                                      \
	X(curl_multi_info_read)                                                                    \
	X(curl_multi_init)                                                                         \
	X(curl_multi_perform)                                                                      \
	X(curl_multi_poll)                                                                         \
	X(curl_multi_remove_handle)                                                                \
	X(curl_slist_append)                                                                       \
	X(curl_slist_free_all)                                                                     \
	X(curl_url)                                                                                \
	X(curl_url_cleanup)                                                                        \
	X(curl_url_get)                                                                            \
	X(curl_url_set)

#define CURL_MEMBER(name) __typeof__(name) *name;

struct curl_library {
	CURL_CALLS(CURL_MEMBER)
};

/* ERR_CONFIG when it is not there or too old. */
int curl_library_load(struct curl_library *out, struct err *err) MUST_CHECK;
