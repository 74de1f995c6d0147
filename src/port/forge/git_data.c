#include <inttypes.h>

#include "base/utf8.h"
#include "port/crypto/base64.h"
#include "port/forge/forge_private.h"

enum { CONTENT_BYTES = 32 << 20, INLINE_BYTES = 1 << 20 };

static const struct str *read_parents(const struct json_t *j, size_t *n, struct arena *mem)
{
	return read_names(json_get_arr(j, "parents"), "sha", n, mem);
}

/* A commit as the repository lists it: git's own part is one level down. */
static bool read_commit(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_commit *c = out;
	const struct json_t *git = json_get_obj(j, "commit");

	if (!git)
		git = j;
	c->sha = read_str(j, "sha", mem);
	c->message = read_str(git, "message", mem);
	c->author_login = read_login(j, "author", NULL, mem);
	c->author_email = read_str(json_get_obj(git, "author"), "email", mem);
	c->committer_login = read_login(j, "committer", NULL, mem);
	c->committer_email = read_str(json_get_obj(git, "committer"), "email", mem);
	c->time = read_time(json_get_obj(git, "committer"), "date");
	c->parents = read_parents(j, &c->n_parents, mem);
	return c->sha.n > 0;
}

const struct reader commit_reader = {"commit", sizeof(struct forge_commit), read_commit};

static int bad_branch(struct str branch, struct err *err)
{
	return err_set(err, ERR_CONFIG, "'%.*s' is no name of a branch",
		STR_ARGS(str_slice(branch, 0, 200)));
}

int forge_branch(struct forge *f, struct str repo, struct str branch, struct str *sha,
	struct arena *mem, struct err *err)
{
	REPLY_AUTO reply = {0};
	const char *name = path_encoded(mem, branch);
	struct ask ask = {0};
	struct str found;
	int rc;

	if (!name)
		return bad_branch(branch, err);
	if (ask_in_repo(&ask, repo, mem, err, "/git/ref/heads/%s", name) < 0)
		return -1;
	rc = forge_exchange(f, &ask, &reply, mem, err);
	if (rc != 0)
		return rc;
	found = json_get_str(json_get_obj(reply.json, "object"), "sha");
	/* Older servers give a list of what begins alike. */
	if (!found.n)
		return FORGE_NONE;
	*sha = arena_str(mem, found);
	return 0;
}

int forge_branch_delete(struct forge *f, struct str repo, struct str branch, struct err *err)
{
	ARENA_AUTO mem = {0};
	REPLY_AUTO reply = {0};
	const char *name = path_encoded(&mem, branch);
	struct ask ask = {.method = "DELETE", .repeatable = true};
	int rc;

	if (!name)
		return bad_branch(branch, err);
	if (ask_in_repo(&ask, repo, &mem, err, "/git/refs/heads/%s", name) < 0)
		return -1;
	rc = forge_exchange(f, &ask, &reply, &mem, err);
	if (reply.status == 422 && refusal_says(reply.body, "Reference does not exist"))
		return 0;
	return rc == FORGE_NONE ? 0 : rc;
}

int forge_commit(struct forge *f, struct str repo, struct str sha, struct forge_commit *out,
	struct arena *mem, struct err *err)
{
	struct ask ask = {0};

	/* Files of the commit are listed, too, a page of them at the most. */
	if (ask_in_repo(&ask, repo, mem, err, "/commits/%s?per_page=1", url_encoded(mem, sha)) < 0)
		return -1;
	return forge_one(f, &ask, &commit_reader, out, mem, err);
}

/* ---- base...head ---- */

static void *read_all(
	const struct json_t *arr, const struct reader *reader, size_t *n, struct arena *mem)
{
	size_t all = json_len(arr) < MAX_ITEMS ? json_len(arr) : MAX_ITEMS;
	char *v = arena_array(mem, all ? all : 1, reader->size);

	*n = 0;
	for (size_t i = 0; i < all; i++)
		*n += reader->read(v + *n * reader->size, json_at(arr, i), mem);
	return v;
}

static bool read_compare(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_compare *c = out;

	c->commits = read_all(json_get_arr(j, "commits"), &commit_reader, &c->n_commits, mem);
	c->files = read_all(json_get_arr(j, "files"), &file_reader, &c->n_files, mem);
	c->ahead = json_get_int(j, "ahead_by", 0);
	c->behind = json_get_int(j, "behind_by", 0);
	c->cut = json_get_int(j, "total_commits", 0) > (int64_t)c->n_commits || c->n_files >= 300;
	return json_is_arr(json_get(j, "commits"));
}

const struct reader compare_reader = {"comparison", sizeof(struct forge_compare), read_compare};

/* Asked without a page, GitHub gives up to 250 commits and 300 files at once. */
int forge_compare(struct forge *f, struct str repo, struct str base, struct str head,
	struct forge_compare *out, struct arena *mem, struct err *err)
{
	const char *from = path_encoded(mem, base), *to = path_encoded(mem, head);
	struct ask ask = {0};

