/* policy_judge: what the parts of the policy share while one patch is judged.
 * Layer: verify; internal to policy*.c. */
#pragma once

#include "verify/policy.h"
#include "verify/policy_tables.h"

struct policy {
	struct tables tables;
	struct policy_options options;
};

/* One file of the patch, read. */
struct judge {
	struct policy *policy;
	struct policy_report *out;
	struct arena *mem;
	const struct change_file *file;
	const struct path_class *class_; /* of path; NULL: ordinary */
	enum path_kind kind;
	const struct language *language;
	struct units old, new;
};

/* Adds a finding (at most one of a rule, file and line, some of a rule and file). */
void judge_report(struct judge *j, enum policy_verdict verdict, const char *rule, int line,
	const char *fmt, ...) PRINTF_LIKE(5, 6);

/* policy_paths: what the path, the mode and the kind of change say by themselves. */
enum path_kind judge_path_kind(
	const struct policy *policy, struct str path, const struct path_class **class_);
void judge_paths(struct judge *j);

/* policy_match: pairs equal units of both sides, then similar ones. */
void judge_mate(struct judge *j);
/* The name a statement gives a value: x = ..., x := ..., let x = ..., def x(, or "". */
struct str unit_assigns(const struct unit *unit);
/* What changed between two units, by tokens. */
struct delta {
	unsigned gone, come; /* bits of enum delta_part */
	size_t n_gone, n_come;
	const bool *kept_old, *kept_new; /* by token */
};
enum delta_part {
	DELTA_NUMBER = 1,
	DELTA_STRING = 2,
	DELTA_VALUE = 4,    /* true, None... */
	DELTA_OPERATOR = 8, /* compares or combines */
	DELTA_CONTROL = 16, /* if, or, not, await... */
	DELTA_WORD = 32,
	DELTA_LAYOUT = 64, /* brackets, separators */
};
void judge_delta(
	struct delta *out, const struct unit *old, const struct unit *new_, struct arena *mem);

/* policy_rules: the tables' patterns over both sides. Sets marks and strength. */
void judge_marks(struct judge *j);
void judge_rules(struct judge *j);
/* Whether an old unit is what a '+' rule forbids, so that its going is welcome. */
bool judge_was_forbidden(struct judge *j, size_t old_unit);
/* Whether the unit is in, or decorates, a function that the patch adds. */
bool judge_in_new_function(const struct judge *j, size_t new_unit);

/* Whether a unit of a source file belongs to a test kept in the same file. */
bool judge_is_inline_test(const struct judge *j, const struct units *units, size_t unit);

/* policy_tests: changes of test code. */
void judge_tests(struct judge *j);
/* policy_build: changes of build files and settings. */
void judge_build(struct judge *j);
