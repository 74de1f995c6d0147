/* golden: compares text with a file below tests/golden; UPDATE_GOLDEN=1 rewrites the file. */
#pragma once

#include <stdlib.h>

#include "base/file.h"

#include "support/scratch.h"

/* path is relative to tests/, where the tests run. */
static inline __attribute__((unused)) bool golden_holds(const char *path, struct str text)
{
	const char *update = getenv("UPDATE_GOLDEN");
	struct err err = ERR_INIT;
	bool same;
	BUF_AUTO wanted = BUF_INIT(1 << 20);

	if (update && *update == '1' && file_replace(path, text, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
	same = file_read(&wanted, path, &err) == 0 && str_eq(buf_view(&wanted), text);
	if (!same)
		fprintf(stderr, "--- %s is not what came (UPDATE_GOLDEN=1 takes it):\n%.*s\n", path,
			STR_ARGS(text));
	return same;
}
