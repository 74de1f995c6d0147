#include "kit/trial/c_scan.h"

#include <ctype.h>

static bool identifier_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Length of white space and comments at the front; true in *unended for an open comment. */
static size_t blank_length(struct str s, bool *line_start, bool *unended)
{
	size_t i = 0;

	*unended = false;
	while (i < s.n) {
		if (isspace((unsigned char)s.p[i])) {
			*line_start = *line_start || s.p[i] == '\n';
			i++;
		} else if (s.p[i] == '\\' && i + 1 < s.n &&
			   (s.p[i + 1] == '\n' || s.p[i + 1] == '\r')) {
			i += 2;
		} else if (str_starts(str_from(s, i), "//")) {
			ptrdiff_t end = str_find_char(str_from(s, i), '\n');

			i = end < 0 ? s.n : i + (size_t)end;
		} else if (str_starts(str_from(s, i), "/*")) {
			ptrdiff_t end = str_find_c(str_from(s, i + 2), "*/");

			*unended = end < 0;
			i = end < 0 ? s.n : i + 2 + (size_t)end + 2;
		} else {
			break;
		}
	}
	return i;
}

/* Length of a string or character constant with its quotes, 0 when it does not end on its line. */
static size_t quoted_length(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == s.p[0])
			return i + 1;
		else if (s.p[i] == '\n')
			return 0;
	}
	return 0;
}

/* R"delimiter( ... )delimiter" with s at the quote. */
static size_t raw_length(struct str s)
{
	ptrdiff_t open = str_find_char(s, '(');

	if (open < 0 || open > 18)
		return 0;
	struct str delimiter = str_slice(s, 1, (size_t)open);
	for (size_t i = (size_t)open; i + delimiter.n + 1 < s.n; i++)
		if (s.p[i] == ')' && s.p[i + 1 + delimiter.n] == '"' &&
			str_eq(str_slice(s, i + 1, i + 1 + delimiter.n), delimiter))
			return i + delimiter.n + 2;
	return 0;
}

static bool raw_prefix(struct str word)
{
	return str_eq(word, STR("R")) || str_eq(word, STR("LR")) || str_eq(word, STR("uR")) ||
	       str_eq(word, STR("UR")) || str_eq(word, STR("u8R"));
}

static size_t directive_length(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\n' && s.p[i - 1] != '\\' &&
			!(i > 1 && s.p[i - 1] == '\r' && s.p[i - 2] == '\\'))
			return i;
	return s.n;
}

static size_t word_length(struct str s)
{
	size_t n = 0;

	while (n < s.n && identifier_byte(s.p[n]))
		n++;
	return n;
}

/* 0x1p-3, 1'000, 1.5e+3: a preprocessing number. */
static size_t number_length(struct str s)
{
	size_t n = 1;

	for (; n < s.n; n++) {
		bool sign = (s.p[n] == '+' || s.p[n] == '-') && strchr("eEpP", s.p[n - 1]);
		bool mark = s.p[n] == '\'' && n + 1 < s.n && isalnum((unsigned char)s.p[n + 1]);

		if (!identifier_byte(s.p[n]) && s.p[n] != '.' && !sign && !mark)
			break;
	}
	return n;
}

/* The token at the front of s, which is neither blank nor empty. */
static struct c_token token_at(struct str s, bool line_start)
{
	size_t n = 1;
	enum c_token_kind kind = C_PUNCTUATION;

	if (s.p[0] == '#' && line_start) {
		kind = C_DIRECTIVE;
		n = directive_length(s);
	} else if (isdigit((unsigned char)s.p[0])) {
		kind = C_NUMBER;
		n = number_length(s);
	} else if (identifier_byte(s.p[0])) {
		kind = C_IDENTIFIER;
		n = word_length(s);
		if (n < s.n && s.p[n] == '"' && raw_prefix(str_slice(s, 0, n))) {
			size_t raw = raw_length(str_from(s, n));

			kind = raw ? C_STRING : C_UNENDED;
			n += raw;
		}
	} else if (s.p[0] == '"' || s.p[0] == '\'') {
		n = quoted_length(s);
		kind = n ? C_STRING : C_UNENDED;
		n += !n;
	} else if (str_starts(s, "::") || str_starts(s, "->")) {
		n = 2;
	}
	return (struct c_token){kind, str_slice(s, 0, n)};
}

