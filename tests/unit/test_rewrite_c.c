/* Each template for C and C++ that a message selects: a fault of its kind, what the compiler says
 * of it, and the fix that must be among what it gives. */
#include "unit/rewrite_helper.h"

#define F "int f(int a, int b, int *v)\n{\n"

static const struct {
	const char *template, *message, *source, *fixed;
} cases[] = {
	/* names */
	{"c-undeclared-suggested",
		"'totl' undeclared (first use in this function); did you mean 'b'?",
		F "    return totl;\n}\n", F "    return b;\n}\n"},
	{"c-undeclared-suggested",
		"\u2018totl\u2019 was not declared in this scope; did you mean \u2018b\u2019?",
		F "    return totl;\n}\n", F "    return b;\n}\n"},
	{"c-undeclared-suggested", "use of undeclared identifier 'totl'; did you mean 'b'?",
		F "    return totl;\n}\n", F "    return b;\n}\n"},
	{"c-undeclared-name", "'totl' undeclared (first use in this function)",
		F "    int total = 1;\n    return totl;\n}\n",
		F "    int total = 1;\n    return total;\n}\n"},
	{"c-undeclared-name-at-definition", "'total' undeclared (first use in this function)",
		F "    int totl = 1;\n    return total;\n}\n",
		F "    int total = 1;\n    return total;\n}\n"},
	{"c-undeclared-other-name", "'k' undeclared (first use in this function)",
		F "    return k;\n}\n", F "    return a;\n}\n"},
	{"c-undeclared-import", "implicit declaration of function 'strlen'",
		"int f(char *s)\n{\n    return strlen(s);\n}\n",
		"#include <string.h>\nint f(char *s)\n{\n    return strlen(s);\n}\n"},
	{"c-undeclared-declare", "'k' undeclared (first use in this function)",
		F "    k += a;\n    return k;\n}\n",
		F "    int k = 0;\n    k += a;\n    return k;\n}\n"},
	{"c-undeclared-declare-here", "'i' undeclared (first use in this function)",
		F "    for (i = 0; i < a; i++)\n        b++;\n    return b;\n}\n",
		F "    for (int i = 0; i < a; i++)\n        b++;\n    return b;\n}\n"},
	{"c-undeclared-for-out", "'i' undeclared (first use in this function)",
		F "    for (int i = 0; i < a; i++)\n        b++;\n    return i;\n}\n",
		F "    int i;\n    for (i = 0; i < a; i++)\n        b++;\n    return i;\n}\n"},
	{"c-syntax-keyword", "unknown type name 'itn'", F "    itn k = a;\n    return k;\n}\n",
		F "    int k = a;\n    return k;\n}\n"},
	{"c-no-member", "'struct s' has no member named 'widht'",
		"struct s { int width; };\nint f(struct s *s)\n{\n    return s->widht;\n}\n",
		"struct s { int width; };\nint f(struct s *s)\n{\n    return s->width;\n}\n"},
	{"c-arrow", "'s' is a pointer; did you mean to use '->'?",
		"int f(struct s *s)\n{\n    return s.width;\n}\n",
		"int f(struct s *s)\n{\n    return s->width;\n}\n"},
	/* types and shapes */
	{"c-const-dropped", "assignment of read-only variable 'k'",
		F "    const int k = 0;\n    k = a;\n    return k;\n}\n",
		F "     int k = 0;\n    k = a;\n    return k;\n}\n"},
	{"c-dimension", "subscripted value is neither array nor pointer nor vector",
		F "    int g[a + 1];\n    return g[a][b];\n}\n",
		F "    int g[a + 1][a + 1];\n    return g[a][b];\n}\n"},
	{"c-pointer-parameter", "subscripted value is neither array nor pointer nor vector",
		"int f(int v)\n{\n    return v[0];\n}\n",
		"int f(int *v)\n{\n    return v[0];\n}\n"},
	{"c-no-pointer", "invalid conversion from 'int' to 'int*'",
		"int f(int *n)\n{\n    return n + 1;\n}\n",
		"int f(int n)\n{\n    return n + 1;\n}\n"},
	{"c-integer-type", "array subscript is not an integer",
		"int f(int *v, float i)\n{\n    return v[i];\n}\n",
		"int f(int *v, int i)\n{\n    return v[i];\n}\n"},
	{"c-syntax-lvalue", "lvalue required as left operand of assignment",
		F "    if (a % 2 = 1)\n        return 1;\n    return b;\n}\n",
		F "    if (a % 2 == 1)\n        return 1;\n    return b;\n}\n"},
	{"c-lvalue-swap", "lvalue required as left operand of assignment",
		F "    f(a, b, v) = b;\n    return b;\n}\n",
		F "    b = f(a, b, v);\n    return b;\n}\n"},
	{"c-return-type", "void value not ignored as it ought to be",
		"void f(int a)\n{\n    return a;\n}\n", "int f(int a)\n{\n    return a;\n}\n"},
	{"c-redeclared-assign", "redefinition of 'k'",
		F "    int k = 1;\n    int k = 2;\n    return k;\n}\n",
		F "    int k = 1;\n    k = 2;\n    return k;\n}\n"},
	{"c-not-initialised", "'k' is used uninitialized", F "    int k;\n    return k;\n}\n",
		F "    int k = 0;\n    return k;\n}\n"},
	/* files that do not parse */
	{"c-syntax-semicolon", "expected ';' before 'return'", F "    a = b\n    return a;\n}\n",
		F "    a = b;\n    return a;\n}\n"},
	{"c-syntax-compare-in-declaration", "expected initializer before '==' token",
		F "    int k == 0;\n    return k;\n}\n", F "    int k = 0;\n    return k;\n}\n"},
	{"c-syntax-close", "expected ')' before ';' token",
		F "    a = f(b, 1, v;\n    return a;\n}\n",
		F "    a = f(b, 1, v);\n    return a;\n}\n"},
	{"c-syntax-extra-bracket", "expected statement before ')' token",
		F "    a = b + 1);\n    return a;\n}\n", F "    a = b + 1;\n    return a;\n}\n"},
	{"c-syntax-close-block", "expected declaration or statement at end of input",
		F "    if (a) {\n        b++;\n    return b;\n}\n",
		F "    if (a) {\n        b++;\n    }\n    return b;\n}\n"},
	{"c-syntax-reversed-operator", "expected expression before '<' token",
		F "    while (a =< b)\n        a++;\n    return a;\n}\n",
		F "    while (a <= b)\n        a++;\n    return a;\n}\n"},
	{"c-syntax-keyword", "'retrun' undeclared (first use in this function)",
		F "    retrun a;\n}\n", F "    return a;\n}\n"},
	{"c-syntax-quote", "missing terminating \" character",
		F "    puts(\"a);\n    return a;\n}\n", F "    puts(\"a\");\n    return a;\n}\n"},
	{"c-syntax-comment-marks", "stray '##' in program",
		F "    a = b; ## take it\n    return a;\n}\n",
		F "    a = b; // take it\n    return a;\n}\n"},
	{"c-syntax-word-operator", "expected ')' before 'and'",
		F "    if (a and b)\n        a = 0;\n    return a;\n}\n",
		F "    if (a && b)\n        a = 0;\n    return a;\n}\n"},
	/* ends of processes */
	{"c-zero-divisor-guard", "Floating point exception", F "    return a % b;\n}\n",
		F "    if (b == 0)\n        return 0;\n    return a % b;\n}\n"},
	{"c-null-guard", "Segmentation fault", "int f(int *v)\n{\n    return v[0];\n}\n",
		"int f(int *v)\n{\n    if (!v)\n        return 0;\n    return v[0];\n}\n"},
};

static void test_messages_select_templates(void **state)
{
	size_t missed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct given given;

		give_candidates(&given, &(struct given_options){.path = "a.c",
						.source = cases[i].source,
						.template = cases[i].template,
						.failure = {.kind = FAILURE_COMPILE,
							.type = STR("error"),
							.file = STR("a.c"),
							.line = 3,
							.message = str_of(cases[i].message)},
						.has_failure = true});
		if (!gives(&given, cases[i].fixed) && ++missed)
			print_message("%s does not give\n%s\nbut\n%s\n", cases[i].template,
				cases[i].fixed, buf_text(&given.text));
		buf_release(&given.text);
	}
	assert_int_equal(missed, 0);
}

static void test_without_a_message_they_are_silent(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct given given;

		if (str_starts(str_of(cases[i].template), "c-syntax-"))
			continue;
		give_candidates(&given, &(struct given_options){.path = "a.c",
						.source = cases[i].source,
						.template = cases[i].template});
		assert_int_equal(given.n, 0);
		buf_release(&given.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_select_templates),
		cmocka_unit_test(test_without_a_message_they_are_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
