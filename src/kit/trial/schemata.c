#include "kit/trial/schemata.h"

#include <assert.h>

#include "base/embed.h"
#include "base/limits.h"
#include "kit/trial/c_scan.h"
#include "kit/trial/choice.h"
#include "port/syntax/syntax.h"

struct alternative {
	uint32_t id;
	struct str text;
};

struct choice {
	struct choice_region region;
	int point;
	vec(struct alternative) alternatives;
};

struct schemata {
	struct arena mem;
	struct str path, content;
	struct syntax_tree *tree;
	struct choice_grammar grammar;
	vec(struct choice) choices;      /* by start, the wider one first */
	vec(int) broken;                 /* lines */
	size_t broken_start, broken_end; /* bytes they span */
};

int schemata_new(struct schemata **out, struct str path, struct str content, const char *language,
	struct err *err)
{
	CLEANUP(schemata_freep) struct schemata *s = xcalloc(1, sizeof(*s));
	const struct syntax_language *grammar = syntax_language(str_of(language));

	arena_init(&s->mem);
	if (str_starts(content, "\xef\xbb\xbf"))
		content = str_from(content, 3);
	s->path = arena_str(&s->mem, path);
	s->content = arena_str(&s->mem, content);
	if (!grammar)
		return err_set(err, ERR_CONFIG, "no grammar for language '%s'", language);
	if (syntax_parse(&s->tree, grammar, s->content, err) < 0)
		return err_wrap(err, "parse '%.*s'", STR_ARGS(path));
	choice_grammar_init(&s->grammar, grammar);
	*out = TAKE(s);
	return 0;
}

void schemata_free(struct schemata *s)
{
	if (!s)
		return;
	schemata_clear(s);
	vec_free(&s->choices);
	vec_free(&s->broken);
	syntax_tree_free(s->tree);
	arena_release(&s->mem);
	free(s);
}

void schemata_clear(struct schemata *s)
{
	vec_each (c, &s->choices)
		vec_free(&c->alternatives);
	s->choices.n = 0;
}

struct str schemata_path(const struct schemata *s)
{
	return s->path;
}

struct str schemata_content(const struct schemata *s)
{
	return s->content;
}

/* The bytes of a line without the blanks around it; false past the end. */
static bool line_span(struct str content, int line, size_t *start, size_t *end)
{
	struct str rest = content, text;

	for (int i = 1; str_next_line(&rest, &text); i++)
		if (i == line) {
			text = str_trim(text);
			*start = (size_t)(text.p - content.p);
			*end = *start + text.n;
			return true;
		}
	return false;
}

bool schemata_break(struct schemata *s, int line)
{
	size_t start, end;

	vec_each (known, &s->broken)
		if (*known == line)
			return false;
	if (!line_span(s->content, line, &start, &end))
		return false;
	if (s->broken.n == 0 || start < s->broken_start)
		s->broken_start = start;
	if (s->broken.n == 0 || end > s->broken_end)
		s->broken_end = end;
	vec_push(&s->broken, line);
	return true;
}

/* What one patch changes in one file, as it is being sorted into choice points. */
struct change {
	const struct edit *edits[LIMIT_CANDIDATE_EDITS]; /* of this file, by place */
	struct choice_region regions[LIMIT_CANDIDATE_EDITS];
	size_t n;
};

/* False when they overlap or are too many. */
static bool change_gather(
	struct change *c, const struct patch *patch, struct str path, size_t limit)
{
	c->n = 0;
	for (size_t i = 0; i < patch->n; i++) {
		const struct edit *e = &patch->edits[i];
		size_t at = c->n;

		if (!str_eq(e->path, path))
			continue;
		if (c->n == ARRAY_LEN(c->edits) || e->start > e->end || e->end > limit)
			return false;
		for (; at > 0 && c->edits[at - 1]->start > e->start; at--)
			c->edits[at] = c->edits[at - 1];
		c->edits[at] = e;
		c->n++;
	}
	for (size_t i = 1; i < c->n; i++)
		if (c->edits[i]->start < c->edits[i - 1]->end)
			return false;
	return true;
}

