#include "kit/rewrite/rewrite.h"

#include "base/limits.h"
#include "base/trace.h"
#include "kit/rewrite/generate.h"
#include "kit/rewrite/library.h"
#include "kit/rewrite/pairs.h"

enum { CONTEXT_MAX = 64, DEFAULT_CANDIDATES = 200000 };

struct rewrite {
	struct rewrite_options options;
	struct arena mem;
	struct library library;
	struct source *sources;
	const struct template_set **source_sets;
	size_t n_sources;
	struct generator generator;
	size_t at;    /* next candidate */
	size_t tried; /* candidates and pairs looked at */
	struct pairs pairs;
	struct strmap seen; /* normal forms given out, as bytes */
	struct arena given; /* notes of patches given out */
};

/* A file whose language is unknown, or that is too big or too deep, is left out. */
static int open_source(struct rewrite *r, const struct rewrite_file *file, struct err *err)
{
	struct source *s = &r->sources[r->n_sources];
	const struct template_set *set = NULL;
	struct err ignored = ERR_INIT;
	struct str language =
		str_of(file->language ? file->language : rewrite_language_of(file->path));

	if (library_set(&r->library, language, &set, err) < 0)
		return -1;
	if (!set)
		return 0;
	if (source_open(s, file, set->pack, &ignored) < 0) {
		source_release(s);
		return 0;
	}
	r->source_sets[r->n_sources++] = set;
	return 0;
}

static int open_sources(struct rewrite *r, struct err *err)
{
	const struct rewrite_options *o = &r->options;
	size_t n_context = o->n_context < CONTEXT_MAX ? o->n_context : CONTEXT_MAX;

	r->sources = arena_array(&r->mem, o->n_files + n_context + 1, sizeof(*r->sources));
	r->source_sets = arena_array(&r->mem, o->n_files + n_context + 1, sizeof(*r->source_sets));
	for (size_t i = 0; i < o->n_files; i++)
		if (open_source(r, &o->files[i], err) < 0)
			return -1;
	r->generator.n_files = r->n_sources;
	for (size_t i = 0; i < n_context; i++)
		if (open_source(r, &o->context[i], err) < 0)
			return -1;
	return 0;
}

static int edits_cmp(const struct candidate *x, const struct candidate *y)
{
	for (size_t i = 0; i < x->n_edits && i < y->n_edits; i++) {
		int order = str_cmp(x->edits[i].path, y->edits[i].path);

		if (order)
			return order;
		if (x->edits[i].start != y->edits[i].start)
			return x->edits[i].start < y->edits[i].start ? -1 : 1;
		if (x->edits[i].end != y->edits[i].end)
			return x->edits[i].end < y->edits[i].end ? -1 : 1;
		order = str_cmp(x->edits[i].text, y->edits[i].text);
		if (order)
			return order;
	}
	return (x->n_edits > y->n_edits) - (x->n_edits < y->n_edits);
}

static int by_score(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	order = edits_cmp(x, y);
	return order ? order : str_cmp(x->template->name, y->template->name);
}

/* What a compiler refuses may well parse here: our grammars are lenient. */
static bool has_syntax_failure(const struct rewrite *r, struct str path)
{
	const struct failure_list *failures = r->options.failures;

	for (size_t i = 0; failures && i < failures->items.n; i++) {
		const struct failure *f = &failures->items.v[i];

		if ((f->kind == FAILURE_COMPILE || str_has(f->type, "SyntaxError") ||
			    str_has(f->type, "IndentationError")) &&
			str_eq(f->file, path))
			return true;
	}
	return false;
}

static void generate_all(struct rewrite *r)
{
	struct generator *g = &r->generator;
	int64_t t = trace_begin();

	g->options = &r->options;
	g->sources = r->sources;
	g->n_sources = r->n_sources;
	g->sets = r->source_sets;
	g->max = r->options.max_candidates ? r->options.max_candidates : DEFAULT_CANDIDATES;
	g->mem = &r->mem;
	generate_regions(g);
	generate_candidates(g);
	generate_combinations(g);
	for (uint32_t i = 0; i < g->n_files; i++)
		if (g->sources[i].tree->errors || has_syntax_failure(r, g->sources[i].path))
			generate_from_tokens(g, i);
	if (g->candidates.n)
		qsort(g->candidates.v, g->candidates.n, sizeof(*g->candidates.v), by_score);
	trace_end(t, "rewrite", "%zu candidates in %zu regions", g->candidates.n, g->regions.n);
}

int rewrite_open(struct rewrite **out, const struct rewrite_options *options, struct err *err)
{
	CLEANUP(rewrite_freep) struct rewrite *r = xcalloc(1, sizeof(*r));

	r->options = *options;
	strmap_init(&r->seen);
	library_init(&r->library, options->templates_dir, options->user_rules);
	if (open_sources(r, err) < 0)
		return err_wrap(err, "cannot load templates");
	generate_all(r);
	*out = TAKE(r);
	return 0;
}

