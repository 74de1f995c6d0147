#include "app/cli/init_workflows.h"

#include <assert.h>
#include <ctype.h>

#include "base/embed.h"

const struct init_workflow init_workflows[] = {
	{"after-ci", ".github/workflows/selfheal.yml", "templates/workflows/after-ci.yml", true},
	{"scheduled", ".github/workflows/selfheal-scheduled.yml",
		"templates/workflows/scheduled.yml", true},
	{"on-comment", ".github/workflows/selfheal-comment.yml",
		"templates/workflows/on-comment.yml", true},
	{"codeql", ".github/workflows/selfheal-security.yml", "templates/workflows/codeql.yml",
		false},
	{0},
};

const struct init_workflow *init_workflow_find(const char *kind)
{
	for (const struct init_workflow *w = init_workflows; w->kind; w++)
		if (str_eq_c(str_of(w->kind), kind))
			return w;
	return NULL;
}

/* --- CodeQL's names of languages --- */

static const struct {
	const char *language, *codeql;
} codeql_names[] = {
	{"python", "python"},
	{"c", "c-cpp"},
	{"cpp", "c-cpp"},
	{"javascript", "javascript-typescript"},
	{"typescript", "javascript-typescript"},
	{"go", "go"},
	{"java", "java-kotlin"},
	{"ruby", "ruby"},
	{"csharp", "csharp"},
	{"rust", "rust"},
};

static const char *codeql_name(struct str language)
{
	for (size_t i = 0; i < ARRAY_LEN(codeql_names); i++)
		if (str_eq_c(language, codeql_names[i].language))
			return codeql_names[i].codeql;
	return NULL;
}

static void put_codeql_languages(struct buf *out, const struct init_values *values)
{
	size_t begin = out->n;

	for (size_t i = 0; i < values->n_languages; i++) {
		const char *name = codeql_name(values->languages[i]);
		struct str so_far = str_from(buf_view(out), begin);
		if (!name || str_has(so_far, name))
			continue;
		buf_printf(out, "%s%s", so_far.n ? ", " : "", name);
	}
}

bool init_codeql_knows(const struct init_values *values)
{
	for (size_t i = 0; i < values->n_languages; i++)
		if (codeql_name(values->languages[i]))
			return true;
	return false;
}

/* --- values into their places --- */

/* A double-quoted YAML scalar. */
static void put_quoted(struct buf *out, struct str text)
{
	buf_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_char(out, (char)c);
	}
	buf_char(out, '"');
}

static bool is_commit(struct str ref)
{
	for (size_t i = 0; i < ref.n; i++)
		if (!isdigit((unsigned char)ref.p[i]) && !(ref.p[i] >= 'a' && ref.p[i] <= 'f'))
			return false;
	return ref.n == 40;
}

/* Names of branches, tags and repositories stand unquoted, some inside an expression's quotes. */
static bool is_plain_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && !strchr("._/-", name.p[i]))
			return false;
	return name.n > 0 && name.n <= 200;
}

static int check_values(const struct init_values *values, struct err *err)
{
	if (!is_plain_name(values->default_branch))
		return err_set(err, ERR_CONFIG,
			"the default branch '%.*s' has characters that a workflow cannot hold",
			STR_ARGS(values->default_branch));
	if (!is_plain_name(values->actions) || !str_has(values->actions, "/"))
		return err_set(
			err, ERR_CONFIG, "'%.*s' is not OWNER/NAME", STR_ARGS(values->actions));
	if (!is_plain_name(values->ref))
		return err_set(err, ERR_CONFIG, "'%.*s' is neither a tag nor a commit",
			STR_ARGS(values->ref));
	return 0;
}

static bool put_token(struct buf *out, struct str token, const struct init_values *values)
{
	if (str_eq_c(token, "CI_WORKFLOW"))
		put_quoted(out, values->ci_workflow);
	else if (str_eq_c(token, "DEFAULT_BRANCH"))
		buf_str(out, values->default_branch);
	else if (str_eq_c(token, "ACTIONS"))
		buf_printf(out, "%.*s/actions", STR_ARGS(values->actions));
	else if (str_eq_c(token, "REF"))
		buf_printf(out, "%.*s%s", STR_ARGS(values->ref),
			is_commit(values->ref) ? " # v" SELFHEAL_VERSION : "");
	else if (str_eq_c(token, "CODEQL_LANGUAGES"))
		put_codeql_languages(out, values);
	else
		return false;
	return true;
}

/* "@NAME@" of capitals and '_' is a token; any other '@' is itself. */
static struct str token_at(struct str text)
{
	size_t n = 1;

	while (n < text.n && ((text.p[n] >= 'A' && text.p[n] <= 'Z') || text.p[n] == '_'))
		n++;
	return n > 1 && n < text.n && text.p[n] == '@' ? str_slice(text, 1, n) : STR("");
}

int init_workflow_render(struct buf *out, const struct init_workflow *workflow,
	const struct init_values *values, struct err *err)
{
	struct str text = embed_get(workflow->template);

	assert(text.n);
	if (check_values(values, err) < 0)
		return -1;
	for (size_t i = 0; i < text.n;) {
		struct str token = text.p[i] == '@' ? token_at(str_from(text, i)) : STR("");
		if (token.n && put_token(out, token, values)) {
			i += token.n + 2;
		} else {
			buf_char(out, text.p[i]);
			i++;
		}
	}
	return 0;
}
