/* compiler_json: diagnostics of compilers as JSON.
 * gcc: -fdiagnostics-format=json, one array for a file
 * (https://gcc.gnu.org/onlinedocs/gcc-12.2.0/gcc/Diagnostic-Message-Formatting-Options.html);
 * rustc --error-format=json and cargo --message-format=json, an object a line
 * (https://doc.rust-lang.org/rustc/json.html,
 * https://doc.rust-lang.org/cargo/reference/external-tools.html). */
#include "kit/report/document/dialect.h"

#include "kit/report/scan.h"

/* --- gcc --- */

static int column_of(const struct node *place)
{
	int column = node_int(place, "display-column", 0);

	return column ? column : node_int(place, "column", 0);
}

/* Notes are further places of the same diagnostic. */
static void add_notes(struct failure *f, const struct node *node, struct arena *mem)
{
	const struct node *child = node_get(node, "children");

	for (; child; child = node_again(child)) {
		const struct node *caret = node_get(child, "locations/caret");

		if (caret)
			failure_add_frame(f, mem,
				(struct frame){.path = node_text(caret, "file"),
					.function = STR(""),
					.line = node_int(caret, "line", 0),
					.column = column_of(caret)});
	}
}

static void gcc_fixit(struct failure *f, const struct node *node)
{
	const struct node *fixit = node_get(node, "fixits"),
			  *text = node_get(node, "fixits/string");

	if (!text || node_again(fixit))
		return;
	f->fixit = text->text;
	f->fix_line = node_int(fixit, "start/line", 0);
	f->fix_column = node_int(fixit, "start/column", 0);
	f->fix_end_line = node_int(fixit, "next/line", 0);
	f->fix_end_column = node_int(fixit, "next/column", 0);
}

static void gcc_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	struct str kind = node_text(node, "kind"), option = node_text(node, "option");
	struct failure f = {.kind = FAILURE_COMPILE, .type = kind, .duration_s = -1};
	const struct node *caret = node_get(node, "locations/caret");
	struct arena *mem = &out->report->scratch;

	(void)dialect;
	(void)state;
	if (str_eq_c(kind, "warning") || str_eq_c(kind, "note"))
		f.kind = FAILURE_LINT;
	if (str_skip(&option, "-Werror="))
		option = arena_printf(mem, "-W%.*s", STR_ARGS(option));
	f.name = option;
	f.message = node_text(node, "message");
	f.file = node_text(caret, "file");
	f.line = node_int(caret, "line", 0);
	f.column = caret ? column_of(caret) : 0;
	f.language = scan_language(f.file);
	if (!f.language.p)
		f.language = STR("");
	gcc_fixit(&f, node);
	add_notes(&f, node, mem);
	if (kind.n)
		document_emit(out, &f, ROLE_DETAIL);
	out_reset(out->report);
}

const struct dialect dialect_gcc_json = {
	.name = "gcc-json",
	.json = true,
	.known_by = (const char *const[]){"/kind /message /locations/caret/file",
		"/kind /message /column-origin", NULL},
	.records = (const char *const[]){"/", NULL},
	.record = gcc_record,
};

/* --- rustc and cargo --- */

static const struct node *primary_span(const struct node *node)
{
	const struct node *span = node_get(node, "spans[is_primary=true]");

	return span ? span : node_get(node, "spans");
}

/* The one replacement that the compiler is sure of. */
static void rust_fixit(struct failure *f, const struct node *node)
{
	const struct node *span =
		node_get(node, "children/spans[suggestion_applicability=MachineApplicable]");
	const struct node *text = node_get(span, "suggested_replacement");

	if (!text || node_again(span))
		return;
	f->fixit = text->text;
	f->fix_line = node_int(span, "line_start", 0);
	f->fix_column = node_int(span, "column_start", 0);
	f->fix_end_line = node_int(span, "line_end", 0);
	f->fix_end_column = node_int(span, "column_end", 0);
}

/* "aborting due to 2 previous errors", "3 warnings emitted": a sum, not a diagnostic. */
static bool is_sum(const struct node *node, struct str message)
{
	return !node_get(node, "spans") && !node_get(node, "code") &&
	       (str_starts(message, "aborting due to ") || str_has(message, " emitted") ||
		       str_starts(message, "For more information about ") ||
		       str_starts(message, "Some errors have detailed explanations"));
}

static void rust_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	const struct node *m = node_get(node, "message"), *span;
	struct failure f = {.kind = FAILURE_LINT, .language = STR("rust"), .duration_s = -1};

	(void)dialect;
	(void)state;
	if (!m || !m->first)
		m = node; /* rustc's own, without cargo's wrapping */
	f.type = node_text(m, "level");
	f.message = node_text(m, "message");
	f.name = node_text(m, "code/code");
	if (f.type.n == 0 || f.message.n == 0 || is_sum(m, f.message) ||
		str_eq_c(f.type, "failure-note"))
		return;
	if (str_starts(f.type, "error") && !str_starts(f.name, "clippy::"))
		f.kind = FAILURE_COMPILE;
	span = primary_span(m);
	f.file = node_text(span, "file_name");
	f.line = node_int(span, "line_start", 0);
	f.column = node_int(span, "column_start", 0);
	rust_fixit(&f, m);
	document_emit(out, &f, ROLE_DETAIL);
	out_reset(out->report);
}

const struct dialect dialect_rustc = {
	.name = "rustc-json",
	.json = true,
	.known_by = (const char *const[]){"/reason=compiler-message /message/message",
		"/reason=compiler-artifact", "/reason=build-finished",
		"/reason=build-script-executed /package_id", "/$message_type",
		"/message /level /rendered", NULL},
	.records = (const char *const[]){"/", NULL},
	.skip = (const char *const[]){"rendered", "target", "explanation", "expansion", NULL},
	.record = rust_record,
};
