/* actions_files: the files by which a step tells GitHub's runner something.
 * Layer: app. They are the runner's own: failing to write them is told and undoes nothing. */
#pragma once

#include "base/str.h"

/* Appends to the file that a variable names; nothing without it. */
void actions_append(const char *variable, struct str text);
/* A delimiter that no output of a test can guess. */
enum { ACTIONS_DELIMITER_SIZE = 64 };
void actions_delimiter(char out[ACTIONS_DELIMITER_SIZE]);
/* One job output, whatever lines its value has. */
void actions_output(const char *name, struct str value);
