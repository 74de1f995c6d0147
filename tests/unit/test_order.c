/* Tests of a command run alone, reversed, from a seed, at another time; signs of chance in sources.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "detect/rerun.h"
#include "kit/trial/order.h"
#include "kit/trial/trial.h"
#include "port/child/child.h"
#include "port/format/yaml.h"

static const char pytest_tests[] = "import random, time\n"
				   "def test_a():\n    assert True\n"
				   "def test_b():\n    assert False\n"
				   "def test_c():\n    print('drew', random.randint(0, 10**9))\n"
				   "def test_d():\n    print('clock', int(time.time()))\n";

static const char unittest_tests[] = "import unittest\n"
				     "class T(unittest.TestCase):\n"
				     "    def test_a(self):\n        self.assertTrue(True)\n"
				     "    def test_b(self):\n        self.assertTrue(False)\n"
				     "    def test_c(self):\n        self.assertTrue(True)\n";

struct scene {
	char root[64];
	struct trial *trial;
	struct arena mem;
	struct child_result result;
	struct order_tests ran;
};

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	arena_init(&s->mem);
	child_result_init(&s->result);
	setenv("PATH", "/usr/bin:/bin", 1);
	snprintf(s->root, sizeof(s->root), "/tmp/selfheal-order-XXXXXX");
	assert_non_null(mkdtemp(s->root));
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;
	CLEANUP(freep) char *file = xasprintf("%s/test_all.py", s->root);

	trial_free(s->trial);
	unlink(file);
	rmdir(s->root);
	child_result_release(&s->result);
	arena_release(&s->mem);
	free(s);
	return 0;
}

static void open_project(struct scene *s, const char *tests)
{
	CLEANUP(freep) char *file = xasprintf("%s/test_all.py", s->root);
	struct trial_options options = {.root = s->root};
	struct err err = ERR_INIT;

	assert_int_equal(file_replace(file, str_of(tests), &err), 0);
	if (trial_open(&s->trial, &options, &err) < 0)
		fail_msg("%s", err.msg);
}

static void run(struct scene *s, const char *command, const struct order *order)
{
	struct trial_command how = {.command = command, .timeout_ms = 60000};
	struct err err = ERR_INIT;

	child_result_release(&s->result);
	child_result_init(&s->result);
	if (order_run(&s->result, &s->ran, s->trial, &how, order, &s->mem, &err) < 0)
		fail_msg("%s", err.msg);
}

static void check_ran(const struct scene *s, const char *wanted)
{
	BUF_AUTO ran;

	buf_init(&ran, 4096);
	for (size_t i = 0; i < s->ran.n; i++)
		buf_printf(&ran, "%.*s ", STR_ARGS(s->ran.v[i]));
	if (!str_eq_c(buf_view(&ran), wanted))
		fail_msg("ran '%s' instead of '%s': %s", buf_text(&ran), wanted,
			buf_text(&s->result.output));
}

static void tests_run_alone_and_reversed(void **state)
{
	static const struct {
		const char *command, *tests, *only;
		bool reversed;
		const char *ran;
		int exit_code;
	} cases[] = {
		{"python3 -m pytest -q", pytest_tests, "test_all.py::test_a", false,
			"test_all.py::test_a ", 0},
		{"python3 -m pytest -q test_all.py", pytest_tests, "test_all.py::test_b", false,
			"test_all.py::test_b ", 1},
		{"PYTHONPATH=. pytest -q", pytest_tests, NULL, true,
			"test_all.py::test_d test_all.py::test_c test_all.py::test_b "
			"test_all.py::test_a ",
			1},
		{"python3 -m unittest", unittest_tests, "test_c (test_all.T.test_c)", false,
			"test_all.T.test_c ", 0},
		{"python3 -m unittest -v", unittest_tests, NULL, true,
			"test_all.T.test_c test_all.T.test_b test_all.T.test_a ", 1},
		{"echo no tests", unittest_tests, "test_all.T.test_a", false, "", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scene *s;
		struct str only = str_of(cases[i].only);
		struct order order = {.only = cases[i].only ? &only : NULL,
			.n_only = 1,
			.reversed = cases[i].reversed,
			.seed = -1};

		setup(state);
		s = *state;
		open_project(s, cases[i].tests);
		run(s, cases[i].command, &order);
		check_ran(s, cases[i].ran);
		assert_int_equal(s->result.exit_code, cases[i].exit_code);
		teardown(state);
	}
}

/* The number behind a word of the output. */
static int64_t number_behind(const struct scene *s, const char *word)
{
	struct str rest = buf_view(&s->result.output);
	ptrdiff_t at = str_find_c(rest, word);
	int n = 0;

	assert_true(at >= 0);
	rest = str_from(rest, (size_t)at + strlen(word));
	assert_true(str_take_int(&rest, &n));
	return n;
}

