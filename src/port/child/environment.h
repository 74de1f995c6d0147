/* environment: what a child may see of our environment. An allow-list; and no name or value that
 * looks like a secret passes, whoever allowed it.
 * Layer: port/child. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"

struct environment {
	char **v; /* "NAME=value", NULL-terminated */
	size_t n, cap;
	struct {
		char **v; /* names held back though they were allowed by name */
		size_t n, cap;
	} withheld;
};

void environment_init(struct environment *e);
void environment_release(struct environment *e);
#define ENVIRONMENT_AUTO CLEANUP(environment_release) struct environment
/* Adds of `from` ("NAME=value", NULL-terminated) what is on the built-in list or whose name matches
 * a glob of `allow` (NULL: none). */
void environment_add_allowed(
	struct environment *e, const char *const *from, const char *const *allow);
/* Sets "NAME=value", replacing. What the user spells out is not questioned. */
void environment_set(struct environment *e, const char *assignment);
void environment_set_all(struct environment *e, const char *const *assignments);
/* The value or NULL. */
const char *environment_get(const struct environment *e, const char *name);

/* TOKEN, *_KEY, *PASSWORD*, AWS_*... */
bool environment_name_is_secret(struct str name);
/* Known token shapes, private keys, URLs with a password. */
bool environment_value_is_secret(struct str value);
