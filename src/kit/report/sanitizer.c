/* sanitizer: reports of Address-, Leak-, Thread-, Memory- and UndefinedBehaviorSanitizer.
 * https://github.com/google/sanitizers/wiki,
 * https://clang.llvm.org/docs/UndefinedBehaviorSanitizer.html
 */
#include "kit/report/scan.h"

#include "kit/report/format.h"

enum { REPORT_LINES = 400 };

struct sanitizer {
	struct failure f;
	bool have, leak;
	bool stack_done; /* the first stack is the access; further ones say where memory came from
			  */
	int first_line, last_line;
};

static const char *const tools[] = {"AddressSanitizer: ", "LeakSanitizer: ", "ThreadSanitizer: ",
	"MemorySanitizer: ", "HWAddressSanitizer: "};

static void flush(struct sanitizer *z, struct report_out *out)
{
	struct failure *f = &z->f;

	if (!z->have)
		return;
	z->have = false;
	f->kind = FAILURE_CRASH;
	f->duration_s = -1;
	for (size_t i = 0; i < f->stack.n && !f->language.p; i++)
		f->language = scan_language(f->stack.v[i].path);
	if (!f->language.p)
		f->language = STR("c");
	if (f->file.n == 0 && f->stack.n) {
		f->file = f->stack.v[0].path;
		f->line = f->stack.v[0].line;
		f->column = f->stack.v[0].column;
	}
	out_emit(out, f, ROLE_DETAIL, z->first_line, z->last_line);
	out_reset(out);
}

/* "heap-buffer-overflow on address 0x...", "data race (pid=1)", "detected memory leaks" */
static struct str report_type(struct str s, bool *leak)
{
	*leak = str_starts(s, "detected memory leaks");
	if (*leak)
		return STR("memory leak");
	s = scan_until(scan_until(scan_until(s, " on "), " (pid="), " in ");
	s = scan_until(s, " 0x");
	return str_trim(scan_until(s, ": "));
}

static bool starts(struct sanitizer *z, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, before;

	if (!str_has(s, "ERROR: ") && !str_has(s, "WARNING: "))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		if (!str_cut(&s, tools[i], &before))
			continue;
		flush(z, out);
		z->f = (struct failure){.type = out_scratch(out, report_type(s, &z->leak))};
		z->have = true;
		z->stack_done = false;
		z->first_line = z->last_line = line->number;
		return true;
	}
	return false;
}

/* UBSan: "path:3:5: runtime error: signed integer overflow: ..." */
static bool runtime_error(
	struct sanitizer *z, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct location at;

	if (!scan_location(&s, &at) || !str_skip(&s, " runtime error: "))
		return false;
	flush(z, out);
	z->f = (struct failure){.type = STR("undefined behavior"),
		.message = out_scratch(out, s),
		.line = at.line,
		.column = at.column};
	z->f.file = out_scratch(out, at.path);
	failure_add_frame(&z->f, &out->scratch,
		(struct frame){.path = z->f.file, .line = at.line, .column = at.column});
	z->have = true;
	/* With print_stacktrace=1 a stack follows, which starts at the same place. */
	z->stack_done = false;
	z->first_line = z->last_line = line->number;
	return true;
}

/* The place at the end of a frame: "path:3:5", "path:3", "(binary+0x12)". */
static void frame_place(struct frame *frame, struct str s)
{
	struct str number;
	ptrdiff_t colon;
	int n[2] = {0}, count = 0;

	s = scan_until(s, " (");
	while (count < 2 && (colon = str_rfind_char(s, ':')) > 0) {
		number = str_from(s, (size_t)colon + 1);
		if (!str_to_int(number, 0, INT32_MAX, &n[count]))
			break;
		count++;
		s = str_slice(s, 0, (size_t)colon);
	}
	frame->path = s;
	frame->line = count == 2 ? n[1] : n[0];
	frame->column = count == 2 ? n[0] : 0;
}

