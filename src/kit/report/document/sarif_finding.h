/* sarif_finding: what SARIF says of a rule or a result beyond place and message: severity, the
 * weaknesses and vulnerabilities it is an instance of, fingerprints, fixes.
 * Layer: kit, inside report/. Where producers put these: CodeQL and most others in properties
 * ("security-severity", tags "external/cwe/cwe-079"), Trivy and Grype as rule ids (CVE-...),
 * Semgrep as tags ("CWE-89: ..."), the standard itself as relationships and taxa. */
#pragma once

#include "kit/report/document/node.h"
#include "model/failure.h"

/* Of a rule's or a result's record; strings in mem. */
void sarif_read_finding(struct failure_finding *out, const struct node *node, struct arena *mem);
/* The first fix of a result with all its replacements; none if one of them has no place or there
 * are more than FINDING_EDITS_MAX. Texts are the node's or in mem. */
void sarif_read_edits(struct failure_finding *out, const struct node *result, struct arena *mem);
/* What a result lacks, from its rule. True when tags are new: they are in mem. */
bool sarif_add_finding(
	struct failure_finding *to, const struct failure_finding *rule, struct arena *mem);
/* A URI's path: the scheme is taken off, %20 resolved. */
struct str sarif_path(struct str uri, struct arena *mem);
