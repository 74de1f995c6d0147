#include "kit/coverage/reader.h"

#include "base/alloc.h"
#include "base/limits.h"

/* Which form it is, the first byte that is no blank says. */
struct coverage_reader {
	struct coverage *coverage;
	struct cobertura *xml;
	struct lcov lcov;
	struct buf line;
	bool decided, too_long, any;
};

struct coverage_reader *coverage_reader_new(struct coverage *c)
{
	struct coverage_reader *r = xcalloc(1, sizeof(*r));

	r->coverage = c;
	r->lcov.coverage = c;
	buf_init(&r->line, LIMIT_LINE_BYTES);
	return r;
}

static void end_line(struct coverage_reader *r)
{
	if (!r->line.over)
		r->any |= lcov_line(&r->lcov, str_rtrim(buf_view(&r->line)));
	buf_reset(&r->line);
}

static void feed_lines(struct coverage_reader *r, struct str piece)
{
	while (piece.n) {
		ptrdiff_t end = str_find_char(piece, '\n');

		buf_str(&r->line, end < 0 ? piece : str_slice(piece, 0, (size_t)end));
		if (end < 0)
			return;
		end_line(r);
		piece = str_from(piece, (size_t)end + 1);
	}
}

static struct str without_mark(struct str piece)
{
	(void)str_skip(&piece, "\xef\xbb\xbf");
	return str_ltrim(piece);
}

void coverage_reader_feed(struct coverage_reader *r, struct str piece)
{
	if (!r->decided) {
		piece = without_mark(piece);
		if (!piece.n)
			return;
		r->decided = true;
		if (piece.p[0] == '<')
			r->xml = cobertura_new(r->coverage);
	}
	if (r->xml)
		cobertura_feed(r->xml, piece);
	else
		feed_lines(r, piece);
}

int coverage_reader_finish(struct coverage_reader *r, const char *name, struct err *err)
{
	bool any;

	if (r->line.n)
		end_line(r);
	any = r->xml ? cobertura_finish(r->xml) : r->any;
	buf_release(&r->line);
	free(r);
	if (any)
		return 0;
	return err_set(err, ERR_PARSE,
		"'%s' tells no coverage: lcov's tracefiles and Cobertura's XML are read", name);
}
