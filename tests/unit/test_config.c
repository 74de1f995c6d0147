#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "app/config/config.h"
#include "base/buf.h"
#include "base/file.h"

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_config.XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0 || mkdir("repo", 0700) < 0 ||
		mkdir("home", 0700) < 0 || mkdir("home/selfheal", 0700) < 0 ||
		mkdir("repo/.github", 0700) < 0)
		return -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink("repo/.selfheal.yml");
	unlink("repo/.github/selfheal.yml");
	unlink("home/selfheal/config.yml");
	rmdir("repo/.github");
	rmdir("repo");
	rmdir("home/selfheal");
	rmdir("home");
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

/* Pairs name, value; NULL ends. */
static const char *get_pair(void *user, const char *name)
{
	for (const char *const *pair = user; pair && *pair; pair += 2)
		if (!strcmp(pair[0], name))
			return pair[1];
	return NULL;
}

static void every_kind_of_wrong_entry_is_named(void **state)
{
	static const struct {
		const char *text, *problem; /* "line: text"; NULL: none */
	} rows[] = {
		{"", NULL},
		{"# only a comment\n", NULL},
		{"test: make check\n", NULL},
		{"test: [make, make check]\n", NULL},
		{"test:\n", NULL},
		{"timeout: 1.5\n", NULL},
		{"timeout: 2h\n", NULL},
		{"sandbox: {mode: off, network: yes}\n", NULL},
		{"policy:\n", NULL},
		{"sandbox:\n  env: TOKEN\n", NULL},
		{"\ntset: make\n", "2: unknown key 'tset' (did you mean 'test'?)"},
		{"elephant: 1\n", "1: unknown key 'elephant'"},
		{"sandbox:\n  moed: off\n",
			"2: unknown key 'sandbox.moed' (did you mean 'sandbox.mode'?)"},
		{"sandbox.mode: elephant\n",
			"1: 'sandbox.mode' takes auto, require or off, not 'elephant'"},
		{"sandbox: off\n", "1: 'sandbox' takes a map of settings, not a text"},
		{"- a\n", "1: the file takes a map of settings, not a list"},
		{"jobs: many\n", "1: 'jobs' takes a whole number from 0 to 256, not 'many'"},
		{"jobs: 1.5\n", "1: 'jobs' takes a whole number from 0 to 256, not '1.5'"},
		{"jobs: [1]\n", "1: 'jobs' takes a whole number from 0 to 256, not a list"},
		{"jobs: {a: 1}\n", "1: 'jobs' takes a whole number from 0 to 256, not a map"},
		{"timeout: soon\n", "1: 'timeout' takes a number of seconds from 1 to 86400 "
				    "(or 90s, 10m, 2h), not 'soon'"},
		{"timeout: 2d\n", "1: 'timeout' takes a number of seconds from 1 to 86400 "
				  "(or 90s, 10m, 2h), not '2d'"},
		{"test: ''\n", "1: 'test' takes a command or a list of commands, not ''"},
		{"test: []\n", "1: 'test' takes a command or a list of commands"},
		{"test: [[a]]\n", "1: 'test' takes a list of texts, not of lists"},
		{"sandbox:\n  network: maybe\n",
			"2: 'sandbox.network' takes true or false, not 'maybe'"},
		{"setup: [\"a\\0b\"]\n", "1: 'setup' takes a list of commands, not 'a'"},
		{"a: [\n",
			"0: cannot parse 'f' line 2 column 1: did not find expected node content"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config c;
		char got[512] = "";
		config_init(&c);
		config_read_text(&c, ORIGIN_FILE, "f", str_of(rows[i].text));
		if (c.problems.n)
			snprintf(got, sizeof(got), "%d: %s", c.problems.v[0].line,
				c.problems.v[0].text.p);
		assert_string_equal(got, rows[i].problem ? rows[i].problem : "");
		assert_int_equal(c.problems.n, rows[i].problem != NULL);
		config_release(&c);
	}
}

static void values_have_their_types(void **state)
{
	static const char text[] = "test: [\"a # b\", c]\n"
				   "setup: pip install x, y\n"
				   "timeout: 1.5m\n"
				   "jobs: 3\n"
				   "fail_on: flaky\n"
				   "sandbox: {network: on, env: [A, B]}\n";
	const char *const *env;
	struct config c;

	(void)state;
	config_init(&c);
	config_read_text(&c, ORIGIN_FILE, "f", str_of(text));
	assert_int_equal(c.problems.n, 0);
	assert_string_equal(config_str(&c, SETTING_TEST), "{ a # b\n} && { c\n}");
	assert_string_equal(config_strs(&c, SETTING_SETUP)[0], "pip install x, y");
	assert_null(config_strs(&c, SETTING_SETUP)[1]);
	assert_int_equal(config_ms(&c, SETTING_TIMEOUT), 90000);
	assert_int_equal(config_int(&c, SETTING_JOBS), 3);
	assert_int_equal(config_int(&c, SETTING_FAIL_ON), 1);
	assert_true(config_bool(&c, SETTING_SANDBOX_NETWORK));
	env = config_strs(&c, SETTING_SANDBOX_ENV);
	assert_string_equal(env[0], "A");
	assert_string_equal(env[1], "B");
	assert_null(env[2]);
	assert_null(config_str(&c, SETTING_STORE));
	assert_null(config_strs(&c, SETTING_RULES));
	config_release(&c);
}

static void write_file(const char *path, const char *text)
{
	struct err err = ERR_INIT;

	assert_int_equal(file_replace(path, str_of(text), &err), 0);
}

static void who_comes_later_wins(void **state)
{
	const char *pairs[] = {"XDG_CONFIG_HOME", NULL, "SELFHEAL_JOBS", "7", "SELFHEAL_BUDGET",
		"70s", "SELFHEAL_SANDBOX_ENV", "A, B,", NULL};
	struct config_env env = {.get = get_pair, .user = pairs};
	struct err err = ERR_INIT;
	char home[128];
	struct config c;

	(void)state;
	snprintf(home, sizeof(home), "%s/home", folder);
	pairs[1] = home;
	write_file("home/selfheal/config.yml", "jobs: 2\nbudget: 20\ntimeout: 2\nstore: /u\n");
	write_file("repo/.github/selfheal.yml", "jobs: 4\nbudget: 40\n\ntimeout: 4\n");
	config_init(&c);
	assert_int_equal(config_load(&c, "repo", &env, &err), 0);
	config_set(&c, SETTING_JOBS, ORIGIN_FLAG, "--jobs", STR("9"));
	assert_int_equal(config_check(&c, &err), 0);
	assert_int_equal(config_int(&c, SETTING_JOBS), 9);
	assert_int_equal(config_ms(&c, SETTING_BUDGET), 70000);
	assert_string_equal(c.values[SETTING_BUDGET].where, "SELFHEAL_BUDGET");
	assert_int_equal(config_ms(&c, SETTING_TIMEOUT), 4000);
	assert_string_equal(c.values[SETTING_TIMEOUT].where, ".github/selfheal.yml");
	assert_int_equal(c.values[SETTING_TIMEOUT].line, 4);
	assert_string_equal(config_str(&c, SETTING_STORE), "/u");
	assert_int_equal(config_int(&c, SETTING_MAX_ATTEMPTS), 3);
	assert_int_equal(c.values[SETTING_MAX_ATTEMPTS].origin, ORIGIN_DEFAULT);
	assert_int_equal(c.values[SETTING_SANDBOX_ENV].n, 2);
	config_release(&c);

	write_file("repo/.selfheal.yml", "jobs: 5\n");
	pairs[2] = NULL;
	config_init(&c);
	assert_int_equal(config_load(&c, "repo", &env, &err), 0);
	assert_int_equal(config_int(&c, SETTING_JOBS), 5);
	assert_string_equal(c.file, ".selfheal.yml");
	config_release(&c);
}

static void problems_stop_a_command(void **state)
{
	const char *pairs[] = {"SELFHEAL_JOBS", "lots", NULL};
	struct config_env env = {.get = get_pair, .user = pairs};
	struct err err = ERR_INIT;
	struct config c;

	(void)state;
	write_file("repo/.selfheal.yml", "\njbos: 5\n");
	config_init(&c);
	assert_int_equal(config_load(&c, "repo", &env, &err), 0);
	assert_int_equal(config_check(&c, &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_string_equal(err.msg,
		"cannot read '.selfheal.yml' line 2: unknown key 'jbos' (did you mean 'jobs'?) "
		"(and 1 more, see 'selfheal config check')");
	config_release(&c);
}

static bool is_known(struct str line)
{
	struct str name = str_trim(line), before;

	if (!str_cut(&name, ":", &before))
		return false;
	for (int i = 0; i < SETTING_COUNT; i++) {
		struct str key = str_of(settings[i].key), section = STR_NULL;
		str_cut(&key, ".", &section);
		if (str_eq(before, key) || (section.n && str_eq(before, section)))
			return true;
	}
	return false;
}

/* 'config init' with every comment sign before a setting taken away is a file we accept. */
static void the_template_is_valid(void **state)
{
	struct buf template, text;
	struct str rest, line;
	struct config c;

	(void)state;
	buf_init(&template, 1 << 20);
	buf_init(&text, 1 << 20);
	setting_template(&template, "make \"check\" \\ x");
	for (rest = buf_view(&template); str_next_line(&rest, &line);) {
		if (str_skip(&line, "# ") && !is_known(line))
			continue;
		buf_str(&text, line);
		buf_char(&text, '\n');
	}
	config_init(&c);
	config_read_text(&c, ORIGIN_FILE, "f", buf_view(&text));
	if (c.problems.n)
		fail_msg("line %d: %s", c.problems.v[0].line, c.problems.v[0].text.p);
	for (int i = 0; i < SETTING_COUNT; i++)
		assert_int_equal(c.values[i].origin, ORIGIN_FILE);
	assert_string_equal(config_str(&c, SETTING_TEST), "make \"check\" \\ x");
	config_release(&c);
	buf_release(&template);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_wrong_entry_is_named),
		cmocka_unit_test(values_have_their_types),
		cmocka_unit_test(who_comes_later_wins),
		cmocka_unit_test(problems_stop_a_command),
		cmocka_unit_test(the_template_is_valid),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
