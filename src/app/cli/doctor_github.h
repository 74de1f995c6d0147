/* doctor_github: the GitHub half of 'selfheal doctor': gathers, judges, shows.
 * Layer: app. */
#pragma once

#include "app/cli/cmd.h"
#include "json/json.h"

/* Appends to cli->out as text or Markdown, or puts "github" into doc when that is not NULL. Gives
 * an exit code: EXIT_INFRASTRUCTURE when something is BAD; or < 0. */
int doctor_github(struct cli *cli, struct json_t *doc, struct err *err) MUST_CHECK;
