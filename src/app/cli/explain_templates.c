#include "app/cli/explain_templates.h"

#include "app/render/render.h"
#include "base/file.h"
#include "kit/drain/drain.h"
#include "kit/report/inputs.h"

enum {
	STATE_BYTES = 64 << 20,
	ASSIGN_BYTES = 256 << 20,
};

/* One mining: lines come in by take_line(). */
struct mining {
	struct drain *drain;
	struct arena mem;
	int64_t lines;
	bool assign;
	vec(uint32_t) ids; /* of each line, with assign */
};

static void take_line(void *data, struct str text, int number)
{
	struct mining *m = data;
	uint32_t id = drain_add(m->drain, text, ++m->lines);

	(void)number; /* of its own file; several count on */
	if (m->assign)
		vec_push(&m->ids, id);
}

static int read_state(struct mining *m, const char *path, struct err *err)
{
	BUF_AUTO text;

	buf_init(&text, STATE_BYTES);
	if (!path || !file_is_regular(path))
		return 0;
	if (file_read(&text, path, err) < 0 || drain_read(m->drain, buf_view(&text), err) < 0) {
		err->code = ERR_CONFIG;
		return err_wrap(err, "read the templates in '%s'", path);
	}
	return 0;
}

static int write_state(struct mining *m, const char *path, struct err *err)
{
	BUF_AUTO text;

	buf_init(&text, STATE_BYTES);
	if (!path)
		return 0;
	drain_write(m->drain, &text);
	if (text.over)
		return err_set(err, ERR_LIMIT, "the templates are too many for '%s'", path);
	return file_replace(path, buf_view(&text), err);
}

static int write_assignment(struct mining *m, const char *path, struct err *err)
{
	BUF_AUTO text;

	buf_init(&text, ASSIGN_BYTES);
	if (!path)
		return 0;
	vec_each (id, &m->ids)
		buf_printf(&text, "%u\n", drain_resolve(m->drain, *id));
	if (text.over)
		return err_set(err, ERR_LIMIT, "too many lines to assign in '%s'", path);
	return file_replace(path, buf_view(&text), err);
}

static int read_logs(struct mining *m, const struct cli *cli, struct err *err)
{
	struct report_options how = {.root = "/", .line = take_line, .data = m};
	struct failure_list none;
	struct inputs inputs;
	int r = 0;

	failure_list_init(&none);
	inputs_init(&inputs, &how, &none, &m->mem);
	if (!cli->opts.args.n)
		r = inputs_read(&inputs, "-", err);
	for (size_t i = 0; r == 0 && i < cli->opts.args.n; i++)
		r = inputs_read(&inputs, cli->opts.args.v[i], err);
	inputs_release(&inputs);
	failure_list_release(&none);
	return r;
}

static int mine(struct mining *m, struct cli *cli, struct err *err)
{
	const char *state = opts_str(&cli->opts, "state", NULL);
	const char *assign = opts_str(&cli->opts, "assign", NULL);

	m->assign = assign != NULL;
	if (drain_new(&m->drain, err) < 0 || read_state(m, state, err) < 0 ||
		read_logs(m, cli, err) < 0 || write_state(m, state, err) < 0 ||
		write_assignment(m, assign, err) < 0)
		return -1;
	if (cli->format == FORMAT_JSON)
		render_templates_json(&cli->out, m->drain, m->lines);
	else
		render_templates_text(&cli->out, m->drain, m->lines, cli->color);
	return EXIT_DONE;
}

int explain_templates(struct cli *cli, struct err *err)
{
	struct mining m = {0};
	int r;

	arena_init(&m.mem);
	r = mine(&m, cli, err);
	drain_free(m.drain);
	vec_free(&m.ids);
	arena_release(&m.mem);
	return r;
}
