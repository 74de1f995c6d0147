#include "app/cli/help.h"

#include "app/cli/cmd.h"
#include "base/limits.h"

enum { HELP_COLUMN = 28, HELP_WIDTH = 92 };

/* Words of text from column on, wrapped, the next lines indented to the same column. */
static void wrap(struct buf *out, const char *text, size_t column)
{
	struct str rest = str_of(text), word;
	size_t at = column;

	while (str_next(&rest, ' ', &word)) {
		if (at > column && at + 1 + word.n > HELP_WIDTH) {
			buf_char(out, '\n');
			buf_fill(out, ' ', column);
			at = column;
		}
		if (at > column) {
			buf_char(out, ' ');
			at++;
		}
		buf_str(out, word);
		at += word.n;
	}
	buf_char(out, '\n');
}

static void head_and_text(struct buf *out, struct str head, const char *text)
{
	buf_str(out, head);
	if (head.n + 2 > HELP_COLUMN) {
		buf_char(out, '\n');
		buf_fill(out, ' ', HELP_COLUMN);
	} else {
		buf_fill(out, ' ', HELP_COLUMN - head.n);
	}
	wrap(out, text, HELP_COLUMN);
}

static void option(struct buf *out, const struct opt *opt)
{
	BUF_AUTO head = BUF_INIT(LIMIT_LINE_BYTES);
	BUF_AUTO text = BUF_INIT(LIMIT_LINE_BYTES);

	if (opt->letter)
		buf_printf(&head, "  -%c, --%s", opt->letter, opt->name);
	else
		buf_printf(&head, "      --%s", opt->name);
	if (opt->arg)
		buf_printf(&head, " %s", opt->arg);
	buf_c(&text, opt->help);
	if (opt->kind == OPT_LIST)
		buf_c(&text, "; may be given again");
	if (opt->fallback)
		buf_printf(&text, " (default: %s)", opt->fallback);
	head_and_text(out, buf_view(&head), buf_text(&text));
}

static void options(struct buf *out, const char *title, const struct opt *table)
{
	if (!table || !table->name)
		return;
	buf_printf(out, "\n%s:\n", title);
	for (const struct opt *opt = table; opt->name; opt++)
		option(out, opt);
}

static void named(struct buf *out, const char *name, const char *usage, const char *summary)
{
	BUF_AUTO head = BUF_INIT(LIMIT_LINE_BYTES);

	buf_printf(&head, "  %s%s%s", name, usage && *usage ? " " : "", usage ? usage : "");
	head_and_text(out, buf_view(&head), summary);
}

void help_overview(struct buf *out)
{
	buf_c(out, "usage: selfheal COMMAND [OPTION]...\n\n"
		   "Finds out why a repository's tests fail, makes a fix and proves it.\n\n"
		   "commands:\n");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		named(out, (*cmd)->name, NULL, (*cmd)->summary);
	options(out, "options of every command", global_opts);
	buf_c(out, "\n'selfheal help COMMAND' says more about one.\n");
}

static void indented(struct buf *out, const char *lines)
{
	struct str rest = str_of(lines), line;

	while (str_next_line(&rest, &line))
		buf_printf(out, "  %.*s\n", STR_ARGS(line));
}

static void paragraphs(struct buf *out, const char *about)
{
	struct str rest = str_of(about), line;

	while (str_next_line(&rest, &line)) {
		BUF_AUTO copy = BUF_INIT(LIMIT_LINE_BYTES);
		buf_char(out, '\n');
		buf_str(&copy, line);
		wrap(out, buf_text(&copy), 0);
	}
}

void help_command(struct buf *out, const struct cmd *cmd)
{
	buf_printf(out, "usage: selfheal %s%s [OPTION]...%s%s\n\n%s\n", cmd->name,
		cmd->verbs ? " COMMAND" : "", cmd->usage && *cmd->usage ? " " : "",
		cmd->usage ? cmd->usage : "", cmd->summary);
	if (cmd->about)
		paragraphs(out, cmd->about);
	if (cmd->verbs)
		buf_c(out, "\ncommands:\n");
	for (const struct cmd_verb *v = cmd->verbs; v && v->name; v++)
		named(out, v->name, v->usage, v->summary);
	options(out, "options", cmd->opts);
	options(out, "options of every command", global_opts);
	if (cmd->examples) {
		buf_c(out, "\nexamples:\n");
		indented(out, cmd->examples);
	}
}
