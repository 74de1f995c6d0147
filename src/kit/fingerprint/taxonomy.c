#include "kit/fingerprint/taxonomy.h"

#include <assert.h>
#include <ctype.h>

#include "base/embed.h"

#define RULES "templates/taxonomy/rules.table"
#define ADVICE "templates/taxonomy/advice.table"

enum { SAME = -1, LOOKED_AT_BYTES = 4096 };

/* A line of the rules, views of the embedded text: nothing is parsed ahead, nothing kept. */
struct rule {
	int kind;  /* enum failure_kind, or SAME */
	bool hint; /* "kind?": what a test may speak of as well */
	struct str subtype, otherwise, message;
};

/* Where p fits in s: pieces between stars are looked for from left to right, which finds a fit if
 * there is one. */
static bool like(struct str p, struct str s)
{
	ptrdiff_t star = str_find_char(p, '*'), at;
	struct str piece;

	if (star < 0)
		return str_eq(p, s);
	piece = str_slice(p, 0, (size_t)star);
	if (s.n < piece.n || (piece.n && memcmp(s.p, piece.p, piece.n) != 0))
		return false;
	s = str_from(s, piece.n);
	for (p = str_from(p, (size_t)star + 1); (star = str_find_char(p, '*')) >= 0;) {
		piece = str_slice(p, 0, (size_t)star);
		p = str_from(p, (size_t)star + 1);
		at = piece.n ? str_find(s, piece) : 0;
		if (at < 0)
			return false;
		s = str_from(s, (size_t)at + piece.n);
	}
	return s.n >= p.n && (p.n == 0 || memcmp(s.p + s.n - p.n, p.p, p.n) == 0);
}

bool taxonomy_like(const char *pattern, struct str s)
{
	return like(str_of(pattern), s);
}

/* The next line that is no comment. */
static bool next_line(struct str *rest, struct str *line)
{
	while (str_next_line(rest, line))
		if (line->n && line->p[0] != '#')
			return true;
	return false;
}

static struct str take_raw_column(struct str *line)
{
	ptrdiff_t bar = str_find_char(*line, '|');
	struct str column = bar < 0 ? *line : str_make(line->p, (size_t)bar);

	*line = str_from(*line, bar < 0 ? line->n : (size_t)bar + 1);
	return column;
}

static struct str take_column(struct str *line)
{
	struct str column = take_raw_column(line);

	return str_trim(column);
}

static int rule_kind(struct str word)
{
	enum failure_kind kind = FAILURE_TEST;
	bool known = failure_kind_from_string(word, &kind);

	assert(known || str_eq_c(word, "same"));
	return known ? (int)kind : SAME;
}

/* Whether the rule is about failures of that type and language; what it says is read only then. */
static bool read_rule(struct rule *rule, struct str line, const struct failure *f)
{
	struct str head = take_raw_column(&line), word;

	*rule = (struct rule){.kind = SAME};
	if (!like(take_column(&line), f->language) || !like(take_column(&line), f->type))
		return false;
	head = str_trim(head);
	rule->message = str_trim(line); /* may hold bars */
	if (str_cut(&head, " ", &word)) {
		rule->hint = str_ends(word, "?");
		rule->kind = rule_kind(str_slice(word, 0, word.n - rule->hint));
		head = str_trim(head);
	}
	if (!str_cut(&head, "/", &rule->subtype))
		rule->subtype = head;
	else
		rule->otherwise = head;
	return true;
}

/* The line that a rule found what it looks for in. */
static struct str evidence_of(const struct rule *rule, struct str message)
{
	struct str rest = str_slice(message, 0, LOOKED_AT_BYTES), line;

	while (!str_eq_c(rule->message, "*") && str_next_line(&rest, &line))
		if (like(rule->message, line))
			return str_trim(line);
	return STR_NULL;
}

static bool has_word(struct str text, const char *word)
{
	ptrdiff_t at;

	for (; (at = str_find_c(text, word)) >= 0; text = str_from(text, (size_t)at + 1))
		if (at == 0 || !isalpha((unsigned char)text.p[at - 1]))
			return true;
	return false;
}

static bool has_any_word(struct str text, const char *const *words)
{
	while (*words)
		if (has_word(text, *words++))
			return true;
	return false;
}

/* "status code: 503, want 200": what a test compares is what it is about. An error where none was
 * wanted is none of that. */
