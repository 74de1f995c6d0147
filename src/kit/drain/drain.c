#include "kit/drain/drain.h"

#include <limits.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/vec.h"
#include "json/json.h"
#include "kit/drain/index.h"
#include "kit/drain/tokens.h"

enum {
	GROUP_LOOKED_AT =
		256, /* templates of one group that a line is compared with, newest first */
	SHAPES_MAX = 1 << 16, /* shapes remembered at once; then the memory starts anew */
	KEY_WORDS_MAX = 16,
};

/* A template's token. */
struct part {
	uint64_t hash;
	uint16_t at, n; /* in the example */
	uint8_t kind;   /* enum token_kind */
};

struct cluster {
	struct part *parts;
	uint16_t n_parts, message;
	uint8_t severity;
	uint32_t joined; /* the id it became part of; its own while it lives */
	struct str example;
	uint64_t count;
	int64_t first_line, last_line;
};

struct group {
	vec(uint32_t) ids;
};

struct drain {
	struct token_rules rules;
	struct arena mem; /* parts and examples */
	struct index shapes, keys;
	vec(struct group) groups;
	vec(struct cluster) clusters; /* [0] stands for no template */
	uint64_t left_out;
	struct token_line line; /* the one under way */
};

const char *drain_severity_to_string(enum drain_severity s)
{
	static const char *const names[] = {
		[DRAIN_CRITICAL] = "critical",
		[DRAIN_HIGH] = "high",
		[DRAIN_MEDIUM] = "medium",
		[DRAIN_LOW] = "low",
		[DRAIN_INFO] = "info",
	};

	return names[s];
}

int drain_new(struct drain **out, struct err *err)
{
	CLEANUP(drain_freep) struct drain *d = xcalloc(1, sizeof(*d));

	arena_init(&d->mem);
	index_init(&d->shapes);
	index_init(&d->keys);
	if (token_rules_load(&d->rules, err) < 0)
		return -1;
	vec_add(&d->clusters);
	*out = TAKE(d);
	return 0;
}

void drain_free(struct drain *d)
{
	if (!d)
		return;
	vec_each (g, &d->groups)
		vec_free(&g->ids);
	vec_free(&d->groups);
	vec_free(&d->clusters);
	index_release(&d->shapes);
	index_release(&d->keys);
	arena_release(&d->mem);
	free(d);
}

uint32_t drain_resolve(struct drain *d, uint32_t id)
{
	struct cluster *v = d->clusters.v;

	if (id >= d->clusters.n)
		return 0;
	while (v[id].joined != id) {
		v[id].joined = v[v[id].joined].joined;
		id = v[id].joined;
	}
	return id;
}

/* --- likeness --- */

struct likeness {
	double part;  /* of the words, that agree */
	int diffs;    /* tokens that would become a value */
	size_t first; /* the first of them */
};

static struct likeness compare(const struct cluster *c, const struct token_line *line)
{
	struct likeness l = {0};
	int words = 0, same = 0;

	/* Of another length: their keys are alike by chance, or because somebody made them so. */
	if (c->n_parts != line->n)
		return (struct likeness){.part = -1, .diffs = INT_MAX};
	for (size_t i = c->message; i < line->n; i++) {
		bool equal = c->parts[i].hash == line->v[i].hash;
		bool word = c->parts[i].kind != TOKEN_MARK || line->v[i].kind != TOKEN_MARK;

		words += word;
		same += word && equal;
		if (!equal && c->parts[i].kind != TOKEN_VALUE && l.diffs++ == 0)
			l.first = i;
	}
	l.part = words ? (double)same / words : 1;
	return l;
}

static struct group *group_of(struct drain *d, const struct token_line *line, size_t message)
{
	uint64_t key = hash_mix(hash_mix(0, line->n), message);
	uint32_t *at;
	int words = 0;

	for (size_t i = message; i < line->n && words < d->rules.depth; i++) {
		if (line->v[i].kind == TOKEN_MARK)
			continue;
		key = hash_mix(key, line->v[i].hash);
		words++;
	}
	at = index_at(&d->keys, key);
	if (!*at) {
		vec_add(&d->groups);
		*at = (uint32_t)d->groups.n;
	}
	return &d->groups.v[*at - 1];
}

