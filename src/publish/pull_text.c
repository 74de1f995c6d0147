#include "publish/pull_text.h"

#include "base/embed.h"
#include "base/limits.h"
#include "kit/clean/clean.h"
#include "model/udiff.h"
#include "port/crypto/sha256.h"
#include "publish/sections.h"

enum {
	FAILURES_SHOWN = 20,
	DIFF_BYTES = 20000,
	PART_BYTES = 5000, /* of any other part */
	FORM_DIGITS = 16,
	BRANCH_DIGITS = 12,
};

static struct str short_hash(struct str bytes, struct arena *mem)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex(hex, bytes);
	return arena_str(mem, str_make(hex, FORM_DIGITS));
}

struct str pull_command_form(struct str command, struct arena *mem)
{
	return command.n ? short_hash(command, mem) : STR("");
}

struct str pull_patch_form(struct str diff, struct arena *mem)
{
	BUF_AUTO form = BUF_INIT(LIMIT_PATCH_BYTES * 2);
	struct err ignored = ERR_INIT;
	struct udiff parsed;

	if (udiff_parse(&parsed, diff, mem, &ignored) < 0)
		return STR("");
	for (size_t i = 0; i < parsed.n; i++) {
		const struct udiff_file *file = &parsed.files[i];
		buf_str(&form, file->path);
		buf_char(&form, '\n');
		for (size_t k = 0; k < file->n; k++)
			for (size_t l = 0; l < file->hunks[k].n; l++) {
				const struct udiff_line *line = &file->hunks[k].lines[l];
				if (line->op == ' ')
					continue;
				buf_char(&form, line->op);
				buf_str(&form, str_trim(line->text));
				buf_char(&form, '\n');
			}
	}
	return short_hash(buf_view(&form), mem);
}

enum pull_form pull_form_of(double confidence, bool trusted)
{
	if (!trusted || confidence < 0.7)
		return PULL_DRAFT;
	return confidence < 0.9 ? PULL_REVIEW : PULL_READY;
}

struct str pull_branch(const struct fix *fix, struct str prefix, struct arena *mem)
{
	const char *kind =
		failure_kind_to_string(fix->n_failures ? fix->failures[0].kind : FAILURE_TEST);
	const char *fingerprint = fix_fingerprint(fix);

	return arena_printf(mem, "%.*s%s-%.*s", STR_ARGS(prefix), kind, BRANCH_DIGITS,
		*fingerprint ? fingerprint : "unknown");
}

static void add_fingerprint(struct str *list, size_t *n, struct str fingerprint)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(list[i], fingerprint))
			return;
	if (fingerprint.n && *n < MARKER_FINGERPRINTS_MAX)
		list[(*n)++] = fingerprint;
}

/* A correction refuses what was there before; what is proposed now is not refused. */
static const struct str *refused_so_far(
	size_t *n, const struct pull_options *o, struct str now, struct arena *mem)
{
	struct str *list = arena_array(mem, MARKER_REFUSED_MAX, sizeof(*list));
	const struct marker *before = o->previous;

	*n = 0;
	for (size_t i = 0; i < before->n_refused; i++)
		list[(*n)++] = before->refused[i];
	if (o->attempts_more && *n < MARKER_REFUSED_MAX && !str_eq(before->patch, now))
		list[(*n)++] = before->patch;
	return list;
}

/* What a pull request was for stays in its marker; so does what was counted there. */
static struct marker marker_of(
	const struct fix *fix, const struct pull_options *o, struct arena *mem)
{
	struct str *fingerprints = arena_array(mem, MARKER_FINGERPRINTS_MAX, sizeof(*fingerprints));
	struct marker m = {.what = STR("pull"),
		.instance = o->instance,
		.fingerprints = fingerprints,
		.patch = pull_patch_form(fix->diff, mem),
		.command = pull_command_form(fix->command, mem),
		.session = fix->session,
		.base = o->rebased_on.n ? o->rebased_on : o->base};

	for (size_t i = 0; i < fix->n_failures; i++)
		add_fingerprint(fingerprints, &m.n, str_of(fix->failures[i].fingerprint));
	for (size_t i = 0; o->previous && i < o->previous->n; i++)
		add_fingerprint(fingerprints, &m.n, o->previous->fingerprints[i]);
	if (o->previous) {
		m.refused = refused_so_far(&m.n_refused, o, m.patch, mem);
		m.done = o->done.n ? o->done : o->previous->done;
		m.attempts = o->previous->attempts + o->attempts_more;
		m.retry = o->previous->retry;
	}
	return m;
}

