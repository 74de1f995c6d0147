#include "port/forge/forge_private.h"

#include <ctype.h>
#include <stdarg.h>

static const char *encode(struct arena *mem, struct str s, const char *kept)
{
	BUF_AUTO out = BUF_INIT(s.n * 3 + 1);

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80 && (isalnum(c) || (c && strchr(kept, c))))
			buf_char(&out, (char)c);
		else
			buf_printf(&out, "%%%02X", c);
	}
	return arena_cstr(mem, buf_view(&out));
}

const char *url_encoded(struct arena *mem, struct str s)
{
	return encode(mem, s, "-_.~");
}

const char *path_encoded(struct arena *mem, struct str s)
{
	struct str rest = s, part;

	if (!s.n || str_ends(s, "/") || memchr(s.p, '\0', s.n))
		return NULL;
	while (str_next(&rest, '/', &part))
		if (!part.n || str_eq_c(part, ".") || str_eq_c(part, ".."))
			return NULL;
	return encode(mem, s, "-_.~/");
}

static bool is_name(struct str s)
{
	if (!s.n || s.n > 100 || str_eq_c(s, ".") || str_eq_c(s, ".."))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !strchr("-_.", s.p[i]))
			return false;
	return true;
}

bool is_repo_name(struct str repo)
{
	struct str owner, name = repo;

	return str_cut(&name, "/", &owner) && is_name(owner) && is_name(name);
}

bool is_sha(struct str s)
{
	if (s.n < 7 || s.n > 64)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isxdigit((unsigned char)s.p[i]))
			return false;
	return true;
}

int ask_in_repo(
	struct ask *ask, struct str repo, struct arena *mem, struct err *err, const char *fmt, ...)
{
	BUF_AUTO path = BUF_INIT(16 << 10);
	va_list args;

	if (!is_repo_name(repo))
		return err_set(err, ERR_CONFIG, "'%.*s' is no repository: owner/name is wanted",
			STR_ARGS(str_slice(repo, 0, 200)));
	buf_printf(&path, "/repos/%.*s", STR_ARGS(repo));
	va_start(args, fmt);
	buf_vprintf(&path, fmt, args);
	va_end(args);
	if (path.over)
		return err_set(err, ERR_LIMIT, "cannot ask GitHub: the address is too long");
	ask->path = arena_str(mem, buf_view(&path));
	return 0;
}
