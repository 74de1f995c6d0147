#include "kit/report/report.h"

#include <assert.h>

#include "base/limits.h"
#include "base/strmap.h"
#include "kit/fingerprint/fingerprint.h"
#include "kit/fingerprint/taxonomy.h"
#include "kit/report/clues.h"
#include "kit/report/decode.h"
#include "kit/report/document/catalogue.h"
#include "kit/report/document/document.h"
#include "kit/report/excerpt.h"
#include "kit/report/found.h"
#include "kit/report/matcher_set.h"
#include "kit/report/missing.h"
#include "kit/report/prefilter.h"
#include "kit/report/resolve.h"
#include "kit/report/steps.h"
#include "kit/report/tail.h"

enum {
	REPORT_KEPT_BYTES = 48 << 20, /* strings kept of all failures */
};

struct report_tables {
	struct matcher_set *matchers;
	struct clues *clues;
	struct steps *steps;
	struct prefilter *prefilter; /* of the formats' literals and, last, of each heat's */
	struct catalogue *catalogue; /* of the documents; NULL until needed */
};

/* A format that was shown a line of this text; state is NULL before. */
struct active {
	struct report_out out;
	void *state;
};

/* What is read of one of several programs that write at once. */
struct stream {
	struct active *formats;         /* NULL before its first line */
	struct prefilter_set open;      /* of formats */
	char before[LINE_BEFORE_BYTES]; /* the last line */
	size_t before_n;
};

struct report {
	struct report_options options;
	struct arena *mem;
	size_t kept; /* bytes, see REPORT_KEPT_BYTES */
	struct report_tables *tables, *own;
	struct decode decode;
	struct documents *documents;
	struct lines lines;
	/* Behind the marks that a CI system puts before every line there may be documents, too:
	 * from the first such line on all lines go through these. */
	struct documents *inner;
	struct lines inner_lines;
	struct stream streams[PREFIX_STREAMS];
	struct stream *now;           /* whose line is read */
	struct prefilter_set enabled; /* of formats */
	struct found_list found;
	struct strmap seen; /* key of an item -> its index + 1 */
	struct strmap ids;  /* format and id as emitted -> index + 1 */
	struct str root;    /* as the log names it */
	struct tail tail;
	struct excerpt *excerpt;
	bool truncated;
};

/* --- tables --- */

/* The groups behind those of the formats, see excerpt.h. */
static const enum excerpt_heat heats[] = {EXCERPT_STEP, EXCERPT_CLUE};

struct texts {
	const char **v;
	size_t n, cap;
};

static const char *const *heat_literals(
	const struct clues *clues, enum excerpt_heat heat, struct texts *out)
{
	const char *text;

	do {
		text = excerpt_literal(clues, heat, out->n);
		vec_push(out, text);
	} while (text);
	return out->v;
}

static unsigned heat_of(const struct prefilter_set *held)
{
	unsigned heat = EXCERPT_COLD;

	for (size_t i = 0; i < ARRAY_LEN(heats); i++)
		if (prefilter_has(held, report_format_count + i))
			heat |= heats[i];
	return heat;
}

/* What looks for lines. */
static void load_literals(struct report_tables *t)
{
	const char *const *literals[PREFILTER_GROUPS];
	struct texts texts[ARRAY_LEN(heats)] = {{0}};

	assert(report_format_count + ARRAY_LEN(heats) <= PREFILTER_GROUPS);
	for (size_t i = 0; i < report_format_count; i++)
		literals[i] = report_formats[i]->literals ? report_formats[i]->literals
							  : matcher_set_literals(t->matchers);
	for (size_t i = 0; i < ARRAY_LEN(heats); i++)
		literals[report_format_count + i] = heat_literals(t->clues, heats[i], &texts[i]);
	t->prefilter = prefilter_new(literals, report_format_count + ARRAY_LEN(heats));
	for (size_t i = 0; i < ARRAY_LEN(heats); i++)
		vec_free(&texts[i]);
}

