/* Whatever coverage tools or anybody else wrote: read in pieces, located, told. */
#include <stddef.h>
#include <stdint.h>

#include "kit/coverage/coverage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	COVERAGE_AUTO coverage;
	struct coverage_reader *reader;
	struct err err = ERR_INIT;
	size_t half = size / 2;

	coverage_init(&coverage);
	reader = coverage_reader_new(&coverage);
	coverage_reader_feed(reader, str_slice(text, 0, half));
	coverage_reader_feed(reader, str_from(text, half));
	(void)!coverage_reader_finish(reader, "input", &err);
	coverage_finish(&coverage, "/nonexistent");
	vec_each (f, &coverage.files) {
		int first;

		(void)coverage_gaps(f, 5, &first, &coverage.mem);
	}
	return 0;
}
