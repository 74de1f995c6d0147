#include "kit/report/frames.h"

#include "base/cleanup.h"
#include "kit/report/scan.h"

/* "path:3:5" with nothing behind it; "path:3" too when short is true. */
static bool whole_location(struct str s, bool allow_short, struct frame *out)
{
	ptrdiff_t last = str_rfind_char(s, ':'), before;
	int a, b;

	if (last <= 0 || !str_to_int(str_from(s, (size_t)last + 1), 0, INT32_MAX, &b))
		return false;
	before = str_rfind_char(str_slice(s, 0, (size_t)last), ':');
	if (before > 0 &&
		str_to_int(str_slice(s, (size_t)before + 1, (size_t)last), 0, INT32_MAX, &a)) {
		out->path = str_slice(s, 0, (size_t)before);
		out->line = a;
		out->column = b;
	} else if (allow_short) {
		out->path = str_slice(s, 0, (size_t)last);
		out->line = b;
		out->column = 0;
	} else {
		return false;
	}
	if (str_skip(&out->path, "file://") && out->path.n > 3 && out->path.p[2] == ':')
		out->path = str_from(out->path, 1); /* file:///C:/x */
	return out->path.n > 0;
}

/* "f (path:3:5)", "path:3:5" */
static bool call_and_place(struct str s, struct frame *out)
{
	ptrdiff_t open;

	str_skip(&s, "async ");
	s = str_trim(s);
	if (str_ends(s, ")")) {
		open = str_find_c(s, " (");
		if (open < 0)
			return false;
		out->function = str_slice(s, 0, (size_t)open);
		/* "f [as g] (path)", "f (eval at x (path), path)" */
		return whole_location(str_slice(s, (size_t)open + 2, s.n - 1), false, out);
	}
	return whole_location(s, false, out);
}

bool frame_of_js(struct str line, struct frame *out)
{
	struct str s = str_trim(line), function;
	ptrdiff_t space;

	*out = (struct frame){0};
	if (str_skip(&s, "at "))
		return call_and_place(s, out);
	if (str_skip(&s, "\xe2\x9d\xaf ") || str_skip(&s, "> ")) {
		space = str_rfind_char(s, ' ');
		if (space > 0) {
			out->function = str_trim(str_slice(s, 0, (size_t)space));
			s = str_from(s, (size_t)space + 1);
		}
		return whole_location(s, false, out);
	}
	if (str_ends(s, ")") && str_has(s, " ("))
		return call_and_place(s, out);
	if (str_cut(&s, "@", &function) && str_find_char(function, ' ') < 0) {
		out->function = function;
		return whole_location(s, false, out);
	}
	return false;
}

bool frame_is_js_library(const struct frame *frame)
{
	return str_starts(frame->path, "node:") || str_has(frame->path, "node_modules/") ||
	       str_starts(frame->path, "internal/") || str_starts(frame->path, "<") ||
	       (str_find_char(frame->path, '/') < 0 && str_find_char(frame->path, '.') < 0);
}

static bool has_any(struct str s, const char *const *parts)
{
	for (; *parts; parts++)
		if (str_has(s, *parts))
			return true;
	return false;
}

static bool starts_any(struct str s, const char *const *parts)
{
	for (; *parts; parts++)
		if (str_starts(s, *parts))
			return true;
	return false;
}

bool frame_of_java(struct str line, struct frame *out)
{
	struct str s = str_trim(line), inside, line_text;
	ptrdiff_t open, slash;

	*out = (struct frame){0};
	if (!str_skip(&s, "at "))
		return false;
	/* " ~[library.jar:1.2]" of logback */
	s = str_rtrim(scan_until(scan_until(s, " ~["), " ["));
	open = str_find_char(s, '(');
	if (open <= 0 || !str_ends(s, ")") ||
		str_find_char(str_slice(s, 0, (size_t)open), ' ') >= 0)
		return false;
	inside = str_slice(s, (size_t)open + 1, s.n - 1);
	out->function = str_slice(s, 0, (size_t)open);
	slash = str_rfind_char(out->function, '/');
	if (slash >= 0)
		out->function = str_from(out->function, (size_t)slash + 1);
	line_text = inside;
	out->path = inside;
	if (str_cut(&line_text, ":", &out->path) && !str_take_int(&line_text, &out->line))
		out->line = 0;
	return str_has(out->path, ".") || str_eq_c(inside, "Native Method") ||
	       str_eq_c(inside, "Unknown Source");
}

