#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kit/clean/clean.h"
#include "app/render/paint.h"

#define BAD "\xef\xbf\xbd"

static void line_max_8(struct buf *out, struct str text)
{
	clean_line(out, text, 8);
}

static void line(struct buf *out, struct str text)
{
	clean_line(out, text, 0);
}

static void fence(struct buf *out, struct str text)
{
	clean_md_fence(out, "diff", text);
}

static void workflow_text(struct buf *out, struct str text)
{
	clean_workflow(out, text, false);
}

static void workflow_json(struct buf *out, struct str text)
{
	clean_workflow(out, text, true);
}

static void diff(struct buf *out, struct str text)
{
	struct painter p = {.out = out, .color = true};

	paint_diff(&p, text, 1);
}

static void text_that_would_act_does_not(void **state)
{
	static const struct {
		void (*clean)(struct buf *out, struct str text);
		const char *text, *wanted;
	} rows[] = {
		{clean_terminal, "a\tb\nc", "a\tb\nc"},
		{clean_terminal, "\033[31mred\a", BAD "[31mred" BAD},
		{clean_terminal, "one\r\ntwo\rthree", "one\ntwo" BAD "three"},
		{clean_terminal,
			"\xc2\x9b"
			"31m \xc2\xa0",
			BAD "31m \xc2\xa0"},
		{clean_terminal,
			"a\xe2\x80\xae"
			"b\xe2\x81\xa6"
			"c\xef\xbb\xbf",
			"a" BAD "b" BAD "c" BAD},
		{clean_terminal, "\xe2\x82\xac \xff", "\xe2\x82\xac \xff"},
		{clean_terminal, "\xe2\x80", "\xe2\x80"},
		{clean_terminal, "", ""},
		{line, "  a \n\t b\x7f ", "a b" BAD},
		{line_max_8, "12345678", "12345678"},
		{line_max_8, "123456789", "12345678..."},
		{line_max_8, "1234567\xe2\x82\xac", "1234567..."},
		{clean_md_code, "a", "`a`"},
		{clean_md_code, "a`b\nc", "`` a`b c ``"},
		{clean_md_code, "", "` `"},
		{fence, "x", "```diff\nx\n```\n"},
		{fence, "```\n````\n", "`````diff\n```\n````\n`````\n"},
		{clean_md_text, "<img> & @me *b* [l](u) | #1",
			"&lt;img> &amp; &#64;me \\*b\\* \\[l\\](u) \\| \\#1"},
		{workflow_text, "::set-output name=a::b\n  ::stop\n+::add\na::b\n",
			": :set-output name=a::b\n  : :stop\n+::add\na::b\n"},
		{workflow_text, "a\r::error::x", "a\r: :error::x"},
		{workflow_text, "x ##[error]y ##[z]", "x # #[error]y # #[z]"},
		{workflow_json, "  \"::a ##[error]\"", "  \"::a #\\u0023[error]\""},
		{clean_workflow_data, "50%\r\na:b,c", "50%25%0D%0Aa:b,c"},
		{clean_workflow_property, "a:b,c\n", "a%3Ab%2Cc%0A"},
		{diff, "--- a\n+++ b\n@@ 1\n-x\n+y\033\n z\n",
			" \033[1m--- a\033[0m\n \033[1m+++ b\033[0m\n \033[36m@@ 1\033[0m\n"
			" \033[31m-x\033[0m\n \033[32m+y" BAD "\033[0m\n  z\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 4096);
		rows[i].clean(&out, str_of(rows[i].text));
		assert_string_equal(buf_text(&out), rows[i].wanted);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_that_would_act_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
