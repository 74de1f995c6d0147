/* heal_args: options and settings of the commands that heal, as struct heal_options.
 * Layer: app. */
#pragma once

#include "app/cli/cmd.h"
#include "app/config/config.h"
#include "heal/heal.h"
#include "verify/policy.h"

/* Everything that heal_options borrow. */
struct heal_args {
	struct config config;
	char root[4096];
	struct buf rules;
	struct policy_options policy;
	struct heal_options options;
};

void heal_args_init(struct heal_args *a);
void heal_args_release(struct heal_args *a);
#define HEAL_ARGS_AUTO CLEANUP(heal_args_release) struct heal_args

/* The path from the working directory on, as it is found from anywhere; NULL gives NULL. */
const char *heal_args_absolute(struct heal_args *a, const char *path);
/* Reads the settings of dir, lays the command's flags over them and fills options (without
 * progress). ERR_CONFIG for whatever the user should mend. */
int heal_args_load(
	struct heal_args *a, const struct cli *cli, const char *dir, struct err *err) MUST_CHECK;
/* What the settings say of policy; borrows from c. */
void heal_args_policy(struct policy_options *out, struct config *c);
