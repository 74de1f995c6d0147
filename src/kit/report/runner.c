#include "kit/report/runner.h"

#include "kit/report/pattern.h"
#include "kit/report/tally.h"

enum {
	QUIET_LINES = 400, /* without a known form: the run's output is over, or was cut */
	TITLE_LINES = 24,
};

static const struct runner *runner_of(const struct report_out *out)
{
	return out->format->data;
}

static void set_text(char *to, struct str s)
{
	if (s.n >= RUNNER_TEXT_BYTES)
		s.n = 0;
	memcpy(to, s.p ? s.p : "", s.n);
	to[s.n] = '\0';
}

static size_t indent_of(struct str s)
{
	return (size_t)(str_ltrim(s).p - s.p);
}

/* --- names --- */

static ptrdiff_t find_last(struct str s, const char *separator)
{
	ptrdiff_t found = -1, at;
	size_t from = 0;

	while ((at = str_find_c(str_from(s, from), separator)) >= 0) {
		found = (ptrdiff_t)from + at;
		from += (size_t)at + strlen(separator);
	}
	return found;
}

/* "file > suite > name" -> its parts. */
static void split_name(const struct runner *r, struct failure *f)
{
	ptrdiff_t at = r->separator && f->suite.n == 0 ? find_last(f->name, r->separator) : -1;

	if (at > 0) {
		f->suite = str_slice(f->name, 0, (size_t)at);
		f->name = str_from(f->name, (size_t)at + strlen(r->separator));
	}
	if (r->file_first && f->file.n == 0) {
		ptrdiff_t end = str_find_c(f->suite, r->separator);

		f->file = end < 0 ? f->suite : str_slice(f->suite, 0, (size_t)end);
	}
}

bool runner_dotted_name(struct failure *f, struct report_out *out)
{
	size_t n = 0;
	ptrdiff_t dot;

	(void)out;
	while (n < f->name.n && f->name.p[n] != '(' && f->name.p[n] != '[')
		n++;
	dot = str_rfind_char(str_slice(f->name, 0, n), '.');
	if (f->suite.n || dot <= 0)
		return true;
	f->id = f->name;
	f->suite = str_slice(f->name, 0, (size_t)dot);
	f->name = str_from(f->name, (size_t)dot + 1);
	return true;
}

struct str runner_plain_alias(const struct failure *f, struct report_out *out)
{
	(void)out;
	return f->name;
}

static void set_id(
	const struct runner *r, struct report_out *out, struct failure *f, struct str file)
{
	const char *separator = r->separator ? r->separator : " ";
	struct str id = f->name;

	if (f->id.n)
		return;
	if (f->suite.n && f->name.n)
		id = arena_printf(&out->scratch, "%.*s%s%.*s", STR_ARGS(f->suite), separator,
			STR_ARGS(f->name));
	if (id.n == 0)
		id = f->suite.n ? f->suite : f->file;
	else if (file.n && !str_starts(id, arena_cstr(&out->scratch, file)))
		id = arena_printf(
			&out->scratch, "%.*s%s%.*s", STR_ARGS(file), separator, STR_ARGS(id));
	f->id = id;
}

/* --- the end of a block --- */

/* A file that does not load: the words of a parser, or those of a program that ran. */
static enum failure_kind load_failure_kind(const struct failure *f)
{
	static const char *const words[] = {"SyntaxError", "Unexpected token", "unexpected token",
		"Transform failed", "Parse failure", "Failed to parse", "ParseError",
		"Parse error"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_has(f->type, words[i]) || str_has(f->message, words[i]))
			return FAILURE_COMPILE;
	return FAILURE_CRASH;
}

static void fill_text(struct report_out *out, struct str *to, struct str from)
{
	if (to->n == 0 && from.n)
		*to = out_keep(out, from);
}

/* The same test again: what this tells more. */
static void fill_known(
	struct report_out *out, report_ref ref, const struct failure *f, const struct block *b)
{
	struct failure *known = out_at(out, ref);