/* An edit's choice point; a name that the edit declares must live on, so its block is taken then.*/
static bool locate(const struct schemata *s, const struct edit *e, struct choice_region *out)
{
	size_t start = e->start, end = e->end;

	if (s->broken.n > 0) {
		start = start < s->broken_start ? start : s->broken_start;
		end = end > s->broken_end ? end : s->broken_end;
		return choice_body(&s->grammar, s->tree, start, end, out);
	}
	if (!choice_statement(&s->grammar, s->tree, start, end, out))
		return false;
	bool at_edge = start <= out->start || end >= out->end;
	return !(at_edge && c_scan_declares(e->text)) ||
	       choice_around(&s->grammar, s->tree, out, out);
}

/* Two edits whose regions lie in each other share the wider one; regions are nodes of one tree, so
 * they nest or are apart. */
static void share_regions(struct change *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->n; k++)
			if (c->regions[k].start <= c->regions[i].start &&
				c->regions[i].end <= c->regions[k].end)
				c->regions[i] = c->regions[k];
}

/* The region's text with the edits in it. */
static struct str alternative_text(
	struct schemata *s, const struct change *c, const struct choice_region *region)
{
	CLEANUP(buf_release) struct buf text;
	size_t at = region->start;

	buf_init(&text, LIMIT_SOURCE_BYTES);
	for (size_t i = 0; i < c->n; i++) {
		if (c->regions[i].start != region->start || c->regions[i].end != region->end)
			continue;
		buf_str(&text, str_slice(s->content, at, c->edits[i]->start));
		buf_str(&text, c->edits[i]->text);
		at = c->edits[i]->end;
	}
	buf_str(&text, str_slice(s->content, at, region->end));
	return arena_str(&s->mem, buf_view(&text));
}

/* Whether the statement became a declaration ("x = 1;" -> "int x = 1;"). */
static bool became_declaration(
	const struct schemata *s, const struct choice_region *r, struct str text)
{
	return s->content.p[r->start] != '{' && c_scan_declares(text) &&
	       !c_scan_declares(str_slice(s->content, r->start, r->end));
}

static struct choice *choice_at(struct schemata *s, const struct choice_region *region)
{
	size_t at = 0;

	while (at < s->choices.n && (s->choices.v[at].region.start < region->start ||
					    (s->choices.v[at].region.start == region->start &&
						    s->choices.v[at].region.end > region->end)))
		at++;
	if (at < s->choices.n && s->choices.v[at].region.start == region->start &&
		s->choices.v[at].region.end == region->end)
		return &s->choices.v[at];
	(void)vec_add(&s->choices);
	memmove(&s->choices.v[at + 1], &s->choices.v[at],
		(s->choices.n - 1 - at) * sizeof(s->choices.v[0]));
	s->choices.v[at] = (struct choice){.region = *region};
	return &s->choices.v[at];
}

/* Widens until every text can stand alone. 0 or an outcome of schemata_add. */
static int settle(struct schemata *s, struct change *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct choice_region *r = &c->regions[i];

		share_regions(c);
		struct str text = alternative_text(s, c, r);
		if (!c_scan_balanced(text))
			return SCHEMATA_INVALID;
		if (!became_declaration(s, r, text))
			continue;
		if (!choice_around(&s->grammar, s->tree, r, r))
			return SCHEMATA_OUTSIDE;
		i = (size_t)-1; /* start over: each round widens, so this ends */
	}
	return 0;
}

