#include "support/rsa_pem.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/alloc.h"

char *test_private_key(const char *kind)
{
	EVP_PKEY *key = strcmp(kind, "EC") == 0
				? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
				: EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	BIO *out = BIO_new(BIO_s_mem());
	char *text, *copy;
	long n;

	if (!key || PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	n = BIO_get_mem_data(out, &text);
	copy = xstrndup(text, (size_t)n);
	BIO_free(out);
	EVP_PKEY_free(key);
	return copy;
}

bool test_is_signed(const char *pem, struct str text, struct str signature)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
			  (const unsigned char *)text.p, text.n) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	BIO_free(in);
	return ok;
}
