#include "kit/trial/trial_env.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "kit/trial/trial.h"

/* Where tools look in $HOME when nothing else is said. */
static const struct {
	const char *name, *folder;
} tool_homes[] = {{"PYENV_ROOT", ".pyenv"}, {"PYTHONUSERBASE", ".local"},
	{"RUSTUP_HOME", ".rustup"}, {"CARGO_HOME", ".cargo"}, {"GOMODCACHE", "go/pkg/mod"},
	{"NVM_DIR", ".nvm"}, {"NODENV_ROOT", ".nodenv"}, {"RBENV_ROOT", ".rbenv"},
	{"ASDF_DATA_DIR", ".asdf"}, {"SDKMAN_DIR", ".sdkman"}, {"VOLTA_HOME", ".volta"},
	{"JENV_ROOT", ".jenv"}, {"DENO_DIR", ".cache/deno"}, {"COMPOSER_HOME", ".config/composer"}};

static PRINTF_LIKE(2, 3) void set(struct environment *env, const char *fmt, ...)
{
	va_list args;
	BUF_AUTO text;

	buf_init(&text, 1 << 20);
	va_start(args, fmt);
	buf_vprintf(&text, fmt, args);
	va_end(args);
	environment_set(env, buf_text(&text));
}

static void name_tool_homes(struct environment *env, const char *home)
{
	for (size_t i = 0; home && i < ARRAY_LEN(tool_homes); i++) {
		CLEANUP(freep) char *path = xasprintf("%s/%s", home, tool_homes[i].folder);

		if (!environment_get(env, tool_homes[i].name) && !access(path, F_OK))
			set(env, "%s=%s", tool_homes[i].name, path);
	}
}

void trial_env_fill(struct environment *env, const struct trial_options *options, const char *home,
	const char *tmp)
{
	environment_add_allowed(env, (const char *const *)environ, options->env_allow);
	if (!environment_get(env, "PATH"))
		environment_set(env, "PATH=/usr/local/bin:/usr/bin:/bin");
	name_tool_homes(env, getenv("HOME"));
	set(env, "HOME=%s", home);
	set(env, "TMPDIR=%s", tmp);
	/* A .pyc is matched to its source by whole seconds and size: two candidates of one second
	 * would be taken for one another. */
	environment_set(env, "PYTHONDONTWRITEBYTECODE=1");
	environment_set_all(env, options->env_set);
}

static void add_moved(struct buf *out, struct str piece, const char *from, const char *to)
{
	struct str rest = piece;

	if (str_skip(&rest, from) && (!rest.n || rest.p[0] == '/')) {
		buf_c(out, to);
		piece = rest;
	}
	buf_str(out, piece);
}

void trial_env_move(struct environment *env, const char *from, const char *to)
{
	for (size_t i = 0; i < env->n; i++) {
		struct str value = str_of(env->v[i]), name, piece;
		BUF_AUTO moved;

		buf_init(&moved, 1 << 20);
		if (!str_cut(&value, "=", &name) || str_find_c(value, from) < 0)
			continue;
		buf_printf(&moved, "%.*s=", STR_ARGS(name));
		for (bool first = true; str_next(&value, ':', &piece); first = false) {
			if (!first)
				buf_char(&moved, ':');
			add_moved(&moved, piece, from, to);
		}
		environment_set(env, buf_text(&moved));
	}
}
