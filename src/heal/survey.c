#include "heal/survey.h"

#include "publish/plan.h"

/* A pull request is listed from GitHub's own list; of a fix without one the reason is told. */
static void add(struct dashboard_item *items, size_t *n, const struct published *p,
	const struct fix *fix, struct arena *mem)
{
	bool healed = fix->outcome == OUTCOME_HEALED;

	if (!fix->n_failures || p->as == PUBLISHED_CLOSED || p->as == PUBLISHED_KEPT)
		return;
	if (healed && p->as != PUBLISHED_NOTHING)
		return;
	items[(*n)++] = (struct dashboard_item){.list = healed ? DASHBOARD_SKIPPED : DASHBOARD_SEEN,
		.id = str_of(fix_fingerprint(fix)),
		.text = fix_subject(fix, mem),
		.reason = healed ? str_of(plan_reason_text(p->reason))
				 : str_of(outcome_to_string(fix->outcome))};
}

/* What a fix heals, and what was already fixed, is no longer seen or passed over. */
static size_t add_healed(struct str *healed, const struct published *p, const struct fix *fix)
{
	bool open = fix->outcome == OUTCOME_HEALED && p->as != PUBLISHED_NOTHING;
	bool fixed = p->as == PUBLISHED_NOTHING && p->reason && !strcmp(p->reason, "already_fixed");
	size_t n = 0;

	for (; (open || fixed) && n < fix->n_failures; n++)
		healed[n] = str_of(fix->failures[n].fingerprint);
	return n;
}

int survey_update(enum dashboard_did *did, int64_t *number, struct forge *forge,
	const struct proposed *proposed, const struct publish_options *publish, struct arena *mem,
	struct err *err)
{
	struct dashboard_item *items = arena_array(mem, PROPOSED_MAX, sizeof(*items));
	struct dashboard_options options = {
		.repo = publish->repo, .instance = publish->instance, .items = items};
	struct str *healed;
	size_t most = 1;

	for (size_t i = 0; i < proposed->n; i++)
		most += proposed->fixes[i] ? proposed->fixes[i]->n_failures : 0;
	options.healed = healed = arena_array(mem, most, sizeof(*healed));
	for (size_t i = 0; i < proposed->n; i++) {
		size_t more;
		if (!proposed->fixes[i])
			continue;
		more = add_healed(healed + options.n_healed, &proposed->v[i], proposed->fixes[i]);
		options.n_healed += more;
		if (!more)
			add(items, &options.n, &proposed->v[i], proposed->fixes[i], mem);
	}
	return dashboard_update(did, number, forge, &options, mem, err);
}
