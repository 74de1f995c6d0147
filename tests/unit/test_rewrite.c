/* The engine: normal forms, order, evidence, rules of the user, several edits at once. */
#include "unit/rewrite_helper.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "kit/rewrite/evidence.h"

#define RULE(body) "languages: [python, c, cpp]\ntemplates:\n  - " body

static const struct {
	const char *language, *a, *b;
	bool same;
} forms[] = {
	{"python", "x = a+b\n", "x  =  (a + b)  # sum\n", true},
	{"python", "x = a + b\n", "x = a - b\n", false},
	{"python", "x = (a + b) * c\n", "x = a + b * c\n", false},
	{"python", "x = not a == b\n", "x = a != b\n", true},
	{"python", "x = not (a < b)\n", "x = a >= b\n", true},
	{"python", "x = not not a\n", "x = a\n", true},
	{"python", "x = a < b\n", "x = b > a\n", true},
	{"python", "x = a == b\n", "x = b == a\n", true},
	{"python", "x = a < b\n", "x = b < a\n", false},
	{"python", "x = a < b < c\n", "x = c > b > a\n", false},
	{"python", "x += -1\n", "x -= 1\n", true},
	{"python", "x = a + -b\n", "x = a - b\n", true},
	{"python", "x = 'a'\n", "x = \"a\"\n", true},
	{"python", "x = 'a'\n", "x = ' a'\n", false},
	{"python", "f(a, b,)\n", "f(a, b)\n", true},
	{"python", "f(a, -b)\n", "f(a - b)\n", false},
	{"python", "x = (a,)\n", "x = (a)\n", false},
	{"python", "x = a and (b and c)\n", "x = (a and b) and c\n", true},
	{"python", "x = a and (b or c)\n", "x = a and b or c\n", false},
	{"python", "if a:\n    b\nc\n", "if a:\n    b\n    c\n", false},
	{"python", "if a:\n    b\n", "if a:\n  b\n", true},
	{"python", "x = a not in b\n", "x = not a in b\n", true},
	{"c", "int f(void) { return (1); }\n", "int f(void)\n{\n\treturn 1; /* one */\n}\n", true},
	{"c", "int f(void) { return !(a == b); }\n", "int f(void) { return a != b; }\n", true},
	{"c", "int f(void) { return -a; }\n", "int f(void) { return a; }\n", false},
	{"c", "char c = 'a';\n", "char *c = \"a\";\n", false},
	{"cpp", "bool f() { return a && (b && c); }\n", "bool f() { return a && b && c; }\n", true},
};

static void normal_forms_say_what_is_the_same(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		uint64_t a = rewrite_normal_form(forms[i].language, str_of(forms[i].a));
		uint64_t b = rewrite_normal_form(forms[i].language, str_of(forms[i].b));

		assert_true(a != 0 && b != 0);
		if ((a == b) != forms[i].same)
			fail_msg("%s and %s", forms[i].a, forms[i].b);
	}
	assert_int_equal(rewrite_normal_form("python", STR("x = (\n")), 0);
	assert_int_equal(rewrite_normal_form("cobol", STR("x")), 0);
}

/* The quick form of an edited statement is the form of the whole edited file. */
static void forms_of_edits_are_forms_of_files(const char *path, const char *source)
{
	struct rewrite_file file = {.path = str_of(path), .content = str_of(source)};
	struct rewrite_options options = {.files = &file, .n_files = 1, .max_candidates = 3000};
	struct rewrite *rewrite = NULL;
	struct err err = ERR_INIT;
	struct patch patch;
	struct buf changed;
	size_t n = 0;

	buf_init(&changed, 1 << 20);
	assert_int_equal(rewrite_open(&rewrite, &options, &err), 0);
	for (; n < 400 && rewrite_next(rewrite, &patch, 1); n++) {
		uint64_t whole;

		assert_int_equal(
			patch_apply_to(&changed, &patch, file.path, file.content, &err), 0);
		whole = rewrite_normal_form(rewrite_language_of(file.path), buf_view(&changed));
		if (whole != patch.normal)
			fail_msg("%.*s: %s", STR_ARGS(patch.origin), buf_text(&changed));
	}
	assert_true(n > 20);
	rewrite_free(rewrite);
	buf_release(&changed);
}

