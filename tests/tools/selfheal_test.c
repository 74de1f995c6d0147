/* selfheal-test: pokes at internals from the command line, for people at work on them. */
#include <stdio.h>
#include <string.h>

#include "tools/selfheal_test.h"

static const struct {
	const char *name, *usage;
	int (*run)(int argc, char **argv);
} tools[] = {
	{"rewrite",
		"[-n MAX] [-l LINE] [-t TEMPLATE] [-d TEMPLATES_DIR] [-j] [-c CONTEXT]... [-m "
		"TYPE:MESSAGE] FILE",
		tool_rewrite},
	{"normal", "FILE...", tool_normal},
	{"forge", "OWNER/NAME", tool_forge},
	{"git", "clone|mirror|fetch|prune|push URL PATH ...", tool_git},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(tools) / sizeof(*tools); i++)
		if (strcmp(argv[1], tools[i].name) == 0)
			return tools[i].run(argc - 1, argv + 1);
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++)
		fprintf(stderr, "usage: selfheal-test %s %s\n", tools[i].name, tools[i].usage);
	return 64;
}
