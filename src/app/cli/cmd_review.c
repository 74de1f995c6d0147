#include <inttypes.h>
#include <stdlib.h>

#include "app/cli/cmd.h"
#include "app/cli/forge_args.h"
#include "app/cli/heal_args.h"
#include "app/cli/work_job.h"
#include "base/alloc.h"
#include "heal/review_pull.h"
#include "json/json.h"

static const struct opt opts[] = {
	FORGE_OPTS,
	{"post", 0, OPT_FLAG, NULL, NULL, "write it on the pull request, as a comment"},
	{"timeout", 0, OPT_STR, "S", "600", "the longest that one run of the tests may take"},
	{0},
};

static struct json_t *tests_json(const struct str *tests, size_t n)
{
	struct json_t *j = json_arr();

	for (size_t i = 0; i < n; i++)
		json_push(j, json_str(tests[i]));
	return j;
}

static void write_json(struct buf *out, const struct reviewed *r)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();

	json_put_c(j, "version", SELFHEAL_VERSION);
	json_put_c(j, "verdict", r->verdict);
	json_put_str(j, "head_sha", r->head_sha);
	json_put_c(j, "policy", policy_verdict_to_string(r->policy.verdict));
	json_put(j, "healed", tests_json(r->healed, r->n_healed));
	json_put(j, "still_failing", tests_json(r->left, r->n_left));
	json_put(j, "broken", tests_json(r->broken, r->n_broken));
	json_put_bool(j, "steady", r->base.steady && r->head.steady);
	json_put_bool(j, "posted", r->posted);
	json_put_str(j, "text", r->text);
	json_write(out, j, 2);
	buf_char(out, '\n');
}

static int take_number(int64_t *number, const char *text, struct err *err)
{
	struct str s = str_of(text);

	str_skip(&s, "#");
	if (!str_to_i64(s, 1, INT32_MAX, number))
		return err_set(err, ERR_CONFIG, "'%s' is no number of a pull request", text);
	return 0;
}

static int review(
	struct cli *cli, struct heal_args *args, struct forge_args *forge, struct err *err)
{
	CLEANUP(freep) char *program = realpath("/proc/self/exe", NULL);
	struct publish_options publish = {0};
	struct review_pull_options o = {.repo = forge->repo,
		.program = program,
		.policy = &args->policy,
		.timeout_s = args->options.timeout_ms ? args->options.timeout_ms / 1000 : 600,
		.post = opts_flag(&cli->opts, "post", false)};
	struct reviewed *reviewed = arena_new(&forge->mem, struct reviewed);

	if (take_number(&o.number, cli->opts.args.v[0], err) < 0 ||
		forge_args_publish(&publish, forge, &args->config, args->root, err) < 0 ||
		work_find_cache(&o.cache_dir, &args->config, &forge->mem, err) < 0)
		return -1;
	o.instance = publish.instance;
	if (review_pull(reviewed, forge->forge, &o, &forge->mem, err) < 0)
		return -1;
	if (cli->format == FORMAT_JSON)
		write_json(&cli->out, reviewed);
	else
		buf_str(&cli->out, reviewed->text);
	return EXIT_DONE;
}

static int run(struct cli *cli, struct err *err)
{
	HEAL_ARGS_AUTO args;
	FORGE_ARGS_AUTO forge = {0};

	heal_args_init(&args);
	if (heal_args_load(&args, cli, ".", err) < 0 ||
		forge_args_open(&forge, cli,
			&(struct forge_want){
				.root = args.root, .need_token = true, .need_repo = true},
			err) < 0)
		return -1;
	return review(cli, &args, &forge, err);
}

const struct cmd cmd_review = {
	.name = "review",
	.usage = "NUMBER",
	.summary = "look at an automatic pull request: does it heal what fails, and what else",
	.about = "Runs the tests twice on the base and twice with the change, in the sandbox, in a "
		 "process without the token; says which failing tests it heals, which it breaks, "
		 "and what policy finds in what it changes. Meant for the pull requests of bots: "
		 "this one's, Dependabot's, Renovate's.\n"
		 "With --post it is written there as a comment, once for each head; it is never "
		 "an approval.",
	.examples = "selfheal review 42\nselfheal review 42 --repo octo/project --post\n",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