bool c_scan_next(struct str *rest, bool *line_start, struct c_token *token)
{
	bool unended;

	*rest = str_from(*rest, blank_length(*rest, line_start, &unended));
	if (unended) {
		*token = (struct c_token){C_UNENDED, STR_NULL};
		return true;
	}
	if (rest->n == 0)
		return false;
	*token = token_at(*rest, *line_start);
	*line_start = false;
	*rest = str_from(*rest, token->text.n);
	return true;
}

/* +1 for #if and its kind, -1 for #endif, 0 else. */
static int directive_opens(struct str directive)
{
	struct str name = str_trim(str_from(directive, 1));

	if (str_starts(name, "if"))
		return 1;
	return str_starts(name, "endif") ? -1 : 0;
}

bool c_scan_balanced(struct str text)
{
	enum { DEPTH_MAX = 512 };
	char open[DEPTH_MAX];
	size_t depth = 0;
	int conditions = 0;
	bool line_start = true;
	struct c_token t;

	while (c_scan_next(&text, &line_start, &t)) {
		if (t.kind == C_UNENDED)
			return false;
		if (t.kind == C_DIRECTIVE && (conditions += directive_opens(t.text)) < 0)
			return false;
		if (t.kind != C_PUNCTUATION || t.text.n != 1)
			continue;
		const char *closing = strchr(")}]", t.text.p[0]);
		if (strchr("({[", t.text.p[0])) {
			if (depth == DEPTH_MAX)
				return false;
			open[depth++] = t.text.p[0];
		} else if (closing && (depth == 0 || open[--depth] != "({["[closing - ")}]"])) {
			return false;
		}
	}
	return depth == 0 && conditions == 0;
}

bool c_scan_mentions(struct str text, struct str name)
{
	bool line_start = true;
	struct c_token t;

	while (c_scan_next(&text, &line_start, &t))
		if (t.kind == C_IDENTIFIER && str_eq(t.text, name))
			return true;
	return false;
}

static bool one_of(struct str word, const char *const *words)
{
	for (; *words; words++)
		if (str_eq_c(word, *words))
			return true;
	return false;
}

static bool begins_statement(struct str word)
{
	static const char *const words[] = {"return", "if", "for", "while", "do", "switch", "goto",
		"break", "continue", "case", "default", "else", "throw", "delete", "new", "sizeof",
		"try", "catch", "this", "co_return", "co_await", "co_yield", "asm", "__asm__",
		NULL};

	return one_of(word, words);
}

static bool begins_declaration(struct str word)
{
	static const char *const words[] = {"int", "char", "short", "long", "unsigned", "signed",
		"float", "double", "void", "bool", "_Bool", "const", "static", "extern", "register",
		"auto", "volatile", "struct", "union", "enum", "class", "typedef", "using",
		"constexpr", "typename", "template", "wchar_t", "__auto_type", "thread_local",
		NULL};

	return one_of(word, words);
}

/* name(::name)*<...>*, then stars and references, then a name: "std::vector<int> v", "node *n". */
bool c_scan_declares(struct str text)
{
	bool line_start = false, name_expected = true;
	struct c_token t;

	if (!c_scan_next(&text, &line_start, &t) || t.kind != C_IDENTIFIER ||
		begins_statement(t.text))
		return false;
	if (begins_declaration(t.text))
		return true;
	while (c_scan_next(&text, &line_start, &t)) {
		if (str_eq_c(t.text, "<")) /* "a < b;" as a statement says nothing: a template */
			return !str_starts(text, "<");
		if (str_eq_c(t.text, "::")) {
			if (!c_scan_next(&text, &line_start, &t) || t.kind != C_IDENTIFIER)
				return false;
		} else if (str_eq_c(t.text, "*") || str_eq_c(t.text, "&")) {
			name_expected = true;
		} else {
			break;
		}
	}
	return name_expected && t.kind == C_IDENTIFIER;
}

static bool label_may_follow(struct c_token before)
{
	return str_eq_c(before.text, ";") || str_eq_c(before.text, "{") ||
	       str_eq_c(before.text, "}") || str_eq_c(before.text, ":") || before.text.n == 0;
}

bool c_scan_next_label(struct str *rest, struct str *label)
{
	struct c_token before = {C_PUNCTUATION, STR_NULL}, t, next;
	bool line_start = true;

	while (c_scan_next(rest, &line_start, &t)) {
		struct str ahead = *rest;
		bool ahead_start = line_start;

		if (t.kind == C_IDENTIFIER && label_may_follow(before) &&
			!str_eq_c(t.text, "default") && c_scan_next(&ahead, &ahead_start, &next) &&
			str_eq_c(next.text, ":")) {
			*label = t.text;
			*rest = ahead;
			return true;
		}
		before = t;
	}
	return false;
}
