#include "verify/policy_tables.h"

#include <ctype.h>

#include "base/embed.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "port/regex/regex.h"

/* Takes the next column off *line. */
static bool next_column(struct str *line, struct str *column)
{
	size_t n = 0;

	*line = str_ltrim(*line);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	*column = str_slice(*line, 0, n);
	*line = str_from(*line, n);
	return n > 0;
}

/* The next line that is not a comment. */
static bool next_row(struct str *rest, struct str *row)
{
	while (str_next_line(rest, row)) {
		*row = str_trim(*row);
		if (row->n && row->p[0] != '#')
			return true;
	}
	return false;
}

static size_t count_rows(struct str text)
{
	struct str row;
	size_t n = 0;

	while (next_row(&text, &row))
		n++;
	return n;
}

static struct str *read_globs(struct str row, size_t *n, struct arena *mem)
{
	struct str rest = row, column, *out;
	size_t count = 0;

	while (next_column(&rest, &column))
		count++;
	out = arena_array(mem, count + 1, sizeof(*out));
	for (*n = 0; next_column(&row, &column);)
		out[(*n)++] = column;
	return out;
}

/* A column; "-" says empty. */
static struct str optional(struct str *row)
{
	struct str column = STR("");

	next_column(row, &column);
	return str_eq_c(column, "-") ? STR("") : column;
}

static bool has_flag(struct str flags, const char *name)
{
	struct str one;

	while (str_next(&flags, ',', &one))
		if (str_eq_c(one, name))
			return true;
	return false;
}

/* NAME BLOCKS COMMENT[,COMMENT] OPEN..CLOSE QUOTES FLAGS GLOB... */
static int read_language(struct language *out, struct str row, struct arena *mem, struct err *err)
{
	struct lexis *lx = &out->lexis;
	struct str blocks, comments, pair, flags, one;

	lx->name = optional(&row);
	blocks = optional(&row);
	comments = optional(&row);
	pair = optional(&row);
	lx->quotes = optional(&row);
	flags = optional(&row);
	if (str_eq_c(blocks, "indent"))
		lx->blocks = BLOCKS_INDENT;
	else if (str_eq_c(blocks, "braces"))
		lx->blocks = BLOCKS_BRACES;
	else if (!str_eq_c(blocks, "lines"))
		return err_set(err, ERR_INTERNAL, "bad blocks '%.*s' in languages.table",
			STR_ARGS(blocks));
	for (size_t i = 0; i < ARRAY_LEN(lx->line_comment) && str_next(&comments, ',', &one); i++)
		lx->line_comment[i] = one;
	if (str_cut(&pair, "..", &lx->block_open))
		lx->block_close = pair;
	lx->newline_ends = has_flag(flags, "newline");
	lx->triple_quotes = has_flag(flags, "triple");
	lx->regex_literals = has_flag(flags, "regex");
	lx->lifetimes = has_flag(flags, "lifetimes");
	out->globs = read_globs(row, &out->n, mem);
	return 0;
}

static const struct {
	const char *name;
	unsigned bit;
} KINDS[] = {{"code", PATH_SOURCE}, {"test", PATH_TEST}, {"build", PATH_BUILD}, {"data", PATH_DATA},
	{"docs", PATH_DOCS}, {"other", PATH_OTHER}, {"refuse", PATH_PROTECTED},
	{"hold", PATH_PROTECTED}, {"any", 0xff}};

static unsigned parse_kinds(struct str names)
{
	unsigned bits = 0;
	struct str one;

	while (str_next(&names, ',', &one))
		for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
			if (str_eq_c(one, KINDS[i].name))
				bits |= KINDS[i].bit;
	return bits;
}

/* KIND NAME GLOB... */
static int read_class(struct path_class *out, struct str row, struct arena *mem, struct err *err)
{
	struct str kind = optional(&row), name = optional(&row);

	out->kind = parse_kinds(kind);
	out->verdict = str_eq_c(kind, "refuse") ? POLICY_REFUSE : POLICY_HOLD;
	out->name = arena_cstr(mem, name);
	out->globs = read_globs(row, &out->n, mem);
	if (!out->kind || !out->n)
		return err_set(err, ERR_INTERNAL, "bad row '%.*s' in paths.table", STR_ARGS(name));
	return 0;
}

