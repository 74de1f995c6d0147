/* HMAC-SHA256: published vectors, in one piece and in many, and the compare. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "port/crypto/hmac.h"

static void hex_of(const unsigned char sum[HMAC_BYTES], char out[2 * HMAC_BYTES + 1])
{
	for (size_t i = 0; i < HMAC_BYTES; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

static void assert_sum(struct hmac *h, const char *expected)
{
	unsigned char sum[HMAC_BYTES];
	char hex[2 * HMAC_BYTES + 1];

	hmac_final(h, sum);
	hex_of(sum, hex);
	assert_string_equal(hex, expected);
}

static const struct {
	struct str key, text;
	const char *sum;
} vectors[] = {
	/* GitHub's own example of a webhook's signature. */
	{STR("It's a Secret to Everybody"), STR("Hello, World!"),
		"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
	/* RFC 4231, cases 2 and 6 (a key longer than a block). */
	{STR("Jefe"), STR("what do ya want for nothing?"),
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	/* Nothing, under nothing. */
	{STR(""), STR(""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct hmac *h = hmac_new(vectors[i].key);

		hmac_update(h, vectors[i].text);
		assert_sum(h, vectors[i].sum);
		hmac_free(h);
	}
}

static void test_long_key(void **state)
{
	char key[131];
	struct hmac *h;

	(void)state;
	memset(key, 0xaa, sizeof(key));
	h = hmac_new(str_make(key, sizeof(key)));
	hmac_update(h, STR("Test Using Larger Than Block-Size Key - Hash Key First"));
	assert_sum(h, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	hmac_free(h);
}

static void test_pieces_make_one_message(void **state)
{
	struct hmac *h = hmac_new(vectors[0].key);
	struct str text = vectors[0].text;

	(void)state;
	for (size_t i = 0; i < text.n; i++)
		hmac_update(h, str_slice(text, i, i + 1));
	hmac_update(h, STR_NULL);
	assert_sum(h, vectors[0].sum);
	hmac_free(h);
}

static void test_final_starts_anew(void **state)
{
	struct hmac *h = hmac_new(vectors[0].key);

	(void)state;
	for (int i = 0; i < 3; i++) {
		hmac_update(h, vectors[0].text);
		assert_sum(h, vectors[0].sum);
	}
	hmac_update(h, STR("Hello, World?"));
	unsigned char sum[HMAC_BYTES];
	char hex[2 * HMAC_BYTES + 1];

	hmac_final(h, sum);
	hex_of(sum, hex);
	assert_string_not_equal(hex, vectors[0].sum);
	hmac_free(h);
}

static void test_equal(void **state)
{
	char a[32] = "0123456789abcdef", b[32] = "0123456789abcdef";

	(void)state;
	assert_true(crypto_equal(a, b, sizeof(a)));
	assert_true(crypto_equal(a, "x", 0));
	for (size_t i = 0; i < sizeof(a); i++) {
		b[i] ^= 1;
		assert_false(crypto_equal(a, b, sizeof(a)));
		b[i] ^= 1;
	}
}

static void test_wipe(void **state)
{
	char secret[] = "a secret";

	(void)state;
	crypto_wipe(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++)
		assert_int_equal(secret[i], 0);
	crypto_wipe(NULL, 0);
	hmac_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_long_key),
		cmocka_unit_test(test_pieces_make_one_message),
		cmocka_unit_test(test_final_starts_anew),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
