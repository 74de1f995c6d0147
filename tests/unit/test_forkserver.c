/* The accelerator's end of the wire against peers that keep to the protocol, and that do not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/trial/forkserver.h"
#include "port/child/child.h"
#include "support/scratch.h"

struct scene {
	struct scratch dir;
	struct forkserver *fs;
	struct child *command;
	struct arena mem;
	pid_t peer;
};

static int setup(void **state)
{
	static const char *const argv[] = {"/bin/sleep", "60", NULL};
	struct scene *s = calloc(1, sizeof(*s));
	struct err err = ERR_INIT;

	scratch_make(&s->dir);
	arena_init(&s->mem);
	assert_int_equal(forkserver_open(&s->fs,
				 &(struct forkserver_options){
					 .exchange = s->dir.dir, .exchange_inside = s->dir.dir},
				 &err),
		0);
	assert_int_equal(child_start(&s->command, &(struct child_options){.argv = argv}, &err), 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	forkserver_free(s->fs);
	child_free(s->command);
	if (s->peer > 0)
		waitpid(s->peer, NULL, 0);
	arena_release(&s->mem);
	scratch_remove(&s->dir);
	free(s);
	return 0;
}

static void put_frame(struct buf *b, uint32_t type, uint32_t id, struct str body)
{
	forkserver_put_u32(b, (uint32_t)body.n + 8);
	forkserver_put_u32(b, type);
	forkserver_put_u32(b, id);
	buf_str(b, body);
}

static void put_hello(struct buf *b, uint32_t version)
{
	BUF_AUTO body;

	buf_init(&body, 100);
	forkserver_put_u32(&body, version);
	forkserver_put_u32(&body, 1);
	buf_c(&body, "{}");
	put_frame(b, FORKSERVER_HELLO, 0, buf_view(&body));
}

static void put_result(struct buf *b, uint32_t id, uint32_t status, const char *message)
{
	BUF_AUTO body;

	buf_init(&body, 1 << 20);
	forkserver_put_u32(&body, status);
	forkserver_put_u32(&body, 3);
	forkserver_put_u32(&body, (uint32_t)-1);
	forkserver_put_u32(&body, 7);
	forkserver_put_u64(&body, 1234567890123);
	forkserver_put_u64(&body, UINT64_MAX);
	buf_c(&body, message);
	put_frame(b, FORKSERVER_RESULT, id, buf_view(&body));
}

static int dial(const char *env)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *path = strchr(env, '=') + 1;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(to.sun_path, path, strlen(path) + 1);
	return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? fd : -1;
}

/* A process that says these bytes, reads what comes for pause_ms, and hangs up. */
static void play(struct scene *s, const struct buf *words, int pause_ms)
{
	char sink[4096];
	int fd;

	s->peer = fork();
	if (s->peer)
		return;
	fd = dial(forkserver_env(s->fs));
	if (fd < 0 || write(fd, words->p, words->n) != (ssize_t)words->n)
		_exit(1);
	usleep((useconds_t)pause_ms * 1000);
	while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
	_exit(0);
}

static int wait_ready(struct scene *s, struct str *ready)
{
	CHILD_RESULT_AUTO ended;
	struct err err = ERR_INIT;

	child_result_init(&ended);
	return forkserver_wait(s->fs, s->command, 500, ready, &ended, &err);
}

static void test_greeting(void **state)
{
	struct scene *s = *state;
	struct str ready = STR_NULL;
	BUF_AUTO words;

	buf_init(&words, 1 << 20);
	put_hello(&words, FORKSERVER_VERSION);
	put_frame(&words, FORKSERVER_READY, 0, STR("warm"));
	play(s, &words, 100);
	assert_int_equal(wait_ready(s, &ready), 0);
	assert_true(str_eq_c(ready, "warm"));
}

/* Each of these is turned away, and the accelerator goes on waiting. */
static void test_bad_greetings(void **state)
{
	static const struct {
		uint32_t version, length, type;
	} rows[] = {
		{FORKSERVER_VERSION + 1, 0, 0},         /* another version */
		{0, 0xffffffff, FORKSERVER_HELLO},      /* longer than can be */
		{0, 3, FORKSERVER_HELLO},               /* shorter than a head */
		{0, 8, FORKSERVER_READY},               /* ready without a greeting */
		{0, 8, FORKSERVER_RESULT},              /* nothing was asked */
		{0, 12, FORKSERVER_HELLO},              /* half a greeting */
		{FORKSERVER_VERSION, 8, FORKSERVER_TRY} /* our own word */
	};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		BUF_AUTO words;
		buf_init(&words, 1 << 20);
		if (rows[i].version)
			put_hello(&words, rows[i].version);
		forkserver_put_u32(&words, rows[i].length);
		forkserver_put_u32(&words, rows[i].type);
		forkserver_put_u32(&words, 0);
		play(s, &words, 20);
		assert_int_equal(wait_ready(s, NULL), FORKSERVER_NONE);
		waitpid(s->peer, NULL, 0);
		s->peer = 0;
	}
}