	out_follow(out, ref, b->first_line, b->last_line);
	if (known->message.n == 0 && known->type.n == 0 && f->message.n) {
		known->kind = f->kind;
		out_move(out, ref, b->first_line, b->last_line);
	}
	fill_text(out, &known->type, f->type);
	fill_text(out, &known->message, f->message);
	fill_text(out, &known->expected, f->expected);
	fill_text(out, &known->actual, f->actual);
	if (known->file.n == 0 || (known->line == 0 && f->line)) {
		known->file = out_keep(out, f->file);
		known->line = f->line;
		known->column = f->column;
	}
	/* The list at the end tells how to select it. */
	if (f->id.n && !str_eq(f->id, f->name) && str_eq(known->id, known->name))
		known->id = out_keep(out, f->id);
	if (known->duration_s < 0)
		known->duration_s = f->duration_s;
	out_set_frames(out, ref, f);
}

/* The report of the same test, or -1. */
static report_ref find_known(
	struct runner_state *s, struct report_out *out, const struct failure *f)
{
	const struct runner *r = runner_of(out);
	report_ref ref = out_find(out, f->id);

	if (ref < 0 && r->alias && s->flags & IN_LIST)
		ref = out_find(out, r->alias(f, out));
	return ref;
}

static bool confirm(struct runner_state *s, report_ref ref)
{
	for (size_t i = 0; i < s->n_unsure; i++)
		if (s->unsure[i] == ref) {
			s->unsure[i] = s->unsure[--s->n_unsure];
			return true;
		}
	return false;
}

static void report_one(struct runner_state *s, struct report_out *out, struct failure *f)
{
	const struct runner *r = runner_of(out);
	report_ref ref = find_known(s, out, f);
	bool known = ref >= 0;
	bool confirmed = known && !(s->flags & UNSURE) && confirm(s, ref);

	if (known)
		fill_known(out, ref, f, &s->block);
	else
		ref = out_emit(out, f, ROLE_RUNNER, s->block.first_line, s->block.last_line);
	if (!known && ref >= 0 && r->alias)
		out_alias(out, ref, r->alias(f, out));
	if (!known && s->flags & UNSURE && ref >= 0 && s->n_unsure < RUNNER_UNSURE)
		s->unsure[s->n_unsure++] = ref;
	if (s->flags & (NO_TEST | NOT_COUNTED | UNSURE) || (known && !confirmed))
		return;
	out_count(&s->single.tests, 1);
	out_count(s->flags & IS_ERROR ? &s->single.errors : &s->single.failed, 1);
}

static void decide_kind(struct runner_state *s, struct failure *f)
{
	if (s->flags & IS_CRASH)
		f->kind = FAILURE_CRASH;
	else if (s->flags & IS_COMPILE)
		f->kind = FAILURE_COMPILE;
	else if (s->flags & IS_TIMEOUT)
		f->kind = FAILURE_TIMEOUT;
	else if (s->flags & NO_TEST)
		f->kind = load_failure_kind(f);
}

static void close_block(struct runner_state *s, struct report_out *out)
{
	const struct runner *r = runner_of(out);
	struct failure *f = &s->block.f;

	if (!s->block.open)
		return;
	s->block.open = s->title_open = s->next_wanted = false;
	if (s->flags & NEEDS_CONFIRM && !s->confirmed)
		return;
	block_split_type(&s->block);
	if (f->type.n == 0 && r->type && f->message.n)
		f->type = str_of(r->type);
	decide_kind(s, f);
	f->expected = str_trim(f->expected);
	f->actual = str_trim(f->actual);
	if (f->file.n == 0) {
		f->file = str_of(s->file);
		f->line = s->file_line;
		f->column = s->file_column;
	}
	if (r->name && f->name.n && !r->name(f, out))
		return;
	split_name(r, f);
	if (f->suite.n == 0 && s->suite[0]) {
		f->suite = str_of(s->suite);
		if (r->name && f->id.n == 0 && f->name.n)
			(void)r->name(f, out);
	}
	set_id(r, out, f, str_of(s->file));
	for (size_t i = 0; i < s->n_siblings; i++) {
		struct failure sibling = *f;

		sibling.name = s->siblings[i].name;
		sibling.suite = s->siblings[i].suite;
		sibling.id = STR("");
		split_name(r, &sibling);
		set_id(r, out, &sibling, str_of(s->file));
		report_one(s, out, &sibling);
	}
	s->n_siblings = 0;
	report_one(s, out, f);
	s->file_line = s->file_column = 0;
	out_reset(out);
}

