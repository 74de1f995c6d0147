/* YAML texts of any kind: parsed and walked, or refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "port/format/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct yaml_node *node)
{
	size_t n = node->text.n + 1;

	for (size_t i = 0; node->kind == YAML_LIST && i < node->n; i++)
		n += walk(node->items[i]);
	for (size_t i = 0; node->kind == YAML_MAP && i < node->n; i++)
		n += walk(node->pairs[i].value);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO mem = {0};
	struct err err = ERR_INIT;
	const struct yaml_node *root = NULL;

	if (yaml_parse(&root, str_make((const char *)data, size), "fuzz", 1 << 16, &mem, &err) == 0)
		if (walk(root) == 0)
			abort();
	return 0;
}
