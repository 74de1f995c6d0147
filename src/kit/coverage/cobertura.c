#include "kit/coverage/reader.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "kit/report/document/event.h"
#include "kit/report/document/xml_reader.h"

enum { DEPTH_MAX = DOCUMENT_DEPTH, SOURCES_MAX = 64 };

enum part { PART_OTHER, PART_COVERAGE, PART_CLASS, PART_LINE, PART_SOURCE };

struct cobertura {
	struct coverage *coverage;
	struct xml_reader xml;
	enum part parts[DEPTH_MAX + 1];
	int depth;
	size_t file; /* index + 1 of the class's; 0: none */
	int64_t line, hits;
	struct buf source;
	bool any;
};

static enum part part_of(struct str name)
{
	static const struct {
		const char *name;
		enum part part;
	} parts[] = {{"coverage", PART_COVERAGE}, {"class", PART_CLASS}, {"line", PART_LINE},
		{"source", PART_SOURCE}};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (str_eq_c(name, parts[i].name))
			return parts[i].part;
	return PART_OTHER;
}

static enum part here(const struct cobertura *x)
{
	return x->depth > 0 && x->depth <= DEPTH_MAX ? x->parts[x->depth] : PART_OTHER;
}

static bool on_enter(void *state, struct str name)
{
	struct cobertura *x = state;

	if (++x->depth <= DEPTH_MAX)
		x->parts[x->depth] = part_of(name);
	x->any |= x->depth == 1 && here(x) == PART_COVERAGE;
	if (here(x) == PART_LINE)
		x->line = 0, x->hits = 0;
	else if (here(x) == PART_CLASS)
		x->file = 0;
	else if (here(x) == PART_SOURCE)
		buf_reset(&x->source);
	return true;
}

static void on_value(void *state, struct str name, struct str text)
{
	struct cobertura *x = state;

	if (here(x) == PART_LINE && str_eq_c(name, "number")) {
		(void)str_to_i64(text, 0, INT64_MAX, &x->line);
	} else if (here(x) == PART_LINE && str_eq_c(name, "hits")) {
		if (!str_to_i64(text, INT64_MIN, INT64_MAX, &x->hits))
			x->hits = text.n > 1;
	} else if (here(x) == PART_CLASS && str_eq_c(name, "filename")) {
		struct coverage_file *f = coverage_file(x->coverage, text);

		x->file = f ? (size_t)(f - x->coverage->files.v) + 1 : 0;
	}
}

static void on_text(void *state, struct str piece)
{
	struct cobertura *x = state;

	if (here(x) == PART_SOURCE)
		buf_str(&x->source, piece);
}

static void add_source(struct cobertura *x)
{
	struct str path = str_trim(buf_view(&x->source));

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (path.n && !x->source.over && x->coverage->sources.n < SOURCES_MAX)
		vec_push(&x->coverage->sources, arena_str(&x->coverage->mem, path));
}

static void on_leave(void *state)
{
	struct cobertura *x = state;

	if (here(x) == PART_LINE && x->file)
		coverage_line(
			x->coverage, &x->coverage->files.v[x->file - 1], x->line, x->hits > 0);
	else if (here(x) == PART_SOURCE)
		add_source(x);
	x->depth--;
}

static const struct document_events events = {
	.enter = on_enter, .value = on_value, .text = on_text, .leave = on_leave};

struct cobertura *cobertura_new(struct coverage *coverage)
{
	struct cobertura *x = xcalloc(1, sizeof(*x));

	x->coverage = coverage;
	buf_init(&x->source, LIMIT_PATH_BYTES);
	xml_reader_init(&x->xml, &events, x);
	return x;
}

void cobertura_feed(struct cobertura *x, struct str piece)
{
	if (x->xml.end == DOCUMENT_OPEN)
		(void)xml_reader_feed(&x->xml, piece);
}

bool cobertura_finish(struct cobertura *x)
{
	bool any = x->any;

	xml_reader_finish(&x->xml);
	xml_reader_release(&x->xml);
	buf_release(&x->source);
	free(x);
	return any;
}
