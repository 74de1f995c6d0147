#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "port/store/spool.h"
#include "port/store/spool_private.h"
#include "support/scratch.h"

static struct scratch box;

static int setup(void **state)
{
	(void)state;
	scratch_make(&box);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(&box);
	return 0;
}

static struct spool *open_spool(uint32_t segment_bytes, uint64_t max_bytes)
{
	struct spool_options o = {.dir = scratch_path(&box, "spool"),
		.segment_bytes = segment_bytes,
		.max_bytes = max_bytes};
	struct spool *s = NULL;
	struct err err = ERR_INIT;

	if (spool_open(&s, &o, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static atomic_int stored, failed;

static void told(void *data, int rc, const struct err *err)
{
	(void)data;
	(void)err;
	atomic_fetch_add(rc ? &failed : &stored, 1);
}

static void add(struct spool *s, const char *head, struct str body)
{
	int before = atomic_load(&stored) + atomic_load(&failed);

	assert_int_equal(spool_add(s, str_of(head), body, NULL, told, NULL), 0);
	while (atomic_load(&stored) + atomic_load(&failed) == before)
		clock_sleep_ms(1);
}

static bool next(
	struct spool *s, struct spool_place *place, struct spool_record *r, struct buf *mem)
{
	struct err err = ERR_INIT;
	int rc = spool_next(s, place, r, mem, &err);

	if (rc < 0)
		fail_msg("%s", err.msg);
	return rc == 0;
}

static int count_files(const char *suffix)
{
	DIR *d = opendir(scratch_path(&box, "spool"));
	struct dirent *entry;
	int n = 0;

	assert_non_null(d);
	while ((entry = readdir(d)))
		n += str_ends(str_of(entry->d_name), suffix);
	closedir(d);
	return n;
}

static void remove_bodies(void)
{
	DIR *d = opendir(scratch_path(&box, "spool"));
	struct dirent *entry;

	while ((entry = readdir(d)))
		if (str_ends(str_of(entry->d_name), ".body"))
			assert_int_equal(unlinkat(dirfd(d), entry->d_name, 0), 0);
	closedir(d);
}

static void read_back_in_order_and_after_a_restart(void **state)
{
	char body[5000];
	BUF_AUTO mem = BUF_INIT(2 << 20);

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct spool *s = open_spool(0, 0);
		struct spool_place place = {0};
		struct spool_record r;
		int n = 0;

		for (int i = 0; round == 0 && i < 20; i++) {
			memset(body, 'a' + i, sizeof(body));
			add(s, i % 2 ? "odd" : "", str_make(body, (size_t)i * 250));
		}
		for (; next(s, &place, &r, &mem); n++) {
			assert_int_equal(r.body.n, n * 250);
			assert_int_equal(r.body_fd, -1);
			assert_true(str_eq_c(r.head, n % 2 ? "odd" : ""));
			for (size_t i = 0; i < r.body.n; i++)
				assert_int_equal(r.body.p[i], 'a' + n);
		}
		assert_int_equal(n, 20);
		spool_free(s);
	}
}

/* Bytes that do not pack, over the ends of many segments. */
static void segments_follow_one_another_and_are_used_again(void **state)
{
	static char body[200 << 10];
	struct spool *s = open_spool(512 << 10, 0);
	struct spool_place place = {0};
	struct spool_record r;
	BUF_AUTO mem = BUF_INIT(2 << 20);
	uint64_t noise = 1;
	struct spool_state now;

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)(noise = hash_mix(noise, i));
	for (int i = 0; i < 30; i++) {
		add(s, "h", str_make(body, sizeof(body)));
		assert_true(next(s, &place, &r, &mem));
		assert_true(str_eq(r.body, str_make(body, sizeof(body))));
		spool_release(s, place);
	}
	assert_false(next(s, &place, &r, &mem));
	spool_state(s, &now);
	assert_int_equal(now.bytes, 512 << 10); /* what is being written */
	assert_int_equal(count_files(".segment"), 1);
	assert_in_range(count_files(".spare"), 1, 4);
	spool_free(s);
	/* What was released does not come back, not even to a reader that starts anew. */
	s = open_spool(512 << 10, 0);
	place = (struct spool_place){0};
	for (int n = 0; next(s, &place, &r, &mem);)
		assert_in_range(++n, 1, 2);
	spool_free(s);
}

static void full_is_said_and_over_after_a_release(void **state)
{
	static char body[200 << 10];
	struct spool *s = open_spool(512 << 10, 1 << 20);
	struct spool_place place = {0};
	struct spool_record r;
	BUF_AUTO mem = BUF_INIT(2 << 20);
	uint64_t noise = 1;
	int n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)(noise = hash_mix(noise, i));
	for (; n < 20; n++) {
		int before = atomic_load(&stored);

		if (spool_add(s, STR("h"), str_make(body, sizeof(body)), NULL, told, NULL) ==
			SPOOL_FULL)
			break;
		while (atomic_load(&stored) == before)
			clock_sleep_ms(1);
	}
	assert_in_range(n, 2, 6);
	while (next(s, &place, &r, &mem))
		;
	spool_release(s, place);
	add(s, "h", str_make(body, sizeof(body)));
	spool_free(s);
}

