#include "kit/rewrite/normal.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/vec.h"

/* A run of tokens: its polynomial and its length. */
struct run {
	uint64_t hash;
	uint64_t n;
};

#define PRIME (((uint64_t)1 << 61) - 1)
#define BASE ((uint64_t)0x1d8af066c5e9b3a7)

/* Tokens that are marks of structure, not text. */
enum mark { MARK_OPEN = 1, MARK_CLOSE, MARK_BLOCK, MARK_BLOCK_END, MARK_STATEMENT };

static uint64_t multiply(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;
	uint64_t sum = (uint64_t)(product & PRIME) + (uint64_t)(product >> 61);

	return sum >= PRIME ? sum - PRIME : sum;
}

static uint64_t power(uint64_t n)
{
	uint64_t result = 1, factor = BASE;

	for (; n; n >>= 1) {
		if (n & 1)
			result = multiply(result, factor);
		factor = multiply(factor, factor);
	}
	return result;
}

static struct run join(struct run a, struct run b)
{
	uint64_t shift = b.n == 1 ? BASE : power(b.n);
	uint64_t sum = multiply(a.hash, shift) + b.hash;

	return (struct run){sum >= PRIME ? sum - PRIME : sum, a.n + b.n};
}

static struct run token(uint64_t hash)
{
	return (struct run){hash % (PRIME - 1) + 1, 1};
}

static struct run mark(enum mark m)
{
	return token((uint64_t)m * 0x9e3779b97f4a7c15u);
}

struct normal {
	const struct pack *pack;
	const struct syntax_tree *tree;
	struct syntax_parser *parser;
	struct run *runs;    /* of each statement and block outside of operators; n 0: not noted */
	struct run *befores; /* what was emitted before it */
	struct run whole;
	struct buf text; /* of the fragment */
	uint32_t last_unit;
	size_t parsed;      /* bytes of whole files so far */
	bool unit_is_sound; /* the last unit alone reads as it does in place */
};

/* A place in a fragment where a block was left out. */
struct stub {
	size_t at;
	struct run run;
};

struct emitter {
	const struct pack *pack;
	const struct syntax_tree *tree;
	struct normal *record; /* where runs are noted; NULL */
	const struct stub *stubs;
	size_t n_stubs;
	struct run done; /* emitted so far in this sequence */
	int in_group;    /* operands may change places: nothing in them is noted */
};

static struct run emit(struct emitter *e, uint32_t node);

static bool is(const struct emitter *e, enum pack_kind kind, uint32_t node)
{
	return pack_is(e->pack, kind, e->tree, node);
}

static uint32_t strip_parens(const struct emitter *e, uint32_t node)
{
	while (is(e, PACK_PARENS, node) && syntax_named_count(e->tree, node) == 1)
		node = syntax_named_child(e->tree, node, 0);
	return node;
}

/* The operator of an operator's node: its first child that is not named. */
static uint32_t operator_of(const struct emitter *e, uint32_t node)
{
	syntax_each_child(child, e->tree, node)
	{
		if (!(e->tree->v[child].flags & SYNTAX_NAMED))
			return child;
	}
	return SYNTAX_NONE;
}

static uint64_t leaf_hash(const struct emitter *e, uint32_t node)
{
	struct str text = syntax_text(e->tree, node);
	char plain[64];
	size_t n = 0;

	/* "not  in": one operator of two words. */
	if (str_find_char(text, ' ') < 0 || text.n >= sizeof(plain) || is(e, PACK_STRING, node))
		return str_hash(text);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != ' ' || (n && plain[n - 1] != ' '))
			plain[n++] = text.p[i];
	return str_hash(str_make(plain, n));
}

static struct run emit_string(struct emitter *e, uint32_t node)
{
	struct str text = syntax_text(e->tree, node);

	/* In quotes of either kind, when the choice of the quotes says nothing. */
	if (e->pack->quotes_alike && text.n >= 2 && text.p[0] == '\'' &&
		str_find_char(text, '"') < 0 && str_find_char(text, '\\') < 0 &&
		!str_starts(text, "'''"))
		return join(token(str_hash(STR("\""))),
			token(str_hash(str_slice(text, 1, text.n - 1))));
	if (e->pack->quotes_alike && text.n >= 2 && text.p[0] == '"' && !str_starts(text, "\"\"\""))
		return join(token(str_hash(STR("\""))),
			token(str_hash(str_slice(text, 1, text.n - 1))));
	return token(str_hash(text));
}

static struct run grouped(struct run inside)
{
	return join(join(mark(MARK_OPEN), inside), mark(MARK_CLOSE));
}

