#include "app/cli/cmd.h"

#include <assert.h>
#include <errno.h>
#include <sys/stat.h>

#include "app/cli/init_workflows.h"
#include "app/config/setting.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/limits.h"
#include "json/json.h"
#include "kit/project/project.h"
#include "kit/project/workflow.h"
#include "port/git/repo.h"

enum { FILES_MAX = 8 };

/* One file to be written, and what came of it. */
struct init_file {
	const char *path; /* from the repository's top */
	const char *full;
	struct str text;
	const char *done; /* "written", "kept", "unchanged", "would be written" */
};

struct init {
	struct cli *cli;
	struct arena mem;
	const char *folder; /* the operand */
	const char *top;    /* the repository's, else the folder */
	struct project project;
	struct str branch;
	struct init_file files[FILES_MAX];
	size_t n;
	bool force, dry_run;
};

/* --- what is known of the repository --- */

/* What the clone was made of calls its default branch; else the branch that is checked out. */
static struct str default_branch(struct init *in, const struct repo *repo)
{
	BUF_AUTO text = BUF_INIT(LIMIT_LINE_BYTES);
	struct str path =
		arena_printf(&in->mem, "%s/refs/remotes/origin/HEAD", repo_common_dir(repo));
	struct repo_head head;
	struct err err = ERR_INIT;
	struct str ref;

	if (file_read(&text, path.p, &err) == 0) {
		ref = str_trim(buf_view(&text));
		if (str_skip(&ref, "ref: refs/remotes/origin/") && ref.n)
			return arena_str(&in->mem, ref);
	}
	if (repo_head(repo, &head, &in->mem, &err) == 0 && head.branch.n)
		return head.branch;
	return STR("main");
}

static int look_at_repository(struct init *in, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = NULL;
	int r = repo_open(&repo, in->folder, err);

	if (r < 0)
		return -1;
	in->branch = STR("main");
	in->top = in->folder;
	if (r == 0) {
		in->branch = default_branch(in, repo);
		in->top = arena_cstr(&in->mem, str_of(repo_workdir(repo)));
	}
	return project_detect(&in->project, in->folder, NULL, &in->mem, err);
}

/* --- the files --- */

static void add_file(struct init *in, const char *base, const char *path, const struct buf *text)
{
	assert(in->n < FILES_MAX);
	in->files[in->n++] = (struct init_file){.path = path,
		.full = arena_printf(&in->mem, "%s/%s", base, path).p,
		.text = arena_str(&in->mem, buf_view(text))};
}

/* Others will read the file: a command of several lines, or one with a path of this machine, stays
 * out of it and is found again at every run. */
static bool is_for_everybody(struct str command)
{
	return command.n && !str_has(command, "\n") && !str_starts(command, "/") &&
	       !str_has(command, " /");
}

static void add_settings(struct init *in)
{
	BUF_AUTO text = BUF_INIT(LIMIT_CONFIG_BYTES);
	struct str command = in->project.command;

	setting_template(&text, is_for_everybody(command) ? arena_cstr(&in->mem, command) : NULL);
	add_file(in, in->folder, ".selfheal.yml", &text);
}

static int add_workflow(struct init *in, const struct init_workflow *workflow,
	const struct init_values *values, struct err *err)
{
	BUF_AUTO text = BUF_INIT(LIMIT_CONFIG_BYTES);

	if (init_workflow_render(&text, workflow, values, err) < 0)
		return -1;
	add_file(in, in->top, workflow->file, &text);
	return 0;
}

static bool is_wanted(const struct opts *opts, const struct init_workflow *workflow)
{
	const char *kind;

	if (!opts_item(opts, "workflow", 0))
		return workflow->by_default;
	for (size_t i = 0; (kind = opts_item(opts, "workflow", i)); i++)
		if (str_eq_c(str_of(kind), workflow->kind))
			return true;
	return false;
}

static int check_kinds(const struct opts *opts, struct err *err)
{
	const char *kind;

	for (size_t i = 0; (kind = opts_item(opts, "workflow", i)); i++)
		if (!init_workflow_find(kind))
			return err_set(err, ERR_CONFIG,
				"'--workflow' takes after-ci, scheduled, on-comment or codeql, not "
				"'%s'",
				kind);
	return 0;
}

static int add_workflows(struct init *in, struct err *err)
{
	const struct opts *opts = &in->cli->opts;
	struct init_values values = {.default_branch = in->branch,
		.ci_workflow = workflow_ci_name(in->top, &in->mem),
		.actions = str_of(opts_str(opts, "actions", SELFHEAL_REPOSITORY)),
		.ref = str_of(opts_str(opts, "actions-ref", "v" SELFHEAL_VERSION)),
		.languages = in->project.languages.v,
		.n_languages = in->project.languages.n};

	if (check_kinds(opts, err) < 0)
		return -1;
	if (!values.ci_workflow.n)
		values.ci_workflow = STR("CI");
	for (const struct init_workflow *w = init_workflows; w->kind; w++) {
		if (!is_wanted(opts, w))
			continue;
		if (str_eq_c(str_of(w->kind), "codeql") && !init_codeql_knows(&values))
			return err_set(err, ERR_CONFIG,
				"CodeQL knows none of the languages in '%s'", in->folder);
		if (add_workflow(in, w, &values, err) < 0)
			return -1;
	}
	return 0;
}

/* --- writing --- */

