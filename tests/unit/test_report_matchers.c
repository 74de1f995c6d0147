/* The mechanism that templates/matchers/ drives: steps, lists under a head, stacks, rivals that
 * begin alike, guesses, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "kit/report/matcher_set.h"
#include "kit/report/report.h"

/* "kind type file:line:column name: message" of each failure, a line feed in a message as "/". */
static void summarise(struct str text, enum report_warnings warnings, struct buf *out)
{
	struct report_options options = {.warnings = warnings};
	struct failure_list list;
	struct err err = ERR_INIT;
	struct arena mem;

	arena_init(&mem);
	failure_list_init(&list);
	assert_true(report_parse(&list, text, &options, &mem, &err) >= 0);
	vec_each (f, &list.items) {
		buf_printf(out, "%s %.*s %.*s:%d:%d %.*s: ", failure_kind_to_string(f->kind),
			STR_ARGS(f->type), STR_ARGS(f->file), f->line, f->column,
			STR_ARGS(f->name));
		for (size_t i = 0; i < f->message.n; i++)
			buf_char(out, f->message.p[i] == '\n' ? '/' : f->message.p[i]);
		buf_char(out, '\n');
	}
	failure_list_release(&list);
	arena_release(&mem);
}

static void check(const char *text, const char *want)
{
	BUF_AUTO got = {.cap = 1 << 20};

	summarise(str_of(text), REPORT_WARNINGS_AUTO, &got);
	if (strcmp(buf_text(&got), want) != 0)
		fail_msg("%s\ngives:\n%s\nnot:\n%s", text, buf_text(&got), want);
}

static void a_list_follows_its_head(void **state)
{
	(void)state;
	check("/a/b.js\n  1:2  error  one  x/y\n  3:4  warning  two  z\n",
		"lint error /a/b.js:1:2 x/y: one\nlint warning /a/b.js:3:4 z: two\n");
	/* Interrupted, the list has no head any more. */
	check("/a/b.js\n  1:2  error  one  x/y\nother\n  3:4  error  two  z\n",
		"lint error /a/b.js:1:2 x/y: one\n");
	check("not a: path\n  1:2  error  one  x/y\n", "");
}

static void steps_may_stand_apart(void **state)
{
	(void)state;
	check("error[E0425]: no x\n --> a.rs:1:2\n", "compile error a.rs:1:2 E0425: no x\n");
	check("error: no x\n\n\n\n\n\n\n\n\n\n --> a.rs:1:2\n", "");
	/* What is begun and never ended is nothing. */
	check("error: no x\n", "");
	check("error: no x\nerror: no y\n --> a.rs:1:2\n", "compile error a.rs:1:2 : no y\n");
	/* A step that repeats gives a finding each time. */
	check("In a.sh line 3:\nx\n ^-- SC1000: one\n ^-- SC1001: two\n",
		"lint error a.sh:3:0 SC1000: one\nlint error a.sh:3:0 SC1001: two\n");
}

/* The same first words, told apart by the lines behind. */
static void rivals_wait_together(void **state)
{
	(void)state;
	check("Error: bad\n  on main.tf line 3, in x:\n",
		"configuration error main.tf:3:0 : bad\n");
	check("Error: bad (rule)\n\n  on main.tf line 3, in x:\n",
		"lint error main.tf:3:0 rule: bad (rule)\n");
	check("Error: bad\n   a\n  a.scss 3:4  root stylesheet\n",
		"compile error a.scss:3:4 : bad\n");
	check("Error: bad\n    at f (/a/b.js:3:4)\n", "test Error /a/b.js:3:4 : bad\n");
}

static void stacks_are_read(void **state)
{
	(void)state;
	check("a.B: m\n\tat a.C.d(C.java:3)\nCaused by: a.E: n\n\tat a.F.g(F.java:5)\n\t... 1 "
	      "more\n",
		"test a.B a/F.java:5:0 : m/Caused by: a.E: n\n");
	/* Without a frame there is no stack. */
	check("Exception in thread \"main\" a.B: m\n", "");
	check("panic: m\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/a/b.go:3 +0x1\n\nmain.g()\n",
		"crash panic /a/b.go:3:0 : m\n");
	check("thread 'main' panicked at a.rs:3:4:\nm\n", "crash panic a.rs:3:4 : m\n");
	check("thread 'main' panicked at 'm', a.rs:3:4\n", "crash panic a.rs:3:4 : m\n");
	check("a.rb:3:in `f': m (E)\n\tfrom a.rb:4:in `g'\n", "test E a.rb:3:0 : m\n");
}

