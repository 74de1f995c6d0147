#include "publish/commit_message.h"

#include <stdbool.h>

#include "model/fix.h"
#include "publish/sections.h"

/* The subject line, as git's own tools show it; other lines. */
enum { SUBJECT_BYTES = 72, LINE_BYTES = 500 };

/* At most cap bytes of text as one line; never half a UTF-8 sequence. */
static void one_line(struct buf *out, struct str text, size_t cap)
{
	size_t keep = text.n;
	bool blank = false;

	text = str_trim(text);
	keep = text.n;
	if (text.n > cap) {
		for (keep = cap - 3; keep && ((unsigned char)text.p[keep] & 0xc0) == 0x80; keep--)
			;
	}
	for (size_t i = 0; i < keep; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= ' ' || c == 0x7f) {
			blank = true;
			continue;
		}
		if (blank)
			buf_char(out, ' ');
		blank = false;
		buf_char(out, (char)c);
	}
	buf_c(out, keep < text.n ? "..." : "");
}

static void line(struct buf *out, const char *name, struct str text)
{
	if (!str_trim(text).n)
		return;
	buf_c(out, name);
	one_line(out, text, LINE_BYTES);
	buf_char(out, '\n');
}

void commit_message_write(struct buf *out, const struct commit_message *m)
{
	static const char subject[] = "Self-healing fix: ";

	buf_c(out, subject);
	one_line(out, m->error, SUBJECT_BYTES - (sizeof(subject) - 1));
	buf_c(out, "\n\n");
	line(out, "Root cause: ", m->root_cause);
	line(out, "Solution: ", m->solution);
	if (m->tests_passed >= 0 && m->tests_total >= 0)
		buf_printf(out, "Tests: %d/%d passed\n", m->tests_passed, m->tests_total);
	buf_printf(out, "Attempts: %zu\n\n", m->attempts);
	for (size_t i = 0; i < m->n_fingerprints; i++)
		line(out, "Selfheal-Fingerprint: ", m->fingerprints[i]);
	line(out, "Selfheal-Session: ", m->session);
}

void commit_message_of(struct buf *out, const struct fix *fix, struct arena *mem)
{
	struct str *fingerprints = arena_array(mem, fix->n_failures, sizeof(*fingerprints));
	struct fix shown = section_fix(fix, mem);
	struct commit_message message = {.error = fix_subject(&shown, mem),
		.root_cause = shown.diagnosis.root_cause,
		.solution = shown.note,
		.tests_passed = fix->verdict.tests_passed,
		.tests_total = fix->verdict.tests_total,
		.attempts = fix->attempts,
		.fingerprints = fingerprints,
		.session = fix->session};

	for (size_t i = 0; i < fix->n_failures; i++)
		if (fix->failures[i].fingerprint[0])
			fingerprints[message.n_fingerprints++] =
				str_of(fix->failures[i].fingerprint);
	commit_message_write(out, &message);
}
