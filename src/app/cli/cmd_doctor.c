#include "app/cli/cmd.h"
#include "json/json.h"
#include "kit/trial/hostile.h"

static void print_text(struct cli *cli, const struct hostile_result *results, struct str layers)
{
	struct str line;

	buf_c(&cli->out, "sandbox layers\n");
	while (str_next_line(&layers, &line))
		buf_printf(&cli->out, "  %.*s\n", STR_ARGS(line));
	buf_c(&cli->out, "attacks from inside\n");
	for (int i = 0; i < HOSTILE_ATTACKS; i++)
		buf_printf(&cli->out, "  %-40s %s %s\n", results[i].attack,
			results[i].stopped ? "stopped by" : "NOT STOPPED: missing",
			results[i].layers);
}

static void print_json(struct cli *cli, const struct hostile_result *results, struct str layers)
{
	CLEANUP(json_freep) struct json_t *doc = json_obj();
	struct json_t *lines = json_arr(), *attacks = json_arr();
	struct str line;

	while (str_next_line(&layers, &line))
		json_push(lines, json_str(line));
	for (int i = 0; i < HOSTILE_ATTACKS; i++) {
		struct json_t *attack = json_obj();

		json_put_c(attack, "attack", results[i].attack);
		json_put_bool(attack, "stopped", results[i].stopped);
		json_put_c(attack, results[i].stopped ? "by" : "missing", results[i].layers);
		json_push(attacks, attack);
	}
	json_put(doc, "layers", lines);
	json_put(doc, "attacks", attacks);
	json_write(&cli->out, doc, 2);
	buf_char(&cli->out, '\n');
}

static int run(struct cli *cli, struct err *err)
{
	struct hostile_result results[HOSTILE_ATTACKS];
	int code = EXIT_DONE;
	BUF_AUTO layers;

	buf_init(&layers, 1 << 16);
	if (hostile_run(results, SANDBOX_AUTO, &layers, err))
		return -1;
	if (cli->format == FORMAT_JSON)
		print_json(cli, results, buf_view(&layers));
	else
		print_text(cli, results, buf_view(&layers));
	for (int i = 0; i < HOSTILE_ATTACKS; i++)
		if (!results[i].stopped)
			code = EXIT_INFRASTRUCTURE;
	return code;
}

static const struct opt opts[] = {
	{"sandbox", 0, OPT_FLAG, NULL, NULL, "attack the sandbox from inside and say what held"},
	{0},
};

const struct cmd cmd_doctor = {
	.name = "doctor",
	.summary = "check what healing needs of this machine",
	.about = "Starts a hostile child in the sandbox that commands of a repository run in. It "
		 "tries to read a token from its environment and from /proc of its parent, to "
		 "write outside of its tree, to connect out, to kill a process of ours, to fork "
		 "without end and to go on after its end. For each it says what stopped it; the "
		 "exit code is 3 when something was not stopped.",
	.examples = "selfheal doctor --sandbox\n",
	.opts = opts,
	.run = run,
};
