#include "base/embed.h"

struct str embed_get(const char *path)
{
	for (unsigned long i = 0; i < embed_count; i++)
		if (strcmp(embed_table[i].path, path) == 0)
			return str_make(embed_table[i].begin,
				(size_t)(embed_table[i].end - embed_table[i].begin));
	return STR_NULL;
}

long embed_next(const char *prefix, long from)
{
	size_t n = strlen(prefix);

	for (unsigned long i = (unsigned long)from; i < embed_count; i++)
		if (strncmp(embed_table[i].path, prefix, n) == 0)
			return (long)i;
	return -1;
}
