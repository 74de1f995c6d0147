/* Workflows and the shell lines in them: any text gives a command with a reason, or none. */
#include <assert.h>
#include <stdint.h>

#include "base/limits.h"
#include "kit/project/command.h"
#include "kit/project/workflow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Some programs and modules are here and some are not, by their length. */
static bool has_program(void *user, const char *name)
{
	(void)user;
	return strlen(name) % 2;
}

static bool has_module(void *user, const char *root, const char *python, const char *module)
{
	(void)user;
	(void)root;
	return (strlen(python) + strlen(module)) % 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct project_probe probe = {
		.has_program = has_program, .has_module = has_module};
	struct scan scan = {.root = "/nowhere"};
	struct project notes = {0};
	struct runner_match match = {0};
	struct str text = str_make((const char *)data, size), line, runner;
	struct arena mem;
	struct detection d = {.scan = &scan, .probe = &probe, .mem = &mem};

	if (size > LIMIT_CONFIG_BYTES)
		return 0;
	arena_init(&mem);
	scan.mem = &mem;
	if (workflow_match_text(&d, "f", text, &match, &notes))
		assert(match.command.n && match.why.n);
	while (str_next_line(&text, &line))
		assert((command_role(line, &runner) == COMMAND_TEST) == (runner.n > 0));
	arena_release(&mem);
	return 0;
}
