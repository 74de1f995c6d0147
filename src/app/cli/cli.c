#include "app/cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/cli/cmd.h"
#include "app/cli/help.h"
#include "kit/clean/clean.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/trace.h"
#include "port/child/child.h"

static void on_stop_signal(int signo)
{
	(void)signo;
	child_interrupt();
}

/* SIGINT and SIGTERM end the work in order: children are killed, scratch trees go, exit 130. A
 * second one ends us at once. A reader that left is a failed write, not a death. */
static void catch_signals(void)
{
	struct sigaction stop = {
		.sa_handler = on_stop_signal, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

bool cli_may_color(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(fd) && !(term && !strcmp(term, "dumb"));
}

int cli_exit_code(const struct err *err)
{
	switch (err->code) {
	case ERR_CONFIG:
	case ERR_PARSE:
		return EXIT_USAGE;
	case ERR_POLICY:
		return EXIT_POLICY;
	case ERR_INTERRUPT:
		return EXIT_INTERRUPTED;
	default:
		return EXIT_INFRASTRUCTURE;
	}
}

bool cli_in_actions(void)
{
	const char *value = getenv("GITHUB_ACTIONS");

	return value && !strcmp(value, "true");
}

static int write_all(int fd, struct str rest, struct err *err)
{
	while (rest.n) {
		ssize_t n = write(fd, rest.p, rest.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot write to %s",
				fd == STDOUT_FILENO ? "stdout" : "stderr");
		rest = str_from(rest, (size_t)n);
	}
	return 0;
}

int cli_flush(struct cli *cli, struct err *err)
{
	struct str product = buf_view(&cli->out);
	BUF_AUTO safe = BUF_INIT(cli->out.cap * 2);
	int r;

	if (cli->out.over)
		return err_set(
			err, ERR_LIMIT, "cannot write the result: over %zu bytes", cli->out.cap);
	if (cli_in_actions()) {
		clean_workflow(
			&safe, product, cli->format == FORMAT_JSON || cli->format == FORMAT_SARIF);
		product = buf_view(&safe);
	}
	r = write_all(STDOUT_FILENO, product, err);
	buf_reset(&cli->out);
	return r;
}

static void read_globals(struct cli *cli)
{
	static const int auto_color = 0, always = 1;
	int color = opts_word(&cli->opts, "color", auto_color);

	cli->format = (enum format)opts_word(&cli->opts, "format", FORMAT_TEXT);
	cli->color = color == always || (color == auto_color && cli_may_color(STDOUT_FILENO));
	cli->quiet = opts_flag(&cli->opts, "quiet", false);
	cli->verbose = opts_flag(&cli->opts, "verbose", false);
	if (cli->quiet)
		log_set_level(LOG_ERROR);
	else if (cli->verbose)
		log_set_level(LOG_INFO);
}

static int check_args(const struct cli *cli, const char *verb, int min, int max, struct err *err)
{
	int n = (int)cli->opts.args.n;
	const char *between = verb ? " " : "";

	verb = verb ? verb : "";
	if (n < min)
		return err_set(err, ERR_CONFIG, "'%s%s%s' needs %s (see 'selfheal help %s')",
			cli->cmd->name, between, verb, min == 1 ? "an argument" : "more arguments",
			cli->cmd->name);
	if (max >= 0 && n > max)
		return err_set(err, ERR_CONFIG,
			"'%s%s%s': unexpected argument '%s' (see 'selfheal help %s')",
			cli->cmd->name, between, verb, cli->opts.args.v[max], cli->cmd->name);
	return 0;
}

static int unknown_verb(const struct cmd *cmd, const char *name, struct err *err)
{
	const char *names[16] = {0};
	const char *near;
	size_t n = 0;

	for (const struct cmd_verb *v = cmd->verbs; v->name && n + 1 < ARRAY_LEN(names); v++)
		names[n++] = v->name;
	near = opt_nearest(names, name);
	if (near)
		return err_set(err, ERR_CONFIG, "no command '%s %s' (did you mean '%s'?)",
			cmd->name, name, near);
	return err_set(err, ERR_CONFIG, "no command '%s %s' (see 'selfheal help %s')", cmd->name,
		name, cmd->name);
}

static int run_verb(struct cli *cli, struct err *err)
{
	const struct cmd_verb *verb = cli->cmd->verbs;
	const char *name;

	if (!cli->opts.args.n)
		return err_set(err, ERR_CONFIG, "'%s' needs a command (see 'selfheal help %s')",
			cli->cmd->name, cli->cmd->name);
	name = cli->opts.args.v[0];
	while (verb->name && strcmp(verb->name, name))
		verb++;
	if (!verb->name)
		return unknown_verb(cli->cmd, name, err);
	memmove(cli->opts.args.v, cli->opts.args.v + 1,
		--cli->opts.args.n * sizeof(*cli->opts.args.v));
	if (check_args(cli, name, verb->min_args, verb->max_args, err) < 0)
		return -1;
	return verb->run(cli, err);
}

static int run_command(struct cli *cli, struct err *err)
{
	const struct cmd *cmd = cli->cmd;

	if (opts_flag(&cli->opts, "help", false)) {
		help_command(&cli->out, cmd);
		return EXIT_DONE;
	}
	if (cmd->verbs)
		return run_verb(cli, err);
	if (check_args(cli, NULL, cmd->min_args, cmd->max_args, err) < 0)
		return -1;
	return cmd->run(cli, err);
}

/* "selfheal --version" is what people type at a program they do not know. */
static const char *command_name(int argc, char **argv)
{
	if (!argc)
		return "help";
	return !strcmp(argv[0], "--version") || !strcmp(argv[0], "-V") ? "version" : argv[0];
}

static int find_and_run(struct cli *cli, int argc, char **argv, struct err *err)
{
	int at = 0;

	cli->opts.tables[1] = global_opts;
	if (argc && strcmp(argv[0], "--version") && strcmp(argv[0], "-V"))
		at = opts_parse(&cli->opts, argc, argv, true, err);
	if (at < 0)
		return -1;
	cli->cmd = cmd_find(command_name(argc - at, argv + at));
	if (!cli->cmd)
		return cmd_unknown(argv[at], err);
	if (at < argc) {
		cli->opts.tables[0] = cli->cmd->opts;
		if (opts_parse(&cli->opts, argc - at - 1, argv + at + 1, false, err) < 0)
			return -1;
	}
	read_globals(cli);
	if (at == argc && !opts_flag(&cli->opts, "help", false)) {
		help_overview(&cli->out);
		return EXIT_USAGE;
	}
	return run_command(cli, err);
}

/* What went wrong may quote file names and output: they must not act on a terminal or a runner. */
static int report_failure(const struct err *err)
{
	BUF_AUTO line = BUF_INIT(LIMIT_LINE_BYTES);
	BUF_AUTO safe = BUF_INIT(LIMIT_LINE_BYTES);
	struct err ignored = ERR_INIT;

	buf_c(&line, "selfheal: ");
	clean_line(&line, str_of(err->msg), 0);
	buf_char(&line, '\n');
	clean_workflow(&safe, buf_view(&line), false);
	(void)!write_all(STDERR_FILENO, buf_view(&safe), &ignored);
	return cli_exit_code(err);
}

static int finish(struct cli *cli, int code)
{
	struct err err = ERR_INIT;

	if (cli_flush(cli, &err) < 0)
		code = report_failure(&err);
	(void)!write_all(STDERR_FILENO, buf_view(&cli->annotations), &err);
	buf_release(&cli->out);
	buf_release(&cli->annotations);
	opts_release(&cli->opts);
	return code;
}

int cli_main(int argc, char **argv)
{
	struct cli cli = {0};
	struct err err = ERR_INIT;
	int code;

	log_init();
	trace_open();
	catch_signals();
	opts_init(&cli.opts);
	buf_init(&cli.out, LIMIT_JSON_BYTES);
	buf_init(&cli.annotations, LIMIT_TEXT_BYTES);
	code = find_and_run(&cli, argc - 1, argv + 1, &err);
	if (code < 0)
		code = report_failure(&err);
	code = finish(&cli, code);
	trace_close();
	return code;
}
