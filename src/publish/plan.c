#include "publish/plan.h"

#include <string.h>

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, CLOSES_BY_PEOPLE = 2 };

static const struct {
	const char *reason, *text;
} reasons[] = {
	{"ignored", "a person asked to ignore this failure; '/selfheal retry' there lifts that"},
	{"hands_off", "a person asked to leave this pull request alone"},
	{"closed_by_person", "a person closed this very change before; '/selfheal retry' there "
			     "lifts that"},
	{"closed_twice", "people closed two proposals for this failure; '/selfheal retry' there "
			 "lifts that"},
	{"open_limit", "as many of its pull requests are open as publish.max_open allows"},
	{"hourly_limit", "as many were opened in the last hour as publish.per_hour allows"},
	{"daily_limit", "as many were opened in the last day as publish.per_day allows"},
	{"already_fixed", "the base branch has this change, or is green again"},
	{"expired", "nobody looked at it for as long as publish.expire_days allows"},
	{"base_moved", "the base branch changed the same lines meanwhile: another run will see"},
	{"branch_has_other_commits",
		"people pushed to the pull request's branch: it is theirs now"},
	{"refused_by_policy", "policy refuses the change"},
	{"nothing_proved", "there is no fix whose proof holds"},
	{"other_run",
		"the bundle is of another run or repository than the one it is published for"},
};

const char *plan_reason_text(const char *reason)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (!strcmp(reasons[i].reason, reason))
			return reasons[i].text;
	return reason;
}

static void skip(struct plan *out, const char *reason, const struct own_pull *pull)
{
	*out = (struct plan){PLAN_SKIP, pull, reason};
}

/* The newest open one for the same cause. */
static const struct own_pull *open_for(
	const struct marker *marker, struct str base, const struct own_pull *pulls, size_t n)
{
	const struct own_pull *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (pulls[i].open && str_eq(pulls[i].base_ref, base) &&
			marker_meets(&pulls[i].marker, marker) &&
			(!found || pulls[i].number > found->number))
			found = &pulls[i];
	return found;
}

static bool refused(const struct own_pull *pull)
{
	return !pull->open && !pull->merged && pull->closed_by_person && !pull->marker.retry;
}

/* "Never again" goes by the change, or by two closes for meeting failures. */
static bool refused_by_people(
	struct plan *out, const struct marker *marker, const struct own_pull *pulls, size_t n)
{
	int closes = 0;

	for (size_t i = 0; i < n; i++) {
		if (pulls[i].marker.ignore && marker_meets(&pulls[i].marker, marker)) {
			skip(out, "ignored", &pulls[i]);
			return true;
		}
		if (!refused(&pulls[i]))
			continue;
		if (marker->patch.n && str_eq(pulls[i].marker.patch, marker->patch)) {
			skip(out, "closed_by_person", &pulls[i]);
			return true;
		}
		closes += marker_meets(&pulls[i].marker, marker);
		if (closes >= CLOSES_BY_PEOPLE) {
			skip(out, "closed_twice", &pulls[i]);
			return true;
		}
	}
	return false;
}

static bool over(int limit, int count)
{
	return limit > 0 && count >= limit;
}

static bool over_limits(
	struct plan *out, const struct own_pull *pulls, size_t n, const struct plan_rules *rules)
{
	int open = 0, hour = 0, day = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t age = rules->now - pulls[i].created_at;
		open += pulls[i].open;
		hour += age < HOUR_S;
		day += age < DAY_S;
	}
	if (over(rules->max_open, open))
		skip(out, "open_limit", NULL);
	else if (over(rules->per_hour, hour))
		skip(out, "hourly_limit", NULL);
	else if (over(rules->per_day, day))
		skip(out, "daily_limit", NULL);
	else
		return false;
	return true;
}

void plan_pull(struct plan *out, const struct marker *marker, struct str base,
	const struct own_pull *pulls, size_t n, const struct plan_rules *rules)
{
	const struct own_pull *open = open_for(marker, base, pulls, n);

	if (open && open->hands_off) {
		skip(out, "hands_off", open);
		return;
	}
	if (refused_by_people(out, marker, pulls, n))
		return;
	if (open) {
		bool same = str_eq(open->marker.patch, marker->patch) &&
			    str_eq(open->marker.base, marker->base);
		*out = (struct plan){same ? PLAN_KEEP : PLAN_UPDATE, open, NULL};
		return;
	}
	if (!over_limits(out, pulls, n, rules))
		*out = (struct plan){PLAN_CREATE, NULL, NULL};
}
