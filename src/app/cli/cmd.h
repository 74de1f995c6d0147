/* cmd: what a subcommand is: one file cmd_<name>.c each, one entry in commands.c.
 * Layer: app. */
#pragma once

#include <stdbool.h>

#include "app/cli/opt.h"
#include "base/buf.h"
#include "base/err.h"

/* The last two are explain's alone. */
enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN, FORMAT_SARIF, FORMAT_JUNIT };

/* The exit codes others script against. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_UNHEALED = 1,
	EXIT_USAGE = 2,
	EXIT_INFRASTRUCTURE = 3,
	EXIT_POLICY = 4,
	EXIT_INTERRUPTED = 130,
};

/* What a command is handed. out is the product: it goes to stdout when the command returns (or
 * earlier, by cli_flush); chatter goes through base/log.h or straight to stderr. */
struct cli {
	const struct cmd *cmd;
	struct opts opts;
	struct buf out;
	struct buf annotations; /* GitHub Actions: workflow commands of ours, for stderr */
	enum format format;
	bool color; /* stdout is for a person's eyes and colours are welcome */
	bool quiet;
	bool verbose;
};

/* A command inside a command, as in "config check": its operand 0. */
struct cmd_verb {
	const char *name; /* NULL ends a table */
	const char *usage;
	const char *summary;
	int min_args, max_args; /* operands behind the verb; max < 0: any number */
	int (*run)(struct cli *cli, struct err *err);
};

struct cmd {
	const char *name;
	const char *alias;            /* another name it answers to; NULL: none */
	const char *usage;            /* what follows name and options: "[DIR]" */
	const char *summary;          /* one line, lower case, no full stop */
	const char *about;            /* paragraphs for help and the man page, NULL: none */
	const char *examples;         /* lines "command\n", NULL: none */
	const struct opt *opts;       /* ends with a NULL name; NULL: none */
	const struct cmd_verb *verbs; /* NULL: none, then run is called */
	int min_args, max_args;
	/* Gives an exit code, or < 0 with *err set: cli prints it and chooses the code. Operands
	 * are cli->opts.args (without the verb). */
	int (*run)(struct cli *cli, struct err *err);
};

/* Every command, in the order help lists them; ends with a NULL. */
extern const struct cmd *const commands[];
/* Options that every command takes. */
extern const struct opt global_opts[];

extern const struct cmd cmd_backtest;
extern const struct cmd cmd_bench;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_config;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_explain;
extern const struct cmd cmd_heal;
extern const struct cmd cmd_help;
extern const struct cmd cmd_init;
extern const struct cmd cmd_knowledge;
extern const struct cmd cmd_pr;
extern const struct cmd cmd_resume;
extern const struct cmd cmd_review;
extern const struct cmd cmd_serve;
extern const struct cmd cmd_scan;
extern const struct cmd cmd_fix;
extern const struct cmd cmd_version;
extern const struct cmd cmd_work;

const struct cmd *cmd_find(const char *name);
/* Says that there is no such command, and which may have been meant. Gives -1. */
int cmd_unknown(const char *name, struct err *err);

/* Writes what cli->out holds to stdout and empties it. */
int cli_flush(struct cli *cli, struct err *err) MUST_CHECK;
/* The exit code that a failure is. */
int cli_exit_code(const struct err *err);
/* Whether we run in a step of GitHub Actions. */
bool cli_in_actions(void);
/* Whether output to the stream may hold colours: a terminal, no NO_COLOR, not TERM=dumb. */
bool cli_may_color(int fd);