int report_tables_load(struct report_tables **out, const char *dir, struct err *err)
{
	CLEANUP(report_tables_freep) struct report_tables *t = xcalloc(1, sizeof(*t));

	if (matcher_set_new(&t->matchers, dir, err) < 0)
		return -1;
	/* What is built in is compiled and read when a text needs it. */
	if (dir && (matcher_set_compile(t->matchers, err) < 0 ||
			   catalogue_new(&t->catalogue, dir, err) < 0))
		return -1;
	t->clues = clues_new();
	t->steps = steps_new();
	load_literals(t);
	*out = TAKE(t);
	return 0;
}

struct report_tables *report_tables_new(void)
{
	struct report_tables *t = NULL;
	struct err err = ERR_INIT;
	int rc = report_tables_load(&t, NULL, &err);

	/* Data of our own that a unit test has read: it cannot be bad. */
	assert(rc == 0);
	(void)rc;
	return t;
}

void report_tables_free(struct report_tables *t)
{
	if (!t)
		return;
	prefilter_free(t->prefilter);
	matcher_set_free(t->matchers);
	clues_free(t->clues);
	steps_free(t->steps);
	catalogue_free(t->catalogue);
	free(t);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_names(struct report_names *names)
{
	size_t n = 0;

	qsort(names->v, names->n, sizeof(*names->v), by_name);
	for (size_t i = 0; i < names->n; i++)
		if (n == 0 || strcmp(names->v[n - 1], names->v[i]) != 0)
			names->v[n++] = names->v[i];
	names->n = n;
}

struct report_names report_tables_formats(struct report_tables *t, struct arena *mem)
{
	const struct catalogue *catalogue = documents_catalogue(&t->catalogue);
	size_t room = report_format_count + matcher_set_count(t->matchers) + catalogue->dialects.n;
	struct report_names names = {.v = arena_array(mem, room, sizeof(*names.v))};

	for (size_t i = 0; i < report_format_count; i++)
		names.v[names.n++] = report_formats[i]->name;
	for (size_t i = 0; i < matcher_set_count(t->matchers); i++)
		names.v[names.n++] = arena_cstr(mem, matcher_set_at(t->matchers, i)->name);
	vec_each (d, &catalogue->dialects)
		names.v[names.n++] = (*d)->name;
	sort_names(&names);
	return names;
}

bool report_has_format(const struct report_names *names, const char *name)
{
	return names->n && bsearch(&name, names->v, names->n, sizeof(*names->v), by_name);
}

/* --- a report --- */

static void open_format(struct report *r, size_t i)
{
	const struct report_format *format = report_formats[i];
	struct active *a = &r->now->formats[i];

	a->out = (struct report_out){.report = r, .format = format, .counts = {-1, -1, -1, -1, -1}};
	arena_init(&a->out.scratch);
	a->state = xcalloc(1, format->state_size ? format->state_size : 1);
}

static void close_format(struct active *a)
{
	if (!a->state)
		return;
	arena_release(&a->out.scratch);
	free(a->state);
	*a = (struct active){0};
}

static void begin_stream(struct report *r, int i)
{
	r->now = &r->streams[i];
	if (!r->now->formats)
		r->now->formats = xcalloc(report_format_count, sizeof(*r->now->formats));
}

static void end_stream(struct stream *s)
{
	for (size_t i = 0; s->formats && i < report_format_count; i++)
		close_format(&s->formats[i]);
	free(s->formats);
	*s = (struct stream){0};
}

/* What belongs to one text. */
static void begin_text(struct report *r)
{
	decode_init(&r->decode);
	r->documents = documents_new(r, r->options.format, &r->tables->catalogue);
	lines_init(&r->lines);
	strmap_init(&r->seen);
	strmap_init(&r->ids);
	tail_init(&r->tail);
	begin_stream(r, 0);
	r->root = STR("");
	r->truncated = false;
}

static void end_text(struct report *r)
{
	for (size_t i = 0; i < PREFIX_STREAMS; i++)
		end_stream(&r->streams[i]);
	decode_release(&r->decode);
	documents_free(r->documents);
	lines_release(&r->lines);
	if (r->inner)
		lines_release(&r->inner_lines);
	documents_free(TAKE(r->inner));
	strmap_release(&r->seen);
	strmap_release(&r->ids);
	tail_release(&r->tail);
	vec_free(&r->found.items);
	vec_free(&r->found.sessions);
}

/* A matcher's name stands for the format that reads them. */
static bool is_wanted(const struct report *r, const struct report_format *format)
{
	const char *name = r->options.format;

	return !name || strcmp(name, format->name) == 0 ||
	       (format == &format_matchers && matcher_set_has(r->tables->matchers, name));
}

struct report *report_new(const struct report_options *options, struct arena *mem)
{
	struct report *r = xcalloc(1, sizeof(*r));

	r->options = *options;
	r->mem = mem;
	r->own = options->tables ? NULL : report_tables_new();
	r->tables = options->tables ? options->tables : r->own;
	for (size_t i = 0; i < report_format_count; i++)
		prefilter_put(&r->enabled, i, is_wanted(r, report_formats[i]));
	r->excerpt = excerpt_new(r->tables->clues, r->tables->steps);
	begin_text(r);
	return r;
}

void report_restart(struct report *r, struct str file)
{
	end_text(r);
	r->options.file = file;
	excerpt_reset(r->excerpt);
	begin_text(r);
}

void report_free(struct report *r)
{
	if (!r)
		return;
	end_text(r);
	excerpt_free(r->excerpt);
	report_tables_free(r->own);
	free(r);
}

void out_reset(struct report_out *out)
{
	if (!out->scratch.total)
		return;
	arena_release(&out->scratch);
	arena_init(&out->scratch);
}

static void remember_line(struct report *r, struct str text)
{
	struct stream *s = r->now;

	s->before_n = text.n < sizeof(s->before) ? text.n : sizeof(s->before);
	if (s->before_n)
		memcpy(s->before, text.p, s->before_n);
}

static void give_line(struct report *r, size_t i, const struct report_line *line)
{
	struct active *a = &r->now->formats[i];

	if (!a->state)
		open_format(r, i);
	a->out.open = report_formats[i]->line(a->state, &a->out, line);
	prefilter_put(&r->now->open, i, a->out.open);
	if (!a->out.open)
		out_reset(&a->out);
}

static void take_line(struct report *r, struct report_line *line)
{
	struct prefilter_set held = prefilter_scan(r->tables->prefilter, line->text);

	line->before = str_make(r->now->before, r->now->before_n);
	excerpt_line(r->excerpt, line, heat_of(&held));
	if (r->options.has_exit)
		tail_add(&r->tail, line);
	for (size_t word = 0; word < ARRAY_LEN(held.bits); word++) {
		uint64_t wanted =
			(held.bits[word] | r->now->open.bits[word]) & r->enabled.bits[word];

		for (; wanted; wanted &= wanted - 1)
			give_line(r, word * 64 + (size_t)__builtin_ctzll(wanted), line);
	}
	remember_line(r, line->text);
}

static void feed_inner(struct report *r, struct str text)
{
	struct report_line line;
	struct str plain;

	while (documents_next(r->inner, &text, &plain)) {
		r->inner_lines.number += documents_lines(r->inner);
		while (plain.n)
			if (lines_next(&r->inner_lines, &plain, &line))
				take_line(r, &line);
	}
}

static void begin_inner(struct report *r, int lines_before)
{
	r->inner = documents_new(r, r->options.format, &r->tables->catalogue);
	documents_skip_lines(r->inner, lines_before);
	lines_init(&r->inner_lines);
	r->inner_lines.as_is = true;
	r->inner_lines.number = lines_before;
}

static void take_clean_line(struct report *r, struct report_line *line)
{
	begin_stream(r, line->stream);
	if (line->prefixed && !r->inner)
		begin_inner(r, line->number - 1);
	if (!r->inner) {
		take_line(r, line);
		return;
	}
	feed_inner(r, line->text);
	feed_inner(r, STR("\n"));
}

static void feed_lines(struct report *r, struct str text)
{
	struct report_line line;
	int skipped = documents_lines(r->documents);

	r->lines.number += skipped;
	if (r->inner) {
		r->inner_lines.number += skipped;
		documents_skip_lines(r->inner, skipped);
	}
	while (text.n)
		if (lines_next(&r->lines, &text, &line))
			take_clean_line(r, &line);
}

void report_take_text(struct report *r, struct str text, int number)
{
	struct report_line line = {.number = number};

	while (str_next_line(&text, &line.text))
		take_line(r, &line);
}

static void give_lines(struct report *r, struct str text)
{
	struct report_line line;

	while (text.n)
		if (lines_next(&r->lines, &text, &line))
			r->options.line(r->options.data, line.text, line.number);
}

static void feed_bytes(struct report *r, struct str text)
{
	struct str plain;

	if (r->options.line) {
		give_lines(r, text);
		return;
	}
	while (documents_next(r->documents, &text, &plain))
		if (plain.n)
			feed_lines(r, plain);
}

void report_feed(struct report *r, struct str text)
{
	struct str part;

	while (decode_next(&r->decode, &text, &part))
		feed_bytes(r, part);
}

/* --- the hand of the formats --- */

struct matcher_set *out_matchers(struct report_out *out)
{
	return out->report->tables->matchers;
}

bool out_wants(const struct report_out *out, const struct matcher *m)
{
	const char *name = out->report->options.format;

	return !name || str_eq_c(m->name, name) || strcmp(name, out->format->name) == 0;
}

struct str out_source(const struct report_out *out)
{
	return out->report->options.file;
}

struct str out_keep(struct report_out *out, struct str s)
{
	struct report *r = out->report;

	if (!s.p)
		return s;
	s = str_slice(s, 0, REPORT_MESSAGE_BYTES);
	if (r->kept + s.n > REPORT_KEPT_BYTES) {
		r->truncated = true;
		return STR("");
	}
	r->kept += s.n + 1;
	return arena_str(r->mem, s);
}

struct str out_scratch(struct report_out *out, struct str s)
{
	if (!s.p)
		return s;
	if (out->scratch.total + s.n > REPORT_BLOCK_BYTES)
		return STR("");
	return arena_str(&out->scratch, s);
}

struct str out_join(struct report_out *out, struct str base, struct str s)
{
	if (out->scratch.total + base.n + s.n > REPORT_BLOCK_BYTES ||
		base.n + s.n > REPORT_MESSAGE_BYTES)
		return base;
	return arena_printf(&out->scratch, "%.*s\n%.*s", STR_ARGS(base), STR_ARGS(s));
}

report_ref out_next(struct report_out *out, report_ref ref)
{
	const struct found_list *found = &out->report->found;

	for (ref++; ref < (report_ref)found->items.n; ref++)
		if (found->items.v[ref].format == out->format)
			return ref;
	return -1;
}

static struct str id_key(struct report_out *out, struct str id, struct buf *b)
{
	buf_printf(b, "%s\n%.*s", out->format->name, STR_ARGS(id));
	return buf_view(b);
}

report_ref out_find(struct report_out *out, struct str id)
{
	BUF_AUTO key = {.cap = 2 * REPORT_MESSAGE_BYTES};

	if (id.n == 0)
		return -1;
	return (report_ref)(uintptr_t)strmap_get(&out->report->ids, id_key(out, id, &key)) - 1;
}

void out_alias(struct report_out *out, report_ref ref, struct str id)
{
	BUF_AUTO key = {.cap = 2 * REPORT_MESSAGE_BYTES};

	if (id.n && out_find(out, id) < 0)
		strmap_put(&out->report->ids, id_key(out, id, &key), (void *)(uintptr_t)(ref + 1));
}

struct failure *out_at(struct report_out *out, report_ref ref)
{
	assert(ref < (long)out->report->found.items.n);
	return ref < 0 ? NULL : &out->report->found.items.v[ref].f;
}

void out_set_frames(struct report_out *out, report_ref ref, const struct failure *from)
{
	struct failure *to = out_at(out, ref);

	if (!to || to->stack.n)
		return;
	for (size_t i = 0; i < from->stack.n; i++) {
		struct frame frame = from->stack.v[i];

		frame.path = out_keep(out, frame.path);
		frame.function = out_keep(out, frame.function);
		out->report->kept += sizeof(frame);
		failure_add_frame(to, out->report->mem, frame);
	}
}

void out_drop(struct report_out *out, report_ref ref)
{
	if (ref >= 0)
		out->report->found.items.v[ref].dropped = true;
}

void out_move(struct report_out *out, report_ref ref, int first, int last)
{
	if (ref >= 0)
		out->report->found.items.v[ref].last = (struct line_range){first, last};
}

void out_extend(struct report_out *out, report_ref ref, int line)
{
	if (ref >= 0)
		out->report->found.items.v[ref].last.last = line;
}

void out_follow(struct report_out *out, report_ref ref, int first, int last)
{
	enum { CLOSE = 4 };
	struct line_range *lines = ref < 0 ? NULL : &out->report->found.items.v[ref].last;

	if (lines && first > lines->last && first - lines->last <= CLOSE)
		lines->last = last;
}

static int stream_of(const struct report_out *out)
{
	return (int)(out->report->now - out->report->streams);
}

void out_session(struct report_out *out, int first, int last)
{
	struct found_list *found = &out->report->found;

	if (found->sessions.n < LIMIT_FAILURES)
		vec_push(&found->sessions, (struct session){{first, last}, stream_of(out)});
}

void out_root(struct report_out *out, struct str path)
{
	if (out->report->root.n == 0)
		out->report->root = out_keep(out, path);
}

void out_count(int *count, int n)
{
	int before = *count < 0 ? 0 : *count;

	if (__builtin_add_overflow(before, n, count))
		*count = INT32_MAX;
}

static struct str key_of(struct report_out *out, const struct failure *f, struct buf *b)
{
	buf_printf(b, "%s\n%.*s\n%.*s\n%.*s\n", out->format->name, STR_ARGS(f->id),
		STR_ARGS(f->suite), STR_ARGS(f->name));
	buf_printf(b, "%.*s:%d:%d\n%.*s\n%.*s", STR_ARGS(f->file), f->line, f->column,
		STR_ARGS(f->type), STR_ARGS(f->message));
	return buf_view(b);
}

static struct failure_finding *copy_finding(
	struct report_out *out, const struct failure_finding *from)
{
	struct report *r = out->report;
	size_t size = sizeof(*from) + from->n_edits * sizeof(*from->edits);
	struct failure_finding *to;

	if (r->kept + size > REPORT_KEPT_BYTES)
		return NULL;
	r->kept += size;
	to = arena_new(r->mem, struct failure_finding);
	*to = *from;
	to->tags = out_keep(out, from->tags);
	to->print = out_keep(out, from->print);
	to->edits = arena_array(r->mem, from->n_edits, sizeof(*to->edits));
	for (size_t i = 0; i < from->n_edits; i++) {
		to->edits[i] = from->edits[i];
		/* Half a change is another one. */
		if (from->edits[i].text.n > REPORT_MESSAGE_BYTES)
			to->n_edits = 0;
		to->edits[i].file = out_keep(out, from->edits[i].file);
		to->edits[i].text = out_keep(out, from->edits[i].text);
	}
	return to;
}

static void copy_failure(struct report_out *out, struct failure *to, const struct failure *from)
{
	struct str *const texts[] = {&to->id, &to->name, &to->suite, &to->file, &to->language,
		&to->type, &to->message, &to->expected, &to->actual, &to->fixit};

	*to = *from;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = out_keep(out, *texts[i]);
	to->stack.v = NULL;
	to->stack.n = to->stack.cap = 0;
	if (from->finding)
		to->finding = copy_finding(out, from->finding);
	if (to->attempts == 0)
		to->attempts = 1;
}

report_ref out_emit(
	struct report_out *out, const struct failure *f, enum report_role role, int first, int last)
{
	struct report *r = out->report;
	BUF_AUTO key = {.cap = 4 * REPORT_MESSAGE_BYTES};
	struct line_range lines = {first, last};
	uintptr_t known = (uintptr_t)strmap_get(&r->seen, key_of(out, f, &key));
	struct found *x;

	if (known) {
		r->found.items.v[known - 1].last = lines;
		return (report_ref)known - 1;
	}
	if (r->found.items.n >= LIMIT_FAILURES || r->kept >= REPORT_KEPT_BYTES) {
		r->truncated = true;
		return -1;
	}
	x = vec_add(&r->found.items);
	x->role = role;
	x->stream = stream_of(out);
	x->format = out->format;
	x->first = x->last = lines;
	copy_failure(out, &x->f, f);
	x->f.source.file = r->options.file;
	x->f.source.first_line = first;
	x->f.source.last_line = last;
	strmap_put(&r->seen, buf_view(&key), (void *)(uintptr_t)r->found.items.n);
	buf_reset(&key);
	if (f->id.n)
		strmap_put(&r->ids, id_key(out, f->id, &key), (void *)(uintptr_t)r->found.items.n);
	out_set_frames(out, (report_ref)r->found.items.n - 1, f);
	return (report_ref)r->found.items.n - 1;
}

/* --- the end --- */

static void add_count(int *sum, int n)
{
	if (n >= 0)
		out_count(sum, n);
}

static void add_counts(const struct report_out *out, struct test_counts *sum)
{
	add_count(&sum->tests, out->counts.tests);
	add_count(&sum->passed, out->counts.passed);
	add_count(&sum->failed, out->counts.failed);
	add_count(&sum->errors, out->counts.errors);
	add_count(&sum->skipped, out->counts.skipped);
}

static void sum_stream(const struct stream *s, struct test_counts *sum)
{
	bool suites = false;

	for (size_t i = 0; i < report_format_count; i++)
		suites |= s->formats[i].out.suite_counts;
	for (size_t i = 0; i < report_format_count; i++) {
		const struct report_out *out = &s->formats[i].out;

		if (s->formats[i].state && out->suite_counts == suites)
			add_counts(out, sum);
	}
}

static void sum_counts(struct report *r, struct test_counts *sum)
{
	for (size_t i = 0; i < PREFIX_STREAMS; i++)
		if (r->streams[i].formats)
			sum_stream(&r->streams[i], sum);
	for (size_t i = 0; documents_out(r->documents, i); i++)
		add_counts(documents_out(r->documents, i), sum);
	for (size_t i = 0; r->inner && documents_out(r->inner, i); i++)
		add_counts(documents_out(r->inner, i), sum);
}

static void give(
	struct report *r, struct resolver *resolver, struct found *x, struct failure_list *out)
{
	/* Of lint, and of each role. */
	static const int weights[] = {2, 14, 20, 16, 8, 12, 1, 1};
	struct failure *f = failure_list_add(out);

	if (!f)
		return;
	*f = x->f;
	f->source.first_line = x->last.first;
	f->source.last_line = x->last.last;
	resolve_failure(resolver, f);
	taxonomy_decide_kind(f);
	missing_judge(resolver, f);
	fingerprint_failure(f, r->mem);
	/* Warnings are not what made a run fail; a linter's errors are, where nothing else is. */
	if (f->kind != FAILURE_LINT ||
		(out->items.v[0].kind == FAILURE_LINT && str_eq_c(f->type, "error") &&
			x->role == ROLE_DETAIL))
		excerpt_claim(r->excerpt, x->last,
			f->kind == FAILURE_LINT ? weights[0] : weights[x->role + 1]);
}

static bool any_below_root(const struct report *r, struct resolver *resolver)
{
	struct str path;

	vec_each (x, &r->found.items) {
		if (x->f.file.n && resolve_path(resolver, x->f.file, &path))
			return true;
		for (size_t i = 0; i < x->f.stack.n; i++)
			if (resolve_path(resolver, x->f.stack.v[i].path, &path))
				return true;
	}
	return false;
}

/* What a command printed that ended well is no failure, unless a runner says so. */
static void drop_passed(struct report *r)
{
	vec_each (x, &r->found.items)
		x->dropped |= x->role > ROLE_RUNNER && x->f.kind != FAILURE_LINT &&
			      excerpt_passed(r->excerpt, x->last);
}

static void give_all(struct report *r, struct failure_list *out)
{
	struct resolver resolver;

	resolver_init(&resolver, r->options.root, r->root, r->mem);
	if (r->options.root && r->options.root_guessed && !any_below_root(r, &resolver)) {
		resolver_release(&resolver);
		resolver_init(&resolver, NULL, r->root, r->mem);
	}
	for (int lint = 0; lint < 2; lint++)
		vec_each (x, &r->found.items)
			if (!x->dropped && (x->f.kind == FAILURE_LINT) == (lint == 1))
				give(r, &resolver, x, out);
	resolver_release(&resolver);
	out->truncated |= r->truncated;
}

/* A command that failed without a word that we understand. */
static void add_exit_failure(struct report *r, struct failure_list *out)
{
	struct failure *f;

	if (r->options.exit_code == 0 || !(f = failure_list_add(out)))
		return;
	tail_explain(&r->tail, r->options.exit_code, f, r->mem);
	f->source.file = r->options.file;
	fingerprint_failure(f, r->mem);
}

/* A step of the log failed in no format that we know: the lines that tell why. */
static void add_step_failure(struct report *r, struct failure_list *out)
{
	struct line_range lines;
	struct str text = excerpt_best(r->excerpt, &lines);
	struct failure *f;

	if (text.n == 0 || !(f = failure_list_add(out)))
		return;
	f->type = STR("exit");
	f->message = arena_str(r->mem, text);
	f->source.file = r->options.file;
	f->source.first_line = lines.first;
	f->source.last_line = lines.last;
	taxonomy_decide_kind(f);
	fingerprint_failure(f, r->mem);
}

static bool has_failure(const struct failure_list *list, size_t from)
{
	for (size_t i = from; i < list->items.n; i++)
		if (list->items.v[i].kind != FAILURE_LINT)
			return true;
	return false;
}

/* What is held back on the way to the formats. */
static void finish_lines(struct report *r)
{
	struct report_line line;
	struct str plain;

	documents_finish(r->documents, &plain);
	feed_lines(r, plain);
	if (lines_last(&r->lines, &line))
		take_clean_line(r, &line);
	if (!r->inner)
		return;
	documents_finish(r->inner, &plain);
	r->inner_lines.number += documents_lines(r->inner);
	while (plain.n)
		if (lines_next(&r->inner_lines, &plain, &line))
			take_line(r, &line);
	if (lines_last(&r->inner_lines, &line))
		take_line(r, &line);
}

static void finish_stream(struct report *r, int stream)
{
	begin_stream(r, stream);
	for (size_t i = 0; i < report_format_count; i++) {
		struct active *a = &r->now->formats[i];

		if (a->state && report_formats[i]->end)
			report_formats[i]->end(a->state, &a->out);
	}
}

int report_finish(struct report *r, struct failure_list *out, struct err *err)
{
	struct found_rules rules = {
		.warnings = r->options.warnings,
		.exit_ok = r->options.has_exit && r->options.exit_code == 0,
	};
	struct report_line line;
	struct str plain;
	size_t before = out->items.n;

	(void)err;
	decode_finish(&r->decode, &plain);
	feed_bytes(r, plain);
	if (r->options.line) {
		if (lines_last(&r->lines, &line))
			r->options.line(r->options.data, line.text, line.number);
		return REPORT_NOTHING;
	}
	finish_lines(r);
	excerpt_end(r->excerpt);
	for (int i = 0; i < PREFIX_STREAMS; i++)
		if (r->streams[i].formats)
			finish_stream(r, i);
	found_merge(&r->found, &rules, r->mem);
	drop_passed(r);
	give_all(r, out);
	sum_counts(r, &out->counts);
	if (!has_failure(out, before) && r->options.has_exit)
		add_exit_failure(r, out);
	else if (!has_failure(out, before) && excerpt_failed(r->excerpt))
		add_step_failure(r, out);
	excerpt_choose(r->excerpt, out);
	return out->items.n > before ? 0 : REPORT_NOTHING;
}

int report_parse(struct failure_list *out, struct str text, const struct report_options *options,
	struct arena *mem, struct err *err)
{
	CLEANUP(report_freep) struct report *r = report_new(options, mem);

	report_feed(r, text);
	return report_finish(r, out, err);
}
