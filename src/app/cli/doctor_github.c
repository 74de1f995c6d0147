#include "app/cli/doctor_github.h"

#include <stdlib.h>

#include "app/cli/forge_args.h"
#include "app/cli/github_facts.h"
#include "kit/clean/clean.h"

enum { TEXT_MAX = 400 };

static void put_text(struct buf *out, const struct findings *found, struct str repo)
{
	buf_c(out, "GitHub ");
	clean_line(out, repo, TEXT_MAX);
	buf_char(out, '\n');
	vec_each (one, &found->v) {
		buf_printf(out, "  %-9s %s: ", check_state_to_string(one->state), one->check);
		clean_line(out, one->text, TEXT_MAX);
		buf_char(out, '\n');
		if (one->advice)
			buf_printf(out, "            %s\n", one->advice);
	}
}

static void put_markdown(struct buf *out, const struct findings *found, struct str repo)
{
	buf_c(out, "## GitHub: ");
	clean_md_text(out, repo);
	buf_c(out, "\n\n| | check | found | what to do |\n|---|---|---|---|\n");
	vec_each (one, &found->v) {
		buf_printf(out, "| %s | %s | ", check_state_to_string(one->state), one->check);
		clean_md_text(out, one->text);
		buf_printf(out, " | %s |\n", one->advice ? one->advice : "");
	}
}

static void put_json(struct json_t *doc, const struct findings *found, struct str repo)
{
	struct json_t *github = json_obj(), *checks = json_arr();

	vec_each (one, &found->v) {
		struct json_t *check = json_obj();
		json_put_c(check, "check", one->check);
		json_put_c(check, "state", check_state_to_string(one->state));
		json_put_str(check, "text", one->text);
		if (one->advice)
			json_put_c(check, "advice", one->advice);
		json_push(checks, check);
	}
	json_put_str(github, "repository", repo);
	json_put(github, "checks", checks);
	json_put(doc, "github", github);
}

static bool is_any_bad(const struct findings *found)
{
	vec_each (one, &found->v) {
		if (one->state == CHECK_BAD)
			return true;
	}
	return false;
}

int doctor_github(struct cli *cli, struct json_t *doc, struct err *err)
{
	struct github_question question = {.webhook_url = opts_str(&cli->opts, "url", NULL)};
	FORGE_ARGS_AUTO args = {0};
	FINDINGS_AUTO found = {0};
	struct github_facts facts;

	if (forge_args_open(&args, cli, &(struct forge_want){.root = ".", .need_repo = true}, err) <
		0)
		return -1;
	question.forge = args.forge;
	question.http = args.http;
	question.repo = args.repo;
	question.api_url = args.api_url;
	question.secret = str_of(getenv("WEBHOOK_SECRET"));
	github_facts_gather(&facts, &question, &args.mem);
	github_checks_run(&found, &facts, &args.mem);
	if (doc)
		put_json(doc, &found, args.repo);
	else if (cli->format == FORMAT_MARKDOWN)
		put_markdown(&cli->out, &found, args.repo);
	else
		put_text(&cli->out, &found, args.repo);
	return is_any_bad(&found) ? EXIT_INFRASTRUCTURE : EXIT_DONE;
}
