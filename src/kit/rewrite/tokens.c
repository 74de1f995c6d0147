/* tokens: files that do not parse, changed token by token near the error.
 * A candidate counts when the file then parses; one that only leaves fewer errors is the ground
 * for a second change (beam search), because such files often have more than one fault. */
#include "base/limits.h"
#include "kit/rewrite/generate.h"
#include "kit/rewrite/ingredient.h"
#include "kit/rewrite/scan.h"

enum {
	WINDOW_BEFORE = 3,
	WINDOW_AFTER = 2,
	LINES_MAX = 64,
	BEAM = 24,
	DEPTH = 2,
	TRIES_MAX = 20000,
	PARSED_BYTES_MAX = 96 << 20, /* all candidates together */
};

struct token {
	enum scan_kind kind;
	struct str text;
	size_t start, end;
	int line;
	bool unclosed, indent;
};

struct tokens {
	const struct source *source;
	vec(struct token) v;
	int error_lines[LINES_MAX];
	size_t n_error_lines;
};

/* A change tried: the whole text after it, as one edit of the original. */
struct trial {
	struct edit edit;
	const struct template *template;
	double score;
	size_t errors;
	int line;
};

struct search {
	struct generator *g;
	uint32_t file, region;
	const struct source *base; /* the text this level changes */
	struct str original;
	struct syntax_parser *parser;
	struct buf text;
	vec(struct trial) trials;
	size_t parsed, tried;
	double score_so_far;
	struct arena *mem;
};

static void add_error_line(struct tokens *t, int line)
{
	for (size_t i = 0; i < t->n_error_lines; i++)
		if (t->error_lines[i] == line)
			return;
	if (t->n_error_lines < LINES_MAX && line > 0)
		t->error_lines[t->n_error_lines++] = line;
}

static bool is_syntax_failure(const struct failure *f)
{
	return f->kind == FAILURE_COMPILE || str_starts(f->type, "SyntaxError") ||
	       str_starts(f->type, "IndentationError") || str_starts(f->type, "TabError");
}

static void find_error_lines(const struct generator *g, struct tokens *t)
{
	const struct syntax_tree *tree = t->source->tree;
	const struct failure_list *failures = g->options->failures;

	for (size_t i = 0; failures && i < failures->items.n && i < LINES_MAX; i++) {
		const struct failure *f = &failures->items.v[i];

		if (is_syntax_failure(f) && str_eq(f->file, t->source->path))
			add_error_line(t, f->line);
		for (size_t k = 0; is_syntax_failure(f) && k < f->stack.n; k++)
			if (str_eq(f->stack.v[k].path, t->source->path))
				add_error_line(t, f->stack.v[k].line);
	}
	for (uint32_t i = 0; i < tree->n; i++) {
		const struct syntax_node *n = &tree->v[i];

		if (!(n->flags & (SYNTAX_ERROR | SYNTAX_MISSING)))
			continue;
		add_error_line(t, (int)n->line);
		if (n->count > 1) /* where the parser could not go on is often the last line */
			add_error_line(t, (int)tree->v[i + n->count - 1].line);
	}
}

/* 1 on a line of an error, less around it, 0 outside of the window. */
static double nearness(const struct tokens *t, int line)
{
	double best = 0;

	for (size_t i = 0; i < t->n_error_lines; i++) {
		int off = line - t->error_lines[i];
		double here = off < 0 ? 0.6 / -off : off > 0 ? 0.4 / off : 1;

		if (off >= -WINDOW_BEFORE && off <= WINDOW_AFTER && here > best)
			best = here;
	}
	return best;
}

static void add_indent(struct tokens *t, struct str rest, size_t at, int line)
{
	size_t n = 0;

	while (n < rest.n && (rest.p[n] == ' ' || rest.p[n] == '\t'))
		n++;
	if (n == rest.n || rest.p[n] == '\n')
		return;
	vec_push(&t->v, (struct token){.kind = SCAN_END,
				.text = str_slice(rest, 0, n),
				.start = at,
				.end = at + n,
				.line = line,
				.indent = true});
}

static void read_tokens(struct tokens *t)
{
	struct str text = t->source->tree->text, rest = text;
	int line = 1;

	add_indent(t, rest, 0, line);
	for (;;) {
		struct scan_token token = scan_next(t->source->pack, &rest);
		size_t start = (size_t)(token.text.p - text.p);

		if (token.kind == SCAN_END)
			return;
		vec_push(&t->v, (struct token){token.kind, token.text, start, start + token.text.n,
					line, token.unclosed, false});
		for (size_t i = 0; i < token.text.n; i++)
			line += token.text.p[i] == '\n';
		if (token.kind == SCAN_NEWLINE)
			add_indent(t, rest, start + 1, line);
	}
}

static bool is_keyword(const struct pack *pack, struct str text)
{
	for (size_t i = 0; i < pack->n_keywords; i++)
		if (str_eq(pack->keywords[i], text))
			return true;
	return false;
}

