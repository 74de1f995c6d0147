#include <errno.h>
#include <unistd.h>

#include "app/cli/cmd.h"
#include "app/cli/store_args.h"
#include "kit/clean/clean.h"
#include "app/render/paint.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "json/json.h"
#include "learn/exchange.h"
#include "learn/knowledge.h"

static const struct opt opts[] = {
	STORE_OPT,
	{"out", 'o', OPT_STR, "FILE", NULL, "export: write to FILE instead of standard output"},
	{0},
};

enum { ID_SHOWN = 12, NOTE_MAX = 60 };

/* --- list --- */

static void list_row(struct buf *out, const struct fix_record *fix)
{
	char date[CLOCK_ISO_SIZE];

	clock_iso(fix->updated_at, date);
	buf_printf(out, "%.*s  %.10s  %3lld held %3lld failed  ", ID_SHOWN, fix->id.p, date,
		(long long)fix->successes, (long long)fix->failed);
	clean_line(out, fix->language.n ? fix->language : STR("-"), 12);
	buf_char(out, ' ');
	clean_line(out, fix->error_type, 40);
	buf_c(out, ": ");
	clean_line(out, fix->note.n ? fix->note : fix->root_cause, NOTE_MAX);
	buf_char(out, '\n');
}

static void list_markdown(struct buf *out, const struct fix_record *fixes, size_t n)
{
	buf_c(out, "| id | held | failed | error | fix |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "| %.*s | %lld | %lld | ", ID_SHOWN, fixes[i].id.p,
			(long long)fixes[i].successes, (long long)fixes[i].failed);
		clean_md_text(out, fixes[i].error_type);
		buf_c(out, " | ");
		clean_md_text(out, fixes[i].note);
		buf_c(out, " |\n");
	}
}

static void list_json(struct buf *out, const struct fix_record *fixes, size_t n)
{
	CLEANUP(json_freep) struct json_t *list = json_arr();

	for (size_t i = 0; i < n; i++)
		json_push(list, knowledge_to_json(&fixes[i]));
	json_write(out, list, 2);
	buf_char(out, '\n');
}

static int list(struct cli *cli, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	struct fix_record *fixes = NULL;
	ARENA_AUTO mem = {0};
	size_t n = 0;
	int r = store_args_open(&store, cli, true, err);

	if (r < 0 || (r == 0 && fix_list(store, &fixes, &n, &mem, err) < 0))
		return -1;
	if (cli->format == FORMAT_JSON)
		list_json(&cli->out, fixes, n);
	else if (cli->format == FORMAT_MARKDOWN)
		list_markdown(&cli->out, fixes, n);
	else if (!n)
		buf_c(&cli->out,
			"nothing is known yet: a fix is remembered when a heal proved it\n");
	for (size_t i = 0; cli->format == FORMAT_TEXT && i < n; i++)
		list_row(&cli->out, &fixes[i]);
	return EXIT_DONE;
}

/* --- show --- */

static void field(const struct painter *p, const char *name, struct str value)
{
	if (!value.n)
		return;
	paint_c(p, PAINT_BOLD, name);
	buf_fill(p->out, ' ', 12 - strlen(name));
	clean_line(p->out, value, 0);
	buf_char(p->out, '\n');
}

static void show_text(const struct cli *cli, struct buf *out, const struct fix_record *fix)
{
	struct painter p = {.out = out, .color = cli->color};
	char learned[CLOCK_ISO_SIZE], used[CLOCK_ISO_SIZE], record[96];

	clock_iso(fix->created_at, learned);
	clock_iso(fix->updated_at, used);
	snprintf(record, sizeof(record), "held %lld times, failed %lld", (long long)fix->successes,
		(long long)fix->failed);
	field(&p, "id", fix->id);
	field(&p, "error", fix->error_type);
	field(&p, "pattern", fix->error_pattern);
	field(&p, "cause", fix->root_cause);
	field(&p, "fix", fix->note);
	field(&p, "source", fix->source);
	field(&p, "origin", fix->origin);
	field(&p, "record", str_of(record));
	field(&p, "learned", str_of(learned));
	field(&p, "last used", str_of(used));
	for (size_t i = 0; i < fix->n_failures; i++)
		field(&p, i ? "" : "heals", fix->failures[i].fingerprint);
	buf_char(out, '\n');
	paint_diff(&p, fix->patch, 2);
}

