/* trial_env: the environment of commands in a trial: ours by allow-list, a home of their own, and
 * the tools that live in the user's home named by their variables.
 * Layer: kit. */
#pragma once

#include "base/err.h"
#include "port/child/environment.h"

struct trial_options;

/* home, tmp: as commands see them. */
void trial_env_fill(struct environment *env, const struct trial_options *options, const char *home,
	const char *tmp);
/* Puts `to` for `from` where a path of the environment begins with it: for a copied tree. */
void trial_env_move(struct environment *env, const char *from, const char *to);
