#include "kit/bundle/bundle.h"

#include "base/limits.h"
#include "json/json.h"
#include "port/crypto/sha256.h"

/* Sorted and compact JSON is the same bytes wherever it is written: that is what is hashed. */
static void hash(char out[SHA256_HEX_SIZE], const struct json_t *content)
{
	BUF_AUTO text = BUF_INIT(LIMIT_JSON_BYTES);

	json_write(&text, content, 0);
	sha256_hex(out, buf_view(&text));
}

static struct json_t *run_json(const struct bundle *b)
{
	struct json_t *j = json_obj();

	json_put_int(j, "id", b->run_id);
	json_put_int(j, "attempt", b->run_attempt);
	json_put_str(j, "url", b->run_url);
	json_put_str(j, "event", b->event);
	json_put_int(j, "pull", b->pull);
	json_put_bool(j, "trusted", b->trusted);
	return j;
}

static struct json_t *content_json(const struct bundle *b)
{
	struct json_t *j = json_obj(), *fixes = json_arr();

	json_put_str(j, "program", b->program);
	json_put_str(j, "repository", b->repository);
	json_put_str(j, "folder", b->folder);
	json_put_str(j, "commit", b->commit);
	json_put_str(j, "branch", b->branch);
	json_put(j, "run", run_json(b));
	for (size_t i = 0; i < b->n; i++)
		json_push(fixes, json_ref(b->results[i]));
	json_put(j, "fixes", fixes);
	json_put_str(j, "knowledge", b->knowledge);
	return j;
}

int bundle_write(struct buf *out, const struct bundle *bundle, struct err *err)
{
	CLEANUP(json_freep) struct json_t *document = json_obj();
	struct json_t *content = content_json(bundle);
	char sha256[SHA256_HEX_SIZE];
	BUF_AUTO text = BUF_INIT(BUNDLE_BYTES_MAX);

	hash(sha256, content);
	json_put_int(document, "bundle", BUNDLE_VERSION);
	json_put_c(document, "sha256", sha256);
	json_put(document, "content", content);
	json_write(&text, document, 1);
	buf_char(&text, '\n');
	if (text.over)
		return err_set(
			err, ERR_LIMIT, "the bundle has more than %d bytes", BUNDLE_BYTES_MAX);
	buf_str(out, buf_view(&text));
	return 0;
}

static int check_form(const struct json_t *document, struct err *err)
{
	const struct json_t *content = json_get_obj(document, "content");
	int64_t version = json_get_int(document, "bundle", 0);
	char sha256[SHA256_HEX_SIZE];

	if (version < 1 || !content)
		return err_set(err, ERR_PARSE, "this is no bundle of selfheal");
	if (version > BUNDLE_VERSION)
		return err_set(err, ERR_PARSE,
			"the bundle was made by a later selfheal (form %d, known up to %d)",
			(int)version, BUNDLE_VERSION);
	hash(sha256, content);
	if (!str_eq_c(json_get_str(document, "sha256"), sha256))
		return err_set(err, ERR_PARSE, "the bundle is damaged: its SHA-256 is another one");
	return 0;
}

static int take_results(
	struct bundle *out, const struct json_t *fixes, struct arena *mem, struct err *err)
{
	size_t n = json_len(fixes);
	struct json_t **results;

	if (!json_is_arr(fixes) || n > BUNDLE_FIXES_MAX)
		return err_set(err, ERR_PARSE, "the bundle has no list of at most %d fixes",
			BUNDLE_FIXES_MAX);
	results = arena_array(mem, n, sizeof(*results));
	for (size_t i = 0; i < n; i++) {
		results[i] = json_at(fixes, i);
		if (!json_is_obj(results[i]))
			return err_set(err, ERR_PARSE, "fix %zu of the bundle is no object", i + 1);
	}
	out->results = results;
	out->n = n;
	return 0;
}

static void take_run(struct bundle *out, const struct json_t *run, struct arena *mem)
{
	out->run_id = json_get_int(run, "id", 0);
	out->run_attempt = json_get_int(run, "attempt", 0);
	out->run_url = arena_str(mem, json_get_str(run, "url"));
	out->event = arena_str(mem, json_get_str(run, "event"));
	out->pull = json_get_int(run, "pull", 0);
	out->trusted = json_get_bool(run, "trusted", false);
}

int bundle_read(struct bundle *out, struct json_t **document, struct str text, struct arena *mem,
	struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = NULL;
	struct bundle b = {0};
	const struct json_t *content;

	if (text.n > BUNDLE_BYTES_MAX)
		return err_set(
			err, ERR_LIMIT, "the bundle has more than %d bytes", BUNDLE_BYTES_MAX);
	if (json_parse(&j, text, err) < 0 || check_form(j, err) < 0)
		return -1;
	content = json_get_obj(j, "content");
	b.program = arena_str(mem, json_get_str(content, "program"));
	b.repository = arena_str(mem, json_get_str(content, "repository"));
	b.folder = arena_str(mem, json_get_str(content, "folder"));
	b.commit = arena_str(mem, json_get_str(content, "commit"));
	b.branch = arena_str(mem, json_get_str(content, "branch"));
	b.knowledge = arena_str(mem, json_get_str(content, "knowledge"));
	take_run(&b, json_get_obj(content, "run"), mem);
	if (take_results(&b, json_get_arr(content, "fixes"), mem, err) < 0)
		return -1;
	*out = b;
	*document = TAKE(j);
	return 0;
}
