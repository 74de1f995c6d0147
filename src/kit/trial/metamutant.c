#include "kit/trial/metamutant.h"

#include <assert.h>

#include "base/limits.h"
#include "base/trace.h"
#include "kit/trial/build_errors.h"
#include "kit/trial/c_scan.h"
#include "kit/trial/schemata.h"
#include "kit/trial/stand_in.h"
#include "kit/trial/trial.h"

struct source {
	struct str path;           /* in mem */
	struct schemata *schemata; /* NULL: no C or C++ */
	bool used;                 /* by the plan */
	bool installed;
};

struct metamutant {
	struct trial *trial;
	const struct failure_list *failures;
	struct arena mem;
	vec(struct source) sources;
	const struct patch *patches;
	size_t n, live;
	enum candidate_fate *fates;
	bool broken;
};

struct metamutant *metamutant_new(struct trial *trial, const struct failure_list *failures)
{
	struct metamutant *m = xcalloc(1, sizeof(*m));

	m->trial = trial;
	m->failures = failures;
	arena_init(&m->mem);
	return m;
}

void metamutant_free(struct metamutant *m)
{
	if (!m)
		return;
	vec_each (s, &m->sources)
		schemata_free(s->schemata);
	vec_free(&m->sources);
	free(m->fates);
	arena_release(&m->mem);
	free(m);
}

enum candidate_fate metamutant_fate(const struct metamutant *m, size_t i)
{
	assert(i < m->n);
	return m->fates[i];
}

size_t metamutant_live(const struct metamutant *m)
{
	return m->live;
}

bool metamutant_is_broken(const struct metamutant *m)
{
	return m->broken;
}

static void break_known_lines(struct metamutant *m, struct source *s)
{
	for (size_t i = 0; m->failures && i < m->failures->items.n; i++) {
		const struct failure *f = &m->failures->items.v[i];

		if (f->kind == FAILURE_COMPILE && f->line > 0 && str_eq(f->file, s->path) &&
			schemata_break(s->schemata, f->line))
			m->broken = true;
	}
}

static int load_source(struct metamutant *m, struct source *s, struct err *err)
{
	BUF_AUTO content;

	buf_init(&content, LIMIT_SOURCE_BYTES);
	if (trial_read(m->trial, s->path, &content, err) < 0)
		return -1;
	const char *language = stand_in_language(s->path, buf_view(&content));
	if (!language)
		return 0;
	if (schemata_new(&s->schemata, s->path, buf_view(&content), language, err) < 0)
		return -1;
	break_known_lines(m, s);
	return 0;
}

/* The source at path, loaded at its first use. */
static int source_at(struct metamutant *m, struct str path, struct source **out, struct err *err)
{
	vec_each (s, &m->sources)
		if (str_eq(s->path, path)) {
			*out = s;
			return 0;
		}
	struct source s = {.path = arena_str(&m->mem, path)};
	if (load_source(m, &s, err) < 0)
		return -1;
	vec_push(&m->sources, s);
	*out = &m->sources.v[m->sources.n - 1];
	return 0;
}

static void drop(struct metamutant *m, size_t i, enum candidate_fate fate)
{
	if (m->fates[i] == CANDIDATE_LIVE)
		m->live--;
	m->fates[i] = fate;
	vec_each (s, &m->sources)
		if (s->schemata)
			schemata_drop(s->schemata, (uint32_t)i);
}

/* Weaves candidate i into every file it touches, or into none. */
static int add(struct metamutant *m, size_t i, struct err *err)
{
	const struct patch *patch = &m->patches[i];

	for (size_t k = 0; k < patch->n; k++) {
		struct source *s;
		bool seen = false;

		for (size_t j = 0; j < k; j++)
			seen = seen || str_eq(patch->edits[j].path, patch->edits[k].path);
		if (seen)
			continue;
		if (source_at(m, patch->edits[k].path, &s, err) < 0)
			return -1;
		int r = s->schemata ? schemata_add(s->schemata, patch, (uint32_t)i, err)
				    : SCHEMATA_OUTSIDE;
		if (r < 0)
			return -1;
		if (r != 0) {
			drop(m, i, r == SCHEMATA_INVALID ? CANDIDATE_INVALID : CANDIDATE_OUTSIDE);
			return 0;
		}
		s->used = true;
	}
	return 0;
}

/* Weaves anew what still lives: after lines were found broken, choice points are wider. */
static int weave(struct metamutant *m, struct err *err)
{
	vec_each (s, &m->sources) {
		s->used = false;
		if (s->schemata)
			schemata_clear(s->schemata);
	}
	for (size_t i = 0; i < m->n; i++)
		if (m->fates[i] == CANDIDATE_LIVE && add(m, i, err) < 0)
			return -1;
	return 0;
}

int metamutant_plan(struct metamutant *m, const struct patch *patches, size_t n, struct err *err)
{
	assert(n <= SCHEMATA_CANDIDATES_MAX);
	m->patches = patches;
	m->n = m->live = n;
	free(m->fates);
	m->fates = xcalloc(n, sizeof(*m->fates));
	return weave(m, err);
}

static int install_source(struct metamutant *m, struct source *s, bool optimise, struct err *err)
{
	BUF_AUTO text = BUF_INIT(4 * LIMIT_SOURCE_BYTES);

	schemata_write(s->schemata, optimise, &text);
	if (text.over)
		return err_set(err, ERR_LIMIT, "candidates of '%.*s' take too much room",
			STR_ARGS(s->path));
	s->installed = true;
	return stand_in_put(m->trial, s->path, buf_view(&text), err);
}

