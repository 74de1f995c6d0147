/* cli: the command line: one table of commands, one option table each.
 * Layer: app. The only code that reads argv, prints to stdout and decides exit codes. */
#pragma once

/* Runs the command that argv names; gives the exit code (SPEC 11). */
int cli_main(int argc, char **argv);
