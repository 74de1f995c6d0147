/* Log templates: masks, joining, the shape cache, caps, text form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "kit/drain/drain.h"
#include "kit/drain/tokens.h"

struct fixture {
	struct drain *drain;
	struct arena mem;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err = ERR_INIT;

	arena_init(&f->mem);
	assert_int_equal(drain_new(&f->drain, &err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	drain_free(f->drain);
	arena_release(&f->mem);
	free(f);
	return 0;
}

static uint32_t add(struct fixture *f, const char *line)
{
	static int64_t number;

	return drain_add(f->drain, str_of(line), ++number);
}

static struct drain_template only(struct fixture *f)
{
	struct drain_template t = {0}, other;
	uint32_t at = 0;

	assert_true(drain_next(f->drain, &at, &t, &f->mem));
	assert_false(drain_next(f->drain, &at, &other, &f->mem));
	return t;
}

static void assert_text(struct str text, const char *expected)
{
	if (!str_eq_c(text, expected))
		fail_msg("'%.*s' is not '%s'", STR_ARGS(text), expected);
}

static void values_are_masked(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{"took 35 ms", "took <*> ms"},
		{"read /etc/passwd twice", "read <*> twice"},
		{"from 10.0.0.1:8080, 10.0.0.2:8080 now", "from <*> now"},
		{"flag is true here", "flag is <*> here"},
		{"Feb 03 08:01:02 mill oven[411]: shut", "<*> mill oven[<*>]: shut"},
		{"a=1 b=0x1f c=zz", "a=<*> b=<*> c=zz"},
		{"kept as it is, (all of it)", "kept as it is, (all of it)"},
		{"id <*> again", "id <*> again"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(setup(state), 0);
		add(*state, cases[i].line);
		assert_text(only(*state).text, cases[i].text);
		teardown(state);
	}
}

static void lines_of_one_shape_are_one_template(void **state)
{
	struct fixture *f = *state;
	uint32_t first = drain_add(f->drain, STR("block 17 of 3 done"), 10);

	assert_int_equal(drain_add(f->drain, STR("block 9 of 4711 done"), 20), first);
	assert_int_equal(drain_count(f->drain, first), 2);
	assert_int_equal(only(f).first_line, 10);
	assert_int_equal(only(f).last_line, 20);
	assert_text(only(f).example, "block 17 of 3 done");
}

static void words_that_differ_much_become_values(void **state)
{
	struct fixture *f = *state;
	uint32_t first = add(f, "the user came from Rome-y by Tram-x today");

	assert_int_equal(add(f, "the user came from Oslo-y by Bus-x today"), first);
	assert_text(only(f).text, "the user came from <*> by <*> today");
}

/* Two or three words at one place are kinds of message, four are values of one kind. */
static void siblings_join_at_the_fourth(void **state)
{
	struct fixture *f = *state;
	uint32_t ids[4];
	static const char *const lines[] = {"loaf of the kind rye baked",
		"loaf of the kind oat baked", "loaf of the kind corn baked",
		"loaf of the kind spelt baked"};

	for (size_t i = 0; i < 3; i++)
		ids[i] = add(f, lines[i]);
	assert_int_not_equal(ids[0], ids[1]);
	assert_int_not_equal(ids[1], ids[2]);
	ids[3] = add(f, lines[3]);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(drain_resolve(f->drain, ids[i]), ids[3]);
	assert_int_equal(drain_count(f->drain, ids[0]), 4);
	assert_text(only(f).text, "loaf of the kind <*> baked");
	/* The shape of a joined template is remembered as what it became. */
	assert_int_equal(add(f, lines[1]), drain_resolve(f->drain, ids[1]));
}

static void different_messages_stay_apart(void **state)
{
	struct fixture *f = *state;

	assert_int_not_equal(add(f, "connection closed by peer"), add(f, "disk is full again"));
	assert_int_not_equal(
		add(f, "stacked by weight on shelf 5"), add(f, "stacked by size on shelf 5"));
	assert_int_equal(add(f, ""), 0);
	assert_int_equal(add(f, " \t "), 0);
}

/* What stands before a message does not decide which template it is compared with. */
static void headers_are_skipped(void **state)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{"Feb 03 08:01:02 mill oven(door_unit)[411]: latch stuck", "latch"},
		{"Feb 03 08:01:02 mill oven: dough is ready", "dough"},
		{"31/01/02 08:01:02 INFO mill.Oven: lit", "lit"},
		{"2024-01-02T10:00:00Z [ERROR] no space left", "no"},
		{"plain words: and more", "plain"},
		{"12 34 56", "12 34 56"},
	};
	struct token_rules rules;
	struct token_line line;
	struct err err = ERR_INIT;

	assert_int_equal(token_rules_load(&rules, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct token *t;

		tokens_cut(&line, &rules, str_of(cases[i].line));
		t = &line.v[tokens_message(&line, &rules)];
		assert_text(str_make(cases[i].line + t->at, t->n), cases[i].message);
	}
}