struct answers {
	uint32_t id, status;
	size_t message;
	int want; /* of forkserver_run with two jobs */
	bool done;
};

static void run_row(struct scene *s, const struct answers *row)
{
	const struct forkserver_job jobs[2] = {{STR("a"), 300}, {STR("b"), 300}};
	struct observed seen[2];
	bool done[2], sent[2];
	struct err err = ERR_INIT;
	BUF_AUTO words, message;

	buf_init(&words, 1 << 20);
	buf_init(&message, 1 << 20);
	buf_fill(&message, 'm', row->message);
	put_hello(&words, FORKSERVER_VERSION);
	put_frame(&words, FORKSERVER_READY, 0, STR(""));
	put_result(&words, row->id, row->status, buf_text(&message));
	play(s, &words, 100);
	assert_int_equal(wait_ready(s, NULL), 0);
	assert_int_equal(
		forkserver_run(s->fs, jobs, 2, 2, seen, done, sent, &s->mem, &err), row->want);
	assert_int_equal(done[0], row->done);
	assert_false(done[1]);
	assert_true(sent[0] && sent[1]);
	assert_true(err.msg[0]);
	assert_int_equal(seen[1].status, OBSERVED_UNSUPPORTED);
	if (!row->done)
		return;
	assert_int_equal(seen[0].status, row->status);
	assert_int_equal(seen[0].tests_passed, 3);
	assert_int_equal(seen[0].tests_failed, -1);
	assert_int_equal(seen[0].line, 7);
	assert_true(seen[0].wall_us == 1234567890123 && seen[0].signature == UINT64_MAX);
	assert_int_equal(seen[0].message.n, row->message);
}

static void run_with(void **state, struct answers row)
{
	run_row(*state, &row);
}

/* The second job is never answered: the peer hangs up, or was dropped for what it said. */
static void test_one_answer(void **state)
{
	run_with(state, (struct answers){1, OBSERVED_FAIL, 10, FORKSERVER_LOST, true});
}

static void test_unknown_id(void **state)
{
	run_with(state, (struct answers){77, OBSERVED_PASS, 1, FORKSERVER_LOST, false});
}

static void test_unknown_status(void **state)
{
	run_with(state, (struct answers){1, 99, 1, FORKSERVER_LOST, false});
}

static void test_long_message(void **state)
{
	run_with(state, (struct answers){1, OBSERVED_PASS, FORKSERVER_MESSAGE_MAX + 1,
				FORKSERVER_LOST, false});
}

static void test_run_without_server(void **state)
{
	struct scene *s = *state;
	const struct forkserver_job job = {STR("a"), 100};
	struct observed seen;
	bool done;
	struct err err = ERR_INIT;

	assert_int_equal(forkserver_run(s->fs, &job, 1, 1, &seen, &done, NULL, &s->mem, &err),
		FORKSERVER_LOST);
	assert_false(done);
}

static void test_bodies(void **state)
{
	struct str rest, text;
	uint32_t small;
	uint64_t large;
	BUF_AUTO b;

	(void)state;
	buf_init(&b, 100);
	forkserver_put_u32(&b, 0x80000001);
	forkserver_put_u64(&b, 0x8000000000000001);
	forkserver_put_str(&b, STR("text"));
	rest = buf_view(&b);
	assert_true(forkserver_take_u32(&rest, &small) && small == 0x80000001);
	assert_true(forkserver_take_u64(&rest, &large) && large == 0x8000000000000001);
	assert_true(forkserver_take_str(&rest, &text) && str_eq_c(text, "text") && !rest.n);
	rest = str_slice(buf_view(&b), 12, b.n - 1); /* the text's last byte is missing */
	assert_false(forkserver_take_str(&rest, &text));
	assert_false(forkserver_take_u64(&(struct str){"1234567", 7}, &large));
	assert_false(forkserver_take_u32(&(struct str){"123", 3}, &small));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test_setup_teardown(test_greeting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_greetings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_id, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_status, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_message, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run_without_server, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
