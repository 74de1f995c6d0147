#include "app/cli/store_args.h"

#include <stdlib.h>

#include "app/config/config.h"
#include "base/alloc.h"
#include "base/limits.h"

static int find_path(struct buf *out, const struct cli *cli, struct config *config, struct err *err)
{
	CLEANUP(freep) char *root = realpath(".", NULL);
	const char *flag = opts_str(&cli->opts, "store", NULL);
	const char *setting;

	if (!root)
		return err_set(err, ERR_CONFIG, "the current folder is gone");
	if (flag) {
		buf_c(out, flag);
		return 0;
	}
	if (config_load(config, root, &config_env_process, err) < 0 ||
		config_check(config, err) < 0)
		return -1;
	setting = config_str(config, SETTING_STORE);
	if (!setting)
		return store_locate(out, root, err);
	buf_c(out, setting);
	return 0;
}

int store_args_open(struct store **out, const struct cli *cli, bool read_only, struct err *err)
{
	struct store_options options = {.read_only = read_only};
	BUF_AUTO path = BUF_INIT(LIMIT_PATH_BYTES);
	CONFIG_AUTO config;

	config_init(&config);
	if (find_path(&path, cli, &config, err) < 0)
		return -1;
	options.path = buf_text(&path);
	return store_open(out, &options, err);
}