static bool is_class(const struct tokens *t, const struct token *token, struct str class)
{
	static const struct {
		const char *name;
		enum scan_kind kind;
	} classes[] = {{"word", SCAN_WORD}, {"number", SCAN_NUMBER}, {"string", SCAN_STRING},
		{"open", SCAN_OPEN}, {"close", SCAN_CLOSE}, {"mark", SCAN_MARK},
		{"newline", SCAN_NEWLINE}, {"comment", SCAN_COMMENT}};
	const struct pack *pack = t->source->pack;

	if (str_eq_c(class, "indent"))
		return token->indent;
	if (token->indent)
		return false;
	if (str_eq_c(class, "any"))
		return token->kind != SCAN_NEWLINE && token->kind != SCAN_COMMENT;
	if (str_eq_c(class, "keyword"))
		return token->kind == SCAN_WORD && is_keyword(pack, token->text);
	if (str_eq_c(class, "name"))
		return token->kind == SCAN_WORD && !is_keyword(pack, token->text);
	if (str_eq_c(class, "operand"))
		return token->kind == SCAN_NUMBER || token->kind == SCAN_STRING ||
		       (token->kind == SCAN_WORD && !is_keyword(pack, token->text));
	if (str_eq_c(class, "unclosed"))
		return token->kind == SCAN_STRING && token->unclosed;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (str_eq_c(class, classes[i].name))
			return token->kind == classes[i].kind;
	return false;
}

static bool token_fits(
	const struct tokens *t, const struct token_pattern *p, const struct token *token)
{
	if (p->text.p && (token->indent || !str_eq(token->text, p->text)))
		return false;
	if (p->class_.p && !is_class(t, token, p->class_))
		return false;
	return !p->matches || regex_match(p->matches, token->text, NULL);
}

/* {class: line}: whatever comes up to the end of the line, a comment left out; maybe nothing. */
static size_t end_of_line(const struct tokens *t, size_t at)
{
	while (at < t->v.n && t->v.v[at].kind != SCAN_NEWLINE && t->v.v[at].kind != SCAN_COMMENT)
		at++;
	return at;
}

static bool match_tokens(const struct tokens *t, size_t at, struct site *site)
{
	const struct template *tpl = site->template;

	for (size_t i = 0; i < tpl->n_tokens; i++) {
		const struct token_pattern *p = &tpl->tokens[i];
		bool line = str_eq_c(p->class_, "line");
		size_t from = at, to = line ? end_of_line(t, at) : at + 1;
		size_t start, end;

		/* The last piece of a line may be claimed by the pattern that follows. */
		if (line && i + 1 < tpl->n_tokens && tpl->tokens[i + 1].text.p && to > from)
			to--;
		if (!line && (at >= t->v.n || !token_fits(t, p, &t->v.v[at])))
			return false;
		start = to > from ? t->v.v[from].start : from > 0 ? t->v.v[from - 1].end : 0;
		end = to > from ? t->v.v[to - 1].end : start;
		if (p->capture.p)
			site_bind_range(site, p->capture, start, end);
		at = to;
	}
	return true;
}

/* The difference between the original and the text tried, as one edit. */
static struct edit difference(struct search *s, struct str now)
{
	size_t start = 0, end = 0;
	struct str was = s->original;

	while (start < was.n && start < now.n && was.p[start] == now.p[start])
		start++;
	while (end < was.n - start && end < now.n - start &&
		was.p[was.n - 1 - end] == now.p[now.n - 1 - end])
		end++;
	return (struct edit){s->base->path, start, was.n - end,
		arena_str(s->mem, str_slice(now, start, now.n - end))};
}

static void try_edits(struct search *s, const struct site *site, const struct edit *edits, size_t n,
	double score, int line)
{
	struct patch patch = {.edits = edits, .n = n};
	const struct syntax_tree *tree;
	struct err err = ERR_INIT;

	if (s->tried >= TRIES_MAX || s->parsed > PARSED_BYTES_MAX)
		return;
	buf_reset(&s->text);
	if (patch_apply_to(&s->text, &patch, s->base->path, s->base->tree->text, &err) < 0)
		return;
	s->tried++;
	s->parsed += s->text.n;
	tree = syntax_parser_run(s->parser, buf_view(&s->text));
	if (!tree || (tree->errors > 0 && tree->errors >= s->base->tree->errors))
		return;
	vec_push(&s->trials, (struct trial){.edit = difference(s, buf_view(&s->text)),
				     .template = site->template,
				     .score = score * s->score_so_far,
				     .errors = tree->errors,
				     .line = line});
}

struct expansion {
	struct search *s;
	double score;
	int line;
	struct arena scratch;
};