static bool reads_as_comparison(struct str line)
{
	static const char *const words[] = {"expected ", "Expected", "want ", "wanted ", "got ",
		"to equal", "to be equal", "instead of ", "assert", NULL};
	static const char *const errors[] = {"nil", "no error", "null", "NoError", NULL};

	return has_any_word(line, words) && !has_any_word(line, errors);
}

/* Of what a test meets at this very machine its own server is the likely cause. */
static bool speaks_of_own_server(const struct rule *rule, struct str line)
{
	static const char *const here[] = {
		"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "testserver", NULL};

	return (str_eq_c(rule->subtype, "Network") || str_eq_c(rule->subtype, "Registry") ||
		       str_eq_c(rule->subtype, "Certificate")) &&
	       has_any_word(line, here);
}

/* A test that failed is a test's failure unless the world around is plainly at fault. */
static bool may_decide_test(const struct rule *rule, const struct failure *f)
{
	struct str line = evidence_of(rule, f->message);

	if (line.n == 0)
		line = str_slice(f->message, 0, LOOKED_AT_BYTES / 16);
	return !rule->hint && !reads_as_comparison(line) && !speaks_of_own_server(rule, line);
}

static bool may_decide(const struct rule *rule, const struct failure *f)
{
	bool test = f->kind == FAILURE_TEST && f->name.n;

	/* A comparison that shows both values is one, whatever the values speak of. */
	if (f->expected.n && f->actual.n && f->kind == FAILURE_TEST)
		return rule->kind == SAME || str_eq_c(rule->message, "*");
	return !test || rule->kind != FAILURE_INFRASTRUCTURE || may_decide_test(rule, f);
}

static bool find_rule(const struct failure *f, struct rule *out)
{
	struct str rest = embed_get(RULES), line;
	struct str message = str_slice(f->message, 0, LOOKED_AT_BYTES);

	while (next_line(&rest, &line)) {
		if (read_rule(out, line, f) && like(out->message, message) && may_decide(out, f))
			return true;
	}
	return false;
}

void taxonomy_decide_kind(struct failure *f)
{
	struct rule rule;

	/* A warning may speak of anything. */
	if (f->kind == FAILURE_LINT || !find_rule(f, &rule) || rule.kind == SAME)
		return;
	f->kind = (enum failure_kind)rule.kind;
	f->evidence = evidence_of(&rule, f->message);
}

static const char *phase(enum failure_kind kind)
{
	switch (kind) {
	case FAILURE_COMPILE:
	case FAILURE_LINT:
		return "compile";
	case FAILURE_DEPENDENCY:
	case FAILURE_CONFIGURATION:
	case FAILURE_INFRASTRUCTURE:
		return "deploy";
	default:
		return "runtime";
	}
}

static struct str subtype(const struct failure *f)
{
	struct rule rule;

	if (!find_rule(f, &rule))
		return STR("other");
	if (rule.kind == SAME || f->kind == (enum failure_kind)rule.kind)
		return rule.subtype;
	return rule.otherwise.n ? rule.otherwise : rule.subtype;
}

void taxonomy_classify(struct failure *f, struct arena *mem)
{
	f->class_[0] = f->language.n ? arena_str(mem, f->language) : STR("unknown");
	f->class_[1] = str_of(phase(f->kind));
	f->class_[2] = f->type.n ? arena_str(mem, f->type) : STR("unknown");
	f->class_[3] = subtype(f);
}

static struct str advice_for(struct str name)
{
	struct str rest = embed_get(ADVICE), line;

	while (next_line(&rest, &line))
		if (str_eq(take_column(&line), name))
			return str_trim(line);
	return STR_NULL;
}

struct str taxonomy_advice(const struct failure *f)
{
	struct str advice = advice_for(f->class_[3].n ? f->class_[3] : subtype(f));

	if (advice.n)
		return advice;
	switch (f->kind) {
	case FAILURE_COMPILE:
		return STR("correct the source at the place shown");
	case FAILURE_LINT:
		return STR("correct the source at the place shown, or the linter's configuration");
	case FAILURE_CRASH:
		return STR("look at the innermost frame of the project");
	case FAILURE_TIMEOUT:
		return STR("look for an endless loop, a wait, or raise the time-out");
	case FAILURE_INFRASTRUCTURE:
		return STR("run again; nothing in the project explains it");
	case FAILURE_CONFIGURATION:
		return STR("correct the configuration or the command");
	case FAILURE_DEPENDENCY:
		return STR("install what is missing");
	default:
		return STR("compare what the test expects with what the code does at the place "
			   "shown");
	}
}