static void severities_come_from_levels_and_words(void **state)
{
	static const struct {
		const char *line;
		enum drain_severity severity;
	} cases[] = {
		{"10:00 FATAL all is lost", DRAIN_CRITICAL},
		{"10:00 ERROR it broke", DRAIN_HIGH},
		{"10:00 WARN look here", DRAIN_MEDIUM},
		{"10:00 INFO fine", DRAIN_INFO},
		{"the fetch failed", DRAIN_HIGH},
		{"all is well", DRAIN_INFO},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(setup(state), 0);
		add(*state, cases[i].line);
		assert_int_equal(only(*state).severity, cases[i].severity);
		teardown(state);
	}
}

/* A letter word made of i, without digits. */
static void put_word(struct buf *b, unsigned i)
{
	for (int k = 0; k < 6; k++, i /= 16)
		buf_char(b, (char)('a' + i % 16));
}

static void memory_is_bounded(void **state)
{
	struct fixture *f = *state;
	uint32_t at = 0;
	size_t n = 0;
	struct drain_template t;
	BUF_AUTO line;

	buf_init(&line, 4096);
	for (unsigned i = 0; i < DRAIN_TEMPLATES_MAX + 500; i++) {
		buf_reset(&line);
		for (unsigned w = 0; w < 3; w++) {
			put_word(&line, i * 7919 + w * 104729);
			buf_char(&line, ' ');
		}
		drain_add(f->drain, buf_view(&line), i);
	}
	while (drain_next(f->drain, &at, &t, &f->mem))
		n++;
	assert_in_range(n, 1000, DRAIN_TEMPLATES_MAX);
	assert_true(drain_left_out(f->drain) > 0);
}

static void long_lines_are_cut(void **state)
{
	struct fixture *f = *state;
	struct token_rules rules;
	struct token_line line;
	struct err err = ERR_INIT;
	BUF_AUTO text;

	buf_init(&text, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_c(&text, i % 3 ? "word " : "a,b ");
	assert_int_equal(token_rules_load(&rules, &err), 0);
	tokens_cut(&line, &rules, buf_view(&text));
	assert_true(line.n <= TOKENS_MAX);
	assert_true(drain_add(f->drain, buf_view(&text), 1) > 0);
	assert_true(only(f).text.n <= DRAIN_LINE_BYTES);
}

static void templates_are_written_and_read(void **state)
{
	struct fixture *f = *state;
	struct drain *other = NULL;
	struct drain_template t;
	struct err err = ERR_INIT;
	uint32_t at = 0;
	BUF_AUTO text;
	BUF_AUTO again;

	buf_init(&text, 1 << 16);
	buf_init(&again, 1 << 16);
	add(f, "took 35 ms");
	add(f, "took 36 ms");
	add(f, "ERROR in \"a b\": 5");
	drain_write(f->drain, &text);
	assert_int_equal(drain_new(&other, &err), 0);
	assert_int_equal(drain_read(other, buf_view(&text), &err), 0);
	drain_write(other, &again);
	assert_text(buf_view(&again), buf_text(&text));
	/* What is read in goes on counting. */
	assert_true(drain_add(other, STR("took 99 ms"), 7) > 0);
	assert_true(drain_next(other, &at, &t, &f->mem));
	assert_int_equal(t.count, 3);
	drain_free(other);
}

static void a_damaged_text_changes_nothing(void **state)
{
	static const char *const texts[] = {"{\"template\":\"a b\",\"count\":1}\n{",
		"{\"template\":\"a b\",\"count\":0}\n", "[]\n", "{\"count\":3}\n", "\xff\xfe\n"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = ERR_INIT;
		struct drain_template t;
		uint32_t at = 0;

		assert_true(drain_read(f->drain, str_of(texts[i]), &err) < 0);
		assert_non_null(strstr(err.msg, "line"));
		assert_false(drain_next(f->drain, &at, &t, &f->mem));
	}
}

/* Found by fuzzing: a length and a start whose bits gave another length's key. */
static void templates_have_one_length(void **state)
{
	static const char *const lines[] = {"> go go", "go go", "*>", ">*>", "ERROR x x", "x x"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(lines); i += 2) {
		uint32_t id = add(f, lines[i]);

		if (add(f, lines[i + 1]) == id)
			fail_msg("'%s' is '%s'", lines[i + 1], lines[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_masked),
		cmocka_unit_test_setup_teardown(
			lines_of_one_shape_are_one_template, setup, teardown),
		cmocka_unit_test_setup_teardown(
			words_that_differ_much_become_values, setup, teardown),
		cmocka_unit_test_setup_teardown(siblings_join_at_the_fourth, setup, teardown),
		cmocka_unit_test_setup_teardown(different_messages_stay_apart, setup, teardown),
		cmocka_unit_test(headers_are_skipped),
		cmocka_unit_test(severities_come_from_levels_and_words),
		cmocka_unit_test_setup_teardown(memory_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lines_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(templates_are_written_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(templates_have_one_length, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_text_changes_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
