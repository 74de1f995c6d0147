/* Equal units of both sides are mates, similar ones of a hunk are pairs. */
#include "base/vec.h"
#include "verify/policy_judge.h"

enum { PAIR_TOKENS = 400, PAIR_WORK = 40 << 20 };

struct chains {
	int *head, *next;
	size_t slots;
};

static void build_chains(struct chains *c, const struct units *old, struct arena *mem)
{
	c->slots = 64;
	while (c->slots < old->n * 2)
		c->slots *= 2;
	c->head = arena_array(mem, c->slots, sizeof(int));
	c->next = arena_array(mem, old->n + 1, sizeof(int));
	memset(c->head, 0xff, c->slots * sizeof(int));
	for (size_t i = old->n; i-- > 0;) {
		size_t slot = old->v[i].key & (c->slots - 1);

		c->next[i] = c->head[slot];
		c->head[slot] = (int)i;
	}
}

/* Context stands on both sides and so finds itself first: equal units are taken in order, those
 * of the same hunk and of the same state (changed or not) before others. */
static void mate_pass(struct judge *j, struct chains *c, bool strict)
{
	for (size_t i = 0; i < j->new.n; i++) {
		struct unit *u = &j->new.v[i];

		if (u->mate >= 0)
			continue;
		for (int k = c->head[u->key & (c->slots - 1)]; k >= 0; k = c->next[k]) {
			struct unit *o = &j->old.v[k];

			if (o->mate >= 0 || o->key != u->key ||
				(strict && (o->hunk != u->hunk || o->changed != u->changed)))
				continue;
			o->mate = (int)i;
			u->mate = k;
			break;
		}
	}
}

/* Length of the longest common subsequence of tokens, rows of 16-bit counts in table (may be
 * NULL when only the length is wanted: then two rows do). */
static size_t common_tokens(const struct unit *a, const struct unit *b, uint16_t *table)
{
	size_t width = b->n + 1;
	uint16_t rows[2][PAIR_TOKENS + 1];

	memset(rows, 0, sizeof(rows));
	for (size_t i = 1; i <= a->n; i++) {
		uint16_t *row = table ? table + i * width : rows[i % 2];
		const uint16_t *last = table ? row - width : rows[(i + 1) % 2];

		row[0] = 0;
		for (size_t k = 1; k <= b->n; k++)
			row[k] = a->tokens[i - 1].hash == b->tokens[k - 1].hash
					 ? (uint16_t)(last[k - 1] + 1)
				 : last[k] > row[k - 1] ? last[k]
							: row[k - 1];
	}
	return table ? table[a->n * width + b->n] : rows[a->n % 2][b->n];
}

static bool may_pair(const struct unit *u)
{
	return u->mate < 0 && u->pair < 0 && !u->filler && u->n <= PAIR_TOKENS;
}

struct str unit_assigns(const struct unit *u)
{
	int depth = 0;

	for (size_t i = 0; i < u->n; i++) {
		const struct token *t = &u->tokens[i];

		if (token_is(t, "(") || token_is(t, "["))
			depth++;
		else if (token_is(t, ")") || token_is(t, "]"))
			depth--;
		if (!i || depth)
			continue;
		if ((token_is(t, "=") || token_is(t, ":=")) && t[-1].kind == TOKEN_WORD)
			return t[-1].text;
		if (t->kind == TOKEN_WORD &&
			(token_is(&t[-1], "def") || token_is(&t[-1], "function") ||
				token_is(&t[-1], "fn") || token_is(&t[-1], "func") ||
				token_is(&t[-1], "define")))
			return t->text;
	}
	return STR("");
}

static double similarity(const struct unit *a, const struct unit *b, size_t *work)
{
	double limit = 2.0 * (double)(a->n < b->n ? a->n : b->n) / (double)(a->n + b->n);

	if (limit < 0.5 || *work < a->n * b->n)
		return 0;
	*work -= a->n * b->n;
	return 2.0 * (double)common_tokens(a, b, NULL) / (double)(a->n + b->n);
}

/* CASES = [...] and CASES = []: too different to be alike, but the same thing. */
static void pair_named(struct judge *j)
{
	for (size_t i = 0; i < j->old.n; i++) {
		struct unit *o = &j->old.v[i];
		struct str name = may_pair(o) ? unit_assigns(o) : STR("");

		for (size_t k = 0; name.n && o->pair < 0 && k < j->new.n; k++) {
			struct unit *u = &j->new.v[k];

			if (may_pair(u) && u->hunk == o->hunk && str_eq(name, unit_assigns(u))) {
				o->pair = (int)k;
				u->pair = (int)i;
			}
		}
	}
}

