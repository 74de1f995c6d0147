/* inputs: everything a run left behind, wherever it lies -> one list of failures.
 * Layer: kit. Files, folders, globs, archives, packed files, descriptors; read as streams, memory
 * bounded, archives without unpacking to disk. */
#pragma once

#include "base/buf.h"
#include "kit/report/merge.h"
#include "kit/report/report.h"

enum { INPUTS_MAX = 20000 };

struct inputs {
	struct report_options how; /* file is set for each input */
	struct report *report;     /* reads one text after the other; NULL until the first */
	struct merge merge;
	struct arena *mem;
	const char *only; /* in folders, what this glob fits; NULL: what is called like a report */
	size_t n;         /* texts read */
	struct buf lines; /* the excerpt as text, its lines clean and numbered; "" when it is out of
			     reach */
	struct str lines_of; /* the text they are of */
	bool full;           /* INPUTS_MAX was met */
	bool from_fd;        /* standard input was read */
};

/* out and mem outlive the inputs; how's strings, too. */
void inputs_init(struct inputs *in, const struct report_options *how, struct failure_list *out,
	struct arena *mem);
void inputs_release(struct inputs *in);
/* Reads what is open as the text called name, or as what is packed in it. */
int inputs_read_fd(struct inputs *in, int fd, const char *name, struct err *err) MUST_CHECK;
/* Reads a file, every report below a folder, or what a glob fits (when no file is named so). */
int inputs_read(struct inputs *in, const char *operand, struct err *err) MUST_CHECK;
void inputs_finish(struct inputs *in);