static void edited_statements_have_the_form_of_the_file(void **state)
{
	forms_of_edits_are_forms_of_files("m.py",
		"import os\n\n\nclass A:\n    n = 1\n\n    def f(self, a, b=[]):\n"
		"        \"\"\"Doc.\"\"\"\n        total = 0\n        for i in range(len(a)):\n"
		"            if a[i] > b and not a[i] == 3:\n                total += a[i]  # sum\n"
		"            elif a[i] < 0: continue\n            else:\n                break\n"
		"        return total, a\n\n\ndef g(x): return x + 1\n");
	forms_of_edits_are_forms_of_files("m.c",
		"#include <stdio.h>\n\nstatic int f(int *a, int n)\n{\n\tint i, total = 0;\n\n"
		"\tfor (i = 0; i <= n; i++) {\n\t\tif (a[i] > 3 && n != 2)\n\t\t\ttotal += a[i] * "
		"2;\n"
		"\t\telse if (n < 0) {\n\t\t\tbreak;\n\t\t}\n\t}\n\treturn total;\n}\n");
}

static void candidates_come_best_first_and_once(void **state)
{
	struct rewrite_file file = {.path = STR("m.py"),
		.content = STR("def f(a, b):\n    return a + b - 1 < a * b\n")};
	struct rewrite_options options = {.files = &file, .n_files = 1};
	struct rewrite *rewrite = NULL;
	struct err err = ERR_INIT;
	struct patch patches[500];
	size_t n;

	assert_int_equal(rewrite_open(&rewrite, &options, &err), 0);
	n = rewrite_next(rewrite, patches, ARRAY_LEN(patches));
	assert_true(n > 100);
	for (size_t i = 1; i < n; i++) {
		assert_true(patches[i].score <= patches[i - 1].score);
		for (size_t k = 0; k < i; k++)
			assert_true(patches[i].normal != patches[k].normal);
	}
	rewrite_free(rewrite);
}

static void suspicious_lines_come_first(void **state)
{
	struct given_options o = {.path = "m.py",
		.source = "def f(a):\n    return a + 1\n\n\ndef g(a):\n    return a - 1\n",
		.rules = NULL,
		.suspect = 6};
	struct given given;

	give_candidates(&given, &o);
	assert_true(given.n > 0);
	assert_false(
		gives(&given, "def f(a):\n    return a - 1\n\n\ndef g(a):\n    return a - 1\n"));
	assert_true(
		gives(&given, "def f(a):\n    return a + 1\n\n\ndef g(a):\n    return a + 1\n"));
	buf_release(&given.text);
}

