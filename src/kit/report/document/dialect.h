/* dialect: what a family of documents means, and the hand it gets to report with.
 * Layer: kit, inside report/. A dialect tells by which paths its documents are known, and which
 * parts of them are records: a record is kept as a tree while it is read and given to the dialect
 * when it ends; then it is gone. What encloses it is there as its parents. */
#pragma once

#include "kit/report/document/node.h"
#include "kit/report/format.h"

/* A dialect's hand. */
struct document_out {
	struct report_out *report;
	int first_line, last_line; /* of the record */
};

struct dialect {
	const char *name;
	bool json;
	/* A document is of this dialect when it has all paths of one of these lists, which are from
	 * the outermost name on and separated by blanks: "testsuites/testsuite testsuites/@x".
	 * JSON's outermost name is empty: "/runs/tool". "path=text" asks for a value. NULL ends. */
	const char *const *known_by;
	/* Ends of the paths of what is a record: "testcase", "runs/results"; in JSON "/" is every
	 * outermost object. The outermost match counts. NULL ends. */
	const char *const *records;
	const char *const *keep; /* names of parts that stay with what encloses a record; or NULL */
	const char *const *skip; /* names whose contents are not looked at; or NULL */
	size_t state_size;       /* zeroed memory that lives as long as the report */
	const void *about;       /* the dialect's own: what a description in a file says */
	void (*record)(const struct dialect *dialect, void *state, struct document_out *out,
		const struct node *record);
	/* Something that enclosed records or could have ends; its values and kept parts are there.
	 * May be NULL. */
	void (*leave)(void *state, struct document_out *out, struct node *node);
	/* The input ended; may be NULL. */
	void (*end)(void *state, struct document_out *out);
	/* What the state owns; may be NULL. */
	void (*release)(void *state);
};

/* Reports a failure of the record. */
report_ref document_emit(struct document_out *out, const struct failure *f, enum report_role role);
/* Counts one test. */
enum document_result { RESULT_PASSED, RESULT_FAILED, RESULT_ERROR, RESULT_SKIPPED };
void document_count(struct document_out *out, enum document_result result);

/* Text that the record holds is for the formats that read lines: what a compiler said. */
void document_text(struct document_out *out, struct str text);

extern const struct dialect dialect_junit, dialect_gotest_json, dialect_dart, dialect_cucumber,
	dialect_trx, dialect_valgrind, dialect_sarif, dialect_gcc_json, dialect_rustc;
/* NULL ends. */
extern const struct dialect *const dialects[];
