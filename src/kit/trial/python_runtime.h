/* python_runtime: our Python files (templates/languages/python/) inside a trial, and commands under
 * which every interpreter loads them at its start.
 * Layer: kit. Shared by accel_python and spectrum_python; what they ask for is in further
 * environment variables of the command. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct trial;

/* The environment variable that names the folder of our files. */
#define PYTHON_RUNTIME_ENV "SELFHEAL_HOOK"

/* Writes the files into the trial's exchange folder; again and again is fine. */
int python_runtime_install(struct trial *trial, struct err *err) MUST_CHECK;
/* Appends to *out the command with our folder first on the module path, also where the command, or
 * what it starts, sets PYTHONPATH itself. */
void python_runtime_command(struct buf *out, struct str command);
/* "SELFHEAL_HOOK=..." and "SELFHEAL_ROOT=...", to be freed by the caller. */
char *python_runtime_hook_env(const struct trial *trial);
char *python_runtime_root_env(const struct trial *trial);
