/* publish: a verified fix as one pull request, brought to what it should be and left alone when it
 * is so.
 * Layer: publish. Every step looks before it writes, so that it can be cut off anywhere and run
 * again: no second branch, pull request or comment comes of that (SPEC 1 "Durable"). What GitHub
 * holds is the state; nothing is kept here. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/fix.h"
#include "publish/plan.h"
#include "publish/pull_text.h"

struct forge;
struct branch_plan;
struct forge_pull;

/* What becomes of a fix for the head of an open pull request. */
enum on_pull { ON_PULL_SUGGEST, ON_PULL_PUSH, ON_PULL_REQUEST, ON_PULL_COMMENT };

struct publish_options {
	struct str repo; /* "owner/name" */
	struct str base_branch;
	struct str commit; /* what the fix was proved on */
	struct str folder; /* the diff's paths are relative to it; "" the top */
	struct str prefix, instance, template;
	struct str run_url;
	const struct str *labels, *reviewers; /* reviewers: beside CODEOWNERS */
	size_t n_labels, n_reviewers;
	struct plan_rules rules;
	bool trusted; /* the head belongs to the repository */
	bool claimed; /* see pull_options */
	/* Judges the files as they would be: the diff's words are not taken for it. NULL: not. */
	int (*judge)(void *data, const struct branch_plan *plan, enum policy_verdict *verdict,
		struct err *err);
	void *judge_data;
	bool security;
	enum on_pull on_pull;
	struct str done;   /* key of the correction that this is the end of */
	int attempts_more; /* this is the end of a correction: counted in the marker */
	int expire_days;   /* see publish_expire() */
	bool checks;       /* write a check run on the commit that failed */
	bool dry_run;      /* say what would be done */
	bool auto_merge;   /* ask for GitHub's own when ready */
	enum pull_draft_mode { PULL_DRAFT_AUTO, PULL_DRAFT_ALWAYS, PULL_DRAFT_NEVER } draft;
};

enum published_as {
	PUBLISHED_NOTHING,
	PUBLISHED_CREATED,
	PUBLISHED_UPDATED,
	PUBLISHED_KEPT,
	PUBLISHED_CLOSED,
	PUBLISHED_SUGGESTED, /* as a review of the pull request that failed */
	PUBLISHED_PUSHED,    /* onto that pull request's own branch */
	PUBLISHED_COMMENTED, /* there, where neither can be had: a fork's */
};
const char *published_as_to_string(enum published_as as);

struct published {
	enum published_as as;
	const char *reason; /* of NOTHING and CLOSED: see plan_reason_text() */
	int64_t number;
	struct str url, branch, head_sha;
	enum pull_form form;
	struct str notices[8]; /* what could not be done beside: labels, reviewers */
	size_t n_notices;
};

/* Our own pull requests in repo, open and closed (the last 300). */
int publish_own_pulls(struct forge *forge, struct str repo, struct str instance,
	struct own_pull **pulls, size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
/* Fills closed_by_person of those that marker's failures or change are about: one question each. */
int publish_ask_who_closed(struct forge *forge, struct str repo, const struct marker *marker,
	struct own_pull *pulls, size_t n, struct arena *mem, struct err *err) MUST_CHECK;

/* One fix. ERR_* only when GitHub could not be asked or told; what is decided against is in
 * out->reason. */
int publish_fix(struct published *out, struct forge *forge, const struct fix *fix,
	const struct publish_options *options, struct arena *mem, struct err *err) MUST_CHECK;

/* Closes what is open for base_branch and was proved red by that command (empty: any), as the
 * branch is green at commit now. */
int publish_base_green(struct published *out, size_t max, size_t *n, struct forge *forge,
	const struct publish_options *options, struct str command, struct arena *mem,
	struct err *err) MUST_CHECK;

/* Closes what is open and nobody has touched for options->expire_days; 0: nothing. */
int publish_expire(struct published *out, size_t max, size_t *n, struct forge *forge,
	const struct publish_options *options, struct arena *mem, struct err *err) MUST_CHECK;

/* A fix for the head of somebody's open pull request: suggestions on its lines, else a pull request
 * against its branch, or as options->on_pull wants it; a fork's gets suggestions or a comment. */
int publish_on_pull(struct published *out, struct forge *forge, const struct fix *fix,
	const struct publish_options *options, const struct forge_pull *pull, struct arena *mem,
	struct err *err) MUST_CHECK;
/* The open pull request whose head is that commit in the repository itself when
 * options->trusted; FORGE_NONE. */
int publish_find_pull(struct forge_pull *out, struct forge *forge,
	const struct publish_options *options, struct arena *mem, struct err *err) MUST_CHECK;
