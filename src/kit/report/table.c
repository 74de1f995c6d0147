#include "kit/report/format.h"

/* The order is that of the answers for one line, and of nothing else. */
const struct report_format *const report_formats[] = {
	&format_pytest,
	&format_unittest,
	&format_python,
	&format_ctest,
	&format_meson,
	&format_automake,
	&format_gtest,
	&format_cmocka,
	&format_check,
	&format_sanitizer,
	&format_matchers,
	&format_gcc,
	&format_linker,
	&format_cmake,
	&format_assert,
	&format_make,
	&format_shell,
	&format_signals,
	&format_gotest,
	&format_tap,
	&format_jest,
	&format_vitest,
	&format_mocha,
	&format_node,
	&format_cargo,
	&format_nextest,
	&format_jasmine,
};

const size_t report_format_count = ARRAY_LEN(report_formats);