static int show(struct cli *cli, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	struct fix_record fix;
	ARENA_AUTO mem = {0};
	const char *id = cli->opts.args.v[0];
	int r = store_args_open(&store, cli, true, err);

	if (r == 0)
		r = fix_get(store, str_of(id), &fix, &mem, err);
	if (r < 0)
		return -1;
	if (r > 0)
		return err_set(
			err, ERR_CONFIG, "no fix '%s' ('selfheal knowledge list' shows them)", id);
	if (cli->format == FORMAT_JSON) {
		CLEANUP(json_freep) struct json_t *j = knowledge_to_json(&fix);
		json_write(&cli->out, j, 2);
		buf_char(&cli->out, '\n');
		return EXIT_DONE;
	}
	if (cli->format == FORMAT_MARKDOWN)
		clean_md_fence(&cli->out, "diff", fix.patch);
	else
		show_text(cli, &cli->out, &fix);
	return EXIT_DONE;
}

/* --- export, import --- */

static int export(struct cli *cli, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	BUF_AUTO text = BUF_INIT(LIMIT_JSON_BYTES);
	const char *file = opts_str(&cli->opts, "out", NULL);
	struct exchange_export counts = {0};
	int r = store_args_open(&store, cli, true, err);

	if (r < 0 || (r == 0 && knowledge_export(store, 0, &text, &counts, err) < 0))
		return -1;
	if (counts.secret || counts.unclean)
		log_warn("left out: %zu that may hold a secret, %zu that are not UTF-8",
			counts.secret, counts.unclean);
	log_info("%zu fixes exported", counts.written);
	if (file)
		return file_replace(file, buf_view(&text), err) < 0 ? -1 : EXIT_DONE;
	cli->format = FORMAT_JSON; /* its lines are, whatever form was asked for */
	buf_str(&cli->out, buf_view(&text));
	return EXIT_DONE;
}

static int read_stdin(struct buf *text, struct err *err)
{
	char piece[16 << 10];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot read standard input");
		buf_add(text, piece, (size_t)n);
		if (text->over)
			return err_set(err, ERR_LIMIT, "cannot import: over %zu bytes", text->cap);
	}
	return 0;
}

static void report_import(struct cli *cli, const struct exchange_import *c)
{
	CLEANUP(json_freep) struct json_t *j = NULL;

	if (cli->format != FORMAT_JSON) {
		buf_printf(&cli->out, "%zu fixes: %zu new, %zu merged, %zu known already", c->fixes,
			c->added, c->merged, c->same);
		if (c->refused)
			buf_printf(&cli->out, ", %zu lines refused (", c->refused);
		clean_line(&cli->out, str_of(c->first_refusal), 0);
		buf_c(&cli->out, c->refused ? ")\n" : "\n");
		return;
	}
	j = json_obj();
	json_put_int(j, "fixes", (int64_t)c->fixes);
	json_put_int(j, "added", (int64_t)c->added);
	json_put_int(j, "merged", (int64_t)c->merged);
	json_put_int(j, "same", (int64_t)c->same);
	json_put_int(j, "refused", (int64_t)c->refused);
	json_put_c(j, "first_refusal", c->first_refusal);
	json_write(&cli->out, j, 2);
	buf_char(&cli->out, '\n');
}

static int import(struct cli *cli, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	BUF_AUTO text = BUF_INIT(LIMIT_JSON_BYTES);
	const char *file = cli->opts.args.v[0];
	struct exchange_import counts = {0};
	int r = strcmp(file, "-") ? file_read(&text, file, err) : read_stdin(&text, err);

	if (r < 0) {
		err->code = ERR_CONFIG;
		return -1;
	}
	if (store_args_open(&store, cli, false, err) < 0 ||
		knowledge_import(store, buf_view(&text), &counts, err) < 0)
		return -1;
	report_import(cli, &counts);
	return counts.refused ? EXIT_USAGE : EXIT_DONE;
}

static const struct cmd_verb verbs[] = {
	{"list", "", "list the fixes that were proved in this repository", 0, 0, list},
	{"show", "ID", "show one: what it heals, its record, its diff", 1, 1, show},
	{"export", "", "write all as sorted text, for another machine or clone", 0, 0, export},
	{"import", "FILE|-", "take over what was exported elsewhere", 1, 1, import},
	{0},
};

const struct cmd cmd_knowledge = {
	.name = "knowledge",
	.summary = "look at, hand on and take over what was learned",
	.about = "A fix is remembered once it is proved. When a failure with the same fingerprint "
		 "comes again, it is tried first - and counts only when it is proved again.",
	.examples = "selfheal knowledge list\n"
		    "selfheal knowledge export --out fixes.jsonl\n"
		    "selfheal knowledge import fixes.jsonl\n",
	.opts = opts,
	.verbs = verbs,
};