static const struct {
	const char *about, *rules, *path, *source, *expect;
} rules[] = {
	{"brackets where they are needed",
		RULE("{name: r, prior: 1, query: '(identifier) @i', where: {i: {text: a}}, "
		     "rewrite: "
		     "{replace: i, "
		     "with: 'b - c'}}"),
		"m.py", "x = a * 2\n", "x = (b - c) * 2\n"},
	{"no brackets where they are not",
		RULE("{name: r, prior: 1, query: '(identifier) @i', where: {i: {text: a}}, "
		     "rewrite: "
		     "{replace: i, "
		     "with: 'b * c'}}"),
		"m.py", "x = a + 2\n", "x = b * c + 2\n"},
	{"before a dot",
		RULE("{name: r, prior: 1, query: '(identifier) @i', where: {i: {text: a}}, "
		     "rewrite: "
		     "{replace: i, "
		     "with: 'b or c'}}"),
		"m.py", "x = a.y\n", "x = (b or c).y\n"},
	{"brackets round a variable",
		RULE("{name: r, prior: 1, query: '(return_statement (_) @e)', rewrite: {replace: "
		     "e, with: "
		     "'not "
		     "{e}'}}"),
		"m.py", "def f():\n    return a or b\n", "def f():\n    return not (a or b)\n"},
	{"a statement with a block, tabs",
		RULE("{name: r, prior: 1, query: '(return_statement) @s', rewrite: {statement: "
		     "\"if a:\\n    "
		     "b\", "
		     "before: s}}"),
		"m.py", "def f():\n\treturn a\n", "def f():\n\tif a:\n\t\tb\n\treturn a\n"},
	{"behind a comment",
		RULE("{name: r, prior: 1, query: '(expression_statement) @s', rewrite: {statement: "
		     "b, after: "
		     "s}}"),
		"m.py", "def f():\n    a() # why\n    return\n",
		"def f():\n    a() # why\n    b\n    return\n"},
	{"the last statement of a block is not just deleted",
		RULE("{name: r, prior: 1, query: '(expression_statement) @s', rewrite: {delete: "
		     "s}}"),
		"m.py", "def f():\n    a()\n", "def f():\n    pass\n"},
	{"an import behind the others",
		RULE("{name: r, prior: 1, query: '(call) @c', rewrite: {import: import re}}"),
		"m.py", "\"\"\"Doc.\"\"\"\nimport os\n\nf()\n",
		"\"\"\"Doc.\"\"\"\nimport os\nimport re\n\nf()\n"},
	{"an import behind the docstring",
		RULE("{name: r, prior: 1, query: '(call) @c', rewrite: {import: import re}}"),
		"m.py", "\"\"\"Doc.\"\"\"\nf()\n", "\"\"\"Doc.\"\"\"\nimport re\nf()\n"},
	{"filters one after the other",
		RULE("{name: r, prior: 1, query: '(string) @s', rewrite: {replace: s, with: "
		     "\"'{s|unquote|upper}'\"}}"),
		"m.py", "x = 'ab'\n", "x = 'AB'\n"},
	{"C statements",
		RULE("{name: r, prior: 1, query: '(return_statement) @s', rewrite: {statement: "
		     "'if (!p)\n    return 0;', before: s}}"),
		"m.c", "int f(int *p)\n{\n\treturn *p;\n}\n",
		"int f(int *p)\n{\n\tif (!p) return 0;\n\treturn *p;\n}\n"},
	{"C brackets",
		RULE("{name: r, prior: 1, query: '(identifier) @i', where: {i: {text: n}}, "
		     "rewrite: "
		     "{replace: i, with: 'a + b'}}"),
		"m.c", "int x = n * 2;\n", "int x = (a + b) * 2;\n"},
	{"C members",
		RULE("{name: r, prior: 1, query: '(field_expression operator: _ @o)', rewrite: "
		     "{replace: o, "
		     "with: '->'}}"),
		"m.c", "int f(struct s *p) { return p.x; }\n",
		"int f(struct s *p) { return p->x; }\n"},
};

static void user_rules_rewrite(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct given_options o = {.path = rules[i].path,
			.source = rules[i].source,
			.rules = rules[i].rules,
			.template = "r"};
		struct buf only;
		struct given given;

		/* Only for the language at hand: kinds of another one would be refused. */
		buf_init(&only, 4096);
		buf_printf(&only, "languages: [%s]%s", rewrite_language_of(str_of(rules[i].path)),
			strchr(rules[i].rules, '\n'));
		o.rules = buf_text(&only);
		give_candidates(&given, &o);
		if (!gives(&given, rules[i].expect))
			fail_msg("%s: %s", rules[i].about, buf_text(&given.text));
		buf_release(&given.text);
		buf_release(&only);
	}
}

static const struct {
	const char *rules, *message;
} refused[] = {
	{"languages: [python]\ntemplates:\n  - {name: r, prior: 1, query: '(nope) @a', rewrite: "
	 "{delete: "
	 "a}}\n",
		"cannot load templates: cannot parse 'rules' line 3: template 'r': bad query: no "
		"such "
		"kind of node near 'nope) @a\n'"},
	{"languages: [python]\ntemplates:\n  - {name: r, rewrite: {delete: a}}\n",
		"cannot load templates: cannot parse 'rules' line 3: neither 'query' nor 'tokens'"},
	{"languages: [python]\ntemplates:\n  - {name: r, prior: 1, query: '(call) @a'}\n",
		"cannot load templates: cannot parse 'rules' line 3: no 'rewrite'"},
	{"languages: [python]\ntemplates:\n  - {nme: r, query: '(call) @a', rewrite: {delete: "
	 "a}}\n",
		"cannot load templates: cannot parse 'rules' line 3: unknown key 'nme' (did you "
		"mean "
		"'name'?)"},
	{"languages: [python]\ntemplates:\n  - {name: r, prior: 1, query: '(call) @a', when: "
	 "[{type: '('}], "
	 "rewrite: {delete: a}}\n",
		"cannot load templates: cannot parse 'rules' line 3: bad pattern '(' at 1: missing "
		"closing parenthesis"},
};

