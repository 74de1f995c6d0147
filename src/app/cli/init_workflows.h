/* init_workflows: the GitHub workflows that 'selfheal init --github' writes: templates of
 * templates/workflows/ with a handful of values filled in.
 * Layer: app. Pure: nothing is read or written but the buffer. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct init_workflow {
	const char *kind;     /* "after-ci": the template's name, and what --workflow takes */
	const char *file;     /* where it goes, from the repository's top */
	const char *template; /* among the embedded files */
	bool by_default;      /* written when no kind was named */
};

/* Ends with a NULL kind. */
extern const struct init_workflow init_workflows[];
const struct init_workflow *init_workflow_find(const char *kind);

/* What is filled in. All of it is somebody's text: names are written as quoted YAML, and what
 * cannot be is refused by init_workflow_render. */
struct init_values {
	struct str ci_workflow;    /* the name GitHub knows it by */
	struct str default_branch; /* letters, digits, "._/-" */
	struct str actions;        /* "owner/name": whose actions/ are used */
	struct str ref;            /* a tag, or a commit's 40 digits */
	const struct str *languages;
	size_t n_languages; /* as kit/project names them */
};

/* Whether CodeQL analyses one of the languages at all. */
bool init_codeql_knows(const struct init_values *values);
/* Appends the workflow. ERR_CONFIG when a value does not fit its place. */
int init_workflow_render(struct buf *out, const struct init_workflow *workflow,
	const struct init_values *values, struct err *err) MUST_CHECK;
