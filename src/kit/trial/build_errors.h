/* build_errors: what gcc, clang and the linker say about a metamutant, given back to candidates.
 * Layer: kit. Pure. Messages for people are kit/report's; here only places count. */
#pragma once

#include "base/str.h"
#include "base/vec.h"

struct build_place {
	struct str path; /* as printed, into the text */
	int line;
};

/* "'y' undeclared": gcc says it once a function, so the others that use the name are not named. */
struct build_undeclared {
	uint32_t candidate;
	struct str name;
};

struct build_errors {
	vec(uint32_t) candidates;     /* whose text is wrong; each once, ascending */
	vec(struct build_place) base; /* errors in the files as they were */
	vec(struct str) undefined;    /* symbols the linker misses, as printed */
	vec(struct build_undeclared) undeclared;
	size_t count; /* errors in all */
};

/* Reads a build's output. A line at or above stride is candidate line / stride - 1. An error in a
 * header counts for the candidate whose line instantiated or expanded it. */
void build_errors_parse(struct build_errors *out, struct str text, int stride);
void build_errors_release(struct build_errors *e);
#define BUILD_ERRORS_AUTO CLEANUP(build_errors_release) struct build_errors
