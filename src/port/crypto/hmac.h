/* hmac: whether a message comes from who shares a secret with us.
 * Layer: port; src/port/crypto is the only folder that includes OpenSSL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"

/* HMAC-SHA256 (RFC 2104, FIPS 180-4) of a message that comes in pieces. */
struct hmac;

enum { HMAC_BYTES = 32 };

/* Never NULL. The key is copied, and wiped by hmac_free. */
struct hmac *hmac_new(struct str key);
void hmac_update(struct hmac *h, struct str piece);
/* The sum of all pieces since hmac_new or the last hmac_final; h is then ready for the next message
 * under the same key. */
void hmac_final(struct hmac *h, unsigned char out[HMAC_BYTES]);
void hmac_free(struct hmac *h);
DEFINE_CLEANUP(struct hmac *, hmac_free)

/* Whether n bytes are the same, in a time that does not tell where they differ. */
bool crypto_equal(const void *a, const void *b, size_t n);
/* Fills the memory of a secret with zeros; no compiler leaves it out. */
void crypto_wipe(void *p, size_t n);
