#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strmap.h"
#include "base/vec.h"

#include <errno.h>

static void str_compares_and_searches(void **state)
{
	(void)state;
	assert_true(str_eq(STR("ab"), STR("ab")));
	assert_false(str_eq(STR("ab"), STR("abc")));
	assert_true(str_eq(STR_NULL, STR("")));
	assert_true(str_eq_nocase(STR("AbC"), STR("aBc")));
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("b"), STR("ab")) > 0);
	assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
	assert_int_equal(str_find_c(STR("hello"), "ll"), 2);
	assert_int_equal(str_find_c(STR("hello"), "lx"), -1);
	assert_int_equal(str_find_c(STR("h"), "hello"), -1);
	assert_int_equal(str_rfind_char(STR("a/b/c"), '/'), 3);
	assert_true(str_starts(STR("hello"), "he"));
	assert_true(str_ends(STR("hello"), "lo"));
	assert_false(str_ends(STR("o"), "lo"));
}

static void str_cuts(void **state)
{
	struct str rest = STR("a,b,,c"), piece, before;

	(void)state;
	assert_true(str_next(&rest, ',', &piece) && str_eq_c(piece, "a"));
	assert_true(str_next(&rest, ',', &piece) && str_eq_c(piece, "b"));
	assert_true(str_next(&rest, ',', &piece) && piece.n == 0);
	assert_true(str_next(&rest, ',', &piece) && str_eq_c(piece, "c"));
	assert_false(str_next(&rest, ',', &piece));
	rest = STR("one\r\ntwo\n");
	assert_true(str_next_line(&rest, &piece) && str_eq_c(piece, "one"));
	assert_true(str_next_line(&rest, &piece) && str_eq_c(piece, "two"));
	assert_false(str_next_line(&rest, &piece));
	rest = STR("key: value");
	assert_true(str_cut(&rest, ": ", &before));
	assert_true(str_eq_c(before, "key") && str_eq_c(rest, "value"));
	assert_false(str_cut(&rest, ": ", &before));
	assert_true(str_eq_c(str_trim(STR(" \t x y\r\n")), "x y"));
	assert_true(str_eq_c(str_slice(STR("abcdef"), 2, 4), "cd"));
	assert_int_equal(str_slice(STR("abc"), 5, 9).n, 0);
}

static void str_reads_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
		bool ok;
	} cases[] = {
		{"0", 0, true},
		{"-12", -12, true},
		{"+7", 7, true},
		{"", 0, false},
		{"-", 0, false},
		{"1x", 0, false},
		{" 1", 0, false},
		{"9223372036854775807", INT64_MAX, true},
		{"-9223372036854775808", INT64_MIN, true},
		{"9223372036854775808", 0, false},
	};
	double real;
	int i;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		int64_t value = 0;

		assert_int_equal(str_to_i64(str_of(cases[k].text), INT64_MIN, INT64_MAX, &value),
			cases[k].ok);
		if (cases[k].ok)
			assert_int_equal(value, cases[k].value);
	}
	assert_false(str_to_int(STR("11"), 0, 10, &i));
	assert_true(str_to_double(STR("1.5e3"), &real) && real == 1500);
	assert_false(str_to_double(STR("1.5e"), &real));
}

static void str_takes_paths_apart(void **state)
{
	(void)state;
	assert_true(str_eq_c(str_basename(STR("a/b.c")), "b.c"));
	assert_true(str_eq_c(str_dirname(STR("a/b/c")), "a/b"));
	assert_int_equal(str_dirname(STR("c")).n, 0);
	assert_true(str_eq_c(str_extension(STR("x/.tar.gz")), ".gz"));
	assert_int_equal(str_extension(STR("x/.bashrc")).n, 0);
}

static void str_distance_counts_edits(void **state)
{
	static const struct {
		const char *a, *b;
		int distance;
	} cases[] = {
		{"", "", 0},
		{"abc", "abc", 0},
		{"abc", "abd", 1},
		{"abc", "acb", 1},
		{"abc", "ab", 1},
		{"kitten", "sitting", 3},
		{"abcdef", "x", 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			str_distance(str_of(cases[i].a), str_of(cases[i].b), 3), cases[i].distance);
		assert_int_equal(
			str_distance(str_of(cases[i].b), str_of(cases[i].a), 3), cases[i].distance);
	}
}

