/* issue: one thing that a scan found and that someone may want to have fixed.
 * Layer: model. What scan writes and fix reads: SPEC 13's {id, title, description, root_cause,
 * file, line} and what a kind of issue has beyond. Strings live in the arena of the scan. */
#pragma once

#include "base/err.h"
#include "model/failure.h"

struct json_t;

enum issue_kind {
	ISSUE_VULNERABILITY, /* an analyser's finding that concerns security */
	ISSUE_FAILURE,       /* a failing test, a broken build */
	ISSUE_FINDING,       /* any other finding of an analyser */
	ISSUE_COMPLEXITY,    /* a function with many ways through */
	ISSUE_COVERAGE,      /* a file that tests run little of */
	ISSUE_KINDS,
};

enum issue_severity { ISSUE_CRITICAL, ISSUE_HIGH, ISSUE_MEDIUM, ISSUE_LOW, ISSUE_INFO };

enum { ISSUE_ID_SIZE = 17, ISSUES_MAX = 10000 };

struct issue {
	enum issue_kind kind;
	enum issue_severity severity;
	char id[ISSUE_ID_SIZE]; /* the same for the same thing in the next scan, wherever it moved
				 */
	struct str title;       /* one line */
	struct str description, root_cause;
	struct str file;        /* repository-relative; "" when unknown */
	int line;               /* 0: unknown */
	struct str symbol;      /* the test, the rule, the function */
	double value;           /* security severity, cyclomatic complexity, per cent covered */
	struct str tags;        /* "CWE-79 CVE-2024-1"; of vulnerabilities and findings */
	struct str fingerprint; /* of failures: fp1; of findings: the analyser's own */
	const struct finding_edit *edits; /* an analyser's own fix */
	size_t n_edits;
};

struct issue_list {
	vec(struct issue) items;
	bool truncated; /* more than ISSUES_MAX of a kind were there */
	size_t counts[ISSUE_KINDS];
};

void issue_list_init(struct issue_list *list);
void issue_list_release(struct issue_list *list);
/* A new zeroed item of that kind, or NULL when there are ISSUES_MAX of it. */
struct issue *issue_list_add(struct issue_list *list, enum issue_kind kind);
/* Sets the id: a hash of kind, file, symbol and which one of these it is (line numbers move, so
 * they have no part in it). */
void issue_set_id(struct issue *issue, int nth);

const char *issue_severity_to_string(enum issue_severity severity);
bool issue_severity_from_string(struct str s, enum issue_severity *out);
/* The name of a kind's list in JSON: "vulnerabilities", "failures"... */
const char *issue_kind_list(enum issue_kind kind);

struct json_t *issue_to_json(const struct issue *issue);
/* Strings are copied into mem; what is missing is empty. */
void issue_from_json(
	struct issue *issue, enum issue_kind kind, const struct json_t *j, struct arena *mem);
/* Puts one array for each kind into document. */
void issue_list_to_json(const struct issue_list *list, struct json_t *document);
/* Reads what these arrays hold; ERR_PARSE when document has none of them. */
int issue_list_from_json(struct issue_list *list, const struct json_t *document, struct arena *mem,
	struct err *err) MUST_CHECK;
