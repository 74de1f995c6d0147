#include "kit/trial/schemata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"

enum { ENDLESS_S = 20 };

/* Directly behind an include no directive may stand, so the function is no item of its own. */
static const char BEHIND_INCLUDE[] = "#include \"text.h\"\n\n"
				     "int count(int n)\n{\n\tint s = 0;\n"
				     "\tfor (int i = 0; i < n; i++) {\n"
				     "\t\tif (i > 2) {\n\t\t\ts += 1;\n\t\t}\n"
				     "\t\ts -= 3;\n\t}\n\treturn s;\n}\n";

static const struct row {
	const char *name, *language;
	const char *dropped[2], *kept[2]; /* from, to */
} rows[] = {
	{"the loop around it was dropped", "c", {"i < n", "i <= n"}, {"s += 1", "s += 2"}},
	{"in C++ too", "cpp", {"i < n", "i <= n"}, {"s -= 3", "s -= 4"}},
	{"a branch around it was dropped", "cpp", {"i > 2", "i > 1"}, {"s += 1", "s += 2"}},
	{"one before it was dropped", "c", {"s += 1", "s += 2"}, {"s -= 3", "s -= 4"}},
};

static void add(struct schemata *s, const char *const change[2], uint32_t id)
{
	struct str content = schemata_content(s);
	size_t start = (size_t)str_find_c(content, change[0]);
	struct edit edit = {schemata_path(s), start, start + strlen(change[0]), str_of(change[1])};
	struct patch patch = {.edits = &edit, .n = 1};
	struct err err = ERR_INIT;

	assert_int_equal(schemata_add(s, &patch, id, &err), 0);
}

/* The writer passes over choice points that lost their candidates: it once waited for them to the
 * end of days. */
static void dropped_choices_do_not_stop_the_writer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct schemata *s = NULL;
		struct err err = ERR_INIT;
		struct buf text;

		print_message("%s\n", rows[i].name);
		buf_init(&text, LIMIT_SOURCE_BYTES);
		assert_int_equal(schemata_new(&s, STR("text.c"), str_of(BEHIND_INCLUDE),
					 rows[i].language, &err),
			0);
		add(s, rows[i].dropped, 0);
		add(s, rows[i].kept, 1);
		schemata_drop(s, 0);
		schemata_number(s, 1);
		alarm(ENDLESS_S);
		schemata_write(s, false, &text);
		alarm(0);
		assert_false(text.over);
		assert_false(str_has(buf_view(&text), rows[i].dropped[1]));
		assert_true(str_has(buf_view(&text), rows[i].kept[0]));
		assert_true(str_has(buf_view(&text), rows[i].kept[1]));
		assert_true(str_ends(buf_view(&text), "\treturn s;\n}\n"));
		buf_release(&text);
		schemata_free(s);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(dropped_choices_do_not_stop_the_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
