#include "app/cli/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "app/config/config.h"
#include "base/file.h"
#include "base/limits.h"
#include "json/json.h"

static const char *folder(const struct cli *cli)
{
	return cli->opts.args.n ? cli->opts.args.v[0] : ".";
}

static int load(struct cli *cli, struct config *config, struct err *err)
{
	if (!file_is_dir(folder(cli)))
		return err_set(err, ERR_CONFIG, "no folder '%s'", folder(cli));
	return config_load(config, folder(cli), &config_env_process, err);
}

/* --- show --- */

static void value_text(struct buf *out, const struct setting *s, const struct setting_value *v)
{
	switch (s->kind) {
	case SETTING_INT:
		buf_printf(out, "%" PRId64, v->number);
		break;
	case SETTING_SECONDS:
		buf_printf(out, "%g s", v->real);
		break;
	case SETTING_BOOL:
		buf_c(out, v->number ? "true" : "false");
		break;
	case SETTING_COMMANDS:
	case SETTING_STRS:
		for (size_t i = 0; i < v->n; i++)
			buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARGS(v->items[i]));
		break;
	default:
		buf_str(out, v->text);
	}
}

static struct json_t *value_json(const struct setting *s, const struct setting_value *v)
{
	struct json_t *list;

	if (!v->set)
		return json_nothing();
	switch (s->kind) {
	case SETTING_INT:
		return json_int(v->number);
	case SETTING_SECONDS:
		return json_num(v->real);
	case SETTING_BOOL:
		return json_flag(v->number != 0);
	case SETTING_COMMANDS:
	case SETTING_STRS:
		list = json_arr();
		for (size_t i = 0; i < v->n; i++)
			json_push(list, json_str(v->items[i]));
		return list;
	default:
		return json_str(v->text);
	}
}

/* "default", "environment SELFHEAL_JOBS", ".selfheal.yml line 3". */
static void origin_text(struct buf *out, const struct setting_value *v)
{
	if (!v->set)
		buf_c(out, "not set");
	else if (v->origin == ORIGIN_DEFAULT)
		buf_c(out, "default");
	else if (v->origin == ORIGIN_ENVIRONMENT)
		buf_printf(out, "environment %s", v->where);
	else
		buf_printf(out, "%s line %d", v->where, v->line);
}

static void show_json(struct buf *out, const struct config *config)
{
	CLEANUP(json_freep) struct json_t *root = json_obj();

	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_value *v = &config->values[i];
		struct json_t *one = json_obj();
		json_put(one, "value", value_json(&settings[i], v));
		json_put_c(one, "origin", v->set ? config_origin_to_string(v->origin) : "not set");
		if (v->set && v->origin != ORIGIN_DEFAULT)
			json_put_c(one, "where", v->where);
		if (v->line)
			json_put_int(one, "line", v->line);
		json_put(root, settings[i].key, one);
	}
	json_write(out, root, 2);
	buf_char(out, '\n');
}

static void show_row(struct buf *out, const struct config *config, int i, const char *fmt)
{
	BUF_AUTO value = BUF_INIT(LIMIT_CONFIG_BYTES);
	BUF_AUTO origin = BUF_INIT(LIMIT_LINE_BYTES);

	if (config->values[i].set)
		value_text(&value, &settings[i], &config->values[i]);
	else
		buf_char(&value, '-');
	origin_text(&origin, &config->values[i]);
	for (char *c = value.p; c && c < value.p + value.n; c++)
		if (*c == '\n')
			*c = ' ';
	if (!strcmp(fmt, "markdown"))
		buf_printf(out, "| `%s` | `%s` | %s |\n", settings[i].key, buf_text(&value),
			buf_text(&origin));
	else
		buf_printf(out, "%-23s %-28s %s\n", settings[i].key, buf_text(&value),
			buf_text(&origin));
}

static int show(struct cli *cli, struct err *err)
{
	CONFIG_AUTO config;

	config_init(&config);
	if (load(cli, &config, err) < 0 || config_check(&config, err) < 0)
		return -1;
	if (cli->format == FORMAT_JSON) {
		show_json(&cli->out, &config);
		return EXIT_DONE;
	}
	if (cli->format == FORMAT_MARKDOWN)
		buf_c(&cli->out, "| setting | value | from |\n|---|---|---|\n");
	for (int i = 0; i < SETTING_COUNT; i++)
		show_row(&cli->out, &config, i,
			cli->format == FORMAT_MARKDOWN ? "markdown" : "text");
	return EXIT_DONE;
}