static void large_bodies_are_files_until_released(void **state)
{
	struct spool *s = open_spool(0, 0);
	struct spool_part *part = NULL, *dropped = NULL;
	struct spool_place place = {0};
	struct spool_record r;
	struct err err = ERR_INIT;
	BUF_AUTO mem = BUF_INIT(2 << 20);
	int before = atomic_load(&stored);
	char text[8];

	(void)state;
	assert_int_equal(spool_part_open(&part, s, &err), 0);
	assert_int_equal(spool_part_open(&dropped, s, &err), 0);
	assert_int_equal(spool_part_add(part, STR("abc"), &err), 0);
	assert_int_equal(spool_part_add(part, STR("def"), &err), 0);
	assert_int_equal(spool_part_add(dropped, STR("x"), &err), 0);
	spool_part_free(dropped);
	assert_int_equal(spool_add(s, STR("big"), STR_NULL, &part, told, NULL), 0);
	assert_null(part);
	while (atomic_load(&stored) == before)
		clock_sleep_ms(1);
	assert_int_equal(count_files(".part"), 0);
	assert_int_equal(count_files(".body"), 1);
	spool_free(s);
	s = open_spool(0, 0);
	assert_true(next(s, &place, &r, &mem));
	assert_int_equal(r.body_bytes, 6);
	assert_int_equal(read(r.body_fd, text, 8), 6);
	assert_memory_equal(text, "abcdef", 6);
	close(r.body_fd);
	/* One that somebody removed holds up nothing. */
	place = (struct spool_place){0};
	remove_bodies();
	assert_true(next(s, &place, &r, &mem));
	assert_int_equal(r.body_fd, -1);
	assert_int_equal(r.body.n, 0);
	spool_release(s, place);
	assert_int_equal(count_files(".body"), 0);
	spool_free(s);
}

static void leftovers_of_large_bodies_go_at_the_start(void **state)
{
	struct spool *s = open_spool(0, 0);
	struct spool_part *part = NULL;
	struct err err = ERR_INIT;
	pid_t pid;

	(void)state;
	spool_free(s);
	pid = fork();
	if (pid == 0) {
		s = open_spool(0, 0);
		if (spool_part_open(&part, s, &err) || spool_part_add(part, STR("abc"), &err))
			_exit(1);
		_exit(0); /* without a word to the spool */
	}
	waitpid(pid, NULL, 0);
	assert_int_equal(count_files(".part"), 1);
	spool_free(open_spool(0, 0));
	assert_int_equal(count_files(".part"), 0);
}