/* --- a heading --- */

static void take_fields(
	struct block *b, struct report_out *out, const struct captures *c, bool once)
{
	struct failure *f = &b->f;
	const struct {
		struct str *to;
		enum pattern_slot slot;
	} table[] = {
		{&f->name, SLOT_NAME},
		{&f->suite, SLOT_SUITE},
		{&f->id, SLOT_ID},
		{&f->type, SLOT_TYPE},
		{&f->expected, SLOT_EXPECTED},
		{&f->actual, SLOT_ACTUAL},
	};
	double seconds = captures_seconds(c);

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (c->v[table[i].slot].p && !(once && table[i].to->n))
			*table[i].to = out_scratch(out, str_trim(c->v[table[i].slot]));
	if (c->v[SLOT_MESSAGE].n && !(once && f->message.n))
		block_text(b, out, c->v[SLOT_MESSAGE]);
	if (c->v[SLOT_FILE].n && !(once && f->line)) {
		f->file = out_scratch(out, c->v[SLOT_FILE]);
		f->line = captures_int(c, SLOT_LINE, 0);
		f->column = captures_int(c, SLOT_COLUMN, 0);
	}
	if (seconds >= 0)
		f->duration_s = seconds;
}

/* "Array:" -> its end; the names of a path that stands in lines are glued. */
static void end_title(struct runner_state *s, struct report_out *out)
{
	struct failure *f = &s->block.f;

	s->title_open = false;
	if (str_ends(f->name, ":"))
		f->name.n--;
	f->name = out_scratch(out, str_trim(f->name));
}

static void title_line(struct runner_state *s, struct report_out *out, struct str text)
{
	const struct runner *r = runner_of(out);
	struct failure *f = &s->block.f;

	text = str_trim(text);
	if (text.n == 0 || s->block.last_line - s->block.first_line > TITLE_LINES) {
		end_title(s, out);
		return;
	}
	f->suite = f->suite.n ? arena_printf(&out->scratch, "%.*s%s%.*s", STR_ARGS(f->suite),
					r->glue ? r->glue : " ", STR_ARGS(f->name))
			      : f->name;
	f->name = out_scratch(out, text);
	if (str_ends(text, ":"))
		end_title(s, out);
}

/* A heading right behind another one: both have the details that follow. */
static bool keep_sibling(struct runner_state *s, const struct runner *r, const struct rule *rule)
{
	const struct failure *f = &s->block.f;

	if (!r->shared_details || !s->block.open || f->message.n || f->type.n || f->stack.n ||
		rule->flags != s->flags ||
		s->flags & (TITLE_GOES_ON | ONE_LINE | MUST_NEXT | NO_TEST) ||
		s->n_siblings == RUNNER_SIBLINGS || s->blanks)
		return false;
	s->siblings[s->n_siblings++] = *f;
	return true;
}

static void open_head(struct runner_state *s, struct report_out *out, const struct rule *rule,
	const struct captures *c, const struct report_line *line)
{
	const struct runner *r = runner_of(out);
	int first = line->number;

	if (keep_sibling(s, r, rule))
		first = s->block.first_line;
	else
		close_block(s, out);
	block_open(&s->block, out, r->language, first);
	s->block.last_line = line->number;
	s->flags = rule->flags;
	s->margin = indent_of(line->text);
	s->blanks = s->diff = 0;
	s->stopped = s->confirmed = s->skipped = false;
	take_fields(&s->block, out, c, false);
	if (rule->flags & NO_TEST && s->block.f.suite.n == 0)
		s->block.f.suite = s->block.f.file.n ? s->block.f.file : str_of(s->file);
	s->title_open = rule->flags & TITLE_GOES_ON && !str_ends(s->block.f.name, ":");
	if (rule->flags & TITLE_GOES_ON && !s->title_open)
		end_title(s, out);
	s->next_wanted = rule->flags & MUST_NEXT;
	if (rule->flags & ENTERS)
		s->in_section = true;
	if (rule->flags & ONE_LINE)
		close_block(s, out);
}