int schemata_add(struct schemata *s, const struct patch *patch, uint32_t id, struct err *err)
{
	struct change c;

	assert(id < SCHEMATA_CANDIDATES_MAX);
	if (!change_gather(&c, patch, s->path, s->content.n))
		return SCHEMATA_INVALID;
	if (c.n == 0)
		return err_set(err, ERR_INTERNAL, "patch leaves '%.*s' alone", STR_ARGS(s->path));
	for (size_t i = 0; i < c.n; i++)
		if (!locate(s, c.edits[i], &c.regions[i]))
			return SCHEMATA_OUTSIDE;
	int outcome = settle(s, &c);
	if (outcome != 0)
		return outcome;
	for (size_t i = 0; i < c.n; i++) {
		struct choice *choice = choice_at(s, &c.regions[i]);
		struct alternative *last =
			choice->alternatives.n ? &choice->alternatives.v[choice->alternatives.n - 1]
					       : NULL;

		if (!last || last->id != id)
			vec_push(&choice->alternatives,
				(struct alternative){id, alternative_text(s, &c, &c.regions[i])});
	}
	return 0;
}

void schemata_drop(struct schemata *s, uint32_t id)
{
	vec_each (c, &s->choices) {
		size_t kept = 0;

		for (size_t i = 0; i < c->alternatives.n; i++)
			if (c->alternatives.v[i].id != id)
				c->alternatives.v[kept++] = c->alternatives.v[i];
		c->alternatives.n = kept;
	}
}

bool schemata_mentions(const struct schemata *s, uint32_t id, struct str name)
{
	vec_each (c, &s->choices)
		vec_each (a, &c->alternatives)
			if (a->id == id && c_scan_mentions(a->text, name))
				return true;
	return false;
}

static bool takes_part(const struct choice *c, uint32_t id)
{
	vec_each (a, &c->alternatives)
		if (a->id == id)
			return true;
	return false;
}

bool schemata_next_alike(const struct schemata *s, uint32_t like, struct str name, uint32_t *id)
{
	uint32_t best = SCHEMATA_CANDIDATES_MAX;

	vec_each (c, &s->choices) {
		struct str base = str_slice(s->content, c->region.start, c->region.end);

		if (!takes_part(c, like) || c_scan_mentions(base, name))
			continue;
		vec_each (a, &c->alternatives)
			if (a->id >= *id && a->id < best && c_scan_mentions(a->text, name))
				best = a->id;
	}
	*id = best;
	return best < SCHEMATA_CANDIDATES_MAX;
}

int schemata_number(struct schemata *s, int first)
{
	vec_each (c, &s->choices)
		c->point = c->alternatives.n ? first++ : 0;
	return first;
}

void schemata_spec(const struct schemata *s, uint32_t id, struct buf *out)
{
	vec_each (c, &s->choices)
		for (size_t i = 0; i < c->alternatives.n; i++)
			if (c->alternatives.v[i].id == id)
				buf_printf(out, "%s%d:%zu", out->n ? "," : "", c->point, i + 1);
}

static int line_at(const struct schemata *s, size_t offset)
{
	int line = 1;

	for (const char *p = s->content.p;
		(p = memchr(p, '\n', (size_t)(s->content.p + offset - p))) != NULL; p++)
		line++;
	return line;
}

/* A line of its own that says where the next one comes from. */
static void write_line(const struct schemata *s, struct buf *out, int line)
{
	buf_printf(out, "\n#line %d \"", line);
	for (size_t i = 0; i < s->path.n; i++) {
		if (strchr("\"\\", s->path.p[i]))
			buf_char(out, '\\');
		buf_char(out, s->path.p[i]);
	}
	buf_c(out, "\"\n");
}

/* The same for the file's own text at offset, columns kept. */
static void write_place(const struct schemata *s, struct buf *out, size_t offset)
{
	ptrdiff_t before = str_rfind_char(str_slice(s->content, 0, offset), '\n');

	write_line(s, out, line_at(s, offset));
	buf_fill(out, ' ', offset - (size_t)(before + 1));
}

/* A label of the statement would be there twice, so each alternative has its own. */
static void write_labels(struct buf *out, struct str text)
{
	struct str label;
	bool any = false;

	while (c_scan_next_label(&text, &label)) {
		buf_printf(out, "%s%.*s", any ? ", " : "__label__ ", STR_ARGS(label));
		any = true;
	}
	if (any)
		buf_c(out, "; ");
}

