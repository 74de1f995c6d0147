#include "app/cli/cmd.h"
#include "app/cli/heal_args.h"
#include "app/cli/heal_report.h"
#include "app/cli/notify_args.h"

static const struct opt opts[] = {
	{"store", 0, OPT_STR, "FILE", NULL,
		"where fixes are remembered (default: selfheal/store.db in the git directory)"},
	{"patch", 'p', OPT_STR, "FILE", NULL, "write the verified fix to FILE as a unified diff"},
	NOTIFY_OPT,
	{0},
};

static int run(struct cli *cli, struct err *err)
{
	struct heal_report how = {.patch_file = opts_str(&cli->opts, "patch", NULL)};
	NOTIFY_ARGS_AUTO notify = {0};
	HEAL_ARGS_AUTO args;
	ARENA_AUTO mem;
	int rc;

	arena_init(&mem);
	heal_args_init(&args);
	if (heal_args_load(&args, cli, cli->opts.args.n ? cli->opts.args.v[0] : ".", err) < 0)
		return -1;
	if (notify_args_open(&notify, cli, &args, err) < 0)
		return -1;
	how.notify = &notify;
	rc = heal_load_unfinished(&args.options, &mem, err);
	if (rc < 0)
		return -1;
	if (rc == HEAL_NONE_UNFINISHED) {
		buf_c(&cli->out, cli->format == FORMAT_JSON
					 ? "{\"outcome\":\"nothing_to_do\"}\n"
					 : "nothing to resume: every run here came to its end\n");
		return EXIT_DONE;
	}
	if (!how.patch_file)
		how.patch_file = args.options.patch_file;
	return heal_and_report(cli, &args, &how, err);
}

const struct cmd cmd_resume = {
	.name = "resume",
	.usage = "[DIR]",
	.summary = "go on with a heal that was cut off",
	.about =
		"Takes up the last heal of the project in DIR that was killed before its end, with "
		"the "
		"options it was started with. What it had found already is tried first; the end is "
		"the same as if it had not been killed.",
	.opts = opts,
	.max_args = 1,
	.run = run,
};