/* --- numbers --- */

static void add_tally(struct runner_state *s, struct report_out *out, const struct test_counts *c)
{
	const int from[] = {c->tests, c->passed, c->failed, c->errors, c->skipped};
	int *const to[] = {&out->counts.tests, &out->counts.passed, &out->counts.failed,
		&out->counts.errors, &out->counts.skipped};

	for (size_t i = 0; i < ARRAY_LEN(from); i++)
		if (from[i] >= 0)
			out_count(to[i], from[i]);
	s->tallied = true;
}

/* The numbers that a pattern names itself. */
static bool slot_counts(const struct captures *c, struct test_counts *counts)
{
	int *const to[] = {&counts->tests, &counts->passed, &counts->failed, &counts->errors,
		&counts->skipped};
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		*to[i] = captures_int(c, (enum pattern_slot)(SLOT_TESTS + i), -1);
		any |= *to[i] >= 0;
	}
	return any;
}

static void take_tally(struct runner_state *s, struct report_out *out, const struct rule *rule,
	const struct captures *c, struct str text)
{
	struct test_counts counts;

	if (!slot_counts(c, &counts) &&
		!tally_read(c->v[SLOT_MESSAGE].p ? c->v[SLOT_MESSAGE] : text, &counts))
		return;
	if (rule->flags & TESTS_ONLY) {
		out_count(&s->announced, counts.tests < 0 ? 0 : counts.tests);
		return;
	}
	if (!(rule->flags & PARTIAL))
		tally_complete(&counts);
	if (rule->flags & LAST_TALLY)
		s->last = counts;
	else
		add_tally(s, out, &counts);
	s->tallied = true;
}

static void count_one(struct runner_state *s, enum rule_what what)
{
	out_count(&s->single.tests, 1);
	out_count(what == RULE_PASS ? &s->single.passed : &s->single.skipped, 1);
}

/* --- a block's lines --- */

static bool is_head_of_diff(struct str s)
{
	static const char *const words[] = {
		"expected", "received", "actual", "--- expected", "+++ actual", "@@"};

	s = str_trim(s);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq_nocase(str_slice(s, 0, strlen(words[i])), str_of(words[i])))
			return true;
	return false;
}

static bool diff_line(struct runner_state *s, struct report_out *out, struct str text)
{
	struct str line = str_ltrim(text), value;
	struct failure *f = &s->block.f;
	struct str *to;

	if (line.n == 0 || (line.p[0] != '+' && line.p[0] != '-'))
		return false;
	value = str_from(line, 1);
	str_skip(&value, " ");
	if (is_head_of_diff(value) || is_head_of_diff(line))
		return true;
	to = (line.p[0] == '+') == (s->diff > 0) ? &f->expected : &f->actual;
	*to = to->n ? out_join(out, *to, value) : out_scratch(out, value);
	return true;
}

static void add_frame(struct runner_state *s, struct report_out *out, struct frame frame)
{
	const struct runner *r = runner_of(out);
	struct failure *f = &s->block.f;

	frame.path = out_scratch(out, frame.path);
	frame.function = out_scratch(out, frame.function);
	if (f->line == 0 && !(r->is_library && r->is_library(&frame))) {
		f->file = frame.path;
		f->line = frame.line;
		f->column = frame.column;
	}
	failure_add_frame(f, &out->scratch, frame);
	s->stopped = true;
	s->diff = 0;
}

static void body_line(struct runner_state *s, struct report_out *out, struct str text)
{
	const struct runner *r = runner_of(out);
	struct frame frame;

	if (r->frame && r->frame(text, &frame))
		add_frame(s, out, frame);
	else if (s->diff && diff_line(s, out, text))
		return;
	else if (!s->stopped && !s->diff)
		block_text(&s->block, out, text);
}

