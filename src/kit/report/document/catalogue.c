#include "kit/report/document/catalogue.h"

#include <assert.h>

static void add_wild(struct catalogue *c, struct str path)
{
	struct wild *w = vec_add(&c->wild);

	*w = (struct wild){path, str_from(path, (size_t)str_rfind_char(path, '/') + 1), 1};
	for (size_t i = 0; i < path.n; i++)
		w->names += path.p[i] == '/';
}

/* The number of a condition, for which c->conditions has room. */
static uint16_t condition(struct catalogue *c, struct str path)
{
	uintptr_t n = (uintptr_t)strmap_get(&c->conditions, path);

	if (!n) {
		n = c->conditions.n + 1;
		strmap_put(&c->conditions, path, (void *)n);
		if (str_find_char(path, '*') >= 0)
			add_wild(c, arena_str(&c->mem, path));
	}
	return (uint16_t)(n - 1);
}

static struct str root_of(struct str path)
{
	ptrdiff_t slash = str_find_char(path, '/'), equals = str_find_char(path, '=');

	return str_slice(path, 0,
		slash >= 0    ? (size_t)slash
		: equals >= 0 ? (size_t)equals
			      : path.n);
}

static int add_signature(
	struct catalogue *c, const struct dialect *d, struct str paths, struct err *err)
{
	struct signature *s = vec_add(&c->signatures);
	struct str path;

	s->dialect = d;
	while (str_next(&paths, ' ', &path)) {
		if (s->n == SIGNATURE_CONDITIONS || c->conditions.n == CATALOGUE_CONDITIONS)
			return err_set(err, ERR_CONFIG,
				"dialect '%s': too many paths in 'known_by' (%d in one, %d in all)",
				d->name, SIGNATURE_CONDITIONS, CATALOGUE_CONDITIONS);
		s->conditions[s->n++] = condition(c, path);
		if (!d->json)
			strmap_put(&c->roots, root_of(path), c);
	}
	return 0;
}

static int add_dialect(struct catalogue *c, const struct dialect *d, struct err *err)
{
	vec_push(&c->dialects, d);
	for (const char *const *paths = d->known_by; *paths; paths++)
		if (add_signature(c, d, str_of(*paths), err) < 0)
			return -1;
	return 0;
}

int catalogue_new(struct catalogue **out, const char *dir, struct err *err)
{
	CLEANUP(catalogue_freep) struct catalogue *c = xcalloc(1, sizeof(*c));

	arena_init(&c->mem);
	strmap_init(&c->conditions);
	strmap_init(&c->roots);
	for (size_t i = 0; dialects[i]; i++)
		if (add_dialect(c, dialects[i], err) < 0)
			return -1;
	if (shapes_load(&c->shapes, dir, &c->mem, err) < 0)
		return -1;
	vec_each (shape, &c->shapes.dialects)
		if (add_dialect(c, *shape, err) < 0)
			return -1;
	*out = TAKE(c);
	return 0;
}

void catalogue_free(struct catalogue *c)
{
	if (!c)
		return;
	vec_free(&c->dialects);
	vec_free(&c->signatures);
	vec_free(&c->wild);
	shapes_release(&c->shapes);
	strmap_release(&c->conditions);
	strmap_release(&c->roots);
	arena_release(&c->mem);
	free(c);
}

/* --- a sighting --- */

void sighting_start(struct sighting *s, const struct catalogue *catalogue, const char *only,
	bool json, bool *pause)
{
	s->catalogue = catalogue;
	s->only = only;
	s->json = json;
	s->pause = pause;
	s->depth = 0;
	memset(s->seen, 0, sizeof(s->seen));
	s->path.cap = (size_t)DOCUMENT_DEPTH * DOCUMENT_NAME_BYTES;
	buf_reset(&s->path);
}

void sighting_release(struct sighting *s)
{
	buf_release(&s->path);
}

static bool holds(const struct sighting *s, const struct signature *signature)
{
	for (int i = 0; i < signature->n; i++) {
		unsigned n = signature->conditions[i];

		if (!(s->seen[n / 64] >> (n % 64) & 1))
			return false;
	}
	return true;
}

