#include "app/render/paint.h"
#include "app/render/render.h"
#include "base/limits.h"
#include "heal/scan_run.h"
#include "kit/clean/clean.h"
#include "publish/wording.h"

enum { SHOWN = 200, TITLE_MAX = 200 };

static const char *const kind_titles[ISSUE_KINDS] = {
	"security", "failure", "finding", "complexity", "coverage"};

static const enum paint severity_paints[] = {
	PAINT_RED, PAINT_RED, PAINT_YELLOW, PAINT_DIM, PAINT_DIM};

static void counts(struct buf *out, const struct scan_result *r)
{
	static const char *const one[ISSUE_KINDS] = {"vulnerability", "failure", "finding",
		"complex function", "file with low coverage"};
	static const char *const many[ISSUE_KINDS] = {"vulnerabilities", "failures", "findings",
		"complex functions", "files with low coverage"};
	bool any = false;

	for (int k = 0; k < ISSUE_KINDS; k++) {
		if (!r->issues.counts[k])
			continue;
		buf_printf(out, "%s%zu %s", any ? ", " : "", r->issues.counts[k],
			r->issues.counts[k] == 1 ? one[k] : many[k]);
		any = true;
	}
	buf_c(out, any ? "" : "no issues");
}

static const char *tests_words(const struct scan_result *r)
{
	if (!r->ran)
		return "not run";
	return r->outcome == OUTCOME_NOTHING_TO_DO ? "green"
	       : r->outcome == OUTCOME_NOT_HEALED  ? "red"
						   : outcome_to_string(r->outcome);
}

void render_scan_text(struct buf *out, const struct scan_result *r, bool color)
{
	struct painter p = {out, color};
	size_t n = r->issues.items.n;

	for (size_t k = 0; k < n && k < SHOWN; k++) {
		const struct issue *i = &r->issues.items.v[k];
		BUF_AUTO place = BUF_INIT(LIMIT_PATH_BYTES * 2);
		BUF_AUTO title = BUF_INIT(LIMIT_LINE_BYTES);

		clean_line(&title, i->title, TITLE_MAX);
		wording_place(&place, i->file, i->line);
		paint_c(&p, severity_paints[i->severity], issue_severity_to_string(i->severity));
		buf_printf(out, " %s: ", kind_titles[i->kind]);
		paint_text(&p, PAINT_BOLD, buf_view(&title));
		buf_c(out, "\n");
		if (place.n) {
			buf_c(out, "    ");
			paint_text(&p, PAINT_CYAN, buf_view(&place));
			if (i->tags.n) {
				buf_c(out, "  ");
				paint_text(&p, PAINT_DIM, i->tags);
			}
			buf_c(out, "\n");
		}
	}
	if (n > SHOWN)
		buf_printf(out, "and %zu more (--format json lists all)\n", n - SHOWN);
	if (n)
		buf_char(out, '\n');
	counts(out, r);
	buf_printf(out, " (tests: %s)\n", tests_words(r));
	for (size_t k = 0; k < r->n_notices; k++) {
		buf_c(out, "note: ");
		clean_line(out, r->notices[k], 0);
		buf_char(out, '\n');
	}
}

void render_scan_markdown(struct buf *out, const struct scan_result *r)
{
	size_t n = r->issues.items.n;

	buf_c(out, "## selfheal scan: ");
	counts(out, r);
	buf_printf(out, "\n\nTests: %s", tests_words(r));
	if (r->ran) {
		buf_c(out, ", by ");
		clean_md_code(out, r->command);
	}
	buf_c(out, ".\n");
	if (n)
		buf_c(out, "\n| severity | kind | what | where |\n|---|---|---|---|\n");
	for (size_t k = 0; k < n && k < SHOWN; k++) {
		const struct issue *i = &r->issues.items.v[k];
		BUF_AUTO place = BUF_INIT(LIMIT_PATH_BYTES * 2);

		wording_place(&place, i->file, i->line);
		buf_printf(out, "| %s | %s | ", issue_severity_to_string(i->severity),
			kind_titles[i->kind]);
		clean_md_text(out, i->title);
		if (i->tags.n) {
			buf_c(out, " (");
			clean_md_text(out, i->tags);
			buf_c(out, ")");
		}
		buf_c(out, " | ");
		clean_md_text(out, buf_view(&place));
		buf_c(out, " |\n");
	}
	if (n > SHOWN)
		buf_printf(out, "\nand %zu more\n", n - SHOWN);
	for (size_t k = 0; k < r->n_notices; k++) {
		buf_c(out, "\n> ");
		clean_md_text(out, r->notices[k]);
		buf_char(out, '\n');
	}
}