/* --- what becomes of a line of a new shape --- */

static uint8_t severity_of(const struct drain *d, const struct token_line *line, size_t message)
{
	uint8_t worst = 0;

	for (size_t i = 0; i < line->n; i++) {
		const struct token_word *w = line->v[i].kind == TOKEN_WORD
						     ? token_rules_find(&d->rules, line->v[i].hash)
						     : NULL;
		uint8_t level = !w                        ? 0
				: i < message && w->level ? w->level
				: w->trouble              ? DRAIN_HIGH
							  : 0;

		if (level && (!worst || level < worst))
			worst = level;
	}
	return worst ? worst : DRAIN_INFO;
}

/* A NUL, white space to us, has no place in JSON. */
static struct str example_of(struct str text, struct arena *mem)
{
	char *copy;

	text = str_slice(text, 0, DRAIN_LINE_BYTES);
	copy = arena_strndup(mem, text.p, text.n);
	for (size_t i = 0; i < text.n; i++)
		if (!copy[i])
			copy[i] = ' ';
	return str_make(copy, text.n);
}

static uint32_t new_cluster(struct drain *d, struct group *g, struct str text, size_t message)
{
	const struct token_line *line = &d->line;
	struct cluster *c;
	uint32_t id = (uint32_t)d->clusters.n;

	if (id > DRAIN_TEMPLATES_MAX)
		return 0;
	c = vec_add(&d->clusters);
	c->parts = arena_array(&d->mem, line->n, sizeof(*c->parts));
	c->n_parts = (uint16_t)line->n;
	c->message = (uint16_t)message;
	c->severity = severity_of(d, line, message);
	c->example = example_of(text, &d->mem);
	c->joined = id;
	for (size_t i = 0; i < line->n; i++)
		c->parts[i] = (struct part){
			line->v[i].hash, line->v[i].at, line->v[i].n, line->v[i].kind};
	vec_push(&g->ids, id);
	return id;
}

static void make_value(struct cluster *c, size_t i)
{
	c->parts[i].kind = TOKEN_VALUE;
	c->parts[i].hash = token_value_hash();
}

static void generalise(struct cluster *c, const struct token_line *line)
{
	for (size_t i = c->message; i < line->n; i++)
		if (c->parts[i].hash != line->v[i].hash)
			make_value(c, i);
}

static bool is_sibling(const struct cluster *c, const struct token_line *line, size_t at)
{
	struct likeness l = compare(c, line);

	return l.diffs == 1 && l.first == at && c->parts[at].kind != TOKEN_VALUE;
}

static void join(struct drain *d, uint32_t into, uint32_t from)
{
	struct cluster *a = &d->clusters.v[into], *b = &d->clusters.v[from];

	b->joined = into;
	a->count += b->count;
	if (b->first_line < a->first_line)
		a->first_line = b->first_line;
	if (b->last_line > a->last_line)
		a->last_line = b->last_line;
}

/* The line differs from its likeliest template in one plain word, at: alone still, or joined with
 * its siblings once there are enough. */
static uint32_t among_siblings(
	struct drain *d, struct group *g, struct str text, size_t message, size_t at)
{
	uint32_t first = 0;
	int siblings = 1;

	vec_each (id, &g->ids)
		siblings += is_sibling(&d->clusters.v[*id], &d->line, at);
	if (siblings < d->rules.siblings)
		return new_cluster(d, g, text, message);
	for (size_t i = 0; i < g->ids.n;) {
		uint32_t id = g->ids.v[i];

		if (!is_sibling(&d->clusters.v[id], &d->line, at)) {
			i++;
		} else if (!first) {
			first = id;
			i++;
		} else {
			join(d, first, id);
			g->ids.v[i] = g->ids.v[--g->ids.n];
		}
	}
	make_value(&d->clusters.v[first], at);
	return first;
}

