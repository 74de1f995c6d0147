/* report: what test runners, compilers, sanitizers print -> failures.
 * Layer: kit. One file per format in this folder, one entry each in report_formats[]. Text is fed
 * in pieces of any size, memory is bounded, every format sees every line at most once; the
 * formats that recognise something give failures, and the same failure met twice is one. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/failure.h"

/* Whether compiler warnings and linters' findings (kind lint) are listed, behind the failures. */
enum report_warnings {
	REPORT_WARNINGS_NEVER,
	REPORT_WARNINGS_AUTO, /* when no test failed: a compiler's or a linter's log */
	REPORT_WARNINGS_ALWAYS,
};

struct report_tables;

struct report_options {
	const char *format; /* a format's name; NULL: all that recognise the text */
	struct str file;    /* what the text is called, for failure.source.file; may be empty */
	const char *root;  /* the project's folder: frames below it are in_project; NULL: unknown */
	bool root_guessed; /* ... and so it is when no path of the text is a file below it */
	enum report_warnings warnings;
	/* How the command that printed the text ended, when that is known: an exit that nothing in
	 * the text explains is a failure of its own, an exit 0 leaves only what a runner reports.
	 */
	bool has_exit;
	int exit_code;                /* 128 + signal when killed by one */
	struct report_tables *tables; /* outlives the report; NULL: tables of its own */
	/* Not NULL: every clean line goes there and nowhere else; no failure is looked for. */
	void (*line)(void *data, struct str text, int number);
	void *data;
};

/* What looks for lines and documents, the same for all reports. Building it takes a thousand times
 * as long as reading a small text: who reads many with several options shares it. One thread's:
 * what a text first needs is added. */
struct report_tables *report_tables_new(void);
/* With the matchers and dialects of a folder of templates over those built in (overlay.h); dir may
 * be NULL. All that it holds is checked: ERR_PARSE, ERR_CONFIG, ERR_LIMIT. */
int report_tables_load(struct report_tables **out, const char *dir, struct err *err) MUST_CHECK;
/* What options->format may be, sorted, each once: formats that are code, matchers, dialects. The
 * array is in mem, the names live as long as the tables. */
struct report_names {
	const char **v;
	size_t n;
};
struct report_names report_tables_formats(struct report_tables *tables, struct arena *mem);
bool report_has_format(const struct report_names *names, const char *name);
void report_tables_free(struct report_tables *tables);
DEFINE_CLEANUP(struct report_tables *, report_tables_free)

struct report;

/* Strings of the failures live in mem, which outlives the report. An unknown options->format
 * recognises nothing. */
struct report *report_new(const struct report_options *options, struct arena *mem);
void report_free(struct report *report);
DEFINE_CLEANUP(struct report *, report_free)
/* After report_finish(): another text, with the same options but for its name, read by the same
 * report; much cheaper than a new one. */
void report_restart(struct report *report, struct str file);
void report_feed(struct report *report, struct str text);
/* Ends the input, appends to out; kinds, frames in the project and fingerprints are filled.
 * 0, or REPORT_NOTHING when no failure was recognised (counts may be filled all the same). */
enum { REPORT_NOTHING = 1 };
int report_finish(struct report *report, struct failure_list *out, struct err *err) MUST_CHECK;

/* All at once. */
int report_parse(struct failure_list *out, struct str text, const struct report_options *options,
	struct arena *mem, struct err *err) MUST_CHECK;
