#include "learn/exchange.h"

#include <ctype.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/vec.h"
#include "json/json.h"
#include "kit/fingerprint/fingerprint.h"
#include "kit/redact/redact.h"
#include "learn/knowledge.h"
#include "model/udiff.h"

enum { COUNT_MAX = 1000, FAILURES_MAX = 1000, NAME_BYTES = 200, HASH_DIGITS = 64 };

/* Members that are plain text, and their caps. */
static const struct member {
	const char *key;
	size_t offset, cap;
} members[] = {
	{"code_context", offsetof(struct fix_record, code_context), LIMIT_LINE_BYTES},
	{"error_pattern", offsetof(struct fix_record, error_pattern), LIMIT_LINE_BYTES},
	{"error_type", offsetof(struct fix_record, error_type), NAME_BYTES},
	{"fp_version", offsetof(struct fix_record, fp_version), NAME_BYTES},
	{"language", offsetof(struct fix_record, language), NAME_BYTES},
	{"normal_form", offsetof(struct fix_record, normal_form), NAME_BYTES},
	{"note", offsetof(struct fix_record, note), LIMIT_LINE_BYTES},
	{"origin", offsetof(struct fix_record, origin), NAME_BYTES},
	{"patch", offsetof(struct fix_record, patch), LIMIT_PATCH_BYTES},
	{"rewrite", offsetof(struct fix_record, rewrite), LIMIT_LINE_BYTES},
	{"root_cause", offsetof(struct fix_record, root_cause), LIMIT_LINE_BYTES},
	{"source", offsetof(struct fix_record, source), NAME_BYTES},
};

static struct str *member_of(struct fix_record *fix, const struct member *m)
{
	return (struct str *)((char *)fix + m->offset);
}

static void put_failures(struct json_t *j, const struct fix_record *fix)
{
	struct json_t *list = json_arr();

	for (size_t i = 0; i < fix->n_failures; i++) {
		struct json_t *one = json_obj();

		json_put_str(one, "cause", fix->failures[i].cause);
		json_put_str(one, "fingerprint", fix->failures[i].fingerprint);
		json_push(list, one);
	}
	json_put(j, "failures", list);
}

static void put_counts(struct json_t *j, const struct fix_record *fix)
{
	json_put_int(j, "attempts", fix->attempts);
	json_put_int(j, "successes", fix->successes);
	json_put_int(j, "failed", fix->failed);
	json_put_int(j, "created_at", fix->created_at);
	json_put_int(j, "updated_at", fix->updated_at);
}

static void put_texts(struct json_t *j, const struct fix_record *fix)
{
	struct fix_record copy = *fix;

	json_put_str(j, "id", fix->id);
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_put_str(j, members[i].key, *member_of(&copy, &members[i]));
}

static void put_parsed(struct json_t *j, const char *key, struct str text)
{
	struct err ignored = ERR_INIT;
	struct json_t *value;

	json_put(j, key, json_parse(&value, text, &ignored) < 0 ? json_nothing() : value);
}

struct json_t *knowledge_to_json(const struct fix_record *fix)
{
	struct json_t *j = json_obj();

	put_texts(j, fix);
	put_failures(j, fix);
	put_counts(j, fix);
	put_parsed(j, "proof", fix->proof);
	put_parsed(j, "environment", fix->environment);
	return j;
}

/* The rungs climbed; commands and their output may name this machine. */
static struct json_t *proof_without_machine(struct str proof)
{
	CLEANUP(json_freep) struct json_t *full = NULL;
	struct json_t *out = json_arr();
	struct err ignored = ERR_INIT;

	if (json_parse(&full, proof, &ignored) < 0 || !json_is_arr(full))
		return out;
	for (size_t i = 0; i < json_len(full); i++) {
		const struct json_t *rung = json_at(full, i);
		struct json_t *one = json_obj();

		json_put_bool(one, "passed", json_get_bool(rung, "passed", false));
		json_put_str(one, "rung", json_get_str(rung, "rung"));
		json_push(out, one);
	}
	return out;
}

/* "/home/me/x.py:3" in prose becomes ".../x.py:3"; a lone slash stays. */
static struct str without_folders(struct str text, struct arena *mem)
{
	struct str out = {arena_alloc(mem, text.n * 4 + 1), 0};
	char *to = (char *)(uintptr_t)out.p;

	for (size_t i = 0; i < text.n;) {
		size_t end = i, slash = i;

		if (text.p[i] != '/' || (i && (isalnum((unsigned char)text.p[i - 1]) ||
						      strchr("._-/<", text.p[i - 1])))) {
			to[out.n++] = text.p[i++];
			continue;
		}
		for (; end < text.n && !strchr(" \t\n'\"`,;()<>", text.p[end]); end++)
			slash = text.p[end] == '/' ? end : slash;
		if (slash > i) {
			memcpy(to + out.n, "...", 3);
			out.n += 3;
		}
		memcpy(to + out.n, text.p + slash, end - slash);
		out.n += end - slash;
		i = end;
	}
	return out;
}

