#include "app/cli/cmd.h"
#include "app/cli/help.h"

static int run(struct cli *cli, struct err *err)
{
	const struct cmd *cmd;

	if (opts_flag(&cli->opts, "man", false)) {
		help_man(&cli->out);
		return EXIT_DONE;
	}
	if (!cli->opts.args.n) {
		help_overview(&cli->out);
		return EXIT_DONE;
	}
	cmd = cmd_find(cli->opts.args.v[0]);
	if (!cmd)
		return cmd_unknown(cli->opts.args.v[0], err);
	help_command(&cli->out, cmd);
	return EXIT_DONE;
}

static const struct opt opts[] = {
	{"man", 0, OPT_FLAG, NULL, NULL, "the man page selfheal(1), for 'man -l -'"},
	{0},
};

const struct cmd cmd_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "list the commands, or explain one",
	.opts = opts,
	.max_args = 1,
	.run = run,
};
