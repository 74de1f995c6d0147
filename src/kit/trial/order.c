#include "kit/trial/order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/vec.h"
#include "json/json.h"
#include "kit/trial/python_runtime.h"
#include "kit/trial/trial.h"

#define CLOCK_OBJECT "templates/runtime/clock.so"

enum { COMMAND_BYTES = 256 << 10, TESTS_MAX = 100000 };

/* The folder of one run, in the exchange folder, seen from both sides. */
struct place {
	char *outside, *inside;
};

static void place_release(struct place *p)
{
	free(p->outside);
	free(p->inside);
}

/* Environment entries that are ours to free. */
struct entries {
	vec(char *) v;
};

static void entries_release(struct entries *e)
{
	vec_each (entry, &e->v)
		free(*entry);
	vec_free(&e->v);
}

static int make_place(struct place *p, const struct trial *trial, struct err *err)
{
	unsigned long long now = (unsigned long long)clock_mono_us();

	p->outside = xasprintf("%s/order-%llx", trial_exchange(trial), now);
	p->inside = xasprintf("%s/order-%llx", trial_exchange_inside(trial), now);
	/* The command may run under another user. */
	if (mkdir(p->outside, 0777) || chmod(p->outside, 0777))
		return err_sys(err, errno, "cannot make the folder '%s'", p->outside);
	return 0;
}

static int put_file(const struct place *p, const char *name, struct str text, struct err *err)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", p->outside, name);

	if (file_replace(path, text, err) < 0)
		return -1;
	return chmod(path, 0644) ? err_sys(err, errno, "cannot open up '%s'", path) : 0;
}

static int put_request(const struct place *p, const struct order *order, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	CLEANUP(freep) char *ran = xasprintf("%s/ran", p->inside);
	struct json_t *only = order->only ? json_arr() : json_nothing();
	BUF_AUTO text;

	for (size_t i = 0; order->only && i < order->n_only; i++)
		json_push(only, json_str(order->only[i]));
	json_put(j, "only", only);
	json_put_bool(j, "reversed", order->reversed);
	json_put(j, "seed", order->seed < 0 ? json_nothing() : json_int(order->seed));
	json_put_c(j, "ran", ran);
	buf_init(&text, LIMIT_JSON_BYTES);
	json_write(&text, j, 0);
	return put_file(p, "order.json", buf_view(&text), err);
}

static int put_clock(const struct place *p, struct entries *env, int64_t shift_s, struct err *err)
{
	if (!shift_s)
		return 0;
	if (put_file(p, "clock.so", embed_get(CLOCK_OBJECT), err) < 0)
		return -1;
	vec_push(&env->v, xasprintf("LD_PRELOAD=%s/clock.so", p->inside));
	vec_push(&env->v, xasprintf("SELFHEAL_CLOCK_SHIFT=%lld", (long long)shift_s));
	return 0;
}

static int prepare(const struct place *p, struct entries *env, struct trial *trial,
	const struct order *order, struct err *err)
{
	if (python_runtime_install(trial, err) || put_request(p, order, err) < 0 ||
		put_clock(p, env, order->clock_shift_s, err) < 0)
		return -1;
	vec_push(&env->v, python_runtime_hook_env(trial));
	vec_push(&env->v, python_runtime_root_env(trial));
	vec_push(&env->v, xasprintf("SELFHEAL_ORDER=%s/order.json", p->inside));
	if (order->seed >= 0)
		vec_push(&env->v, xasprintf("PYTHONHASHSEED=%d", order->seed));
	return 0;
}

static int read_ran(const struct place *p, struct order_tests *ran, struct arena *mem)
{
	CLEANUP(freep) char *path = xasprintf("%s/ran", p->outside);
	struct err absent = ERR_INIT;
	vec(struct str) found = {0};
	struct str rest, line;
	BUF_AUTO text;

	*ran = (struct order_tests){0};
	buf_init(&text, LIMIT_TEXT_BYTES);
	/* Nothing was written where no runner of ours came up. */
	if (file_read_untrusted(&text, path, &absent) < 0)
		return 0;
	rest = buf_view(&text);
	while (found.n < TESTS_MAX && str_next_line(&rest, &line))
		vec_push(&found, arena_str(mem, line));
	ran->v = arena_array(mem, found.n, sizeof(*ran->v));
	ran->n = found.n;
	if (found.n)
		memcpy(ran->v, found.v, found.n * sizeof(*ran->v));
	vec_free(&found);
	return 0;
}

int order_run(struct child_result *result, struct order_tests *ran, struct trial *trial,
	const struct trial_command *command, const struct order *order, struct arena *mem,
	struct err *err)
{
	CLEANUP(place_release) struct place place = {0};
	CLEANUP(entries_release) struct entries env = {0};
	struct trial_command arranged = *command;
	BUF_AUTO text;

	buf_init(&text, COMMAND_BYTES);
	if (make_place(&place, trial, err) < 0 || prepare(&place, &env, trial, order, err) < 0)
		return -1;
	for (const char *const *e = command->env_set; e && *e; e++)
		vec_push(&env.v, xstrdup(*e));
	vec_push(&env.v, NULL);
	python_runtime_command(&text, str_of(command->command));
	if (text.over)
		return err_set(err, ERR_LIMIT, "test command too long");
	arranged.command = buf_text(&text);
	arranged.env_set = (const char *const *)env.v.v;
	if (trial_run(trial, &arranged, result, err) < 0)
		return -1;
	return read_ran(&place, ran, mem);
}
