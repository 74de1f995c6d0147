#include "kit/report/document/outcome.h"

#include "base/buf.h"
#include "kit/report/document/stack_text.h"
#include "kit/report/scan.h"

enum { MESSAGE_BYTES = 16 << 10 };

/* "AssertionError: text", "java.lang.IllegalStateException: text", "Error [CODE]: text". */
static bool is_type_name(struct str s)
{
	bool named = false;

	if (s.n == 0 || s.n > 200)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!scan_is_word(s.p[i]) && s.p[i] != '$' && s.p[i] != '\\')
			return false;
		named |= s.p[i] >= 'A' && s.p[i] <= 'Z';
	}
	return named &&
	       (str_has(s, "Error") || str_has(s, "Exception") || str_has(s, "Failure") ||
		       str_has(s, "Exit") || str_has(s, "Interrupt") || str_has(s, "Fault"));
}

/* Takes the type off a message's start; both are left alone where there is none. */
static void split_type(struct str *type, struct str *message)
{
	struct str rest = *message, head, code;

	if (!str_cut(&rest, ":", &head)) {
		head = scan_until(*message, "\n");
		rest = str_from(*message, head.n);
	}
	head = str_trim(head);
	if (str_ends(head, "]") && str_cut(&head, " [", &code))
		head = code;
	if (!is_type_name(head))
		return;
	if (type->n == 0)
		*type = head;
	/* A type told apart may be the short form of the one in the message. */
	if (str_eq(*type, head) || str_eq(str_extension(head), str_extension(*type)) ||
		str_ends(*type, "Failure"))
		*message = str_trim(rest);
}

/* The message's lines up to the stack. */
static struct str without_stack(struct str text, struct arena *mem)
{
	struct str rest = text, line;
	struct frame frame;
	size_t n = text.n;

	while (str_next_line(&rest, &line)) {
		struct str s = str_ltrim(line);

		if ((str_starts(s, "at ") || str_starts(s, "\xe2\x9d\xaf ")) &&
			stack_text_frame(line, &frame, mem)) {
			n = (size_t)(line.p - text.p);
			break;
		}
	}
	return str_trim(str_slice(text, 0, n));
}

/* The lines that pytest marks by "E   ": those of the last exception. */
static struct str marked_message(struct str text, struct arena *mem)
{
	BUF_AUTO message = BUF_INIT(MESSAGE_BYTES);
	struct str line;
	bool marked = false;

	while (str_next_line(&text, &line)) {
		bool again = str_skip(&line, "E  ") && line.n;

		if (again && !marked)
			buf_reset(&message);
		if (again) {
			buf_c(&message, message.n ? "\n" : "");
			buf_str(&message, message.n ? line : str_trim(line));
		}
		marked = again;
	}
	return message.n ? arena_str(mem, str_trim(buf_view(&message))) : STR("");
}

/* Words of the runner, not of the test. */
static bool says_nothing(struct str message)
{
	return message.n == 0 || str_eq_c(message, "collection failure") ||
	       str_starts(message, "test setup failure") ||
	       str_starts(message, "failed on setup with ") ||
	       str_starts(message, "failed on teardown with ") ||
	       str_starts(message, "test teardown failure") || str_eq_c(message, "Failed") ||
	       str_eq_c(message, "failed");
}

struct pair {
	const char *expected, *actual, *end;
};

/* "expected:<1> but was:<2>" and the like, in one line. */
static bool read_inline(struct failure *f)
{
	static const struct pair pairs[] = {
		{"expected:<", "> but was:<", ">"},
		{"expected: <", "> but was: <", ">"},
		{"Expected:<", ">. Actual:<", ">"},
		{"expected [", "] but found [", "]"},
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct str rest = f->message, before;
		ptrdiff_t end;

		if (!str_cut(&rest, pairs[i].expected, &before) ||
			!str_cut(&rest, pairs[i].actual, &before))
			continue;
		end = str_rfind_char(rest, pairs[i].end[0]);
		f->expected = before;
		f->actual = end < 0 ? rest : str_slice(rest, 0, (size_t)end);
		return true;
	}
	return false;
}

/* "Expected: 1", "- Actual  : 2", "got: 3": whether the line has one of the labels. */
static bool take_value(struct str line, const char *const *labels, struct str *value)
{
	struct str label;

	(void)str_skip(&line, "- ");
	if (!str_cut(&line, ":", &label))
		return false;
	label = str_rtrim(label);
	for (; *labels; labels++)
		if (str_eq_nocase(label, str_of(*labels))) {
			*value = str_trim(line);
			return true;
		}
	return false;
}

/* "Expected: 1" and "Received: 2" in lines of their own. */
static void read_lines(struct failure *f)
{
	static const char *const expected[] = {"expected", "expected value", "right", NULL};
	static const char *const actual[] = {"received", "actual", "but was", "got", "left", NULL};
	struct str rest = f->message, line;

	while (str_next_line(&rest, &line)) {
		line = str_trim(line);
		if (!f->expected.p && take_value(line, expected, &f->expected))
			continue;
		if (!f->actual.p)
			(void)take_value(line, actual, &f->actual);
	}
}

/* What a report says of a test's place is mostly where the test begins: the stack knows where it
 * went wrong. */
static void read_place(struct failure *f, struct str text, struct arena *mem)
{
	struct str file = f->file;
	int line = f->line, column = f->column;

	f->file = STR("");
	f->line = f->column = 0;
	stack_text_read(f, text, mem);
	if (f->file.n)
		return;
	f->file = file;
	f->line = line;
	f->column = column;
}

/* "thread 'x' panicked at src/a.rs:3:5:\nmessage", before Rust 1.73 "... at 'message', place". */
static void split_panic(struct failure *f)
{
	struct str rest = f->message, before, line;

	if (!str_cut(&rest, " panicked at ", &before) || !str_next_line(&rest, &line))
		return;
	f->type = STR("panic");
	if (str_skip(&line, "'"))
		f->message = scan_until(line, "', ");
	else
		f->message = str_trim(scan_until(rest, "\nnote: run with "));
}

/* GoogleTest puts the place before the message. */
static void skip_place(struct str *message)
{
	struct str rest = *message, line;
	struct frame frame;

	if (str_next_line(&rest, &line) && rest.n && str_find_char(line, ' ') < 0 &&
		stack_text_place(line, &frame))
		*message = rest;
}

void outcome_explain(struct failure *f, struct str message, struct str text, struct arena *mem)
{
	f->message = says_nothing(message) ? marked_message(text, mem) : message;
	if (f->message.n == 0)
		f->message = without_stack(text, mem);
	if (f->message.n == 0)
		f->message = message;
	if (text.n == 0)
		text = message;
	skip_place(&f->message);
	split_panic(f);
	split_type(&f->type, &f->message);
	/* pytest leaves it out where an assert statement failed. */
	if (f->type.n == 0 && (str_starts(f->message, "assert ") || str_eq_c(f->message, "assert")))
		f->type = STR("AssertionError");
	read_place(f, text, mem);
	if (!f->expected.p && !f->actual.p && !read_inline(f))
		read_lines(f);
	if (f->language.n == 0)
		f->language = scan_language(f->file);
	if (!f->language.p)
		f->language = STR("");
}
