/* opt: one table of options drives parsing, help, the man page and shell completion.
 * Layer: app. Pure: argv and the tables are borrowed and must outlive struct opts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

enum opt_kind {
	OPT_FLAG, /* --x, --no-x */
	OPT_STR,
	OPT_INT,  /* a whole number within [min, max] */
	OPT_NUM,  /* a number within [min, max], a fraction allowed */
	OPT_ENUM, /* one of words */
	OPT_LIST, /* may be given again, every value counts */
};

struct opt {
	const char *name; /* long name without dashes; NULL ends a table */
	char letter;      /* short name, 0: none */
	enum opt_kind kind;
	const char *arg;          /* what the value is called in help; NULL for a flag */
	const char *fallback;     /* the default, as help shows it; NULL: none */
	const char *help;         /* one line, lower case, no full stop */
	int64_t min, max;         /* of OPT_INT and OPT_NUM */
	const char *const *words; /* of OPT_ENUM, NULL-terminated */
};

/* One option as it was given. */
struct opt_value {
	const struct opt *opt;
	const char *text; /* NULL for a flag */
	int64_t number;
	double real;
	bool on;
};

enum { OPT_TABLES_MAX = 2 };

struct opts {
	const struct opt *tables[OPT_TABLES_MAX]; /* the command's, the global ones; NULL: none */
	vec(struct opt_value) values;
	vec(const char *) args; /* operands */
};

void opts_init(struct opts *o);
void opts_release(struct opts *o);
#define OPTS_AUTO CLEANUP(opts_release) struct opts

/* Reads argv[0..argc) behind what o already holds: --x=y, --x y, -xy, -x y, grouped short flags,
 * "--" before operands only. With stop_at_operand the first operand ends it. Gives how many
 * arguments were read, or < 0 (ERR_CONFIG) naming the argument and, if one is near, what may have
 * been meant. */
int opts_parse(struct opts *o, int argc, char *const *argv, bool stop_at_operand,
	struct err *err) MUST_CHECK;

/* The last value given, or the fallback. Asking for a name no table has is a mistake of ours. */
bool opts_has(const struct opts *o, const char *name);
/* Whether a table has that name at all. */
bool opts_knows(const struct opts *o, const char *name);
bool opts_flag(const struct opts *o, const char *name, bool fallback);
const char *opts_str(const struct opts *o, const char *name, const char *fallback);
int64_t opts_int(const struct opts *o, const char *name, int64_t fallback);
double opts_num(const struct opts *o, const char *name, double fallback);
/* The index in words of an OPT_ENUM. */
int opts_word(const struct opts *o, const char *name, int fallback);
/* The i-th value of an OPT_LIST, or NULL behind the last. */
const char *opts_item(const struct opts *o, const char *name, size_t i);

/* The name in a NULL-terminated list of words that is nearest to wrong, or NULL when none is near
 * enough to be what was meant. */
const char *opt_nearest(const char *const *words, const char *wrong);
