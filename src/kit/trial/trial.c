#include "kit/trial/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "kit/trial/copy.h"
#include "kit/trial/files.h"
#include "port/child/environment.h"

struct trial {
	char *source;   /* the user's folder */
	char *base;     /* ours, removed at the end */
	char *root;     /* the scratch tree as commands see it */
	char *exchange; /* as we see it */
	char *tmp, *home, *runtime;
	const char *const *ignore; /* borrowed strings, own array */
	int tree;                  /* the scratch tree's folder */
	struct files files;
	struct environment env;
};

static int make_folder(struct trial *t, const char *name, char **out, struct err *err)
{
	*out = xasprintf("%s/%s", t->base, name);
	if (mkdir(*out, 0700))
		return err_sys(err, errno, "cannot make the folder '%s'", *out);
	return 0;
}

static int make_base(struct trial *t, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	CLEANUP(freep) char *tree = NULL;

	/* Short: the path of a socket in it must fit into 108 bytes. */
	t->base = xasprintf("%s/sh-XXXXXX", tmp && *tmp == '/' && strlen(tmp) < 60 ? tmp : "/tmp");
	if (!mkdtemp(t->base)) {
		err_sys(err, errno, "cannot make a private folder '%s'", t->base);
		free(t->base);
		t->base = NULL;
		return -1;
	}
	if (make_folder(t, "x", &t->exchange, err) || make_folder(t, "t", &t->tmp, err) ||
		make_folder(t, "h", &t->home, err) || make_folder(t, "w", &tree, err))
		return -1;
	/* The folder's own name is kept: projects look at it. */
	t->root = xasprintf("%s%s", tree, strrchr(t->source, '/'));
	return 0;
}

static int copy_project(struct trial *t, struct err *err)
{
	CLEANUP(fd_closep) int from = open(t->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0)
		return err_sys(err, errno, "cannot open the folder '%s'", t->source);
	if (mkdir(t->root, 0755) && errno != EEXIST)
		return err_sys(err, errno, "cannot make the folder '%s'", t->root);
	if (t->tree >= 0)
		close_fd(t->tree);
	t->tree = open(t->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->tree < 0)
		return err_sys(err, errno, "cannot open the folder '%s'", t->root);
	t->files.root = t->tree;
	return copy_tree(from, t->tree, t->ignore, err);
}

static void fill_environment(struct trial *t, const struct trial_options *options)
{
	CLEANUP(freep) char *home = xasprintf("HOME=%s", t->home);
	CLEANUP(freep) char *tmp = xasprintf("TMPDIR=%s", t->tmp);

	environment_add_allowed(&t->env, (const char *const *)environ, options->env_allow);
	environment_set(&t->env, home);
	environment_set(&t->env, tmp);
	/* A .pyc is matched to its source by whole seconds and size: two candidates of one second
	 * would be taken for one another. */
	environment_set(&t->env, "PYTHONDONTWRITEBYTECODE=1");
	environment_set_all(&t->env, options->env_set);
}

int trial_open(struct trial **out, const struct trial_options *options, struct err *err)
{
	CLEANUP(trial_freep) struct trial *t = xcalloc(1, sizeof(*t));

	t->tree = -1;
	files_init(&t->files, -1);
	environment_init(&t->env);
	t->source = realpath(options->root, NULL);
	if (!t->source)
		return err_sys(err, errno, "cannot open the folder '%s'", options->root);
	t->ignore = options->ignore;
	t->runtime = options->runtime_dir ? xstrdup(options->runtime_dir) : NULL;
	if (make_base(t, err) || copy_project(t, err))
		return -1;
	fill_environment(t, options);
	*out = TAKE(t);
	return 0;
}

static void remove_base(struct trial *t)
{
	CLEANUP(fd_closep) int fd = open(t->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		remove_tree(fd);
	rmdir(t->base);
}

void trial_free(struct trial *t)
{
	if (!t)
		return;
	if (t->tree >= 0)
		close_fd(t->tree);
	if (t->base)
		remove_base(t);
	files_release(&t->files);
	environment_release(&t->env);
	free(t->source);
	free(t->base);
	free(t->root);
	free(t->exchange);
	free(t->tmp);
	free(t->home);
	free(t->runtime);
	free(t);
}

void trial_layers(const struct trial *trial, struct buf *out)
{
	buf_printf(out, "scratch tree: copy at '%s'\n", trial->root);
}

const char *trial_root(const struct trial *trial)
{
	return trial->root;
}

const char *trial_exchange(const struct trial *trial)
{
	return trial->exchange;
}

const char *trial_exchange_inside(const struct trial *trial)
{
	return trial->exchange;
}

const char *trial_runtime_inside(const struct trial *trial)
{
	return trial->runtime;
}

int trial_read(struct trial *trial, struct str path, struct buf *out, struct err *err)
{
	return files_read(&trial->files, path, out, err);
}

int trial_write(struct trial *trial, struct str path, struct str content, struct err *err)
{
	return files_write(&trial->files, path, content, err);
}

int trial_restore(struct trial *trial, struct err *err)
{
	return files_restore(&trial->files, err);
}

int trial_reset(struct trial *trial, struct err *err)
{
	files_forget(&trial->files);
	remove_tree(trial->tree);
	return copy_project(trial, err);
}

static int start(
	struct trial *t, const struct trial_command *command, struct child **out, struct err *err)
{
	const char *const argv[] = {"/bin/sh", "-c", command->command, NULL};
	CLEANUP(freep) char *cwd = NULL;
	ENVIRONMENT_AUTO env;
	int r;

	if (command->subdir && *command->subdir)
		cwd = xasprintf("%s/%s", t->root, command->subdir);
	environment_init(&env);
	environment_set_all(&env, (const char *const *)t->env.v);
	environment_set_all(&env, command->env_set);
	r = child_start(out,
		&(struct child_options){
			.argv = argv,
			.env = (const char *const *)env.v,
			.cwd = cwd ? cwd : t->root,
			.timeout_ms = command->timeout_ms,
			.output_cap = command->output_cap,
		},
		err);
	return r;
}

int trial_start(struct trial *trial, const struct trial_command *command, struct child **out,
	struct err *err)
{
	return start(trial, command, out, err);
}

int trial_run(struct trial *trial, const struct trial_command *command, struct child_result *out,
	struct err *err)
{
	CLEANUP(child_freep) struct child *child = NULL;

	if (start(trial, command, &child, err))
		return -1;
	return child_wait(child, -1, out, err) < 0 ? -1 : 0;
}
