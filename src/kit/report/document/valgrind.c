/* valgrind: --xml=yes. https://valgrind.org/docs/manual/manual-core.html, xml-output-protocol4.txt
 */
#include "kit/report/document/dialect.h"

#include "kit/report/document/stack_text.h"
#include "kit/report/scan.h"

static struct str frame_path(const struct node *frame, struct arena *mem)
{
	struct str dir = node_text(frame, "dir"), file = node_text(frame, "file");

	if (file.n && dir.n)
		return arena_printf(mem, "%.*s/%.*s", STR_ARGS(dir), STR_ARGS(file));
	return file.n ? file : node_text(frame, "obj");
}

static void read_stack(struct failure *f, const struct node *stack, struct arena *mem)
{
	const struct node *node = stack ? node_get(stack, "frame") : NULL;

	for (; node; node = node_again(node)) {
		struct frame frame = {.path = frame_path(node, mem),
			.function = node_text(node, "fn"),
			.line = node_int(node, "line", 0)};

		failure_add_frame(f, mem, frame);
		if (f->file.n || frame.line == 0 || stack_text_is_library(&frame) ||
			str_has(frame.path, "vg_replace_"))
			continue;
		f->file = frame.path;
		f->line = frame.line;
	}
}

static void valgrind_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	static const char *const texts[] = {"what", "xwhat/text", "auxwhat", "event", NULL};
	struct failure f = {.kind = FAILURE_CRASH, .duration_s = -1};
	struct arena *mem = &out->report->scratch;

	(void)dialect;
	(void)state;
	f.type = node_text_any(node, (const char *const[]){"kind", "signame", NULL});
	f.message = node_text_any(node, texts);
	read_stack(&f, node_get(node, "stack"), mem);
	f.language = scan_language(f.file);
	if (f.language.n == 0)
		f.language = STR("c");
	document_emit(out, &f, ROLE_RUNNER);
	out_reset(out->report);
}

const struct dialect dialect_valgrind = {
	.name = "valgrind",
	.known_by = (const char *const[]){"valgrindoutput", NULL},
	.records =
		(const char *const[]){"valgrindoutput/error", "valgrindoutput/fatal_signal", NULL},
	.skip = (const char *const[]){"suppression", NULL},
	.record = valgrind_record,
};