	if (!from || !to)
		return bad_branch(from ? head : base, err);
	if (ask_in_repo(&ask, repo, mem, err, "/compare/%s...%s", from, to) < 0)
		return -1;
	return forge_one(f, &ask, &compare_reader, out, mem, err);
}

/* ---- contents ---- */

static int raw_content(
	struct forge *f, struct ask ask, struct str *content, struct arena *mem, struct err *err)
{
	REPLY_AUTO reply = {0};
	int rc;

	ask.accept = "application/vnd.github.raw+json";
	ask.raw = true;
	rc = forge_exchange(f, &ask, &reply, mem, err);
	if (rc == 0)
		*content = reply.body;
	return rc;
}

int forge_contents(struct forge *f, struct str repo, struct str path, struct str ref,
	struct str *content, struct arena *mem, struct err *err)
{
	REPLY_AUTO reply = {0};
	BUF_AUTO bytes = BUF_INIT(CONTENT_BYTES);
	const char *place = path_encoded(mem, path);
	struct ask ask = {0};
	int rc;

	if (!place)
		return err_set(err, ERR_CONFIG, "'%.*s' is no path of a file",
			STR_ARGS(str_slice(path, 0, 200)));
	if (ask_in_repo(&ask, repo, mem, err, "/contents/%s%s%s", place, ref.n ? "?ref=" : "",
		    url_encoded(mem, ref)) < 0)
		return -1;
	rc = forge_exchange(f, &ask, &reply, mem, err);
	if (rc != 0)
		return rc;
	if (!str_eq_c(json_get_str(reply.json, "type"), "file"))
		return FORGE_NONE;
	/* Over 1 MB it is only to be had raw. */
	if (str_eq_c(json_get_str(reply.json, "encoding"), "none"))
		return raw_content(f, ask, content, mem, err);
	if (!base64_decode(&bytes, json_get_str(reply.json, "content")))
		return err_set(err, ERR_PARSE, "GET %.*s: the content is not base64",
			STR_ARGS(str_slice(ask.path, 0, 200)));
	*content = arena_str(mem, buf_view(&bytes));
	return 0;
}

/* ---- a commit made by GitHub ---- */

/* Asks for something that has a sha. */
static int sha_of(struct forge *f, const struct ask *ask, const char *inner, struct str *sha,
	struct arena *mem, struct err *err)
{
	REPLY_AUTO reply = {0};
	int rc = forge_exchange(f, ask, &reply, mem, err);
	struct str found;

	if (rc == FORGE_NONE)
		return forge_not_there(ask, &reply, err);
	if (rc < 0)
		return -1;
	found = json_get_str(inner ? json_get_obj(reply.json, inner) : reply.json, "sha");
	if (!is_sha(found))
		return err_set(err, ERR_PARSE, "%s %.*s: the answer has no sha",
			ask->method ? ask->method : "GET", STR_ARGS(str_slice(ask->path, 0, 200)));
	*sha = arena_str(mem, found);
	return 0;
}

/* The entry called name of a tree; FORGE_NONE when it has none. */
static int tree_entry(struct forge *f, struct str repo, struct str tree, struct str name,
	struct str *sha, struct str *mode, struct arena *mem, struct err *err)
{
	REPLY_AUTO reply = {0};
	struct ask ask = {0};
	const struct json_t *entries;
	int rc;

	if (ask_in_repo(&ask, repo, mem, err, "/git/trees/%s", url_encoded(mem, tree)) < 0)
		return -1;
	rc = forge_exchange(f, &ask, &reply, mem, err);
	if (rc != 0)
		return rc;
	entries = json_get_arr(reply.json, "tree");
	for (size_t i = 0; i < json_len(entries); i++) {
		const struct json_t *one = json_at(entries, i);
		if (!str_eq(json_get_str(one, "path"), name))
			continue;
		*sha = arena_str(mem, json_get_str(one, "sha"));
		*mode = arena_str(mem, json_get_str(one, "mode"));
		return is_sha(*sha) ? 0 : FORGE_NONE;
	}
	return FORGE_NONE;
}

int forge_file_mode(struct forge *f, struct str repo, struct str commit, struct str path, int *mode,
	struct arena *mem, struct err *err)
{
	static const struct {
		const char *text;
		int mode;
	} modes[] = {
		{"100644", 0100644}, {"100755", 0100755}, {"120000", 0120000}, {"160000", 0160000}};
	struct str sha, text = STR_NULL, name;
	struct ask ask = {0};
	int rc = ask_in_repo(&ask, repo, mem, err, "/git/commits/%s", url_encoded(mem, commit));

	if (rc == 0)
		rc = sha_of(f, &ask, "tree", &sha, mem, err);
	while (rc == 0 && str_next(&path, '/', &name))
		rc = tree_entry(f, repo, sha, name, &sha, &text, mem, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(modes); i++)
		if (str_eq_c(text, modes[i].text)) {
			*mode = modes[i].mode;
			return 0;
		}
	return rc == 0 ? FORGE_NONE : rc;
}

static bool is_text(struct str s)
{
	size_t n;

	if (s.n > INLINE_BYTES || (s.n && memchr(s.p, '\0', s.n)))
		return false;
	for (; s.n; s = str_from(s, n)) {
		n = utf8_length(s);
		if (!n)
			return false;
	}
	return true;
}

