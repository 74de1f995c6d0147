#include "port/crypto/rsa.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/alloc.h"

struct rsa_key {
	EVP_PKEY *key;
};

/* Asks nobody at a terminal for a pass phrase. */
static int no_pass_phrase(char *out, int size, int rwflag, void *data)
{
	(void)out;
	(void)size;
	(void)rwflag;
	(void)data;
	return -1;
}

int rsa_key_load(struct rsa_key **out, struct str pem, struct err *err)
{
	BIO *in = pem.n && pem.n < 1 << 20 ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_pass_phrase, NULL) : NULL;

	BIO_free(in);
	ERR_clear_error();
	if (!key)
		return err_set(err, ERR_CONFIG,
			"cannot read the private key: not PEM without a pass phrase");
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		EVP_PKEY_free(key);
		return err_set(err, ERR_CONFIG, "cannot read the private key: not one of RSA");
	}
	*out = xcalloc(1, sizeof(**out));
	(*out)->key = key;
	return 0;
}

void rsa_key_free(struct rsa_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

int rsa_sign(const struct rsa_key *key, struct str text, struct buf *out, struct err *err)
{
	size_t n = (size_t)EVP_PKEY_get_size(key->key);
	char *at = buf_reserve(out, n);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = at && ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->key) == 1 &&
		  EVP_DigestSign(
			  ctx, (unsigned char *)at, &n, (const unsigned char *)text.p, text.n) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (!ok)
		return err_set(err, ERR_CONFIG, "cannot sign with the private key");
	out->n += n;
	return 0;
}