static void expand(struct expansion *x, struct site *site, size_t ingredient, double weight)
{
	const struct template *t = site->template;
	struct value *values = NULL;
	size_t own = site->n, n;

	if (ingredient == t->n_ingredients) {
		struct edit edits[LIMIT_CANDIDATE_EDITS];

		n = site_edits(site, edits, &x->scratch);
		if (n)
			try_edits(x->s, site, edits, n, x->score * weight, x->line);
		return;
	}
	n = ingredient_values(site, &t->ingredients[ingredient], &values, &x->scratch);
	for (size_t i = 0; i < n; i++) {
		site_bind(site, t->ingredients[ingredient].name, values[i].text, SYNTAX_NONE);
		expand(x, site, ingredient + 1, weight * values[i].weight);
		site->n = own;
	}
}

static void expand_site(void *data, struct site *site)
{
	if (site_holds(site))
		expand(data, site, 0, 1);
}

static void try_template(struct search *s, const struct tokens *t, const struct template *tpl)
{
	for (size_t i = 0; i < t->v.n; i++) {
		double near = nearness(t, t->v.v[i].line);
		struct site site = {.source = s->base, .template = tpl, .options = s->g->options};
		struct expansion x = {.s = s, .line = t->v.v[i].line};

		if (near <= 0 || !match_tokens(t, i, &site))
			continue;
		x.score = near * tpl->prior * generate_boost(s->g, tpl, s->base->path, x.line);
		generate_with_evidence(s->g, &site, x.line, expand_site, &x);
		arena_release(&x.scratch);
	}
}

static int by_promise(const void *a, const void *b)
{
	const struct trial *x = a, *y = b;

	if (x->errors != y->errors)
		return x->errors < y->errors ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->edit.start != y->edit.start)
		return x->edit.start < y->edit.start ? -1 : 1;
	return str_cmp(x->edit.text, y->edit.text);
}

/* All changes of one token pattern in the base's text. */
static void search_level(struct search *s, const struct template_set *set)
{
	struct tokens t = {.source = s->base};

	find_error_lines(s->g, &t);
	read_tokens(&t);
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].n_tokens)
			try_template(s, &t, &set->v[i]);
	vec_free(&t.v);
}

/* One level deeper from a text that still has errors. */
static void search_from(struct search *s, const struct template_set *set, const struct trial *from)
{
	struct patch patch = {.edits = &from->edit, .n = 1};
	struct err err = ERR_INIT;
	struct source source;
	struct rewrite_file file = {.path = s->base->path};
	BUF_AUTO text;

	buf_init(&text, (size_t)LIMIT_SOURCE_BYTES);
	if (patch_apply_to(&text, &patch, s->base->path, s->original, &err) < 0)
		return;
	file.content = buf_view(&text);
	if (source_open(&source, &file, s->base->pack, &err) == 0) {
		const struct source *outer = s->base;

		s->base = &source;
		s->score_so_far = from->score;
		search_level(s, set);
		s->base = outer;
	}
	source_release(&source);
}

static void give_trials(struct search *s)
{
	vec_each (trial, &s->trials) {
		if (trial->errors > 0)
			continue;
		if (!generate_add(s->g, trial->template, s->file, s->region, &trial->edit, 1,
			    trial->template->prior))
			return;
		s->g->candidates.v[s->g->candidates.n - 1].score = trial->score;
		s->g->candidates.v[s->g->candidates.n - 1].line = trial->line;
	}
}

static uint32_t root_region(struct generator *g, uint32_t file)
{
	for (uint32_t i = 0; i < g->regions.n; i++)
		if (g->regions.v[i].source == file && g->regions.v[i].node == 0)
			return i;
	vec_push(&g->regions, (struct region){.source = file,
				      .end = g->sources[file].tree->text.n,
				      .suspicion = 1,
				      .group = str_hash(g->sources[file].path)});
	return (uint32_t)g->regions.n - 1;
}

void generate_from_tokens(struct generator *g, uint32_t file)
{
	struct search s = {.g = g,
		.file = file,
		.region = root_region(g, file),
		.base = &g->sources[file],
		.original = g->sources[file].tree->text,
		.score_so_far = 1,
		.mem = g->mem};
	size_t from = 0;

	s.parser = syntax_parser_new(s.base->pack->language);
	buf_init(&s.text, (size_t)LIMIT_SOURCE_BYTES);
	search_level(&s, g->sets[file]);
	for (int depth = 1; depth < DEPTH; depth++) {
		size_t n = s.trials.n;

		if (n > from)
			qsort(s.trials.v + from, n - from, sizeof(*s.trials.v), by_promise);
		for (size_t i = from, used = 0; i < n && used < BEAM; i++) {
			struct trial copy = s.trials.v[i];

			if (copy.errors == 0)
				continue;
			used++;
			search_from(&s, g->sets[file], &copy);
		}
		from = n;
	}
	give_trials(&s);
	vec_free(&s.trials);
	buf_release(&s.text);
	syntax_parser_free(s.parser);
}
