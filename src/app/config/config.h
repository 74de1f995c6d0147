/* config: the settings in force and where each came from.
 * Layer: app. Precedence: flag > environment > the repository's file > the user's file > default.
 * A config owns what it read. */
#pragma once

#include "app/config/setting.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

enum config_origin {
	ORIGIN_DEFAULT,
	ORIGIN_USER_FILE,
	ORIGIN_FILE,
	ORIGIN_ENVIRONMENT,
	ORIGIN_FLAG,
};

/* One setting's value; which member counts is the kind's. */
struct setting_value {
	bool set; /* false: no default either */
	enum config_origin origin;
	const char *where; /* the file, the variable, the option */
	int line;          /* in the file, 0: none */
	struct str text;   /* STR, COMMAND (joined by &&), ENUM */
	struct str *items; /* COMMANDS, STRS */
	size_t n;
	int64_t number; /* INT, BOOL, the index of an ENUM's word */
	double real;    /* SECONDS */
};

/* Something wrong in a file or a variable. */
struct config_problem {
	const char *where;
	int line; /* 0: none */
	struct str text;
};

struct config {
	struct arena mem;
	struct setting_value values[SETTING_COUNT];
	vec(struct config_problem) problems;
	const char *file, *user_file; /* those that were read, NULL: none there */
};

void config_init(struct config *c);
void config_release(struct config *c);
#define CONFIG_AUTO CLEANUP(config_release) struct config

/* The variables that a config may read, for tests to set. */
struct config_env {
	const char *(*get)(void *user, const char *name);
	void *user;
};
/* The process's own environment. */
extern const struct config_env config_env_process;

/* Reads what root (the project's folder) and the user have. Wrong entries are added to problems
 * and leave the setting as it was; < 0 only when a file is there and cannot be read. */
int config_load(struct config *c, const char *root, const struct config_env *env,
	struct err *err) MUST_CHECK;
/* The same, the repository's file being this text (p NULL: there is none) instead of what lies in
 * the checkout. */
int config_load_base(struct config *c, struct str text, const char *where,
	const struct config_env *env, struct err *err) MUST_CHECK;
/* The same from one text: the layer under test, and what a base branch's file is read with. */
void config_read_text(
	struct config *c, enum config_origin origin, const char *where, struct str text);
/* Sets one from a flag's text; a flag was checked when it was parsed, so a wrong text is added to
 * problems. */
void config_set(struct config *c, enum setting_id id, enum config_origin origin, const char *where,
	struct str text);
/* ERR_CONFIG with the first problem (and how many more there are), or 0. */
int config_check(const struct config *c, struct err *err) MUST_CHECK;

/* The value, or what an unset one is: NULL, 0. */
const char *config_str(const struct config *c, enum setting_id id);
int64_t config_int(const struct config *c, enum setting_id id);
bool config_bool(const struct config *c, enum setting_id id);
int64_t config_ms(const struct config *c, enum setting_id id);
/* NULL-terminated, in the config's arena; NULL when unset or empty. */
const char *const *config_strs(struct config *c, enum setting_id id);

const char *config_origin_to_string(enum config_origin origin);
