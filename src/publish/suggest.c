#include "publish/suggest.h"

#include "base/limits.h"
#include "kit/redact/redact.h"
#include "port/forge/forge.h"
#include "publish/pull_text.h"
#include "publish/sections.h"

enum { NOTE_BYTES = 60000 }; /* GitHub takes 65,536 characters */

static const struct forge_file *file_of(struct str path, const struct forge_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(files[i].path, path))
			return &files[i];
	return NULL;
}

/* "@@ -1,2 +3,4 @@": the lines of the new file that a hunk shows. */
static bool hunk_lines(struct str line, int *first, int *count)
{
	struct str before;

	if (!str_skip(&line, "@@ -") || !str_cut(&line, "+", &before) ||
		!str_take_int(&line, first))
		return false;
	*count = 1;
	return !str_skip(&line, ",") || str_take_int(&line, count);
}

static bool shows(struct str patch, int from, int to)
{
	struct str line;
	int first, count;

	while (str_next_line(&patch, &line))
		if (hunk_lines(line, &first, &count) && from >= first && to < first + count)
			return true;
	return false;
}

/* The changed lines of a hunk, without the context around them. */
struct core {
	size_t begin, end; /* of the hunk's lines */
	int first, last;   /* of the old file: the head of the pull request */
};

static bool core_of(struct core *out, const struct udiff_hunk *h)
{
	int at = h->old_first;
	bool seen = false;

	for (size_t i = 0; i < h->n; i++) {
		if (h->lines[i].op != ' ') {
			if (!seen)
				*out = (struct core){.begin = i, .first = at, .last = at - 1};
			seen = true;
			out->end = i + 1;
		}
		at += h->lines[i].op != '+';
		if (h->lines[i].op != ' ')
			out->last = at - 1;
	}
	/* Nothing is removed: the line before is taken along, and stands again. */
	if (seen && out->last < out->first) {
		if (!out->begin)
			return false;
		out->begin--;
		out->first--;
		out->last = out->first;
	}
	return seen;
}

static struct str suggestion(const struct udiff_hunk *h, const struct core *core, struct arena *mem)
{
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);
	size_t ticks = 3, run = 0;

	for (size_t i = core->begin; i < core->end; i++)
		for (size_t k = 0; k < h->lines[i].text.n; k++) {
			run = h->lines[i].text.p[k] == '`' ? run + 1 : 0;
			ticks = run >= ticks ? run + 1 : ticks;
		}
	buf_fill(&text, '`', ticks);
	buf_c(&text, "suggestion\n");
	for (size_t i = core->begin; i < core->end; i++)
		if (h->lines[i].op != '-') {
			buf_str(&text, h->lines[i].text);
			buf_char(&text, '\n');
		}
	buf_fill(&text, '`', ticks);
	return arena_str(mem, buf_view(&text));
}

static bool note_of(struct forge_line_note *out, const struct udiff_hunk *h,
	const struct forge_file *file, struct arena *mem)
{
	struct core core = {0};

	if (!core_of(&core, h) || !shows(file->patch, core.first, core.last))
		return false;
	*out = (struct forge_line_note){.path = file->path,
		.body = suggestion(h, &core, mem),
		.first_line = core.first < core.last ? core.first : 0,
		.line = core.last};
	return out->body.n <= NOTE_BYTES;
}

int suggest_notes(struct forge_line_note **notes, size_t *n, const struct udiff *fix,
	struct str folder, const struct forge_file *files, size_t n_files, struct arena *mem)
{
	struct forge_line_note *v;
	size_t hunks = 0, made = 0;

	for (size_t i = 0; i < fix->n; i++)
		hunks += fix->files[i].n;
	v = arena_array(mem, hunks, sizeof(*v));
	for (size_t i = 0; i < fix->n; i++) {
		const struct udiff_file *f = &fix->files[i];
		struct str path = folder.n ? arena_printf(mem, "%.*s/%.*s", STR_ARGS(folder),
						     STR_ARGS(f->path))
					   : f->path;
		const struct forge_file *file = file_of(path, files, n_files);
		if (!file || f->created || f->deleted || f->renamed || f->binary)
			return SUGGEST_OUTSIDE;
		for (size_t k = 0; k < f->n; k++)
			if (!note_of(&v[made++], &f->hunks[k], file, mem))
				return SUGGEST_OUTSIDE;
	}
	*notes = v;
	*n = made;
	return made ? 0 : SUGGEST_OUTSIDE;
}

static struct str review_text(const struct fix *fix, struct str instance, struct arena *mem)
{
	struct marker marker = {.what = STR("suggestion"),
		.instance = instance,
		.patch = pull_patch_form(fix->diff, mem)};
	struct fix shown = section_fix(fix, mem);
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);

	fix = &shown;
	buf_c(&text, "This change makes the failing tests pass. ");
	section_text(&text, fix->diagnosis.root_cause);
	buf_c(&text, "\n\n");
	section_failures(&text, fix, 5);
	buf_char(&text, '\n');
	section_proof(&text, fix);
	buf_char(&text, '\n');
	section_confidence(&text, fix);
	buf_char(&text, '\n');
	marker_write(&text, &marker);
	return arena_str(mem, buf_view(&text));
}

static int said_before(struct forge *forge, const struct fix *fix, const struct suggest_options *o,
	bool *said, struct arena *mem, struct err *err)
{
	struct str form = pull_patch_form(fix->diff, mem);
	struct forge_review *reviews;
	struct forge_user me;
	struct marker m;
	size_t n;

	*said = false;
	if (forge_me(forge, &me, mem, err) < 0 ||
		forge_reviews(forge, o->repo, o->pull, &reviews, &n, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		*said |= str_eq_nocase(reviews[i].author, me.login) &&
			 marker_read(&m, reviews[i].body, "suggestion", o->instance, mem) &&
			 str_eq(m.patch, form);
	return 0;
}

int suggest_review(struct forge *forge, const struct fix *fix, const struct suggest_options *o,
	struct arena *mem, struct err *err)
{
	struct forge_review_draft draft = {.commit_id = o->sha};
	struct forge_line_note *notes;
	struct forge_file *files;
	struct forge_pull pull;
	struct udiff diff;
	size_t n_files;
	bool said;
	int rc = forge_pull(forge, o->repo, o->pull, &pull, mem, err);

	if (rc)
		return rc < 0 ? -1 : SUGGEST_OUTSIDE;
	if (!pull.open || !str_eq(pull.head_sha, o->sha) || redact_find(fix->diff).p)
		return SUGGEST_OUTSIDE;
	if (said_before(forge, fix, o, &said, mem, err) < 0)
		return -1;
	if (said)
		return 0;
	if (udiff_parse(&diff, fix->diff, mem, err) < 0 ||
		forge_pull_files(forge, o->repo, o->pull, &files, &n_files, mem, err) < 0)
		return -1;
	rc = suggest_notes(&notes, &draft.n, &diff, o->folder, files, n_files, mem);
	if (rc)
		return rc;
	draft.notes = notes;
	draft.body = review_text(fix, o->instance, mem);
	return forge_review_create(forge, o->repo, o->pull, &draft, err);
}
