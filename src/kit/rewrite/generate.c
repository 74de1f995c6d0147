#include "kit/rewrite/generate.h"

#include "base/limits.h"
#include "kit/rewrite/ingredient.h"

enum { SITE_VALUES_MAX = 4000, FAILURES_READ_MAX = 64 };
static const double ANYWHERE = 0.6; /* of the region's suspicion, however far the line */

static double line_suspicion(const struct generator *g, uint32_t source, int line)
{
	const struct suspicion *s = &g->suspicions[source];

	return line > 0 && (size_t)line < s->n ? (double)s->line[line] : 0;
}

static int line_of(const struct source *s, size_t offset)
{
	uint32_t node = syntax_covering(s->tree, offset, offset);
	int line = (int)s->tree->v[node].line;

	for (size_t i = s->tree->v[node].start; i < offset; i++)
		line += s->tree->text.p[i] == '\n';
	return line;
}

/* The statement's first line counts for all of it: coverage is often known of that one only. */
static double suspicion_at(
	const struct generator *g, uint32_t source, uint32_t region, size_t offset, int line)
{
	const struct source *s = &g->sources[source];
	double here = line_suspicion(g, source, line), first = 0;
	uint32_t node = syntax_covering(s->tree, offset, offset);

	node = syntax_enclosing(s->tree, node, &s->pack->kinds[PACK_STATEMENT], true);
	if (node != SYNTAX_NONE && node >= g->regions.v[region].node)
		first = 0.95 * line_suspicion(g, source, (int)s->tree->v[node].line);
	return here > first ? here : first;
}

bool generate_add(struct generator *g, const struct template *t, uint32_t source, uint32_t region,
	const struct edit *edits, size_t n, double prior)
{
	struct edit *copy;
	struct candidate *c;
	size_t first = edits[0].start;
	double suspicion;

	if (g->candidates.n >= g->max)
		return false;
	copy = arena_array(g->mem, n, sizeof(*copy));
	for (size_t i = 0; i < n; i++) {
		copy[i] = edits[i];
		first = edits[i].start < first ? edits[i].start : first;
	}
	c = vec_add(&g->candidates);
	*c = (struct candidate){.template = t,
		.edits = copy,
		.n_edits = (uint32_t)n,
		.source = source,
		.region = region,
		.line = line_of(&g->sources[source], first),
		.prior = prior};
	suspicion = suspicion_at(g, source, region, first, c->line);
	if (t->anywhere && suspicion < ANYWHERE * g->regions.v[region].suspicion)
		suspicion = ANYWHERE * g->regions.v[region].suspicion;
	c->score = prior * suspicion;
	return true;
}

static bool rule_holds(const struct evidence_rule *rule, const struct failure *f, struct str path,
	int line, struct str groups[REGEX_GROUPS_MAX])
{
	if (rule->kinds && !(rule->kinds & 1u << f->kind))
		return false;
	if (rule->type && !regex_match(rule->type, f->type, NULL))
		return false;
	if (rule->message && !regex_match(rule->message, f->message, groups))
		return false;
	if (rule->relations && !(rule->relations & failure_relations(f)))
		return false;
	return rule->near < 0 || failure_is_near(f, path, line, rule->near);
}

static size_t failures_read(const struct generator *g)
{
	size_t n = g->options->failures ? g->options->failures->items.n : 0;

	return n < FAILURES_READ_MAX ? n : FAILURES_READ_MAX;
}

static void bind_groups(
	struct site *site, const struct regex *regex, const struct str groups[REGEX_GROUPS_MAX])
{
	for (size_t i = 1; regex && i < REGEX_GROUPS_MAX; i++) {
		const char *name = regex_group_name(regex, i);

		if (*name && groups[i].p)
			site_bind(site, str_of(name), groups[i], SYNTAX_NONE);
	}
}

/* Whether the same groups were bound by an earlier failure already. */
static bool is_repeated(struct str *seen, size_t *n_seen, const struct site *site, size_t from)
{
	uint64_t h = 1;

	for (size_t i = from; i < site->n; i++)
		h = h * 31 + str_hash(site->v[i].text);
	for (size_t i = 0; i < *n_seen; i++)
		if (seen[i].n == h)
			return true;
	if (*n_seen < FAILURES_READ_MAX)
		seen[(*n_seen)++].n = h;
	return false;
}

void generate_with_evidence(const struct generator *g, struct site *site, int line,
	void (*visit)(void *data, struct site *site), void *data)
{
	const struct template *t = site->template;
	struct str groups[REGEX_GROUPS_MAX], seen[FAILURES_READ_MAX];
	size_t own = site->n, n_seen = 0;

	if (t->n_when == 0) {
		visit(data, site);
		return;
	}
	for (size_t i = 0; i < failures_read(g); i++)
		for (size_t k = 0; k < t->n_when; k++) {
			const struct failure *f = &g->options->failures->items.v[i];

			site->n = own;
			if (!rule_holds(&t->when[k], f, site->source->path, line, groups))
				continue;
			bind_groups(site, t->when[k].message, groups);
			if (!is_repeated(seen, &n_seen, site, own))
				visit(data, site);
		}
	site->n = own;
}

