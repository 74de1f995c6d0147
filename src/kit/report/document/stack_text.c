#include "kit/report/document/stack_text.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "kit/report/scan.h"

enum { STACK_TEXT_LINES = 400 }; /* of one message */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
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
	if (str_skip(&s, "file://") && s.n > 3 && s.p[2] == ':')
		s = str_from(s, 1); /* file:///C:/x */
	out->path = s;
	return s.n > 0;
}

/* A name that a file may have: with a dot or a slash, no blanks at its ends. */
static bool is_path(struct str s)
{
	struct str extension = str_extension(s);

	return s.n > 1 && s.n < LIMIT_PATH_BYTES && extension.n > 1 && extension.n < 12 &&
	       str_find_char(s, '\t') < 0 && !str_starts(s, "http:") && !str_starts(s, "https:") &&
	       !is_digit(extension.p[extension.n - 1]);
}

/* "app//org.example.Foo$1.bar", "Foo.java" -> "org/example/Foo.java": the package is the folder. */
static struct str java_path(struct str method, struct str file, struct arena *mem)
{
	ptrdiff_t slash = str_rfind_char(method, '/'), dot;
	struct str path;

	method = str_from(method, (size_t)(slash + 1));
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

/* Java: "at org.example.Foo.bar(Foo.java:12)", "at app//org..."; also Kotlin, Scala, Groovy. */
static bool java_frame(struct str s, struct frame *out, struct arena *mem)
{
	ptrdiff_t open = str_rfind_char(s, '(');
	struct str place, method;

	if (open <= 0 || !str_ends(s, ")"))
		return false;
	method = str_slice(s, 0, (size_t)open);
	place = str_slice(s, (size_t)open + 1, s.n - 1);
	if (str_find_char(method, ' ') >= 0 || str_find_char(place, '/') >= 0 ||
		str_find_char(method, '.') < 0)
		return false;
	out->function = method;
	if (!str_eq_c(place, "Native Method") && !str_eq_c(place, "Unknown Source") &&
		!take_place(place, out))
		out->path = place;
	if (out->path.n == 0)
		return true;
	if (!is_path(out->path))
		return false;
	out->path = java_path(method, out->path, mem);
	return true;
}

/* .NET: "at A.B.C(Int32 x) in C:\x\y.cs:line 12" (in words of the user's language, too). */
static bool dotnet_frame(struct str s, struct frame *out)
{
	ptrdiff_t colon = str_rfind_char(s, ':'), close = str_find_c(s, ") "), space;
	struct str number;

	if (colon < 0 || close < 0 || close > colon)
		return false;
	number = str_from(s, (size_t)colon + 1);
	space = str_rfind_char(number, ' ');
	if (space < 0 || !str_to_int(str_from(number, (size_t)space + 1), 0, INT32_MAX, &out->line))
		return false;
	out->function = str_slice(s, 0, (size_t)close + 1);
	out->path = str_slice(s, (size_t)close + 2, (size_t)colon);
	space = str_find_char(out->path, ' ');
	if (space < 0 || space > 4)
		return false;
	out->path = str_from(out->path, (size_t)space + 1);
	return is_path(out->path);
}

/* JavaScript: "at f (path:3:5)", "at path:3:5", "at async f (path:3:5)". */
static bool js_frame(struct str s, struct frame *out)
{
	ptrdiff_t open = str_find_c(s, " (");

	if (open > 0 && str_ends(s, ")")) {
		out->function = str_slice(s, 0, (size_t)open);
		return take_place(str_slice(s, (size_t)open + 2, s.n - 1), out);
	}
	(void)str_skip(&s, "async ");
	return take_place(s, out) && out->column > 0;
}

static bool at_frame(struct str s, struct frame *out, struct arena *mem)
{
	if (java_frame(s, out, mem))
		return true;
	*out = (struct frame){0};
	if (js_frame(s, out))
		return true;
	*out = (struct frame){0};
	return dotnet_frame(s, out);
}

/* Python: 'File "x.py", line 3, in f'. */
static bool python_frame(struct str s, struct frame *out)
{
	struct str path;

	if (!str_skip(&s, "File \"") || !str_cut(&s, "\", line ", &path) ||
		!str_take_int(&s, &out->line))
		return false;
	out->path = path;
	if (str_skip(&s, ", in "))
		out->function = s;
	return true;
}

/* PHP: "#0 path(12): f()"; also Valgrind-like "f (file.c:12)" is left to js_frame's form. */
static bool php_frame(struct str s, struct frame *out)
{
	ptrdiff_t open, close;
	int n;

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

/* Dart: "test/a_test.dart 7:7  main.<fn>". */
static bool dart_frame(struct str s, struct frame *out)
{
	struct str path;

	if (!str_cut(&s, ".dart ", &path) || str_find_char(path, ' ') >= 0)
		return false;
	out->path = str_make(path.p, path.n + strlen(".dart"));
	if (!str_take_int(&s, &out->line))
		return false;
	if (str_skip(&s, ":") && !str_take_int(&s, &out->column))
		return false;
	out->function = str_trim(s);
	return true;
}

/* Go: "/path/x.go:12 +0x1d" below the function's line. */
static bool go_frame(struct str s, struct frame *out)
{
	struct str place = scan_until(s, " +0x");

	return place.n < s.n && take_place(place, out) && str_ends(out->path, ".go");
}

/* "path:3: text", "path:3:5", "path:3:in `f'", "path(3): text", "path(3,5): text". */
static bool plain_place(struct str s, struct frame *out)
{
	struct str rest = s;
	struct location at = {0};
	ptrdiff_t open;

	(void)str_skip(&rest, "# ");
	if (take_place(rest, out) && is_path(out->path))
		return str_find_char(out->path, ' ') < 0;
	*out = (struct frame){0};
	if (scan_location(&rest, &at) && is_path(at.path)) {
		*out = (struct frame){.path = at.path, .line = at.line, .column = at.column};
		if (str_skip(&rest, "in "))
			out->function = str_trim(rest);
		return str_find_c(at.path, ": ") < 0 && str_find_c(at.path, ", ") < 0;
	}
	open = str_find_char(s, '(');
	if (open <= 0)
		return false;
	rest = str_from(s, (size_t)open + 1);
	out->path = str_slice(s, 0, (size_t)open);
	if (!str_take_int(&rest, &out->line) || !is_path(out->path))
		return false;
	if (str_skip(&rest, ",") && !str_take_int(&rest, &out->column))
		return false;
	return str_skip(&rest, ")") && str_find_char(out->path, ' ') < 0;
}

bool stack_text_frame(struct str line, struct frame *out, struct arena *mem)
{
	struct str s = str_trim(line);

	*out = (struct frame){0};
	if (str_skip(&s, "at "))
		return at_frame(str_ltrim(s), out, mem);
	if (python_frame(s, out) || php_frame(s, out) || go_frame(s, out) || dart_frame(s, out))
		return true;
	*out = (struct frame){0};
	return plain_place(s, out);
}

bool stack_text_place(struct str s, struct frame *out)
{
	*out = (struct frame){0};
	return plain_place(s, out);
}

bool stack_text_is_library(const struct frame *frame)
{
	static const char *const parts[] = {"node_modules/", "node:", "/lib/ruby/",
		"site-packages/", "dist-packages/", "/usr/lib/", "/usr/include/", "/usr/local/lib/",
		"/vendor/", "vendor/", "internal/", "<", "/gems/", "package:", "dart:", "/_pytest/",
		"/rustc/", "/usr/src/"};
	static const char *const packages[] = {"java.", "javax.", "jdk.", "sun.", "junit.",
		"org.junit.", "org.hamcrest.", "org.testng.", "org.assertj.", "org.mockito.",
		"org.gradle.", "org.apache.maven.", "kotlin.", "scala.", "groovy.",
		"org.codehaus.groovy.", "com.sun.", "org.opentest4j.", "com.google.common.truth.",
		"org.scalatest.", "System.", "Xunit.", "NUnit.", "Microsoft.", "java.base/",
		"org.spockframework."};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (str_starts(frame->path, parts[i]) ||
			(parts[i][0] != '<' && str_has(frame->path, parts[i])))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(packages); i++)
		if (str_starts(frame->function, packages[i]))
			return true;
	return false;
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

static bool is_usable(const struct frame *frame)
{
	return frame->path.n && frame->line && !stack_text_is_library(frame);
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

		if (!is_usable(frame))
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
