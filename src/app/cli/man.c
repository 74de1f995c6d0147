/* The man page, in the macros of man(7). */
#include "app/cli/cmd.h"
#include "app/cli/help.h"

/* Text for roff: a hyphen that can be copied, no accidental request at a line's start. */
static void roff(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		buf_c(out, "\\&");
	for (; *text; text++) {
		if (*text == '-')
			buf_c(out, "\\-");
		else if (*text == '\\')
			buf_c(out, "\\e");
		else
			buf_char(out, *text);
	}
}

static void option(struct buf *out, const struct opt *opt)
{
	buf_c(out, ".TP\n");
	if (opt->letter)
		buf_printf(out, "\\fB\\-%c\\fR, ", opt->letter);
	buf_c(out, "\\fB\\-\\-");
	roff(out, opt->name);
	buf_c(out, "\\fR");
	if (opt->arg) {
		buf_c(out, " \\fI");
		roff(out, opt->arg);
		buf_c(out, "\\fR");
	}
	buf_char(out, '\n');
	roff(out, opt->help);
	if (opt->kind == OPT_LIST)
		buf_c(out, "; may be given again");
	if (opt->fallback) {
		buf_c(out, " (default: ");
		roff(out, opt->fallback);
		buf_char(out, ')');
	}
	buf_char(out, '\n');
}

static void options(struct buf *out, const struct opt *table)
{
	for (; table && table->name; table++)
		option(out, table);
}

static void paragraphs(struct buf *out, const char *about)
{
	struct str rest = str_of(about), line;

	while (str_next_line(&rest, &line)) {
		BUF_AUTO copy = BUF_INIT(64 << 10);
		buf_str(&copy, line);
		buf_c(out, ".PP\n");
		roff(out, buf_text(&copy));
		buf_char(out, '\n');
	}
}

static void examples(struct buf *out, const char *lines)
{
	buf_c(out, ".PP\n.EX\n");
	roff(out, lines);
	buf_c(out, ".EE\n");
}

static void command(struct buf *out, const struct cmd *cmd)
{
	buf_printf(out, ".SS selfheal %s%s%s\n", cmd->name, cmd->usage && *cmd->usage ? " " : "",
		cmd->usage ? cmd->usage : "");
	roff(out, cmd->summary);
	buf_c(out, ".\n");
	if (cmd->about)
		paragraphs(out, cmd->about);
	for (const struct cmd_verb *v = cmd->verbs; v && v->name; v++) {
		buf_printf(out, ".TP\n\\fB%s\\fR %s\n", v->name, v->usage ? v->usage : "");
		roff(out, v->summary);
		buf_char(out, '\n');
	}
	options(out, cmd->opts);
	if (cmd->examples)
		examples(out, cmd->examples);
}

static const char exit_status[] =
	".SH EXIT STATUS\n"
	".TP\n0\ndone, or nothing to do\n"
	".TP\n1\nfailures were found and not healed (see \\fB\\-\\-fail\\-on\\fR)\n"
	".TP\n2\na mistake on the command line or in the configuration\n"
	".TP\n3\ninfrastructure: a missing program, a full disk, the network\n"
	".TP\n4\nrefused by policy\n"
	".TP\n130\ninterrupted\n";

static const char files[] =
	".SH FILES\n"
	".TP\n.I .selfheal.yml\nor \\fI.github/selfheal.yml\\fR: settings of a repository\n"
	".TP\n.I $XDG_CONFIG_HOME/selfheal/config.yml\nsettings of a user\n";

void help_man(struct buf *out)
{
	buf_c(out, ".TH SELFHEAL 1 \"\" \"selfheal " SELFHEAL_VERSION "\" \"User Commands\"\n"
		   ".SH NAME\nselfheal \\- finds out why tests fail, makes a fix and proves it\n"
		   ".SH SYNOPSIS\n.B selfheal\n.I COMMAND\n[\\fIOPTION\\fR]...\n"
		   ".SH COMMANDS\n");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		command(out, *cmd);
	buf_c(out, ".SH OPTIONS OF EVERY COMMAND\n");
	options(out, global_opts);
	buf_c(out, exit_status);
	buf_c(out, files);
}
