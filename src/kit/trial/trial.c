#include "kit/trial/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/trace.h"
#include "kit/trial/base.h"
#include "kit/trial/blame.h"
#include "kit/trial/files.h"
#include "kit/trial/git_copy.h"
#include "kit/trial/masks.h"
#include "kit/trial/relocate.h"
#include "kit/trial/trial_env.h"
#include "kit/trial/watch.h"
#include "port/child/copy.h"
#include "port/child/sandbox.h"
#include "port/child/upper.h"

enum { TREES_MAX = 2 };

struct trial {
	char *source; /* the user's folder */
	int base_lock;
	char *base;             /* ours, removed at the end */
	char *exchange, *spare; /* in base */
	char *root;             /* the scratch tree as commands see it */
	char *tmp, *home, *runtime_outside;
	const char *runtime; /* as commands see it */
	struct masks masks;
	struct sandbox_tree trees[TREES_MAX];
	struct sandbox_options box_options;
	vec(const char *) shown;
	struct sandbox *box; /* NULL: off */
	bool mounted;        /* the tree is at its own place; else a copy in base */
	int copy;            /* the copy's folder, or -1 */
	struct buf notes;    /* lines of trial_layers() about the tree */
	struct files files;
	struct watch watch;
	struct environment env;
	struct buf services; /* shell text that starts them, in front of every command */
};

static int make_folder(struct trial *t, const char *name, char **out, struct err *err)
{
	*out = xasprintf("%s/%s", t->base, name);
	return mkdir(*out, 0700) ? err_sys(err, errno, "cannot make the folder '%s'", *out) : 0;
}

static int make_base(struct trial *t, struct err *err)
{
	if (base_make(&t->base, &t->base_lock, err))
		return -1;
	if (make_folder(t, "x", &t->exchange, err) || make_folder(t, "s", &t->spare, err))
		return -1;
	return 0;
}

/* Programs and libraries that the environment names stay visible though they are in a folder that a
 * sandbox hides. */
static void list_shown(struct trial *t)
{
	static const char *const names[] = {"PATH", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH",
		"NODE_PATH", "CONDA_PREFIX"};
	static const char *const hidden[] = {"/tmp/", "/var/tmp/", "/run/"};
	struct str piece;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str value = str_of(environment_get(&t->env, names[i]));

		while (value.n && str_next(&value, ':', &piece))
			for (size_t h = 0; h < ARRAY_LEN(hidden); h++)
				if (str_starts(piece, hidden[h]) && !str_has(piece, t->source))
					vec_push(&t->shown, arena_cstr(&t->masks.mem, piece));
	}
	/* What /etc/resolv.conf often points to. */
	if (!access("/run/systemd/resolve", F_OK))
		vec_push(&t->shown, "/run/systemd/resolve");
	vec_push(&t->shown, NULL);
}

static void plan_sandbox(struct trial *t, const struct trial_options *options)
{
	size_t n = 0;

	t->trees[n++] = (struct sandbox_tree){t->source, t->masks.project.v, t->masks.project.n};
	if (t->masks.git_common)
		t->trees[n++] =
			(struct sandbox_tree){t->masks.git_common, t->masks.git.v, t->masks.git.n};
	list_shown(t);
	t->box_options = (struct sandbox_options){.trees = t->trees,
		.n_trees = n,
		.copy_because = t->masks.obstacle,
		.exchange = t->exchange,
		.runtime = t->runtime_outside,
		.spare = t->spare,
		.home = getenv("HOME"),
		.show = t->shown.v,
		.hide = options->hide,
		.network = options->network};
}

/* Root's commands are somebody else: what we make for them must be theirs. */
static int give_to_commands(struct trial *t, const char *path, struct err *err)
{
	unsigned uid, gid;

	if (!t->box || !sandbox_identity(t->box, &uid, &gid))
		return 0;
	return chown(path, uid, gid) ? err_sys(err, errno, "cannot give away '%s'", path) : 0;
}

