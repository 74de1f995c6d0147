#include "kit/report/tap_yaml.h"

#include "kit/report/frames.h"
#include "kit/report/scan.h"

enum tap_value {
	VALUE_NONE,
	VALUE_MESSAGE,
	VALUE_TYPE,
	VALUE_EXPECTED,
	VALUE_ACTUAL,
	VALUE_PLACE, /* path:line:column */
	VALUE_FILE,
	VALUE_LINE,
	VALUE_COLUMN,
	VALUE_STACK,
	VALUE_DURATION_MS,
	VALUE_FAILURE_TYPE,
};

struct tap_key {
	const char *key;
	enum tap_value value;
};

/* Of node-tap, tape, node --test, vitest, TAP::Formatter, bats, PHP. */
static const struct tap_key keys[] = {
	{"message", VALUE_MESSAGE},
	{"error", VALUE_MESSAGE},
	{"name", VALUE_TYPE},
	{"expected", VALUE_EXPECTED},
	{"wanted", VALUE_EXPECTED},
	{"want", VALUE_EXPECTED},
	{"actual", VALUE_ACTUAL},
	{"found", VALUE_ACTUAL},
	{"got", VALUE_ACTUAL},
	{"received", VALUE_ACTUAL},
	{"at", VALUE_PLACE},
	{"location", VALUE_PLACE},
	{"file", VALUE_FILE},
	{"fileName", VALUE_FILE},
	{"line", VALUE_LINE},
	{"lineNumber", VALUE_LINE},
	{"column", VALUE_COLUMN},
	{"columnNumber", VALUE_COLUMN},
	{"stack", VALUE_STACK},
	{"duration_ms", VALUE_DURATION_MS},
	{"failureType", VALUE_FAILURE_TYPE},
};

void tap_yaml_open(struct tap_yaml *y, size_t indent)
{
	*y = (struct tap_yaml){.indent = indent};
}

static const struct tap_key *find_key(struct str s)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_eq_c(s, keys[i].key))
			return &keys[i];
	return NULL;
}

static struct str unquoted(struct str s)
{
	if (s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0])
		return str_slice(s, 1, s.n - 1);
	return s;
}

/* \" and \' -> the quotes; other escapes stay as they are. */
static struct str unescaped(struct report_out *out, struct str s)
{
	BUF_AUTO b = {.cap = REPORT_MESSAGE_BYTES};

	if (str_find_char(s, '\\') < 0)
		return s;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\''))
			i++;
		buf_char(&b, s.p[i]);
	}
	return out_scratch(out, buf_view(&b));
}

/* "path:3:5", "f (path:3:5)" of tape. */
static void set_place(struct block *b, struct report_out *out, struct str s)
{
	struct frame frame;
	BUF_AUTO at = {.cap = REPORT_MESSAGE_BYTES};

	buf_c(&at, "at ");
	buf_str(&at, s);
	if (b->f.line || !frame_of_js(buf_view(&at), &frame))
		return;
	block_frame(b, out, frame);
}

static void set_number(struct tap_yaml *y, struct block *b, bool column, struct str s)
{
	int n;

	if (!str_to_int(s, 0, INT32_MAX, &n))
		return;
	*(column ? &y->column : &y->line) = n;
	if (b->f.file.n && !(column ? b->f.column : b->f.line))
		*(column ? &b->f.column : &b->f.line) = n;
}

static void add_frame(struct block *b, struct report_out *out, struct str s)
{
	struct frame frame;

	if (!frame_of_js(s, &frame))
		return;
	/* The place that was told may be the test's; the stack's top is nearer. */
	if (b->f.stack.n <= 1 && !frame_is_js_library(&frame)) {
		b->f.file = STR("");
		if (b->f.stack.n == 1)
			b->f.stack.n = b->f.stack.cap = 0;
	}
	block_frame(b, out, frame);
}

static void add_to(struct str *to, struct report_out *out, struct str s)
{
	*to = to->n ? out_join(out, *to, s) : out_scratch(out, s);
}

static void take_value(struct tap_yaml *y, struct block *b, struct report_out *out,
	enum tap_value value, struct str s)
{
	struct failure *f = &b->f;
	double ms;

	if (value == VALUE_MESSAGE)
		block_text(b, out, s);
	else if (value == VALUE_TYPE && f->type.n == 0 && str_find_char(s, ' ') < 0)
		f->type = out_scratch(out, s);
	else if (value == VALUE_EXPECTED)
		add_to(&f->expected, out, s);
	else if (value == VALUE_ACTUAL)
		add_to(&f->actual, out, s);
	else if (value == VALUE_PLACE)
		set_place(b, out, s);
	else if (value == VALUE_FILE && f->file.n == 0) {
		f->file = out_scratch(out, s);
		f->line = y->line;
		f->column = y->column;
	} else if (value == VALUE_LINE || value == VALUE_COLUMN)
		set_number(y, b, value == VALUE_COLUMN, s);
	else if (value == VALUE_STACK)
		add_frame(b, out, s);
	else if (value == VALUE_DURATION_MS && str_to_double(s, &ms))
		f->duration_s = ms / 1000;
	else if (value == VALUE_FAILURE_TYPE)
		y->subtests_failed = str_eq_c(s, "subtestsFailed");
}

static bool is_block_mark(struct str s)
{
	return s.n && (s.p[0] == '|' || s.p[0] == '>') && s.n <= 3;
}

/* A further line of a value; false when it is a key's own line. */
static bool continued(struct tap_yaml *y, struct block *b, struct report_out *out, struct str line)
{
	struct str s = str_trim(line);
	size_t indent = (size_t)(str_ltrim(line).p - line.p);

	if (!y->key)
		return false;
	if (y->quoted) {
		y->quoted = !str_ends(s, "\"") || str_ends(s, "\\\"");
		line = str_rtrim(line);
		line.n -= !y->quoted;
		take_value(y, b, out, y->key->value, unescaped(out, line));
		if (!y->quoted)
			y->key = NULL;
		return true;
	}
	if (s.n && indent <= y->key_indent) {
		y->key = NULL;
		return false;
	}
	if (!y->started)
		y->margin = indent;
	y->started |= s.n > 0;
	take_value(y, b, out, y->key->value,
		y->key->value == VALUE_STACK ? s : str_rtrim(str_from(line, y->margin)));
	return true;
}

void tap_yaml_line(struct tap_yaml *y, struct block *b, struct report_out *out, struct str line)
{
	struct str s = str_trim(line), key;
	const struct tap_key *found;

	if (continued(y, b, out, line) || !str_cut(&s, ":", &key))
		return;
	found = find_key(key);
	s = str_trim(s);
	if (!found)
		return;
	if (is_block_mark(s) ||
		(s.n == 0 && found->value != VALUE_MESSAGE && found->value != VALUE_PLACE)) {
		y->key = found;
		y->key_indent = (size_t)(str_ltrim(line).p - line.p);
		y->started = false;
	} else if (s.n && s.p[0] == '"' && (s.n == 1 || s.p[s.n - 1] != '"')) {
		y->key = found;
		y->quoted = true;
		take_value(y, b, out, found->value, unescaped(out, str_from(s, 1)));
	} else if (s.n) {
		take_value(y, b, out, found->value, unescaped(out, unquoted(s)));
	}
}
