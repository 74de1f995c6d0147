#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "port/forge/forge.h"
#include "publish/command.h"
#include "publish/suggest.h"

static void commands(void **state)
{
	static const struct {
		const char *body;
		enum command_verb verb;
		const char *rest;
	} cases[] = {
		{"/selfheal retry", COMMAND_RETRY, ""},
		{"Thanks!\r\n\r\n  /SelfHeal  Retry now please\r\n", COMMAND_RETRY, "now please"},
		{"/selfheal", COMMAND_HELP, ""},
		{"/selfheal help", COMMAND_HELP, ""},
		{"/selfheal dance", COMMAND_UNKNOWN, ""},
		{"/selfheal stop\n/selfheal retry", COMMAND_STOP, ""},
		{"please /selfheal retry", COMMAND_NONE, ""},
		{"> /selfheal retry", COMMAND_NONE, ""},
		{"    /selfheal retry", COMMAND_NONE, ""},
		{"```\n/selfheal retry\n```\n", COMMAND_NONE, ""},
		{"````\n```\n/selfheal retry\n````\n/selfheal stop", COMMAND_STOP, ""},
		{"~~~\n```\n/selfheal retry\n~~~\n/selfheal apply", COMMAND_APPLY, ""},
		{"<!--\n/selfheal retry\n-->\n", COMMAND_NONE, ""},
		{"<!-- x -->\n/selfheal ignore", COMMAND_IGNORE, ""},
		{"/selfheals retry", COMMAND_NONE, ""},
		{"", COMMAND_NONE, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct command c = command_read(str_of(cases[i].body));
		if (c.verb != cases[i].verb)
			print_message("case %zu: %s\n", i, cases[i].body);
		assert_int_equal(c.verb, cases[i].verb);
		assert_true(str_eq_c(c.rest, cases[i].rest));
	}
}

/* A pull request that shows lines 10 to 14 of a.c. */
static const struct forge_file shown[] = {{.path = STR("sub/a.c"),
	.status = STR("modified"),
	.patch = STR("@@ -10,4 +10,5 @@ f(void)\n one\n-two\n+deux\n+extra\n three\n four\n")}};

static int notes_of(const char *diff, struct forge_line_note **notes, size_t *n, struct arena *mem)
{
	struct err err = ERR_INIT;
	struct udiff parsed;

	assert_int_equal(udiff_parse(&parsed, str_of(diff), mem, &err), 0);
	return suggest_notes(notes, n, &parsed, STR("sub"), shown, 1, mem);
}

static void suggestions(void **state)
{
	static const struct {
		const char *diff;
		int rc;
		int64_t first, last;
		const char *body;
	} cases[] = {
		{"--- a/a.c\n+++ b/a.c\n@@ -10,3 +10,3 @@\n one\n-deux\n+two\n extra\n", 0, 0, 11,
			"```suggestion\ntwo\n```"},
		{"--- a/a.c\n+++ b/a.c\n@@ -11,2 +11,1 @@\n-deux\n-extra\n+two\n", 0, 11, 12,
			"```suggestion\ntwo\n```"},
		{"--- a/a.c\n+++ b/a.c\n@@ -12,2 +12,3 @@\n extra\n+new\n three\n", 0, 0, 12,
			"```suggestion\nextra\nnew\n```"},
		{"--- a/a.c\n+++ b/a.c\n@@ -11,1 +11,1 @@\n-deux\n+```x\n", 0, 0, 11,
			"````suggestion\n```x\n````"},
		{"--- a/a.c\n+++ b/a.c\n@@ -20,1 +20,1 @@\n-a\n+b\n", SUGGEST_OUTSIDE, 0, 0, NULL},
		{"--- a/a.c\n+++ b/a.c\n@@ -14,2 +14,2 @@\n-four\n-five\n+4\n+5\n", SUGGEST_OUTSIDE,
			0, 0, NULL},
		{"--- a/b.c\n+++ b/b.c\n@@ -11,1 +11,1 @@\n-a\n+b\n", SUGGEST_OUTSIDE, 0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct forge_line_note *notes;
		struct arena mem;
		size_t n = 0;
		arena_init(&mem);
		assert_int_equal(notes_of(cases[i].diff, &notes, &n, &mem), cases[i].rc);
		assert_int_equal(n, cases[i].rc ? 0 : 1);
		if (n) {
			assert_int_equal(notes[0].first_line, cases[i].first);
			assert_int_equal(notes[0].line, cases[i].last);
			assert_true(str_eq_c(notes[0].body, cases[i].body));
		}
		arena_release(&mem);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(suggestions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
