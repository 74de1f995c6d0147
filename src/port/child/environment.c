#include "port/child/environment.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/vec.h"

/* Names (globs) that programs need to find their tools and to behave as on the user's terminal. */
static const char *const allowed[] = {"PATH", "LANG", "LANGUAGE", "LC_*", "TZ", "TERM", "COLUMNS",
	"LINES", "NO_COLOR", "FORCE_COLOR", "CI", "GITHUB_ACTIONS", "GITHUB_WORKSPACE", "RUNNER_OS",
	"RUNNER_ARCH", "USER", "LOGNAME", "SHELL", "SOURCE_DATE_EPOCH",
	/* C and C++ */
	"CC", "CXX", "CPP", "AR", "LD", "NM", "RANLIB", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS",
	"LDLIBS", "LIBS", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH",
	"LD_LIBRARY_PATH", "MAKEFLAGS", "CMAKE_*", "CTEST_*", "GTEST_*", "PKG_CONFIG*",
	"?SAN_OPTIONS", "UBSAN_OPTIONS", "??SAN_SYMBOLIZER_PATH", "CCACHE_*",
	/* Python */
	"PYTHON*", "PYTEST_*", "TOX_*", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV",
	"PYENV_*",
	/* JavaScript */
	"NODE_*", "NVM_DIR", "NVM_BIN",
	/* Go, Rust, Java, .NET, Ruby */
	"GOPATH", "GOROOT", "GOFLAGS", "GOTOOLCHAIN", "GOMODCACHE", "GOOS", "GOARCH", "CGO_*",
	"CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_*", "RUST*", "JAVA_HOME*", "MAVEN_OPTS",
	"MAVEN_HOME", "M2_HOME", "GRADLE_HOME", "GRADLE_OPTS", "DOTNET_ROOT", "GEM_HOME",
	"GEM_PATH", "BUNDLE_PATH", "RUBYLIB", "RUBYOPT", NULL};

/* Parts of a name, between underscores, that say "secret". */
static const char *const secret_words[] = {"KEY", "KEYS", "AUTH", "PASS", "PAT", "PWD", "CRED",
	"CREDS", "COOKIE", "JWT", "BEARER", "DSN", "WEBHOOK", "AWS", "AZURE"};
/* Pieces that say so wherever they stand. */
static const char *const secret_pieces[] = {
	"TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY", "PRIVATE"};
static const char *const secret_values[] = {"ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_",
	"glpat-", "sk-", "xoxb-", "xoxp-", "xapp-", "AKIA", "ASIA", "AIza", "npm_", "pypi-",
	"-----BEGIN", "eyJhbGci", "hf_", "dop_v1_"};

void environment_init(struct environment *e)
{
	*e = (struct environment){0};
	vec_push(e, NULL);
	e->n = 0;
}

void environment_release(struct environment *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i]);
	free(e->v);
	vec_each (name, &e->withheld)
		free(*name);
	vec_free(&e->withheld);
	*e = (struct environment){0};
}

static bool has_piece(struct str upper)
{
	for (size_t i = 0; i < ARRAY_LEN(secret_pieces); i++)
		if (str_has(upper, secret_pieces[i]))
			return true;
	return false;
}

static bool is_secret_word(struct str word)
{
	for (size_t i = 0; i < ARRAY_LEN(secret_words); i++)
		if (str_eq_c(word, secret_words[i]))
			return true;
	return false;
}

bool environment_name_is_secret(struct str name)
{
	char upper[256];
	struct str rest = {upper, 0}, word;

	if (str_eq_c(name, "PWD") || str_eq_c(name, "OLDPWD"))
		return false;
	for (; rest.n < name.n && rest.n < sizeof(upper); rest.n++)
		upper[rest.n] = (char)toupper((unsigned char)name.p[rest.n]);
	if (has_piece(rest))
		return true;
	while (str_next(&rest, '_', &word))
		if (is_secret_word(word))
			return true;
	return false;
}

/* scheme://user:password@host */
static bool has_url_password(struct str value)
{
	struct str before, user;

	while (str_cut(&value, "://", &before)) {
		struct str authority = value;

		for (size_t i = 0; i < authority.n; i++)
			if (strchr("/?# \t\n", authority.p[i]))
				authority.n = i;
		if (str_cut(&authority, "@", &user) && str_find_char(user, ':') >= 0)
			return true;
	}
	return false;
}

bool environment_value_is_secret(struct str value)
{
	for (size_t i = 0; i < ARRAY_LEN(secret_values); i++)
		if (str_starts(value, secret_values[i]))
			return true;
	return has_url_password(value);
}

static bool matches(const char *const *globs, struct str name)
{
	for (; globs && *globs; globs++)
		if (str_glob(str_of(*globs), name))
			return true;
	return false;
}

void environment_add_allowed(
	struct environment *e, const char *const *from, const char *const *allow)
{
	for (; from && *from; from++) {
		struct str value = str_of(*from), name;

		if (!str_cut(&value, "=", &name))
			continue;
		if (!matches(allowed, name) && !matches(allow, name))
			continue;
		if (environment_name_is_secret(name) || environment_value_is_secret(value))
			vec_push(&e->withheld, xstrndup(name.p, name.n));
		else
			environment_set(e, *from);
	}
}

static char **find(const struct environment *e, const char *name, size_t n)
{
	for (size_t i = 0; i < e->n; i++)
		if (!strncmp(e->v[i], name, n) && e->v[i][n] == '=')
			return &e->v[i];
	return NULL;
}

void environment_set(struct environment *e, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	char **old = equals ? find(e, assignment, (size_t)(equals - assignment)) : NULL;

	if (!equals)
		return;
	if (old) {
		free(*old);
		*old = xstrdup(assignment);
		return;
	}
	vec_push(e, xstrdup(assignment));
	vec_push(e, NULL);
	e->n--;
}

void environment_set_all(struct environment *e, const char *const *assignments)
{
	for (; assignments && *assignments; assignments++)
		environment_set(e, *assignments);
}

const char *environment_get(const struct environment *e, const char *name)
{
	char **at = find(e, name, strlen(name));

	return at ? strchr(*at, '=') + 1 : NULL;
}