static void guesses_give_way(void **state)
{
	(void)state;
	check("a.zz:3:4: m\n", "");
	check("a.rb:3:4: m\n", "lint warning a.rb:3:4 : m\n");
	check("a.rb:3:4: m\nb.c:1:2: error: e\n", "compile error b.c:1:2 : e\n");
	check("2024-01-01 10:00:00 a.rb:3: m\n", "");
}

static void tools_tell_their_kind(void **state)
{
	(void)state;
	check("npm ERR! code ERESOLVE\nnpm ERR! ERESOLVE could not resolve\n",
		"dependency npm :0:0 ERESOLVE: could not resolve\n");
	check("npm ERR! code ENOTFOUND\n",
		"infrastructure npm-network :0:0 ENOTFOUND: ENOTFOUND\n");
	check("npm ERR! code ELIFECYCLE\n", "");
	check("E: Unable to locate package x\n",
		"dependency apt :0:0 : Unable to locate package x\n");
	check("curl: (6) Could not resolve host: a\n",
		"infrastructure environment :0:0 : curl: (6) Could not resolve host: a\n");
	/* Tried again; and not where a test failed. */
	check("W: Temporary failure resolving 'a'\n", "");
	check("not ok 1 - a\n1..1\nCould not resolve host: b\n", "test  :0:0 a: \n");
}

static void warnings_wait_for_their_turn(void **state)
{
	static const char text[] = "a.c:1:1: warning: w\nt.py:3:1: E501 long\n\n";
	static const struct {
		enum report_warnings warnings;
		const char *more, *want;
	} cases[] = {
		{REPORT_WARNINGS_AUTO, "",
			"lint warning t.py:3:1 E501: E501 long\nlint warning a.c:1:1 : w\n"},
		{REPORT_WARNINGS_NEVER, "", ""},
		{REPORT_WARNINGS_AUTO, "not ok 1 - a\n1..1\n", "test  :0:0 a: \n"},
		{REPORT_WARNINGS_ALWAYS, "not ok 1 - a\n1..1\n",
			"test  :0:0 a: \nlint warning t.py:3:1 E501: E501 long\n"
			"lint warning a.c:1:1 : w\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		BUF_AUTO log = {.cap = 4096};
		BUF_AUTO got = {.cap = 4096};

		buf_printf(&log, "%s%s", text, cases[i].more);
		summarise(buf_view(&log), cases[i].warnings, &got);
		assert_string_equal(buf_text(&got), cases[i].want);
	}
}

/* What a hostile log may do: lines as long as they come, a beginning in every one of them, lists
 * and stacks without end. */
static void nothing_grows_without_end(void **state)
{
	static const char *const lines[] = {"error: ", "In file line 3:\n",
		"\tat a.B.c(D.java:3)\n", "Exception in thread \"x\" a.B: ", "  1:2  error  ",
		"Error: (((((", "a.go:1:1: ", "panic: x\n", "FILE: a\n",
		" ------\n  Line   a.php\n", "  3     a\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		BUF_AUTO log = {.cap = 64 << 20};
		struct report_options options = {.warnings = REPORT_WARNINGS_ALWAYS};
		struct failure_list list;
		struct err err = ERR_INIT;
		struct arena mem;

		arena_init(&mem);
		failure_list_init(&list);
		for (int k = 0; k < 20000; k++)
			buf_printf(&log, "%s%d", lines[i], k);
		for (int k = 0; k < 20000; k++)
			buf_printf(&log, "\n%s%d", lines[i], k);
		assert_true(report_parse(&list, buf_view(&log), &options, &mem, &err) >= 0);
		assert_true(list.items.n <= LIMIT_FAILURES);
		vec_each (f, &list.items)
			assert_true(f->stack.n <= LIMIT_FRAMES && f->message.n <= 16 << 10);
		failure_list_release(&list);
		arena_release(&mem);
	}
}

static void names_are_told_once(void **state)
{
	CLEANUP(matcher_set_freep) struct matcher_set *set = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(matcher_set_new(&set, NULL, &err), 0);
	for (size_t i = 0; i < matcher_set_count(set); i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(matcher_set_at(set, i)->name, matcher_set_at(set, k)->name))
				fail_msg("two matchers '%s'", matcher_set_at(set, i)->name.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_follows_its_head),
		cmocka_unit_test(steps_may_stand_apart),
		cmocka_unit_test(rivals_wait_together),
		cmocka_unit_test(stacks_are_read),
		cmocka_unit_test(guesses_give_way),
		cmocka_unit_test(tools_tell_their_kind),
		cmocka_unit_test(warnings_wait_for_their_turn),
		cmocka_unit_test(nothing_grows_without_end),
		cmocka_unit_test(names_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
