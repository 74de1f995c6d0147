#include "heal/memory.h"

#include <stdlib.h>

#include "base/limits.h"
#include "heal/heal.h"
#include "json/json.h"
#include "learn/knowledge.h"
#include "port/store/history.h"
#include "port/store/lock.h"
#include "port/store/session.h"
#include "port/store/store.h"

enum { TIMEOUT_FACTOR = 10, LOCK_WAIT_MS = 0, RECALLED_MAX = 16 };

struct memory {
	const struct heal_options *options;
	struct arena mem;
	struct store *store;
	struct lock *lock;
	struct session_record session;
	struct origin_record *origins; /* ascending by origin */
	size_t n_origins;
	bool resumed;
	bool read_only; /* a dry run: what was learned is used, nothing is kept */
};

static int locate(struct buf *out, const struct heal_options *o, struct err *err)
{
	buf_init(out, LIMIT_PATH_BYTES);
	if (!o->store_path)
		return store_locate(out, o->root, err);
	buf_c(out, o->store_path);
	return 0;
}

int memory_open(struct memory **out, const struct heal_options *options, struct err *err)
{
	CLEANUP(memory_freep) struct memory *m = xcalloc(1, sizeof(*m));
	struct store_options how = {0};
	BUF_AUTO path;
	int rc;

	arena_init(&m->mem);
	m->options = options;
	if (locate(&path, options, err) < 0)
		return -1;
	how.path = buf_text(&path);
	m->read_only = how.read_only = options->dry_run;
	if (!m->read_only && lock_take(&m->lock, how.path, options->root, LOCK_WAIT_MS, err) < 0)
		return -1;
	if ((rc = store_open(&m->store, &how, err)) != 0)
		return rc == STORE_ABSENT ? MEMORY_NONE : -1;
	if (origin_record_load(m->store, &m->origins, &m->n_origins, &m->mem, err) < 0)
		return -1;
	*out = TAKE(m);
	return 0;
}

void memory_free(struct memory *m)
{
	if (!m)
		return;
	store_free(m->store);
	lock_free(m->lock);
	arena_release(&m->mem);
	free(m);
}

static struct json_t *strings_json(const char *const *v)
{
	struct json_t *arr = json_arr();

	for (; v && *v; v++)
		json_push(arr, json_str(str_of(*v)));
	return arr;
}

static const char *const *strings_from_json(const struct json_t *arr, struct arena *mem)
{
	size_t n = json_len(arr);
	const char **v = arena_array(mem, n + 1, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = arena_cstr(mem, json_to_str(json_at(arr, i)));
	return n ? v : NULL;
}

static const char *string_from_json(const struct json_t *j, const char *key, struct arena *mem)
{
	struct str s = json_get_str(j, key);

	return s.p ? arena_cstr(mem, s) : NULL;
}

/* What resume needs to go on alike; options_from_row() reads it back. */
static struct str options_row(struct memory *m)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	const struct heal_options *o = m->options;
	BUF_AUTO text;

	buf_init(&text, LIMIT_TEXT_BYTES);
	json_put_c(j, "command", o->command);
	json_put(j, "setup", strings_json(o->setup));
	json_put(j, "env_allow", strings_json(o->env_allow));
	json_put(j, "ignore", strings_json(o->ignore));
	json_put_int(j, "timeout_ms", o->timeout_ms);
	json_put_int(j, "budget_ms", o->budget_ms);
	json_put_int(j, "jobs", o->jobs);
	json_put_int(j, "sandbox", o->sandbox);
	json_put_bool(j, "network", o->network);
	json_put_c(j, "templates_dir", o->templates_dir);
	json_put_bool(j, "apply", o->apply);
	json_put_c(j, "branch", o->branch);
	json_put_c(j, "patch_file", o->patch_file);
	json_write(&text, j, 0);
	return arena_str(&m->mem, buf_view(&text));
}

