#include "kit/report/document/dialect.h"

const struct dialect *const dialects[] = {
	&dialect_junit,
	NULL,
};
