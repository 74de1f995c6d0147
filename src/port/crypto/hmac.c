#include "port/crypto/hmac.h"

#include <assert.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/alloc.h"

/* A context that has the key, and the one in use: a copy of it. Setting a key costs two blocks of
 * the hash and the look-up of the algorithm, a copy neither. */
struct hmac {
	EVP_MAC *mac;
	EVP_MAC_CTX *keyed, *now;
};

/* What follows fails only without memory or without the algorithm: neither is the caller's to
 * handle. */
static void must(bool ok)
{
	assert(ok);
	(void)ok;
}

static void start(struct hmac *h)
{
	EVP_MAC_CTX_free(h->now);
	h->now = EVP_MAC_CTX_dup(h->keyed);
	must(h->now != NULL);
}

struct hmac *hmac_new(struct str key)
{
	/* OSSL_PARAM has no const; it is only read. */
	static char name[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end()};
	struct hmac *h = xcalloc(1, sizeof(*h));

	h->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	must(h->mac != NULL);
	h->keyed = EVP_MAC_CTX_new(h->mac);
	/* An empty key is one, too; a NULL would mean "the key of before". */
	must(h->keyed && EVP_MAC_init(h->keyed, (const unsigned char *)(key.p ? key.p : ""), key.n,
				 params) == 1);
	start(h);
	return h;
}

void hmac_update(struct hmac *h, struct str piece)
{
	if (piece.n)
		must(EVP_MAC_update(h->now, (const unsigned char *)piece.p, piece.n) == 1);
}

void hmac_final(struct hmac *h, unsigned char out[HMAC_BYTES])
{
	size_t n = 0;

	must(EVP_MAC_final(h->now, out, &n, HMAC_BYTES) == 1 && n == HMAC_BYTES);
	start(h);
}

void hmac_free(struct hmac *h)
{
	if (!h)
		return;
	EVP_MAC_CTX_free(h->now);
	EVP_MAC_CTX_free(h->keyed);
	EVP_MAC_free(h->mac);
	free(h);
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void crypto_wipe(void *p, size_t n)
{
	if (p)
		OPENSSL_cleanse(p, n);
}
