/* bench_trial [FOLDER]: what a trial adds to a command, medians in microseconds. */
#include "kit/trial/trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum { ROUNDS = 51 };

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void report(const char *name, int64_t us[ROUNDS])
{
	qsort(us, ROUNDS, sizeof(*us), compare);
	printf("%-34s median %6lld  best %6lld  worst %6lld\n", name, (long long)us[ROUNDS / 2],
		(long long)us[0], (long long)us[ROUNDS - 1]);
}

static void check(int r, const struct err *err)
{
	if (r >= 0)
		return;
	fprintf(stderr, "%s\n", err->msg);
	exit(1);
}

int main(int argc, char **argv)
{
	int64_t open_us[ROUNDS], run_us[ROUNDS], again_us[ROUNDS], write_us[ROUNDS],
		restore_us[ROUNDS], reset_us[ROUNDS], free_us[ROUNDS], all_us[ROUNDS], t[8];
	const struct trial_command command = {.command = "true"};
	struct trial_options options = {.root = argc > 1 ? argv[1] : "."};
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO r;
	BUF_AUTO layers;

	buf_init(&layers, 1 << 16);
	child_result_init(&r);
	for (int i = 0; i < ROUNDS; i++) {
		struct trial *trial = NULL;

		t[0] = clock_mono_us();
		check(trial_open(&trial, &options, &err), &err);
		t[1] = clock_mono_us();
		check(trial_run(trial, &command, &r, &err), &err);
		t[2] = clock_mono_us();
		check(trial_run(trial, &command, &r, &err), &err);
		t[3] = clock_mono_us();
		check(trial_write(trial, STR("bench.file"), STR("x"), &err), &err);
		t[4] = clock_mono_us();
		check(trial_restore(trial, &err), &err);
		t[5] = clock_mono_us();
		check(trial_reset(trial, &err), &err);
		t[6] = clock_mono_us();
		if (!i)
			trial_layers(trial, &layers);
		trial_free(trial);
		t[7] = clock_mono_us();
		open_us[i] = t[1] - t[0];
		run_us[i] = t[2] - t[1];
		again_us[i] = t[3] - t[2];
		write_us[i] = t[4] - t[3];
		restore_us[i] = t[5] - t[4];
		reset_us[i] = t[6] - t[5];
		free_us[i] = t[7] - t[6];
		all_us[i] = open_us[i] + run_us[i] + free_us[i];
	}
	fputs(buf_text(&layers), stdout);
	report("open", open_us);
	report("run 'true'", run_us);
	report("run 'true' again", again_us);
	report("write a file", write_us);
	report("restore it", restore_us);
	report("reset", reset_us);
	report("free", free_us);
	report("open + run + free", all_us);
	return 0;
}
