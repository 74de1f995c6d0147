/* bench_accel [CANDIDATES]: Python candidates a second, by the accelerator and by a loop that
 * patches the file and starts pytest anew for each, on a small project that it writes itself. One
 * core, one job; both run in the same kind of trial. */
#include "kit/trial/accel.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "kit/trial/trial.h"

enum { DEFAULT_CANDIDATES = 5000, LOOP_RUNS = 15, HANGS_IN = 20 };

#define COMMAND "python3 -m pytest -q -p no:cacheprovider"

static const char source[] = "def digits(n):\n"
			     "    seen = []\n"
			     "    while n > 0:\n"
			     "        seen.append(n % 10)\n"
			     "        n //= 10\n"
			     "    return seen\n"
			     "\n"
			     "\n"
			     "def digit_sum(n):\n"
			     "    total = 0\n"
			     "    for d in digits(n):\n"
			     "        total = total - d\n"
			     "    return total\n";
static const char old_text[] = "total - d";

static const char tests[] = "from lib import digit_sum, digits\n"
			    "\n"
			    "\n"
			    "def test_digits():\n"
			    "    assert digits(120) == [0, 2, 1]\n"
			    "\n"
			    "\n"
			    "def test_sum():\n"
			    "    assert digit_sum(0) == 0\n"
			    "    assert digit_sum(7) == 7\n"
			    "    assert digit_sum(1234) == 10\n";

static void check(int r, const struct err *err)
{
	if (r == 0)
		return;
	fprintf(stderr, "bench_accel: %s\n", err->msg);
	exit(1);
}

static void write_file(const char *root, const char *name, const char *text)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", root, name);
	struct err err = ERR_INIT;

	check(file_replace(path, str_of(text), &err), &err);
}

/* The i-th candidate: none is right, each is another text; every hangs-th never ends. */
static struct str candidate(struct arena *mem, size_t i, size_t hangs)
{
	if (hangs && i % hangs == hangs - 1)
		return arena_printf(mem, "[d for _ in iter(int, %zu)]", i + 1);
	return arena_printf(mem, "d * %zu - total", i + 2);
}

static struct patch *make_patches(struct arena *mem, size_t n, size_t hangs)
{
	struct patch *patches = arena_array(mem, n, sizeof(*patches));
	struct edit *edits = arena_array(mem, n, sizeof(*edits));
	size_t at = (size_t)(strstr(source, old_text) - source);

	for (size_t i = 0; i < n; i++) {
		edits[i] = (struct edit){
			STR("lib.py"), at, at + strlen(old_text), candidate(mem, i, hangs)};
		patches[i] = (struct patch){.edits = &edits[i], .n = 1};
	}
	return patches;
}

static double loop_rate(struct trial *trial, const struct patch *patches)
{
	int64_t begin = clock_mono_us();
	struct err err = ERR_INIT;

	for (size_t i = 0; i < LOOP_RUNS; i++) {
		CHILD_RESULT_AUTO result;
		BUF_AUTO text;
		child_result_init(&result);
		buf_init(&text, 1 << 20);
		check(patch_apply_to(&text, &patches[i], STR("lib.py"), str_of(source), &err),
			&err);
		check(trial_write(trial, STR("lib.py"), buf_view(&text), &err), &err);
		check(trial_run(trial,
			      &(struct trial_command){.command = COMMAND, .timeout_ms = 20000},
			      &result, &err),
			&err);
		check(trial_restore(trial, &err), &err);
		if (result.exit_code != 1)
			fprintf(stderr, "bench_accel: pytest gave %d\n", result.exit_code);
	}
	return LOOP_RUNS * 1e6 / (double)(clock_mono_us() - begin);
}

static double accel_rate(struct trial *trial, const struct patch *patches, size_t n, int jobs,
	enum observed_status want)
{
	struct observed *seen = xcalloc(n, sizeof(*seen));
	struct accel *accel = NULL;
	struct arena mem;
	struct failure_list none;
	struct err err = ERR_INIT;
	size_t other = 0;
	int64_t begin;
	double rate;

	arena_init(&mem);
	failure_list_init(&none);
	check(accel_python.open(&accel, trial,
		      &(struct accel_options){.command = COMMAND,
			      .failures = &none,
			      .command_timeout_ms = 60000,
			      .jobs = jobs},
		      &err),
		&err);
	begin = clock_mono_us();
	check(accel_python.run(accel, patches, n, seen, &mem, &err), &err);
	rate = (double)n * 1e6 / (double)(clock_mono_us() - begin);
	for (size_t i = 0; i < n; i++)
		other += seen[i].status != want && seen[i].status != OBSERVED_TIMEOUT;
	if (other)
		fprintf(stderr, "bench_accel: %zu candidates gave something else\n", other);
	accel_python.free(accel);
	arena_release(&mem);
	free(seen);
	return rate;
}

int main(int argc, char **argv)
{
	char root[] = "/tmp/bench-accel-XXXXXX";
	struct trial *trial = NULL;
	struct err err = ERR_INIT;
	struct arena mem;
	int n = DEFAULT_CANDIDATES;
	double loop, one, two, hangs;

	if (argc > 1 && !str_to_int(str_of(argv[1]), LOOP_RUNS, 1000000, &n))
		n = DEFAULT_CANDIDATES;
	arena_init(&mem);
	if (!mkdtemp(root))
		return 1;
	write_file(root, "lib.py", source);
	write_file(root, "test_lib.py", tests);
	check(trial_open(&trial, &(struct trial_options){.root = root}, &err), &err);
	loop = loop_rate(trial, make_patches(&mem, LOOP_RUNS, 0));
	one = accel_rate(trial, make_patches(&mem, (size_t)n, 0), (size_t)n, 1, OBSERVED_FAIL);
	two = accel_rate(trial, make_patches(&mem, (size_t)n, 0), (size_t)n, 2, OBSERVED_FAIL);
	hangs = accel_rate(
		trial, make_patches(&mem, (size_t)n, HANGS_IN), (size_t)n, 1, OBSERVED_FAIL);
	printf("python, a pytest process each       %8.1f candidates/s\n", loop);
	printf("python, accelerator, 1 job          %8.1f candidates/s  x%.0f\n", one, one / loop);
	printf("python, accelerator, 2 jobs         %8.1f candidates/s  x%.0f\n", two, two / loop);
	printf("python, accelerator, 1 in %d hangs  %8.1f candidates/s  x%.0f\n", HANGS_IN, hangs,
		hangs / loop);
	trial_free(trial);
	arena_release(&mem);
	for (const char *const *name = (const char *const[]){"lib.py", "test_lib.py", NULL}; *name;
		name++) {
		CLEANUP(freep) char *path = xasprintf("%s/%s", root, *name);
		unlink(path);
	}
	rmdir(root);
	return 0;
}