void rewrite_free(struct rewrite *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_sources; i++)
		source_release(&r->sources[i]);
	library_release(&r->library);
	vec_free(&r->generator.regions);
	vec_free(&r->generator.candidates);
	strmap_release(&r->seen);
	arena_release(&r->given);
	arena_release(&r->mem);
	free(r);
}

size_t rewrite_count(const struct rewrite *r)
{
	return r->generator.candidates.n;
}

static bool is_new(struct rewrite *r, uint32_t source, uint64_t normal)
{
	uint64_t key[2] = {source, normal};

	return strmap_put(&r->seen, str_make((const char *)key, sizeof(key)), r);
}

/* A text for one line of a report. */
static struct str shown(struct str s)
{
	ptrdiff_t end;

	s = str_trim(s);
	end = str_find_char(s, '\n');
	return str_slice(s, 0, end < 0 ? 60 : end < 60 ? (size_t)end : 60);
}

static struct str note_of(struct rewrite *r, const struct candidate *c)
{
	const struct edit *e = &c->edits[0];
	struct str old = shown(str_slice(r->sources[c->source].tree->text, e->start, e->end));
	struct str new = shown(e->text), note = c->template->note;
	const char *more = c->n_edits > 1 ? " and more" : "";

	if (!note.n)
		note = c->template->name;
	if (!old.n)
		return arena_printf(
			&r->given, "%.*s: add '%.*s'%s", STR_ARGS(note), STR_ARGS(new), more);
	if (!new.n)
		return arena_printf(
			&r->given, "%.*s: remove '%.*s'%s", STR_ARGS(note), STR_ARGS(old), more);
	return arena_printf(&r->given, "%.*s: '%.*s' -> '%.*s'%s", STR_ARGS(note), STR_ARGS(old),
		STR_ARGS(new), more);
}

static struct patch patch_of(struct rewrite *r, const struct candidate *c, uint64_t normal)
{
	return (struct patch){.edits = c->edits,
		.n = c->n_edits,
		.source = c->template->is_user ? STR("rule") : STR("template"),
		.origin = c->template->name,
		.note = note_of(r, c),
		.prior = c->prior,
		.score = c->score,
		.normal = normal,
		.group = r->generator.regions.v[c->region].group,
		.line = c->line};
}

/* Gives the candidate out unless it says nothing new or does not parse. */
static bool give(struct rewrite *r, const struct candidate *c, struct patch *out)
{
	struct normal *form = r->sources[c->source].normal;
	uint64_t normal = normal_after(form, c->edits, c->n_edits);

	if (normal == 0 || normal == normal_hash(form) || !is_new(r, c->source, normal))
		return false;
	*out = patch_of(r, c, normal);
	return true;
}

static bool give_pair(struct rewrite *r, struct patch *out)
{
	struct edit edits[2], *copy;
	struct candidate c;

	if (!pairs_take(&r->pairs, &c, edits) || !give(r, &c, out))
		return false;
	copy = arena_array(&r->given, 2, sizeof(*copy));
	memcpy(copy, edits, sizeof(edits));
	out->edits = copy;
	return true;
}

/* The next single candidate or pair, whichever is better. False: it was no good. */
static bool give_next(struct rewrite *r, struct patch *out)
{
	const struct candidate *c = &r->generator.candidates.v[r->at];
	bool more = r->at < r->generator.candidates.n;

	if (!more || pairs_score(&r->pairs) > c->score)
		return give_pair(r, out);
	r->at++;
	if (!give(r, c, out))
		return false;
	pairs_add(&r->pairs, c);
	return true;
}

size_t rewrite_next(struct rewrite *r, struct patch *out, size_t max)
{
	size_t n = 0, limit = r->generator.max;

	while (n < max && r->tried < limit &&
		(r->at < r->generator.candidates.n || pairs_score(&r->pairs) >= 0)) {
		r->tried++;
		n += give_next(r, &out[n]);
	}
	return n;
}

static const struct {
	const char *extension, *language;
} extensions[] = {
	{".c", "c"},
	{".cc", "cpp"},
	{".cpp", "cpp"},
	{".cxx", "cpp"},
	{".h", "c"},
	{".hh", "cpp"},
	{".hpp", "cpp"},
	{".hxx", "cpp"},
	{".ipp", "cpp"},
	{".py", "python"},
	{".pyi", "python"},
};

const char *rewrite_language_of(struct str path)
{
	struct str extension = str_extension(path);

	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (str_eq_c(extension, extensions[i].extension))
			return extensions[i].language;
	return NULL;
}

uint64_t rewrite_normal_form(const char *language, struct str content)
{
	ARENA_AUTO mem = {0};
	struct err err = ERR_INIT;
	struct pack pack = {0};
	struct str text = STR_NULL;
	uint64_t form = 0;

	if (library_pack_text(&text, NULL, str_of(language), &mem, &err) == 0 && text.p &&
		pack_load(&pack, text, language, &mem, &err) == 0)
		form = normal_of_text(&pack, content);
	pack_release(&pack);
	return form;
}
