/* policy_tables: the data of the policy (templates/policy/), read into rules, paths and languages.
 * Layer: verify. Patterns are compiled when first used; a table that does not read is our own
 * mistake and fails policy_open. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/verdict.h"
#include "verify/policy.h"
#include "verify/policy_units.h"

struct regex;

/* What a path is: decides how its change is read. Bits, so that a rule can name several. */
enum path_kind {
	PATH_SOURCE = 1,
	PATH_TEST = 2,  /* test code and what configures tests in code */
	PATH_BUILD = 4, /* build files, manifests, settings of runners: held unless harmless */
	PATH_DATA = 8,  /* what tests expect: golden files, snapshots, fixtures */
	PATH_DOCS = 16,
	PATH_PROTECTED = 32, /* the path alone decides */
	PATH_OTHER = 64,
};

struct path_class {
	enum path_kind kind;
	enum policy_verdict verdict; /* of PATH_PROTECTED */
	const char *name;
	struct str *globs;
	size_t n;
};

enum rule_form { FORM_CODE, FORM_TEXT, FORM_RAW };

/* Marks: what a statement of test code is. */
enum unit_mark {
	MARK_TESTCASE = 1, /* a runner collects it */
	MARK_IMPORT = 2,
	MARK_MESSAGE = 4, /* tells people, checks nothing */
	MARK_LEAVE = 8,   /* return, break, continue without a value that matters */
	MARK_LOOP = 16,
	MARK_GUARD = 32,     /* if, try, #if: what is inside may not run or not count */
	MARK_FUNCTION = 64,  /* head of a function or class with a name */
	MARK_CLOSURE = 2048, /* head of one without */
	MARK_REGISTER = 128, /* puts a test or a case on a list */
	MARK_NEAR = 256,     /* an assertion with a tolerance */
	MARK_RAISES = 1024,  /* an assertion that names what must be raised */
	MARK_RUNNER = 4096,  /* of a build file: runs the tests */
	MARK_FAKE = 8192,    /* imports a stand-in */
	MARK_PATCH = 16384,  /* puts a stand-in in place */
	MARK_HELPER = 512,   /* dropping it loses no check: debug output, unused values */
};

enum rule_action { RULE_ALLOW, RULE_HOLD, RULE_REFUSE, RULE_MARK, RULE_STRENGTH, RULE_RAISE };

struct rule {
	enum rule_action action;
	const char *name;
	unsigned kinds;       /* enum path_kind bits */
	struct str languages; /* "python,js" or "*" */
	enum rule_form form;
	char sign;                  /* '+' must not appear, '-' must not go, '=' describes */
	enum policy_verdict in_new; /* the most it says of what the patch adds as a whole */
	uint64_t mark;              /* RULE_MARK */
	int strength;               /* RULE_STRENGTH */
	struct str pattern;
	struct regex *regex; /* NULL until used */
};

struct language {
	struct lexis lexis;
	struct str *globs;
	size_t n;
};

struct tables {
	struct arena mem;
	struct language *languages;
	size_t n_languages;
	struct path_class *classes;
	size_t n_classes;
	struct rule *rules;
	size_t n_rules;
};

int tables_open(struct tables *out, struct err *err) MUST_CHECK;
void tables_release(struct tables *tables);

/* Whether a gitignore-like glob fits: without '/' it is tried on the base name, else on the path
 * and on what is below any folder. Letter case does not count. */
bool path_fits(struct str glob, struct str path);
/* The first class that fits, or NULL (source or other by its language). */
const struct path_class *tables_class(const struct tables *tables, struct str path);
/* How a file is read; never NULL (the last language reads lines). */
const struct language *tables_language(const struct tables *tables, struct str path);
bool rule_is_for(const struct rule *rule, enum path_kind kind, struct str language);
/* Whether the pattern occurs; *hit (may be NULL) gets where. */
bool rule_match(struct rule *rule, struct str subject, struct str *hit);
