#include "port/crypto/sha256.h"

#include <assert.h>

#include <openssl/evp.h>

void sha256_hex(char out[SHA256_HEX_SIZE], struct str data)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int ok = EVP_Digest(data.p ? data.p : "", data.n, hash, &n, EVP_sha256(), NULL);

	/* Fails only without memory or without the algorithm: neither is the caller's to handle. */
	assert(ok == 1 && n == 32);
	(void)ok;
	for (unsigned i = 0; i < n; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[2 * (size_t)n] = '\0';
}