/* What the reader must know before anything else. */
static void write_notice(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	(void)fix;
	if (o->form == PULL_DRAFT)
		buf_c(out, "**A draft: a person's approval is required.** ");
	else if (o->form == PULL_REVIEW)
		buf_c(out, "**Please review.** ");
	buf_c(out, "A fix found and checked by a program");
	if (o->run_url.n) {
		buf_c(out, " for [this red run](");
		clean_line(out, o->run_url, 300);
		buf_c(out, ")");
	}
	buf_c(out, ".");
	if (o->deadline.n)
		buf_printf(out,
			" Merging by itself will be asked of GitHub at %.*s unless someone "
			"refuses.",
			STR_ARGS(o->deadline));
	if (o->rebased_on.n)
		buf_printf(out,
			"\n\n> The base branch went on while this was made: the change was proved "
			"on `%.12s` and applied to `%.12s` in files that others did not touch.",
			o->base.p, o->rebased_on.p);
	if (!o->ci_starts)
		buf_c(out, "\n\n> GitHub starts no workflow for a pull request opened with the "
			   "token of a workflow: close and reopen it to run CI, or give the bot an "
			   "App.");
}

static void write_problem(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	(void)o;
	if (!fix->n_failures)
		buf_c(out, "The tests failed.\n");
	section_failures(out, fix, FAILURES_SHOWN);
}

static void write_cause(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	(void)o;
	if (fix->diagnosis.root_cause.n)
		section_text(out, fix->diagnosis.root_cause);
	else
		buf_c(out, "Not determined beyond what the change shows.");
	for (size_t i = 0; i < fix->diagnosis.evidence.n && i < 5; i++) {
		buf_c(out, i ? "\n- " : "\n\n- ");
		section_text(out, fix->diagnosis.evidence.v[i]);
	}
}

static void write_change(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	(void)o;
	section_change(out, fix, DIFF_BYTES);
}

static void write_evidence(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	if (o->claimed)
		buf_c(out, "As told by the run that made it; read again here: the diff, its policy "
			   "and the base it applies to.\n\n");
	section_proof(out, fix);
}

static void write_confidence(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	(void)o;
	section_confidence(out, fix);
	buf_c(out, "\nSource: ");
	section_text(out, fix->source);
	if (fix->origin.n) {
		buf_c(out, ", ");
		section_code(out, str_slice(fix->origin, 0, 80));
	}
	buf_printf(out, ". %zu other candidate%s passed the failing tests too.", fix->rivals,
		fix->rivals == 1 ? "" : "s");
}

static void write_unchecked(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	(void)o;
	section_unchecked(out, fix);
}

static void write_replay(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	BUF_AUTO script = BUF_INIT(LIMIT_TEXT_BYTES);

	buf_c(out, "Red without the change, green with it:\n\n");
	buf_printf(&script, "git checkout %.*s\n", STR_ARGS(o->base));
	clean_line(&script, fix->command, SECTION_TEXT_MAX);
	buf_c(&script, "\ngit checkout -\n");
	clean_line(&script, fix->command, SECTION_TEXT_MAX);
	buf_char(&script, '\n');
	clean_md_fence(out, "sh", buf_view(&script));
}

static void write_cost(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	(void)o;
	buf_printf(out, "%zu candidate%s tried, %.1f s, $%.2f.", fix->candidates,
		fix->candidates == 1 ? "" : "s", fix->seconds, fix->cost_usd);
}