static bool line_is_whole(struct str line, const struct fix_record *fix)
{
	CLEANUP(json_freep) struct json_t *back = NULL;
	struct err ignored = ERR_INIT;

	/* json_str replaces what is not UTF-8: such a patch would not apply. */
	return json_parse(&back, line, &ignored) == 0 &&
	       str_eq(json_get_str(back, "patch"), fix->patch);
}

static void export_one(struct buf *line, const struct fix_record *fix, struct arena *mem)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	struct fix_record clean = *fix;

	clean.root_cause = without_folders(fix->root_cause, mem);
	clean.note = without_folders(fix->note, mem);
	clean.error_pattern = without_folders(fix->error_pattern, mem);
	put_texts(j, &clean);
	put_failures(j, &clean);
	put_counts(j, &clean);
	json_put(j, "proof", proof_without_machine(fix->proof));
	put_parsed(j, "environment", fix->environment);
	json_put_int(j, "v", EXCHANGE_VERSION);
	json_write(line, j, 0);
}

int knowledge_export(struct store *store, int64_t since, struct buf *out,
	struct exchange_export *counts, struct err *err)
{
	struct fix_record *fixes;
	ARENA_AUTO mem;
	size_t n;

	arena_init(&mem);
	*counts = (struct exchange_export){0};
	if (fix_list(store, &fixes, &n, &mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		BUF_AUTO line = BUF_INIT(LIMIT_JSON_BYTES);

		if (fixes[i].updated_at < since)
			continue;
		export_one(&line, &fixes[i], &mem);
		if (!line_is_whole(buf_view(&line), &fixes[i])) {
			counts->unclean++;
		} else if (redact_find(buf_view(&line)).p) {
			counts->secret++;
		} else {
			counts->written++;
			buf_str(out, buf_view(&line));
			buf_char(out, '\n');
		}
	}
	if (out->over)
		return err_set(err, ERR_LIMIT, "cannot export knowledge: over %zu bytes", out->cap);
	return 0;
}

static bool is_hex(struct str s, size_t digits)
{
	if (s.n != digits)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isdigit((unsigned char)s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f'))
			return false;
	return true;
}

static int refuse(struct err *err, const char *why)
{
	return err_set(err, ERR_PARSE, "%s", why);
}

static int read_failures(
	struct fix_record *fix, const struct json_t *j, struct arena *mem, struct err *err)
{
	const struct json_t *list = json_get_arr(j, "failures");
	struct fix_failure *out;

	if (!json_len(list) || json_len(list) > FAILURES_MAX)
		return refuse(err, "'failures' is missing, empty or too long");
	fix->n_failures = json_len(list);
	fix->failures = out = arena_array(mem, fix->n_failures, sizeof(*out));
	for (size_t i = 0; i < fix->n_failures; i++) {
		out[i].fingerprint = arena_str(mem, json_get_str(json_at(list, i), "fingerprint"));
		out[i].cause = arena_str(mem, json_get_str(json_at(list, i), "cause"));
		if (!is_hex(out[i].fingerprint, HASH_DIGITS) || !is_hex(out[i].cause, HASH_DIGITS))
			return refuse(err, "a fingerprint or cause is not 64 hexadecimal digits");
	}
	return 0;
}

static int64_t clamp(int64_t v, int64_t max)
{
	return v < 0 ? 0 : v > max ? max : v;
}

/* What a stranger claims decides no more than an order: it is capped, and never in the future. */
static void read_counts(struct fix_record *fix, const struct json_t *j)
{
	int64_t now = clock_wall_s();

	fix->attempts = clamp(json_get_int(j, "attempts", 0), INT32_MAX);
	fix->successes = clamp(json_get_int(j, "successes", 0), COUNT_MAX);
	fix->failed = clamp(json_get_int(j, "failed", 0), COUNT_MAX);
	fix->created_at = clamp(json_get_int(j, "created_at", 0), now);
	fix->updated_at = clamp(json_get_int(j, "updated_at", 0), now);
}

static int read_texts(
	struct fix_record *fix, const struct json_t *j, struct arena *mem, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const struct json_t *value = json_get(j, members[i].key);
		struct str text = json_to_str(value);

		if (value && !json_is_str(value))
			return err_set(err, ERR_PARSE, "'%s' is not text", members[i].key);
		if (text.n > members[i].cap)
			return err_set(err, ERR_LIMIT, "'%s' is over %zu bytes", members[i].key,
				members[i].cap);
		*member_of(fix, &members[i]) = arena_str(mem, text);
	}
	return 0;
}

static bool is_known_source(struct str source)
{
	static const char *const known[] = {
		"template", "rule", "fixit", "revert", "llm", "knowledge"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq_c(source, known[i]))
			return true;
	return false;
}

/* The patch changes files that are there, with hunks: all that a lookup can bind. */
static int check_patch(const struct fix_record *fix, struct arena *mem, struct err *err)
{
	struct udiff d;

	if (udiff_parse(&d, fix->patch, mem, err) < 0)
		return -1;
	if (d.n > LIMIT_CANDIDATE_EDITS)
		return refuse(err, "the patch changes too many files");
	for (size_t i = 0; i < d.n; i++)
		if (d.files[i].binary || d.files[i].renamed || d.files[i].copied ||
			d.files[i].old_mode != d.files[i].new_mode)
			return refuse(err, "the patch does more than change text");
	return 0;
}

static int check_id(const struct fix_record *fix, struct str claimed, struct err *err)
{
	if (!str_eq(claimed, fix->id))
		return refuse(err, "'id' does not fit the patch");
	return 0;
}

static struct str compact(const struct json_t *j, struct arena *mem)
{
	BUF_AUTO text;

