#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "kit/trial/toolbox.h"
#include "kit/trial/trial.h"
#include "support/scratch.h"

/* A compiler that writes down each call stands behind ours in PATH. */
static const char counting[] = "#!/bin/sh\necho call >> \"$CALLS\"\nexec /usr/bin/cc \"$@\"\n";

struct fixture {
	struct scratch scratch;
	struct arena mem;
	struct trial *trial;
	struct toolbox tools;
};

static int setup(void **state)
{
	static struct fixture f;
	struct err err = ERR_INIT;

	arena_init(&f.mem);
	scratch_make(&f.scratch);
	scratch_sh(&f.scratch, "mkdir bin");
	scratch_write(&f.scratch, "bin/cc", counting);
	scratch_sh(&f.scratch, "chmod 755 bin/cc");
	scratch_write(&f.scratch, "t.c", "int main(void) { return 7; }\n");
	assert_int_equal(
		trial_open(&f.trial, &(struct trial_options){.root = f.scratch.dir}, &err), 0);
	assert_int_equal(toolbox_make(&f.tools, f.trial, &f.mem, &err), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	trial_free(f->trial);
	scratch_remove(&f->scratch);
	arena_release(&f->mem);
	return 0;
}

/* Exit code of a shell line in the trial, our compilers first in PATH, the counting one next. */
static int run(struct fixture *f, const char *line)
{
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO result;
	struct str command = arena_printf(&f->mem,
		"export CALLS=$PWD/calls PATH=\"${PATH%%%%:*}:$PWD/bin:/usr/bin:/bin\"; %s", line);
	const char *const env[] = {f->tools.env[0], f->tools.env[1], f->tools.env[2], NULL};

	child_result_init(&result);
	assert_int_equal(trial_run(f->trial,
				 &(struct trial_command){
					 .command = command.p, .timeout_ms = 20000, .env_set = env},
				 &result, &err),
		0);
	return result.exit_code;
}

static void the_same_call_is_compiled_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "cc -o t t.c && ./t"), 7);
	assert_int_equal(run(f, "rm t; cc -o t t.c && ./t"), 7);
	assert_int_equal(run(f, "test $(wc -l < calls) = 1"), 0);
	assert_int_equal(run(f, "cc -O2 -o t t.c && ./t"), 7);
	assert_int_equal(run(f, "test $(wc -l < calls) = 2"), 0);
	assert_int_equal(run(f, "cc t.c && ./a.out && rm a.out && cc t.c; ./a.out"), 7);
	assert_int_equal(run(f, "test $(wc -l < calls) = 3"), 0);
	assert_int_equal(run(f, "cc -c t.c -o t.o && cc t.o -o u && ./u"), 7);
	assert_int_equal(run(f, "rm t.o u; cc -c t.c -o t.o && cc t.o -o u && ./u"), 7);
	assert_int_equal(run(f, "test $(wc -l < calls) = 5"), 0);
}

static void what_changed_is_compiled_anew(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "cc -o t t.c && ./t"), 7);
	assert_int_equal(run(f, "sleep 0.02; echo 'int main(void) { return 8; }' > t.c; "
				"cc -o t t.c && ./t"),
		8);
	assert_int_equal(run(f, "echo 'int main(void) { nope' > t.c; cc -o t t.c"), 1);
	assert_int_equal(run(f, "cc -E t.c > /dev/null"), 0);
	assert_int_equal(run(f, "mkdir d; cd d; echo 'int main(void) { return 9; }' > t.c; "
				"cc -o t t.c && ./t"),
		9);
}

static void verdicts_are_written_down(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	BUF_AUTO text = BUF_INIT(1000);

	assert_int_equal(
		run(f, "echo a > a; echo b > b; cmp -s a a; diff a b > c; cat a | cmp - a"), 0);
	assert_int_equal(file_read(&text, f->tools.judged, &err), 0);
	assert_string_equal(buf_text(&text), "0\n1\n0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_call_is_compiled_once, setup, teardown),
		cmocka_unit_test_setup_teardown(what_changed_is_compiled_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(verdicts_are_written_down, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
