#include "publish/codeowners.h"

/* "docs/" owns everything below any docs; "/docs/" below the top's; "*.c" anywhere; "a/b" from the
 * top. */
static bool matches(struct str pattern, struct str path, struct arena *mem)
{
	struct str glob = pattern, trimmed = pattern;
	bool anchored, folder;

	if (str_ends(trimmed, "/"))
		trimmed.n--;
	anchored = str_find_char(trimmed, '/') >= 0;
	folder = trimmed.n < pattern.n;
	str_skip(&trimmed, "/");
	if (!anchored)
		trimmed = arena_printf(mem, "**/%.*s", STR_ARGS(trimmed));
	glob = arena_printf(mem, "%.*s/**", STR_ARGS(trimmed));
	return (!folder && str_glob(trimmed, path)) || str_glob(glob, path);
}

static bool holds(const struct str *owners, size_t n, struct str owner)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(owners[i], owner))
			return true;
	return false;
}

static bool next_word(struct str *rest, struct str *word)
{
	*rest = str_ltrim(*rest);
	if (!rest->n || rest->p[0] == '#')
		return false;
	for (size_t i = 0; i <= rest->n; i++)
		if (i == rest->n || rest->p[i] == ' ' || rest->p[i] == '\t') {
			*word = str_slice(*rest, 0, i);
			*rest = str_from(*rest, i);
			break;
		}
	return true;
}

void codeowners_of(
	struct str *owners, size_t *n, struct str text, struct str path, struct arena *mem)
{
	struct str line, pattern, owner, last = STR_NULL;

	while (str_next_line(&text, &line))
		if (next_word(&line, &pattern) && matches(pattern, path, mem))
			last = line;
	while (next_word(&last, &owner))
		if (str_skip(&owner, "@") && owner.n && *n < CODEOWNERS_MAX &&
			!holds(owners, *n, owner))
			owners[(*n)++] = arena_str(mem, owner);
}
