#include "verify/mutants.h"

#include "base/embed.h"
#include "base/limits.h"
#include "base/strmap.h"
#include "base/vec.h"
#include "kit/rewrite/rewrite.h"
#include "verify/policy_diff.h"

/* Of one operator on one line; so that a long list of constants does not crowd out the rest. */
enum { ALIKE_MAX = 3, CANDIDATES_MAX = 20000, BATCH = 256 };

struct mutated_file {
	struct str path, before, after;
	struct edit *edits; /* of the patch, by offset */
	size_t n;
	bool *changed; /* by line of after, 1-based */
	size_t lines;
	uint64_t normal_before;
};

struct maker {
	const struct patch *patch;
	struct mutated_file *files;
	size_t n_files, max;
	struct mutants *out;
	struct strmap counts; /* "line origin" -> how many */
	struct arena *mem;
};

static int by_offset(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void take_edits(struct maker *m, struct mutated_file *f)
{
	f->edits = arena_array(m->mem, m->patch->n + 1, sizeof(*f->edits));
	for (size_t i = 0; i < m->patch->n; i++)
		if (str_eq(m->patch->edits[i].path, f->path))
			f->edits[f->n++] = m->patch->edits[i];
	qsort(f->edits, f->n, sizeof(*f->edits), by_offset);
}

/* Added lines; where lines only went, the one that took their place. */
static void find_changed(struct maker *m, struct mutated_file *f)
{
	struct change_set set = {0};
	int last = 0;
	ARENA_AUTO read;

	arena_init(&read);
	change_compare(&set, f->path, f->before, f->after, &read);
	f->lines = set.v[0].hunks[0].n + 2;
	f->changed = arena_array(m->mem, f->lines, sizeof(bool));
	for (size_t i = 0; i < set.v[0].hunks[0].n; i++) {
		const struct change_line *line = &set.v[0].hunks[0].v[i];

		if (line->mark == '-')
			f->changed[last + 1] = true;
		else
			last = line->number;
		if (line->mark == '+')
			f->changed[line->number] = true;
	}
}

static int load(struct maker *m, const struct mutant_file *files, struct err *err)
{
	for (size_t i = 0; i < m->n_files; i++) {
		struct mutated_file *f = &m->files[i];
		const char *language = rewrite_language_of(files[i].path);
		BUF_AUTO after;

		buf_init(&after, LIMIT_SOURCE_BYTES);
		f->path = files[i].path;
		f->before = files[i].before;
		if (patch_apply_to(&after, m->patch, f->path, f->before, err) < 0)
			return -1;
		f->after = arena_str(m->mem, buf_view(&after));
		f->normal_before = language ? rewrite_normal_form(language, f->before) : 0;
		take_edits(m, f);
		find_changed(m, f);
	}
	return 0;
}

/* The places to mutate, as suspects: the changed lines and nothing else. */
static void suspect_changes(struct maker *m, struct diagnosis *d)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_files; i++)
		n += m->files[i].lines;
	d->suspects.v = arena_array(m->mem, n + 1, sizeof(*d->suspects.v));
	for (size_t i = 0; i < m->n_files; i++)
		for (size_t line = 1; line < m->files[i].lines; line++)
			if (m->files[i].changed[line])
				d->suspects.v[d->suspects.n++] =
					(struct suspect){.path = m->files[i].path,
						.line = (int)line,
						.suspiciousness = 1,
						.ochiai = -1,
						.stack_distance = -1};
}

static bool is_operator(struct str origin)
{
	struct str text = embed_get("templates/mutation/operators.table"), line, name;

	while (str_next_line(&text, &line))
		while (!str_starts(line, "#") && str_next(&line, ' ', &name))
			if (name.n && str_glob(name, origin))
				return true;
	return false;
}

static struct mutated_file *file_of(struct maker *m, struct str path)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (str_eq(m->files[i].path, path))
			return &m->files[i];
	return NULL;
}

/* What the mutation's edit of the patched text is in terms of the unpatched one: it takes in the
 * patch's edits that it meets (from, to: which), the others stand. */
static struct edit merged(const struct mutated_file *f, const struct edit *e, size_t *from,
	size_t *to, struct arena *mem)
{
	struct str head = STR(""), tail = STR("");
	struct edit out = {.path = f->path};
	ptrdiff_t shift = 0; /* patched offset minus unpatched offset */
	size_t i = 0;

	for (; i < f->n; i++) { /* edits wholly before it */
		size_t end = (size_t)((ptrdiff_t)f->edits[i].start + shift) + f->edits[i].text.n;

		if (end >= e->start)
			break;
		shift += (ptrdiff_t)f->edits[i].text.n -
			 (ptrdiff_t)(f->edits[i].end - f->edits[i].start);
	}
	*from = *to = i;
	out.start = (size_t)((ptrdiff_t)e->start - shift);
	out.end = (size_t)((ptrdiff_t)e->end - shift);
	for (; i < f->n; i++) {
		const struct edit *p = &f->edits[i];
		size_t start = (size_t)((ptrdiff_t)p->start + shift), end = start + p->text.n;

		if (start > e->end)
			break;
		if (i == *from && start <= e->start) {
			out.start = p->start;
			head = str_slice(p->text, 0, e->start - start);
		}
		tail = end >= e->end ? str_from(p->text, e->end - start) : STR("");
		shift += (ptrdiff_t)p->text.n - (ptrdiff_t)(p->end - p->start);
		out.end = end >= e->end ? p->end : (size_t)((ptrdiff_t)e->end - shift);
		*to = i + 1;
	}
	out.text = arena_printf(
		mem, "%.*s%.*s%.*s", STR_ARGS(head), STR_ARGS(e->text), STR_ARGS(tail));
	return out;
}

