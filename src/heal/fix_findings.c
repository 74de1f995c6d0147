#include "heal/fix_findings.h"

#include "base/clock.h"
#include "base/limits.h"
#include "kit/fingerprint/fingerprint.h"
#include "kit/report/report.h"
#include "kit/rewrite/rewrite.h"
#include "model/udiff.h"
#include "port/git/diff.h"
#include "verify/ladder.h"

enum { LADDER_TIMEOUT_MS = 600 * 1000, BUDGET_MS = 900 * 1000 };

/* What an analyser's fix is worth that leaves the tests green; never enough to go unreviewed. */
static const double confidence_green = 0.55, confidence_untested = 0.3;

/* --- places --- */

/* The offset of the 1-based column in a line, counted in UTF-16 units; its end at most. */
static size_t column_at(struct str line, int column)
{
	size_t at = 0;

	for (int units = 1; units < column && at < line.n;) {
		unsigned char c = (unsigned char)line.p[at];
		size_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

		units += size == 4 ? 2 : 1;
		at += size;
	}
	return at < line.n ? at : line.n;
}

/* column 0: behind the line's last character. */
static bool offset_of(struct str text, int line, int column, size_t *out)
{
	struct str rest = text;
	ptrdiff_t end;

	for (int i = 1; i < line; i++) {
		if ((end = str_find_char(rest, '\n')) < 0)
			return false;
		rest = str_from(rest, (size_t)end + 1);
	}
	end = str_find_char(rest, '\n');
	if (end >= 0)
		rest = str_slice(rest, 0, (size_t)end);
	*out = (size_t)(rest.p - text.p) + (column ? column_at(rest, column) : str_rtrim(rest).n);
	return line > 0;
}

static const struct fix_file *file_of(const struct fix_file *files, size_t n, struct str path)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(files[i].path, path))
			return &files[i];
	return NULL;
}

int fix_edits(struct edit *out, const struct finding_edit *edits, size_t n,
	const struct fix_file *files, size_t n_files, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct finding_edit *e = &edits[i];
		const struct fix_file *f = file_of(files, n_files, e->file);
		struct edit made = {.path = e->file, .text = e->text};

		if (!udiff_path_is_safe(e->file))
			return err_set(err, ERR_POLICY, "the fix leaves the project: '%.*s'",
				STR_ARGS(str_slice(e->file, 0, 200)));
		if (!f || !offset_of(f->content, e->line, e->column, &made.start) ||
			!offset_of(f->content, e->end_line, e->end_column, &made.end) ||
			made.start > made.end)
			return err_set(err, ERR_PARSE, "no such place: '%.*s' line %d",
				STR_ARGS(str_slice(e->file, 0, 200)), e->line);
		out[i] = made;
	}
	return 0;
}

/* --- one finding --- */

struct fixing {
	const struct heal_options *options;
	const struct heal_result *green;
	struct trial_options trial_how;
	struct trial *trial; /* to read files from */
	struct report_tables *tables;
	int64_t deadline_ms;
	struct arena *mem;
	struct fix_file files[FINDING_EDITS_MAX];
	size_t n_files;
};

/* The files that the fix changes; one that cannot be read has no place in it. */
static void read_files(struct fixing *x, const struct issue *issue)
{
	x->n_files = 0;
	for (size_t i = 0; i < issue->n_edits; i++) {
		struct str path = issue->edits[i].file;
		BUF_AUTO text = BUF_INIT(LIMIT_SOURCE_BYTES);
		struct err ignored = ERR_INIT;

		if (!udiff_path_is_safe(path) || file_of(x->files, x->n_files, path) ||
			trial_read(x->trial, path, &text, &ignored) < 0)
			continue;
		x->files[x->n_files++] =
			(struct fix_file){path, arena_str(x->mem, buf_view(&text))};
	}
}

static int patch_of(struct patch *out, struct fixing *x, const struct issue *issue, struct err *err)
{
	struct edit *edits = arena_array(x->mem, issue->n_edits, sizeof(*edits));

	read_files(x, issue);
	if (fix_edits(edits, issue->edits, issue->n_edits, x->files, x->n_files, err) < 0)
		return -1;
	*out = (struct patch){.edits = edits,
		.n = issue->n_edits,
		.source = STR("fixit"),
		.origin = arena_printf(x->mem, "sarif:%.*s", STR_ARGS(issue->symbol)),
		.note = arena_printf(
			x->mem, "the analyser's own fix of %.*s", STR_ARGS(issue->symbol)),
		.line = issue->edits[0].line};
	return 0;
}

static int write_diff(struct str *out, struct fixing *x, const struct patch *patch, struct err *err)
{
	BUF_AUTO diff = BUF_INIT(LIMIT_PATCH_BYTES);

	for (size_t i = 0; i < x->n_files; i++) {
		BUF_AUTO after = BUF_INIT(LIMIT_SOURCE_BYTES);

		if (patch_apply_to(&after, patch, x->files[i].path, x->files[i].content, err) < 0 ||
			diff_unified(&diff, x->files[i].path, x->files[i].content, buf_view(&after),
				err) < 0)
			return -1;
	}
	*out = arena_str(x->mem, buf_view(&diff));
	return 0;
}