static void options_from_row(struct heal_options *o, const struct json_t *j, struct arena *mem)
{
	int64_t sandbox = json_get_int(j, "sandbox", SANDBOX_AUTO);

	o->command = string_from_json(j, "command", mem);
	o->setup = strings_from_json(json_get_arr(j, "setup"), mem);
	o->env_allow = strings_from_json(json_get_arr(j, "env_allow"), mem);
	o->ignore = strings_from_json(json_get_arr(j, "ignore"), mem);
	o->timeout_ms = (int)json_get_int(j, "timeout_ms", 0);
	o->budget_ms = json_get_int(j, "budget_ms", 0);
	o->jobs = (int)json_get_int(j, "jobs", 0);
	o->sandbox = sandbox == SANDBOX_REQUIRE ? SANDBOX_REQUIRE
		     : sandbox == SANDBOX_OFF   ? SANDBOX_OFF
						: SANDBOX_AUTO;
	o->network = json_get_bool(j, "network", false);
	o->templates_dir = string_from_json(j, "templates_dir", mem);
	o->apply = json_get_bool(j, "apply", false);
	o->branch = string_from_json(j, "branch", mem);
	o->patch_file = string_from_json(j, "patch_file", mem);
}

int heal_load_unfinished(struct heal_options *options, struct arena *mem, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	CLEANUP(json_freep) struct json_t *j = NULL;
	struct session_record session;
	struct store_options how = {.read_only = true};
	BUF_AUTO path;
	int rc;

	if (locate(&path, options, err) < 0)
		return -1;
	how.path = buf_text(&path);
	rc = store_open(&store, &how, err);
	if (rc)
		return rc == STORE_ABSENT ? HEAL_NONE_UNFINISHED : rc;
	rc = session_unfinished(store, str_of(options->root), &session, mem, err);
	if (rc)
		return rc == SESSION_NONE ? HEAL_NONE_UNFINISHED : rc;
	if (json_parse(&j, session.options, err) < 0)
		return -1;
	options_from_row(options, j, mem);
	options->resume = arena_cstr(mem, str_of(session.id));
	return 0;
}

static int resume_session(struct memory *m, struct err *err)
{
	int rc = session_get(m->store, m->options->resume, &m->session, &m->mem, err);

	if (rc == SESSION_NONE)
		return err_set(err, ERR_CONFIG, "no session '%s' to resume", m->options->resume);
	m->resumed = rc == 0;
	return rc;
}

int memory_begin(struct memory *m, struct str *id, struct arena *mem, struct err *err)
{
	if (m->read_only)
		return 0;
	if (m->options->resume) {
		if (resume_session(m, err) < 0)
			return -1;
	} else {
		m->session.root = str_of(m->options->root);
		m->session.options = options_row(m);
		if (session_begin(m->store, &m->session, err) < 0)
			return -1;
	}
	*id = arena_str(mem, str_of(m->session.id));
	return 0;
}

int memory_end(struct memory *m, enum outcome outcome, struct err *err)
{
	if (m->read_only)
		return 0;
	return session_end(m->store, m->session.id, str_of(outcome_to_string(outcome)), err);
}

int memory_note(
	struct memory *m, const char *stage, const char *key, struct json_t *json, struct err *err)
{
	BUF_AUTO text;
	int rc;

	buf_init(&text, LIMIT_JSON_BYTES);
	json_write(&text, json, 0);
	json_free(json);
	if (m->read_only)
		return 0;
	rc = journal_append(
		m->store, m->session.id, str_of(stage), str_of(key), buf_view(&text), err);
	return rc < 0 ? -1 : 0;
}

int memory_note_failures(struct memory *m, const struct failure_list *failures, struct err *err)
{
	if (m->read_only)
		return 0;
	return session_add_failures(m->store, m->session.id, failures, err);
}

static struct json_t *attempt_json(const struct patch *patch, const struct verdict *verdict)
{
	struct json_t *j = json_obj();

	json_put(j, "patch", patch_to_json(patch));
	json_put_bool(j, "held", verdict->holds);
	json_put_c(j, "policy", policy_verdict_to_string(verdict->policy));
	json_put(j, "rungs", verdict_to_json(verdict));
	return j;
}

int memory_note_attempt(struct memory *m, int attempt, const struct patch *patch,
	const struct verdict *verdict, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = attempt_json(patch, verdict);
	struct origin_record delta = {.origin = patch->origin, .tried = 1, .held = verdict->holds};
	struct attempt_record record = {.attempt = attempt,
		.source = patch->source,
		.origin = patch->origin,
		.held = verdict->holds};
	char key[16];
	BUF_AUTO text;

	buf_init(&text, LIMIT_JSON_BYTES);
	if (m->read_only)
		return 0;
	json_write(&text, j, 0);
	record.json = buf_view(&text);
	snprintf(key, sizeof(key), "%d", attempt);
	if (str_eq_c(patch->source, "knowledge") && !verdict->holds &&
		knowledge_failed(m->store, patch, err) < 0)
		return -1;
	if (session_add_attempt(m->store, m->session.id, &record, err) < 0 ||
		origin_record_add(m->store, &delta, 1, err) < 0)
		return -1;
	return memory_note(m, "verdict", key, json_ref(j), err);
}

