#include "kit/report/matcher_set.h"

#include <ctype.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/overlay.h"
#include "base/vec.h"
#include "kit/report/prefilter.h"
#include "port/format/yaml.h"

enum { FRAGMENTS_MAX = 32 };

struct fragment {
	struct str name, text;
};

struct matcher_set {
	struct arena mem;
	vec(struct matcher) items; /* by rank */
	vec(const char *) literals;
	vec(struct prefilter *) filters; /* one for every PREFILTER_GROUPS matchers */
	struct fragment fragments[FRAGMENTS_MAX];
	size_t fragment_count;
};

/* "%{name}" -> the fragment's text. */
static int expand(struct matcher_set *set, const struct yaml_node *node, struct str text,
	struct str *out, struct err *err)
{
	BUF_AUTO whole = BUF_INIT(16 << 10);
	struct str before, name;

	while (str_cut(&text, "%{", &before)) {
		size_t i = 0;

		buf_str(&whole, before);
		if (!str_cut(&text, "}", &name))
			return yaml_error(node, err, "a fragment without its end");
		while (i < set->fragment_count && !str_eq(set->fragments[i].name, name))
			i++;
		if (i == set->fragment_count)
			return yaml_error(node, err, "no fragment '%.*s'", STR_ARGS(name));
		buf_str(&whole, set->fragments[i].text);
	}
	buf_str(&whole, text);
	*out = arena_str(&set->mem, buf_view(&whole));
	return 0;
}

static int read_pattern(struct matcher_set *set, const struct yaml_node *map, const char *key,
	struct str *out, struct err *err)
{
	struct str text = STR_NULL;

	if (yaml_read_str(map, key, &text, err) < 0)
		return -1;
	return text.p ? expand(set, map, text, out, err) : 0;
}

static int read_fragments(struct matcher_set *set, const struct yaml_node *map, struct err *err)
{
	if (!map)
		return 0;
	if (yaml_want(map, YAML_MAP, err) < 0)
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		struct fragment *f = &set->fragments[set->fragment_count];

		if (set->fragment_count == FRAGMENTS_MAX)
			return yaml_error(map, err, "more than %d fragments", FRAGMENTS_MAX);
		f->name = map->pairs[i].key;
		if (expand(set, map, map->pairs[i].value->text, &f->text, err) < 0)
			return -1;
		set->fragment_count++;
	}
	return 0;
}

static int read_step(struct matcher_set *set, const struct yaml_node *node,
	struct matcher_step *step, struct err *err)
{
	static const char *const keys[] = {"pattern", "skip", "loop"};

	if (yaml_want(node, YAML_MAP, err) < 0 ||
		yaml_check_keys(node, keys, ARRAY_LEN(keys), err) < 0 ||
		read_pattern(set, node, "pattern", &step->pattern, err) < 0 ||
		yaml_read_bool(node, "loop", &step->loop, err) < 0)
		return -1;
	if (!step->pattern.n)
		return yaml_error(node, err, "a step without a pattern");
	return yaml_read_int(node, "skip", 0, MATCHER_SKIP_MAX, &step->skip, err);
}

static int read_steps(
	struct matcher_set *set, const struct yaml_node *list, struct matcher *m, struct err *err)
{
	if (!list)
		return 0;
	if (yaml_want(list, YAML_LIST, err) < 0)
		return -1;
	if (list->n > MATCHER_STEPS)
		return yaml_error(list, err, "more than %d steps", MATCHER_STEPS);
	for (; m->steps < list->n; m->steps++)
		if (read_step(set, list->items[m->steps], &m->then[m->steps], err) < 0)
			return -1;
	return 0;
}

enum { PLACE_FORMS = 11 };

/* ".c:" and ".c(" are the end of a path before a line's number. By themselves they are in too many
 * lines ("test.py::name"), so that each stands for what may follow: a digit, a blank. */
static bool is_before_number(struct str literal)
{
	char last = literal.p[literal.n - 1];

	if (literal.n < 3 || literal.p[0] != '.' || (last != ':' && last != '('))
		return false;
	for (size_t i = 1; i + 1 < literal.n; i++)
		if (!isalnum((unsigned char)literal.p[i]))
			return false;
	return true;
}

static int read_literals(
	struct matcher_set *set, const struct yaml_node *node, struct matcher *m, struct err *err)
{
	struct str *texts = NULL;
	const char **literals;
	size_t n = 0, k = 0;

	if (yaml_read_strs(node, "literals", &texts, &n, &set->mem, err) < 0)
		return -1;
	if (n == 0)
		return yaml_error(node, err, "a matcher without literals");
	literals = arena_array(&set->mem, PLACE_FORMS * n + 1, sizeof(*literals));
	for (size_t i = 0; i < n; i++) {
		if (texts[i].n == 0)
			return yaml_error(node, err, "an empty literal");
		if (!is_before_number(texts[i])) {
			literals[k++] = arena_strndup(&set->mem, texts[i].p, texts[i].n);
			continue;
		}
		for (const char *next = "0123456789 "; *next; next++)
			literals[k++] =
				arena_printf(&set->mem, "%.*s%c", STR_ARGS(texts[i]), *next).p;
	}
	m->literals = literals;
	return 0;
}

