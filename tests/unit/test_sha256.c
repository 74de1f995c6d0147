#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "port/crypto/sha256.h"

/* FIPS 180-4's own examples, and no bytes at all. */
static void known_answers(void **state)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	char hex[SHA256_HEX_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sha256_hex(hex, str_of(cases[i].text));
		assert_string_equal(hex, cases[i].hex);
	}
	sha256_hex(hex, STR_NULL);
	assert_string_equal(hex, cases[0].hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(known_answers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
