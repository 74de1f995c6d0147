#include "publish/marker.h"

#include <ctype.h>

static const char begin[] = "<!-- selfheal:v1";
static const char end[] = " -->";

static void value(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (isalnum((unsigned char)text.p[i]) || strchr("._-", text.p[i]))
			buf_char(out, text.p[i]);
}

static void member(struct buf *out, const char *name, struct str text)
{
	if (!text.n)
		return;
	buf_printf(out, " %s=", name);
	value(out, text);
}

void marker_write(struct buf *out, const struct marker *m)
{
	buf_c(out, begin);
	member(out, "what", m->what);
	member(out, "instance", m->instance);
	member(out, "patch", m->patch);
	member(out, "command", m->command);
	member(out, "session", m->session);
	member(out, "base", m->base);
	member(out, "done", m->done);
	for (size_t i = 0; i < m->n_refused && i < MARKER_REFUSED_MAX; i++)
		member(out, "refused", m->refused[i]);
	if (m->attempts)
		buf_printf(out, " attempts=%lld", (long long)m->attempts);
	if (m->ignore)
		buf_c(out, " ignore=1");
	if (m->retry)
		buf_c(out, " retry=1");
	for (size_t i = 0; i < m->n && i < MARKER_FINGERPRINTS_MAX; i++)
		member(out, "fp", m->fingerprints[i]);
	buf_c(out, end);
	buf_char(out, '\n');
}

static void take(struct marker *m, struct str *fingerprints, struct str *refused, struct str name,
	struct str text)
{
	const struct {
		const char *name;
		struct str *to;
	} members[] = {{"what", &m->what}, {"instance", &m->instance}, {"patch", &m->patch},
		{"command", &m->command}, {"session", &m->session}, {"base", &m->base},
		{"done", &m->done}};

	if (str_eq_c(name, "fp") && m->n < MARKER_FINGERPRINTS_MAX)
		fingerprints[m->n++] = text;
	else if (str_eq_c(name, "refused") && m->n_refused < MARKER_REFUSED_MAX)
		refused[m->n_refused++] = text;
	else if (str_eq_c(name, "attempts"))
		str_to_i64(text, 0, INT32_MAX, &m->attempts);
	else if (str_eq_c(name, "ignore"))
		m->ignore = str_eq_c(text, "1");
	else if (str_eq_c(name, "retry"))
		m->retry = str_eq_c(text, "1");
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (str_eq_c(name, members[i].name))
			*members[i].to = text;
}

static void parse(struct marker *m, struct str members, struct arena *mem)
{
	struct str *fingerprints = arena_array(mem, MARKER_FINGERPRINTS_MAX, sizeof(*fingerprints));
	struct str *refused = arena_array(mem, MARKER_REFUSED_MAX, sizeof(*refused));
	struct str piece;

	*m = (struct marker){.fingerprints = fingerprints, .refused = refused};
	while (str_next(&members, ' ', &piece)) {
		struct str name;
		if (str_cut(&piece, "=", &name))
			take(m, fingerprints, refused, name, arena_str(mem, piece));
	}
}

bool marker_read(struct marker *out, struct str text, const char *what, struct str instance,
	struct arena *mem)
{
	struct marker one;
	struct str rest = text, members, line;
	bool found = false;

	for (ptrdiff_t at; (at = str_find_c(rest, begin)) >= 0;) {
		rest = str_from(rest, (size_t)at + strlen(begin));
		line = rest;
		str_next_line(&line, &members);
		/* Half of one, as a diff may show it, hides none that follows. */
		if ((at = str_find_c(members, end)) < 0)
			continue;
		members = str_slice(members, 0, (size_t)at);
		parse(&one, members, mem);
		if (!str_eq_c(one.what, what) || !str_eq(one.instance, instance))
			continue;
		*out = one;
		found = true;
	}
	return found;
}

bool marker_ends(struct str text)
{
	ptrdiff_t line;

	text = str_trim(text);
	line = str_rfind_char(text, '\n');
	return str_starts(str_from(text, line < 0 ? 0 : (size_t)line + 1), begin) &&
	       str_ends(text, end);
}

bool marker_meets(const struct marker *a, const struct marker *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (str_eq(a->fingerprints[i], b->fingerprints[k]))
				return true;
	return false;
}

struct str marker_replace(struct str text, const struct marker *marker, struct arena *mem)
{
	BUF_AUTO out = BUF_INIT(text.n + 64 * 1024);
	ptrdiff_t at = -1, next;
	size_t from = 0;

	while ((next = str_find_c(str_from(text, from), begin)) >= 0) {
		at = (ptrdiff_t)from + next;
		from = (size_t)at + 1;
	}
	buf_str(&out, at < 0 ? text : str_slice(text, 0, (size_t)at));
	marker_write(&out, marker);
	return arena_str(mem, buf_view(&out));
}