static int make_folders(struct init *in, const char *path, struct err *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		const char *part = arena_strndup(&in->mem, path, (size_t)(slash - path));
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return err_sys(err, errno, "cannot make the folder '%s'", part);
	}
	return 0;
}

static int write_file(struct init *in, struct init_file *file, struct err *err)
{
	BUF_AUTO old = BUF_INIT(LIMIT_CONFIG_BYTES);
	struct err missing = ERR_INIT;
	struct stat st;
	bool is_there = lstat(file->full, &st) == 0;

	if (is_there && file_read_untrusted(&old, file->full, &missing) == 0 &&
		str_eq(buf_view(&old), file->text)) {
		file->done = "unchanged";
		return 0;
	}
	if (is_there && !in->force) {
		file->done = "kept";
		return 0;
	}
	file->done = in->dry_run ? "would be written" : "written";
	if (in->dry_run)
		return 0;
	if (make_folders(in, file->full, err) < 0)
		return -1;
	return file_replace(file->full, file->text, err);
}

/* --- what is said --- */

static void tell_text(const struct init *in)
{
	struct buf *out = &in->cli->out;

	for (size_t i = 0; i < in->n; i++) {
		const struct init_file *file = &in->files[i];
		bool kept = str_eq_c(str_of(file->done), "kept");
		buf_printf(out, "%-17s %s%s\n", file->done, file->path,
			kept ? "  (there already; --force replaces it)" : "");
	}
	if (in->project.command.n)
		buf_printf(out, "%-17s %.*s (%.*s)\n", "tests", STR_ARGS(in->project.command),
			STR_ARGS(in->project.why));
	else
		buf_printf(out, "%-17s no command found: say it in .selfheal.yml\n", "tests");
	for (size_t i = 0; in->dry_run && i < in->n; i++)
		buf_printf(out, "\n--- %s\n%.*s", in->files[i].path, STR_ARGS(in->files[i].text));
}

static void tell_json(const struct init *in)
{
	CLEANUP(json_freep) struct json_t *root = json_obj();
	struct json_t *files = json_arr();

	for (size_t i = 0; i < in->n; i++) {
		struct json_t *one = json_obj();
		json_put_c(one, "path", in->files[i].path);
		json_put_c(one, "done", in->files[i].done);
		if (in->dry_run)
			json_put_str(one, "text", in->files[i].text);
		json_push(files, one);
	}
	json_put(root, "files", files);
	json_put_str(root, "test", in->project.command);
	json_put_str(root, "why", in->project.why);
	json_write(&in->cli->out, root, 2);
	buf_char(&in->cli->out, '\n');
}

static int init(struct init *in, struct err *err)
{
	if (look_at_repository(in, err) < 0)
		return -1;
	add_settings(in);
	if (opts_flag(&in->cli->opts, "github", false) && add_workflows(in, err) < 0)
		return -1;
	for (size_t i = 0; i < in->n; i++)
		if (write_file(in, &in->files[i], err) < 0)
			return -1;
	if (in->cli->format == FORMAT_JSON)
		tell_json(in);
	else
		tell_text(in);
	return EXIT_DONE;
}

static int run(struct cli *cli, struct err *err)
{
	struct init in = {.cli = cli,
		.folder = cli->opts.args.n ? cli->opts.args.v[0] : ".",
		.force = opts_flag(&cli->opts, "force", false),
		.dry_run = opts_flag(&cli->opts, "dry-run", false)};
	int r;

	if (!file_is_dir(in.folder))
		return err_set(err, ERR_CONFIG, "no folder '%s'", in.folder);
	if (opts_item(&cli->opts, "workflow", 0) && !opts_flag(&cli->opts, "github", false))
		return err_set(err, ERR_CONFIG, "'--workflow' goes with '--github'");
	arena_init(&in.mem);
	r = init(&in, err);
	arena_release(&in.mem);
	return r;
}

static const struct opt opts[] = {
	{"github", 0, OPT_FLAG, NULL, NULL, "write GitHub workflows, too"},
	{"workflow", 'w', OPT_LIST, "KIND", "after-ci, scheduled, on-comment",
		"which of them: after-ci, scheduled, on-comment, codeql"},
	{"actions", 0, OPT_STR, "OWNER/NAME", SELFHEAL_REPOSITORY,
		"the repository whose actions the workflows use"},
	{"actions-ref", 0, OPT_STR, "REF", "v" SELFHEAL_VERSION,
		"the tag, or better the full commit, of these actions"},
	{"force", 0, OPT_FLAG, NULL, NULL, "replace files that are there already"},
	{"dry-run", 'n', OPT_FLAG, NULL, NULL, "write nothing, print the files"},
	{0},
};

const struct cmd cmd_init = {
	.name = "init",
	.usage = "[DIR]",
	.summary = "start using selfheal in a repository: settings and GitHub workflows",
	.about =
		"Writes .selfheal.yml with the test command it finds and every setting explained. "
		"With --github it also writes workflows: after a red run of the CI workflow, every "
		"six hours and on demand, on a comment '/selfheal retry', and (when named) CodeQL "
		"every night. Each has one job that runs your code and holds no secret, and one "
		"that may write and runs none of it.\n"
		"Files that are there already are kept unless --force is given.",
	.examples = "selfheal init --github --dry-run\n"
		    "selfheal init --github --workflow after-ci --workflow codeql\n",
	.opts = opts,
	.max_args = 1,
	.run = run,
};
