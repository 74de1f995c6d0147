/* render: the text and the edits of a site. */
#include <ctype.h>

#include "base/limits.h"
#include "kit/rewrite/scan.h"
#include "kit/rewrite/site.h"

static struct str strip_quotes(struct str s)
{
	size_t quote = 0;

	while (quote < s.n && isalpha((unsigned char)s.p[quote]))
		quote++;
	if (quote + 1 < s.n && (s.p[quote] == '"' || s.p[quote] == '\'') &&
		s.p[s.n - 1] == s.p[quote])
		return str_slice(s, quote + 1, s.n - 1);
	return s;
}

static void put_number(struct str s, int64_t delta, bool negate, struct buf *out)
{
	int64_t value;

	if (!str_to_i64(s, -1000000000000, 1000000000000, &value))
		buf_str(out, s);
	else
		buf_printf(out, "%lld", (long long)(negate ? -value : value + delta));
}

static void put_cased(struct str s, struct str filter, struct buf *out)
{
	bool start = true;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		int upper = toupper(c), lower = tolower(c);

		if (str_eq_c(filter, "upper") || (start && str_eq_c(filter, "title")))
			c = (unsigned char)upper;
		else if (str_eq_c(filter, "lower") || str_eq_c(filter, "title"))
			c = (unsigned char)lower;
		else if (str_eq_c(filter, "swapcase"))
			c = (unsigned char)(isupper(c) ? lower : upper);
		else if (str_eq_c(filter, "capital") && start)
			c = (unsigned char)upper;
		start = !isalpha(c);
		if (str_eq_c(filter, "capital"))
			start = false;
		buf_char(out, (char)c);
	}
}

static void put_spaces(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		buf_c(out, s.p[i] == '\t' ? "    " : " ");
}

static char quote_of(struct str s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] != '"' && s.p[i] != '\'')
		i++;
	return i < s.n ? s.p[i] : '"';
}

/* Ends a text literal that was left open: at its end, before the brackets and marks at its end,
 * or by its own quote where another one stands. */
static void put_closed(struct str s, struct str how, struct buf *out)
{
	size_t n = str_rtrim(s).n, tail = n;

	if (str_eq_c(how, "requote")) {
		while (tail > 1 && s.p[tail - 1] != '"' && s.p[tail - 1] != '\'')
			tail--;
		buf_str(out, str_slice(s, 0, tail ? tail - 1 : 0));
		buf_char(out, quote_of(s));
		buf_str(out, str_from(s, tail));
		return;
	}
	while (str_eq_c(how, "close_early") && tail > 1 && strchr(")]}:,; ", s.p[tail - 1]))
		tail--;
	buf_str(out, str_slice(s, 0, tail));
	buf_char(out, quote_of(s));
	buf_str(out, str_slice(s, tail, n));
}

static void put_deeper(struct str s, struct str step, struct buf *out)
{
	buf_str(out, s);
	buf_str(out, step);
}

static void filter_once(const struct site *site, struct str s, struct str filter, struct buf *out)
{
	const struct source *source = site->source;

	if (str_eq_c(filter, "inc"))
		put_number(s, 1, false, out);
	else if (str_eq_c(filter, "dec"))
		put_number(s, -1, false, out);
	else if (str_eq_c(filter, "negate"))
		put_number(s, 0, true, out);
	else if (str_eq_c(filter, "unquote"))
		buf_str(out, strip_quotes(s));
	else if (str_eq_c(filter, "inside"))
		buf_str(out, s.n >= 2 ? str_slice(s, 1, s.n - 1) : s);
	else if (str_eq_c(filter, "trim"))
		buf_str(out, str_trim(s));
	else if (str_eq_c(filter, "deeper"))
		put_deeper(s, source->indent, out);
	else if (str_eq_c(filter, "shallower"))
		buf_str(out, str_from(s, source->indent.n));
	else if (str_eq_c(filter, "chop"))
		buf_str(out, str_slice(s, 0, s.n ? s.n - 1 : 0));
	else if (str_eq_c(filter, "spaces"))
		put_spaces(s, out);
	else if (str_eq_c(filter, "quote"))
		buf_char(out, quote_of(s));
	else if (str_eq_c(filter, "close") || str_eq_c(filter, "close_early") ||
		 str_eq_c(filter, "requote"))
		put_closed(s, filter, out);
	else if (str_eq_c(filter, "uncomment"))
		buf_str(out, str_ltrim(str_from(s, source->pack->comment.n)));
	else
		put_cased(s, filter, out);
}

