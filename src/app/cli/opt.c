#include "app/cli/opt.h"

#include <assert.h>
#include <inttypes.h>

#include "base/str.h"

/* Where the parse stands in argv. */
struct cursor {
	int argc, at;
	char *const *argv;
};

void opts_init(struct opts *o)
{
	*o = (struct opts){0};
}

void opts_release(struct opts *o)
{
	vec_free(&o->values);
	vec_free(&o->args);
}

static const struct opt *find_long(const struct opts *o, struct str name)
{
	for (int t = 0; t < OPT_TABLES_MAX; t++)
		for (const struct opt *opt = o->tables[t]; opt && opt->name; opt++)
			if (str_eq_c(name, opt->name))
				return opt;
	return NULL;
}

static const struct opt *find_letter(const struct opts *o, char letter)
{
	for (int t = 0; t < OPT_TABLES_MAX; t++)
		for (const struct opt *opt = o->tables[t]; opt && opt->name; opt++)
			if (opt->letter == letter)
				return opt;
	return NULL;
}

/* Two wrong letters may still be meant, but not when that is half of the word. */
static int near_enough(size_t n)
{
	return n <= 3 ? 1 : n <= 5 ? 2 : 3;
}

static void keep_nearest(const char **best, int *distance, const char *word, struct str wrong)
{
	int d = str_distance(str_of(word), wrong, *distance);

	if (d < *distance) {
		*distance = d;
		*best = word;
	}
}

const char *opt_nearest(const char *const *words, const char *wrong)
{
	struct str w = str_of(wrong);
	int distance = near_enough(w.n) + 1;
	const char *best = NULL;

	for (; words && *words; words++)
		keep_nearest(&best, &distance, *words, w);
	return best;
}

static int unknown_long(const struct opts *o, struct str name, struct err *err)
{
	int distance = near_enough(name.n) + 1;
	const char *best = NULL;

	for (int t = 0; t < OPT_TABLES_MAX; t++)
		for (const struct opt *opt = o->tables[t]; opt && opt->name; opt++)
			keep_nearest(&best, &distance, opt->name, name);
	if (best)
		return err_set(err, ERR_CONFIG, "unknown option '--%.*s' (did you mean '--%s'?)",
			STR_ARGS(name), best);
	return err_set(err, ERR_CONFIG, "unknown option '--%.*s'", STR_ARGS(name));
}

static int read_word(struct opt_value *v, struct err *err)
{
	const char *near;

	for (int i = 0; v->opt->words[i]; i++)
		if (!strcmp(v->opt->words[i], v->text)) {
			v->number = i;
			return 0;
		}
	near = opt_nearest(v->opt->words, v->text);
	if (near)
		return err_set(err, ERR_CONFIG,
			"option '--%s' takes %s, not '%s' (did you mean '%s'?)", v->opt->name,
			v->opt->arg, v->text, near);
	return err_set(err, ERR_CONFIG, "option '--%s' takes %s, not '%s'", v->opt->name,
		v->opt->arg, v->text);
}

static int read_number(struct opt_value *v, struct err *err)
{
	const struct opt *opt = v->opt;
	bool whole = opt->kind == OPT_INT;
	bool good = whole ? str_to_i64(str_of(v->text), opt->min, opt->max, &v->number)
			  : str_to_double(str_of(v->text), &v->real);

	if (!whole)
		good = good && v->real >= (double)opt->min && v->real <= (double)opt->max;
	if (good)
		return 0;
	return err_set(err, ERR_CONFIG,
		"option '--%s' takes a %snumber from %" PRId64 " to %" PRId64 ", not '%s'",
		opt->name, whole ? "whole " : "", opt->min, opt->max, v->text);
}

static int add_value(struct opts *o, const struct opt *opt, const char *text, struct err *err)
{
	struct opt_value v = {.opt = opt, .text = text, .on = true};
	int r = 0;

	if (opt->kind == OPT_ENUM)
		r = read_word(&v, err);
	else if (opt->kind == OPT_INT || opt->kind == OPT_NUM)
		r = read_number(&v, err);
	if (r == 0)
		vec_push(&o->values, v);
	return r;
}

static void add_flag(struct opts *o, const struct opt *opt, bool on)
{
	vec_push(&o->values, (struct opt_value){.opt = opt, .on = on, .number = on});
}

