/* region: where to look: the diagnosis' lines spread over statements and functions. */
#include <math.h>

#include "kit/rewrite/generate.h"

enum { NODES_WITHOUT_DIAGNOSIS = 100000, REGIONS_MAX = 1000 };
static const float SUSPICION_OUTSIDE = 0.1f;

static size_t count_lines(struct str text)
{
	size_t n = 2;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static bool has_suspects(const struct generator *g)
{
	return g->options->diagnosis && g->options->diagnosis->suspects.n > 0;
}

/* A line without an entry of its own takes from its neighbours, less with every line between. */
static void spread(struct suspicion *s)
{
	const float fade = 0.6f;

	for (size_t i = 1; i < s->n; i++)
		if (s->line[i] < s->line[i - 1] * fade)
			s->line[i] = s->line[i - 1] * fade;
	for (size_t i = s->n - 1; i-- > 0;)
		if (s->line[i] < s->line[i + 1] * fade)
			s->line[i] = s->line[i + 1] * fade;
}

static void read_suspicion(struct generator *g, uint32_t source)
{
	struct suspicion *s = &g->suspicions[source];
	const struct source *file = &g->sources[source];
	bool any = has_suspects(g);

	s->n = count_lines(file->tree->text);
	s->line = arena_array(g->mem, s->n, sizeof(*s->line));
	for (size_t i = 0; i < s->n && !any; i++)
		s->line[i] = 0.5f;
	for (size_t i = 0; any && i < g->options->diagnosis->suspects.n; i++) {
		const struct suspect *at = &g->options->diagnosis->suspects.v[i];

		if (at->line > 0 && (size_t)at->line < s->n && str_eq(at->path, file->path) &&
			s->line[at->line] < (float)at->suspiciousness)
			s->line[at->line] = (float)at->suspiciousness;
	}
	if (any)
		spread(s);
}

static uint32_t outermost_function(const struct source *s, uint32_t node)
{
	uint32_t best = SYNTAX_NONE;

	for (uint32_t i = node; i != SYNTAX_NONE; i = s->tree->v[i].parent)
		if (pack_is(s->pack, PACK_FUNCTION, s->tree, i))
			best = i;
	return best;
}

static void add_region(struct generator *g, uint32_t source, uint32_t node, double suspicion)
{
	const struct source *s = &g->sources[source];
	uint64_t key[2] = {source, node};
	struct str seen = str_make((const char *)key, sizeof(key));
	uintptr_t at = (uintptr_t)strmap_get(&g->region_of, seen);
	struct region *r;

	if (at) {
		r = &g->regions.v[at - 1];
		r->suspicion = fmax(r->suspicion, suspicion);
		return;
	}
	r = vec_add(&g->regions);
	strmap_put(&g->region_of, seen, (void *)(uintptr_t)g->regions.n);
	*r = (struct region){.source = source,
		.node = node,
		.start = s->tree->v[node].start,
		.end = s->tree->v[node].end,
		.suspicion = suspicion,
		.group = str_hash(s->path) ^ (s->tree->v[node].start + 1) * 0x9e3779b97f4a7c15u};
}

static bool holds_function(const struct source *s, uint32_t node)
{
	for (uint32_t i = node + 1; i < node + s->tree->v[node].count; i++)
		if (pack_is(s->pack, PACK_FUNCTION, s->tree, i))
			return true;
	return false;
}

/* Every outermost function, and every statement outside of them, from a node on down. */
static void add_all_regions(struct generator *g, uint32_t source)
{
	const struct source *s = &g->sources[source];
	uint32_t i = 0;

	while (i < s->tree->n && i < NODES_WITHOUT_DIAGNOSIS) {
		bool function = pack_is(s->pack, PACK_FUNCTION, s->tree, i);
		bool statement = pack_is(s->pack, PACK_STATEMENT, s->tree, i) && i != 0;
		bool whole = function || (statement && !holds_function(s, i));

		if (whole)
			add_region(g, source, i, 0.5);
		i += whole ? s->tree->v[i].count : 1;
	}
}

/* Macros, constants and types have no line that runs, so nobody suspects them. */
static void add_outside_regions(struct generator *g, uint32_t source)
{
	const struct source *s = &g->sources[source];
	struct suspicion *at = &g->suspicions[source];
	uint32_t i = 1;

	while (i < s->tree->n && i < NODES_WITHOUT_DIAGNOSIS) {
		const struct syntax_node *n = &s->tree->v[i];
		bool function = pack_is(s->pack, PACK_FUNCTION, s->tree, i);
		bool whole = pack_is(s->pack, PACK_STATEMENT, s->tree, i) && !holds_function(s, i);

		if (whole && !function) {
			add_region(g, source, i, SUSPICION_OUTSIDE);
			if (n->line < at->n && at->line[n->line] < SUSPICION_OUTSIDE)
				at->line[n->line] = SUSPICION_OUTSIDE;
		}
		i += whole || function ? n->count : 1;
	}
}

/* The first node that starts on the line; the file itself does not count. */
static uint32_t node_on_line(const struct source *s, uint32_t line)
{
	size_t low = s->tree->n > 1, high = s->tree->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->tree->v[middle].line < line)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->tree->n ? (uint32_t)low : (uint32_t)s->tree->n - 1;
}

static void add_suspect(struct generator *g, uint32_t source, const struct suspect *suspect)
{
	const struct source *s = &g->sources[source];
	uint32_t node = node_on_line(s, (uint32_t)suspect->line), function;

	if (suspect->line < 1 || suspect->suspiciousness <= 0)
		return;
	function = outermost_function(s, node);
	if (function == SYNTAX_NONE)
		node = syntax_enclosing(s->tree, node, &s->pack->kinds[PACK_STATEMENT], true);
	else
		node = function;
	if (node != SYNTAX_NONE)
		add_region(g, source, node, suspect->suspiciousness);
}

static int by_suspicion(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	if (x->suspicion != y->suspicion)
		return x->suspicion > y->suspicion ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

void generate_regions(struct generator *g)
{
	strmap_init(&g->region_of);
	g->suspicions = arena_array(g->mem, g->n_files, sizeof(*g->suspicions));
	for (uint32_t i = 0; i < g->n_files; i++) {
		read_suspicion(g, i);
		if (!has_suspects(g) || g->sources[i].tree->errors)
			add_all_regions(g, i);
		for (size_t k = 0; has_suspects(g) && k < g->options->diagnosis->suspects.n; k++) {
			const struct suspect *at = &g->options->diagnosis->suspects.v[k];

			if (str_eq(at->path, g->sources[i].path))
				add_suspect(g, i, at);
		}
		if (has_suspects(g) && !g->sources[i].pack->indent)
			add_outside_regions(g, i);
	}
	if (g->regions.n)
		qsort(g->regions.v, g->regions.n, sizeof(*g->regions.v), by_suspicion);
	if (g->regions.n > REGIONS_MAX)
		g->regions.n = REGIONS_MAX;
	strmap_release(&g->region_of);
}
