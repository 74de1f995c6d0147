/* explain_templates: `selfheal explain --templates`: what a log says, each message once.
 * Layer: app. */
#pragma once

#include "app/cli/cmd.h"

/* Reads the operands (or standard input) as logs, mines, prints. */
int explain_templates(struct cli *cli, struct err *err) MUST_CHECK;
