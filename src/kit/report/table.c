#include "kit/report/format.h"

/* The order is that of the answers for one line, and of nothing else. */
const struct report_format *const report_formats[] = {
	&format_pytest,
	&format_unittest,
	&format_python,
	&format_gcc,
	&format_linker,
	&format_assert,
	&format_make,
	&format_shell,
};

const size_t report_format_count = ARRAY_LEN(report_formats);
