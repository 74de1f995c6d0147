#include <stdlib.h>
#include <unistd.h>

#include "app/cli/cmd.h"
#include "app/cli/explain_templates.h"
#include "app/render/render.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "kit/report/inputs.h"

/* In the order of enum format. */
static const char *const format_words[] = {"text", "json", "markdown", "sarif", "junit", NULL};

static const struct opt opts[] = {
	{"format", 'f', OPT_ENUM, "text|json|markdown|sarif|junit", "text",
		"the form of the result on stdout", .words = format_words},
	{"root", 0, OPT_STR, "DIR", ".",
		"the project that the log is about: frames below it count most"},
	{"as", 0, OPT_STR, "FORMAT", NULL, "read as this format instead of finding out"},
	{"formats", 0, OPT_FLAG, NULL, NULL, "list the names that --as knows, one a line"},
	{"templates-dir", 0, OPT_STR, "DIR", NULL,
		"read the matchers and reports in DIR (a folder like templates/) instead of those "
		"built in"},
	{"warnings", 'w', OPT_FLAG, NULL, NULL, "list warnings even where tests failed"},
	{"templates", 't', OPT_FLAG, NULL, NULL,
		"list the messages of logs instead, each once, with what varies left out"},
	{"state", 0, OPT_STR, "FILE", NULL, "with --templates: go on from FILE, and write it"},
	{"assign", 0, OPT_STR, "FILE", NULL,
		"with --templates: write the template's number of each line to FILE"},
	{0},
};

/* One explanation: what it reads with, what it found. */
struct explanation {
	struct inputs inputs;
	struct failure_list list;
	struct arena mem;
};

static int read_inputs(struct explanation *e, const struct cli *cli, struct err *err)
{
	int r = 0;

	if (!cli->opts.args.n && isatty(STDIN_FILENO))
		return err_set(err, ERR_CONFIG,
			"nothing to explain: name a log, or pipe one in (see 'selfheal help "
			"explain')");
	if (!cli->opts.args.n)
		r = inputs_read(&e->inputs, "-", err);
	for (size_t i = 0; r == 0 && i < cli->opts.args.n; i++)
		r = inputs_read(&e->inputs, cli->opts.args.v[i], err);
	if (e->inputs.full)
		log_warn("there are more than %d reports: only the first are read", INPUTS_MAX);
	inputs_finish(&e->inputs);
	return r;
}

static int unknown_format(const struct report_names *names, const char *name, struct err *err)
{
	CLEANUP(freep) const char **words = xcalloc(names->n + 1, sizeof(*words));
	const char *near;

	memcpy(words, names->v, names->n * sizeof(*words));
	near = opt_nearest(words, name);
	return err_set(err, ERR_CONFIG,
		"option '--as': no format '%s' (%s%s%s'selfheal explain --formats' lists all %zu)",
		name, near ? "did you mean '" : "", near ? near : "", near ? "'? " : "", names->n);
}

/* What reads the inputs, and whether it knows the format that is asked for. */
static int load_tables(struct report_tables **out, const struct cli *cli, struct err *err)
{
	CLEANUP(report_tables_freep) struct report_tables *tables = NULL;
	const char *format = opts_str(&cli->opts, "as", NULL);
	ARENA_AUTO mem = {0};
	struct report_names names;

	if (report_tables_load(&tables, opts_str(&cli->opts, "templates-dir", NULL), err) < 0)
		return -1;
	if (format) {
		names = report_tables_formats(tables, &mem);
		if (!report_has_format(&names, format))
			return unknown_format(&names, format, err);
	}
	*out = TAKE(tables);
	return 0;
}

static int list_formats(struct cli *cli, struct err *err)
{
	CLEANUP(report_tables_freep) struct report_tables *tables = NULL;
	ARENA_AUTO mem = {0};
	struct report_names names;

	if (load_tables(&tables, cli, err) < 0)
		return -1;
	names = report_tables_formats(tables, &mem);
	for (size_t i = 0; i < names.n; i++)
		buf_printf(&cli->out, "%s\n", names.v[i]);
	return EXIT_DONE;
}

/* What goes to stdout before all of it is there. */
struct stream {
	struct cli *cli;
	struct err *err;
	bool failed;
};

static void flush(void *data)
{
	struct stream *s = data;

	if (!s->failed)
		s->failed = cli_flush(s->cli, s->err) < 0;
	buf_reset(&s->cli->out);
}

static int explain(struct cli *cli, struct explanation *e, struct err *err)
{
	struct stream stream = {.cli = cli, .err = err};
	struct render_sink sink = {&cli->out, flush, &stream};
	struct render_lines lines;

	if (read_inputs(e, cli, err) < 0)
		return -1;
	lines = (struct render_lines){buf_view(&e->inputs.lines), e->inputs.lines_of};
	if (cli->format == FORMAT_JSON)
		render_failures_json(&sink, &e->list);
	else if (cli->format == FORMAT_MARKDOWN)
		render_failures_markdown(&cli->out, &e->list, &lines);
	else if (cli->format == FORMAT_SARIF)
		render_failures_sarif(&sink, &e->list);
	else if (cli->format == FORMAT_JUNIT)
		render_failures_junit(&cli->out, &e->list);
	else
		render_failures_text(&cli->out, &e->list, &lines, cli->color);
	return stream.failed ? -1 : EXIT_DONE;
}

static int run(struct cli *cli, struct err *err)
{
	const char *root = opts_str(&cli->opts, "root", ".");
	CLEANUP(freep) char *real = realpath(root, NULL);
	CLEANUP(report_tables_freep) struct report_tables *tables = NULL;
	struct explanation e = {0};
	int r;

	if (opts_flag(&cli->opts, "templates", false))
		return explain_templates(cli, err);
	if (opts_flag(&cli->opts, "formats", false))
		return list_formats(cli, err);
	if (!real || !file_is_dir(real))
		return err_set(err, ERR_CONFIG, "no folder '%s'", root);
	if (load_tables(&tables, cli, err) < 0)
		return -1;
	arena_init(&e.mem);
	failure_list_init(&e.list);
	inputs_init(&e.inputs,
		&(struct report_options){.format = opts_str(&cli->opts, "as", NULL),
			.tables = tables,
			.root = real,
			.root_guessed = !opts_str(&cli->opts, "root", NULL),
			.warnings = opts_flag(&cli->opts, "warnings", false)
					    ? REPORT_WARNINGS_ALWAYS
					    : REPORT_WARNINGS_AUTO},
		&e.list, &e.mem);
	r = explain(cli, &e, err);
	inputs_release(&e.inputs);
	failure_list_release(&e.list);
	arena_release(&e.mem);
	return r;
}

const struct cmd cmd_explain = {
	.name = "explain",
	.usage = "[FILE|DIR|GLOB|-]...",
	.summary = "say what went wrong in a log or a report, without repairing",
	.about = "Reads whole CI logs and reports of test runners, compilers, linters and "
		 "sanitizers "
		 "from files, every report in a folder, quoted globs, archives (as CI systems give "
		 "them out) and packed files, or from standard input, and lists the failures with "
		 "their place, kind, message, stack and the lines that matter. What several of "
		 "them tell is listed once.",
	.examples = "make check 2>&1 | selfheal explain\n"
		    "selfheal explain --format json build.log\n"
		    "selfheal explain logs.zip 'build/**/TEST-*.xml'\n",
	.opts = opts,
	.max_args = -1,
	.run = run,
};
