#include "kit/report/document/stack_text.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "kit/report/frames.h"
#include "kit/report/python_trace.h"
#include "kit/report/scan.h"

enum { STACK_TEXT_LINES = 400 }; /* of one message */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A name that a file may have: an extension that is no number. */
static bool is_path(struct str s)
{
	struct str extension = str_extension(s);

	return s.n > 1 && s.n < LIMIT_PATH_BYTES && extension.n > 1 && extension.n < 12 &&
	       str_find_char(s, '\t') < 0 && !str_starts(s, "http:") && !str_starts(s, "https:") &&
	       !is_digit(extension.p[extension.n - 1]);
}

/* "path:3:5", "path:3" with nothing behind. */
static bool take_place(struct str s, struct frame *out)
{
	ptrdiff_t colon = str_rfind_char(s, ':'), before;
	int last, line;

	if (colon <= 0 || !str_to_int(str_from(s, (size_t)colon + 1), 0, INT32_MAX, &last))
		return false;
	s = str_slice(s, 0, (size_t)colon);
	before = str_rfind_char(s, ':');
	out->line = last;
	if (before > 0 && str_to_int(str_from(s, (size_t)before + 1), 0, INT32_MAX, &line)) {
		out->line = line;
		out->column = last;
		s = str_slice(s, 0, (size_t)before);
	}
	out->path = s;
	return is_path(s);
}

/* "org.example.Foo$1.bar", "Foo.java" -> "org/example/Foo.java": the package is the folder. */
static struct str java_path(struct str method, struct str file, struct arena *mem)
{
	struct str path;
	ptrdiff_t dot;

	for (int i = 0; i < 2; i++) {
		dot = str_rfind_char(method, '.');
		method = str_slice(method, 0, dot < 0 ? 0 : (size_t)dot);
	}
	if (method.n == 0)
		return file;
	path = arena_printf(mem, "%.*s/%.*s", STR_ARGS(method), STR_ARGS(file));
	for (size_t i = 0; i < method.n; i++)
		if (path.p[i] == '.')
			((char *)(uintptr_t)path.p)[i] = '/';
	return path;
}

static bool java_frame(struct str line, struct frame *out, struct arena *mem)
{
	if (!frame_of_java(line, out))
		return false;
	if (out->line == 0 && !is_path(out->path))
		out->path = STR("");
	if (str_find_char(out->path, '/') >= 0 || str_find_char(out->function, '.') < 0)
		return false;
	if (out->path.n)
		out->path = java_path(out->function, out->path, mem);
	return true;
}

/* PHP: "#0 path(12): f()". */
static bool php_frame(struct str s, struct frame *out)
{
	ptrdiff_t open, close;
	int n;

	*out = (struct frame){0};
	if (!str_skip(&s, "#") || !str_take_int(&s, &n) || !str_skip(&s, " "))
		return false;
	close = str_find_c(s, "): ");
	open = close < 0 ? -1 : str_rfind_char(str_slice(s, 0, (size_t)close), '(');
	if (open <= 0 || !str_to_int(str_slice(s, (size_t)open + 1, (size_t)close), 0, INT32_MAX,
				 &out->line))
		return false;
	out->path = str_slice(s, 0, (size_t)open);
	out->function = str_from(s, (size_t)close + 3);
	return is_path(out->path);
}

/* Go: "/path/x.go:12 +0x1d" below the function's line. */
static bool go_frame(struct str s, struct frame *out)
{
	struct str place = scan_until(s, " +0x");

	*out = (struct frame){0};
	return place.n < s.n && take_place(place, out) && str_ends(out->path, ".go");
}

/* "path(3): text", "path(3,5): text", "path(3) : text". */
static bool bracket_place(struct str s, struct frame *out)
{
	ptrdiff_t open = str_find_char(s, '(');
	struct str rest = str_from(s, (size_t)(open + 1));

	if (open <= 0)
		return false;
	out->path = str_slice(s, 0, (size_t)open);
	if (!str_take_int(&rest, &out->line) || !is_path(out->path))
		return false;
	if (str_skip(&rest, ",") && !str_take_int(&rest, &out->column))
		return false;
	return str_skip(&rest, ")") && str_find_char(out->path, ' ') < 0;
}

/* Rust: "thread 'x' panicked at src/a.rs:3:5:", before 1.73 "... panicked at 'message',
 * src/a.rs:3:5". */
static bool rust_frame(struct str s, struct frame *out)
{
	struct str before;
	ptrdiff_t comma;

	*out = (struct frame){0};
	if (!str_cut(&s, " panicked at ", &before))
		return false;
	comma = str_starts(s, "'") ? str_find_c(s, "', ") : -1;
	if (comma >= 0)
		s = str_from(s, (size_t)comma + 3);
	if (str_ends(s, ":"))
		s.n--;
	return take_place(s, out);
}

