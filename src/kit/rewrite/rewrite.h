/* rewrite: candidate patches from templates over syntax trees.
 * Layer: kit. One format for built-in templates, learned rules and rules a user writes
 * (templates/repair/FORMAT.md): a tree-sitter query, conditions on its captures, a rewrite over
 * captures and ingredients. A language is a pack of data in templates/languages/. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/diagnosis.h"
#include "model/failure.h"
#include "model/patch.h"

struct rewrite_file {
	struct str path;    /* repository-relative */
	struct str content; /* as it is in the scratch tree */
	const char *language;
};

struct rewrite_options {
	const struct rewrite_file *files; /* the files that may change, most suspicious first */
	size_t n_files;
	const struct rewrite_file
		*context; /* further files to take ingredients from (tests, headers) */
	size_t n_context;
	const struct failure_list *failures; /* select and rank templates by evidence */
	const struct diagnosis *diagnosis;   /* suspects: lines and their suspiciousness */
	const char *templates_dir;           /* instead of the embedded ones; NULL */
	struct str user_rules; /* further templates (YAML text) of the repository; may be empty */
	size_t max_candidates; /* 0: 200000 */
	/* The record of an origin in the store, a factor on its prior (1 = unknown); may be NULL.
	 */
	double (*record)(void *data, struct str origin);
	void *record_data;
};

struct rewrite;

int rewrite_open(
	struct rewrite **out, const struct rewrite_options *options, struct err *err) MUST_CHECK;
void rewrite_free(struct rewrite *rewrite);
DEFINE_CLEANUP(struct rewrite *, rewrite_free)
/* Up to max further candidates, best score first (a total order: score, path, offset, text), no two
 * with the same normal form. Gives how many; 0 at the end. They live as long as the rewrite. */
size_t rewrite_next(struct rewrite *rewrite, struct patch *out, size_t max);
/* How many single changes there are before those that do not parse or repeat others are left out;
 * pairs of them come on top. */
size_t rewrite_count(const struct rewrite *rewrite);

/* Hash of a file's normal form: its token sequence without comments and white space (Python:
 * with its block structure), so that edits that say the same thing are equal. 0: does not parse. */
uint64_t rewrite_normal_form(const char *language, struct str content);
/* "python", "c", "cpp" by extension and name, or NULL. */
const char *rewrite_language_of(struct str path);
