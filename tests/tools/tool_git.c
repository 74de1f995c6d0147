#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/git/transport.h"
#include "tools/selfheal_test.h"

/* clone|mirror URL PATH, fetch|prune URL PATH [REFSPEC]..., push URL PATH COMMIT BRANCH [EXPECTED];
 * "-" for a commit removes. TOKEN, STALL_MS, TIMEOUT_MS, MAX_BYTES, MAX_FILES by environment. */
static long long number(const char *name)
{
	int64_t n = 0;

	return str_to_i64(str_of(getenv(name)), 0, INT64_MAX, &n) ? n : 0;
}

static int open_any(struct repo **out, const char *path, struct err *err)
{
	char git[4096];

	snprintf(git, sizeof(git), "%s/.git", path);
	if (access(git, F_OK) == 0)
		return repo_open(out, path, err);
	return repo_open_mirror(out, path, err);
}

static int push(struct repo *repo, const struct transport_options *how, int argc, char **argv,
	struct err *err)
{
	struct repo_push one = {.commit = strcmp(argv[0], "-") ? argv[0] : NULL,
		.branch = argv[1],
		.expected = argc > 2 ? argv[2] : NULL};

	return repo_push(repo, how, &one, 1, err);
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = NULL;
	struct transport_options how = {.url = argv[2],
		.token = getenv("TOKEN"),
		.stall_ms = (int)number("STALL_MS"),
		.timeout_ms = number("TIMEOUT_MS"),
		.max_bytes = number("MAX_BYTES"),
		.max_files = (size_t)number("MAX_FILES")};

	if (strcmp(argv[1], "clone") == 0 || strcmp(argv[1], "mirror") == 0)
		return repo_clone(&repo, argv[3], *argv[1] == 'm', &how, err);
	if (open_any(&repo, argv[3], err) != 0)
		return -1;
	if (strcmp(argv[1], "push") == 0 && argc > 5)
		return push(repo, &how, argc - 4, argv + 4, err);
	return repo_fetch(
		repo, &how, (const char *const *)argv + 4, (size_t)argc - 4, *argv[1] == 'p', err);
}

int tool_git(int argc, char **argv)
{
	struct err err = ERR_INIT;

	if (argc < 4)
		return 64;
	if (run(argc, argv, &err) == 0)
		return 0;
	fprintf(stderr, "%s: %s\n", err_code_to_string(err.code), err.msg);
	return 1;
}