static const struct {
	const char *name;
	uint64_t bit;
} MARKS[] = {{"testcase", MARK_TESTCASE}, {"import", MARK_IMPORT}, {"message", MARK_MESSAGE},
	{"leave", MARK_LEAVE}, {"loop", MARK_LOOP}, {"guard", MARK_GUARD},
	{"function", MARK_FUNCTION}, {"register", MARK_REGISTER}, {"near", MARK_NEAR},
	{"helper", MARK_HELPER}, {"raises", MARK_RAISES}, {"closure", MARK_CLOSURE},
	{"runner", MARK_RUNNER}, {"fake", MARK_FAKE}, {"patch", MARK_PATCH}};

static bool parse_action(struct rule *out, struct str action)
{
	if (str_eq_c(action, "refuse"))
		out->action = RULE_REFUSE;
	else if (str_eq_c(action, "hold"))
		out->action = RULE_HOLD;
	else if (str_eq_c(action, "allow"))
		out->action = RULE_ALLOW;
	else if (str_eq_c(action, "mark"))
		out->action = RULE_MARK;
	else if (str_eq_c(action, "raise"))
		out->action = RULE_RAISE;
	else if (str_eq_c(action, "assert"))
		out->action = RULE_STRENGTH;
	else
		return false;
	return true;
}

static bool parse_form(struct rule *out, struct str form)
{
	out->sign = '=';
	out->in_new = POLICY_REFUSE;
	for (; str_ends(form, "?"); form.n--)
		out->in_new--;
	if (form.n && strchr("+-", form.p[0])) {
		out->sign = form.p[0];
		form = str_from(form, 1);
	}
	out->form = str_eq_c(form, "text")  ? FORM_TEXT
		    : str_eq_c(form, "raw") ? FORM_RAW
					    : FORM_CODE;
	return out->form != FORM_CODE || str_eq_c(form, "code");
}

/* ACTION NAME KINDS LANGUAGES FORM PATTERN (to the end of the line) */
static int read_rule(struct rule *out, struct str row, struct arena *mem, struct err *err)
{
	struct str action = optional(&row), name = optional(&row);
	bool good = parse_action(out, action);

	out->name = arena_cstr(mem, name);
	out->kinds = parse_kinds(optional(&row));
	out->languages = optional(&row);
	good = good && parse_form(out, optional(&row)) && out->kinds;
	/* ^ and $ are the ends of a unit within its window. */
	out->pattern = arena_printf(mem, "(?m)%.*s", STR_ARGS(str_trim(row)));
	for (size_t i = 0; out->action == RULE_MARK && i < ARRAY_LEN(MARKS); i++)
		if (str_eq_c(name, MARKS[i].name))
			out->mark = MARKS[i].bit;
	if (out->action == RULE_MARK && !out->mark)
		good = false;
	if (out->action == RULE_STRENGTH && !str_to_int(name, 1, 9, &out->strength))
		good = false;
	if (!good || !str_trim(row).n)
		return err_set(err, ERR_INTERNAL, "bad rule '%.*s' '%.*s' in templates/policy",
			STR_ARGS(name), STR_ARGS(out->pattern));
	return 0;
}

static int read_languages(struct tables *t, struct err *err)
{
	struct str text = embed_get("templates/policy/languages.table"), row;

	t->languages = arena_array(&t->mem, count_rows(text) + 1, sizeof(*t->languages));
	while (next_row(&text, &row))
		if (read_language(&t->languages[t->n_languages++], row, &t->mem, err) < 0)
			return -1;
	if (!t->n_languages)
		return err_set(err, ERR_INTERNAL, "no templates/policy/languages.table");
	return 0;
}

static int read_classes(struct tables *t, struct err *err)
{
	struct str text = embed_get("templates/policy/paths.table"), row;

	t->classes = arena_array(&t->mem, count_rows(text) + 1, sizeof(*t->classes));
	while (next_row(&text, &row))
		if (read_class(&t->classes[t->n_classes++], row, &t->mem, err) < 0)
			return -1;
	return 0;
}