static void a_seed_fixes_random_numbers(void **state)
{
	struct scene *s = *state;
	struct order order = {.seed = 7};
	int64_t first;

	open_project(s, pytest_tests);
	run(s, "python3 -m pytest -q -s", &order);
	first = number_behind(s, "drew ");
	run(s, "python3 -m pytest -q -s", &order);
	assert_int_equal(number_behind(s, "drew "), first);
	order.seed = 8;
	run(s, "python3 -m pytest -q -s", &order);
	assert_int_not_equal(number_behind(s, "drew "), first);
}

static void the_clock_is_shifted(void **state)
{
	struct scene *s = *state;
	struct order order = {.seed = -1, .clock_shift_s = 1000000};
	int64_t now;

	open_project(s, pytest_tests);
	run(s, "python3 -m pytest -q -s", &order);
	now = number_behind(s, "clock ");
	order.clock_shift_s = 0;
	run(s, "python3 -m pytest -q -s", &order);
	assert_in_range(now - number_behind(s, "clock "), 999000, 1000000);
	/* Other programs, too. */
	order.clock_shift_s = 1000000;
	run(s, "echo clock $(date +%s)", &order);
	assert_in_range(number_behind(s, "clock "), now, now + 1000);
}

static void sources_hint_at_chance(void **state)
{
	static const struct {
		const char *language, *text;
		bool hinted;
	} cases[] = {
		{"python", "import random\n", true},
		{"python", "import time\ntime.sleep(1)\n", true},
		{"python", "def add(a, b):\n    return a + b\n", false},
		{"c", "int r = rand();", true},
		{"c", "int add(int a) { return a; }", false},
		{"cpp", "std::unordered_map<int, int> m;", true},
		{"javascript", "const t = Date.now()", true},
		{"cobol", "import random", false},
	};

	const struct yaml_node *hints;
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	hints = rerun_hints(&mem);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (rerun_hinted(hints, cases[i].language, str_of(cases[i].text)) !=
			cases[i].hinted)
			fail_msg("%s: %s", cases[i].language, cases[i].text);
	/* Every sign is some text: an empty one would be found anywhere. */
	assert_true(hints->n > 0);
	for (size_t i = 0; i < hints->n; i++)
		for (size_t k = 0; k < hints->pairs[i].value->n; k++)
			assert_true(hints->pairs[i].value->items[k]->text.n > 1);
}

/* A test may depend on any part of the time: moving the clock changes each. */
static void moved_clocks_meet_every_part_of_the_time(void **state)
{
	bool odd = false, even = false, quarter[4] = {true};
	int64_t shift;

	(void)state;
	for (size_t i = 0; rerun_clock_shift(i, &shift); i++) {
		if (shift == 0)
			continue;
		odd |= shift % 2 != 0;
		even |= shift % 2 == 0;
		quarter[shift % 86400 / 21600] = true;
	}
	assert_true(odd);
	assert_true(even);
	for (size_t i = 0; i < ARRAY_LEN(quarter); i++)
		assert_true(quarter[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moved_clocks_meet_every_part_of_the_time),
		cmocka_unit_test(tests_run_alone_and_reversed),
		cmocka_unit_test_setup_teardown(a_seed_fixes_random_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(the_clock_is_shifted, setup, teardown),
		cmocka_unit_test(sources_hint_at_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
