#include "app/cli/cmd.h"

static void option_words(struct buf *out, const struct opt *table)
{
	for (; table && table->name; table++)
		buf_printf(out, " --%s", table->name);
}

static void choice_words(struct buf *out, const struct opt *opt)
{
	for (const char *const *word = opt->words; *word; word++)
		buf_printf(out, "%s%s", word == opt->words ? "" : " ", *word);
}

/* After "--format", its words. */
static void bash_choices(struct buf *out, const struct opt *table)
{
	for (; table && table->name; table++) {
		if (table->kind != OPT_ENUM)
			continue;
		buf_printf(out, "\t--%s) COMPREPLY=($(compgen -W '", table->name);
		choice_words(out, table);
		buf_c(out, "' -- \"$cur\")); return ;;\n");
	}
}

static void bash_command(struct buf *out, const struct cmd *cmd)
{
	buf_printf(out, "\t%s) words='", cmd->name);
	for (const struct cmd_verb *v = cmd->verbs; v && v->name; v++)
		buf_printf(out, "%s ", v->name);
	option_words(out, cmd->opts);
	option_words(out, global_opts);
	buf_c(out, "' ;;\n");
}

static void bash(struct buf *out)
{
	buf_c(out, "# bash completion for selfheal: eval \"$(selfheal completion bash)\"\n"
		   "_selfheal() {\n"
		   "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		   "\tlocal command=${COMP_WORDS[1]} words=\n"
		   "\t[ \"$COMP_CWORD\" -gt 1 ] || command=\n"
		   "\tcase $command,$prev in\n");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		for (const struct opt *opt = (*cmd)->opts; opt && opt->name; opt++) {
			if (opt->kind != OPT_ENUM)
				continue;
			buf_printf(out, "\t%s,--%s) COMPREPLY=($(compgen -W '", (*cmd)->name,
				opt->name);
			choice_words(out, opt);
			buf_c(out, "' -- \"$cur\")); return ;;\n");
		}
	buf_c(out, "\tesac\n\tcase $prev in\n");
	bash_choices(out, global_opts);
	buf_c(out, "\tesac\n\tcase $command in\n\t'') words='");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		buf_printf(out, "%s ", (*cmd)->name);
	buf_c(out, "' ;;\n");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		bash_command(out, *cmd);
	buf_c(out, "\tesac\n"
		   "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		   "\t[ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
		   "}\n"
		   "complete -o filenames -F _selfheal selfheal\n");
}

/* Inside single quotes of sh and fish, with the characters escaped that _arguments reads. */
static void quoted(struct buf *out, const char *text, const char *escape)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_c(out, "'\\''");
		else if (strchr(escape, *text))
			buf_printf(out, "\\%c", *text);
		else
			buf_char(out, *text);
	}
}

static void zsh_option(struct buf *out, const struct opt *opt)
{
	buf_printf(out, "\t\t\t'%s--%s%s[", opt->kind == OPT_LIST ? "*" : "", opt->name,
		opt->arg ? "=" : "");
	quoted(out, opt->help, "[]:\\");
	buf_char(out, ']');
	if (opt->kind == OPT_ENUM) {
		buf_printf(out, ":%s:(", opt->name);
		choice_words(out, opt);
		buf_char(out, ')');
	} else if (opt->arg) {
		buf_printf(out, ":%s:_files", opt->name);
	}
	buf_c(out, "' \\\n");
}

static void zsh_command(struct buf *out, const struct cmd *cmd)
{
	buf_printf(out, "\t%s)\n\t\t_arguments \\\n", cmd->name);
	for (const struct opt *opt = cmd->opts; opt && opt->name; opt++)
		zsh_option(out, opt);
	for (const struct opt *opt = global_opts; opt->name; opt++)
		zsh_option(out, opt);
	if (cmd->verbs) {
		buf_c(out, "\t\t\t'2:command:(");
		for (const struct cmd_verb *v = cmd->verbs; v->name; v++)
			buf_printf(out, "%s%s", v == cmd->verbs ? "" : " ", v->name);
		buf_c(out, ")' \\\n");
	}
	buf_c(out, "\t\t\t'*:file:_files'\n\t\t;;\n");
}

static void zsh(struct buf *out)
{
	buf_c(out, "#compdef selfheal\n"
		   "_selfheal() {\n"
		   "\tif (( CURRENT == 2 )); then\n"
		   "\t\tlocal -a names=(\n");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		buf_printf(out, "\t\t\t'%s:", (*cmd)->name);
		quoted(out, (*cmd)->summary, ":\\");
		buf_c(out, "'\n");
	}
	buf_c(out, "\t\t)\n\t\t_describe command names\n\t\treturn\n\tfi\n"
		   "\tcase $words[2] in\n");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		zsh_command(out, *cmd);
	buf_c(out, "\tesac\n}\ncompdef _selfheal selfheal\n");
}

static void fish_options(struct buf *out, const char *condition, const struct opt *table)
{
	for (; table && table->name; table++) {
		buf_printf(out, "complete -c selfheal%s -l %s", condition, table->name);
		if (table->letter)
			buf_printf(out, " -s %c", table->letter);
		if (table->kind == OPT_ENUM) {
			buf_c(out, " -x -a '");
			choice_words(out, table);
			buf_char(out, '\'');
		} else if (table->arg) {
			buf_c(out, " -r");
		}
		buf_c(out, " -d '");
		quoted(out, table->help, "\\");
		buf_c(out, "'\n");
	}
}

static void fish(struct buf *out)
{
	buf_c(out, "# fish completion for selfheal: selfheal completion fish | source\n");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		char condition[96];
		buf_printf(out, "complete -c selfheal -n __fish_use_subcommand -a %s -d '",
			(*cmd)->name);
		quoted(out, (*cmd)->summary, "\\");
		buf_c(out, "'\n");
		snprintf(condition, sizeof(condition), " -n '__fish_seen_subcommand_from %s'",
			(*cmd)->name);
		for (const struct cmd_verb *v = (*cmd)->verbs; v && v->name; v++)
			buf_printf(out, "complete -c selfheal%s -a %s\n", condition, v->name);
		fish_options(out, condition, (*cmd)->opts);
	}
	fish_options(out, "", global_opts);
}

static const struct {
	const char *name;
	void (*write)(struct buf *out);
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

static int run(struct cli *cli, struct err *err)
{
	const char *name = cli->opts.args.v[0];

	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (!strcmp(shells[i].name, name)) {
			shells[i].write(&cli->out);
			return EXIT_DONE;
		}
	return err_set(
		err, ERR_CONFIG, "no completion for the shell '%s': bash, zsh or fish", name);
}

const struct cmd cmd_completion = {
	.name = "completion",
	.usage = "bash|zsh|fish",
	.summary = "print a shell's completion of commands and options",
	.examples = "eval \"$(selfheal completion bash)\"\n",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