static void add_failure(struct heal_result *r, const struct issue *issue, struct arena *mem)
{
	struct failure *f = failure_list_add(&r->failures);
	const char *language = rewrite_language_of(issue->file);

	f->kind = FAILURE_LINT;
	f->name = issue->symbol;
	f->type = issue->symbol;
	f->id = issue->symbol;
	f->file = issue->file;
	f->line = issue->line;
	f->language = language ? str_of(language) : STR("");
	f->message = arena_printf(
		mem, "%.*s: %.*s", STR_ARGS(issue->file), STR_ARGS(issue->description));
	fingerprint_failure(f, mem);
}

static void fill(struct heal_result *r, struct fixing *x, const struct issue *issue,
	const struct patch *patch, const struct verdict *verdict)
{
	bool tested = verdict->tests_total > 0;

	heal_result_init(r);
	r->outcome = OUTCOME_HEALED;
	r->why = patch->note;
	r->command = x->green->command;
	r->command_why = x->green->command_why;
	r->patch = *patch;
	r->verdict = *verdict;
	r->verdict.confidence = tested ? confidence_green : confidence_untested;
	r->verdict.confidence_why = arena_printf(x->mem,
		"%s with the analyser's own fix as without it; the analyser was not run again",
		tested ? "the tests are green" : "the test command succeeds");
	r->diagnosis.root_cause =
		arena_printf(x->mem, "%.*s at %.*s:%d: %.*s", STR_ARGS(issue->root_cause),
			STR_ARGS(issue->file), issue->line, STR_ARGS(issue->description));
	r->diagnosis.confidence = r->verdict.confidence;
	r->has_diagnosis = true;
	r->candidates = 1;
	add_failure(r, issue, x->mem);
}

static struct str why_not(const struct verdict *v, struct arena *mem)
{
	const struct rung_result *last = v->rungs.n ? &v->rungs.v[v->rungs.n - 1] : NULL;

	if (!last)
		return STR("nothing was checked");
	return arena_printf(mem, "%s: %.*s", rung_to_string(last->rung), STR_ARGS(last->detail));
}

/* 1: it holds and *r is filled. 0: *why says what it failed by. */
static int try_one(struct heal_result *r, struct str *why, struct fixing *x,
	const struct issue *issue, struct err *err)
{
	struct ladder_options how = {.trial = &x->trial_how,
		.command = x->green->command.p,
		.setup = x->options->setup,
		.tables = x->tables,
		.timeout_ms = x->options->timeout_ms ? x->options->timeout_ms : LADDER_TIMEOUT_MS,
		.reruns = 1,
		.green_before = true,
		.failures = &x->green->failures,
		.policy = x->options->policy,
		.deadline_ms = x->deadline_ms};
	struct err bad = ERR_INIT;
	struct verdict verdict;
	struct patch patch;
	struct str diff = STR("");
	int64_t begin = clock_mono_ms();

	if (patch_of(&patch, x, issue, &bad) < 0 || write_diff(&diff, x, &patch, &bad) < 0) {
		*why = arena_str(x->mem, str_of(bad.msg));
		return 0;
	}
	if (!diff.n) {
		*why = STR("the fix changes nothing");
		return 0;
	}
	if (ladder_climb(&verdict, &patch, &how, x->mem, err) < 0)
		return -1;
	if (!verdict.holds) {
		*why = why_not(&verdict, x->mem);
		return 0;
	}
	fill(r, x, issue, &patch, &verdict);
	r->diff = diff;
	r->seconds = (double)(clock_mono_ms() - begin) / 1000;
	return 1;
}

/* --- all of them --- */

static void skip(struct fix_findings *out, const struct issue *issue, struct str why)
{
	out->skips[out->n_skips++] = (struct fix_skip){issue, why};
}

static int try_all(struct fix_findings *out, const struct issue_list *issues, struct fixing *x,
	struct err *err)
{
	size_t tried = 0;

	vec_each (issue, &issues->items) {
		struct str why = STR("");
		int rc;

		if (!issue->n_edits)
			continue;
		if (tried == FIX_FINDINGS_MAX || clock_mono_ms() >= x->deadline_ms) {
			skip(out, issue, STR("left for the next run"));
			continue;
		}
		tried++;
		if ((rc = try_one(&out->v[out->n], &why, x, issue, err)) < 0)
			return -1;
		if (rc)
			out->n++;
		else
			skip(out, issue, why);
	}
	return 0;
}

int fix_findings(struct fix_findings *out, const struct issue_list *issues,
	const struct heal_result *green, const struct heal_options *options, struct arena *mem,
	struct err *err)
{
	CLEANUP(report_tables_freep) struct report_tables *tables = NULL;
	CLEANUP(trial_freep) struct trial *trial = NULL;
	struct fixing x = {.options = options,
		.green = green,
		.mem = mem,
		.deadline_ms =
			clock_mono_ms() + (options->budget_ms ? options->budget_ms : BUDGET_MS),
		.trial_how = {.root = options->root,
			.sandbox = options->sandbox,
			.network = options->network,
			.env_allow = options->env_allow,
			.services = options->services,
			.ignore = options->ignore,
			.hide = options->hide}};

	*out = (struct fix_findings){.v = arena_array(mem, FIX_FINDINGS_MAX, sizeof(*out->v)),
		.skips = arena_array(mem, issues->items.n, sizeof(*out->skips))};
	if (report_tables_load(&tables, options->templates_dir, err) < 0 ||
		trial_open(&trial, &x.trial_how, err) < 0)
		return -1;
	x.tables = tables;
	x.trial = trial;
	return try_all(out, issues, &x, err);
}

void fix_findings_release(struct fix_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		heal_result_release(&f->v[i]);
}