static bool is_wanted(const struct sighting *s, const struct dialect *d)
{
	return !s->only || strcmp(s->only, d->name) == 0;
}

const struct dialect *sighting_match(const struct sighting *s)
{
	const struct signature *best = NULL;

	vec_each (signature, &s->catalogue->signatures)
		if (signature->dialect->json == s->json && is_wanted(s, signature->dialect) &&
			holds(s, signature) && (!best || signature->n > best->n))
			best = signature;
	return best ? best->dialect : NULL;
}

static void mark(struct sighting *s, struct str condition)
{
	uintptr_t n = (uintptr_t)strmap_get(&s->catalogue->conditions, condition);

	if (!n || (s->seen[(n - 1) / 64] >> ((n - 1) % 64) & 1))
		return;
	s->seen[(n - 1) / 64] |= UINT64_C(1) << ((n - 1) % 64);
	if (!s->json && sighting_match(s))
		*s->pause = true;
}

/* A star stands for any one name. */
static bool is_like(struct str wild, struct str path)
{
	struct str a, b;

	while (wild.n && path.n) {
		bool more_a = str_next(&wild, '/', &a), more_b = str_next(&path, '/', &b);

		if (!more_a || !more_b || (!str_eq_c(a, "*") && !str_eq(a, b)))
			return false;
	}
	return wild.n == 0 && path.n == 0;
}

static void see(struct sighting *s)
{
	struct str path = buf_view(&s->path);
	struct str last = str_from(path, s->from[s->depth - 1] + (s->depth > 1));

	mark(s, path);
	vec_each (wild, &s->catalogue->wild)
		if (wild->names == s->depth && str_eq(wild->last, last) &&
			is_like(wild->path, path))
			mark(s, wild->path);
}

static void push(struct sighting *s, struct str name)
{
	s->from[s->depth++] = s->path.n;
	if (s->depth > 1)
		buf_char(&s->path, '/');
	/* A slash in a name is no step of the path. */
	for (size_t i = 0; i < name.n; i++)
		buf_char(&s->path, name.p[i] == '/' ? '\1' : name.p[i]);
	see(s);
}

static bool has_root(const struct dialect *d, struct str name)
{
	for (const char *const *known = d->known_by; *known; known++) {
		struct str paths = str_of(*known), path;

		while (str_next(&paths, ' ', &path))
			if (str_eq(root_of(path), name))
				return true;
	}
	return false;
}

/* An outermost name of XML. */
static bool is_root(const struct sighting *s, struct str name)
{
	if (!strmap_has(&s->catalogue->roots, name) || !s->only)
		return strmap_has(&s->catalogue->roots, name);
	vec_each (d, &s->catalogue->dialects)
		if (!(*d)->json && is_wanted(s, *d) && has_root(*d, name))
			return true;
	return false;
}

static bool sighting_enter(void *state, struct str name)
{
	struct sighting *s = state;

	assert(s->depth < DOCUMENT_DEPTH);
	if (s->depth == 0 && !s->json && !is_root(s, name))
		*s->pause = true;
	push(s, name);
	return true;
}

static void pop(struct sighting *s)
{
	buf_truncate(&s->path, s->from[--s->depth]);
	if (s->depth == 0 && (!s->json || sighting_match(s)))
		*s->pause = true;
}

static void sighting_value(void *state, struct str name, struct str text)
{
	struct sighting *s = state;

	if (s->depth == DOCUMENT_DEPTH)
		return;
	push(s, name);
	if (text.n < 64) {
		buf_char(&s->path, '=');
		buf_str(&s->path, text);
		mark(s, buf_view(&s->path));
	}
	pop(s);
}

static void sighting_text(void *state, struct str piece)
{
	(void)state;
	(void)piece;
}

static void sighting_leave(void *state)
{
	pop(state);
}

const struct document_events sighting_events = {
	.enter = sighting_enter,
	.value = sighting_value,
	.text = sighting_text,
	.leave = sighting_leave,
};