/* "unquote|upper": one after the other. */
static void filter_text(const struct site *site, struct str s, struct str filters, struct buf *out)
{
	struct str filter;
	BUF_AUTO a, b;

	buf_init(&a, LIMIT_LINE_BYTES);
	buf_init(&b, LIMIT_LINE_BYTES);
	buf_str(&a, s);
	while (str_next(&filters, '|', &filter)) {
		struct buf swap = a;

		buf_reset(&b);
		filter_once(site, buf_view(&a), filter, &b);
		a = b;
		b = swap;
	}
	buf_str(out, buf_view(&a));
}

/* The blanks at the start of the line that offset lies on. */
static struct str indent_at(struct str text, size_t offset)
{
	size_t from = offset, to;

	while (from > 0 && text.p[from - 1] != '\n')
		from--;
	for (to = from; to < text.n && (text.p[to] == ' ' || text.p[to] == '\t');)
		to++;
	return str_slice(text, from, to < offset ? to : offset);
}

/* A value of several lines keeps its shape at its new place. */
static void put_lines(const struct site *site, const struct binding *b, struct buf *out)
{
	struct str here = indent_at(buf_view(out), out->n), rest = b->text, line;
	struct str was = indent_at(site->source->tree->text, site->source->tree->v[b->node].start);
	CLEANUP(freep) char *indent = xstrndup(here.p ? here.p : "", here.n);
	bool first = true;

	while (str_next_line(&rest, &line)) {
		if (!first) {
			buf_char(out, '\n');
			if (line.n >= was.n && was.n && memcmp(line.p, was.p, was.n) == 0)
				line = str_from(line, was.n);
			if (line.n)
				buf_c(out, indent);
		}
		buf_str(out, line);
		first = false;
	}
}

static void put_value(const struct site *site, const struct binding *b, struct str filter,
	const struct neighbours *beside, struct buf *out)
{
	if (filter.n) {
		filter_text(site, b->text, filter, out);
	} else if (b->node != SYNTAX_NONE && str_find_char(b->text, '\n') >= 0) {
		put_lines(site, b, out);
	} else if (scan_needs_parens(scan_level(site->source->pack, b->text), beside)) {
		buf_char(out, '(');
		buf_str(out, b->text);
		buf_char(out, ')');
	} else {
		buf_str(out, b->text);
	}
}

/* The literal text up to the next variable. */
static struct str literal_before(struct str rest)
{
	ptrdiff_t at = str_find_char(rest, '{');

	return at < 0 ? rest : str_slice(rest, 0, (size_t)at);
}

bool site_render(const struct site *site, struct str text, struct buf *out)
{
	size_t from = out->n;

	while (text.n) {
		struct str name, filter = STR_NULL, before;
		const struct binding *b;
		struct neighbours beside;
		ptrdiff_t end;

		if (text.n > 1 && text.p[0] == text.p[1] &&
			(text.p[0] == '{' || text.p[0] == '}')) {
			buf_char(out, text.p[0]);
			text = str_from(text, 2);
			continue;
		}
		end = text.p[0] == '{' ? str_find_char(text, '}') : -1;
		if (end < 0) {
			buf_char(out, text.p[0]);
			text = str_from(text, 1);
			continue;
		}
		name = str_slice(text, 1, (size_t)end);
		text = str_from(text, (size_t)end + 1);
		if (str_cut(&name, "|", &before)) {
			filter = name;
			name = before;
		}
		b = site_get(site, name);
		if (!b)
			return false;
		beside = scan_neighbours(
			site->source->pack, str_from(buf_view(out), from), literal_before(text));
		put_value(site, b, filter, &beside, out);
	}
	return !out->over;
}

/* What stands beside the nodes [first, last] in the file. */
static struct neighbours neighbours_of(const struct source *s, uint32_t first, uint32_t last)
{
	struct neighbours beside = {0};
	uint32_t before = syntax_leaf_before(s->tree, first);
	uint32_t behind = syntax_leaf_after(s->tree, last);
	const struct syntax_kinds *group = &s->pack->kinds[PACK_GROUP];

	if (before != SYNTAX_NONE &&
		syntax_kinds_has(group, &s->tree->v[s->tree->v[before].parent])) {
		bool prefix = syntax_named_count(s->tree, s->tree->v[before].parent) == 1;

		beside.left = pack_operator(s->pack, syntax_text(s->tree, before), prefix);
	}
	if (behind == SYNTAX_NONE)
		return beside;
	if (syntax_kinds_has(group, &s->tree->v[s->tree->v[behind].parent]))
		beside.right = pack_operator(s->pack, syntax_text(s->tree, behind), false);
	beside.tight = s->tree->v[behind].start == s->tree->v[last].end &&
		       memchr(".[(", s->tree->text.p[s->tree->v[behind].start], 3);
	return beside;
}