/* "    #0 0x55 in name(int, char) path:3:5", TSan "    #0 name path:3 (binary+0x1)" */
static bool read_frame(struct str line, struct frame *frame, int *number)
{
	struct str s = str_ltrim(line), address;
	ptrdiff_t at;

	*frame = (struct frame){0};
	if (!str_skip(&s, "#") || !str_take_int(&s, number) || !str_skip(&s, " "))
		return false;
	s = str_ltrim(s);
	if (str_starts(s, "0x") && !str_cut(&s, " in ", &address))
		return true;
	/* A function's arguments may hold spaces; a path starts behind the last blank before '/',
	 * or is the last word. */
	at = str_find_c(s, " /");
	if (at < 0)
		at = str_find_c(s, " ../");
	if (at < 0)
		at = str_find_c(s, " (");
	if (at < 0)
		at = str_rfind_char(s, ' ');
	if (at < 0)
		at = (ptrdiff_t)s.n;
	frame->function = str_trim(str_slice(s, 0, (size_t)at));
	s = str_ltrim(str_from(s, (size_t)at));
	if (!str_starts(s, "(") && !str_starts(s, "<null>"))
		frame_place(frame, s);
	return true;
}

static void frame_line(
	struct sanitizer *z, struct report_out *out, const struct frame *frame, int number)
{
	struct frame copy = *frame;
	struct failure *f = &z->f;

	if (z->stack_done || frame->function.n == 0)
		return;
	copy.path = out_scratch(out, frame->path);
	/* "f(int)" of C++ -> "f": gcc's and clang's builds name it differently. */
	copy.function = out_scratch(out, scan_until(frame->function, "("));
	if (number == 0 && f->stack.n == 1 && f->stack.v[0].function.n == 0) {
		f->stack.v[0].function = copy.function;
		return;
	}
	failure_add_frame(f, &out->scratch, copy);
}

/* "READ of size 4 at 0x... thread T0", "Direct leak of 5 byte(s) in 1 object(s) allocated from:",
 * "==1==The signal is caused by a READ memory access." */
static struct str access_of(struct str s)
{
	ptrdiff_t at = str_find_c(s, "The signal is caused by ");

	if (at >= 0)
		return str_from(s, (size_t)at);
	if (!str_has(s, " of size ") && !str_has(s, " leak of "))
		return STR("");
	return scan_until(scan_until(scan_until(s, " at 0x"), " allocated from"), " thread T");
}

static void text_line(struct sanitizer *z, struct report_out *out, struct str s)
{
	struct str trimmed = str_trim(s);

	if (trimmed.n == 0 || str_starts(trimmed, "=====")) {
		z->stack_done |= z->f.stack.n > 1 || (z->f.stack.n && z->f.file.n == 0);
		return;
	}
	if (z->f.message.n == 0)
		z->f.message = out_scratch(out, access_of(trimmed));
}

static bool sanitizer_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct sanitizer *z = state;
	struct frame frame;
	int number;

	if (starts(z, out, line) || runtime_error(z, out, line))
		return true;
	if (!z->have)
		return false;
	if (str_starts(line->text, "SUMMARY: ") || str_has(line->text, "==ABORTING") ||
		line->number - z->first_line > REPORT_LINES) {
		z->last_line = line->number;
		flush(z, out);
		return false;
	}
	if (read_frame(line->text, &frame, &number)) {
		z->last_line = line->number;
		frame_line(z, out, &frame, number);
		return true;
	}
	/* UBSan reports are one line each, mostly. */
	if (str_eq_c(z->f.type, "undefined behavior") && line->text.n && line->text.p[0] != ' ') {
		flush(z, out);
		return false;
	}
	text_line(z, out, line->text);
	return true;
}

static void sanitizer_end(void *state, struct report_out *out)
{
	flush(state, out);
}

const struct report_format format_sanitizer = {
	.name = "sanitizer",
	.literals = (const char *const[]){"AddressSanitizer: ", "LeakSanitizer: ",
		"ThreadSanitizer: ", "MemorySanitizer: ", ": runtime error: ", NULL},
	.state_size = sizeof(struct sanitizer),
	.line = sanitizer_line,
	.end = sanitizer_end,
};