static void pair_similar(struct judge *j)
{
	size_t work = PAIR_WORK;

	for (size_t i = 0; i < j->old.n; i++) {
		struct unit *o = &j->old.v[i];
		double best = 0.49;
		int choice = -1;

		if (!may_pair(o))
			continue;
		for (size_t k = 0; k < j->new.n; k++) {
			struct unit *u = &j->new.v[k];
			double score =
				may_pair(u) && u->hunk == o->hunk ? similarity(o, u, &work) : 0;

			if (score > best) {
				best = score;
				choice = (int)k;
			}
		}
		if (choice >= 0) {
			o->pair = choice;
			j->new.v[choice].pair = (int)i;
		}
	}
}

void judge_mate(struct judge *j)
{
	struct chains c;

	build_chains(&c, &j->old, j->mem);
	mate_pass(j, &c, true);
	mate_pass(j, &c, false);
	pair_similar(j);
	pair_named(j);
}

/* --- deltas --- */

static bool among(const struct token *t, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_c(t->text, words[i]))
			return true;
	return false;
}

static unsigned part_of(const struct token *t)
{
	static const char *const VALUES[] = {"True", "False", "None", "true", "false", "null",
		"nil", "undefined", "NaN", "Infinity", "INFINITY", "NULL", "nullptr", "inf", "nan",
		"MAX_VALUE", "MAX", "MIN"};
	static const char *const CONTROLS[] = {"if", "else", "or", "and", "not", "in", "is", "for",
		"while", "try", "catch", "except", "await", "yield", "private", "abstract",
		"return", "unless", "any", "all", "lambda", "continue", "break", "optional",
		"recover", "suppress", "ignore"};
	static const char *const LAYOUT[] = {"(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "=>",
		"->", "::", "=", "@", "#", ":=", "?.", "...", "&", "<<", "$"};

	if (t->kind == TOKEN_NUMBER)
		return DELTA_NUMBER;
	if (t->kind == TOKEN_STRING)
		return DELTA_STRING;
	if (t->kind == TOKEN_PUNCT)
		return among(t, LAYOUT, ARRAY_LEN(LAYOUT)) ? DELTA_LAYOUT : DELTA_OPERATOR;
	if (among(t, VALUES, ARRAY_LEN(VALUES)))
		return DELTA_VALUE;
	return among(t, CONTROLS, ARRAY_LEN(CONTROLS)) ? DELTA_CONTROL : DELTA_WORD;
}

/* A comma before a closing bracket and the like: no difference. */
static bool is_trailing(const struct unit *u, size_t i)
{
	struct str t = u->tokens[i].text;

	if (u->tokens[i].kind != TOKEN_PUNCT || t.n != 1)
		return false;
	if (t.p[0] == ';')
		return i + 1 == u->n;
	return t.p[0] == ',' && (i + 1 == u->n || strchr(")]}", u->tokens[i + 1].text.p[0]));
}

static void collect(const struct unit *u, const bool *kept, unsigned *parts, size_t *n)
{
	for (size_t i = 0; i < u->n; i++)
		if (!kept[i] && !is_trailing(u, i)) {
			*parts |= part_of(&u->tokens[i]);
			++*n;
		}
}

/* Marks what is common in the middle of both, found by walking the table of common lengths back. */
static void mark_common(const struct unit *o, const struct unit *n, bool *kept_old, bool *kept_new,
	struct arena *mem)
{
	size_t i = o->n, k = n->n, width = n->n + 1;
	uint16_t *table;

	if (o->n > PAIR_TOKENS || n->n > PAIR_TOKENS)
		return;
	table = arena_array(mem, (o->n + 1) * width, sizeof(*table));
	common_tokens(o, n, table);
	while (i && k) {
		uint16_t here = table[i * width + k];

		if (o->tokens[i - 1].hash == n->tokens[k - 1].hash &&
			here == table[(i - 1) * width + k - 1] + 1)
			kept_old[--i] = kept_new[--k] = true;
		else if (table[(i - 1) * width + k] == here)
			i--;
		else
			k--;
	}
}

void judge_delta(
	struct delta *out, const struct unit *old, const struct unit *new_, struct arena *mem)
{
	bool *kept_old = arena_alloc(mem, old->n + 1), *kept_new = arena_alloc(mem, new_->n + 1);
	size_t head = 0, tail = 0, least = old->n < new_->n ? old->n : new_->n;
	struct unit a = *old, b = *new_;

	*out = (struct delta){.kept_old = kept_old, .kept_new = kept_new};
	while (head < least && old->tokens[head].hash == new_->tokens[head].hash) {
		kept_old[head] = kept_new[head] = true;
		head++;
	}
	while (tail < least - head &&
		old->tokens[old->n - 1 - tail].hash == new_->tokens[new_->n - 1 - tail].hash) {
		tail++;
		kept_old[old->n - tail] = kept_new[new_->n - tail] = true;
	}
	a.tokens += head;
	b.tokens += head;
	a.n -= head + tail;
	b.n -= head + tail;
	mark_common(&a, &b, kept_old + head, kept_new + head, mem);
	collect(old, kept_old, &out->gone, &out->n_gone);
	collect(new_, kept_new, &out->come, &out->n_come);
}