/* a op b of exactly one operator: pointing one way, negated if asked. */
static bool emit_comparison(struct emitter *e, uint32_t node, bool negate, struct run *out)
{
	uint32_t op = operator_of(e, node);
	const struct pack_operator *known;
	struct run left, right;
	struct str text;

	if (op == SYNTAX_NONE || syntax_named_count(e->tree, node) != 2)
		return false;
	known = pack_operator(e->pack, syntax_text(e->tree, op), false);
	if (!known || !known->negated.p) /* no comparison */
		return false;
	text = negate ? known->negated : known->text;
	left = emit(e, syntax_named_child(e->tree, node, 0));
	right = emit(e, syntax_named_child(e->tree, node, 1));
	known = pack_operator(e->pack, text, false);
	if (known && known->mirrored.p &&
		(str_eq(known->mirrored, text) ? left.hash > right.hash
					       : str_cmp(text, known->mirrored) > 0)) {
		struct run swap = left;

		left = right;
		right = swap;
		text = known->mirrored;
	}
	*out = grouped(join(join(left, token(str_hash(text))), right));
	return true;
}

/* not (a == b) is a != b; not not a is a. */
static bool emit_negation(struct emitter *e, uint32_t node, struct run *out)
{
	uint32_t op = operator_of(e, node), inner;
	struct str text;

	if (op == SYNTAX_NONE || syntax_named_count(e->tree, node) != 1)
		return false;
	text = syntax_text(e->tree, op);
	if (!str_eq_c(text, "not") && !str_eq_c(text, "!"))
		return false;
	inner = strip_parens(e, syntax_named_child(e->tree, node, 0));
	if (is(e, PACK_COMPARISON, inner) && emit_comparison(e, inner, true, out))
		return true;
	if (!is(e, PACK_NOT, inner) || syntax_named_count(e->tree, inner) != 1 ||
		!str_eq(syntax_text(e->tree, operator_of(e, inner)), text))
		return false;
	*out = emit(e, syntax_named_child(e->tree, inner, 0));
	return true;
}

static struct str opposite(struct str op)
{
	static const char *const pairs[][2] = {{"+", "-"}, {"-", "+"}, {"+=", "-="}, {"-=", "+="}};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (str_eq_c(op, pairs[i][0]))
			return str_of(pairs[i][1]);
	return STR_NULL;
}

/* a + -b is a - b. */
static bool emit_signed(struct emitter *e, uint32_t node, struct run *out)
{
	uint32_t op = operator_of(e, node), right, sign;
	struct str flipped;

	if (op == SYNTAX_NONE || syntax_named_count(e->tree, node) != 2)
		return false;
	flipped = opposite(syntax_text(e->tree, op));
	right = strip_parens(e, syntax_named_child(e->tree, node, 1));
	if (!flipped.p || syntax_named_count(e->tree, right) != 1 || !is(e, PACK_GROUP, right))
		return false;
	sign = operator_of(e, right);
	if (sign == SYNTAX_NONE || !str_eq_c(syntax_text(e->tree, sign), "-"))
		return false;
	*out = grouped(
		join(join(emit(e, syntax_named_child(e->tree, node, 0)), token(str_hash(flipped))),
			emit(e, syntax_named_child(e->tree, right, 0))));
	return true;
}

static struct run emit_children(struct emitter *e, uint32_t node)
{
	bool commas = !is(e, PACK_COMMA_LIST, node);
	struct run outer = e->done, all = {0};

	syntax_each_child(child, e->tree, node)
	{
		if (!commas && str_eq_c(syntax_text(e->tree, child), ","))
			continue;
		e->done = join(outer, all);
		all = join(all, emit(e, child));
	}
	e->done = outer;
	return all;
}

/* (a and b) and c needs no brackets. */
static bool is_inner_of_same(const struct emitter *e, uint32_t node)
{
	uint32_t parent = e->tree->v[node].parent, op = operator_of(e, node), above;
	const struct pack_operator *known;

	while (parent != SYNTAX_NONE && is(e, PACK_PARENS, parent))
		parent = e->tree->v[parent].parent;
	if (op == SYNTAX_NONE || parent == SYNTAX_NONE ||
		e->tree->v[parent].symbol != e->tree->v[node].symbol)
		return false;
	known = pack_operator(e->pack, syntax_text(e->tree, op), false);
	above = operator_of(e, parent);
	return known && known->associative && above != SYNTAX_NONE &&
	       str_eq(syntax_text(e->tree, above), known->text);
}

static struct run emit_operands(struct emitter *e, uint32_t node)
{
	struct run out;

