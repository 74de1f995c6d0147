/* taxonomy: what kind a failure is and where it stands in the tree of classes, by rules that are
 * data: templates/taxonomy/rules.table tells their form. Layer: kit. Levels of SPEC 2: language,
 * phase (compile, runtime, deploy), type, subtype, cause. */
#pragma once

#include "model/failure.h"

/* Sets the kind where type and message say more than the format could (a missing module, a refused
 * connection, a syntax error), and evidence to the line of the message that decided. */
void taxonomy_decide_kind(struct failure *f);
/* Fills class_[0..3]; strings from mem or static. */
void taxonomy_classify(struct failure *f, struct arena *mem);
/* What a person should look at for that subtype and kind; static. */
struct str taxonomy_advice(const struct failure *f);
/* Whether s is like the pattern, in which '*' stands for any text. Case counts. */
bool taxonomy_like(const char *pattern, struct str s);