/* --- check --- */

static void check_json(struct buf *out, const struct config *config)
{
	CLEANUP(json_freep) struct json_t *root = json_obj();
	struct json_t *list = json_arr();

	for (size_t i = 0; i < config->problems.n; i++) {
		const struct config_problem *p = &config->problems.v[i];
		struct json_t *one = json_obj();
		json_put_str(one, "message", p->text);
		if (p->where)
			json_put_c(one, "where", p->where);
		if (p->line)
			json_put_int(one, "line", p->line);
		json_push(list, one);
	}
	json_put_bool(root, "valid", !config->problems.n);
	json_put(root, "problems", list);
	json_write(out, root, 2);
	buf_char(out, '\n');
}

static void check_text(struct buf *out, const struct config *config)
{
	for (size_t i = 0; i < config->problems.n; i++) {
		const struct config_problem *p = &config->problems.v[i];
		if (p->where && p->line)
			buf_printf(out, "%s:%d: ", p->where, p->line);
		else if (p->where)
			buf_printf(out, "%s: ", p->where);
		buf_printf(out, "%.*s\n", STR_ARGS(p->text));
	}
	if (config->problems.n)
		return;
	if (!config->file && !config->user_file)
		buf_c(out, "no settings file: the defaults hold\n");
	if (config->file)
		buf_printf(out, "%s: good\n", config->file);
	if (config->user_file)
		buf_printf(out, "%s: good\n", config->user_file);
}

static int check(struct cli *cli, struct err *err)
{
	CONFIG_AUTO config;

	config_init(&config);
	if (load(cli, &config, err) < 0)
		return -1;
	if (cli->format == FORMAT_JSON)
		check_json(&cli->out, &config);
	else
		check_text(&cli->out, &config);
	return config.problems.n ? EXIT_USAGE : EXIT_DONE;
}

/* --- init --- */

static int write_new(const char *path, struct str text, struct err *err)
{
	CLEANUP(fd_closep)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);

	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_CONFIG, "'%s' is there already: left as it is", path);
	if (fd < 0 || write(fd, text.p, text.n) != (ssize_t)text.n)
		return err_sys(err, errno, "cannot write '%s'", path);
	return 0;
}

static int init(struct cli *cli, struct err *err)
{
	BUF_AUTO text = BUF_INIT(LIMIT_CONFIG_BYTES);
	BUF_AUTO path = BUF_INIT(LIMIT_PATH_BYTES);

	if (!file_is_dir(folder(cli)))
		return err_set(err, ERR_CONFIG, "no folder '%s'", folder(cli));
	setting_template(&text, NULL);
	buf_printf(&path, "%s/.selfheal.yml", folder(cli));
	if (write_new(buf_text(&path), buf_view(&text), err) < 0)
		return -1;
	buf_printf(&cli->out, "wrote %s\n", buf_text(&path));
	return EXIT_DONE;
}

static int schema(struct cli *cli, struct err *err)
{
	(void)err;
	setting_schema(&cli->out);
	return EXIT_DONE;
}

static const struct cmd_verb verbs[] = {
	{"check", "[DIR]", "say what is wrong in the settings files, line by line", 0, 1, check},
	{"show", "[DIR]", "print every setting, its value and where it came from", 0, 1, show},
	{"init", "[DIR]", "write a .selfheal.yml with every setting explained", 0, 1, init},
	{"schema", "", "print the JSON Schema of .selfheal.yml, for editors", 0, 0, schema},
	{0},
};

const struct cmd cmd_config = {
	.name = "config",
	.summary = "check, show or start the settings of a repository",
	.about = "Settings come from .selfheal.yml or .github/selfheal.yml. A flag goes before the "
		 "environment (SELFHEAL_...), that before the repository's file, that before the "
		 "user's ($XDG_CONFIG_HOME/selfheal/config.yml), that before the default.",
	.examples = "selfheal config init\nselfheal config check\n",
	.verbs = verbs,
};
