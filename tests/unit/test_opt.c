#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/cli/cmd.h"
#include "app/cli/help.h"
#include "app/cli/opt.h"

static const char *const modes[] = {"auto", "require", "off", NULL};

static const struct opt own[] = {
	{"test", 't', OPT_STR, "CMD", NULL, "run tests with CMD"},
	{"jobs", 'j', OPT_INT, "N", "1", "how many", 1, 64},
	{"budget", 0, OPT_NUM, "S", "900", "seconds", 0, 3600},
	{"sandbox", 0, OPT_ENUM, "auto|require|off", "auto", "how", .words = modes},
	{"log", 'l', OPT_LIST, "FILE", NULL, "logs"},
	{"apply", 'a', OPT_FLAG, NULL, NULL, "write"},
	{0},
};

/* Arguments split at spaces, up to 15 of them. */
struct line {
	char text[256];
	char *argv[16];
	int argc;
};

static void split(struct line *line, const char *text)
{
	char *save = NULL;

	snprintf(line->text, sizeof(line->text), "%s", text);
	line->argc = 0;
	for (char *word = strtok_r(line->text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		line->argv[line->argc++] = word;
}

static int parse(struct opts *o, struct line *line, const char *text, bool stop, struct err *err)
{
	opts_init(o);
	o->tables[0] = own;
	o->tables[1] = global_opts;
	split(line, text);
	return opts_parse(o, line->argc, line->argv, stop, err);
}

static void values_are_read_in_every_spelling(void **state)
{
	static const struct {
		const char *line, *test, *args;
		int jobs;
		double budget;
		bool apply;
	} rows[] = {
		{"", "-", "", 0, 0, false},
		{"--test=make --jobs 4 here", "make", "here", 4, 0, false},
		{"--test make -j4", "make", "", 4, 0, false},
		{"-t make -j 4 -a", "make", "", 4, 0, true},
		{"-aj4 -tmake", "make", "", 4, 0, true},
		{"-qa", "-", "", 0, 0, true},
		{"--budget=1.5", "-", "", 0, 1.5, false},
		{"--apply --no-apply", "-", "", 0, 0, false},
		{"--no-apply --apply", "-", "", 0, 0, true},
		{"-- --apply -j4", "-", "--apply -j4", 0, 0, false},
		{"a - b", "-", "a - b", 0, 0, false},
		{"--jobs 1 --jobs 2", "-", "", 2, 0, false},
		{"--test=", "", "", 0, 0, false},
		{"--test=a=b", "a=b", "", 0, 0, false},
		{"--test --apply", "--apply", "", 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = ERR_INIT;
		struct opts o;
		struct line line;
		char args[256] = "";
		assert_true(parse(&o, &line, rows[i].line, false, &err) >= 0);
		assert_string_equal(opts_str(&o, "test", "-"), rows[i].test);
		assert_int_equal(opts_int(&o, "jobs", 0), rows[i].jobs);
		assert_true(opts_num(&o, "budget", 0) == rows[i].budget);
		assert_int_equal(opts_flag(&o, "apply", false), rows[i].apply);
		for (size_t a = 0; a < o.args.n; a++)
			snprintf(args + strlen(args), sizeof(args) - strlen(args), "%s%s",
				a ? " " : "", o.args.v[a]);
		assert_string_equal(args, rows[i].args);
		opts_release(&o);
	}
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *line, *message;
	} rows[] = {
		{"--tset make", "unknown option '--tset' (did you mean '--test'?)"},
		{"--formt=json", "unknown option '--formt' (did you mean '--format'?)"},
		{"--elephants", "unknown option '--elephants'"},
		{"-x", "unknown option '-x'"},
		{"-ax", "unknown option '-x'"},
		{"--jobs", "option '--jobs' needs N"},
		{"-j", "option '--jobs' needs N"},
		{"--jobs=0", "option '--jobs' takes a whole number from 1 to 64, not '0'"},
		{"--jobs=65", "option '--jobs' takes a whole number from 1 to 64, not '65'"},
		{"--jobs=2x", "option '--jobs' takes a whole number from 1 to 64, not '2x'"},
		{"--jobs=", "option '--jobs' takes a whole number from 1 to 64, not ''"},
		{"--jobs=99999999999999999999",
			"option '--jobs' takes a whole number from 1 to 64, "
			"not '99999999999999999999'"},
		{"--budget=nan", "option '--budget' takes a number from 0 to 3600, not 'nan'"},
		{"--budget=-1", "option '--budget' takes a number from 0 to 3600, not '-1'"},
		{"--sandbox=requires", "option '--sandbox' takes auto|require|off, not 'requires' "
				       "(did you mean 'require'?)"},
		{"--sandbox=zzzzz", "option '--sandbox' takes auto|require|off, not 'zzzzz'"},
		{"--apply=yes", "option '--apply' takes no value"},
		{"--no-test", "unknown option '--no-test' (did you mean '--test'?)"},
		{"--", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = ERR_INIT;
		struct opts o;
		struct line line;
		int r = parse(&o, &line, rows[i].line, false, &err);
		assert_int_equal(r < 0, rows[i].message != NULL);
		if (rows[i].message) {
			assert_string_equal(err.msg, rows[i].message);
			assert_int_equal(err.code, ERR_CONFIG);
		}
		opts_release(&o);
	}
}

static void a_list_keeps_every_value(void **state)
{
	struct err err = ERR_INIT;
	struct opts o;
	struct line line;

	(void)state;
	assert_true(parse(&o, &line, "--log a -l b --log=c", false, &err) >= 0);
	assert_string_equal(opts_item(&o, "log", 0), "a");
	assert_string_equal(opts_item(&o, "log", 1), "b");
	assert_string_equal(opts_item(&o, "log", 2), "c");
	assert_null(opts_item(&o, "log", 3));
	opts_release(&o);
}

static void stopping_at_the_first_operand(void **state)
{
	struct err err = ERR_INIT;
	struct opts o;
	struct line line;

	(void)state;
	assert_int_equal(parse(&o, &line, "-q --format json heal --apply", true, &err), 3);
	assert_int_equal(o.args.n, 0);
	assert_int_equal(opts_word(&o, "format", 0), FORMAT_JSON);
	assert_false(opts_has(&o, "apply"));
	opts_release(&o);
}

static void nearest_word(void **state)
{
	static const char *const words[] = {"heal", "help", "explain", NULL};

	(void)state;
	assert_string_equal(opt_nearest(words, "explian"), "explain");
	assert_string_equal(opt_nearest(words, "hael"), "heal");
	assert_null(opt_nearest(words, "zzz"));
	assert_null(opt_nearest(words, ""));
}

/* Two options of one command that share a name or a letter, or a default that the option itself
 * would refuse, can never be what we meant. */
static void the_tables_are_sound(void **state)
{
	(void)state;
	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		assert_non_null((*cmd)->summary);
		assert_true((*cmd)->verbs || (*cmd)->run);
		assert_ptr_equal(cmd_find((*cmd)->name), *cmd);
		for (const struct opt *a = (*cmd)->opts; a && a->name; a++) {
			assert_non_null(a->help);
			assert_int_equal(a->arg == NULL, a->kind == OPT_FLAG);
			assert_int_equal(a->words != NULL, a->kind == OPT_ENUM);
			for (const struct opt *b = a + 1; b->name; b++) {
				assert_string_not_equal(a->name, b->name);
				assert_true(!a->letter || a->letter != b->letter);
			}
			/* A command may know further words of an option that all have. */
			for (const struct opt *b = global_opts; b->name; b++) {
				bool wider = str_eq_c(str_of(a->name), b->name);

				assert_true(!wider || (a->kind == OPT_ENUM && b->kind == OPT_ENUM));
				assert_true(!a->letter || (a->letter == b->letter) == wider);
			}
		}
	}
}

static void help_shows_every_option(void **state)
{
	static const struct cmd cmd = {.name = "mend",
		.usage = "[DIR]",
		.summary = "mend it",
		.about = "One paragraph.\nAnother.",
		.examples = "selfheal mend\n",
		.opts = own};
	static const char *const wanted[] = {
		"usage: selfheal mend [OPTION]... [DIR]\n",
		"  -t, --test CMD            run tests with CMD\n",
		"      --budget S            seconds (default: 900)\n",
		"  -l, --log FILE            logs; may be given again\n",
		"      --sandbox auto|require|off\n                            how (default: "
		"auto)\n",
		"  -q, --quiet               ",
		"\nOne paragraph.\n\nAnother.\n",
		"\nexamples:\n  selfheal mend\n",
	};
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 20);
	help_command(&out, &cmd);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!str_has(buf_view(&out), wanted[i]))
			fail_msg("no '%s' in:\n%s", wanted[i], buf_text(&out));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_in_every_spelling),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(a_list_keeps_every_value),
		cmocka_unit_test(stopping_at_the_first_operand),
		cmocka_unit_test(nearest_word),
		cmocka_unit_test(the_tables_are_sound),
		cmocka_unit_test(help_shows_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
