#include "learn/knowledge.h"

#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "json/json.h"
#include "kit/fingerprint/fingerprint.h"
#include "kit/trial/trial.h"
#include "model/udiff.h"
#include "port/crypto/sha256.h"

enum { CONTEXT_BYTES = 2048, FIXES_TRIED_MAX = 64 };

static const char source_name[] = "knowledge";

int knowledge_id(char id[KNOWLEDGE_ID_SIZE], struct str diff, struct err *err)
{
	char hex[SHA256_HEX_SIZE];
	struct udiff d;
	ARENA_AUTO mem;
	BUF_AUTO text;

	arena_init(&mem);
	buf_init(&text, (size_t)LIMIT_PATCH_BYTES * 2);
	if (udiff_parse(&d, diff, &mem, err) < 0)
		return -1;
	for (size_t f = 0; f < d.n; f++) {
		buf_printf(&text, "%zu ", d.files[f].path.n);
		buf_str(&text, d.files[f].path);
		for (size_t h = 0; h < d.files[f].n; h++) {
			const struct udiff_hunk *hunk = &d.files[f].hunks[h];

			buf_c(&text, "\n@@");
			for (size_t l = 0; l < hunk->n; l++) {
				buf_char(&text, '\n');
				buf_char(&text, hunk->lines[l].op);
				buf_str(&text, hunk->lines[l].text);
			}
		}
	}
	sha256_hex(hex, buf_view(&text));
	memcpy(id, hex, KNOWLEDGE_ID_SIZE - 1);
	id[KNOWLEDGE_ID_SIZE - 1] = '\0';
	return 0;
}

/* The code as it was, around the change. */
static struct str code_before(struct str diff, struct arena *mem)
{
	struct err ignored = ERR_INIT;
	struct udiff d;
	BUF_AUTO text;

	buf_init(&text, CONTEXT_BYTES);
	if (udiff_parse(&d, diff, mem, &ignored) < 0)
		return STR_NULL;
	for (size_t f = 0; f < d.n; f++)
		for (size_t h = 0; h < d.files[f].n; h++)
			for (size_t l = 0; l < d.files[f].hunks[h].n; l++) {
				const struct udiff_line *line = &d.files[f].hunks[h].lines[l];

				if (line->op == '+' || text.over)
					continue;
				buf_str(&text, line->text);
				buf_char(&text, '\n');
			}
	return arena_str(mem, buf_view(&text));
}

static struct str json_text(struct json_t *j, struct arena *mem)
{
	BUF_AUTO text;

	buf_init(&text, LIMIT_JSON_BYTES);
	json_write(&text, j, 0);
	json_free(j);
	return arena_str(mem, buf_view(&text));
}

/* What a fix may depend on: nothing that names the machine or its user. */
static struct str environment(struct arena *mem)
{
	struct json_t *j = json_obj();
	struct utsname u;

	if (uname(&u) == 0) {
		json_put_c(j, "system", u.sysname);
		json_put_c(j, "machine", u.machine);
	}
	return json_text(j, mem);
}

static const struct fix_failure *healed_failures(
	const struct failure_list *list, size_t *n, struct arena *mem)
{
	struct fix_failure *out = arena_array(mem, list->items.n, sizeof(*out));

	*n = 0;
	vec_each (f, &list->items)
		if (f->fingerprint[0])
			out[(*n)++] =
				(struct fix_failure){str_of(f->fingerprint), str_of(f->cause)};
	return out;
}

static void describe(struct fix_record *r, const struct knowledge_fix *fix, struct arena *mem)
{
	const struct failure *first = fix->healed->items.n ? &fix->healed->items.v[0] : NULL;
	int64_t now = clock_wall_s();

	*r = (struct fix_record){.fp_version = STR(FINGERPRINT_VERSION),
		.language = first ? first->language : STR_NULL,
		.error_type = first ? first->type : STR_NULL,
		.error_pattern = first ? fingerprint_mask(first->message, mem) : STR_NULL,
		.root_cause = fix->diagnosis ? fix->diagnosis->root_cause : STR_NULL,
		.code_context = code_before(fix->diff, mem),
		.patch = fix->diff,
		.proof = json_text(verdict_to_json(fix->verdict), mem),
		.source = fix->patch->source,
		.origin = fix->patch->origin,
		.note = fix->patch->note,
		.environment = environment(mem),
		.attempts = (int64_t)fix->attempts,
		.successes = 1,
		.created_at = now,
		.updated_at = now};
	if (fix->patch->normal)
		r->normal_form =
			arena_printf(mem, "%016llx", (unsigned long long)fix->patch->normal);
	r->failures = healed_failures(fix->healed, &r->n_failures, mem);
}

/* One more success of a fix that is known, under further failures perhaps. */
static int record_again(struct store *store, struct fix_record *known, const struct fix_record *now,
	struct err *err)
{
	known->failures = now->failures;
	known->n_failures = now->n_failures;
	known->successes++;
	known->updated_at = now->updated_at;
	return fix_save(store, known, err) < 0 ? -1 : 0;
}