	if (is(e, PACK_COMPARISON, node) && emit_comparison(e, node, false, &out))
		return out;
	if (is(e, PACK_NOT, node) && emit_negation(e, node, &out))
		return out;
	if (emit_signed(e, node, &out))
		return out;
	out = emit_children(e, node);
	return is_inner_of_same(e, node) ? out : grouped(out);
}

static struct run emit_group(struct emitter *e, uint32_t node)
{
	struct run out;

	e->in_group++;
	out = emit_operands(e, node);
	e->in_group--;
	return out;
}

static const struct stub *stub_at(const struct emitter *e, uint32_t node)
{
	for (size_t i = 0; i < e->n_stubs; i++)
		if (e->stubs[i].at == e->tree->v[node].start && is(e, PACK_BLOCK, node))
			return &e->stubs[i];
	return NULL;
}

static struct run emit_block(struct emitter *e, uint32_t node)
{
	const struct stub *stub = stub_at(e, node);
	struct run outer = e->done, inside;

	if (stub)
		return stub->run;
	e->done = join(outer, mark(MARK_BLOCK));
	inside = emit_children(e, node);
	e->done = outer;
	return join(join(mark(MARK_BLOCK), inside), mark(MARK_BLOCK_END));
}

static struct run emit_plain(struct emitter *e, uint32_t node)
{
	const struct syntax_node *n = &e->tree->v[node];

	if (n->flags & SYNTAX_EXTRA)
		return (struct run){0};
	if (is(e, PACK_BLOCK, node))
		return emit_block(e, node);
	if (is(e, PACK_STRING, node) && (n->count == 1 || e->pack->quotes_alike))
		return emit_string(e, node);
	if (n->count == 1)
		return n->end > n->start ? token(leaf_hash(e, node)) : (struct run){0};
	node = strip_parens(e, node);
	if (node != (uint32_t)(n - e->tree->v))
		return emit(e, node);
	if (is(e, PACK_GROUP, node) || is(e, PACK_AUGMENTED, node))
		return emit_group(e, node);
	return emit_children(e, node);
}

static struct run emit(struct emitter *e, uint32_t node)
{
	bool statement = is(e, PACK_STATEMENT, node);
	struct run out = emit_plain(e, node);

	if (statement && out.n)
		out = join(out, mark(MARK_STATEMENT));
	if (e->record && !e->in_group && (statement || is(e, PACK_BLOCK, node))) {
		e->record->runs[node] = out;
		e->record->befores[node] = e->done;
	}
	return out;
}

static uint64_t finish(struct run run)
{
	uint64_t h = run.hash * 0xff51afd7ed558ccdu ^ run.n;

	h ^= h >> 32;
	return h ? h : 1;
}

struct normal *normal_new(const struct pack *pack, const struct syntax_tree *tree)
{
	struct normal *normal = xcalloc(1, sizeof(*normal));
	struct emitter e = {.pack = pack, .tree = tree, .record = normal};

	normal->pack = pack;
	normal->tree = tree;
	normal->parser = syntax_parser_new(tree->language);
	normal->runs = xcalloc(tree->n, sizeof(*normal->runs));
	normal->befores = xcalloc(tree->n, sizeof(*normal->befores));
	normal->last_unit = SYNTAX_NONE;
	buf_init(&normal->text, (size_t)LIMIT_SOURCE_BYTES + LIMIT_TEXT_BYTES);
	normal->whole = emit(&e, 0);
	return normal;
}

void normal_free(struct normal *normal)
{
	if (!normal)
		return;
	syntax_parser_free(normal->parser);
	free(normal->runs);
	free(normal->befores);
	buf_release(&normal->text);
	free(normal);
}

/* The parser fills in what is missing, so that a text may read as its own mended form. */
static uint64_t with_errors(uint64_t hash, size_t errors)
{
	return errors ? (hash ^ errors * 0x9e3779b97f4a7c15u) | 1 : hash;
}

uint64_t normal_hash(const struct normal *normal)
{
	return with_errors(finish(normal->whole), normal->tree->errors);
}

uint64_t normal_of_text(const struct pack *pack, struct str text)
{
	CLEANUP(syntax_parser_freep)
	struct syntax_parser *parser = syntax_parser_new(pack->language);
	const struct syntax_tree *tree = syntax_parser_run(parser, text);
	struct emitter e = {.pack = pack, .tree = tree};

	return tree && tree->errors == 0 ? finish(emit(&e, 0)) : 0;
}

/* Whole files are parsed again for edits outside of statements only; big ones not often. */
enum { PARSED_BYTES_MAX = 256 << 20 };

