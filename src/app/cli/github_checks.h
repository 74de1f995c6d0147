/* github_checks: what 'selfheal doctor --github' says of what it found out: each fact that matters
 * becomes a finding with what to do about it.
 * Layer: app. Pure: facts in, findings out; github_facts.h gathers them. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/vec.h"
#include "port/forge/forge.h"

enum check_state {
	CHECK_GOOD,
	CHECK_WARN,    /* works, but less than it could, or with more power than it needs */
	CHECK_BAD,     /* does not work, or is not safe */
	CHECK_UNKNOWN, /* only an administrator may know */
};
/* "good", "warn", "BAD", "NOT KNOWN". */
const char *check_state_to_string(enum check_state state);

struct finding {
	const char *check; /* "token", "permissions", "merge"... */
	enum check_state state;
	struct str text;
	const char *advice; /* NULL: none */
};
struct findings {
	vec(struct finding) v;
};
void findings_release(struct findings *f);
#define FINDINGS_AUTO CLEANUP(findings_release) struct findings

/* One answer of GitHub's: there, or why it is not. */
struct github_answer {
	bool asked, known;
	struct str why; /* when it was asked and is not known */
};

/* What a running server said to three deliveries; 0: no answer. */
struct webhook_probe {
	bool tried;
	struct str url;
	bool has_secret;
	int right, wrong,
		unsigned_; /* statuses: signed with the secret, with another, not at all */
	struct str why;    /* no connection */
};

struct github_facts {
	const char *api_url; /* NULL: api.github.com */
	struct str repo;     /* "owner/name" */
	bool in_actions;     /* we run in a job */
	struct github_answer access_, me_, repository_, policy_, rules_, role_, deliveries_;
	struct forge_access access;
	struct forge_user me;
	struct forge_repository repository;
	struct forge_actions_policy policy;
	struct forge_rules rules;   /* of the default branch */
	enum forge_permission role; /* of me in the repository */
	size_t failed_deliveries;   /* of the last day */
	int64_t our_time;           /* when access was asked */
	const char *proxy_variable; /* that has a proxy; NULL: none */
	struct str proxy_host;      /* without credentials */
	const char *ca_file;        /* SSL_CERT_FILE; NULL: not set */
	bool ca_file_readable;
	struct webhook_probe webhook;
};

/* Appends the findings in the order people read them. Texts live in mem. */
void github_checks_run(struct findings *out, const struct github_facts *facts, struct arena *mem);