static void write_stop(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	(void)fix;
	(void)o;
	buf_c(out, "Close this pull request and this change is not proposed again. The label "
		   "`no-auto-fix` on it, or the comment `/selfheal stop`, leaves it to you; "
		   "`/selfheal retry` asks for another attempt. The bot neither approves nor "
		   "merges.");
}

static void write_footer(struct buf *out, const struct fix *fix, const struct pull_options *o)
{
	(void)o;
	buf_c(out, "selfheal " SELFHEAL_VERSION);
	if (fix->session.n) {
		buf_c(out, ", session ");
		clean_md_code(out, str_slice(fix->session, 0, 40));
	}
}

static const struct part {
	const char *name;
	void (*write)(struct buf *out, const struct fix *fix, const struct pull_options *o);
} parts[] = {
	{"notice", write_notice},
	{"problem", write_problem},
	{"cause", write_cause},
	{"change", write_change},
	{"evidence", write_evidence},
	{"confidence", write_confidence},
	{"unchecked", write_unchecked},
	{"replay", write_replay},
	{"cost", write_cost},
	{"stop", write_stop},
	{"footer", write_footer},
};

static const struct part *part_of(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (str_eq_c(name, parts[i].name))
			return &parts[i];
	return NULL;
}

/* A part that is too long for all to fit loses its end: never half a fence, so it is dropped whole
 * with a word about it. */
static void add_part(struct buf *out, const struct part *part, const struct fix *fix,
	const struct pull_options *o)
{
	size_t most = part->write == write_change ? DIFF_BYTES + PART_BYTES : PART_BYTES;
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);

	part->write(&text, fix, o);
	if (text.n > most || text.over)
		buf_c(out, "(too long to show here)");
	else
		buf_str(out, str_trim(buf_view(&text)));
}

static int fill_template(
	struct buf *out, const struct fix *fix, const struct pull_options *o, struct err *err)
{
	struct str rest = o->template.n ? o->template : embed_get("templates/pull_request/body.md");
	struct str text, name;

	while (str_cut(&rest, "{{", &text)) {
		const struct part *part;
		buf_str(out, text);
		if (!str_cut(&rest, "}}", &name))
			return err_set(
				err, ERR_CONFIG, "the pull request template has '{{' without '}}'");
		part = part_of(str_trim(name));
		if (!part)
			return err_set(err, ERR_CONFIG,
				"the pull request template names '{{%.*s}}', which there is not",
				(int)(name.n < 40 ? name.n : 40), name.p);
		add_part(out, part, fix, o);
	}
	buf_str(out, rest);
	return 0;
}

static struct str write_title(
	const struct fix *fix, const struct pull_options *o, struct arena *mem)
{
	BUF_AUTO title = BUF_INIT(LIMIT_TEXT_BYTES);

	buf_c(&title, o->deadline.n ? "[REVIEW REQUIRED] " : "[Auto-Fix] ");
	if (o->security)
		buf_c(&title, "Security fix: ");
	clean_line(&title, fix_subject(fix, mem), PULL_TITLE_BYTES - title.n);
	return arena_str(mem, buf_view(&title));
}

int pull_text_make(struct pull_text *out, const struct fix *fix, const struct pull_options *options,
	struct arena *mem, struct err *err)
{
	BUF_AUTO body = BUF_INIT(PULL_BODY_BYTES);
	BUF_AUTO marker = BUF_INIT(PULL_BODY_BYTES / 2);
	struct fix shown = section_fix(fix, mem);

	out->marker = marker_of(fix, options, mem);
	marker_write(&marker, &out->marker);
	if (fill_template(&body, &shown, options, err) < 0)
		return -1;
	if (body.over || body.n + marker.n + 1 > PULL_BODY_BYTES)
		return err_set(err, ERR_CONFIG,
			"the pull request's text is over %d bytes: shorten the template",
			PULL_BODY_BYTES);
	buf_char(&body, '\n');
	buf_str(&body, buf_view(&marker));
	out->body = arena_str(mem, buf_view(&body));
	out->title = write_title(&shown, options, mem);
	out->branch = pull_branch(fix, options->prefix, mem);
	return 0;
}
