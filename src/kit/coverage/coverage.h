/* coverage: which lines tests ran, from the files that coverage tools leave.
 * Layer: kit. lcov's tracefiles (geninfo(1): SF, DA, LF, LH) and Cobertura's XML
 * (coverage-04.dtd; also gcovr, coverage.py, coverlet). The same file told several times is one:
 * a line is covered when any telling has it run. Read as streams; what outsiders can size is
 * capped. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/strmap.h"
#include "base/vec.h"

enum {
	COVERAGE_FILES_MAX = 50000,
	COVERAGE_LINE_MAX = 1 << 20,    /* a line further down is left out */
	COVERAGE_BITS_MAX = 64 << 20,   /* bytes of all files' lines */
	COVERAGE_BYTES_MAX = 512 << 20, /* of one file of coverage */
};

struct coverage_file {
	struct str path; /* as told, or below the root (coverage_locate) */
	bool missing;    /* there is no such file below the root, or it is joined */
	bool joined;     /* its lines went to another telling of the same file */
	/* Two bits a line: whether it is counted, whether it ran. */
	unsigned char *lines;
	size_t n_lines;
	int total, covered; /* coverage_finish() fills them */
};

struct coverage {
	vec(struct coverage_file) files;
	struct strmap by_path;   /* path -> index + 1 */
	vec(struct str) sources; /* folders that Cobertura's names are below */
	struct arena mem;
	size_t bits; /* bytes used */
	bool truncated;
};

void coverage_init(struct coverage *c);
void coverage_release(struct coverage *c);
#define COVERAGE_AUTO CLEANUP(coverage_release) struct coverage

/* Adds what a file tells, whichever form it has; ERR_PARSE when it has neither. */
int coverage_read(struct coverage *c, const char *path, struct err *err) MUST_CHECK;
/* The same of a text, in pieces (for tests and fuzzing: of any size). */
struct coverage_reader;
struct coverage_reader *coverage_reader_new(struct coverage *c);
void coverage_reader_feed(struct coverage_reader *r, struct str piece);
/* Frees it. ERR_PARSE when nothing of coverage was in the text. */
int coverage_reader_finish(struct coverage_reader *r, const char *name, struct err *err) MUST_CHECK;

/* The file of that name, made if need be; NULL at a cap. For the readers. */
struct coverage_file *coverage_file(struct coverage *c, struct str path);
void coverage_line(struct coverage *c, struct coverage_file *f, int64_t line, bool ran);

/* Counts lines, and makes paths those of files below root (absolute): a path that is not there is
 * tried below the sources and without its leading folders, as those of another machine are. Files
 * that turn out to be one are joined. */
void coverage_finish(struct coverage *c, const char *root);
/* 0..100; 100 for a file without lines. */
double coverage_percent(const struct coverage_file *f);
/* Lines that are counted and did not run, as "3-5, 9"; at most max ranges, then "...". *first is
 * the first of them, 0 without. */
struct str coverage_gaps(const struct coverage_file *f, size_t max, int *first, struct arena *mem);
