/* Sources of any kind: the first byte chooses the language; every candidate applies and has a
 * normal form. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "kit/rewrite/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each candidate is parsed again, which takes tree-sitter long where every bracket is wrong. */
enum { TRIED = 24 };

static const struct failure errors[] = {
	{.type = {"NameError", 9}, .message = {"name 'x' is not defined", 23}},
	{.type = {"SyntaxError", 11}, .message = {"invalid syntax", 14}, .kind = FAILURE_COMPILE},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str paths[] = {{"f.py", 4}, {"f.c", 3}, {"f.cpp", 5}};
	CLEANUP(rewrite_freep) struct rewrite *rewrite = NULL;
	struct rewrite_file file = {.path = paths[size ? data[0] % 3 : 0],
		.content = {(const char *)data + (size > 0), size - (size > 0)}};
	CLEANUP(failure_list_release) struct failure_list failures;
	struct rewrite_options options = {
		.files = &file, .n_files = 1, .failures = &failures, .max_candidates = 2000};
	struct err err = ERR_INIT;
	struct patch patch;
	BUF_AUTO changed;

	buf_init(&changed, 1 << 20);
	failure_list_init(&failures);
	*failure_list_add(&failures) = errors[size ? (data[0] >> 2) % 2 : 0];
	if (size > 4096 || rewrite_open(&rewrite, &options, &err) < 0)
		return 0;
	for (int i = 0; i < TRIED && rewrite_next(rewrite, &patch, 1); i++)
		if (patch.normal == 0 ||
			patch_apply_to(&changed, &patch, file.path, file.content, &err) < 0)
			abort();
	return 0;
}
