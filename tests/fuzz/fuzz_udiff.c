/* Any bytes as a diff, with a text behind a NUL: read, applied, bound; what binds must apply. */
#include <assert.h>
#include <stdint.h>

#include "model/udiff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_file(const struct udiff_file *file, struct str content, struct arena *mem)
{
	struct patch patch = {0};
	struct edit *edits;
	struct err err = ERR_INIT;
	BUF_AUTO out;

	buf_init(&out, 16 << 20);
	assert(udiff_path_is_safe(file->path) && udiff_path_is_safe(file->old_path));
	if (udiff_apply(&out, file, content, &err) < 0)
		assert(err.code == ERR_CONFLICT || err.code == ERR_LIMIT);
	if (udiff_bind(&edits, &patch.n, file, content, mem, &err) != 0)
		return;
	patch.edits = edits;
	if (patch_apply_to(&out, &patch, file->path, content, &err) < 0)
		assert(err.code == ERR_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	ptrdiff_t nul = str_find_char(text, '\0');
	struct str content = nul < 0 ? STR("a\nb\nc\n") : str_from(text, (size_t)nul + 1);
	struct err err = ERR_INIT;
	struct udiff d;
	ARENA_AUTO mem;

	arena_init(&mem);
	if (nul >= 0)
		text.n = (size_t)nul;
	if (udiff_parse(&d, text, &mem, &err) < 0)
		return 0;
	for (size_t i = 0; i < d.n; i++)
		try_file(&d.files[i], content, &mem);
	return 0;
}
