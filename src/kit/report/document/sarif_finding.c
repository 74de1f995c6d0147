#include "kit/report/document/sarif_finding.h"

#include "base/buf.h"

enum { TAGS_BYTES = 1024, DIGITS_MAX = 10 };

static const double severity_max = 10;

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool has_word(struct str words, struct str word)
{
	struct str one;

	while (str_next(&words, ' ', &one))
		if (str_eq(one, word))
			return true;
	return false;
}

static void add_word(struct buf *tags, struct str word)
{
	if (has_word(buf_view(tags), word))
		return;
	if (tags->n)
		buf_char(tags, ' ');
	buf_str(tags, word);
}

/* The number behind "CWE-" in any case, without leading zeros. */
static void add_weakness(struct buf *tags, struct str text)
{
	for (; text.n > 4; text = str_from(text, 1)) {
		size_t n = 0;
		char word[16];

		if (!str_eq_nocase(str_slice(text, 0, 4), STR("cwe-")))
			continue;
		text = str_from(text, 4);
		while (text.n > 1 && text.p[0] == '0' && is_digit(text.p[1]))
			text = str_from(text, 1);
		while (n < text.n && n < DIGITS_MAX && is_digit(text.p[n]))
			n++;
		if (n) {
			snprintf(word, sizeof(word), "CWE-%.*s", (int)n, text.p);
			add_word(tags, str_of(word));
		}
	}
}

/* "CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q", as they stand. */
static void add_advisory(struct buf *tags, struct str text, const char *prefix, const char *more)
{
	ptrdiff_t at = str_find_c(text, prefix);
	size_t n = strlen(prefix);

	if (at < 0)
		return;
	text = str_from(text, (size_t)at);
	while (n < text.n && n < 32 && text.p[n] && strchr(more, text.p[n]))
		n++;
	if (n > strlen(prefix) + 4)
		add_word(tags, str_slice(text, 0, n));
}

static void add_tags(struct buf *tags, struct str text)
{
	add_weakness(tags, text);
	add_advisory(tags, text, "CVE-", "0123456789-");
	add_advisory(tags, text, "GHSA-", "0123456789abcdefghijklmnopqrstuvwxyz-");
}

static void add_all(struct buf *tags, const struct node *first)
{
	for (; first; first = node_again(first))
		add_tags(tags, first->text);
}

/* A weakness that a record names by the taxonomy's number alone. */
static void add_related(struct buf *tags, const struct node *one, const char *id, const char *of)
{
	for (; one; one = node_again(one)) {
		struct str number = node_text(one, id);

		add_tags(tags, number);
		if (number.n && number.n < DIGITS_MAX && is_digit(number.p[0]) &&
			str_eq_nocase(node_text(one, of), STR("cwe"))) {
			char word[16];

			snprintf(word, sizeof(word), "CWE-%.*s", STR_ARGS(number));
			add_tags(tags, str_of(word));
		}
	}
}

static double severity_of(const struct node *node)
{
	static const char *const paths[] = {"properties/security-severity",
		"properties/securitySeverity", "properties/cvssv3_baseScore", NULL};
	double severity = 0;

	if (!str_to_double(node_text_any(node, paths), &severity) || !(severity > 0))
		return 0;
	return severity < severity_max ? severity : severity_max;
}

static bool is_tagged_security(const struct node *node)
{
	const struct node *tag = node_get(node, "properties/tags");

	for (; tag; tag = node_again(tag))
		if (str_eq_nocase(str_trim(tag->text), STR("security")))
			return true;
	return false;
}

static struct str print_of(const struct node *node)
{
	static const char *const paths[] = {"partialFingerprints/primaryLocationLineHash",
		"partialFingerprints/*", "fingerprints/*", NULL};

	return node_text_any(node, paths);
}

void sarif_read_finding(struct failure_finding *out, const struct node *node, struct arena *mem)
{
	BUF_AUTO tags = BUF_INIT(TAGS_BYTES);

	add_tags(
		&tags, node_text_any(node, (const char *const[]){"id", "ruleId", "rule/id", NULL}));
	add_all(&tags, node_get(node, "properties/tags"));
	add_all(&tags, node_get(node, "properties/cwe"));
	add_related(
		&tags, node_get(node, "relationships"), "target/id", "target/toolComponent/name");
	add_related(&tags, node_get(node, "taxa"), "id", "toolComponent/name");
	out->tags = arena_str(mem, buf_view(&tags));
	out->severity = severity_of(node);
	out->security = out->severity > 0 || out->tags.n || is_tagged_security(node);
	out->print = print_of(node);
}

bool sarif_add_finding(
	struct failure_finding *to, const struct failure_finding *rule, struct arena *mem)
{
	BUF_AUTO tags = BUF_INIT(TAGS_BYTES);
	struct str rest = rule->tags, word;

	to->security |= rule->security;
	if (!(to->severity > 0))
		to->severity = rule->severity;
	buf_str(&tags, to->tags);
	while (str_next(&rest, ' ', &word))
		add_word(&tags, word);
	if (tags.n == to->tags.n)
		return false;
	to->tags = arena_str(mem, buf_view(&tags));
	return true;
}

static bool read_edit(struct finding_edit *out, const struct node *change, const struct node *r,
	struct arena *mem)
{
	const struct node *where = node_get(r, "deletedRegion");
	const struct node *text = node_get(r, "insertedContent/text");

	*out = (struct finding_edit){
		.file = sarif_path(node_text(change, "artifactLocation/uri"), mem),
		.text = text ? text->text : STR(""),
		.line = node_int(where, "startLine", 0),
		.column = node_int(where, "startColumn", 1),
		.end_column = node_int(where, "endColumn", 0)};
	out->end_line = node_int(where, "endLine", out->line);
	return out->file.n && out->line > 0 && out->column > 0 && out->end_line >= out->line &&
	       out->end_column >= 0;
}

void sarif_read_edits(struct failure_finding *out, const struct node *result, struct arena *mem)
{
	const struct node *change = node_get(result, "fixes/artifactChanges");
	struct finding_edit *edits =
		change ? arena_array(mem, FINDING_EDITS_MAX, sizeof(*edits)) : NULL;
	size_t n = 0;

	for (; change; change = node_again(change)) {
		const struct node *r = node_get(change, "replacements");

		for (; r; r = node_again(r))
			if (n == FINDING_EDITS_MAX || !read_edit(&edits[n++], change, r, mem))
				return;
	}
	out->edits = edits;
	out->n_edits = n;
}
