#include "kit/rewrite/scan.h"

#include <ctype.h>

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* r"..", f'..', L"..": a short word right before a quote belongs to it. */
static size_t prefix_of_string(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < 2 && memchr("rRbBfFuUL", s.p[n], 9))
		n++;
	return n < s.n && (s.p[n] == '"' || s.p[n] == '\'') ? n : SIZE_MAX;
}

static struct scan_token string_at(const struct pack *pack, struct str s, size_t prefix)
{
	char quote = s.p[prefix];
	size_t wide = 1, i;

	if (pack->indent && prefix + 2 < s.n && s.p[prefix + 1] == quote &&
		s.p[prefix + 2] == quote)
		wide = 3;
	for (i = prefix + wide; i < s.n; i++) {
		if (s.p[i] == '\\') {
			i++;
			continue;
		}
		if (wide == 1 && s.p[i] == '\n')
			return (struct scan_token){SCAN_STRING, str_slice(s, 0, i), true};
		if (s.p[i] != quote)
			continue;
		if (wide == 1)
			return (struct scan_token){SCAN_STRING, str_slice(s, 0, i + 1), false};
		if (i + 2 < s.n && s.p[i + 1] == quote && s.p[i + 2] == quote)
			return (struct scan_token){SCAN_STRING, str_slice(s, 0, i + 3), false};
	}
	return (struct scan_token){SCAN_STRING, s, true};
}

static struct scan_token line_at(struct str s, enum scan_kind kind)
{
	ptrdiff_t end = str_find_char(s, '\n');

	return (struct scan_token){kind, end < 0 ? s : str_slice(s, 0, (size_t)end), false};
}

/* The longest operator the text starts with, or one byte. */
static size_t mark_length(const struct pack *pack, struct str s)
{
	size_t best = 1;

	for (size_t i = 0; i < pack->operators.n; i++) {
		struct str op = pack->operators.v[i].text;

		if (op.n > best && op.n <= s.n && !is_word(op.p[0]) && memcmp(op.p, s.p, op.n) == 0)
			best = op.n;
	}
	return best;
}

struct scan_token scan_next(const struct pack *pack, struct str *rest)
{
	struct scan_token t = {SCAN_MARK, STR_NULL, false};
	struct str s = *rest;
	size_t n = 0, prefix;

	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r'))
		s = str_from(s, 1);
	if (s.n == 0) {
		t = (struct scan_token){SCAN_END, s, false};
	} else if (s.p[0] == '\n') {
		t = (struct scan_token){SCAN_NEWLINE, str_slice(s, 0, 1), false};
	} else if (pack->comment.n && s.n >= pack->comment.n &&
		   memcmp(s.p, pack->comment.p, pack->comment.n) == 0) {
		t = line_at(s, SCAN_COMMENT);
	} else if ((prefix = prefix_of_string(s)) != SIZE_MAX) {
		t = string_at(pack, s, prefix);
	} else if (is_word(s.p[0])) {
		bool number = isdigit((unsigned char)s.p[0]);

		while (n < s.n && (is_word(s.p[n]) || (number && s.p[n] == '.')))
			n++;
		t = (struct scan_token){
			number ? SCAN_NUMBER : SCAN_WORD, str_slice(s, 0, n), false};
	} else {
		t.kind = memchr("([{", s.p[0], 3)   ? SCAN_OPEN
			 : memchr(")]}", s.p[0], 3) ? SCAN_CLOSE
						    : SCAN_MARK;
		t.text = str_slice(s, 0, t.kind == SCAN_MARK ? mark_length(pack, s) : 1);
	}
	*rest = str_from(s, t.text.n);
	return t;
}

static const struct pack_operator *operator_at(
	const struct pack *pack, struct scan_token t, bool behind_operand)
{
	const struct pack_operator *op = NULL;

	if (t.kind != SCAN_WORD && t.kind != SCAN_MARK)
		return NULL;
	op = pack_operator(pack, t.text, !behind_operand);
	/* A word such as "if" or "in" has one meaning only; "-" behind nothing is a prefix. */
	return op ? op : pack_operator(pack, t.text, behind_operand);
}

int scan_level(const struct pack *pack, struct str text)
{
	int level = PACK_LEVEL_ATOM, depth = 0;
	bool operand = false;

	for (;;) {
		struct scan_token t = scan_next(pack, &text);
		const struct pack_operator *op;

		if (t.kind == SCAN_END)
			return level;
		depth += t.kind == SCAN_OPEN;
		depth -= t.kind == SCAN_CLOSE;
		if (depth > 0 || t.kind == SCAN_NEWLINE || t.kind == SCAN_COMMENT)
			continue;
		if (str_eq_c(t.text, ","))
			return 0;
		op = operator_at(pack, t, operand);
		if (op && op->level < level)
			level = op->level;
		operand = !op && t.kind != SCAN_OPEN;
	}
}

struct neighbours scan_neighbours(const struct pack *pack, struct str before, struct str behind)
{
	struct neighbours beside = {0};
	struct scan_token t, first = scan_next(pack, &(struct str){behind.p, behind.n});
	bool operand = false;

	while ((t = scan_next(pack, &before)).kind != SCAN_END) {
		beside.left = operator_at(pack, t, operand);
		operand = !beside.left && t.kind != SCAN_OPEN && t.kind != SCAN_NEWLINE &&
			  !str_eq_c(t.text, ",");
	}
	beside.right = operator_at(pack, first, true);
	beside.tight = behind.n && memchr(".[(", behind.p[0], 3);
	return beside;
}

static bool is_comparison(const struct pack_operator *op)
{
	return op->negated.p != NULL;
}

bool scan_needs_parens(int level, const struct neighbours *beside)
{
	const struct pack_operator *l = beside->left, *r = beside->right;

	if (level == PACK_LEVEL_ATOM)
		return false;
	if (beside->tight || (l && level < l->level) || (r && level < r->level))
		return true;
	/* a - (b + c) needs them, (a + b) - c does not; a < b < c would be a chain. */
	if (l && level == l->level && level > 1 && !l->associative &&
		!(l->prefix && is_word(l->text.p[0])))
		return true;
	return r && level == r->level && is_comparison(r);
}
