/* Base64 and RS256: what an App's token is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "port/crypto/base64.h"
#include "port/crypto/rsa.h"
#include "support/rsa_pem.h"

/* RFC 4648, section 10, and bytes that show both alphabets. */
static const struct {
	struct str bytes;
	const char *text, *url;
} cases[] = {
	{STR(""), "", ""},
	{STR("f"), "Zg==", "Zg"},
	{STR("fo"), "Zm8=", "Zm8"},
	{STR("foo"), "Zm9v", "Zm9v"},
	{STR("foob"), "Zm9vYg==", "Zm9vYg"},
	{STR("fooba"), "Zm9vYmE=", "Zm9vYmE"},
	{STR("foobar"), "Zm9vYmFy", "Zm9vYmFy"},
	{STR("\xfb\xff\xfe"), "+//+", "-__-"},
	{STR("\0\0"), "AAA=", "AAA"},
};

static void test_base64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		BUF_AUTO text = BUF_INIT(100);
		BUF_AUTO url = BUF_INIT(100);
		BUF_AUTO bytes = BUF_INIT(100);

		buf_c(&url, "before=");
		base64_encode(&text, cases[i].bytes);
		base64url_encode(&url, cases[i].bytes);
		assert_string_equal(buf_text(&text), cases[i].text);
		assert_string_equal(buf_text(&url) + 7, cases[i].url);
		assert_true(base64_decode(&bytes, str_of(cases[i].text)));
		assert_true(str_eq(buf_view(&bytes), cases[i].bytes));
	}
}

static void test_base64_of_much(void **state)
{
	BUF_AUTO bytes = BUF_INIT(1 << 20);
	BUF_AUTO text = BUF_INIT(1 << 20);
	BUF_AUTO broken = BUF_INIT(1 << 20);
	BUF_AUTO back = BUF_INIT(1 << 20);

	(void)state;
	for (int i = 0; i < 200001; i++)
		buf_char(&bytes, (char)(i * 7));
	base64_encode(&text, buf_view(&bytes));
	assert_int_equal(text.n, (size_t)266668);
	/* As GitHub gives it: in lines. */
	for (size_t i = 0; i < text.n; i += 60) {
		buf_str(&broken, str_slice(buf_view(&text), i, i + 60));
		buf_char(&broken, '\n');
	}
	assert_true(base64_decode(&back, buf_view(&broken)));
	assert_true(str_eq(buf_view(&back), buf_view(&bytes)));
}

static void test_what_is_not_base64(void **state)
{
	static const char *const texts[] = {
		"Zg=", "Z", "Zm9v!", "Z===", "\xff\xff\xff\xff", "Zg==x"};
	BUF_AUTO small = BUF_INIT(2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		BUF_AUTO out = BUF_INIT(100);

		assert_false(base64_decode(&out, str_of(texts[i])));
	}
	assert_false(base64_decode(&small, STR("Zm9vYmFy")));
}

static void test_signature(void **state)
{
	CLEANUP(freep) char *pem = test_private_key("RSA");
	struct err err = ERR_INIT;
	struct rsa_key *key = NULL;
	BUF_AUTO out = BUF_INIT(1000);

	(void)state;
	assert_int_equal(rsa_key_load(&key, str_of(pem), &err), 0);
	assert_int_equal(rsa_sign(key, STR("header.claims"), &out, &err), 0);
	assert_int_equal(out.n, 256);
	assert_true(test_is_signed(pem, STR("header.claims"), buf_view(&out)));
	assert_false(test_is_signed(pem, STR("header.claimS"), buf_view(&out)));
	/* No room: said, not cut. */
	buf_release(&out);
	buf_init(&out, 10);
	assert_int_equal(rsa_sign(key, STR("x"), &out, &err), -1);
	rsa_key_free(key);
	rsa_key_free(NULL);
}

static void test_keys_that_are_none(void **state)
{
	CLEANUP(freep) char *ec = test_private_key("EC");
	CLEANUP(freep) char *half = test_private_key("RSA");
	const char *texts[] = {"", "nonsense", ec, half,
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE "
		"KEY-----\n"};

	(void)state;
	half[strlen(half) / 2] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = ERR_INIT;
		struct rsa_key *key = NULL;

		assert_int_equal(rsa_key_load(&key, str_of(texts[i]), &err), -1);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_null(key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64_of_much),
		cmocka_unit_test(test_what_is_not_base64),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_keys_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
