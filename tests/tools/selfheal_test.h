/* selfheal_test: the tools of the poking binary. */
#pragma once

int tool_rewrite(int argc, char **argv);
int tool_normal(int argc, char **argv);
int tool_git(int argc, char **argv);
int tool_forge(int argc, char **argv);
