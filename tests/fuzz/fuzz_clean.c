/* Text of outsiders: whatever comes in, nothing that acts goes out. */
#include <assert.h>
#include <stdint.h>

#include "kit/clean/clean.h"
#include "app/render/paint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_terminal(struct buf *out, bool one_line)
{
	for (size_t i = 0; i < out->n; i++) {
		unsigned char c = (unsigned char)out->p[i];
		assert(c >= 0x20 || (!one_line && (c == '\n' || c == '\t')));
		assert(c != 0x7f);
	}
	buf_reset(out);
}

static void check_workflow(struct buf *out)
{
	struct str rest = buf_view(out), line;

	assert(!str_has(rest, "##["));
	while (str_next_line(&rest, &line))
		assert(!str_starts(str_ltrim(line), "::"));
	buf_reset(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	struct buf out;

	if (size > 1 << 16)
		return 0;
	buf_init(&out, 1 << 22);
	clean_terminal(&out, text);
	check_terminal(&out, false);
	clean_line(&out, text, 40);
	assert(out.n <= 40 * 3 + 3);
	check_terminal(&out, true);
	clean_md_text(&out, text);
	check_terminal(&out, true);
	clean_md_code(&out, text);
	check_terminal(&out, true);
	clean_md_fence(&out, "", text);
	check_terminal(&out, false);
	paint_diff(&(struct painter){.out = &out}, text, 2);
	check_terminal(&out, false);
	clean_workflow(&out, text, false);
	check_workflow(&out);
	clean_workflow_data(&out, text);
	assert(!memchr(buf_text(&out), '\n', out.n) && !memchr(buf_text(&out), '\r', out.n));
	buf_release(&out);
	return 0;
}