/* Missing layers, in words. True when there is any. */
static bool list_missing(const struct trial *t, struct buf *out)
{
	const char *why;

	for (enum sandbox_layer l = 0; l < LAYER_COUNT; l++)
		if (sandbox_layer(t->box, l, &why) == LAYER_MISSING)
			buf_printf(out, "%s%s (%s)", out->n ? ", " : "", sandbox_layer_to_string(l),
				why);
	return out->n > 0;
}

static int check_required(const struct trial *t, enum sandbox_mode mode, struct err *err)
{
	BUF_AUTO missing;

	buf_init(&missing, 4096);
	if (mode != SANDBOX_REQUIRE || !list_missing(t, &missing))
		return 0;
	return err_set(err, ERR_POLICY, "a sandbox is required, but these layers are missing: %s",
		buf_text(&missing));
}

static int open_mounted(struct trial *t, struct err *err)
{
	int r = sandbox_open(&t->box, &t->box_options, err);

	if (r)
		return r;
	t->mounted = true;
	t->root = xstrdup(t->source);
	t->home = xstrdup(SANDBOX_HOME);
	t->tmp = xstrdup("/tmp");
	t->runtime = t->runtime_outside ? SANDBOX_RUNTIME : NULL;
	t->files.root = sandbox_tree(t->box);
	return 0;
}

/* Fills the copy's folder. */
static int copy_project(struct trial *t, struct err *err)
{
	unsigned uid, gid;

	CLEANUP(fd_closep) int from = open(t->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0)
		return err_sys(err, errno, "cannot open the folder '%s'", t->source);
	if (copy_tree(from, t->copy, git_copy_ignored(t->source), err) ||
		git_copy(t->copy, t->source, &t->masks, err) ||
		upper_apply_to_copy(t->copy, &t->trees[0], err) ||
		relocate(t->copy, t->source, t->root, &t->notes, err))
		return -1;
	if (!t->box || !sandbox_identity(t->box, &uid, &gid))
		return 0;
	return copy_chown(t->copy, &(struct copy_owner){uid, gid}, err);
}

static int make_copy_folders(struct trial *t, struct err *err)
{
	CLEANUP(freep) char *outer = NULL;

	if (make_folder(t, "t", &t->tmp, err) || make_folder(t, "h", &t->home, err) ||
		make_folder(t, "w", &outer, err))
		return -1;
	/* The folder's own name is kept: projects look at it. */
	t->root = xasprintf("%s%s", outer, strrchr(t->source, '/'));
	if ((chmod(outer, 0755) || mkdir(t->root, 0755)) && errno != EEXIST)
		return err_sys(err, errno, "cannot make the folder '%s'", t->root);
	t->copy = open(t->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->copy < 0)
		return err_sys(err, errno, "cannot open the folder '%s'", t->root);
	t->files.root = t->copy;
	t->runtime = t->runtime_outside;
	return 0;
}

/* why: what sandbox_open() could not have; NULL: the sandbox is off. */
static int open_copy(struct trial *t, const char *why, struct err *err)
{
	if (make_copy_folders(t, err) || relocate_check(t->source, &t->env, err))
		return -1;
	if (why) {
		const char *const writable[] = {t->root, t->tmp, t->home, t->exchange, NULL};
		struct sandbox_bare bare = {.writable = writable,
			.owned_like = t->source,
			.search_path = environment_get(&t->env, "PATH"),
			.why = why};

		if (sandbox_open_bare(&t->box, &bare, err) || give_to_commands(t, t->tmp, err) ||
			give_to_commands(t, t->home, err))
			return -1;
		if (chmod(t->base, 0711))
			return err_sys(err, errno, "cannot open the folder '%s'", t->base);
	}
	return copy_project(t, err);
}

static int open_tree_of(struct trial *t, const struct trial_options *options, struct err *err)
{
	int r = SANDBOX_UNAVAILABLE;
	struct err why = ERR_INIT;

	if (options->sandbox != SANDBOX_OFF) {
		sandbox_protect_self();
		r = open_mounted(t, &why);
	}
	if (r < 0) {
		*err = why;
		return -1;
	}
	if (r == SANDBOX_UNAVAILABLE &&
		open_copy(t, options->sandbox == SANDBOX_OFF ? NULL : why.msg, err))
		return -1;
	return t->box ? check_required(t, options->sandbox, err) : 0;
}

