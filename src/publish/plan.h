/* plan: whether a fix becomes a new pull request, a change of one that is open, or nothing, and
 * why. Layer: publish. Pure: the world as it is goes in, one decision comes out; every "nothing"
 * has a reason that is counted (SPEC 1, 7, 14 "Causes"). */
#pragma once

#include <stdint.h>

#include "publish/marker.h"

/* One pull request of ours, with the marker its body has. */
struct own_pull {
	int64_t number, created_at, updated_at, closed_at;
	struct str head_ref, base_ref, title, body, html_url, node_id;
	struct marker marker;
	bool open, merged, draft;
	bool closed_by_person; /* of those closed without a merge */
	bool hands_off;        /* a person asked to leave it alone: label or command */
};

struct plan_rules {
	int max_open, per_hour, per_day; /* 0: no limit */
	int64_t now;
};

enum plan_action { PLAN_CREATE, PLAN_UPDATE, PLAN_KEEP, PLAN_SKIP };

struct plan {
	enum plan_action action;
	const struct own_pull *pull; /* of UPDATE and KEEP: the one that is open; of a SKIP: why */
	const char *reason;          /* static, of SKIP: "closed_by_person", "open_limit"... */
};

/* marker: of what would be proposed; base: the branch it is for. The order of pulls is of no
 * importance. */
void plan_pull(struct plan *out, const struct marker *marker, struct str base,
	const struct own_pull *pulls, size_t n, const struct plan_rules *rules);
/* A reason, for people. */
const char *plan_reason_text(const char *reason);
