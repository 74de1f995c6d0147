#include "app/cli/cmd.h"
#include "json/json.h"

static int run(struct cli *cli, struct err *err)
{
	(void)err;
	if (cli->format == FORMAT_JSON) {
		CLEANUP(json_freep) struct json_t *j = json_obj();
		json_put_c(j, "version", SELFHEAL_VERSION);
		json_write(&cli->out, j, 2);
		buf_char(&cli->out, '\n');
	} else {
		buf_c(&cli->out, "selfheal " SELFHEAL_VERSION "\n");
	}
	return EXIT_DONE;
}

const struct cmd cmd_version = {
	.name = "version",
	.summary = "print the version",
	.run = run,
};
