#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_file.XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	unlink("a");
	unlink("pipe");
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void what_is_written_is_read(void **state)
{
	struct err err = ERR_INIT;
	struct buf out;
	struct stat st;

	(void)state;
	buf_init(&out, 64);
	assert_int_equal(file_replace("a", STR("one\0two"), &err), 0);
	assert_int_equal(chmod("a", 0640), 0);
	assert_int_equal(file_replace("a", STR("three"), &err), 0);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(file_append("a", STR(" four"), &err), 0);
	assert_int_equal(file_read(&out, "a", &err), 0);
	assert_true(str_eq_c(buf_view(&out), "three four"));
	buf_release(&out);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	buf_init(&out, 8);
	assert_int_equal(file_read(&out, "absent", &err), -1);
	assert_int_equal(err.sys_errno, ENOENT);
	assert_int_equal(file_read(&out, ".", &err), -1);
	assert_int_equal(err.sys_errno, EISDIR);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(file_read(&out, "pipe", &err), -1);
	assert_int_equal(err.code, ERR_SYS);
	assert_int_equal(file_replace("a", STR("123456789"), &err), 0);
	assert_int_equal(file_read(&out, "a", &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(file_replace("no/such/a", STR(""), &err), -1);
	buf_release(&out);
}

static void kinds(void **state)
{
	(void)state;
	assert_true(file_is_dir("."));
	assert_false(file_is_regular("."));
	assert_true(file_is_regular("a"));
	assert_false(file_is_regular("absent"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
