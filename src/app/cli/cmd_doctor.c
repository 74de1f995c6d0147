#include "app/cli/cmd.h"
#include "app/cli/doctor_github.h"
#include "app/cli/forge_args.h"
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

static void put_json(struct json_t *doc, const struct hostile_result *results, struct str layers)
{
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
}

static int doctor_sandbox(struct cli *cli, struct json_t *doc, struct err *err)
{
	struct hostile_result results[HOSTILE_ATTACKS];
	int code = EXIT_DONE;
	BUF_AUTO layers;

	buf_init(&layers, 1 << 16);
	if (hostile_run(results, SANDBOX_AUTO, &layers, err))
		return -1;
	if (doc)
		put_json(doc, results, buf_view(&layers));
	else
		print_text(cli, results, buf_view(&layers));
	for (int i = 0; i < HOSTILE_ATTACKS; i++)
		if (!results[i].stopped)
			code = EXIT_INFRASTRUCTURE;
	return code;
}

/* Without a part named, it is the sandbox: that needs no token and no network. */
static int run(struct cli *cli, struct err *err)
{
	CLEANUP(json_freep) struct json_t *doc = cli->format == FORMAT_JSON ? json_obj() : NULL;
	bool github = opts_flag(&cli->opts, "github", false);
	bool sandbox = opts_flag(&cli->opts, "sandbox", !github);
	int code = EXIT_DONE, other = EXIT_DONE;

	if (opts_has(&cli->opts, "url") && !github)
		return err_set(err, ERR_CONFIG, "'--url' goes with '--github'");
	if (sandbox && (code = doctor_sandbox(cli, doc, err)) < 0)
		return -1;
	if (github && (other = doctor_github(cli, doc, err)) < 0)
		return -1;
	if (doc) {
		json_write(&cli->out, doc, 2);
		buf_char(&cli->out, '\n');
	}
	return code > other ? code : other;
}

static const struct opt opts[] = {
	{"sandbox", 0, OPT_FLAG, NULL, NULL, "attack the sandbox from inside and say what held"},
	{"github", 0, OPT_FLAG, NULL, NULL,
		"ask GitHub what the token may, and whether the bot could merge"},
	FORGE_OPTS,
	{"url", 0, OPT_STR, "URL", NULL,
		"a running server's deliveries, http://HOST/webhooks/github: sign one with "
		"WEBHOOK_SECRET, and forge one"},
	{0},
};

const struct cmd cmd_doctor = {
	.name = "doctor",
	.summary = "check what healing needs of this machine and of GitHub",
	.about =
		"--sandbox (the default) starts a hostile child in the sandbox that commands of a "
		"repository run in. It tries to read a token from its environment and from /proc "
		"of its parent, to write outside of its tree, to connect out, to kill a process "
		"of ours, to fork without end and to go on after its end. For each it says what "
		"stopped it.\n"
		"--github asks GitHub with the token that is set: what kind it is and what it may, "
		"whether GitHub Actions may open pull requests, whether CI starts on them, "
		"whether the default branch is protected so that the bot cannot merge, the rate "
		"limit, the clock; each with what to do. NOT KNOWN is what only an administrator "
		"may read. It changes nothing.\n"
		"The exit code is 3 when an attack was not stopped or something is BAD.",
	.examples = "selfheal doctor\n"
		    "GITHUB_TOKEN=... selfheal doctor --github --repo octo/project\n",
	.opts = opts,
	.run = run,
};