/* The value that stands in the next argument. */
static int take_next(struct opts *o, struct cursor *c, const struct opt *opt, struct err *err)
{
	if (c->at >= c->argc)
		return err_set(err, ERR_CONFIG, "option '--%s' needs %s", opt->name, opt->arg);
	return add_value(o, opt, c->argv[c->at++], err);
}

static int parse_long(struct opts *o, struct cursor *c, const char *body, struct err *err)
{
	const char *equals = strchr(body, '=');
	struct str name = equals ? str_make(body, (size_t)(equals - body)) : str_of(body);
	const struct opt *opt = find_long(o, name);
	struct str positive = name;
	bool on = true;

	if (!opt && str_skip(&positive, "no-")) {
		opt = find_long(o, positive);
		on = false;
	}
	if (!opt || (!on && opt->kind != OPT_FLAG))
		return unknown_long(o, name, err);
	if (opt->kind != OPT_FLAG)
		return equals ? add_value(o, opt, equals + 1, err) : take_next(o, c, opt, err);
	if (equals)
		return err_set(err, ERR_CONFIG, "option '--%s' takes no value", opt->name);
	add_flag(o, opt, on);
	return 0;
}

/* "-qv", "-j4", "-j 4": flags may be grouped, the last may take a value. */
static int parse_letters(struct opts *o, struct cursor *c, const char *letters, struct err *err)
{
	for (; *letters; letters++) {
		const struct opt *opt = find_letter(o, *letters);
		if (!opt)
			return err_set(err, ERR_CONFIG, "unknown option '-%c'", *letters);
		if (opt->kind == OPT_FLAG) {
			add_flag(o, opt, true);
			continue;
		}
		return letters[1] ? add_value(o, opt, letters + 1, err) : take_next(o, c, opt, err);
	}
	return 0;
}

int opts_parse(struct opts *o, int argc, char *const *argv, bool stop_at_operand, struct err *err)
{
	struct cursor c = {.argc = argc, .argv = argv};
	bool operands_only = false;

	while (c.at < argc) {
		const char *arg = argv[c.at];
		int r = 0;

		if (operands_only || arg[0] != '-' || !arg[1]) {
			if (stop_at_operand)
				return c.at;
			vec_push(&o->args, arg);
			c.at++;
			continue;
		}
		c.at++;
		if (!strcmp(arg, "--"))
			operands_only = true;
		else if (arg[1] == '-')
			r = parse_long(o, &c, arg + 2, err);
		else
			r = parse_letters(o, &c, arg + 1, err);
		if (r < 0)
			return r;
	}
	return c.at;
}

static const struct opt_value *last_value(const struct opts *o, const char *name)
{
	assert(find_long(o, str_of(name)));
	for (size_t i = o->values.n; i > 0; i--)
		if (!strcmp(o->values.v[i - 1].opt->name, name))
			return &o->values.v[i - 1];
	return NULL;
}

bool opts_knows(const struct opts *o, const char *name)
{
	return find_long(o, str_of(name)) != NULL;
}

bool opts_has(const struct opts *o, const char *name)
{
	return last_value(o, name) != NULL;
}

bool opts_flag(const struct opts *o, const char *name, bool fallback)
{
	const struct opt_value *v = last_value(o, name);

	return v ? v->on : fallback;
}

const char *opts_str(const struct opts *o, const char *name, const char *fallback)
{
	const struct opt_value *v = last_value(o, name);

	return v ? v->text : fallback;
}

int64_t opts_int(const struct opts *o, const char *name, int64_t fallback)
{
	const struct opt_value *v = last_value(o, name);

	return v ? v->number : fallback;
}

double opts_num(const struct opts *o, const char *name, double fallback)
{
	const struct opt_value *v = last_value(o, name);

	return v ? v->real : fallback;
}

int opts_word(const struct opts *o, const char *name, int fallback)
{
	return (int)opts_int(o, name, fallback);
}

const char *opts_item(const struct opts *o, const char *name, size_t i)
{
	assert(find_long(o, str_of(name)));
	vec_each (v, &o->values) {
		if (!strcmp(v->opt->name, name) && i-- == 0)
			return v->text;
	}
	return NULL;
}
