#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/redact/redact.h"

#define A10 "0123456789"
#define A40 A10 A10 A10 A10

/* Written in pieces, so that no scanner takes this file for a leak. */
static void secrets_go_and_text_stays(void **state)
{
	static const struct {
		const char *text, *clean;
	} cases[] = {
		{"nothing here", "nothing here"},
		{"", ""},
		{"key gh"
		 "p_" A40 " end",
			"key [secret] end"},
		{"a=sk"
		 "-" A40 ", b=sk"
		 "-ant-" A40,
			"a=[secret], b=[secret]"},
		{"sk"
		 "-learn is a library, task"
		 "-" A40,
			"sk"
			"-learn is a library, task"
			"-" A40},
		{"AK"
		 "IA0123456789ABCDEF",
			"[secret]"},
		{"MAK"
		 "IA0123456789ABCDEF",
			"MAK"
			"IA0123456789ABCDEF"},
		{"https://me:"
		 "hunter2@example.org/x",
			"https://me:[secret]@example.org/x"},
		{"https://example.org:8080/a@b", "https://example.org:8080/a@b"},
		{"mail to:me@example.org", "mail to:me@example.org"},
		{"x\n-----BEGIN RSA "
		 "PRIVATE KEY-----\nMII\n-----END RSA "
		 "PRIVATE KEY-----\ny\n",
			"x\n[secret]\ny\n"},
		{"-----BEGIN "
		 "PRIVATE KEY-----\nMII",
			"[secret]"},
		{"-----BEGIN CERTIFICATE-----\nMII", "-----BEGIN CERTIFICATE-----\nMII"},
		{"--------", "--------"},
	};
	BUF_AUTO out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_reset(&out);
		redact_text(&out, str_of(cases[i].text));
		assert_string_equal(buf_text(&out), cases[i].clean);
		assert_int_equal(redact_find(str_of(cases[i].text)).p != NULL,
			strstr(cases[i].clean, "[secret]") != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(secrets_go_and_text_stays)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
