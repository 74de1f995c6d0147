/* bench_accel_c: candidates a second of the C accelerator beside a loop that recompiles and runs
 * the project's test for each, on a small project made here; both in one run, one job. Usage:
 * bench_accel_c [CANDIDATES [RECOMPILED]] */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/trace.h"
#include "kit/trial/accel.h"
#include "kit/trial/trial.h"
#include "support/scratch.h"

static const char makefile[] = "CFLAGS = -std=gnu11 -g -O1 -Wall\n"
			       "test: build/t\n\t./build/t\n"
			       "build/t: t.c x.c\n\t@mkdir -p build\n"
			       "\t$(CC) $(CFLAGS) -o $@ t.c x.c -lm\n";

/* Dates, with the fault in the last function. */
static const char source[] =
	"int is_leap(int year)\n{\n"
	"\treturn (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;\n}\n"
	"int days_in_month(int year, int month)\n{\n"
	"\tif (month == 2)\n\t\treturn 28 + is_leap(year);\n"
	"\tif (month == 4 || month == 6 || month == 9 || month == 11)\n\t\treturn 30;\n"
	"\treturn 31;\n}\n"
	"int day_of_year(int year, int month, int day)\n{\n\tint sum = day;\n"
	"\tfor (int m = 1; m < month; m++)\n\t\tsum += days_in_month(year, m);\n"
	"\treturn sum;\n}\n"
	"int weekday(int year, int month, int day)\n{\n\tint y = year - 1;\n"
	"\tint past = y * 365 + y / 4 - y / 100 + y / 400;\n"
	"\treturn (past + day_of_year(year, month, day)) % 7;\n}\n"
	"int days_left(int year, int month, int day)\n{\n"
	"\tint all = 365 - is_leap(year);\n"
	"\treturn all - day_of_year(year, month, day);\n}\n";

static const char test[] =
	"#include <assert.h>\n"
	"int day_of_year(int, int, int), weekday(int, int, int), days_left(int, int, int);\n"
	"int main(void)\n{\n"
	"\tassert(day_of_year(2023, 3, 1) == 60);\n\tassert(day_of_year(2024, 12, 31) == 366);\n"
	"\tassert(weekday(2000, 1, 1) == 6);\n\tassert(weekday(2024, 2, 29) == 4);\n"
	"\tassert(days_left(2023, 12, 1) == 30);\n\tassert(days_left(2024, 1, 1) == 365);\n"
	"\treturn 0;\n}\n";

struct set {
	struct arena mem;
	struct patch *v;
	size_t n;
};

/* Every operator of the file in turn becomes another, over and over with a growing constant beside
 * it, so that no two candidates are equal; comparisons, which are where loops end, only once: one
 * candidate in twenty or so hangs, as with real ones. */
static void make_candidates(struct set *s, size_t n)
{
	static const char *const from[] = {" < ", " == ", " != ", " + ", " - ", " % ", " / ", NULL};
	static const char *const to[] = {" <= ", " != ", " == ", " - ", " + ", " / ", " * "};
	enum { COMPARISONS = 3 };

	s->v = arena_array(&s->mem, n, sizeof(*s->v));
	for (int round = 0; s->n < n; round++)
		for (size_t op = round ? COMPARISONS : 0; from[op] && s->n < n; op++)
			for (const char *at = source; (at = strstr(at, from[op])) && s->n < n;
				at++) {
				struct edit *e = arena_new(&s->mem, struct edit);

				*e = (struct edit){STR("x.c"), (size_t)(at - source),
					(size_t)(at - source) + strlen(from[op]),
					round ? arena_printf(&s->mem, "%s%d + ", to[op], round)
					      : str_of(to[op])};
				s->v[s->n++] = (struct patch){.edits = e, .n = 1};
			}
}

static void stop_on(int r, const struct err *err)
{
	if (r < 0) {
		fprintf(stderr, "%s\n", err->msg);
		exit(1);
	}
}

static double measure_accelerated(struct trial *trial, struct set *s, struct observed *seen)
{
	const struct accel_options options = {
		.command = "make test", .command_timeout_ms = 20000, .jobs = 1};
	struct err err = ERR_INIT;
	struct accel *accel = NULL;
	int64_t begin = clock_mono_us();

	stop_on(accel_c.open(&accel, trial, &options, &err), &err);
	stop_on(accel_c.run(accel, s->v, s->n, seen, &s->mem, &err), &err);
	accel_c.free(accel);
	return (double)(clock_mono_us() - begin) / 1e6;
}

/* Gives how many of the first n pass. A candidate that loops costs its time-out here, too. */
static size_t recompile(struct trial *trial, struct set *s, size_t step, double *seconds)
{
	struct err err = ERR_INIT;
	size_t passed = 0;
	int64_t begin = clock_mono_us();

	for (size_t i = 0; i < s->n; i += step) {
		BUF_AUTO text = BUF_INIT(1 << 20);
		CHILD_RESULT_AUTO result;

		child_result_init(&result);
		stop_on(patch_apply_to(&text, &s->v[i], STR("x.c"), str_of(source), &err), &err);
		stop_on(trial_write(trial, STR("x.c"), buf_view(&text), &err), &err);
		stop_on(trial_run(trial,
				&(struct trial_command){.command = "make test", .timeout_ms = 1000},
				&result, &err),
			&err);
		passed += result.exit_code == 0;
	}
	*seconds = (double)(clock_mono_us() - begin) / 1e6;
	return passed;
}

int main(int argc, char **argv)
{
	int candidates = 1000, recompiled = 50;
	struct set s = {.n = 0};
	struct err err = ERR_INIT;
	struct trial *trial = NULL;
	struct scratch scratch;
	int count[OBSERVED_UNSUPPORTED + 1] = {0};
	double slow_s;

	if (argc > 1 && !str_to_int(str_of(argv[1]), 1, 100000, &candidates))
		return 2;
	if (argc > 2 && !str_to_int(str_of(argv[2]), 1, candidates, &recompiled))
		return 2;
	trace_open();
	arena_init(&s.mem);
	scratch_make(&scratch);
	scratch_write(&scratch, "Makefile", makefile);
	scratch_write(&scratch, "x.c", source);
	scratch_write(&scratch, "t.c", test);
	stop_on(trial_open(&trial,
			&(struct trial_options){.root = scratch.dir, .sandbox = SANDBOX_AUTO},
			&err),
		&err);
	make_candidates(&s, (size_t)candidates);
	struct observed *seen = arena_array(&s.mem, s.n, sizeof(*seen));
	double fast_s = measure_accelerated(trial, &s, seen);
	for (size_t i = 0; i < s.n; i++)
		count[seen[i].status]++;
	size_t step = s.n / (size_t)recompiled, tried = (s.n + step - 1) / step;
	size_t passed = recompile(trial, &s, step, &slow_s);
	double fast = (double)s.n / fast_s, slow = (double)tried / slow_s;

	printf("accelerated  %zu candidates in %.2f s: %.0f/s (pass %d fail %d time-out %d crash "
	       "%d "
	       "invalid %d unsupported %d)\n",
		s.n, fast_s, fast, count[0], count[1], count[2], count[3], count[4], count[5]);
	printf("recompiling  %zu candidates in %.2f s: %.1f/s (pass %zu)\n", tried, slow_s, slow,
		passed);
	printf("ratio        %.0f\n", fast / slow);
	trial_free(trial);
	scratch_remove(&scratch);
	arena_release(&s.mem);
	return 0;
}
