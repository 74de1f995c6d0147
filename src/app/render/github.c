/* What a step of GitHub Actions shows and hands on. */
#include <inttypes.h>

#include "kit/clean/clean.h"
#include "app/render/render.h"
#include "base/limits.h"

/* The runner shows ten annotations of a level for a step. */
enum { ANNOTATIONS_MAX = 10 };

static void annotation(struct buf *out, const struct failure *f)
{
	buf_c(out, "::error ");
	if (f->file.n) {
		buf_c(out, "file=");
		clean_workflow_property(out, f->file);
		if (f->line > 0)
			buf_printf(out, ",line=%d", f->line);
		if (f->line > 0 && f->column > 0)
			buf_printf(out, ",col=%d", f->column);
		buf_char(out, ',');
	}
	buf_c(out, "title=");
	clean_workflow_property(out, f->id.n ? f->id : f->type);
	buf_c(out, "::");
	clean_workflow_data(out, f->type);
	if (f->type.n && f->message.n)
		buf_c(out, ": ");
	clean_workflow_data(out, str_slice(f->message, 0, 4000));
	buf_char(out, '\n');
}

void render_annotations(struct buf *out, const struct heal_result *r)
{
	for (size_t i = 0; i < r->failures.items.n && i < ANNOTATIONS_MAX; i++)
		annotation(out, &r->failures.items.v[i]);
	if (r->outcome != OUTCOME_HEALED)
		return;
	buf_c(out, "::notice title=selfheal%3A healed::");
	clean_workflow_data(out, r->patch.note);
	buf_char(out, '\n');
}

void render_output(struct buf *out, const char *name, struct str value, const char *delimiter)
{
	/* A value that holds the random delimiter was written by someone who knows it. */
	if (str_has(value, delimiter))
		value = STR("");
	buf_printf(out, "%s<<%s\n%.*s\n%s\n", name, delimiter, STR_ARGS(value), delimiter);
}

static void pull_outputs(struct buf *out, const struct heal_result *r, const char *delimiter)
{
	char number[32] = "";

	if (r->pull.number)
		snprintf(number, sizeof(number), "%" PRId64, r->pull.number);
	render_output(out, "pull-request-number", str_of(number), delimiter);
	render_output(out, "pull-request-url", r->pull.url, delimiter);
	render_output(out, "pull-request-operation", str_of(r->pull.operation), delimiter);
}

void render_outputs(struct buf *out, const struct heal_result *r, const char *delimiter)
{
	char confidence[32];

	snprintf(confidence, sizeof(confidence), "%.2f", r->verdict.confidence);
	render_output(out, "outcome", str_of(outcome_to_string(r->outcome)), delimiter);
	render_output(out, "session", r->session, delimiter);
	render_output(out, "confidence", str_of(confidence), delimiter);
	render_output(out, "source", r->patch.source, delimiter);
	render_output(out, "branch", r->branch, delimiter);
	render_output(out, "patch", r->diff, delimiter);
	if (r->pull.operation)
		pull_outputs(out, r, delimiter);
}
