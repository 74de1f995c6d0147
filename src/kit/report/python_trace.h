/* python_trace: a Python traceback read line by line, for the formats that hold one.
 * Layer: kit, inside report/. Reads what the interpreter prints (PEP 3134 chains, PEP 654 groups,
 * the form of syntax errors without "in"): https://docs.python.org/3/library/traceback.html */
#pragma once

#include "kit/report/format.h"

struct python_trace {
	struct failure f;         /* type, message, stack innermost first; strings in the scratch */
	vec(struct frame) frames; /* of the traceback being read, outermost first; from scratch */
	enum { TRACE_NONE, TRACE_FRAMES, TRACE_MESSAGE, TRACE_GAP } at;
	bool loose;         /* the message goes on until a line of a chain, whatever it holds */
	bool group, inside; /* of an exception group; behind its own exception line */
	int leaves;
	int first_line, last_line;
};

void python_trace_reset(struct python_trace *t, bool loose);
/* Whether the line can be the first of one. */
bool python_trace_starts(struct str line);
/* Takes the line; false when it is not part of the traceback any more (it was not taken). */
bool python_trace_line(
	struct python_trace *t, struct report_out *out, const struct report_line *line);
/* Whether an exception was read. */
bool python_trace_complete(const struct python_trace *t);
/* For formats that print frames their own way, outermost first: adds one; then puts those added
 * before the frames of the exceptions that came earlier. */
void python_trace_add_frame(struct python_trace *t, struct report_out *out, struct frame frame);
void python_trace_push(struct python_trace *t, struct report_out *out);
/* Whether the line announces another exception of a chain. */
bool python_is_chain(struct str line);
/* Sets file, line, kind, language, expected and actual from what was read. */
void python_trace_conclude(struct python_trace *t, struct report_out *out);
/* Reads `  File "path", line n, in name` (or without name). */
bool python_frame(struct str line, struct frame *out);
/* Reads "dotted.Name: message" or "dotted.Name". */
bool python_exception(struct str line, struct str *type, struct str *message);
/* What a comparison in an assertion says: "assert 3 == 4", "3 != 4" of unittest. */
void python_operands(struct failure *f, struct report_out *out);