/* Every rules-*.table, in the order of their names. */
static int read_rules(struct tables *t, struct err *err)
{
	const char *prefix = "templates/policy/rules-";
	size_t total = 0;
	struct str row;

	for (long i = -1; (i = embed_next(prefix, i + 1)) >= 0;)
		total += count_rows(embed_get(embed_table[i].path));
	t->rules = arena_array(&t->mem, total + 1, sizeof(*t->rules));
	for (long i = -1; (i = embed_next(prefix, i + 1)) >= 0;) {
		struct str text = embed_get(embed_table[i].path);

		while (next_row(&text, &row))
			if (read_rule(&t->rules[t->n_rules++], row, &t->mem, err) < 0)
				return -1;
	}
	return 0;
}

int tables_open(struct tables *out, struct err *err)
{
	*out = (struct tables){0};
	arena_init(&out->mem);
	if (read_languages(out, err) < 0 || read_classes(out, err) < 0 ||
		read_rules(out, err) < 0) {
		tables_release(out);
		return -1;
	}
	return 0;
}

void tables_release(struct tables *t)
{
	for (size_t i = 0; i < t->n_rules; i++)
		regex_free(t->rules[i].regex);
	arena_release(&t->mem);
	*t = (struct tables){0};
}

/* --- lookups --- */

static struct str lower(struct str s, char *room, size_t size)
{
	size_t n = s.n < size ? s.n : size;

	for (size_t i = 0; i < n; i++)
		room[i] = (char)tolower((unsigned char)s.p[i]);
	return str_make(room, n);
}

/* Without '/' on the base name, with it from any folder on, with it in front from the root. */
static bool glob_fits(struct str g, struct str p)
{
	if (str_find_char(g, '/') < 0)
		return str_glob(g, str_basename(p));
	if (g.n && g.p[0] == '/')
		return str_glob(str_from(g, 1), p);
	for (;;) {
		ptrdiff_t slash;

		if (str_glob(g, p))
			return true;
		slash = str_find_char(p, '/');
		if (slash < 0)
			return false;
		p = str_from(p, (size_t)slash + 1);
	}
}

bool path_fits(struct str glob, struct str path)
{
	char glob_room[512], path_room[LIMIT_PATH_BYTES];

	return glob_fits(lower(glob, glob_room, sizeof(glob_room)),
		lower(path, path_room, sizeof(path_room)));
}

const struct path_class *tables_class(const struct tables *t, struct str path)
{
	for (size_t i = 0; i < t->n_classes; i++) {
		const struct path_class *c = &t->classes[i];

		/* FooTest.java is a test, contest.java is none; .GitHub is .github. */
		bool exact = c->kind & (PATH_TEST | PATH_DATA);

		for (size_t g = 0; g < c->n; g++)
			if (exact ? glob_fits(c->globs[g], path) : path_fits(c->globs[g], path))
				return c;
	}
	return NULL;
}

const struct language *tables_language(const struct tables *t, struct str path)
{
	for (size_t i = 0; i < t->n_languages; i++)
		for (size_t g = 0; g < t->languages[i].n; g++)
			if (path_fits(t->languages[i].globs[g], path))
				return &t->languages[i];
	return &t->languages[t->n_languages - 1];
}

bool rule_is_for(const struct rule *rule, enum path_kind kind, struct str language)
{
	struct str names = rule->languages, one;

	if (!(rule->kinds & kind))
		return false;
	if (str_eq_c(names, "*"))
		return true;
	while (str_next(&names, ',', &one))
		if (str_eq(one, language))
			return true;
	return false;
}

bool rule_match(struct rule *rule, struct str subject, struct str *hit)
{
	struct str groups[REGEX_GROUPS_MAX];
	struct err err = ERR_INIT;

	if (!rule->regex && regex_new(&rule->regex, rule->pattern, &err) < 0) {
		/* A unit test compiles every pattern; should one fail after all, it fails closed.
		 */
		log_error("%s", err.msg);
		if (hit)
			*hit = subject;
		return rule->action == RULE_REFUSE || rule->action == RULE_HOLD;
	}
	if (!regex_match(rule->regex, subject, groups))
		return false;
	if (hit)
		*hit = groups[0];
	return true;
}
