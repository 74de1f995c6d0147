/* forge_private: what the files of src/port/forge share. Layer: port.
 * A call is a struct ask, built by ask_in_repo and given to forge_do, forge_one or forge_list.
 * What JSON becomes is told by a struct reader. */
#pragma once

#include "base/buf.h"
#include "json/json.h"
#include "port/crypto/rsa.h"
#include "port/forge/forge.h"
#include "port/http/http.h"

enum {
	ANSWER_BYTES = 32 << 20, /* of one JSON answer */
	PAGE_SIZE = 100,         /* the most that GitHub gives */
	MAX_PAGES = 100,
	MAX_ITEMS = 10000,
	CACHE_ITEMS = 64,
	CACHE_BYTES = 8 << 20,
	CACHE_ITEM_BYTES = 1 << 20,
};

/* GitHub counts these apart. */
enum account { QUOTA_REST, QUOTA_GRAPHQL, QUOTA_APP, QUOTAS };

struct cache_item {
	char *path, *etag, *body, *link;
	size_t size;
	uint64_t used;
};

/* What is known of one account with GitHub. */
struct quota {
	int64_t limit, left, reset_at; /* -1: not told yet */
	int64_t blocked_until;
	int strikes; /* refusals without a time, one after the other */
};

struct forge {
	struct http *http;
	int64_t (*now)(void);
	char *api_url, *graphql_url; /* no slash at the end */
	char *token;                 /* the caller's, or an installation's; NULL */
	char *app_id, *app_repo;
	struct rsa_key *app_key;
	bool app_workflows;
	int64_t token_expires_at;
	char *permissions;    /* of the installation's token: "contents:write", one a line */
	struct forge_user me; /* strings owned; login.p NULL: not asked yet */
	int64_t skew_s;       /* GitHub's clock minus ours, as last seen */
	int64_t jwt_skew_s;   /* as it was when the app last signed */
	int64_t write_gap_ms, max_wait_ms, last_write_ms;
	struct quota quotas[QUOTAS];
	struct cache_item cache[CACHE_ITEMS];
	size_t cache_bytes;
	uint64_t cache_clock;
};

/* ---- one call (request.c) ---- */

enum ask_as { AS_TOKEN, AS_APP }; /* the app itself signs, for what no installation may ask */

struct ask {
	const char *method; /* NULL: GET */
	struct str path;    /* with the query; in an arena */
	const struct json_t *body;
	const char *accept; /* NULL: application/vnd.github+json */
	enum ask_as as;
	bool repeatable; /* writes: asking again does no harm. Reads always are */
	bool graphql;
	bool raw; /* the answer is no JSON */
	int (*sink)(void *data, struct str piece, struct err *err);
	int (*sink_again)(void *data, struct err *err);
	void *sink_data;
	size_t max_bytes; /* 0: ANSWER_BYTES */
};

struct reply {
	int status;
	struct str body;     /* in the arena of the call */
	struct str next;     /* path of the next page, or empty */
	struct json_t *json; /* owned by the reply; NULL without one */
	struct http_response http;
};

void reply_release(struct reply *r);
#define REPLY_AUTO CLEANUP(reply_release) struct reply

/* 0 for a 2xx; FORGE_NONE for 404 and 410; < 0 for the rest, explained. *out is filled in the first
 * two cases, and with a status also for refusals. */
int forge_exchange(struct forge *f, const struct ask *ask, struct reply *out, struct arena *mem,
	struct err *err) MUST_CHECK;
/* As forge_exchange, but what is not there is an error: the repository is not, or the token may not
 * see it. out may be NULL. */
int forge_do(struct forge *f, const struct ask *ask, struct arena *mem, struct err *err) MUST_CHECK;
int forge_not_there(const struct ask *ask, const struct reply *r, struct err *err);

/* ---- paths (path.c) ---- */

/* Sets ask->path to /repos/REPO and the formatted rest. ERR_CONFIG when repo is not "owner/name".
 */
int ask_in_repo(struct ask *ask, struct str repo, struct arena *mem, struct err *err,
	const char *fmt, ...) MUST_CHECK PRINTF_LIKE(5, 6);
/* Percent-encoded for a segment or a query's value; path_encoded leaves slashes, and gives NULL for
 * a path with an empty, "." or ".." part. */
