/* pull_text: title, body, branch and labels of a fix's pull request.
 * Layer: publish. Pure. The body is templates/pull_request/body.md, or the user's own, with its
 * {{names}} filled in; it stays under GitHub's limit, and the marker is always its last line. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/fix.h"
#include "publish/marker.h"

/* GitHub takes 65,536 characters. */
enum { PULL_BODY_BYTES = 60000, PULL_TITLE_BYTES = 120 };

/* What confidence decides (SPEC 3). */
enum pull_form { PULL_READY, PULL_REVIEW, PULL_DRAFT };

struct pull_options {
	struct str template; /* empty: ours */
	struct str prefix;   /* of branches: "selfheal/" */
	struct str instance;
	enum pull_form form;
	struct str run_url;    /* of the red run; empty: none */
	struct str base;       /* commit */
	struct str rebased_on; /* the base branch went on to this commit; empty: it did not */
	bool claimed;          /* the proof was made elsewhere and is shown as a claim */
	bool ci_starts;        /* whether CI will run on the pull request by itself */
	bool security;
	struct str deadline; /* when auto-merge will be asked for; empty: never */
	struct str done;     /* key of the correction that this is the end of; empty: none */
	int attempts_more;   /* corrections that this text is the end of */
	const struct marker *previous; /* of the pull request that is updated; NULL: a new one */
};

struct pull_text {
	struct str title, body, branch;
	struct marker marker;
};

/* ERR_CONFIG names what is wrong with the user's template. Everything lives in mem. */
int pull_text_make(struct pull_text *out, const struct fix *fix, const struct pull_options *options,
	struct arena *mem, struct err *err) MUST_CHECK;

/* The form that a confidence asks for. trusted false caps it at a draft. */
enum pull_form pull_form_of(double confidence, bool trusted);
/* "test-0123456789ab" under the prefix: kind and smallest fingerprint. */
struct str pull_branch(const struct fix *fix, struct str prefix, struct arena *mem);
/* Hash of a change's hunks without their line numbers: the same edit elsewhere in a file is the
 * same. "" for a diff that cannot be read. */
struct str pull_patch_form(struct str diff, struct arena *mem);
/* Hash of a command, for markers. */
struct str pull_command_form(struct str command, struct arena *mem);
