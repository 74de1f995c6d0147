/* combine: candidates of several edits out of single ones of the same function. */
#include "kit/rewrite/generate.h"

/* What a single-edit candidate changes, whatever the place. */
struct change {
	uint64_t from, to; /* hashes of the texts, with template and region */
	uint32_t candidate;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	return (a ^ b) * 0x9e3779b97f4a7c15u ^ (a >> 29);
}

static struct change change_of(const struct generator *g, uint32_t index)
{
	const struct candidate *c = &g->candidates.v[index];
	struct str text = g->sources[c->source].tree->text;
	uint64_t where = mix(str_hash(c->template->name), c->region + 1);
	struct str old = str_slice(text, c->edits[0].start, c->edits[0].end);

	return (struct change){
		mix(where, str_hash(old)), mix(where, str_hash(c->edits[0].text)), index};
}

static int by_change(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return (x->candidate > y->candidate) - (x->candidate < y->candidate);
}

enum { SITES_MAX = 12, SITES_PAIRED_MAX = 6 };

static void add_joined(struct generator *g, const uint32_t *members, size_t n, double factor)
{
	const struct candidate *best = &g->candidates.v[members[0]];
	struct edit edits[SITES_MAX];
	double prior = 0, score = 0;
	uint32_t region = best->region, source = best->source;
	const struct template *t = best->template;

	for (size_t i = 0; i < n; i++) {
		const struct candidate *c = &g->candidates.v[members[i]];

		edits[i] = c->edits[0];
		prior = c->prior > prior ? c->prior : prior;
		score = c->score > score ? c->score : score;
	}
	if (generate_add(g, t, source, region, edits, n, prior * factor))
		g->candidates.v[g->candidates.n - 1].score = score * factor;
}

/* The same edit at all places, and at each two of a few. */
static void join_same(struct generator *g, const struct change *run, size_t n)
{
	uint32_t members[SITES_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < n && kept < SITES_MAX; i++) {
		const struct edit *e = g->candidates.v[run[i].candidate].edits;

		if (kept == 0 || g->candidates.v[members[kept - 1]].edits[0].end <= e->start)
			members[kept++] = run[i].candidate;
	}
	if (kept < 2)
		return;
	add_joined(g, members, kept, 0.3);
	for (size_t i = 0; kept > 2 && kept <= SITES_PAIRED_MAX && i < kept; i++)
		for (size_t k = i + 1; k < kept; k++)
			add_joined(g, (uint32_t[]){members[i], members[k]}, 2, 0.1);
}

/* The first change of a text. */
static size_t first_from(const struct change *v, size_t n, uint64_t from)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (v[middle].from < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* a -> b here and b -> a there. */
static void join_exchanges(struct generator *g, const struct change *v, size_t n, size_t at)
{
	for (size_t i = first_from(v, n, v[at].to); i < n && v[i].from == v[at].to; i++) {
		const struct edit *a, *b;

		if (v[i].to != v[at].from || v[i].candidate < v[at].candidate)
			continue;
		a = g->candidates.v[v[at].candidate].edits;
		b = g->candidates.v[v[i].candidate].edits;
		if (a->end <= b->start || b->end <= a->start)
			add_joined(g, (uint32_t[]){v[at].candidate, v[i].candidate}, 2, 0.2);
	}
}

void generate_combinations(struct generator *g)
{
	vec(struct change) changes = {0};
	size_t n_single = g->candidates.n;

	for (uint32_t i = 0; i < n_single; i++) {
		const struct candidate *c = &g->candidates.v[i];

		if (c->n_edits == 1 && (c->template->same_sites || c->template->swap_sites))
			vec_push(&changes, change_of(g, i));
	}
	if (changes.n)
		qsort(changes.v, changes.n, sizeof(*changes.v), by_change);
	for (size_t i = 0, end; i < changes.n; i = end) {
		const struct template *t = g->candidates.v[changes.v[i].candidate].template;

		for (end = i + 1; end < changes.n && changes.v[end].from == changes.v[i].from &&
				  changes.v[end].to == changes.v[i].to;)
			end++;
		if (t->same_sites && end - i > 1)
			join_same(g, &changes.v[i], end - i);
		for (size_t k = i; t->swap_sites && end - i <= SITES_PAIRED_MAX && k < end; k++)
			join_exchanges(g, changes.v, changes.n, k);
	}
	vec_free(&changes);
}
