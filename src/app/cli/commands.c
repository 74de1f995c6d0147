#include "app/cli/cmd.h"

#include <string.h>

const struct cmd *const commands[] = {
	&cmd_heal,
	&cmd_scan,
	&cmd_fix,
	&cmd_explain,
	&cmd_pr,
	&cmd_review,
	&cmd_knowledge,
	&cmd_resume,
	&cmd_serve,
	&cmd_work,
	&cmd_doctor,
	&cmd_init,
	&cmd_config,
	&cmd_backtest,
	&cmd_bench,
	&cmd_help,
	&cmd_completion,
	&cmd_version,
	NULL,
};

static const char *const format_words[] = {"text", "json", "markdown", NULL};
static const char *const color_words[] = {"auto", "always", "never", NULL};

const struct opt global_opts[] = {
	{"format", 'f', OPT_ENUM, "text|json|markdown", "text", "the form of the result on stdout",
		.words = format_words},
	{"color", 0, OPT_ENUM, "auto|always|never", "auto",
		"colours in text; NO_COLOR in the environment turns them off",
		.words = color_words},
	{"quiet", 'q', OPT_FLAG, NULL, NULL, "no progress and no chatter on stderr"},
	{"verbose", 'v', OPT_FLAG, NULL, NULL, "say more on stderr about what is being done"},
	{"help", 'h', OPT_FLAG, NULL, NULL, "show help and leave"},
	{0},
};

const struct cmd *cmd_find(const char *name)
{
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		if (!strcmp((*cmd)->name, name) || ((*cmd)->alias && !strcmp((*cmd)->alias, name)))
			return *cmd;
	return NULL;
}

int cmd_unknown(const char *name, struct err *err)
{
	const char *names[64] = {0};
	const char *near;
	size_t n = 0;

	for (const struct cmd *const *cmd = commands; *cmd && n + 1 < ARRAY_LEN(names); cmd++)
		names[n++] = (*cmd)->name;
	near = opt_nearest(names, name);
	if (near)
		return err_set(err, ERR_CONFIG, "no command '%s' (did you mean '%s'?)", name, near);
	return err_set(err, ERR_CONFIG, "no command '%s' ('selfheal help' lists them)", name);
}
