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
