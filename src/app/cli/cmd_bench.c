#include <stdio.h>
#include <unistd.h>

#include "app/cli/cmd.h"
#include "heal/bench.h"
#include "json/json.h"

/* In the order of enum sandbox_mode. */
static const char *const sandbox_words[] = {"auto", "require", "off", NULL};

static const struct opt opts[] = {
	{"jobs", 'j', OPT_INT, "N", "1", "cases at once", .min = 1, .max = 256},
	{"budget", 0, OPT_INT, "S", "60", "seconds for one case", .min = 1, .max = 86400},
	{"out", 'o', OPT_STR, "FILE", NULL, "write one JSON line a case to FILE"},
	{"patches", 0, OPT_STR, "DIR", NULL, "write each patch to DIR/<id>.patch"},
	{"only", 0, OPT_STR, "ID,ID", NULL, "only these cases"},
	{"sandbox", 0, OPT_ENUM, "auto|require|off", "auto", "how tests are shut in",
		.words = sandbox_words},
	{"templates", 0, OPT_STR, "DIR", NULL,
		"repair templates to use instead of the built-in ones"},
	{0},
};

/* One line a case on stderr: the product is the totals. */
static void tell(void *data, const struct json_t *result)
{
	const struct cli *cli = data;
	struct str id = json_get_str(result, "id"), note = json_get_str(result, "note");

	if (cli->quiet)
		return;
	fprintf(stderr, "%-9s %6.1f s %7lld  %.*s  %.*s\n",
		json_get_bool(result, "plausible", false) ? "healed"
							  : json_get_str(result, "outcome").p,
		json_get_real(result, "seconds", 0),
		(long long)json_get_int(result, "candidates", 0), STR_ARGS(id), STR_ARGS(note));
}

static void print_text(struct buf *out, const struct bench_totals *t)
{
	buf_printf(out, "healed %d of %d (%.1f %%, 95 %% interval %.1f to %.1f %%)\n", t->plausible,
		t->cases, t->cases ? 100.0 * t->plausible / t->cases : 0, 100 * t->low,
		100 * t->high);
	if (t->judged)
		buf_printf(out, "correct by the hidden tests %d of %d judged\n", t->correct,
			t->judged);
	buf_printf(out, "seconds a case: median %.1f, all %.0f; candidates a case: median %.0f\n",
		t->seconds_median, t->seconds_total, t->candidates_median);
	buf_printf(out, "peak memory of the bot: %.1f MiB\n", (double)t->max_rss_kb / 1024);
}

static void print_json(struct buf *out, const struct bench_totals *t)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();

	json_put_int(j, "cases", t->cases);
	json_put_int(j, "plausible", t->plausible);
	json_put_real(j, "plausible_low", t->low);
	json_put_real(j, "plausible_high", t->high);
	json_put_int(j, "judged", t->judged);
	json_put_int(j, "correct", t->correct);
	json_put_real(j, "seconds_median", t->seconds_median);
	json_put_real(j, "seconds_total", t->seconds_total);
	json_put_real(j, "candidates_median", t->candidates_median);
	json_put_int(j, "max_rss_kb", t->max_rss_kb);
	json_write(out, j, 2);
	buf_char(out, '\n');
}

static int run(struct cli *cli, struct err *err)
{
	struct bench_options options = {.suite = cli->opts.args.v[0],
		.jobs = (int)opts_int(&cli->opts, "jobs", 1),
		.budget_ms = opts_int(&cli->opts, "budget", 60) * 1000,
		.sandbox = (enum sandbox_mode)opts_word(&cli->opts, "sandbox", SANDBOX_AUTO),
		.out = opts_str(&cli->opts, "out", NULL),
		.patches = opts_str(&cli->opts, "patches", NULL),
		.only = opts_str(&cli->opts, "only", NULL),
		.templates_dir = opts_str(&cli->opts, "templates", NULL),
		.each = tell,
		.data = cli};
	struct bench_totals totals;

	if (bench_run(&totals, &options, err) < 0)
		return -1;
	if (cli->format == FORMAT_JSON)
		print_json(&cli->out, &totals);
	else
		print_text(&cli->out, &totals);
	return EXIT_DONE;
}

const struct cmd cmd_bench = {
	.name = "bench",
	.usage = "SUITE_DIR",
	.summary = "heal every case of a corpus of bugs and count",
	.about = "A suite holds cases/<id>/case.json (with test_command and timeout_s) and "
		 "cases/<id>/repo. Each case is healed as an unknown repository, with an empty "
		 "store. "
		 "Where solutions/<id>/hidden.json is there, the healed copy is judged by those "
		 "tests.",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
