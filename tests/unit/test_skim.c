#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/serve/delivery.h"
#include "app/serve/form.h"
#include "json/skim.h"

static const char *const wanted[] = {"action", "repository", NULL};

struct row {
	const char *in, *out; /* out "": no whole object */
};

static const struct row rows[] = {
	{"{}", "{}"},
	{" { } ", "{}"},
	{"{\"action\":\"x\"}", "{\"action\":\"x\"}"},
	{"{\"a\":1,\"action\" : true , \"b\":[1,{\"action\":2}]}", "{\"action\": true }"},
	{"{\"commits\":[\"}\",\"\\\"]\"],\"repository\":{\"n\":\"a,}\"}}",
		"{\"repository\":{\"n\":\"a,}\"}}"},
	{"{\"action\":1,\"repository\":null}", "{\"action\":1,\"repository\":null}"},
	{"{\"x\\\"action\":1,\"action\":2}", "{\"action\":2}"},
	{"{\"\\u0061ction\":1}", "{}"}, /* not how GitHub writes it */
	{"{\"action\":\"\\\\\"}", "{\"action\":\"\\\\\"}"},
	{"[1]", ""},
	{"", ""},
	{"{\"action\":\"x\"", ""},
	{"{\"action\":\"x", ""},
	{"{action:1}", ""},
	{"nonsense", ""},
};

static void one(const struct row *row, size_t step)
{
	struct str in = str_of(row->in), out;
	JSON_SKIM_AUTO skim;

	json_skim_init(&skim, wanted, 1000);
	for (size_t at = 0; at < in.n; at += step)
		json_skim_add(&skim, str_slice(in, at, at + step));
	out = json_skim_end(&skim);
	if (!str_eq_c(out, row->out))
		fail_msg("%s by %zu: %.*s", row->in, step, STR_ARGS(out));
}

static void wanted_members_alone_whatever_the_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t step = 1; step < 20; step++)
			one(&rows[i], step);
}

static void too_much_is_nothing(void **state)
{
	JSON_SKIM_AUTO skim;

	(void)state;
	json_skim_init(&skim, wanted, 100);
	json_skim_add(&skim, STR("{\"action\":\""));
	for (int i = 0; i < 100; i++)
		json_skim_add(&skim, STR("xx"));
	json_skim_add(&skim, STR("\"}"));
	assert_int_equal(json_skim_end(&skim).n, 0);
	assert_true(skim.out.over);
}

static void forms(void **state)
{
	static const struct row forms[] = {
		{"payload=%7B%22a%22%3A+1%7d", "{\"a\": 1}"},
		{"x=1&payload=a%2Bb&payload=c", "a+b"},
		{"payloads=1&pay=2&payload=3", "3"},
		{"payload", ""},
		{"payload=%4", ""},
		{"a=payload=3", ""},
		{"payload=a&b", "a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		for (size_t step = 1; step < 9; step++) {
			struct str in = str_of(forms[i].in);
			struct form_reader reader = {0};
			BUF_AUTO out = BUF_INIT(100);

			for (size_t at = 0; at < in.n; at += step)
				form_read(&reader, str_slice(in, at, at + step), &out);
			if (!str_eq_c(buf_view(&out), forms[i].out))
				fail_msg("%s by %zu: %s", forms[i].in, step, buf_text(&out));
		}
}

static void heads_of_records(void **state)
{
	struct delivery d = {.received_s = 7,
				.event = STR("push"),
				.id = STR("1-2"),
				.sum = STR("ab"),
				.form = true},
			again;
	BUF_AUTO text = BUF_INIT(1000);

	(void)state;
	delivery_write(&text, &d);
	assert_true(delivery_read(&again, buf_view(&text)));
	assert_int_equal(again.received_s, 7);
	assert_true(str_eq(again.event, d.event));
	assert_true(str_eq(again.id, d.id));
	assert_true(str_eq(again.sum, d.sum));
	assert_true(again.form);
	for (size_t n = 0; n + 2 < text.n; n++)
		assert_false(delivery_read(&again, str_slice(buf_view(&text), 0, n)));
	assert_false(delivery_read(&again, STR("v2\n1\na\nb\nc\n0\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wanted_members_alone_whatever_the_pieces),
		cmocka_unit_test(too_much_is_nothing),
		cmocka_unit_test(forms),
		cmocka_unit_test(heads_of_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