	buf_init(&text, LIMIT_JSON_BYTES);
	json_write(&text, j, 0);
	return arena_str(mem, buf_view(&text));
}

static int read_documents(
	struct fix_record *fix, const struct json_t *j, struct arena *mem, struct err *err)
{
	const struct json_t *proof = json_get_arr(j, "proof");
	const struct json_t *environment = json_get_obj(j, "environment");

	fix->proof = proof ? compact(proof, mem) : STR("[]");
	fix->environment = environment ? compact(environment, mem) : STR("{}");
	if (fix->proof.n > LIMIT_LINE_BYTES || fix->environment.n > LIMIT_LINE_BYTES)
		return refuse(err, "'proof' or 'environment' is too long");
	return 0;
}

static int read_fix(struct fix_record *fix, struct str line, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = NULL;
	char *id = arena_alloc(mem, KNOWLEDGE_ID_SIZE);

	*fix = (struct fix_record){0};
	if (line.n > 2 * LIMIT_PATCH_BYTES)
		return refuse(err, "the line is too long");
	if (json_parse(&j, line, err) < 0)
		return -1;
	if (!json_is_obj(j) || json_get_int(j, "v", 0) != EXCHANGE_VERSION)
		return refuse(err, "not a fix of version 1");
	if (read_texts(fix, j, mem, err) < 0 || read_failures(fix, j, mem, err) < 0 ||
		read_documents(fix, j, mem, err) < 0)
		return -1;
	read_counts(fix, j);
	if (!str_eq_c(fix->fp_version, FINGERPRINT_VERSION))
		return refuse(err, "its fingerprints are of another version");
	if (!is_known_source(fix->source))
		return refuse(err, "'source' is not one we know");
	if (check_patch(fix, mem, err) < 0 || knowledge_id(id, fix->patch, err) < 0)
		return -1;
	fix->id = str_of(id);
	return check_id(fix, json_get_str(j, "id"), err);
}

static void count_refusal(struct exchange_import *counts, size_t line, const struct err *why)
{
	if (!counts->refused++)
		snprintf(counts->first_refusal, sizeof(counts->first_refusal), "line %zu: %.200s",
			line, why->msg);
}

int knowledge_import(
	struct store *store, struct str text, struct exchange_import *counts, struct err *err)
{
	vec(struct fix_record) fixes = {0};
	struct str line;
	size_t number = 0, saved[3];
	ARENA_AUTO mem;
	int rc;

	arena_init(&mem);
	*counts = (struct exchange_import){0};
	if (text.n > LIMIT_JSON_BYTES)
		return err_set(
			err, ERR_LIMIT, "cannot import knowledge: over %d bytes", LIMIT_JSON_BYTES);
	while (number < EXCHANGE_LINES_MAX && str_next_line(&text, &line)) {
		struct err why = ERR_INIT;

		number++;
		if (!str_trim(line).n)
			continue;
		if (read_fix(vec_add(&fixes), line, &mem, &why) < 0) {
			fixes.n--;
			count_refusal(counts, number, &why);
		}
	}
	counts->fixes = fixes.n;
	rc = fix_save_all(store, fixes.v, fixes.n, saved, err);
	vec_free(&fixes);
	counts->added = saved[0];
	counts->merged = saved[FIX_MERGED];
	counts->same = saved[FIX_SAME];
	return rc;
}
