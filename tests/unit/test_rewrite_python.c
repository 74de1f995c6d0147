/* Each template for Python: a fault of its kind, and the fix that must be among what it gives. */
#include "unit/rewrite_helper.h"

#define F "def f(a, b, items):\n"

static const struct {
	const char *template, *source, *fixed;
} cases[] = {
	/* operators */
	{"py-comparison", "x = a < b\n", "x = a <= b\n"},
	{"py-comparison", "x = a is b\n", "x = a == b\n"},
	{"py-arithmetic", "x = a - b\n", "x = a + b\n"},
	{"py-logical", "x = a and b\n", "x = a or b\n"},
	{"py-augmented", "x += b\n", "x -= b\n"},
	/* values */
	{"py-integer", "x = 3\n", "x = 4\n"},
	{"py-integer", "x = a[1] + b[1]\n", "x = a[2] + b[2]\n"},
	{"py-integer-nearby", F "    x = 7\n    return 12\n", F "    x = 7\n    return 7\n"},
	{"py-integer-to-name", F "    n = 3\n    return items[0:5]\n",
		F "    n = 3\n    return items[0:n]\n"},
	{"py-name-to-integer", F "    n = 3\n    return a + n\n",
		F "    n = 3\n    return a + 1\n"},
	{"py-infinity", "x = float('inf')\n", "x = float('-inf')\n"},
	{"py-start-value", "x = 0\n", "x = float('inf')\n"},
	{"py-start-empty", "x = []\n", "x = {}\n"},
	{"py-constant", "x = True\n", "x = False\n"},
	{"py-constant-to-text", F "    if a:\n        return 'no'\n    return False\n",
		F "    if a:\n        return 'no'\n    return 'no'\n"},
	{"py-name", F "    return a + a\n", F "    return a + b\n"},
	{"py-name", F "    return a - b\n", F "    return b - a\n"},
	{"py-name-target", F "    x, y = 0, 0\n    x = a\n    return y\n",
		F "    x, y = 0, 0\n    y = a\n    return y\n"},
	{"py-member-object", F "    return a.count('1')\n", F "    return bin(b).count('1')\n"},
	{"py-function", "x = min(a)\n", "x = max(a)\n"},
	{"py-member", "x = a.lower()\n", "x = a.upper()\n"},
	{"py-member-nearby", "a.push(1)\nb.pull()\n", "a.pull(1)\nb.pull()\n"},
	{"py-text-case", "x = 'yes'\n", "x = 'Yes'\n"},
	{"py-text-both-cases", "x = 'aeiou'\n", "x = 'aeiouAEIOU'\n"},
	{"py-text-blank", "x = ' '\n", "x = ''\n"},
	{"py-text-character", "x = a == '('\n", "x = a == '['\n"},
	{"py-text-is-name", F "    return a.find('b')\n", F "    return a.find(b)\n"},
	{"py-text-to-format", "x = '{a} of {b}'\n", "x = f'{a} of {b}'\n"},
	/* expressions */
	{"py-one-off", "x = range(n)\n", "x = range(n + 1)\n"},
	{"py-one-off", "x = 2 * n\n", "x = 2 * (n - 1)\n"},
	{"py-one-off", "x = a[i:]\n", "x = a[i + 1:]\n"},
	{"py-drop-operand", "x = a + b - 1\n", "x = a + b\n"},
	{"py-drop-middle", "x = a + b + c\n", "x = a + c\n"},
	{"py-drop-condition", "x = a and b\n", "x = a\n"},
	{"py-drop-minus", "x = -a\n", "x = a\n"},
	{"py-drop-not", "x = not a\n", "x = a\n"},
	{"py-drop-call", "x = str(a)\n", "x = a\n"},
	{"py-drop-method", "x = a.sort(key=k)\n", "x = a\n"},
	{"py-drop-subscript", "x = a[0]\n", "x = a\n"},
	{"py-drop-argument", "x = range(1, n)\n", "x = range(n)\n"},
	{"py-drop-filter", "x = [i for i in a if i]\n", "x = [i for i in a ]\n"},
	{"py-part", "x = (a + b) * c * d\n", "x = (a + b) * c\n"},
	{"py-regroup", "x = a * b + c\n", "x = a * (b + c)\n"},
	{"py-regroup-left", "x = a + b * c\n", "x = (a + b) * c\n"},
	{"py-ungroup", "x = a * (b + c)\n", "x = a * b + c\n"},
	{"py-swap-operands", "x = a % b\n", "x = b % a\n"},
	{"py-swap-operands", "x = a - b * c\n", "x = b * c - a\n"},
	{"py-swap-membership", "x = a in b\n", "x = b in a\n"},
	{"py-swap-arguments", "x = f(a, b)\n", "x = f(b, a)\n"},
	{"py-swap-elements", "a, b = b, a % b\n", "a, b = a % b, b\n"},
	{"py-swap-tuple", "x = (a, b)\n", "x = (b, a)\n"},
	{"py-swap-branches", "x = a if c else b\n", "x = b if c else a\n"},
	{"py-swap-subscripts", "x = a[i][j]\n", "x = a[j][i]\n"},
	{"py-slice-usual", "x = a[1:3]\n", "x = a[::-1]\n"},
	{"py-wrap-slice", "x = a\n", "x = a[1:]\n"},
	{"py-wrap-slice", "x = a + b\n", "x = (a + b)[1:]\n"},
	{"py-wrap-reversed", "for x in a:\n    pass\n", "for x in reversed(a):\n    pass\n"},
	{"py-wrap-sorted", "for x in a:\n    pass\n", "for x in sorted(a):\n    pass\n"},
	{"py-wrap-set", "x = sorted(a)\n", "x = sorted(set(a))\n"},
	{"py-wrap-text", "x = 'a' + b\n", "x = 'a' + str(b)\n"},
	{"py-wrap-number", "x = a * 2\n", "x = int(a) * 2\n"},
	{"py-wrap-absolute", "x = a - b\n", "x = abs(a - b)\n"},
	{"py-wrap-length", "x = a > b\n", "x = len(a) > b\n"},
	{"py-wrap-list", "x = map(f, a)\n", "x = list(map(f, a))\n"},
	{"py-copy", "x.append(a)\n", "x.append(a[:])\n"},
	{"py-wrap-both", "x = a == b\n", "x = set(a) == set(b)\n"},
	{"py-both-methods", "x = a == b\n", "x = a.lower() == b.lower()\n"},
	{"py-add-method", "x = a == b\n", "x = a.lower() == b\n"},
	{"py-scale", "x = a + b\n", "x = (a + b) // 2\n"},
	{"py-add-term", F "    n = a\n    return n\n", F "    n = a\n    return n + b\n"},
	{"py-bound", F "    return a - b\n", F "    return max(a - b, 0)\n"},
	{"py-range", "x = range(n)\n", "x = range(1, n + 1)\n"},
	{"py-range-start", F "    for i in a:\n        x = range(b)\n",
		F "    for i in a:\n        x = range(i, b)\n"},
	{"py-range-two", "x = range(a, b)\n", "x = range(b, a, -1)\n"},
	{"py-nearby", F "    x = a[1]\n    return b\n", F "    x = a[1]\n    return a[1]\n"},
	{"py-nearby-renamed", F "    x = a[1]\n    return items\n",
		F "    x = a[1]\n    return b[1]\n"},
	{"py-name-instead", F "    return a[0]\n", F "    return b\n"},
	{"py-add-argument", F "    g(a)\n", F "    g(a, b)\n"},
	{"py-add-keyword", "x = sorted(a)\n", "x = sorted(a, reverse=True)\n"},
	{"py-increment-prefix", "x = ++i\n", "x = i + 1\n"},
	{"py-lambda-key", "x = sorted(a, key=lambda p: p[0])\n",
		"x = sorted(a, key=lambda p: p[1])\n"},
	/* conditions */
	{"py-negate", "if a:\n    x = 1\n", "if not a:\n    x = 1\n"},
	{"py-negate", "if a or b:\n    x = 1\n", "if not (a or b):\n    x = 1\n"},
	{"py-condition-nearby", F "    if a > 1:\n        return 1\n    if b:\n        return 2\n",
		F "    if a > 1:\n        return 1\n    if b > 1:\n        return 2\n"},
	{"py-and-usual", F "    if a > 1:\n        return 1\n",
		F "    if a > 1 and b != 0:\n        return 1\n"},
	{"py-or-nearby", F "    if a < 1:\n        return 1\n    if a == 5:\n        return 2\n",
		F "    if a < 1 or a == 5:\n        return 1\n    if a == 5:\n        return 2\n"},
	{"py-add-filter", "x = [i for i in a]\n", "x = [i for i in a if i > 0]\n"},
	{"py-elif", "if a:\n    x = 1\nif b:\n    x = 2\n",
		"if a:\n    x = 1\nelif b:\n    x = 2\n"},
	{"py-elif-to-if", "if a:\n    x = 1\nelif b:\n    x = 2\n",
		"if a:\n    x = 1\nif b:\n    x = 2\n"},
	{"py-while-to-if", "while a:\n    x = 1\n", "if a:\n    x = 1\n"},
	{"py-if-to-while", "if a:\n    x = 1\n", "while a:\n    x = 1\n"},
	{"py-truth", "if a:\n    x = 1\n", "if a is not None:\n    x = 1\n"},
	/* statements */
	{"py-keyword", "for i in a:\n    break\n", "for i in a:\n    continue\n"},
	{"py-assignment-to-augmented", "x = 1\n", "x += 1\n"},
	{"py-dedent", F "    for i in a:\n        x = i\n        return x\n",
		F "    for i in a:\n        x = i\n    return x\n"},
	{"py-indent", F "    for i in a:\n        x = i\n    b += x\n",
		F "    for i in a:\n        x = i\n        b += x\n"},
	{"py-swap-statements", "a = 1\nb = a\n", "b = a\na = 1\n"},
	{"py-return-at-end", F "    n = 1\n", F "    n = 1\n    return n\n"},
	{"py-return-expression", F "    g(a)\n", F "    return g(a)\n"},
	{"py-return-in-place-method", F "    return a.sort()\n", F "    a.sort(); return a\n"},
	{"py-assign-in-place-method", "x = a.sort()\n", "x = sorted(a)\n"},
	{"py-keep-result", "a.strip()\n", "a = a.strip()\n"},
	{"py-last-element",
		F "    r = []\n    for n in a[:-1]:\n        r.append(n)\n    return r\n",
		F "    r = []\n    for n in a[:-1]:\n        r.append(n)\n    r.append(a[-1])\n    "
		  "return r\n"},
	{"py-append-after-loop",
		F "    r, s = [], []\n    for n in a:\n        r.append(s)\n    return r\n",
		F "    r, s = [], []\n    for n in a:\n        r.append(s)\n    r.append(s)\n    "
		  "return r\n"},
	{"py-insert-nearby", F "    g(a)\n    b = 1\n", F "    g(a)\n    b = 1\n    g(b)\n"},
	{"py-step", F "    i = 0\n    while i < 3:\n        g(i)\n",
		F "    i = 0\n    while i < 3:\n        g(i)\n        i += 1\n"},
	{"py-guard-empty-plain", "def f(a):\n    return a[0]\n",
		"def f(a):\n    if not a:\n        return None\n    return a[0]\n"},
	{"py-replace-statement", F "    a += 1\n    b += 1\n", F "    b += 1\n    b += 1\n"},
	{"py-unwrap-if", F "    if a:\n        b = 1\n        c = 2\n    return b\n",
		F "    b = 1\n    c = 2\n    return b\n"},
	{"py-delete-statement", F "    a = 1\n    g(a)\n", F "    a = 1\n"},
	{"py-delete-statement", F "    for i in a:\n        g(i)\n",
		F "    for i in a:\n        pass\n"},
	{"py-mutable-default", "def f(a=[]):\n    return a\n",
		"def f(a=None):\n    if a is None:\n        a = []\n    return a\n"},
};

