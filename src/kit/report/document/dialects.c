#include "kit/report/document/dialect.h"

const struct dialect *const dialects[] = {
	&dialect_junit,
	&dialect_trx,
	&dialect_gotest_json,
	&dialect_dart,
	&dialect_cucumber,
	&dialect_sarif,
	&dialect_gcc_json,
	&dialect_rustc,
	&dialect_valgrind,
	NULL,
};
