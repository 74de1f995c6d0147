/* backtest_report: what a backtest found, for people and scripts.
 * Layer: app. */
#pragma once

#include "app/cli/cmd.h"
#include "heal/backtest.h"

void backtest_report(struct cli *cli, const struct backtest *b);
