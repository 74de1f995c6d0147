#include "kit/rewrite/pairs.h"

/* Two faults are rarer than one by about this much (shape of published small fixes). */
static const double BOTH = 0.05, SAME_TEMPLATE = 3, SAME_LINE = 4, OTHER_FUNCTION = 0.3;

void pairs_add(struct pairs *p, const struct candidate *half)
{
	if (p->n == PAIRS_OF_MAX || half->n_edits != 1 || half->template->alone)
		return;
	p->at[p->n] = p->n + 1;
	p->halves[p->n++] = half;
	p->is_known = false;
}

static bool fit(const struct candidate *a, const struct candidate *b)
{
	const struct edit *x = &a->edits[0], *y = &b->edits[0];

	return a->source == b->source && (x->end < y->start || y->end < x->start);
}

static double score_of(const struct candidate *a, const struct candidate *b)
{
	double score = a->score * b->score * BOTH;

	if (a->template == b->template)
		score *= SAME_TEMPLATE * (a->line == b->line ? SAME_LINE : 1);
	if (a->region != b->region)
		score *= OTHER_FUNCTION;
	/* Never before its halves. */
	return score < b->score ? score : b->score * 0.99;
}

/* Index of the half whose next pair is best, or n. */
static size_t best(struct pairs *p)
{
	size_t row = p->n;
	double top = -1;

	if (p->is_known || p->given >= PAIRS_MAX)
		return p->is_known ? p->best : p->n;
	for (size_t i = 0; i < p->n; i++) {
		double score;

		while (p->at[i] < p->n && !fit(p->halves[i], p->halves[p->at[i]]))
			p->at[i]++;
		if (p->at[i] >= p->n)
			continue;
		score = score_of(p->halves[i], p->halves[p->at[i]]);
		if (score > top) {
			top = score;
			row = i;
		}
	}
	p->best = row;
	p->is_known = true;
	return row;
}

double pairs_score(struct pairs *p)
{
	size_t row = best(p);

	return row < p->n ? score_of(p->halves[row], p->halves[p->at[row]]) : -1;
}

bool pairs_take(struct pairs *p, struct candidate *out, struct edit edits[2])
{
	size_t row = best(p);
	const struct candidate *a, *b;

	if (row >= p->n)
		return false;
	a = p->halves[row];
	b = p->halves[p->at[row]++];
	p->is_known = false;
	p->given++;
	edits[0] = a->edits[0];
	edits[1] = b->edits[0];
	*out = *a;
	out->edits = edits;
	out->n_edits = 2;
	out->prior = a->prior * b->prior;
	out->score = score_of(a, b);
	out->line = a->line < b->line ? a->line : b->line;
	return true;
}