static void bad_rules_are_refused_with_their_line(void **state)
{
	struct rewrite_file file = {.path = STR("m.py"), .content = STR("x = 1\n")};

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct rewrite_options options = {
			.files = &file, .n_files = 1, .user_rules = str_of(refused[i].rules)};
		struct rewrite *rewrite = NULL;
		struct err err = ERR_INIT;

		assert_true(rewrite_open(&rewrite, &options, &err) < 0);
		assert_string_equal(err.msg, refused[i].message);
		assert_null(rewrite);
	}
}

static void the_same_edit_is_made_at_several_places(void **state)
{
	struct given_options o = {.path = "m.py",
		.source = "def f(a, b):\n    if a < 1:\n        return b < 2\n    return a < b\n"};
	struct given given;

	give_candidates(&given, &o);
	assert_true(gives(&given,
		"def f(a, b):\n    if a <= 1:\n        return b <= 2\n    return a <= b\n"));
	assert_true(gives(
		&given, "def f(a, b):\n    if a <= 1:\n        return b < 2\n    return a <= b\n"));
	/* A pair of different changes. */
	assert_true(gives(
		&given, "def f(a, b):\n    if a <= 1:\n        return b < 3\n    return a < b\n"));
	buf_release(&given.text);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	struct err err = ERR_INIT;
	struct buf path;

	buf_init(&path, 4096);
	buf_printf(&path, "%s/%s", dir, name);
	assert_int_equal(file_replace(buf_text(&path), str_of(text), &err), 0);
	buf_release(&path);
}

static void a_folder_of_templates_stands_before_the_binary(void **state)
{
	char dir[] = "/tmp/selfheal-templates-XXXXXX", sub[64];
	struct rewrite_file file = {.path = STR("m.py"), .content = STR("x = a < b\n")};
	struct rewrite_options options = {.files = &file, .n_files = 1, .templates_dir = dir};
	struct rewrite *rewrite = NULL;
	struct err err = ERR_INIT;
	struct patch patch;
	bool own = false, comparison = false;

	assert_non_null(mkdtemp(dir));
	snprintf(sub, sizeof(sub), "%s/repair", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	snprintf(sub, sizeof(sub), "%s/repair/python", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	/* In the place of a file of the binary, which held the comparisons. */
	write_file(dir, "repair/python/operators.yml",
		RULE("{name: own, prior: 1, query: '(identifier) @i', rewrite: {replace: i, with: "
		     "zz}}"));
	assert_int_equal(rewrite_open(&rewrite, &options, &err), 0);
	while (rewrite_next(rewrite, &patch, 1)) {
		own = own || str_eq_c(patch.origin, "own");
		comparison = comparison || str_eq_c(patch.origin, "py-comparison");
	}
	assert_true(own);
	assert_false(comparison);
	rewrite_free(rewrite);
	write_file(dir, "repair/python/operators.yml", "languages: [python]\ntemplates: 3\n");
	rewrite = NULL;
	assert_true(rewrite_open(&rewrite, &options, &err) < 0);
	assert_non_null(strstr(err.msg, "operators.yml' line 2: expected a list"));
	snprintf(sub, sizeof(sub), "%s/repair/python/operators.yml", dir);
	unlink(sub);
	for (int depth = 0; depth < 3; depth++) {
		*strrchr(sub, '/') = '\0';
		rmdir(sub);
	}
}

static double double_negate(void *data, struct str origin)
{
	return str_eq_c(origin, data) ? 100 : 1;
}

static void records_change_the_order(void **state)
{
	struct rewrite_file file = {
		.path = STR("m.py"), .content = STR("def f(a, b):\n    return a + b < 3\n")};
	struct rewrite_options options = {.files = &file, .n_files = 1, .record = double_negate};
	const char *names[] = {"py-negate-value", "py-drop-operand"};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct rewrite *rewrite = NULL;
		struct patch patch;

		options.record_data = (void *)(uintptr_t)names[i];
		assert_int_equal(rewrite_open(&rewrite, &options, &err), 0);
		assert_int_equal(rewrite_next(rewrite, &patch, 1), 1);
		assert_true(str_eq_c(patch.origin, names[i]));
		rewrite_free(rewrite);
	}
}

static void nothing_comes_of_nothing(void **state)
{
	static const char *const sources[] = {"", "\n", "# only words\n", "x = 'no end\n((((\n"};

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		struct given_options o = {.path = "m.py", .source = sources[i], .max = 50};
		struct given given;

		give_candidates(&given, &o);
		assert_true(i == 3 || given.n == 0);
		buf_release(&given.text);
	}
}