static int read_role(const struct yaml_node *node, struct matcher *m, struct err *err)
{
	static const struct {
		const char *name;
		enum report_role role;
	} roles[] = {{"detail", ROLE_DETAIL}, {"trace", ROLE_TRACE}, {"signal", ROLE_SIGNAL},
		{"result", ROLE_RESULT}, {"guess", ROLE_GUESS}};
	struct str role = STR("detail");

	if (yaml_read_str(node, "role", &role, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (str_eq_c(role, roles[i].name)) {
			m->role = roles[i].role;
			return 0;
		}
	return yaml_error(node, err, "no role '%.*s'", STR_ARGS(role));
}

static int read_kind(const struct yaml_node *node, struct matcher *m, struct err *err)
{
	struct str kind = STR("lint");

	if (yaml_read_str(node, "kind", &kind, err) < 0)
		return -1;
	if (!failure_kind_from_string(kind, &m->kind))
		return yaml_error(node, err, "no kind '%.*s'", STR_ARGS(kind));
	return read_role(node, m, err);
}

static int read_stack(
	struct matcher_set *set, const struct yaml_node *node, struct matcher *m, struct err *err)
{
	if (read_pattern(set, node, "frame", &m->frame.pattern, err) < 0 ||
		read_pattern(set, node, "function", &m->function.pattern, err) < 0 ||
		read_pattern(set, node, "cause", &m->cause.pattern, err) < 0 ||
		read_pattern(set, node, "between", &m->between.pattern, err) < 0 ||
		yaml_read_bool(node, "bare", &m->bare, err) < 0 ||
		yaml_read_int(node, "lead", 0, MATCHER_SKIP_MAX, &m->lead, err) < 0)
		return -1;
	m->at_frames = str_eq_c(m->frame.pattern, "at");
	return 0;
}

static int read_matcher(
	struct matcher_set *set, const struct yaml_node *node, struct matcher *m, struct err *err)
{
	static const char *const keys[] = {"name", "kind", "role", "language", "severity", "type",
		"literals", "before", "pattern", "then", "more", "frame", "function", "cause",
		"between", "bare", "lead"};

	if (yaml_want(node, YAML_MAP, err) < 0 ||
		yaml_check_keys(node, keys, ARRAY_LEN(keys), err) < 0 ||
		yaml_read_str(node, "name", &m->name, err) < 0 ||
		yaml_read_str(node, "language", &m->language, err) < 0 ||
		yaml_read_str(node, "severity", &m->severity, err) < 0 ||
		yaml_read_str(node, "type", &m->type, err) < 0 ||
		read_stack(set, node, m, err) < 0 || read_kind(node, m, err) < 0 ||
		read_literals(set, node, m, err) < 0 ||
		read_pattern(set, node, "before", &m->before.pattern, err) < 0 ||
		read_pattern(set, node, "pattern", &m->first.pattern, err) < 0 ||
		read_pattern(set, node, "more", &m->more.pattern, err) < 0 ||
		read_steps(set, yaml_get(node, "then"), m, err) < 0)
		return -1;
	if (!m->name.n || !m->first.pattern.n)
		return yaml_error(node, err, "a matcher needs name and pattern");
	return 0;
}

static int read_file(struct matcher_set *set, const struct overlay_file *file, struct err *err)
{
	static const char *const keys[] = {"fragments", "matchers"};
	const struct yaml_node *root, *list;

	if (yaml_parse(&root, file->text, file->path, LIMIT_CONFIG_BYTES, &set->mem, err) < 0 ||
		yaml_want(root, YAML_MAP, err) < 0 ||
		yaml_check_keys(root, keys, ARRAY_LEN(keys), err) < 0 ||
		read_fragments(set, yaml_get(root, "fragments"), err) < 0)
		return -1;
	list = yaml_get(root, "matchers");
	if (!list)
		return 0;
	if (yaml_want(list, YAML_LIST, err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++)
		if (read_matcher(set, list->items[i], vec_add(&set->items), err) < 0)
			return -1;
	return 0;
}

/* What has all on one line is surer than what awaits more; both know their tool, unlike guesses. */
static int rank(const struct matcher *m)
{
	if (m->role == ROLE_GUESS)
		return 2;
	return m->steps || (matcher_has_frames(m) && !m->bare) ? 1 : 0;
}

static void sort_by_rank(struct matcher_set *set)
{
	struct matcher *sorted = xcalloc(set->items.n + 1, sizeof(*sorted));
	size_t n = 0;

	for (int r = 0; r <= 2; r++)
		vec_each (m, &set->items)
			if (rank(m) == r)
				sorted[n++] = *m;
	free(set->items.v);
	set->items.v = sorted;
	set->items.cap = set->items.n + 1;
}

static void build_filters(struct matcher_set *set)
{
	for (size_t from = 0; from < set->items.n; from += PREFILTER_GROUPS) {
		const char *const *groups[PREFILTER_GROUPS];
		size_t n = 0;

		while (n < PREFILTER_GROUPS && from + n < set->items.n) {
			groups[n] = set->items.v[from + n].literals;
			for (const char *const *l = groups[n]; *l; l++)
				vec_push(&set->literals, *l);
			n++;
		}
		vec_push(&set->filters, prefilter_new(groups, n));
	}
	vec_push(&set->literals, NULL);
}

int matcher_set_new(struct matcher_set **out, const char *dir, struct err *err)
{
	CLEANUP(matcher_set_freep) struct matcher_set *set = xcalloc(1, sizeof(*set));
	struct overlay files;

	arena_init(&set->mem);
	if (overlay_read(&files, dir, "matchers/", &set->mem, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n; i++)
		if (read_file(set, &files.v[i], err) < 0)
			return -1;
	sort_by_rank(set);
	build_filters(set);
	*out = TAKE(set);
	return 0;
}

void matcher_set_free(struct matcher_set *set)
{
	if (!set)
		return;
	vec_each (m, &set->items) {
		struct regex *const all[] = {m->before.regex, m->first.regex, m->more.regex,
			m->frame.regex, m->function.regex, m->cause.regex, m->between.regex};

		for (size_t i = 0; i < ARRAY_LEN(all); i++)
			regex_free(all[i]);
		for (size_t i = 0; i < m->steps; i++)
			regex_free(m->then[i].regex);
	}
	vec_each (filter, &set->filters)
		prefilter_free(*filter);
	vec_free(&set->filters);
	vec_free(&set->literals);
	vec_free(&set->items);
	arena_release(&set->mem);
	free(set);
}

const char *const *matcher_set_literals(const struct matcher_set *set)
{
	return set->literals.v;
}

bool matcher_set_has(const struct matcher_set *set, const char *name)
{
	vec_each (m, &set->items)
		if (str_eq_c(m->name, name))
			return true;
	return false;
}

size_t matcher_set_count(const struct matcher_set *set)
{
	return set->items.n;
}

struct matcher *matcher_set_at(struct matcher_set *set, size_t i)
{
	return &set->items.v[i];
}

long matcher_set_next(const struct matcher_set *set, struct str line, size_t from)
{
	for (size_t i = from / PREFILTER_GROUPS; i < set->filters.n; i++) {
		struct prefilter_set found = prefilter_scan(set->filters.v[i], line);
		long group = prefilter_next(
			&found, i == from / PREFILTER_GROUPS ? from % PREFILTER_GROUPS : 0);

		if (group >= 0)
			return (long)(i * PREFILTER_GROUPS) + group;
	}
	return -1;
}

bool matcher_has_frames(const struct matcher *m)
{
	return m->frame.pattern.n > 0;
}

int matcher_step_compile(struct matcher_step *step, struct err *err)
{
	return step->regex || !step->pattern.n ? 0 : regex_new(&step->regex, step->pattern, err);
}

int matcher_set_compile(struct matcher_set *set, struct err *err)
{
	vec_each (m, &set->items) {
		struct matcher_step *const all[] = {&m->before, &m->first, &m->more, &m->function,
			&m->cause, &m->between, m->at_frames ? &m->first : &m->frame};

		for (size_t i = 0; i < ARRAY_LEN(all); i++)
			if (matcher_step_compile(all[i], err) < 0)
				return err_wrap(err, "matcher '%.*s'", STR_ARGS(m->name));
		for (size_t i = 0; i < m->steps; i++)
			if (matcher_step_compile(&m->then[i], err) < 0)
				return err_wrap(err, "matcher '%.*s'", STR_ARGS(m->name));
	}
	return 0;
}

/* A pattern's alternatives may not share a name: "line2" is another "line". */
static bool is_group(const char *group, const char *name)
{
	size_t n = strlen(name);

	return strncmp(group, name, n) == 0 && (!group[n] || strcmp(group + n, "2") == 0);
}

bool matcher_step_match(struct matcher_step *step, struct str text, struct matcher_take *take)
{
	static const char *const names[] = {
		"file", "line", "column", "severity", "code", "message", "type", "function"};
	struct str *const fields[] = {&take->file, &take->line, &take->column, &take->severity,
		&take->code, &take->message, &take->type, &take->function};
	struct str groups[REGEX_GROUPS_MAX];
	struct err err = ERR_INIT;

	/* A pattern that does not compile is found by a unit test; here it matches nothing. */
	if (!step->pattern.n || matcher_step_compile(step, &err) < 0 ||
		!regex_match(step->regex, text, groups))
		return false;
	for (size_t i = 1; i < REGEX_GROUPS_MAX; i++)
		for (size_t k = 0; k < ARRAY_LEN(names) && groups[i].p; k++)
			if (is_group(regex_group_name(step->regex, i), names[k]))
				*fields[k] = groups[i];
	return true;
}