static int make_blob(struct forge *f, struct str repo, struct str content, struct str *sha,
	struct arena *mem, struct err *err)
{
	BUF_AUTO text = BUF_INIT(2 * CONTENT_BYTES);
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct ask ask = {.method = "POST", .body = body, .repeatable = true};

	base64_encode(&text, content);
	json_put_str(body, "content", buf_view(&text));
	json_put_c(body, "encoding", "base64");
	if (ask_in_repo(&ask, repo, mem, err, "/git/blobs") < 0)
		return -1;
	return sha_of(f, &ask, NULL, sha, mem, err);
}

static int add_change(struct forge *f, struct str repo, const struct forge_change *change,
	struct json_t *tree, struct arena *mem, struct err *err)
{
	struct json_t *entry = json_obj();
	struct str sha;

	json_push(tree, entry);
	json_put_str(entry, "path", change->path);
	json_put_c(entry, "mode", change->executable ? "100755" : "100644");
	json_put_c(entry, "type", "blob");
	if (!change->content.p) {
		json_put(entry, "sha", json_nothing());
		return 0;
	}
	/* Text goes along with the tree: a request less each. */
	if (is_text(change->content)) {
		json_put_str(entry, "content", change->content);
		return 0;
	}
	if (make_blob(f, repo, change->content, &sha, mem, err) < 0)
		return -1;
	json_put_str(entry, "sha", sha);
	return 0;
}

static int make_tree(struct forge *f, struct str repo, const struct forge_commit_draft *draft,
	struct str *sha, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct json_t *tree = json_arr();
	struct ask ask = {.method = "POST", .body = body, .repeatable = true};
	struct ask parent = {0};
	struct str base;

	json_put(body, "tree", tree);
	if (ask_in_repo(&parent, repo, mem, err, "/git/commits/%s",
		    url_encoded(mem, draft->parent)) < 0 ||
		sha_of(f, &parent, "tree", &base, mem, err) < 0)
		return -1;
	json_put_str(body, "base_tree", base);
	for (size_t i = 0; i < draft->n; i++) {
		if (!path_encoded(mem, draft->changes[i].path))
			return err_set(err, ERR_CONFIG, "'%.*s' is no path of a file",
				STR_ARGS(str_slice(draft->changes[i].path, 0, 200)));
		if (add_change(f, repo, &draft->changes[i], tree, mem, err) < 0)
			return -1;
	}
	if (ask_in_repo(&ask, repo, mem, err, "/git/trees") < 0)
		return -1;
	return sha_of(f, &ask, NULL, sha, mem, err);
}

/* Without author and committer: then GitHub signs it for an app. */
static int make_commit(struct forge *f, struct str repo, const struct forge_commit_draft *draft,
	struct str tree, struct str *sha, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct json_t *parents = json_arr();
	/* One more that no branch names is never seen. */
	struct ask ask = {.method = "POST", .body = body, .repeatable = true};

	json_push(parents, json_str(draft->parent));
	json_put_str(body, "message", draft->message);
	json_put_str(body, "tree", tree);
	json_put(body, "parents", parents);
	if (ask_in_repo(&ask, repo, mem, err, "/git/commits") < 0)
		return -1;
	return sha_of(f, &ask, NULL, sha, mem, err);
}

static int make_branch(struct forge *f, struct str repo, struct str branch, struct str sha,
	struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct ask ask = {.method = "POST", .body = body};

	json_put(body, "ref", json_str(arena_printf(mem, "refs/heads/%.*s", STR_ARGS(branch))));
	json_put_str(body, "sha", sha);
	if (ask_in_repo(&ask, repo, mem, err, "/git/refs") < 0)
		return -1;
	return forge_do(f, &ask, mem, err);
}

static int move_branch(struct forge *f, struct str repo, const struct forge_commit_draft *draft,
	struct str sha, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct ask ask = {.method = "PATCH", .body = body, .repeatable = true};

	json_put_str(body, "sha", sha);
	json_put_bool(body, "force", draft->force);
	if (ask_in_repo(&ask, repo, mem, err, "/git/refs/heads/%s",
		    path_encoded(mem, draft->branch)) < 0)
		return -1;
	return forge_do(f, &ask, mem, err);
}

int forge_commit_create(struct forge *f, struct str repo, const struct forge_commit_draft *draft,
	struct str *sha, struct arena *mem, struct err *err)
{
	struct str tree, commit, now;
	int rc;

	if (!path_encoded(mem, draft->branch))
		return bad_branch(draft->branch, err);
	if (make_tree(f, repo, draft, &tree, mem, err) < 0 ||
		make_commit(f, repo, draft, tree, &commit, mem, err) < 0)
		return -1;
	rc = forge_branch(f, repo, draft->branch, &now, mem, err);
	if (rc == 0)
		rc = move_branch(f, repo, draft, commit, mem, err);
	else if (rc == FORGE_NONE)
		rc = make_branch(f, repo, draft->branch, commit, mem, err);
	if (rc == 0)
		*sha = commit;
	return rc;
}