int memory_learned_timeout_ms(struct memory *m, const char *command)
{
	struct err ignored = ERR_INIT;
	int64_t ms;

	if (run_time_get(m->store, str_of(command), &ms, &ignored))
		return 0;
	return ms < INT32_MAX / TIMEOUT_FACTOR ? (int)ms * TIMEOUT_FACTOR : INT32_MAX;
}

int memory_learn_green(struct memory *m, const char *command, int64_t wall_us, struct err *err)
{
	if (m->read_only)
		return 0;
	return run_time_set(m->store, str_of(command), wall_us / 1000, err);
}

static struct str test_key(const struct failure *f)
{
	return f->id.n ? f->id : f->name;
}

int memory_learn_flaky(struct memory *m, const struct failure_list *failures, int runs,
	int red_runs, struct err *err)
{
	if (m->read_only)
		return 0;
	vec_each (f, &failures->items)
		if (test_key(f).n && flaky_add(m->store, test_key(f), str_of(f->fingerprint), runs,
					     red_runs, err) < 0)
			return -1;
	return 0;
}

int memory_knows_flaky(struct memory *m, const struct failure_list *failures, bool *known,
	struct arena *mem, struct err *err)
{
	struct flaky_record record;

	*known = false;
	vec_each (f, &failures->items) {
		int rc = test_key(f).n ? flaky_get(m->store, test_key(f), &record, mem, err)
				       : FLAKY_UNKNOWN;

		if (rc < 0)
			return -1;
		*known = *known || (rc == 0 && record.failed < record.runs);
	}
	return 0;
}

/* Laplace's rule on the ladder's record, relative to an even chance: between 0.5 and 1.5. */
double memory_origin_factor(const struct memory *m, struct str origin)
{
	for (size_t i = 0; i < m->n_origins; i++)
		if (str_eq(m->origins[i].origin, origin))
			return 0.5 +
			       ((double)m->origins[i].held + 1) / ((double)m->origins[i].tried + 2);
	return 1;
}

static size_t resumed_candidates(
	struct memory *m, struct patch *out, size_t max, struct arena *mem, struct err *err)
{
	struct journal_row *rows;
	size_t n, used = 0;

	if (journal_load(m->store, m->session.id, STR("candidate"), &rows, &n, mem, err) < 0)
		return SIZE_MAX;
	for (size_t i = 0; i < n && used < max; i++) {
		CLEANUP(json_freep) struct json_t *j = NULL;

		if (json_parse(&j, rows[i].json, err) < 0)
			return SIZE_MAX;
		patch_from_json(&out[used++], j, mem);
	}
	return used;
}

int memory_recall(struct memory *m, const struct failure_list *failures, struct trial *trial,
	struct patch **out, size_t *n, struct arena *mem, struct err *err)
{
	struct patch *given = arena_array(mem, RECALLED_MAX, sizeof(*given));
	size_t used = 0;

	if (m->resumed)
		used = resumed_candidates(m, given, RECALLED_MAX / 2, mem, err);
	if (used == SIZE_MAX)
		return -1;
	vec_each (f, &failures->items) {
		size_t found;

		if (used == RECALLED_MAX)
			break;
		if (knowledge_lookup(m->store, f, trial, given + used, RECALLED_MAX - used, &found,
			    mem, err) < 0)
			return -1;
		used += found;
	}
	*out = given;
	*n = used;
	return 0;
}

int memory_learn_fix(struct memory *m, const struct heal_result *r, struct err *err)
{
	struct knowledge_fix fix = {.healed = &r->failures,
		.patch = &r->patch,
		.diff = r->diff,
		.diagnosis = r->has_diagnosis ? &r->diagnosis : NULL,
		.verdict = &r->verdict,
		.attempts = r->candidates};
	struct json_t *row = json_obj();
	char id[KNOWLEDGE_ID_SIZE];

	if (knowledge_record(m->store, &fix, id, err) < 0) {
		json_free(row);
		return -1;
	}
	json_put_c(row, "id", id);
	json_put_str(row, "patch", r->diff);
	return memory_note(m, "fix", "", row, err);
}
