#include "kit/trial/build_errors.h"

/* CONTEXT: "required from here", "In file included from": before the error they belong to. */
enum severity { SEVERITY_CONTEXT, SEVERITY_NOTE, SEVERITY_ERROR };

/* One line of a compiler's output, as far as it names a place. */
struct diagnostic {
	struct build_place place;
	enum severity severity;
	struct str message;
};

static enum severity severity_of(struct str message)
{
	message = str_ltrim(message);
	if (str_starts(message, "error:") || str_starts(message, "fatal error:"))
		return SEVERITY_ERROR;
	if (str_starts(message, "note:") || str_starts(message, "warning:"))
		return SEVERITY_NOTE;
	return SEVERITY_CONTEXT;
}

/* "path:line[:column][:,] message"; paths may hold colons, so the first one before a number
 * counts. */
static bool parse_line(struct str line, struct diagnostic *out)
{
	struct str start = str_ltrim(line);

	if (str_skip(&start, "In file included from ") || str_skip(&start, "from "))
		start = str_ltrim(start);
	for (size_t i = 1; i + 1 < start.n; i++) {
		struct str rest = str_from(start, i + 1);
		int number, column;

		if (start.p[i] != ':' || !str_take_int(&rest, &number) || number <= 0)
			continue;
		if (rest.n > 0 && rest.p[0] != ':' && rest.p[0] != ',')
			continue;
		rest = str_from(rest, 1);
		if (str_take_int(&rest, &column))
			rest = str_from(rest, 1);
		*out = (struct diagnostic){
			{str_slice(start, 0, i), number}, severity_of(rest), rest};
		return true;
	}
	return false;
}

static void add_candidate(struct build_errors *e, uint32_t id)
{
	size_t at = e->candidates.n;

	while (at > 0 && e->candidates.v[at - 1] >= id)
		at--;
	if (at < e->candidates.n && e->candidates.v[at] == id)
		return;
	vec_push(&e->candidates, id);
	memmove(&e->candidates.v[at + 1], &e->candidates.v[at],
		(e->candidates.n - 1 - at) * sizeof(e->candidates.v[0]));
	e->candidates.v[at] = id;
}

/* "undefined reference to `f(int)'", lld: "undefined symbol: f". */
static bool parse_undefined(struct str line, struct str *symbol)
{
	struct str before, rest = line;

	if (str_cut(&rest, "undefined reference to ", &before)) {
		rest = str_trim(rest);
		if (rest.n > 2) /* quotes, ASCII or UTF-8 */
			rest = str_slice(rest, 1, rest.n - 1);
		*symbol = rest;
		return true;
	}
	if (!str_cut(&rest, "undefined symbol: ", &before))
		return false;
	*symbol = str_trim(rest);
	return true;
}

/* What one error's lines have named so far. The lines that say from where something was
 * instantiated come before it, those that say in which macro behind it. */
struct group {
	struct build_place error; /* of the last error that no candidate took, line 0: none */
	uint32_t context;         /* candidate + 1 named on the way to the next, 0: none */
};

static void end_group(struct build_errors *e, struct group *g)
{
	if (g->error.line > 0)
		vec_push(&e->base, g->error);
	*g = (struct group){.context = 0};
}

/* The name in "error: 'y' undeclared", in quotes of one byte or three. */
static bool parse_undeclared(struct str message, struct str *name)
{
	struct str before;

	if (!str_cut(&message, "error: ", &before) || !str_cut(&message, " undeclared", &before))
		return false;
	size_t quote = str_starts(before, "'") ? 1 : 3;
	if (before.n <= 2 * quote)
		return false;
	*name = str_slice(before, quote, before.n - quote);
	return true;
}

static void feed(struct build_errors *e, struct group *g, struct diagnostic d, int stride)
{
	uint32_t owner = (uint32_t)(d.place.line / stride);

	if (d.severity == SEVERITY_ERROR) {
		uint32_t named = owner ? owner : g->context;
		struct str name;

		e->count++;
		end_group(e, g);
		if (named && parse_undeclared(d.message, &name))
			vec_push(&e->undeclared, (struct build_undeclared){named - 1, name});
		if (named)
			add_candidate(e, named - 1);
		else
			g->error = d.place;
	} else if (owner && d.severity == SEVERITY_NOTE && g->error.line > 0) {
		add_candidate(e, owner - 1);
		g->error.line = 0;
	} else if (owner && d.severity == SEVERITY_CONTEXT) {
		g->context = owner;
	}
}

void build_errors_parse(struct build_errors *out, struct str text, int stride)
{
	struct group g = {.context = 0};
	struct diagnostic d;
	struct str line, symbol;

	*out = (struct build_errors){.count = 0};
	while (str_next_line(&text, &line)) {
		if (parse_undefined(line, &symbol)) {
			out->count++;
			if (parse_line(line, &d) && d.place.line >= stride)
				add_candidate(out, (uint32_t)(d.place.line / stride) - 1);
			else
				vec_push(&out->undefined, symbol);
		} else if (parse_line(line, &d)) {
			feed(out, &g, d, stride);
		}
	}
	end_group(out, &g);
}

void build_errors_release(struct build_errors *e)
{
	vec_free(&e->candidates);
	vec_free(&e->base);
	vec_free(&e->undefined);
	vec_free(&e->undeclared);
}