static struct trial *new_trial(void)
{
	struct trial *t = xcalloc(1, sizeof(*t));

	t->copy = t->base_lock = -1;
	t->watch.root = -1;
	files_init(&t->files, -1);
	environment_init(&t->env);
	masks_init(&t->masks);
	buf_init(&t->notes, LIMIT_TEXT_BYTES);
	buf_init(&t->services, LIMIT_CONFIG_BYTES);
	return t;
}

/* They live in the command's own process tree: they see its loopback and end with it. */
static void plan_services(struct trial *t, const char *const *services)
{
	for (; services && *services; services++)
		buf_printf(&t->services, "(\n%s\n) >/dev/null 2>&1 &\n", *services);
}

int trial_open(struct trial **out, const struct trial_options *options, struct err *err)
{
	CLEANUP(trial_freep) struct trial *t = new_trial();
	int64_t begin = trace_begin();
	unsigned uid, gid;

	t->source = realpath(options->root, NULL);
	if (!t->source)
		return err_sys(err, errno, "cannot open the folder '%s'", options->root);
	if (!strcmp(t->source, "/") || !strcmp(t->source, "/tmp"))
		return err_set(err, ERR_CONFIG, "cannot make a scratch tree of '%s'", t->source);
	t->runtime_outside = options->runtime_dir ? xstrdup(options->runtime_dir) : NULL;
	if (masks_find(&t->masks, t->source, options->ignore, err) ||
		watch_open(&t->watch, t->source, t->masks.git_dir, err) || make_base(t, err))
		return -1;
	environment_add_allowed(&t->env, (const char *const *)environ, NULL);
	plan_services(t, options->services);
	plan_sandbox(t, options);
	if (open_tree_of(t, options, err) || give_to_commands(t, t->exchange, err))
		return -1;
	if (t->box && sandbox_identity(t->box, &uid, &gid)) {
		t->files.uid = uid;
		t->files.gid = gid;
	}
	environment_release(&t->env);
	environment_init(&t->env);
	trial_env_fill(&t->env, options, t->home, t->tmp);
	if (!t->mounted)
		trial_env_move(&t->env, t->source, t->root);
	trace_end(begin, "trial", "%s", t->mounted ? "mounted" : "copied");
	*out = TAKE(t);
	return 0;
}

void trial_free(struct trial *t)
{
	if (!t)
		return;
	sandbox_free(t->box);
	if (t->copy >= 0)
		close_fd(t->copy);
	if (t->base_lock >= 0)
		close_fd(t->base_lock);
	if (t->base)
		base_remove(t->base);
	files_release(&t->files);
	watch_release(&t->watch);
	environment_release(&t->env);
	masks_release(&t->masks);
	vec_free(&t->shown);
	buf_release(&t->notes);
	buf_release(&t->services);
	free(t->source);
	free(t->base);
	free(t->exchange);
	free(t->spare);
	free(t->root);
	free(t->tmp);
	free(t->home);
	free(t->runtime_outside);
	free(t);
}

void trial_layers(const struct trial *trial, struct buf *out)
{
	static const char *const states[] = {
		[LAYER_MISSING] = "missing", [LAYER_ON] = "on", [LAYER_WAIVED] = "off"};

	if (!trial->mounted)
		buf_printf(out, "scratch tree: a copy at '%s'\n", trial->root);
	buf_str(out, buf_view(&trial->notes));
	if (trial->masks.cut)
		buf_c(out, "scratch tree: too large to look for '.env' files everywhere\n");
	if (!trial->box)
		buf_c(out, "sandbox: off\n");
	for (enum sandbox_layer l = 0; trial->box && l < LAYER_COUNT; l++) {
		const char *why;
		enum layer_state state = sandbox_layer(trial->box, l, &why);

		buf_printf(out, "%s: %s", sandbox_layer_to_string(l), states[state]);
		buf_printf(out, *why ? " (%s)\n" : "\n", why);
	}
}