static void templates_give_the_fix(void **state)
{
	size_t missing = 0;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct given_options o = {
			.path = "m.py", .source = cases[i].source, .template = cases[i].template};
		struct given given;

		/* Several templates may give the same text; the first keeps the name. */
		give_candidates(&given, &o);
		if (!gives(&given, cases[i].fixed)) {
			buf_release(&given.text);
			o.template = NULL;
			give_candidates(&given, &o);
			if (!gives(&given, cases[i].fixed)) {
				print_error(
					"%s does not give:\n%s", cases[i].template, cases[i].fixed);
				missing++;
			}
		}
		buf_release(&given.text);
	}
	assert_int_equal(missing, 0);
}

static const struct {
	const char *type, *message, *source, *fixed;
} errors[] = {
	{"NameError", "name 'totl' is not defined", F "    total = 1\n    return totl\n",
		F "    total = 1\n    return total\n"},
	{"NameError", "name 'string' is not defined", "x = string(3)\n", "x = str(3)\n"},
	{"NameError", "name 'math' is not defined", "x = math.pi\n", "import math\nx = math.pi\n"},
	{"NameError", "name 'deque' is not defined", "import os\nx = deque()\n",
		"import os\nfrom collections import deque\nx = deque()\n"},
	{"NameError", "name 'heapify' is not defined", "import heapq\nheapify(x)\n",
		"import heapq\nheapq.heapify(x)\n"},
	{"UnboundLocalError", "local variable 'n' referenced before assignment",
		F "    n += 1\n    return n\n", F "    n = 0\n    n += 1\n    return n\n"},
	{"AttributeError", "'list' object has no attribute 'push'", "x.push(1)\n", "x.append(1)\n"},
	{"AttributeError", "'Node' object has no attribute 'nxt'", "x.next = 1\ny = x.nxt\n",
		"x.next = 1\ny = x.next\n"},
	{"AttributeError", "'str' object has no attribute 'len'", "y = x.len()\n", "y = len(x)\n"},
	{"TypeError", "can only concatenate str (not \"int\") to str", "x = 'a' + n\n",
		"x = 'a' + str(n)\n"},
	{"TypeError", "'int' object is not iterable", "for i in n:\n    pass\n",
		"for i in range(n):\n    pass\n"},
	{"TypeError", "'float' object cannot be interpreted as an integer", "x = range(n / 2)\n",
		"x = range(n // 2)\n"},
	{"TypeError", "'list' object is not callable", "x = items(0)\n", "x = items[0]\n"},
	{"TypeError", "'function' object is not subscriptable", "x = g[0]\n", "x = g(0)\n"},
	{"TypeError", "g() takes 0 positional arguments but 1 was given",
		"class A:\n    def g():\n        return 1\n",
		"class A:\n    def g(self):\n        return 1\n"},
	{"TypeError", "Strings must be encoded before hashing", "x = md5(text)\n",
		"x = md5(text.encode())\n"},
	{"KeyError", "'a'", "x = d['a']\n", "x = d.get('a', 0)\n"},
	{"KeyError", "3", "d[k] += 1\n", "d.setdefault(k, 0)\nd[k] += 1\n"},
	{"IndexError", "list index out of range", "while a[i] > 0:\n    i += 1\n",
		"while i < len(a) and a[i] > 0:\n    i += 1\n"},
	{"ZeroDivisionError", "division by zero", F "    return a / b\n",
		F "    if b == 0:\n        return 0\n    return a / b\n"},
	{"RuntimeError", "dictionary changed size during iteration", "for k in d:\n    d.pop(k)\n",
		"for k in list(d):\n    d.pop(k)\n"},
	{"RecursionError", "maximum recursion depth exceeded", "def f(n):\n    return f(n - 1)\n",
		"def f(n):\n    if n == 0:\n        return 0\n    return f(n - 1)\n"},
	{"ModuleNotFoundError", "No module named 'Queue'", "import Queue\n", "import queue\n"},
};