/* The patch with the mutation in it. */
static struct patch compose(
	struct maker *m, const struct mutated_file *f, const struct patch *mutation)
{
	struct patch out = *m->patch;
	struct edit *edits = arena_array(m->mem, m->patch->n + 1, sizeof(*edits));
	size_t from, to, n = 0;
	struct edit one = merged(f, &mutation->edits[0], &from, &to, m->mem);

	for (size_t i = 0; i < m->patch->n; i++)
		if (!str_eq(m->patch->edits[i].path, f->path))
			edits[n++] = m->patch->edits[i];
	for (size_t i = 0; i < f->n; i++)
		if (i < from || i >= to)
			edits[n++] = f->edits[i];
	edits[n++] = one;
	out.edits = edits;
	out.n = n;
	out.source = STR("mutant");
	out.origin = arena_str(m->mem, mutation->origin);
	out.note = arena_str(m->mem, mutation->note);
	out.line = mutation->line;
	out.normal = out.group = 0;
	return out;
}

/* Whether the operator may be used once more on that line. */
static bool is_crowded(struct maker *m, const struct patch *mutation)
{
	struct str key =
		arena_printf(m->mem, "%d %.*s", mutation->line, STR_ARGS(mutation->origin));
	int *count = strmap_get(&m->counts, key);

	if (!count) {
		count = arena_new(m->mem, int);
		strmap_put(&m->counts, key, count);
	}
	return ++*count > ALIKE_MAX;
}

static int add(struct maker *m, const struct patch *mutation, struct err *err)
{
	struct mutated_file *f = mutation->n == 1 ? file_of(m, mutation->edits[0].path) : NULL;
	const char *language = f ? rewrite_language_of(f->path) : NULL;
	struct patch whole;
	BUF_AUTO text = {0};

	if (!language || mutation->line < 1 || (size_t)mutation->line >= f->lines ||
		!f->changed[mutation->line] || !is_operator(mutation->origin) ||
		is_crowded(m, mutation))
		return 0;
	whole = compose(m, f, mutation);
	buf_init(&text, LIMIT_SOURCE_BYTES);
	if (patch_apply_to(&text, &whole, f->path, f->before, err) < 0)
		return -1;
	/* The code as it was before is known to be noticed. */
	if (f->normal_before && rewrite_normal_form(language, buf_view(&text)) == f->normal_before)
		return 0;
	m->out->v[m->out->n++] = whole;
	return 0;
}

static int add_all(struct maker *m, struct rewrite *rewrite, struct err *err)
{
	struct patch batch[BATCH];
	size_t n;

	while (m->out->n < m->max && (n = rewrite_next(rewrite, batch, BATCH)) > 0)
		for (size_t i = 0; i < n && m->out->n < m->max; i++)
			if (add(m, &batch[i], err) < 0)
				return -1;
	return 0;
}

static int make(struct maker *m, struct err *err)
{
	CLEANUP(rewrite_freep) struct rewrite *rewrite = NULL;
	struct rewrite_file *files = arena_array(m->mem, m->n_files + 1, sizeof(*files));
	struct diagnosis diagnosis = {0};
	struct rewrite_options options = {
		.files = files, .diagnosis = &diagnosis, .max_candidates = CANDIDATES_MAX};

	for (size_t i = 0; i < m->n_files; i++)
		if (rewrite_language_of(m->files[i].path))
			files[options.n_files++] = (struct rewrite_file){m->files[i].path,
				m->files[i].after, rewrite_language_of(m->files[i].path)};
	suspect_changes(m, &diagnosis);
	if (!options.n_files || !diagnosis.suspects.n)
		return 0;
	if (rewrite_open(&rewrite, &options, err) < 0)
		return -1;
	return add_all(m, rewrite, err);
}

int mutants_make(struct mutants *out, const struct patch *patch, const struct mutant_file *files,
	size_t n_files, size_t max, struct arena *mem, struct err *err)
{
	struct maker m = {.patch = patch,
		.n_files = n_files,
		.max = max ? max : MUTANTS_MAX,
		.out = out,
		.mem = mem};
	int rc;

	m.files = arena_array(mem, n_files + 1, sizeof(*m.files));
	*out = (struct mutants){.v = arena_array(mem, m.max, sizeof(*out->v))};
	if (load(&m, files, err) < 0)
		return -1;
	strmap_init(&m.counts);
	rc = make(&m, err);
	strmap_release(&m.counts);
	return rc;
}

void mutants_record(
	struct verdict *v, const struct observed *seen, size_t n, double seconds, struct arena *mem)
{
	struct rung_result *rung;
	int killed = 0, total = 0;

	for (size_t i = 0; i < n; i++) {
		bool dead = seen[i].status == OBSERVED_FAIL || seen[i].status == OBSERVED_TIMEOUT ||
			    seen[i].status == OBSERVED_CRASH;

		killed += dead;
		total += dead || seen[i].status == OBSERVED_PASS;
	}
	v->mutants_killed = killed;
	v->mutants_total = total;
	if (!total)
		return;
	rung = verdict_add(v, mem, RUNG_MUTANTS);
	rung->passed = killed >= MUTANTS_WANTED * total;
	rung->seconds = seconds;
	rung->detail = arena_printf(mem, "%d of %d noticed", killed, total);
}