static void rule_frame(struct runner_state *s, struct report_out *out, const struct captures *c)
{
	struct frame frame = {.path = c->v[SLOT_FILE],
		.function = str_trim(c->v[SLOT_NAME]),
		.line = captures_int(c, SLOT_LINE, 0),
		.column = captures_int(c, SLOT_COLUMN, 0)};

	add_frame(s, out, frame);
}

/* --- which form a line has --- */

static bool applies(const struct runner_state *s, const struct rule *rule)
{
	switch (rule->what) {
	case RULE_HEAD:
		return s->in_section || !(rule->flags & IN_SECTION);
	case RULE_NEXT:
		return s->next_wanted;
	case RULE_FIELD:
		/* Where output is not told apart, another panic is another test's. */
		return s->block.open && !(rule->flags & NEW_MESSAGE && s->flags & UNSURE);
	case RULE_SKIP:
		return s->block.open && !(rule->flags & ONCE && s->skipped);
	case RULE_FRAME:
	case RULE_STOP:
	case RULE_DIFF:
	case RULE_END:
		return s->block.open;
	default:
		return !(rule->flags & IN_SECTION) || s->in_section;
	}
}

static const struct rule *find_rule(
	const struct runner_state *s, const struct runner *r, struct str text, struct captures *c)
{
	for (const struct rule *rule = r->rules; rule->what != RULE_NONE; rule++)
		if (applies(s, rule) && pattern_match(rule->pattern, text, c))
			return rule;
	return NULL;
}

static void in_block_rule(struct runner_state *s, struct report_out *out, const struct rule *rule,
	const struct captures *c, const struct report_line *line)
{
	block_touch(&s->block, line);
	if (rule->flags & DROPS_BLOCK) {
		s->block.open = false;
		return;
	}
	if (rule->flags & NEW_MESSAGE && !s->confirmed) {
		s->block.f.message = STR("");
		s->block.lines = s->block.blank = 0;
		s->stopped = false;
	}
	if (rule->what == RULE_NEXT || rule->what == RULE_FIELD)
		take_fields(&s->block, out, c, rule->flags & SET_ONCE);
	if (rule->flags & IN_MESSAGE)
		block_text(&s->block, out, line->text);
	if (rule->what == RULE_FRAME)
		rule_frame(s, out, c);
	else if (rule->what == RULE_STOP)
		s->stopped = true;
	else if (rule->what == RULE_DIFF)
		s->diff = rule->flags & PLUS_EXPECTED ? 1 : -1;
	s->confirmed |= (rule->flags & CONFIRMS) != 0;
	s->skipped |= (rule->flags & ONCE) != 0;
	s->next_wanted = false;
}

static void set_suite(struct runner_state *s, const struct captures *c)
{
	if (c->v[SLOT_SUITE].p)
		set_text(s->suite, str_trim(c->v[SLOT_SUITE]));
	if (c->v[SLOT_FILE].p) {
		set_text(s->file, str_trim(c->v[SLOT_FILE]));
		s->file_line = captures_int(c, SLOT_LINE, 0);
		s->file_column = captures_int(c, SLOT_COLUMN, 0);
	}
}

static void outer_rule(struct runner_state *s, struct report_out *out, const struct rule *rule,
	const struct captures *c, struct str text)
{
	close_block(s, out);
	if (rule->flags & CONFIRMS) {
		/* The end of the run: what looked like its tests was. */
		out_count(&s->single.tests, (int)s->n_unsure);
		out_count(&s->single.failed, (int)s->n_unsure);
		s->n_unsure = 0;
	}
	if (rule->flags & OPENS)
		s->opened = true;
	if (rule->what == RULE_OFF)
		s->off = true;
	else if (rule->what == RULE_SECTION || rule->what == RULE_SECTION_END)
		s->in_section = rule->what == RULE_SECTION;
	else if (rule->what == RULE_SUITE)
		set_suite(s, c);
	else if (rule->what == RULE_PASS || rule->what == RULE_PENDING)
		count_one(s, rule->what);
	if (rule->what == RULE_TALLY || rule->flags & RUNNING_SUM)
		take_tally(s, out, rule, c, text);
}

