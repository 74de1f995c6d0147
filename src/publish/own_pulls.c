#include "port/forge/forge.h"
#include "publish/publish.h"

enum { LOOKED_AT = 1000 };

/* Labels by which people keep the bot's hands off a pull request. */
static const char *const hands_off[] = {"no-auto-fix", "selfheal:skip", "stop-updating"};

static bool asks_for_peace(const struct forge_pull *pull)
{
	for (size_t i = 0; i < pull->n_labels; i++)
		for (size_t k = 0; k < ARRAY_LEN(hands_off); k++)
			if (str_eq_c(pull->labels[i], hands_off[k]))
				return true;
	return false;
}

static struct own_pull own_of(const struct forge_pull *pull)
{
	return (struct own_pull){.number = pull->number,
		.created_at = pull->created_at,
		.updated_at = pull->updated_at,
		.closed_at = pull->closed_at,
		.head_ref = pull->head_ref,
		.base_ref = pull->base_ref,
		.title = pull->title,
		.body = pull->body,
		.html_url = pull->html_url,
		.node_id = pull->node_id,
		.open = pull->open,
		.merged = pull->merged,
		.draft = pull->draft,
		.hands_off = asks_for_peace(pull)};
}

int publish_own_pulls(struct forge *forge, struct str repo, struct str instance,
	struct own_pull **pulls, size_t *n, struct arena *mem, struct err *err)
{
	struct forge_pull_filter filter = {.state = "all", .max = LOOKED_AT};
	struct forge_pulls all;
	struct forge_user me;
	struct own_pull *own;

	if (forge_me(forge, &me, mem, err) < 0 ||
		forge_pulls(forge, repo, &filter, &all, mem, err) < 0)
		return -1;
	own = arena_array(mem, all.n, sizeof(*own));
	*n = 0;
	for (size_t i = 0; i < all.n; i++) {
		const struct forge_pull *pull = &all.v[i];
		struct own_pull one = own_of(pull);
		/* The token of a workflow is the author of whatever any workflow writes: what is
		 * ours is in a branch here, too. */
		if (str_eq_nocase(pull->author, me.login) && str_eq_nocase(pull->head_repo, repo) &&
			marker_ends(pull->body) &&
			marker_read(&one.marker, pull->body, "pull", instance, mem))
			own[(*n)++] = one;
	}
	*pulls = own;
	return 0;
}

int publish_ask_who_closed(struct forge *forge, struct str repo, const struct marker *marker,
	struct own_pull *pulls, size_t n, struct arena *mem, struct err *err)
{
	struct forge_user me;

	if (forge_me(forge, &me, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct own_pull *pull = &pulls[i];
		struct forge_issue issue;
		int rc;
		if (pull->open || pull->merged ||
			(!marker_meets(&pull->marker, marker) &&
				!str_eq(pull->marker.patch, marker->patch)))
			continue;
		rc = forge_issue(forge, repo, pull->number, &issue, mem, err);
		if (rc < 0)
			return -1;
		/* Another program's tidying up is no refusal. */
		pull->closed_by_person = rc == 0 && issue.closed_by.n &&
					 !str_ends(issue.closed_by, "[bot]") &&
					 !str_eq_nocase(issue.closed_by, me.login);
	}
	return 0;
}
