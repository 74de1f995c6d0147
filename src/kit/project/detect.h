/* detect: what the parts of project detection share. Layer: kit. */
#pragma once

#include "kit/project/project.h"

/* Appends a line to notes. */
void project_note(struct project *p, struct arena *mem, struct str note);