static const struct {
	const char *expected, *actual;
	enum relation relation;
	bool holds;
} relations[] = {
	{"5", "4", RELATION_OFF_BY_ONE, true},
	{"5", "4", RELATION_SMALLER, true},
	{"5", "-5", RELATION_NEGATED, true},
	{"True", "False", RELATION_NEGATED, true},
	{"'Yes'", "'yes'", RELATION_CASE, true},
	{"'a b'", "'ab'", RELATION_SPACE, true},
	{"'abc'", "'cba'", RELATION_REVERSED, true},
	{"'abc'", "'ab'", RELATION_MISSING, true},
	{"[1, 2, 3]", "[3, 2, 1]", RELATION_REVERSED, true},
	{"[1, 2, 3]", "[2, 1, 3]", RELATION_REORDERED, true},
	{"[1, 2, 3]", "[1, 2]", RELATION_MISSING, true},
	{"[1, 2]", "[1, 2, 2]", RELATION_EXTRA, true},
	{"[1, 2]", "[1, 2, 2]", RELATION_DUPLICATES, true},
	{"[1, 2]", "[1, 3]", RELATION_OFF_BY_ONE, true},
	{"[1, 2]", "(1, 2)", RELATION_TYPE, true},
	{"'3'", "3", RELATION_TYPE, true},
	{"3", "None", RELATION_NONE, true},
	{"3", "3.5", RELATION_FRACTION, true},
	{"3", "3", RELATION_OFF_BY_ONE, false},
	{"[[1, 2], [3]]", "[[1, 2]]", RELATION_MISSING, true},
	{"<object>", "3", RELATION_TYPE, false},
};

static void relations_are_read_from_printed_values(void **state)
{
	struct failure failure = {.message = STR("assert 4 == 5\n + where 4 = f(1)")};

	for (size_t i = 0; i < ARRAY_LEN(relations); i++) {
		unsigned bits = relations_between(
			str_of(relations[i].expected), str_of(relations[i].actual));

		if (((bits >> relations[i].relation) & 1) != relations[i].holds)
			fail_msg("%s, %s: %s", relations[i].expected, relations[i].actual,
				relation_to_string(relations[i].relation));
	}
	assert_true(failure_relations(&failure) & 1u << RELATION_OFF_BY_ONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_forms_say_what_is_the_same),
		cmocka_unit_test(edited_statements_have_the_form_of_the_file),
		cmocka_unit_test(candidates_come_best_first_and_once),
		cmocka_unit_test(suspicious_lines_come_first),
		cmocka_unit_test(user_rules_rewrite),
		cmocka_unit_test(bad_rules_are_refused_with_their_line),
		cmocka_unit_test(the_same_edit_is_made_at_several_places),
		cmocka_unit_test(a_folder_of_templates_stands_before_the_binary),
		cmocka_unit_test(records_change_the_order),
		cmocka_unit_test(nothing_comes_of_nothing),
		cmocka_unit_test(relations_are_read_from_printed_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