bool frame_is_java_library(const struct frame *frame)
{
	static const char *const starts[] = {"java.", "javax.", "jdk.", "sun.", "com.sun.",
		"junit.", "org.junit.", "org.testng.", "org.hamcrest.", "org.assertj.",
		"org.mockito.", "org.opentest4j.", "org.apache.maven.", "org.gradle.", "groovy.",
		"org.codehaus.groovy.", "kotlin.", "kotlinx.", "scala.", "org.scalatest.",
		"com.google.common.truth.", "org.springframework.", "worker.org.gradle.",
		"io.kotest.", "munit.", "org.spockframework.", "clojure.", NULL};

	return frame->line == 0 || starts_any(frame->function, starts);
}

bool frame_of_dotnet(struct str line, struct frame *out)
{
	struct str s = str_trim(line);
	ptrdiff_t colon;

	*out = (struct frame){0};
	if (!str_skip(&s, "at ") || !str_has(s, "("))
		return false;
	if (!str_cut(&s, " in ", &out->function)) {
		out->function = scan_until(s, "(");
		return str_ends(s, ")");
	}
	out->function = scan_until(out->function, "(");
	colon = str_find_c(s, ":line ");
	if (colon < 0)
		return false;
	out->path = str_slice(s, 0, (size_t)colon);
	s = str_from(s, (size_t)colon + strlen(":line "));
	return str_take_int(&s, &out->line);
}

bool frame_of_ruby(struct str line, struct frame *out)
{
	struct str s = str_trim(line), rest;
	ptrdiff_t at;

	*out = (struct frame){0};
	str_skip(&s, "# ");
	str_skip(&s, "from ");
	at = str_find_c(s, ".rb:");
	if (at <= 0 || str_find_char(str_slice(s, 0, (size_t)at), ' ') >= 0)
		return false;
	out->path = str_slice(s, 0, (size_t)at + 3);
	rest = str_from(s, (size_t)at + 4);
	if (!str_take_int(&rest, &out->line))
		return false;
	if (str_skip(&rest, ":in ")) {
		out->function = str_slice(rest, 1, rest.n ? rest.n - 1 : 0);
		return true;
	}
	return rest.n == 0;
}

bool frame_is_ruby_library(const struct frame *frame)
{
	static const char *const parts[] = {"/gems/", "/lib/ruby/", "/usr/share/ruby", "/usr/lib/",
		"/rubygems", "/vendor/bundle/", NULL};

	return has_any(frame->path, parts);
}

bool frame_of_php(struct str line, struct frame *out)
{
	struct str s = str_trim(line), rest = s;
	int number;

	*out = (struct frame){0};
	if (str_skip(&s, "at "))
		;
	else if (str_take_int(&rest, &number) && str_starts(rest, "  "))
		s = str_trim(rest);
	if (str_find_char(s, ' ') >= 0 || !str_has(s, ".php:"))
		return false;
	return whole_location(s, true, out);
}

bool frame_is_php_library(const struct frame *frame)
{
	return str_has(frame->path, "vendor/") || str_starts(frame->path, "/usr/share/php/");
}

bool frame_of_dart(struct str line, struct frame *out)
{
	struct str s = str_trim(line), rest;
	ptrdiff_t at = str_find_c(s, ".dart ");

	*out = (struct frame){0};
	if (at <= 0 || str_find_char(str_slice(s, 0, (size_t)at), ' ') >= 0)
		return false;
	out->path = str_slice(s, 0, (size_t)at + 5);
	rest = str_from(s, (size_t)at + 6);
	if (!str_take_int(&rest, &out->line) || !str_skip(&rest, ":") ||
		!str_take_int(&rest, &out->column))
		return false;
	out->function = str_trim(rest);
	return true;
}

bool frame_is_dart_library(const struct frame *frame)
{
	return str_starts(frame->path, "package:test") || str_starts(frame->path, "dart:") ||
	       str_starts(frame->path, "package:matcher") ||
	       str_starts(frame->path, "package:flutter");
}