const char *url_encoded(struct arena *mem, struct str s);
const char *path_encoded(struct arena *mem, struct str s);
bool is_repo_name(struct str repo);
bool is_sha(struct str s);

/* ---- readers (one with each record's calls) ---- */

struct reader {
	const char *name;
	size_t size; /* of the record */
	/* Fills *out, which is zeroed, from any JSON; false: not one of these. */
	bool (*read)(void *out, const struct json_t *j, struct arena *mem);
};

extern const struct reader pull_reader, file_reader, comment_reader, review_reader, issue_reader,
	commit_reader, check_reader, status_reader, run_reader, job_reader, artifact_reader,
	user_reader, repository_reader, delivery_reader, compare_reader;
/* All of them, ended by NULL. */
extern const struct reader *const forge_readers[];

/* A string member, copied. */
struct str read_str(const struct json_t *j, const char *key, struct arena *mem);
/* "2026-01-31T12:34:56Z" as seconds since the epoch; 0 for null and anything else. */
int64_t read_time(const struct json_t *j, const char *key);
/* login of the member that is a user; *is_bot (may be NULL) whether it is one. */
struct str read_login(const struct json_t *j, const char *key, bool *is_bot, struct arena *mem);
/* Names of an array of {"name": ...} or of plain strings. */
const struct str *read_names(
	const struct json_t *arr, const char *key, size_t *n, struct arena *mem);

/* One record. */
int forge_one(struct forge *f, const struct ask *ask, const struct reader *reader, void *out,
	struct arena *mem, struct err *err) MUST_CHECK;

/* What is changed of a pull request or an issue. */
struct json_t *change_to_json(const struct forge_pull_change *change, bool is_pull);

struct list_query {
	const struct reader *reader;
	const char *key; /* the page's member that is the list; NULL: the page is */
	size_t max;      /* 0: MAX_ITEMS */
	/* Called for each record; false ends the listing. NULL: all. */
	bool (*goes_on)(void *data, const void *item);
	void *data;
};
struct list {
	void *v;
	size_t n;
	bool cut; /* there was more */
};
/* All pages of a list. */
int forge_list(struct forge *f, const struct ask *ask, const struct list_query *query,
	struct list *out, struct arena *mem, struct err *err) MUST_CHECK;

/* ---- GraphQL (graphql.c) ---- */

/* data of the answer, which the caller frees. variables is taken. */
int forge_graphql(struct forge *f, const char *query, struct json_t *variables,
	struct json_t **data, struct err *err) MUST_CHECK;

/* ---- who we are (auth.c) ---- */

int auth_open(struct forge *f, const struct forge_options *options, struct err *err) MUST_CHECK;
void auth_release(struct forge *f);
/* The token for such a call, made or renewed; empty: none. In mem. */
int auth_token(struct forge *f, enum ask_as as, struct str *out, struct arena *mem,
	struct err *err) MUST_CHECK;
/* A 401 came: whether asking again with another token may help. */
bool auth_refused(struct forge *f, enum ask_as as);
bool is_app(const struct forge *f);

/* ---- limits (limits.c) ---- */

int64_t forge_now(const struct forge *f);
/* Notes what an answer says of limits and of the clock. */
void limits_note(struct forge *f, const struct ask *ask, const struct http_response *r);
/* Waits until the account is open and, for a write, the gap is over. *waited_ms counts. */
int limits_before(
	struct forge *f, const struct ask *ask, int64_t *waited_ms, struct err *err) MUST_CHECK;
/* Whether r says that a limit was met; then it blocks the account until it opens again. */
bool limits_met(struct forge *f, const struct ask *ask, const struct http_response *r);
void limits_after_write(struct forge *f);

/* ---- answers kept by their ETag (cache.c) ---- */

struct cache_item *cache_find(struct forge *f, struct str path);
void cache_store(
	struct forge *f, struct str path, struct str etag, struct str body, struct str link);
void cache_release(struct forge *f);

/* ---- what a refusal means (refusal.c) ---- */

/* Fills *err from a status that is no success, and what GitHub said. Gives -1. */
int refusal_explain(const struct ask *ask, const struct http_response *r, struct err *err);
/* Whether GitHub's answer says so, in its message or in one of its errors. */
bool refusal_says(struct str body, const char *what);
