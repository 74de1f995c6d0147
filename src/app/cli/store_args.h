/* store_args: the store that a command's options and settings name.
 * Layer: app. */
#pragma once

#include "app/cli/cmd.h"
#include "port/store/store.h"

/* The option --store, for the tables of commands that open a store. */
#define STORE_OPT                                                                                  \
	{                                                                                          \
		"store", 0, OPT_STR, "FILE", NULL,                                                 \
			"where fixes are remembered (default: selfheal/store.db in the git "       \
			"directory)"                                                               \
	}

/* Opens --store, the setting, or the store of the project in the current folder. STORE_ABSENT when
 * read_only and nothing was ever remembered. */
int store_args_open(
	struct store **out, const struct cli *cli, bool read_only, struct err *err) MUST_CHECK;
