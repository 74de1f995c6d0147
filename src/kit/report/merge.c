#include "kit/report/merge.h"

#include "base/buf.h"
#include "base/limits.h"

void merge_init(struct merge *m, struct failure_list *out, struct arena *mem)
{
	*m = (struct merge){.out = out, .mem = mem};
	m->texts = m->documents = (struct test_counts){-1, -1, -1, -1, -1};
	strmap_init(&m->known);
}

void merge_release(struct merge *m)
{
	strmap_release(&m->known);
	vec_free(&m->same);
}

/* Reports are documents, consoles are texts: told by their names. */
static bool is_document(struct str file)
{
	static const char *const extensions[] = {
		".xml", ".json", ".jsonl", ".sarif", ".trx", ".tap"};

	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (str_ends(file, extensions[i]))
			return true;
	return false;
}

static bool is_test(const struct failure *f)
{
	return f->name.n &&
	       (f->kind == FAILURE_TEST || f->kind == FAILURE_CRASH || f->kind == FAILURE_TIMEOUT);
}

static struct str first_line(struct str text)
{
	struct str line = text;

	(void)str_next_line(&text, &line);
	return line;
}

/* What must be equal; whether more is, the suites decide. */
static struct str key_of(const struct failure *f, struct buf *b)
{
	if (is_test(f))
		buf_printf(b, "test\n%.*s", STR_ARGS(f->name));
	else if (f->file.n)
		buf_printf(b, "%.*s:%d:%.*s", STR_ARGS(str_basename(f->file)), f->line,
			STR_ARGS(first_line(f->message)));
	else
		buf_printf(b, "%s\n%.*s\n%s", failure_kind_to_string(f->kind), STR_ARGS(f->type),
			f->fingerprint);
	return buf_view(b);
}

static bool is_glue(char c)
{
	return strchr("./\\:#$ >-_", c) != NULL;
}

/* Whether b ends with a, or a part of b is a, when all that glues names is alike:
 * "tests/test_a.py" and "tests.test_a". Compared from the end; an extension may be missing. */
static bool ends_alike(struct str a, struct str b)
{
	while (a.n && b.n) {
		char x = a.p[a.n - 1], y = b.p[b.n - 1];

		if (x != y && !(is_glue(x) && is_glue(y)))
			return false;
		a.n--;
		b.n--;
	}
	return a.n == 0 ? b.n == 0 || is_glue(b.p[b.n - 1]) : is_glue(a.p[a.n - 1]);
}

static struct str without_extension(struct str s)
{
	struct str extension = str_extension(s);

	return extension.n && extension.n < 5 ? str_slice(s, 0, s.n - extension.n) : s;
}

static bool names_alike(struct str a, struct str b)
{
	return a.n && b.n &&
	       (ends_alike(a, b) || ends_alike(without_extension(a), without_extension(b)));
}

/* One form names the class, the other the file. */
static bool suites_agree(const struct failure *a, const struct failure *b)
{
	return a->suite.n == 0 || b->suite.n == 0 || names_alike(a->suite, b->suite) ||
	       names_alike(a->suite, b->file) || names_alike(a->file, b->suite);
}

static bool is_same(const struct failure *a, const struct failure *b)
{
	if (str_eq(a->source.file, b->source.file))
		return false;
	return !is_test(a) || (a->id.n && str_eq(a->id, b->id)) || suites_agree(a, b);
}

static void fill(struct str *to, struct str from)
{
	if (to->n == 0 && from.p)
		*to = from;
}

static void absorb(struct failure *to, const struct failure *from)
{
	fill(&to->id, from->id);
	fill(&to->suite, from->suite);
	fill(&to->type, from->type);
	failure_fill(to, from);
	if (from->stack.n > to->stack.n) {
		to->stack.v = from->stack.v;
		to->stack.n = to->stack.cap = from->stack.n;
	}
	if (to->duration_s < 0)
		to->duration_s = from->duration_s;
	/* Another log is another attempt, another form of the same is not. */
	if (is_document(to->source.file) == is_document(from->source.file))
		to->attempts += from->attempts;
	else if (from->attempts > to->attempts)
		to->attempts = from->attempts;
}

static void add_one(struct merge *m, const struct failure *f)
{
	BUF_AUTO key = {.cap = LIMIT_TEXT_BYTES};
	struct str text = key_of(f, &key);
	size_t known = (size_t)(uintptr_t)strmap_get(&m->known, text);
	struct failure *added;

	for (size_t i = known, steps = 0; i && steps < 64; i = m->same.v[i - 1], steps++)
		if (is_same(&m->out->items.v[i - 1], f)) {
			absorb(&m->out->items.v[i - 1], f);
			return;
		}
	if (!(added = failure_list_add(m->out)))
		return;
	*added = *f;
	vec_push(&m->same, known);
	strmap_put(&m->known, text, (void *)(uintptr_t)m->out->items.n);
}

static void add_number(int *sum, int n)
{
	if (n >= 0 && __builtin_add_overflow(*sum < 0 ? 0 : *sum, n, sum))
		*sum = INT32_MAX;
}

static void add_counts(struct test_counts *sum, const struct test_counts *counts)
{
	add_number(&sum->tests, counts->tests);
	add_number(&sum->passed, counts->passed);
	add_number(&sum->failed, counts->failed);
	add_number(&sum->errors, counts->errors);
	add_number(&sum->skipped, counts->skipped);
}

void merge_add(struct merge *m, struct failure_list *part, struct str file)
{
	if (m->out->excerpt.n == 0)
		vec_each (range, &part->excerpt)
			vec_push(&m->out->excerpt, *range);
	m->out->truncated |= part->truncated;
	vec_each (f, &part->items)
		add_one(m, f);
	add_counts(is_document(file) ? &m->documents : &m->texts, &part->counts);
}

void merge_finish(struct merge *m)
{
	m->out->counts = m->documents.tests > m->texts.tests ? m->documents : m->texts;
}