static uint64_t after_whole(struct normal *normal, const struct edit *edits, size_t n)
{
	struct patch patch = {.edits = edits, .n = n};
	struct emitter e = {.pack = normal->pack};
	struct err err = ERR_INIT;

	if ((normal->parsed += normal->tree->text.n) > PARSED_BYTES_MAX)
		return 0;
	buf_reset(&normal->text);
	if (patch_apply_to(&normal->text, &patch, edits[0].path, normal->tree->text, &err) < 0)
		return 0;
	e.tree = syntax_parser_run(normal->parser, buf_view(&normal->text));
	if (!e.tree || (e.tree->errors && e.tree->errors >= normal->tree->errors))
		return 0;
	return with_errors(finish(emit(&e, 0)), e.tree->errors);
}

/* The smallest node that covers the edits. */
static uint32_t edited_node(const struct normal *normal, const struct edit *edits, size_t n)
{
	size_t start = SIZE_MAX, end = 0;

	for (size_t i = 0; i < n; i++) {
		start = edits[i].start < start ? edits[i].start : start;
		end = edits[i].end > end ? edits[i].end : end;
	}
	return syntax_covering(normal->tree, start, end);
}

/* The smallest statement in a block that is or holds the node, or SYNTAX_NONE. */
static uint32_t unit_of(const struct normal *normal, uint32_t node)
{
	while (node != SYNTAX_NONE && node != 0) {
		uint32_t parent = normal->tree->v[node].parent;

		if (pack_is(normal->pack, PACK_STATEMENT, normal->tree, node) &&
			normal->runs[node].n &&
			(parent == 0 || pack_is(normal->pack, PACK_BLOCK, normal->tree, parent)))
			return node;
		node = parent;
	}
	return SYNTAX_NONE;
}

enum { STUBS_MAX = 256 };

struct fragment {
	struct stub stubs[STUBS_MAX];
	size_t n_stubs;
	size_t begin; /* where the unit's text starts */
	bool wrapped;
	bool fits;
};

static bool touches(const struct edit *edits, size_t n, size_t start, size_t end)
{
	for (size_t i = 0; i < n; i++)
		if (edits[i].start <= end && edits[i].end >= start)
			return true;
	return false;
}

/* What is put behind a block's last line may belong to the block. */
static size_t end_with_blanks(struct str text, size_t end)
{
	while (end < text.n && memchr(" \t\r\n", text.p[end], 4))
		end++;
	return end;
}

/* Source bytes [from, to) with the edits in it, which are sorted; *next is the first not yet made.
 */
static void copy_edited(struct normal *normal, size_t from, size_t to, const struct edit *edits,
	size_t n, size_t *next)
{
	while (*next < n && edits[*next].start >= from && edits[*next].end <= to) {
		buf_str(&normal->text, str_slice(normal->tree->text, from, edits[*next].start));
		buf_str(&normal->text, edits[*next].text);
		from = edits[*next].end;
		(*next)++;
	}
	buf_str(&normal->text, str_slice(normal->tree->text, from, to));
}

/* The unit's text, its blocks that no edit touches replaced by stubs. */
static void write_unit(struct normal *normal, struct fragment *f, uint32_t unit,
	const struct edit *edits, size_t n)
{
	const struct syntax_tree *tree = normal->tree;
	size_t at = tree->v[unit].start, next = 0;
	uint32_t i = unit + 1;

	while (i < unit + tree->v[unit].count) {
		const struct syntax_node *node = &tree->v[i];

		if (!pack_is(normal->pack, PACK_BLOCK, tree, i) || !normal->runs[i].n ||
			touches(edits, n, node->start, end_with_blanks(tree->text, node->end))) {
			i++;
			continue;
		}
		if (f->n_stubs == STUBS_MAX) {
			f->fits = false;
			return;
		}
		copy_edited(normal, at, node->start, edits, n, &next);
		f->stubs[f->n_stubs++] = (struct stub){normal->text.n, normal->runs[i]};
		buf_str(&normal->text, normal->pack->stub);
		at = node->end;
		i += node->count;
	}
	copy_edited(normal, at, tree->v[unit].end, edits, n, &next);
	f->fits = next == n;
}