/* The stored fix that this one repeats: the one it came from, else one with the same change. *id is
 * where it is or will be. */
static int find_known(struct store *store, const struct knowledge_fix *fix,
	struct fix_record *known, char id[KNOWLEDGE_ID_SIZE], struct arena *mem, struct err *err)
{
	struct str origin = fix->patch->origin;
	int rc = FIX_NONE;

	if (str_eq_c(fix->patch->source, source_name) && origin.n == KNOWLEDGE_ID_SIZE - 1)
		rc = fix_get(store, origin, known, mem, err);
	if (rc == FIX_NONE) {
		if (knowledge_id(id, fix->diff, err) < 0)
			return -1;
		return fix_get(store, str_of(id), known, mem, err);
	}
	if (rc == 0)
		snprintf(id, KNOWLEDGE_ID_SIZE, "%.*s", STR_ARGS(origin));
	return rc;
}

int knowledge_record(struct store *store, const struct knowledge_fix *fix,
	char id[KNOWLEDGE_ID_SIZE], struct err *err)
{
	struct fix_record record, known;
	ARENA_AUTO mem;
	int rc;

	arena_init(&mem);
	describe(&record, fix, &mem);
	if ((rc = find_known(store, fix, &known, id, &mem, err)) < 0)
		return -1;
	if (rc != FIX_NONE)
		return record_again(store, &known, &record, err);
	record.id = str_of(id);
	return fix_save(store, &record, err) < 0 ? -1 : 0;
}

int knowledge_failed(struct store *store, const struct patch *patch, struct err *err)
{
	if (!str_eq_c(patch->source, source_name))
		return 0;
	return fix_count_use(store, patch->origin, false, err) < 0 ? -1 : 0;
}

/* All files of the diff bound, into *out's edits; false when one cannot be. */
static int bind_files(struct patch *out, const struct udiff *d, const struct knowledge_files *files,
	struct arena *mem, struct err *err)
{
	struct edit *all = arena_array(mem, LIMIT_CANDIDATE_EDITS, sizeof(*all));
	size_t n = 0;

	for (size_t f = 0; f < d->n; f++) {
		struct err unreadable = ERR_INIT;
		struct edit *edits;
		size_t found;
		BUF_AUTO content;
		int rc;

		buf_init(&content, LIMIT_SOURCE_BYTES);
		if (files->read(files->data, d->files[f].path, &content, &unreadable) < 0)
			return UDIFF_UNBOUND; /* the file is gone */
		rc = udiff_bind(&edits, &found, &d->files[f], buf_view(&content), mem, err);
		if (rc != 0 || n + found > LIMIT_CANDIDATE_EDITS)
			return rc < 0 ? -1 : UDIFF_UNBOUND;
		memcpy(all + n, edits, found * sizeof(*all));
		n += found;
		if (f == 0 && found)
			out->line = d->files[0].hunks[0].old_first;
	}
	out->edits = all;
	out->n = n;
	return n ? 0 : UDIFF_UNBOUND;
}

static int bind_fix(struct patch *out, const struct fix_record *fix,
	const struct knowledge_files *files, struct arena *mem, struct err *err)
{
	struct err unreadable = ERR_INIT;
	struct udiff d;

	if (udiff_parse(&d, fix->patch, mem, &unreadable) < 0)
		return UDIFF_UNBOUND;
	/* Laplace's rule: one success alone is 2/3. */
	*out = (struct patch){.source = STR("knowledge"),
		.origin = fix->id,
		.note = fix->note,
		.prior = (double)(fix->successes + 1) / (double)(fix->successes + fix->failed + 2)};
	out->score = out->prior;
	return bind_files(out, &d, files, mem, err);
}

int knowledge_lookup_in(struct store *store, const struct failure *failure,
	const struct knowledge_files *files, struct patch *out, size_t max, size_t *n,
	struct arena *mem, struct err *err)
{
	struct fix_record *fixes;
	size_t found;

	*n = 0;
	if (!failure->fingerprint[0])
		return 0;
	if (fix_find(store, str_of(failure->fingerprint), str_of(failure->cause), FIXES_TRIED_MAX,
		    &fixes, &found, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < found && *n < max; i++) {
		int rc;

		if (fixes[i].failed > fixes[i].successes)
			continue;
		if ((rc = bind_fix(&out[*n], &fixes[i], files, mem, err)) < 0)
			return -1;
		*n += rc == 0;
	}
	return 0;
}

static int read_trial(void *data, struct str path, struct buf *out, struct err *err)
{
	return trial_read(data, path, out, err);
}

int knowledge_lookup(struct store *store, const struct failure *failure, struct trial *trial,
	struct patch *out, size_t max, size_t *n, struct arena *mem, struct err *err)
{
	const struct knowledge_files files = {read_trial, trial};

	return knowledge_lookup_in(store, failure, &files, out, max, n, mem, err);
}