struct maker {
	const struct site *site;
	struct edit *edits;
	size_t n;
	struct arena *mem;
};

static void add_edit(struct maker *m, size_t start, size_t end, struct str text)
{
	if (m->n < LIMIT_CANDIDATE_EDITS)
		m->edits[m->n++] =
			(struct edit){m->site->source->path, start, end, arena_str(m->mem, text)};
}

/* Every line but the first behind `indent`; four blanks of a template are one step of the file's.
 */
static void put_indented(
	const struct source *s, struct str text, struct str indent, struct buf *out)
{
	struct str line;
	bool first = true;

	while (str_next_line(&text, &line)) {
		if (!first) {
			buf_char(out, '\n');
			buf_str(out, indent);
		}
		while (!str_eq_c(s->indent, "    ") && str_skip(&line, "    "))
			buf_str(out, s->indent);
		buf_str(out, line);
		first = false;
	}
}

/* Expressions of the tree get the brackets that their new place asks for. */
static void bracket(const struct source *s, uint32_t first, uint32_t last, struct buf *text)
{
	struct neighbours beside;

	if (first == SYNTAX_NONE || last == SYNTAX_NONE ||
		!pack_is(s->pack, PACK_EXPRESSION, s->tree, first))
		return;
	beside = neighbours_of(s, first, last);
	if (!scan_needs_parens(scan_level(s->pack, buf_view(text)), &beside))
		return;
	buf_splice(text, 0, 0, STR("("));
	buf_char(text, ')');
}

/* Lines that take a statement's place are as deep as it was. */
static void indent_like(const struct source *s, uint32_t node, struct buf *text)
{
	BUF_AUTO copy;

	buf_init(&copy, LIMIT_LINE_BYTES);
	if (node == SYNTAX_NONE || !pack_is(s->pack, PACK_STATEMENT, s->tree, node) ||
		str_find_char(buf_view(text), '\n') < 0)
		return;
	put_indented(s, buf_view(text), indent_at(s->tree->text, s->tree->v[node].start), &copy);
	buf_reset(text);
	buf_str(text, buf_view(&copy));
}

/* Blanks around a word that is put between others are needed once. */
static struct str without_double_blanks(
	struct str source, const struct binding *first, const struct binding *last, struct str text)
{
	if (text.n && text.p[0] == ' ' && first->start > 0 && source.p[first->start - 1] == ' ')
		text = str_from(text, 1);
	if (text.n && text.p[text.n - 1] == ' ' && last->end < source.n &&
		source.p[last->end] == ' ')
		text.n--;
	return text;
}

static bool make_replace(struct maker *m, const struct edit_rule *rule)
{
	const struct binding *first = site_get(m->site, rule->at);
	const struct binding *last = rule->to.p ? site_get(m->site, rule->to) : first;
	BUF_AUTO text;

	buf_init(&text, LIMIT_LINE_BYTES);
	if (!first || !last || first->end == 0 || last->end < first->start ||
		!site_render(m->site, rule->text, &text))
		return false;
	bracket(m->site->source, first->node, last->node, &text);
	indent_like(m->site->source, first->node, &text);
	add_edit(m, first->start, last->end,
		without_double_blanks(m->site->source->tree->text, first, last, buf_view(&text)));
	return true;
}

static bool make_insert(struct maker *m, const struct edit_rule *rule)
{
	const struct binding *b = site_get(m->site, rule->at);
	size_t at;
	BUF_AUTO text;

	buf_init(&text, LIMIT_LINE_BYTES);
	if (!b || b->end == 0 || !site_render(m->site, rule->text, &text))
		return false;
	indent_like(m->site->source, b->node, &text);
	at = rule->kind == EDIT_BEFORE ? b->start : b->end;
	add_edit(m, at, at, buf_view(&text));
	return true;
}

/* The statement the node is or stands in, if it stands in a block. */
static uint32_t statement_of(const struct source *s, uint32_t node)
{
	uint32_t at = syntax_enclosing(s->tree, node, &s->pack->kinds[PACK_STATEMENT], true);

	while (at != SYNTAX_NONE && s->tree->v[at].parent != 0 &&
		!pack_is(s->pack, PACK_BLOCK, s->tree, s->tree->v[at].parent))
		at = syntax_enclosing(s->tree, at, &s->pack->kinds[PACK_STATEMENT], false);
	return at;
}

