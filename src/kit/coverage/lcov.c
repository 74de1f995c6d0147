#include "kit/coverage/reader.h"

enum { HITS_DIGITS = 18 };

/* Tools write more than fits, and some a minus where a counter ran over. */
static bool is_hit(struct str count)
{
	int64_t n = 0;

	if (count.n > HITS_DIGITS)
		return true;
	return str_to_i64(count, INT64_MIN, INT64_MAX, &n) && n > 0;
}

/* DA:LINE,HITS[,CHECKSUM] */
static bool data_line(struct lcov *l, struct str rest)
{
	struct str number, count;
	int64_t line;

	if (!str_cut(&rest, ",", &number) || !str_to_i64(number, 1, INT64_MAX, &line))
		return false;
	if (!str_cut(&rest, ",", &count))
		count = rest;
	if (l->file)
		coverage_line(l->coverage, &l->coverage->files.v[l->file - 1], line, is_hit(count));
	return true;
}

bool lcov_line(struct lcov *l, struct str line)
{
	if (str_skip(&line, "DA:"))
		return data_line(l, line);
	if (str_skip(&line, "SF:")) {
		struct coverage_file *f = coverage_file(l->coverage, line);

		l->file = f ? (size_t)(f - l->coverage->files.v) + 1 : 0;
		return true;
	}
	if (str_eq_c(line, "end_of_record"))
		l->file = 0;
	return false;
}