static void one_at_a_time(void **state)
{
	struct spool *s = open_spool(0, 0), *other = NULL;
	struct spool_options o = {.dir = scratch_path(&box, "spool")};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(spool_open(&other, &o, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
	spool_free(s);
}

/* A reader's place beyond all files: they were removed. New records must not look read. */
static void numbered_behind_what_was_read(void **state)
{
	struct spool_options o = {
		.dir = scratch_path(&box, "spool"), .from = {.segment = 40, .offset = 80}};
	struct spool_place place = o.from;
	struct spool_record r;
	struct spool *s = NULL;
	struct err err = ERR_INIT;
	BUF_AUTO mem = BUF_INIT(2 << 20);

	(void)state;
	assert_int_equal(spool_open(&s, &o, &err), 0);
	add(s, "h", STR("b"));
	assert_true(next(s, &place, &r, &mem));
	assert_int_equal(place.segment, 41);
	spool_free(s);
}

static char *segment_path(void)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/%016x.segment", scratch_path(&box, "spool"), 1);
	return path;
}

/* Every byte of a record, changed: never read as something else, and what is behind it is found. */
static void damaged_records_are_passed_over(void **state)
{
	struct spool *s = open_spool(512 << 10, 0);
	BUF_AUTO mem = BUF_INIT(2 << 20);
	struct spool_place first = {0};
	struct spool_record r;
	int fd;

	(void)state;
	add(s, "one", STR("first body"));
	add(s, "two", STR("second body"));
	assert_true(next(s, &first, &r, &mem));
	spool_free(s);
	fd = open(segment_path(), O_RDWR);
	for (uint64_t at = 0; at < first.offset; at++) {
		struct spool_place place = {0};
		char was, is;

		assert_int_equal(pread(fd, &was, 1, (off_t)at), 1);
		is = (char)(was ^ 0x55);
		assert_int_equal(pwrite(fd, &is, 1, (off_t)at), 1);
		s = open_spool(512 << 10, 0);
		assert_true(next(s, &place, &r, &mem));
		assert_true(str_eq(r.body, STR("second body")));
		assert_false(next(s, &place, &r, &mem));
		spool_free(s);
		assert_int_equal(pwrite(fd, &was, 1, (off_t)at), 1);
	}
	close(fd);
}

/* Cut at every length of the last record: those before it are there, it is not. */
static void torn_tails_are_cut(void **state)
{
	struct spool *s = open_spool(512 << 10, 0);
	BUF_AUTO mem = BUF_INIT(2 << 20);
	struct spool_place place = {0}, first;
	struct spool_record r;
	char image[4096];
	int fd;

	(void)state;
	add(s, "one", STR("first body"));
	add(s, "two", STR("the second body, that is torn"));
	assert_true(next(s, &place, &r, &mem));
	first = place;
	assert_true(next(s, &place, &r, &mem));
	spool_free(s);
	fd = open(segment_path(), O_RDWR);
	assert_int_equal(pread(fd, image, sizeof(image), 0), sizeof(image));
	for (uint64_t cut = first.offset; cut < place.offset; cut += 3) {
		struct spool_place at = {0};
		char torn[4096] = {0};
		int n = 0;

		memcpy(torn, image, cut);
		assert_int_equal(pwrite(fd, torn, sizeof(torn), 0), sizeof(torn));
		s = open_spool(512 << 10, 0);
		while (next(s, &at, &r, &mem))
			n++;
		assert_int_equal(n, 1 + (frame_size((const void *)(image + first.offset)) ==
						cut - first.offset));
		spool_free(s);
	}
	close(fd);
}

/* No room: told so, and it goes on when there is some again. */
static void a_disk_without_room(void **state)
{
	struct rlimit was, none;
	struct spool *s = open_spool(512 << 10, 0);
	BUF_AUTO mem = BUF_INIT(2 << 20);
	struct spool_place place = {0};
	struct spool_record r;
	int before = atomic_load(&failed);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	none = was;
	none.rlim_cur = 4096;
	setrlimit(RLIMIT_FSIZE, &none);
	add(s, "lost", STR("b"));
	assert_int_equal(atomic_load(&failed), before + 1);
	setrlimit(RLIMIT_FSIZE, &was);
	add(s, "kept", STR("b"));
	assert_int_equal(atomic_load(&failed), before + 1);
	assert_true(next(s, &place, &r, &mem));
	assert_true(str_eq_c(r.head, "kept"));
	spool_free(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(read_back_in_order_and_after_a_restart),
		T(segments_follow_one_another_and_are_used_again),
		T(full_is_said_and_over_after_a_release),
		T(large_bodies_are_files_until_released),
		T(leftovers_of_large_bodies_go_at_the_start),
		T(one_at_a_time),
		T(numbered_behind_what_was_read),
		T(damaged_records_are_passed_over),
		T(torn_tails_are_cut),
		T(a_disk_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
