#include "publish/check.h"

#include "base/limits.h"
#include "kit/clean/clean.h"
#include "port/forge/forge.h"
#include "publish/publish.h"
#include "publish/sections.h"

enum { SUMMARY_BYTES = 60000, MESSAGE_BYTES = 4000, ANNOTATIONS_MAX = 200 };

static struct str plain(struct str text, size_t max, struct arena *mem)
{
	BUF_AUTO safe = BUF_INIT(LIMIT_TEXT_BYTES);

	clean_terminal(&safe, str_slice(text, 0, max));
	return arena_str(mem, buf_view(&safe));
}

static void annotate(struct forge_check *check, const struct fix *fix,
	const struct check_options *o, struct arena *mem)
{
	size_t most = fix->n_failures < ANNOTATIONS_MAX ? fix->n_failures : ANNOTATIONS_MAX;
	struct forge_annotation *v = arena_array(mem, most, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < most; i++) {
		const struct failure *f = &fix->failures[i];
		/* Of a file of the repository, or GitHub refuses the whole request. */
		if (!f->file.n || f->file.p[0] == '/' || str_has(f->file, "..") || f->line <= 0)
			continue;
		v[n++] = (struct forge_annotation){
			.path = o->folder.n ? arena_printf(mem, "%.*s/%.*s", STR_ARGS(o->folder),
						      STR_ARGS(f->file))
					    : f->file,
			.title = plain(f->id.n ? f->id : f->type, 200, mem),
			.message = plain(f->message.n ? f->message : f->type, MESSAGE_BYTES, mem),
			.first_line = f->line,
			.last_line = f->line,
			.level = "warning"};
		if (!v[n - 1].message.n)
			v[n - 1].message = STR("failed");
	}
	check->annotations = v;
	check->n_annotations = n;
}

static struct str summary_of(
	const struct fix *fix, const struct published *published, struct arena *mem)
{
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);

	if (published->url.n)
		buf_printf(&text, "Pull request: %.*s\n\n", STR_ARGS(published->url));
	else if (published->reason)
		buf_printf(&text, "Nothing proposed: %s.\n\n", plan_reason_text(published->reason));
	if (fix->why.n)
		section_text(&text, fix->why);
	buf_c(&text, "\n\n");
	section_failures(&text, fix, 50);
	buf_char(&text, '\n');
	section_proof(&text, fix);
	return arena_str(mem, str_slice(buf_view(&text), 0, SUMMARY_BYTES));
}

/* Ours has our instance as its external id. What it was annotated with before stays. */
static int find(struct forge *forge, const struct check_options *o, struct forge_check *check,
	struct arena *mem, struct err *err)
{
	struct forge_check *checks;
	size_t n;

	if (forge_checks(forge, o->repo, o->sha, &checks, &n, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (str_eq_c(checks[i].name, "selfheal") &&
			str_eq(checks[i].external_id, o->instance)) {
			check->id = checks[i].id;
			check->annotations_there = checks[i].annotations_there;
		}
	return 0;
}

int check_write(struct forge *forge, const struct fix *fix, const struct published *published,
	const struct check_options *options, struct arena *mem, struct err *err)
{
	struct forge_check check = {.name = STR("selfheal"),
		.head_sha = options->sha,
		.external_id = options->instance,
		.status = STR("completed"),
		.conclusion = STR("neutral")};
	struct fix shown = section_fix(fix, mem);

	fix = &shown;
	check.title = arena_printf(
		mem, "%s: %.*s", outcome_to_string(fix->outcome), STR_ARGS(fix_subject(fix, mem)));
	check.title = plain(check.title, 200, mem);
	check.summary = summary_of(fix, published, mem);
	annotate(&check, fix, options, mem);
	if (find(forge, options, &check, mem, err) < 0)
		return -1;
	return forge_check_write(forge, options->repo, &check, mem, err);
}
