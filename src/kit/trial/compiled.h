/* compiled: compilers that remember what they made (templates/languages/c/compiler.sh), for
 * commands that compile anew at every run although nothing changed, as scripts do. Layer: kit. They
 * live in the trial's exchange folder. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct trial;

/* Two "NAME=value" for a command's environment, in mem: PATH with our folder first, and the folder
 * of what is remembered, empty at first. Once for every state of the sources. */
int compiled_environment(
	struct trial *trial, const char *env[2], struct arena *mem, struct err *err) MUST_CHECK;
