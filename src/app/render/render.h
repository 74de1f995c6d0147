/* render: what heal and explain found, in each form that people and machines read.
 * Layer: app. Pure: records in, bytes out; whatever outsiders wrote is cleaned (clean.h). */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "heal/heal.h"

struct drain;
struct failure_list;

/* How to go on, as the command line was given. */
struct render_context {
	bool color;
	const char *patch_file; /* where the patch was written, NULL: nowhere */
	bool dry_run;
};

void render_heal_text(
	struct buf *out, const struct heal_result *r, const struct render_context *context);
void render_heal_markdown(struct buf *out, const struct heal_result *r);
/* SPEC 11's JSON, with the budget of words that a schema holds it to. */
void render_heal_json(struct buf *out, const struct heal_result *r);

struct scan_result;
void render_scan_text(struct buf *out, const struct scan_result *r, bool color);
void render_scan_markdown(struct buf *out, const struct scan_result *r);

/* GitHub Actions: one "::error file=,line=::" for each failure, or a "::notice" when healed. */
void render_annotations(struct buf *out, const struct heal_result *r);
/* One output, whatever lines its value has; the delimiter is one that the value does not hold. */
void render_output(struct buf *out, const char *name, struct str value, const char *delimiter);
/* name=value pairs for $GITHUB_OUTPUT; delimiter is one that no value holds. */
void render_outputs(struct buf *out, const struct heal_result *r, const char *delimiter);

/* lines: those that matter, "number TAB text" each, may be empty; of: whose they are. */
struct render_lines {
	struct str lines, of;
};

void render_failures_text(struct buf *out, const struct failure_list *list,
	const struct render_lines *lines, bool color);
void render_failures_markdown(
	struct buf *out, const struct failure_list *list, const struct render_lines *lines);
/* Where a long product goes: full is called whenever out holds whole lines enough. */
struct render_sink {
	struct buf *out;
	void (*full)(void *data); /* empties out, or leaves it as it is */
	void *data;
};
enum { RENDER_SINK_BYTES = 256 << 10 };
static inline void render_sink_step(const struct render_sink *sink)
{
	if (sink->out->n >= RENDER_SINK_BYTES && sink->full)
		sink->full(sink->data);
}

void render_failures_json(const struct render_sink *sink, const struct failure_list *list);
/* SARIF 2.1.0; JUnit XML. */
void render_failures_sarif(const struct render_sink *sink, const struct failure_list *list);
void render_failures_junit(struct buf *out, const struct failure_list *list);

/* The templates mined from that many lines; with five hits of trouble, events. */
void render_templates_text(struct buf *out, struct drain *drain, int64_t lines, bool color);
void render_templates_json(struct buf *out, struct drain *drain, int64_t lines);

/* The parts that text and Markdown share. */
/* "healed", "nothing to do: ..." for a title. */
const char *render_outcome_title(enum outcome outcome);
/* "3 candidates refused by policy". */
void render_skip(struct buf *out, const struct heal_skip *skip);