static bool starts_its_line(struct str text, size_t at)
{
	struct str indent = indent_at(text, at);

	return indent.p == NULL || indent.p + indent.n == text.p + at;
}

/* Whether only blanks or a comment lie between at and the end of the line, which is then *end. */
static bool ends_its_line(const struct pack *pack, struct str text, size_t at, size_t *end)
{
	struct str rest = str_from(text, at);
	ptrdiff_t line = str_find_char(rest, '\n');

	rest = str_trim(line < 0 ? rest : str_slice(rest, 0, (size_t)line));
	*end = line < 0 ? text.n : at + (size_t)line;
	return rest.n == 0 || (pack->comment.n && rest.n >= pack->comment.n &&
				      memcmp(rest.p, pack->comment.p, pack->comment.n) == 0);
}

static bool make_statement(struct maker *m, const struct edit_rule *rule)
{
	const struct source *s = m->site->source;
	struct str source = s->tree->text, indent;
	uint32_t node = site_node(m->site, rule->at);
	bool before = rule->kind == EDIT_STATEMENT_BEFORE;
	size_t at;
	BUF_AUTO text, placed;

	buf_init(&text, LIMIT_LINE_BYTES);
	buf_init(&placed, LIMIT_LINE_BYTES);
	if (node == SYNTAX_NONE || (node = statement_of(s, node)) == SYNTAX_NONE ||
		!starts_its_line(source, s->tree->v[node].start) ||
		!site_render(m->site, rule->text, &text))
		return false;
	indent = indent_at(source, s->tree->v[node].start);
	at = s->tree->v[node].start;
	if (!before && !ends_its_line(s->pack, source, s->tree->v[node].end, &at))
		return false;
	if (!before) {
		buf_char(&placed, '\n');
		buf_str(&placed, indent);
	}
	put_indented(s, buf_view(&text), indent, &placed);
	if (before) {
		buf_char(&placed, '\n');
		buf_str(&placed, indent);
	}
	add_edit(m, at, at, buf_view(&placed));
	return true;
}

static bool make_in_block(struct maker *m, const struct edit_rule *rule)
{
	const struct source *s = m->site->source;
	uint32_t block = site_node(m->site, rule->at), first, last;
	struct site inner = *m->site;
	struct edit_rule beside = {.text = rule->text, .at = STR("@statement")};
	struct maker again = *m;
	bool made;

	if (block == SYNTAX_NONE)
		return false;
	first = syntax_named_child(s->tree, block, 0);
	if (first == SYNTAX_NONE)
		return false;
	last = syntax_named_child(s->tree, block, syntax_named_count(s->tree, block) - 1);
	beside.kind = rule->kind == EDIT_BLOCK_START ? EDIT_STATEMENT_BEFORE : EDIT_STATEMENT_AFTER;
	site_bind(
		&inner, STR("@statement"), STR(""), rule->kind == EDIT_BLOCK_START ? first : last);
	again.site = &inner;
	made = make_statement(&again, &beside);
	m->n = again.n;
	return made;
}

static bool delete_range(struct maker *m, const struct edit_rule *rule)
{
	const struct binding *b = site_get(m->site, rule->at);

	if (!b || b->end == 0)
		return false;
	add_edit(m, b->start, b->end, STR(""));
	return true;
}

static bool make_delete(struct maker *m, const struct edit_rule *rule)
{
	const struct source *s = m->site->source;
	uint32_t node = site_node(m->site, rule->at), parent;
	size_t start, end;

	if (node == SYNTAX_NONE)
		return delete_range(m, rule);
	start = s->tree->v[node].start;
	end = s->tree->v[node].end;
	parent = s->tree->v[node].parent;
	if (!pack_is(s->pack, PACK_STATEMENT, s->tree, node)) {
		add_edit(m, start, end, STR(""));
		return true;
	}
	if (parent != 0 && (!pack_is(s->pack, PACK_BLOCK, s->tree, parent) ||
				   (s->pack->indent && syntax_named_count(s->tree, parent) == 1))) {
		add_edit(m, start, end, s->pack->empty);
		return true;
	}
	if (starts_its_line(s->tree->text, start) &&
		ends_its_line(s->pack, s->tree->text, end, &end)) {
		start -= indent_at(s->tree->text, start).n;
		end += end < s->tree->text.n;
	}
	add_edit(m, start, end, STR(""));
	return true;
}