/* Whether the line ends the block by its look alone. */
static bool ends_block(struct runner_state *s, const struct runner *r, struct str text)
{
	if (str_trim(text).n == 0)
		return ++s->blanks >= r->blank_ends + !s->stopped && r->blank_ends;
	s->blanks = 0;
	return r->indented && indent_of(text) <= s->margin;
}

static void unruled_line(
	struct runner_state *s, struct report_out *out, const struct report_line *line)
{
	if (!s->block.open)
		return;
	if (s->next_wanted) {
		s->block.open = s->next_wanted = false; /* it only looked like a heading */
	} else if (ends_block(s, runner_of(out), line->text)) {
		close_block(s, out);
	} else {
		block_touch(&s->block, line);
		body_line(s, out, line->text);
		/* A long message is not the end of the run. */
		s->quiet_from += s->stopped ? 0 : 1;
	}
}

/* One line of GitHub's commands holds the lines of a block. */
static void encoded_lines(
	struct runner_state *s, struct report_out *out, const struct captures *c, int number)
{
	struct str rest = c->v[SLOT_MESSAGE], text;

	for (bool more = true; more && s->block.open;) {
		more = str_cut(&rest, "%0A", &text);
		(void)runner_line(s, out, &(struct report_line){more ? text : rest, number});
	}
	close_block(s, out);
}

static void apply(struct runner_state *s, struct report_out *out, const struct rule *rule,
	const struct captures *c, const struct report_line *line)
{
	if (rule->what == RULE_HEAD && rule->flags & ENCODED) {
		struct captures head = *c;

		head.v[SLOT_MESSAGE] = STR_NULL;
		open_head(s, out, rule, &head, line);
		encoded_lines(s, out, c, line->number);
	} else if (rule->what == RULE_HEAD) {
		open_head(s, out, rule, c, line);
	} else if (rule->what == RULE_END) {
		if (rule->flags & INSIDE)
			block_touch(&s->block, line);
		close_block(s, out);
	} else if (rule->what == RULE_NEXT ||
		   (rule->what >= RULE_FIELD && rule->what <= RULE_DIFF)) {
		in_block_rule(s, out, rule, c, line);
	} else {
		outer_rule(s, out, rule, c, line->text);
	}
}

/* "[ERROR] text" -> text; false when the runner marks its lines and this is none. */
static bool take_prefix(const struct runner *r, struct str *text)
{
	for (const char *const *prefix = r->prefixes; prefix && *prefix; prefix++)
		if (str_skip(text, *prefix))
			return true;
	return !r->prefixed;
}

static bool take_line(
	struct runner_state *s, struct report_out *out, const struct report_line *line)
{
	const struct rule *rule;
	struct captures c;

	if (s->block.open && s->title_open) {
		block_touch(&s->block, line);
		title_line(s, out, line->text);
		return true;
	}
	rule = find_rule(s, runner_of(out), line->text, &c);
	if (rule) {
		apply(s, out, rule, &c, line);
		s->quiet_from = line->number;
	} else {
		unruled_line(s, out, line);
	}
	if (line->number - s->quiet_from > QUIET_LINES) {
		close_block(s, out);
		s->in_section = s->opened = false;
	}
	return s->block.open || s->in_section || s->opened;
}

bool runner_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct runner_state *s = state;
	struct report_line inner = *line;

	if (s->off)
		return false;
	if (!take_prefix(runner_of(out), &inner.text))
		return s->block.open || s->in_section || s->opened;
	return take_line(s, out, &inner);
}

void runner_end(void *state, struct report_out *out)
{
	struct runner_state *s = state;

	close_block(s, out);
	for (size_t i = 0; i < s->n_unsure; i++)
		out_drop(out, s->unsure[i]);
	if (s->last.tests || s->last.failed || s->last.errors)
		add_tally(s, out, &s->last);
	if (s->tallied || (s->single.tests == 0 && s->announced == 0))
		return;
	if (s->announced > s->single.tests) {
		s->single.tests = s->announced;
		s->single.passed = -1;
		tally_complete(&s->single);
	}
	add_tally(s, out, &s->single);
}
