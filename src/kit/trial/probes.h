/* probes: C and C++ sources that write down which of their lines ran.
 * Layer: kit. Pure. A probe is one store into memory that outlives the process
 * (templates/languages/c/spectrum.h), put before every statement; lines keep their numbers. In
 * tests a mark behind every assertion closes a row of probes, so that a program of many assertions
 * is as many small tests: the rows that were closed passed, the one that was open failed. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

enum { PROBES_MAX = 40000, PROBE_MARKS = 500 };

struct probe {
	uint32_t file; /* as the caller numbers them */
	int first, last;
};

struct probes {
	vec(struct probe) v;
};

struct probes_options {
	uint32_t file;
	const char *language;
	bool lines;         /* probe its statements */
	bool marks;         /* mark its assertions */
	const int *failing; /* lines of failed assertions in it */
	size_t n_failing;
	bool only_failing; /* mark just the functions these are in: the file is no test file */
};

/* Appends the woven text. Probes are appended to *probes; their numbers go on from there. */
int probes_weave(struct buf *out, struct probes *probes, struct str content,
	const struct probes_options *options, struct err *err) MUST_CHECK;