double generate_boost(
	const struct generator *g, const struct template *t, struct str path, int line)
{
	double factor = 1;

	for (size_t k = 0; k < t->n_boost; k++)
		for (size_t i = 0; i < failures_read(g); i++) {
			struct str groups[REGEX_GROUPS_MAX];

			if (!rule_holds(&t->boost[k], &g->options->failures->items.v[i], path, line,
				    groups))
				continue;
			factor *= t->boost[k].times;
			break;
		}
	return factor;
}

struct expansion {
	struct generator *g;
	uint32_t source, region;
	struct arena *scratch;
	size_t n; /* values tried at this site */
	double prior;
};

static void make_candidate(struct expansion *x, struct site *site, double weight)
{
	struct edit edits[LIMIT_CANDIDATE_EDITS];
	size_t n = site_edits(site, edits, x->g->mem);

	if (n)
		generate_add(
			x->g, site->template, x->source, x->region, edits, n, x->prior * weight);
}

/* Every combination of the ingredients' values. */
static void expand(struct expansion *x, struct site *site, size_t ingredient, double weight)
{
	const struct template *t = site->template;
	const struct ingredient *in;
	struct value *values = NULL;
	size_t n, own = site->n;

	if (ingredient == t->n_ingredients) {
		if (x->n++ < SITE_VALUES_MAX)
			make_candidate(x, site, weight);
		return;
	}
	in = &t->ingredients[ingredient];
	n = ingredient_values(site, in, &values, x->scratch);
	for (size_t i = 0; i < n && x->n < SITE_VALUES_MAX; i++) {
		site_bind(site, in->name, values[i].text, SYNTAX_NONE);
		expand(x, site, ingredient + 1, weight * values[i].weight);
		site->n = own;
	}
}

static void expand_site(void *data, struct site *site)
{
	struct expansion *x = data;

	if (site_holds(site))
		expand(x, site, 0, 1);
}

struct walk {
	struct generator *g;
	uint32_t region;
	struct arena scratch;
};

static bool is_of_region(const struct generator *g, const struct region *r, uint32_t node)
{
	const struct source *s = &g->sources[r->source];

	if (node < r->node || node >= r->node + s->tree->v[r->node].count)
		return false;
	/* Functions inside of a statement outside of functions are regions of their own. */
	return pack_is(s->pack, PACK_FUNCTION, s->tree, r->node) || source_function(s, node) == 0;
}

static double prior_of(const struct generator *g, const struct template *t)
{
	const struct rewrite_options *o = g->options;

	return t->prior * (o->record ? o->record(o->record_data, t->name) : 1);
}

static bool visit_match(void *data, const struct syntax_match *match)
{
	struct walk *w = data;
	const struct region *r = &w->g->regions.v[w->region];
	const struct template_set *set = w->g->sets[r->source];
	const struct source *s = &w->g->sources[r->source];
	struct expansion x = {w->g, r->source, w->region, &w->scratch, 0, 0};
	struct site site = {.source = s,
		.template = &set->v[set->of_pattern[match->pattern]],
		.options = w->g->options,
		.context = w->g->sources + w->g->n_files,
		.n_context = w->g->n_sources - w->g->n_files};
	int line;

	if (match->n == 0 || !is_of_region(w->g, r, match->captures[0].node))
		return true;
	for (size_t i = 0; i < match->n; i++) {
		struct str name = str_of(syntax_query_capture(set->query, match->captures[i].id));
		uint32_t node = match->captures[i].node;

		if (!site_get(&site, name))
			site_bind(&site, name, syntax_text(s->tree, node), node);
	}
	line = (int)s->tree->v[match->captures[0].node].line;
	x.prior =
		prior_of(w->g, site.template) * generate_boost(w->g, site.template, s->path, line);
	generate_with_evidence(w->g, &site, line, expand_site, &x);
	arena_release(&w->scratch);
	return w->g->candidates.n < w->g->max;
}

void generate_candidates(struct generator *g)
{
	for (uint32_t i = 0; i < g->regions.n && g->candidates.n < g->max; i++) {
		const struct region *r = &g->regions.v[i];
		const struct source *s = &g->sources[r->source];
		struct walk walk = {g, i, {0}};

		if (s->tree->errors == 0 && g->sets[r->source]->query)
			syntax_query_run(g->sets[r->source]->query, s->tree, r->start, r->end,
				visit_match, &walk);
	}
}