static void str_globs(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool match;
	} cases[] = {
		{"*.c", "a.c", true},
		{"*.c", "d/a.c", false},
		{"**/*.c", "d/e/a.c", true},
		{"**/*.c", "a.c", true},
		{"test_*", "test_x.py", true},
		{"a?c", "abc", true},
		{"a?c", "a/c", false},
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"docs/**", "docs/a/b", true},
		{"docs/**", "doc/a", false},
		{"a*b*c", "axxbyyc", true},
		{"[", "[", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (str_glob(str_of(cases[i].pattern), str_of(cases[i].path)) != cases[i].match)
			fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].path);
	/* Many stars must end: the budget says no rather than never. */
	assert_false(str_glob(
		STR("*a*a*a*a*a*a*a*a*a*a*a*a*b"), STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")));
}

static void buf_grows_up_to_its_cap(void **state)
{
	BUF_AUTO b;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(buf_text(&b), "");
	buf_c(&b, "12345");
	buf_printf(&b, "%d", 678);
	assert_string_equal(buf_text(&b), "12345678");
	assert_false(b.over);
	buf_c(&b, "xyz");
	assert_true(b.over);
	assert_string_equal(buf_text(&b), "12345678");
	buf_c(&b, "9"); /* sticky: nothing more is taken */
	assert_int_equal(b.n, 8);
	buf_reset(&b);
	buf_fill(&b, '-', 10);
	assert_false(b.over);
	assert_string_equal(buf_text(&b), "----------");
}

static void buf_splices(void **state)
{
	BUF_AUTO b;

	(void)state;
	buf_init(&b, 100);
	buf_c(&b, "hello world");
	buf_splice(&b, 0, 5, STR("goodbye"));
	assert_string_equal(buf_text(&b), "goodbye world");
	buf_splice(&b, 7, 6, STR(""));
	assert_string_equal(buf_text(&b), "goodbye");
	buf_splice(&b, 7, 0, STR("!"));
	assert_string_equal(buf_text(&b), "goodbye!");
}

static void arena_keeps_what_it_gives(void **state)
{
	ARENA_AUTO mem;
	struct str big, small;

	(void)state;
	arena_init(&mem);
	small = arena_printf(&mem, "%s-%d", "x", 7);
	big = arena_str(&mem, str_make(arena_alloc(&mem, 100000), 100000));
	assert_true(str_eq_c(small, "x-7"));
	assert_int_equal(big.n, 100000);
	assert_int_equal(big.p[99999], 0);
}

static void strmap_keeps_order_and_finds(void **state)
{
	struct strmap m;
	char key[16];
	int values[1000];

	(void)state;
	strmap_init(&m);
	assert_null(strmap_get(&m, STR("a")));
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_true(strmap_put(&m, str_of(key), &values[i]));
	}
	assert_false(strmap_put(&m, STR("k5"), &values[6]));
	assert_ptr_equal(strmap_get(&m, STR("k5")), &values[6]);
	assert_ptr_equal(strmap_get(&m, STR("k999")), &values[999]);
	assert_null(strmap_get(&m, STR("k1000")));
	assert_true(str_eq_c(m.items[2].key, "k2"));
	strmap_release(&m);
}

static void vec_grows(void **state)
{
	vec(int) v = {0};
	int sum = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		vec_push(&v, i);
	vec_each (item, &v)
		sum += *item;
	assert_int_equal(sum, 4950);
	vec_free(&v);
	assert_int_equal(v.n, 0);
}

static void err_speaks(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&err, ENOENT, "cannot open '%s'", "x"), -1);
	assert_string_equal(err.msg, "cannot open 'x': No such file or directory");
	assert_int_equal(err_wrap(&err, "read %d", 3), -1);
	assert_string_equal(err.msg, "read 3: cannot open 'x': No such file or directory");
	assert_int_equal(err.code, ERR_SYS);
	assert_false(err_is_retryable(&err));
	err_set(&err, ERR_NET, "gone");
	assert_true(err_is_retryable(&err));
	assert_string_equal(err_code_to_string(ERR_POLICY), "policy");
}

static void embed_finds_files(void **state)
{
	(void)state;
	assert_true(embed_count > 0);
	assert_null(embed_get("no/such/file").p);
	assert_true(embed_next("templates/", 0) >= 0);
	assert_int_equal(embed_next("no/such/", 0), -1);
}

static void clock_writes_iso(void **state)
{
	char out[CLOCK_ISO_SIZE];

	(void)state;
	clock_iso(0, out);
	assert_string_equal(out, "1970-01-01T00:00:00Z");
	assert_true(clock_mono_us() > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(str_compares_and_searches),
		cmocka_unit_test(str_cuts),
		cmocka_unit_test(str_reads_numbers),
		cmocka_unit_test(str_takes_paths_apart),
		cmocka_unit_test(str_distance_counts_edits),
		cmocka_unit_test(str_globs),
		cmocka_unit_test(buf_grows_up_to_its_cap),
		cmocka_unit_test(buf_splices),
		cmocka_unit_test(arena_keeps_what_it_gives),
		cmocka_unit_test(strmap_keeps_order_and_finds),
		cmocka_unit_test(vec_grows),
		cmocka_unit_test(err_speaks),
		cmocka_unit_test(embed_finds_files),
		cmocka_unit_test(clock_writes_iso),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