static uint32_t place(struct drain *d, struct str text)
{
	size_t message = tokens_message(&d->line, &d->rules);
	struct group *g = group_of(d, &d->line, message);
	struct likeness best = {.part = -1};
	uint32_t likeliest = 0;

	for (size_t i = g->ids.n; i > 0 && g->ids.n - i < GROUP_LOOKED_AT; i--) {
		uint32_t id = g->ids.v[i - 1];
		struct likeness l = compare(&d->clusters.v[id], &d->line);

		if (l.diffs == 0)
			return id;
		/* The oldest of equals. */
		if (l.part >= best.part) {
			best = l;
			likeliest = id;
		}
	}
	if (!likeliest || best.part < d->rules.similarity)
		return new_cluster(d, g, text, message);
	if (best.diffs == 1 && d->line.v[best.first].plain && g->ids.n <= GROUP_LOOKED_AT)
		return among_siblings(d, g, text, message, best.first);
	generalise(&d->clusters.v[likeliest], &d->line);
	return likeliest;
}

static void note_hit(struct cluster *c, int64_t number)
{
	if (!c->count++)
		c->first_line = number;
	c->last_line = number;
}

uint32_t drain_add(struct drain *d, struct str text, int64_t number)
{
	uint32_t *at, id;

	tokens_cut(&d->line, &d->rules, text);
	if (!d->line.n)
		return 0;
	if (d->shapes.n >= SHAPES_MAX)
		index_reset(&d->shapes);
	at = index_at(&d->shapes, d->line.shape);
	id = *at ? drain_resolve(d, *at) : place(d, text);
	*at = id;
	if (id)
		note_hit(&d->clusters.v[id], number);
	else
		d->left_out++;
	return id;
}

uint64_t drain_count(struct drain *d, uint32_t id)
{
	return d->clusters.v[drain_resolve(d, id)].count;
}

uint64_t drain_left_out(const struct drain *d)
{
	return d->left_out;
}

/* --- the templates --- */

static struct str text_of(const struct cluster *c, struct arena *mem)
{
	BUF_AUTO b;
	size_t at = 0;

	buf_init(&b, 4 * DRAIN_LINE_BYTES);
	for (size_t i = 0; i < c->n_parts; i++) {
		if (c->parts[i].kind != TOKEN_VALUE)
			continue;
		buf_str(&b, str_slice(c->example, at, c->parts[i].at));
		buf_c(&b, "<*>");
		at = (size_t)c->parts[i].at + c->parts[i].n;
	}
	buf_str(&b, str_from(c->example, at));
	return arena_str(mem, buf_view(&b));
}

bool drain_next(struct drain *d, uint32_t *at, struct drain_template *out, struct arena *mem)
{
	for (uint32_t id = *at + 1; id < d->clusters.n; id++) {
		const struct cluster *c = &d->clusters.v[id];

		if (c->joined != id)
			continue;
		*at = id;
		*out = (struct drain_template){.id = id,
			.text = text_of(c, mem),
			.example = arena_str(mem, c->example),
			.count = c->count,
			.first_line = c->first_line,
			.last_line = c->last_line,
			.severity = c->severity};
		return true;
	}
	return false;
}

void drain_write(struct drain *d, struct buf *out)
{
	struct drain_template t;
	uint32_t at = 0;
	ARENA_AUTO mem;

	arena_init(&mem);
	while (drain_next(d, &at, &t, &mem)) {
		CLEANUP(json_freep) struct json_t *j = json_obj();

		json_put_int(j, "count", (int64_t)t.count);
		json_put_str(j, "template", t.text);
		json_write(out, j, 0);
		buf_char(out, '\n');
	}
}

/* One line of drain_write(): checked, or, with into, taken in. */
static int take_template(struct drain *into, struct str line, int number, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = NULL;
	struct str text;
	int64_t count;
	uint32_t id;

	if (json_parse(&j, line, err) < 0)
		return err_wrap(err, "read line %d of the templates", number);
	text = json_get_str(j, "template");
	count = json_get_int(j, "count", 0);
	if (!json_is_obj(j) || !text.n || count < 1)
		return err_set(err, ERR_PARSE, "line %d of the templates is no template", number);
	if (into && (id = drain_add(into, text, 0)))
		into->clusters.v[id].count += (uint64_t)count - 1;
	return 0;
}

int drain_read(struct drain *d, struct str text, struct err *err)
{
	for (int taking = 0; taking < 2; taking++) {
		struct str rest = text, line;

		for (int number = 1; str_next_line(&rest, &line); number++)
			if (str_trim(line).n &&
				take_template(taking ? d : NULL, line, number, err) < 0)
				return -1;
	}
	return 0;
}