static void write_fragment(struct normal *normal, struct fragment *f, uint32_t unit,
	const struct edit *edits, size_t n)
{
	const struct syntax_tree *tree = normal->tree;
	size_t start = tree->v[unit].start, line = start;

	buf_reset(&normal->text);
	f->wrapped = tree->v[unit].parent != 0;
	if (f->wrapped)
		buf_str(&normal->text, normal->pack->fragment_before);
	if (f->wrapped && normal->pack->indent) {
		while (line > 0 && tree->text.p[line - 1] != '\n')
			line--;
		for (; line < start && (tree->text.p[line] == ' ' || tree->text.p[line] == '\t');
			line++)
			buf_char(&normal->text, tree->text.p[line]);
	}
	f->begin = normal->text.n;
	write_unit(normal, f, unit, edits, n);
	buf_char(&normal->text, '\n');
	if (f->wrapped)
		buf_str(&normal->text, normal->pack->fragment_after);
}

/* The sequence that holds the unit's text: the root, or the wrapper's block. */
static uint32_t sequence_of(
	const struct normal *normal, const struct syntax_tree *tree, const struct fragment *f)
{
	if (!f->wrapped)
		return 0;
	for (uint32_t i = 1; i < tree->n; i++)
		if (pack_is(normal->pack, PACK_BLOCK, tree, i))
			return i;
	return SYNTAX_NONE;
}

static bool read_fragment(
	struct normal *normal, uint32_t unit, const struct edit *edits, size_t n, struct run *out)
{
	struct fragment f = {0};
	struct emitter e = {.pack = normal->pack, .stubs = f.stubs};
	uint32_t top;

	write_fragment(normal, &f, unit, edits, n);
	e.tree = syntax_parser_run(normal->parser, buf_view(&normal->text));
	e.n_stubs = f.n_stubs;
	if (!f.fits || !e.tree || e.tree->errors)
		return false;
	top = sequence_of(normal, e.tree, &f);
	/* Text that ends the wrapper's block belongs to some outer statement. */
	if (top == SYNTAX_NONE || (f.wrapped && syntax_named_count(e.tree, 0) != 1))
		return false;
	*out = (struct run){0};
	syntax_each_child(child, e.tree, top)
	{
		/* The wrapper's own braces are not of the unit. */
		if (e.tree->v[child].start >= f.begin && e.tree->v[child].flags & SYNTAX_NAMED)
			*out = join(*out, emit(&e, child));
	}
	return true;
}

/* Some statements mean something else, or nothing, out of their place: try the unedited one. */
static bool unit_is_sound(struct normal *normal, uint32_t unit)
{
	struct run run;

	if (normal->last_unit != unit) {
		normal->last_unit = unit;
		normal->unit_is_sound = read_fragment(normal, unit, NULL, 0, &run) &&
					run.hash == normal->runs[unit].hash &&
					run.n == normal->runs[unit].n;
	}
	return normal->unit_is_sound;
}

/* Puts the run in the place of the unit's own. */
static struct run replace_run(const struct normal *normal, uint32_t unit, struct run run)
{
	struct run before = normal->befores[unit], old = join(before, normal->runs[unit]);
	uint64_t n_rest = normal->whole.n - old.n;
	uint64_t shifted = multiply(old.hash, power(n_rest));
	uint64_t rest = normal->whole.hash >= shifted ? normal->whole.hash - shifted
						      : normal->whole.hash + PRIME - shifted;

	return join(join(before, run), (struct run){rest, n_rest});
}

enum { EDITS_SORTED_MAX = 16, UNITS_TRIED = 2, WHOLE_BYTES_MAX = 32 << 10 };

static bool sort_edits(struct edit *out, const struct edit *edits, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		while (at > 0 && out[at - 1].start > edits[i].start) {
			out[at] = out[at - 1];
			at--;
		}
		out[at] = edits[i];
	}
	for (size_t i = 1; i < n; i++)
		if (out[i].start < out[i - 1].end)
			return false;
	return true;
}

uint64_t normal_after(struct normal *normal, const struct edit *edits, size_t n)
{
	struct edit sorted[EDITS_SORTED_MAX];
	struct run run;
	uint32_t unit;

	if (n == 0)
		return normal_hash(normal);
	if (n > EDITS_SORTED_MAX || normal->tree->errors)
		return after_whole(normal, edits, n);
	if (!sort_edits(sorted, edits, n))
		return 0;
	/* What does not parse alone may do so with the statement around it: 'elif' for 'if'. */
	unit = unit_of(normal, edited_node(normal, sorted, n));
	for (int level = 0; level < UNITS_TRIED && unit != SYNTAX_NONE; level++) {
		if (!unit_is_sound(normal, unit))
			return after_whole(normal, edits, n);
		if (read_fragment(normal, unit, sorted, n, &run))
			return finish(replace_run(normal, unit, run));
		unit = unit_of(normal, normal->tree->v[unit].parent);
	}
	return normal->tree->text.n <= WHOLE_BYTES_MAX ? after_whole(normal, edits, n) : 0;
}