static bool make_swap(struct maker *m, const struct edit_rule *rule)
{
	const struct syntax_tree *tree = m->site->source->tree;
	uint32_t a = site_node(m->site, rule->at), b = site_node(m->site, rule->to);
	struct site crossed = *m->site;
	struct maker again = *m;
	bool made;

	if (a == SYNTAX_NONE || b == SYNTAX_NONE)
		return false;
	if (tree->v[a].start < tree->v[b].end && tree->v[b].start < tree->v[a].end)
		return false;
	again.site = &crossed;
	made = make_replace(&again,
		       &(struct edit_rule){.at = rule->at,
			       .text = arena_printf(m->mem, "{%.*s}", STR_ARGS(rule->to))}) &&
	       make_replace(
		       &again, &(struct edit_rule){.at = rule->to,
				       .text = arena_printf(m->mem, "{%.*s}", STR_ARGS(rule->at))});
	m->n = again.n;
	return made;
}

/* A statement that is but a text literal: the file's documentation. */
static bool is_text_alone(const struct source *s, uint32_t node)
{
	uint32_t child = syntax_named_child(s->tree, node, 0);

	return child != SYNTAX_NONE && pack_is(s->pack, PACK_STRING, s->tree, child);
}

/* Behind the last import at the head of the file, else before its first statement. */
static bool make_import(struct maker *m, const struct edit_rule *rule)
{
	const struct source *s = m->site->source;
	size_t at = SIZE_MAX, behind = SIZE_MAX;
	BUF_AUTO text;

	buf_init(&text, LIMIT_LINE_BYTES);
	if (!site_render(m->site, rule->text, &text))
		return false;
	syntax_each_child(child, s->tree, 0)
	{
		if (pack_is(s->pack, PACK_IMPORT, s->tree, child))
			ends_its_line(s->pack, s->tree->text, s->tree->v[child].end - 1, &behind);
		else if (at == SIZE_MAX && pack_is(s->pack, PACK_STATEMENT, s->tree, child) &&
			 !is_text_alone(s, child))
			at = s->tree->v[child].start;
		if (pack_is(s->pack, PACK_FUNCTION, s->tree, child))
			break;
	}
	if (behind != SIZE_MAX) {
		buf_splice(&text, 0, 0, STR("\n"));
		at = behind;
	} else {
		buf_char(&text, '\n');
		at = at == SIZE_MAX ? 0 : at;
	}
	add_edit(m, at, at, buf_view(&text));
	return true;
}

/* A statement at another depth: each of its lines moves along. */
static bool make_indent(struct maker *m, const struct edit_rule *rule)
{
	const struct syntax_tree *tree = m->site->source->tree;
	uint32_t node = site_node(m->site, rule->at), like = site_node(m->site, rule->to);
	struct str was, now, rest, line;
	BUF_AUTO text;

	buf_init(&text, LIMIT_LINE_BYTES);
	if (node == SYNTAX_NONE || like == SYNTAX_NONE ||
		!starts_its_line(tree->text, tree->v[node].start))
		return false;
	was = indent_at(tree->text, tree->v[node].start);
	now = indent_at(tree->text, tree->v[like].start);
	rest = str_slice(tree->text, tree->v[node].start - was.n, tree->v[node].end);
	while (str_next_line(&rest, &line)) {
		buf_c(&text, text.n ? "\n" : "");
		if (line.n >= was.n)
			buf_str(&text, now);
		buf_str(&text, line.n >= was.n ? str_from(line, was.n) : line);
	}
	add_edit(m, tree->v[node].start - was.n, tree->v[node].end, buf_view(&text));
	return true;
}

static bool make_edit(struct maker *m, const struct edit_rule *rule)
{
	switch (rule->kind) {
	case EDIT_REPLACE:
		return make_replace(m, rule);
	case EDIT_BEFORE:
	case EDIT_AFTER:
		return make_insert(m, rule);
	case EDIT_STATEMENT_BEFORE:
	case EDIT_STATEMENT_AFTER:
		return make_statement(m, rule);
	case EDIT_BLOCK_START:
	case EDIT_BLOCK_END:
		return make_in_block(m, rule);
	case EDIT_DELETE:
		return make_delete(m, rule);
	case EDIT_SWAP:
		return make_swap(m, rule);
	case EDIT_IMPORT:
		return make_import(m, rule);
	case EDIT_INDENT:
		return make_indent(m, rule);
	}
	return false;
}

size_t site_edits(const struct site *site, struct edit *edits, struct arena *mem)
{
	struct maker m = {.site = site, .edits = edits, .mem = mem};

	for (size_t i = 0; i < site->template->n_edits; i++)
		if (!make_edit(&m, &site->template->edits[i]))
			return 0;
	return m.n;
}
