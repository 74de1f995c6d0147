#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/cli/cmd.h"
#include "app/render/render.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "kit/project/scan.h"
#include "kit/report/report.h"

enum { PIECE = 64 << 10 };

static const struct opt opts[] = {
	{"root", 0, OPT_STR, "DIR", ".",
		"the project that the log is about: frames below it count most"},
	{"as", 0, OPT_STR, "FORMAT", NULL, "read as this format instead of finding out"},
	{"warnings", 'w', OPT_FLAG, NULL, NULL, "list warnings even where tests failed"},
	{0},
};

/* One explanation: what it reads with, what it found. */
struct explanation {
	struct report_options how;
	struct failure_list list;
	struct arena mem;
	size_t inputs;
};

static int read_open(struct explanation *e, int fd, const char *name, struct err *err)
{
	CLEANUP(report_freep) struct report *report = NULL;
	CLEANUP(freep) char *piece = xmalloc(PIECE);
	ssize_t n;

	e->how.file = arena_str(&e->mem, str_of(name));
	report = report_new(&e->how, &e->mem);
	while ((n = read(fd, piece, PIECE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot read '%s'", name);
		report_feed(report, str_make(piece, (size_t)n));
	}
	e->inputs++;
	return report_finish(report, &e->list, err) < 0 ? -1 : 0;
}

static int read_stdin(struct explanation *e, struct err *err)
{
	if (isatty(STDIN_FILENO))
		return err_set(err, ERR_CONFIG,
			"nothing to explain: name a log, or pipe one in (see 'selfheal help "
			"explain')");
	return read_open(e, STDIN_FILENO, "-", err);
}

static int read_file(struct explanation *e, const char *path, struct err *err)
{
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		err_sys(err, errno, "cannot read '%s'", path);
		err->code = ERR_CONFIG;
		return -1;
	}
	return read_open(e, fd, path, err);
}

/* What runs leave behind, told by its name: the sources of a project are no reports. */
static bool is_report_name(struct str path)
{
	static const char *const extensions[] = {
		".log", ".txt", ".out", ".xml", ".json", ".jsonl", ".tap", ".sarif"};

	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (str_ends(path, extensions[i]))
			return true;
	return false;
}

static int read_folder(struct explanation *e, const char *path, struct err *err)
{
	SCAN_AUTO scan = {0};
	int r = scan_load(&scan, path, &e->mem, err);

	if (scan.truncated)
		log_warn("'%s' holds more than %d files: only the first are read", path,
			SCAN_FILES_MAX);
	for (size_t i = 0; r == 0 && i < scan.files.n; i++)
		if (is_report_name(scan.files.v[i]))
			r = read_file(e,
				arena_printf(&e->mem, "%s/%.*s", path, STR_ARGS(scan.files.v[i])).p,
				err);
	return r;
}

static int read_input(struct explanation *e, const char *name, struct err *err)
{
	if (!strcmp(name, "-"))
		return read_stdin(e, err);
	return file_is_dir(name) ? read_folder(e, name, err) : read_file(e, name, err);
}

static int read_inputs(struct explanation *e, const struct cli *cli, struct err *err)
{
	int r = 0;

	if (!cli->opts.args.n)
		return read_stdin(e, err);
	for (size_t i = 0; r == 0 && i < cli->opts.args.n; i++)
		r = read_input(e, cli->opts.args.v[i], err);
	return r;
}

static int unknown_format(const char *name, struct err *err)
{
	BUF_AUTO known = BUF_INIT(4096);

	for (size_t i = 0; report_format_name(i); i++)
		buf_printf(&known, "%s%s", i ? ", " : "", report_format_name(i));
	return err_set(err, ERR_CONFIG, "option '--as': no format '%s' (there are %s)", name,
		buf_text(&known));
}

static int explain(struct cli *cli, struct explanation *e, struct err *err)
{
	if (read_inputs(e, cli, err) < 0)
		return -1;
	if (cli->format == FORMAT_JSON)
		render_failures_json(&cli->out, &e->list);
	else if (cli->format == FORMAT_MARKDOWN)
		render_failures_markdown(&cli->out, &e->list);
	else
		render_failures_text(&cli->out, &e->list, cli->color);
	return EXIT_DONE;
}

static int run(struct cli *cli, struct err *err)
{
	const char *root = opts_str(&cli->opts, "root", ".");
	const char *format = opts_str(&cli->opts, "as", NULL);
	CLEANUP(freep) char *real = realpath(root, NULL);
	struct explanation e = {0};
	int r;

	if (!real || !file_is_dir(real))
		return err_set(err, ERR_CONFIG, "no folder '%s'", root);
	if (format && !report_has_format(format))
		return unknown_format(format, err);
	arena_init(&e.mem);
	failure_list_init(&e.list);
	e.how = (struct report_options){.format = format,
		.root = real,
		.root_guessed = !opts_str(&cli->opts, "root", NULL),
		.warnings = opts_flag(&cli->opts, "warnings", false) ? REPORT_WARNINGS_ALWAYS
								     : REPORT_WARNINGS_AUTO};
	r = explain(cli, &e, err);
	failure_list_release(&e.list);
	arena_release(&e.mem);
	return r;
}

const struct cmd cmd_explain = {
	.name = "explain",
	.usage = "[FILE|DIR|-]...",
	.summary = "say what went wrong in a log or a report, without repairing",
	.about = "Reads logs and reports of test runners, compilers and sanitizers from files, "
		 "from every report in a folder, or from standard input, and lists the failures "
		 "with their place, type, message and stack.",
	.examples = "make check 2>&1 | selfheal explain\n"
		    "selfheal explain --format json build.log\n",
	.opts = opts,
	.max_args = -1,
	.run = run,
};
