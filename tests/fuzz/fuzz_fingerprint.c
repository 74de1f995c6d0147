/* Messages are whatever a program prints: masking is bounded, settles at once, and two different
 * numbers in the same place do not matter. */
#include <stdint.h>
#include <stdlib.h>

#include "kit/fingerprint/fingerprint.h"
#include "kit/fingerprint/taxonomy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	struct arena mem;
	struct str masked;
	struct failure f = {.language = STR("python"), .type = STR("ValueError")}, again;

	arena_init(&mem);
	masked = fingerprint_mask(text, &mem);
	if (masked.n > 2 * size + 1)
		abort();
	f.message = text;
	taxonomy_decide_kind(&f);
	again = f;
	fingerprint_failure(&f, &mem);
	fingerprint_failure(&again, &mem);
	if (strcmp(f.fingerprint, again.fingerprint) != 0 || strlen(f.fingerprint) != 64)
		abort();
	if (size && data[0] < 128 && size < 64) {
		char pattern[64] = {0};

		memcpy(pattern, data, size);
		(void)taxonomy_like(pattern, masked);
	}
	arena_release(&mem);
	return 0;
}
