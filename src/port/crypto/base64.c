#include "port/crypto/base64.h"

#include <openssl/evp.h>

enum { PIECE = 48 << 10 }; /* a multiple of three: only the last one is padded */

void base64_encode(struct buf *out, struct str bytes)
{
	while (bytes.n) {
		struct str piece = str_slice(bytes, 0, PIECE);
		char *at = buf_reserve(out, (piece.n + 2) / 3 * 4 + 1);

		if (!at)
			return;
		out->n += (size_t)EVP_EncodeBlock(
			(unsigned char *)at, (const unsigned char *)piece.p, (int)piece.n);
		bytes = str_from(bytes, piece.n);
	}
}

void base64url_encode(struct buf *out, struct str bytes)
{
	size_t begin = out->n;

	base64_encode(out, bytes);
	while (out->n > begin && out->p[out->n - 1] == '=')
		buf_truncate(out, out->n - 1);
	for (size_t i = begin; i < out->n; i++) {
		if (out->p[i] == '+')
			out->p[i] = '-';
		else if (out->p[i] == '/')
			out->p[i] = '_';
	}
}

static bool decode_piece(EVP_ENCODE_CTX *ctx, struct buf *out, struct str piece, bool *ended)
{
	char *at = buf_reserve(out, piece.n + 64);
	int n = 0, rc;

	if (!at)
		return false;
	rc = EVP_DecodeUpdate(
		ctx, (unsigned char *)at, &n, (const unsigned char *)piece.p, (int)piece.n);
	out->n += (size_t)n;
	*ended = *ended || rc == 0;
	return rc >= 0;
}

bool base64_decode(struct buf *out, struct str text)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	unsigned char rest[64];
	bool ok = ctx != NULL, ended = false;
	int n = 0;

	if (ok)
		EVP_DecodeInit(ctx);
	while (ok && text.n) {
		struct str piece = str_slice(text, 0, PIECE);

		ok = decode_piece(ctx, out, piece, &ended);
		text = str_from(text, piece.n);
	}
	ok = ok && EVP_DecodeFinal(ctx, rest, &n) == 1 && n == 0;
	EVP_ENCODE_CTX_free(ctx);
	return ok && !out->over;
}