static void error_messages_select_templates(void **state)
{
	size_t missing = 0;

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct given_options o = {.path = "m.py",
			.source = errors[i].source,
			.has_failure = true,
			.failure = {.type = str_of(errors[i].type),
				.message = str_of(errors[i].message)},
			.max = 60};
		struct given given;

		give_candidates(&given, &o);
		if (!gives(&given, errors[i].fixed)) {
			print_error(
				"%s is not answered by:\n%s", errors[i].message, errors[i].fixed);
			missing++;
		}
		buf_release(&given.text);
	}
	assert_int_equal(missing, 0);
}

static const struct {
	const char *source, *fixed;
} syntax[] = {
	{"def f(a)\n    return a\n", "def f(a):\n    return a\n"},
	{"if a == 1\n    x = 2\n", "if a == 1:\n    x = 2\n"},
	{"x = f(1, (2)\ny = 1\n", "x = f(1, (2))\ny = 1\n"},
	{"x = [1, 2\ny = 1\n", "x = [1, 2]\ny = 1\n"},
	{"x = f(1))\n", "x = f(1)\n"},
	{"x = [1, 2)\n", "x = [1, 2]\n"},
	{"x = 'abc\n", "x = 'abc'\n"},
	{"print('abc)\n", "print('abc')\n"},
	{"x = 'abc\"\n", "x = 'abc'\n"},
	{"x = abc'\n", "x = 'abc'\n"},
	{"x y = point\n", "x, y = point\n"},
	{"x = [1 2, 3]\n", "x = [1, 2, 3]\n"},
	{"def f(a):\n    retrun a\n", "def f(a):\n    return a\n"},
	{"whlie a:\n    x = 1\n", "while a:\n    x = 1\n"},
	{"if a = 1:\n    x = 2\n", "if a == 1:\n    x = 2\n"},
	{"if a:\n    x = 1\nelse if b:\n    x = 2\n", "if a:\n    x = 1\nelif b:\n    x = 2\n"},
	{"if a && b:\n    x = 1\n", "if a and b:\n    x = 1\n"},
	{"if !a:\n    x = 1\n", "if not a:\n    x = 1\n"},
	{"x = 1 // a note here\n", "x = 1 # a note here\n"},
	{"i++\n", "i += 1\n"},
	{"def f(a)\n    return (a\n", "def f(a):\n    return (a)\n"},
	{"f(x):\n    return x\n", "def f(x):\n    return x\n"},
};

static void broken_files_are_mended(void **state)
{
	size_t missing = 0;

	for (size_t i = 0; i < ARRAY_LEN(syntax); i++) {
		struct given_options o = {.path = "m.py", .source = syntax[i].source};
		struct given given;

		give_candidates(&given, &o);
		if (!gives(&given, syntax[i].fixed) &&
			str_find_c(buf_view(&given.text), syntax[i].fixed) < 0) {
			print_error("not mended into:\n%s", syntax[i].fixed);
			missing++;
		}
		buf_release(&given.text);
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_give_the_fix),
		cmocka_unit_test(error_messages_select_templates),
		cmocka_unit_test(broken_files_are_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
