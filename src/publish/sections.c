#include "publish/sections.h"

#include "base/limits.h"
#include "kit/clean/clean.h"
#include "kit/redact/redact.h"
#include "publish/wording.h"

enum { MESSAGE_MAX = 300 };

static void redact(struct str *text, struct arena *mem)
{
	BUF_AUTO safe = BUF_INIT(text->n * 2 + 64);

	if (!redact_find(*text).p)
		return;
	redact_text(&safe, *text);
	*text = arena_str(mem, buf_view(&safe));
}

static const struct failure *redact_failures(const struct fix *fix, struct arena *mem)
{
	struct failure *copy = arena_array(mem, fix->n_failures, sizeof(*copy));

	for (size_t i = 0; i < fix->n_failures; i++) {
		copy[i] = fix->failures[i];
		redact(&copy[i].id, mem);
		redact(&copy[i].name, mem);
		redact(&copy[i].file, mem);
		redact(&copy[i].type, mem);
		redact(&copy[i].message, mem);
	}
	return copy;
}

struct fix section_fix(const struct fix *fix, struct arena *mem)
{
	struct fix copy = *fix;
	struct str *evidence = arena_array(mem, fix->diagnosis.evidence.n, sizeof(*evidence));
	struct rung_result *rungs = arena_array(mem, fix->verdict.rungs.n, sizeof(*rungs));
	struct str *texts[] = {&copy.command, &copy.diff, &copy.note, &copy.origin, &copy.why,
		&copy.diagnosis.root_cause, &copy.verdict.confidence_why};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		redact(texts[i], mem);
	copy.failures = redact_failures(fix, mem);
	for (size_t i = 0; i < fix->diagnosis.evidence.n; i++) {
		evidence[i] = fix->diagnosis.evidence.v[i];
		redact(&evidence[i], mem);
	}
	copy.diagnosis.evidence.v = evidence;
	for (size_t i = 0; i < fix->verdict.rungs.n; i++) {
		rungs[i] = fix->verdict.rungs.v[i];
		redact(&rungs[i].detail, mem);
	}
	copy.verdict.rungs.v = rungs;
	return copy;
}

void section_text(struct buf *out, struct str text)
{
	BUF_AUTO line = BUF_INIT(LIMIT_LINE_BYTES);

	clean_line(&line, text, SECTION_TEXT_MAX);
	clean_md_text(out, buf_view(&line));
}

void section_code(struct buf *out, struct str text)
{
	BUF_AUTO line = BUF_INIT(LIMIT_LINE_BYTES);

	clean_line(&line, text, SECTION_TEXT_MAX);
	clean_md_code(out, buf_view(&line));
}

static void failure_row(struct buf *out, const struct failure *f)
{
	BUF_AUTO place = BUF_INIT(LIMIT_LINE_BYTES);
	BUF_AUTO what = BUF_INIT(LIMIT_TEXT_BYTES * 2);

	wording_place(&place, f->file, f->line);
	clean_line(&what, f->type, MESSAGE_MAX);
	if (f->type.n && f->message.n)
		buf_c(&what, ": ");
	clean_line(&what, f->message, MESSAGE_MAX);
	buf_c(out, "| ");
	section_text(out, f->id.n ? f->id : place.n ? buf_view(&place) : f->name);
	buf_c(out, " | ");
	clean_md_text(out, buf_view(&what));
	buf_c(out, " |\n");
}

void section_failures(struct buf *out, const struct fix *fix, size_t max)
{
	if (!fix->n_failures)
		return;
	buf_c(out, "| where | what |\n|---|---|\n");
	for (size_t i = 0; i < fix->n_failures && i < max; i++)
		failure_row(out, &fix->failures[i]);
	if (fix->n_failures > max)
		buf_printf(out, "\nand %zu more\n", fix->n_failures - max);
}

void section_proof(struct buf *out, const struct fix *fix)
{
	const struct verdict *v = &fix->verdict;

	if (!v->rungs.n)
		return;
	buf_c(out, "| check | held | time | detail |\n|---|---|---|---|\n");
	for (size_t i = 0; i < v->rungs.n; i++) {
		const struct rung_result *rung = &v->rungs.v[i];
		buf_printf(out, "| %s | %s | %.2f s | ", wording_rung(rung->rung),
			rung->passed ? "yes" : "**no**", rung->seconds);
		section_text(out, rung->detail);
		buf_c(out, " |\n");
	}
	if (fix->command.n) {
		buf_c(out, "\nBy ");
		section_code(out, fix->command);
		buf_c(out, ".\n");
	}
}

void section_confidence(struct buf *out, const struct fix *fix)
{
	buf_printf(out, "**Confidence %.2f**", fix->verdict.confidence);
	if (fix->verdict.confidence_why.n) {
		buf_c(out, ": ");
		section_text(out, fix->verdict.confidence_why);
	}
	buf_char(out, '\n');
}

void section_unchecked(struct buf *out, const struct fix *fix)
{
	BUF_AUTO unchecked = BUF_INIT(LIMIT_TEXT_BYTES);
	struct str rest, line;

	wording_unchecked(&unchecked, &fix->verdict);
	for (rest = buf_view(&unchecked); str_next_line(&rest, &line);)
		buf_printf(out, "- %.*s\n", STR_ARGS(line));
}

/* Whole lines of at most max bytes. */
static struct str whole_lines(struct str text, size_t max)
{
	struct str head = str_slice(text, 0, max);
	ptrdiff_t end = str_rfind_char(head, '\n');

	return text.n <= max ? text : str_slice(head, 0, end < 0 ? 0 : (size_t)end + 1);
}

static size_t count_lines(struct str text)
{
	struct str line;
	size_t n = 0;

	while (str_next_line(&text, &line))
		n++;
	return n;
}

void section_change(struct buf *out, const struct fix *fix, size_t max_bytes)
{
	struct str shown = whole_lines(fix->diff, max_bytes);

	if (!fix->diff.n)
		return;
	if (fix->note.n) {
		section_text(out, fix->note);
		buf_c(out, "\n\n");
	}
	clean_md_fence(out, "diff", shown);
	if (shown.n < fix->diff.n)
		buf_printf(out, "\nand %zu more lines: see the changed files\n",
			count_lines(str_from(fix->diff, shown.n)));
}