static void write_alternative(
	const struct schemata *s, struct buf *out, const struct choice *c, size_t i)
{
	const struct alternative *a = &c->alternatives.v[i];

	buf_c(out, "{ ");
	write_labels(out, a->text);
	buf_c(out, "{");
	write_line(s, out, (int)(a->id + 1) * SCHEMATA_LINE_STRIDE + line_at(s, c->region.start));
	buf_str(out, a->text);
	buf_c(out, "\n} }");
}

/* Alternatives [from, to) by halves: a choice point in a loop is passed often. */
static void write_alternatives(
	const struct schemata *s, struct buf *out, const struct choice *c, size_t from, size_t to)
{
	if (to - from == 1) {
		write_alternative(s, out, c, from);
		return;
	}
	size_t middle = from + (to - from) / 2;

	buf_printf(out, "{ if (selfheal_at[%d] <= %zu)\n", c->point, middle);
	write_alternatives(s, out, c, from, middle);
	buf_c(out, " else ");
	write_alternatives(s, out, c, middle, to);
	buf_c(out, " }");
}

/* Bytes [*at, end) of the file with the choice points from *next on that lie in them. */
static void write_range(
	const struct schemata *s, struct buf *out, size_t *next, size_t start, size_t end)
{
	while (*next < s->choices.n && s->choices.v[*next].region.end <= end) {
		const struct choice *c = &s->choices.v[(*next)++];

		if (c->alternatives.n == 0)
			continue;
		buf_str(out, str_slice(s->content, start, c->region.start));
		buf_printf(out, "{ if (!selfheal_at[%d]) {", c->point);
		write_place(s, out, c->region.start);
		if (s->broken.n > 0)
			buf_c(out, "__builtin_trap();");
		else
			write_range(s, out, next, c->region.start, c->region.end);
		buf_c(out, "\n} else ");
		write_alternatives(s, out, c, 0, c->alternatives.n);
		buf_c(out, " }");
		start = c->region.end;
		write_place(s, out, start);
	}
	buf_str(out, str_slice(s->content, start, end));
}

/* Moves *next to the first choice point in use from there on; NULL: none. Those passed over may
 * enclose it: left in front of it they would keep write_range() from ever reaching it. */
static const struct choice *next_in_use(const struct schemata *s, size_t *next)
{
	while (*next < s->choices.n && s->choices.v[*next].alternatives.n == 0)
		(*next)++;
	return *next < s->choices.n ? &s->choices.v[*next] : NULL;
}

/* Up to the end of the item that c lies in. Unoptimised code compiles several times faster. */
static void write_unoptimised(
	const struct schemata *s, struct buf *out, size_t *next, size_t at, const struct choice *c)
{
	buf_str(out, str_slice(s->content, at, c->region.item_start));
	buf_c(out, "\n#pragma GCC push_options\n#pragma GCC optimize (\"O0\")"
		   "\n#pragma clang optimize off");
	write_place(s, out, c->region.item_start);
	write_range(s, out, next, c->region.item_start, c->region.item_end);
	buf_c(out, "\n#pragma clang optimize on\n#pragma GCC pop_options");
	write_place(s, out, c->region.item_end);
}

void schemata_write(const struct schemata *s, bool optimise, struct buf *out)
{
	const struct choice *c;
	size_t next = 0, at = 0;

	buf_str(out, embed_get("templates/languages/c/libc.h"));
	buf_str(out, embed_get("templates/languages/c/runtime.h"));
	write_line(s, out, 1);
	while (!optimise && (c = next_in_use(s, &next)) != NULL) {
		bool item = c->region.item_end > 0 && c->region.item_start >= at;
		size_t end = item ? c->region.item_end : c->region.end;

		if (item)
			write_unoptimised(s, out, &next, at, c);
		else
			write_range(s, out, &next, at, end);
		at = end;
	}
	write_range(s, out, &next, at, s->content.n);
}