int metamutant_install(struct metamutant *m, bool optimise, struct err *err)
{
	int point = 1;

	vec_each (s, &m->sources) {
		if (!s->used || !s->schemata)
			continue;
		point = schemata_number(s->schemata, point);
		if (point > SCHEMATA_POINTS_MAX)
			return err_set(err, ERR_LIMIT, "over %d places to change in one build",
				SCHEMATA_POINTS_MAX);
		if (install_source(m, s, optimise, err) < 0)
			return -1;
	}
	return 0;
}

int metamutant_remove(struct metamutant *m, struct err *err)
{
	vec_each (s, &m->sources) {
		if (!s->installed)
			continue;
		s->installed = false;
		if (stand_in_remove(m->trial, s->path, schemata_content(s->schemata), err) < 0)
			return -1;
	}
	return 0;
}

/* Terminals' colours out, which some builds force. */
static void strip_escapes(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\033' || i + 1 >= text.n || text.p[i + 1] != '[') {
			buf_char(out, text.p[i]);
			continue;
		}
		for (i += 2; i < text.n && (text.p[i] < '@' || text.p[i] > '~');)
			i++;
	}
}

/* Those that share a choice point with a candidate and bring the same undeclared name. */
static void drop_alike(struct metamutant *m, const struct build_undeclared *u)
{
	vec_each (s, &m->sources) {
		if (!s->used || !s->schemata)
			continue;
		for (uint32_t id = 0; schemata_next_alike(s->schemata, u->candidate, u->name, &id);
			id++)
			if (id != u->candidate)
				drop(m, id, CANDIDATE_INVALID);
	}
}

static bool drop_invalid(struct metamutant *m, const struct build_errors *e)
{
	bool any = false;

	vec_each (u, &e->undeclared)
		drop_alike(m, u);
	vec_each (id, &e->candidates)
		if (*id < m->n && m->fates[*id] == CANDIDATE_LIVE) {
			drop(m, *id, CANDIDATE_INVALID);
			any = true;
		}
	return any;
}

/* "ns::f(int)" -> "f". */
static struct str plain_name(struct str symbol)
{
	ptrdiff_t open = str_find_char(symbol, '(');

	if (open >= 0)
		symbol = str_slice(symbol, 0, (size_t)open);
	ptrdiff_t colon = str_rfind_char(symbol, ':');
	return colon < 0 ? symbol : str_from(symbol, (size_t)colon + 1);
}

static bool mentions(const struct metamutant *m, size_t i, struct str name)
{
	vec_each (s, &m->sources)
		if (s->used && s->schemata && schemata_mentions(s->schemata, (uint32_t)i, name))
			return true;
	return false;
}

/* A name the linker misses stands in candidates, or else in the file as it was. */
static bool drop_undefined(struct metamutant *m, struct str symbol)
{
	struct str name = plain_name(symbol);
	bool any = false;

	for (size_t i = 0; i < m->n; i++)
		if (m->fates[i] == CANDIDATE_LIVE && mentions(m, i, name)) {
			drop(m, i, CANDIDATE_INVALID);
			any = true;
		}
	return any;
}

static bool break_mentions(struct schemata *s, struct str name)
{
	struct str rest = schemata_content(s), line;
	bool any = false;

	for (int number = 1; str_next_line(&rest, &line); number++)
		if (c_scan_mentions(line, name))
			any = schemata_break(s, number) || any;
	return any;
}

static bool break_lines(struct metamutant *m, const struct build_errors *e)
{
	bool any = false;

	vec_each (s, &m->sources) {
		if (!s->used || !s->schemata)
			continue;
		vec_each (place, &e->base)
			if (str_eq(place->path, s->path))
				any = schemata_break(s->schemata, place->line) || any;
	}
	return any;
}

/* Names missing from the file as it was: a candidate may well still hold one by right, so what all
 * have in common decides. */
static bool break_undefined(struct metamutant *m, const struct build_errors *e)
{
	bool any = false;

	vec_each (symbol, &e->undefined)
		vec_each (s, &m->sources)
			if (s->used && s->schemata)
				any = break_mentions(s->schemata, plain_name(*symbol)) || any;
	return any;
}

/* Whether the files as they were are known not to build. */
static bool base_fails(const struct metamutant *m)
{
	for (size_t i = 0; m->failures && i < m->failures->items.n; i++)
		if (m->failures->items.v[i].kind == FAILURE_COMPILE)
			return true;
	return m->broken;
}

int metamutant_learn(struct metamutant *m, struct str output, struct err *err)
{
	BUILD_ERRORS_AUTO e;
	BUF_AUTO text;

	buf_init(&text, LIMIT_OUTPUT_BYTES * 2);
	strip_escapes(output, &text);
	build_errors_parse(&e, buf_view(&text), SCHEMATA_LINE_STRIDE);
	if (e.count == 0)
		return METAMUTANT_CLEAN;
	trace_event("metamutant.errors", "%zu in all, %zu candidates, %zu elsewhere from line %d",
		e.count, e.candidates.n, e.base.n, e.base.n ? e.base.v[0].line : 0);
	bool dropped = drop_invalid(m, &e);
	if (base_fails(m) && (break_lines(m, &e) || break_undefined(m, &e))) {
		m->broken = true;
		return weave(m, err) < 0 ? -1 : METAMUTANT_AGAIN;
	}
	if (dropped)
		return METAMUTANT_AGAIN;
	vec_each (symbol, &e.undefined)
		dropped = drop_undefined(m, *symbol) || dropped;
	return dropped ? METAMUTANT_AGAIN : METAMUTANT_STUCK;
}

void metamutant_spec(const struct metamutant *m, size_t i, struct buf *out)
{
	vec_each (s, &m->sources)
		if (s->used && s->schemata)
			schemata_spec(s->schemata, (uint32_t)i, out);
}
