#include "app/cli/actions_files.h"

#include <stdlib.h>
#include <sys/random.h>

#include "app/render/render.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"

void actions_delimiter(char out[ACTIONS_DELIMITER_SIZE])
{
	unsigned char bytes[16] = {0};
	int n = snprintf(out, ACTIONS_DELIMITER_SIZE, "selfheal_");

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		log_warn("no random bytes for the delimiter of job outputs");
	for (size_t i = 0; i < sizeof(bytes); i++)
		n += snprintf(out + n, ACTIONS_DELIMITER_SIZE - (size_t)n, "%02x", bytes[i]);
}

void actions_append(const char *variable, struct str text)
{
	const char *path = getenv(variable);
	struct err err = ERR_INIT;

	if (path && *path && file_append(path, text, &err) < 0)
		log_warn("%s: %s", variable, err.msg);
}

void actions_output(const char *name, struct str value)
{
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);
	char delimiter[ACTIONS_DELIMITER_SIZE];

	actions_delimiter(delimiter);
	render_output(&text, name, value, delimiter);
	actions_append("GITHUB_OUTPUT", buf_view(&text));
}