/* A message may hold "word path:3:": only what begins as an absolute path may have blanks. */
static bool is_whole_path(struct str s)
{
	return str_find_char(s, ' ') < 0 || s.p[0] == '/' || (s.n > 2 && s.p[1] == ':');
}

bool stack_text_place(struct str s, struct frame *out)
{
	struct str rest;
	struct location at = {0};

	*out = (struct frame){0};
	(void)str_skip(&s, "ERROR:"); /* GLib */
	rest = s;
	if (take_place(s, out) && str_find_char(out->path, ' ') < 0)
		return true;
	*out = (struct frame){0};
	if (!scan_location(&rest, &at) || !is_path(at.path))
		return bracket_place(s, out);
	*out = (struct frame){.path = at.path, .line = at.line, .column = at.column};
	if (str_skip(&rest, "in "))
		out->function = str_trim(rest);
	return is_whole_path(at.path) && str_find_c(at.path, ": ") < 0;
}

static bool js_frame(struct str s, struct frame *out)
{
	bool marked = str_starts(s, "at ") || str_starts(s, "\xe2\x9d\xaf ");

	return marked && frame_of_js(s, out) && out->column > 0;
}

/* "at new Promise (<anonymous>)" is none. */
static bool dotnet_frame(struct str s, struct frame *out)
{
	return frame_of_dotnet(s, out) && (out->path.n || str_find_char(out->function, ' ') < 0);
}

bool stack_text_frame(struct str line, struct frame *out, struct arena *mem)
{
	struct str s = str_trim(line);

	if (java_frame(s, out, mem) || js_frame(s, out) || dotnet_frame(s, out))
		return true;
	*out = (struct frame){0};
	if (python_frame(line, out) || php_frame(s, out) || go_frame(s, out) ||
		rust_frame(s, out) || frame_of_dart(s, out))
		return true;
	if (str_starts(s, "at "))
		return false;
	(void)str_skip(&s, "# "); /* RSpec */
	return stack_text_place(s, out);
}

bool stack_text_is_library(const struct frame *frame)
{
	static const char *const parts[] = {"site-packages/", "dist-packages/", "/usr/lib/",
		"/usr/include/", "/usr/local/lib/", "/_pytest/", "/rustc/", "/usr/src/",
		"/src/testing/testing.go", "/src/runtime/", "/drmemory_package/", "/build/glibc",
		"/build/eglibc", "sysdeps/"};
	static const char *const functions[] = {"System.", "Xunit.", "NUnit.", "Microsoft."};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (str_has(frame->path, parts[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (str_starts(frame->function, functions[i]))
			return true;
	return frame_is_java_library(frame) || frame_is_js_library(frame) ||
	       frame_is_ruby_library(frame) || frame_is_php_library(frame) ||
	       frame_is_dart_library(frame);
}

/* Python prints the innermost frame last, and so does pytest, which marks the message by "E". */
static bool is_innermost_last(struct str text)
{
	return str_has(text, "Traceback (most recent call last)") || str_starts(text, "E  ") ||
	       str_has(text, "\nE  ");
}

static void reverse(struct failure *f, size_t from)
{
	for (size_t i = from, j = f->stack.n; i + 1 < j; i++) {
		struct frame other = f->stack.v[--j];

		f->stack.v[j] = f->stack.v[i];
		f->stack.v[i] = other;
	}
}

/* "org.shop" of "org.shop.CartTest": code of the same owner. */
static struct str owner_of(struct str class_)
{
	ptrdiff_t dot = str_find_char(class_, '.'), next;

	if (dot < 0)
		return STR("");
	next = str_find_char(str_from(class_, (size_t)dot + 1), '.');
	return next < 0 ? STR("") : str_slice(class_, 0, (size_t)(dot + 1 + next));
}

static const struct frame *find_place(const struct failure *f, size_t from)
{
	struct str owner = owner_of(f->suite);
	const struct frame *first = NULL;

	for (size_t i = from; i < f->stack.n; i++) {
		const struct frame *frame = &f->stack.v[i];

		if (frame->path.n == 0 || frame->line == 0 || stack_text_is_library(frame))
			continue;
		if (owner.n == 0 || str_find(frame->function, owner) >= 0)
			return frame;
		first = first ? first : frame;
	}
	return first;
}

static void set_place(struct failure *f, size_t from)
{
	const struct frame *frame = find_place(f, from);

	if (!frame)
		return;
	f->file = frame->path;
	f->line = frame->line;
	f->column = frame->column;
}

void stack_text_read(struct failure *f, struct str text, struct arena *mem)
{
	size_t from = f->stack.n;
	struct str rest = text, line;
	struct frame frame;

	for (int i = 0; i < STACK_TEXT_LINES && str_next_line(&rest, &line); i++)
		if (line.n < LIMIT_PATH_BYTES && stack_text_frame(line, &frame, mem))
			failure_add_frame(f, mem, frame);
	if (is_innermost_last(text))
		reverse(f, from);
	if (f->file.n == 0)
		set_place(f, from);
}