const struct sandbox *trial_sandbox(const struct trial *trial)
{
	return trial->box;
}

/* Names of our environment that commands do not see, though nothing says that they are secret. */
static void list_stripped(const struct trial *t, struct arena *mem, const char ***out)
{
	size_t n = 0;

	for (char **at = environ; *at; at++)
		n++;
	*out = arena_array(mem, n + 1, sizeof(**out));
	n = 0;
	for (char **at = environ; *at; at++) {
		struct str value = str_of(*at), name;

		if (str_cut(&value, "=", &name) && name.n > 2 &&
			!environment_get(&t->env, arena_cstr(mem, name)))
			(*out)[n++] = arena_cstr(mem, name);
	}
}

bool trial_blame(const struct trial *trial, struct str output, struct blame *out)
{
	const char *const writable[] = {trial->root, trial->tmp, trial->home,
		trial_exchange_inside(trial), "/tmp", "/var/tmp", "/dev", "/proc", NULL};
	struct blame_context context = {.writable = writable};
	const char **stripped, *why;
	ARENA_AUTO mem;

	arena_init(&mem);
	list_stripped(trial, &mem, &stripped);
	context.stripped = stripped;
	context.confined = trial->box != NULL;
	context.no_network =
		trial->box && sandbox_layer(trial->box, LAYER_NETWORK, &why) == LAYER_ON;
	return blame_find(out, &context, output);
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
	return trial->mounted ? SANDBOX_EXCHANGE : trial->exchange;
}

const char *trial_runtime_inside(const struct trial *trial)
{
	return trial->runtime;
}

int trial_read(struct trial *trial, struct str path, struct buf *out, struct err *err)
{
	if (files_read(&trial->files, path, out, err))
		return -1;
	watch_note(&trial->watch, path);
	return 0;
}

int trial_write(struct trial *trial, struct str path, struct str content, struct err *err)
{
	if (files_write(&trial->files, path, content, err))
		return -1;
	watch_note(&trial->watch, path);
	return 0;
}

int trial_restore(struct trial *trial, struct err *err)
{
	return files_restore(&trial->files, err);
}

int trial_check_unchanged(const struct trial *trial, struct err *err)
{
	return watch_check(&trial->watch, err);
}

int trial_reset(struct trial *trial, struct err *err)
{
	files_forget(&trial->files);
	if (trial->mounted) {
		if (sandbox_reset(trial->box, &trial->box_options, err))
			return -1;
		trial->files.root = sandbox_tree(trial->box);
		return 0;
	}
	buf_reset(&trial->notes);
	remove_tree(trial->copy);
	return copy_project(trial, err);
}

int trial_start(struct trial *trial, const struct trial_command *command, struct child **out,
	struct err *err)
{
	CLEANUP(freep) char *cwd = NULL;
	ENVIRONMENT_AUTO env;
	BUF_AUTO script;
	const char *argv[] = {"/bin/sh", "-c", NULL, NULL};

	buf_init(&script, LIMIT_SOURCE_BYTES);
	buf_str(&script, buf_view(&trial->services));
	buf_c(&script, command->command);
	argv[2] = buf_text(&script);
	if (command->subdir && *command->subdir)
		cwd = xasprintf("%s/%s", trial->root, command->subdir);
	environment_init(&env);
	environment_set_all(&env, (const char *const *)trial->env.v);
	environment_set_all(&env, command->env_set);
	return child_start(out,
		&(struct child_options){
			.argv = argv,
			.env = (const char *const *)env.v,
			.cwd = cwd ? cwd : trial->root,
			.timeout_ms = command->timeout_ms,
			.output_cap = command->output_cap,
			.sandbox = trial->box,
			.open_network = command->network,
		},
		err);
}

int trial_run(struct trial *trial, const struct trial_command *command, struct child_result *out,
	struct err *err)
{
	CLEANUP(child_freep) struct child *child = NULL;

	if (trial_start(trial, command, &child, err))
		return -1;
	return child_wait(child, -1, out, err) < 0 ? -1 : 0;
}
