/* bench_drain: lines a second that templates are mined from, and memory.
 * usage: bench_drain FILE [REPEAT]      each line of FILE, REPEAT times (default 1) */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "kit/drain/drain.h"

enum { FILE_MAX = 1 << 30 };

static int fail(const struct err *err)
{
	fprintf(stderr, "bench_drain: %s\n", err->msg);
	return 1;
}

static void measure(struct drain *drain, struct str text, int repeat)
{
	int64_t begin = clock_mono_ms(), lines = 0, ms;
	size_t templates = 0;
	struct drain_template t;
	struct rusage usage;
	uint32_t at = 0;
	ARENA_AUTO mem;

	for (int i = 0; i < repeat; i++) {
		struct str rest = text, line;

		while (str_next_line(&rest, &line))
			drain_add(drain, line, ++lines);
	}
	ms = clock_mono_ms() - begin;
	arena_init(&mem);
	while (drain_next(drain, &at, &t, &mem))
		templates++;
	getrusage(RUSAGE_SELF, &usage);
	printf("%lld lines in %.2f s: %.2f million lines/s, %.0f MB/s, %zu templates, peak %.1f "
	       "MiB "
	       "(the text %.1f MiB)\n",
		(long long)lines, (double)ms / 1000, (double)lines / (double)(ms ? ms : 1) / 1000,
		(double)text.n * repeat / 1000 / (double)(ms ? ms : 1), templates,
		(double)usage.ru_maxrss / 1024, (double)text.n / 1024 / 1024);
}

int main(int argc, char **argv)
{
	CLEANUP(drain_freep) struct drain *drain = NULL;
	struct err err = ERR_INIT;
	int repeat = 1;
	BUF_AUTO text;

	buf_init(&text, FILE_MAX);
	if (argc < 2 || (argc > 2 && !str_to_int(str_of(argv[2]), 1, 100000, &repeat))) {
		fprintf(stderr, "usage: bench_drain FILE [REPEAT]\n");
		return 2;
	}
	if (file_read(&text, argv[1], &err) < 0 || drain_new(&drain, &err) < 0)
		return fail(&err);
	measure(drain, buf_view(&text), repeat);
	return 0;
}
