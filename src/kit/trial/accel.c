#include "kit/trial/accel.h"

static const struct accel_ops *const accel_table[] = {&accel_python, &accel_c};

static const char *const status_names[] = {
	[OBSERVED_PASS] = "pass",
	[OBSERVED_FAIL] = "fail",
	[OBSERVED_TIMEOUT] = "timeout",
	[OBSERVED_CRASH] = "crash",
	[OBSERVED_INVALID] = "invalid",
	[OBSERVED_UNSUPPORTED] = "unsupported",
};

static bool handles(const struct accel_ops *ops, struct str language)
{
	for (const char *const *name = ops->languages; *name; name++)
		if (str_eq_c(language, *name))
			return true;
	return false;
}

const struct accel_ops *accel_for(struct str language)
{
	for (size_t i = 0; i < ARRAY_LEN(accel_table); i++)
		if (handles(accel_table[i], language))
			return accel_table[i];
	return NULL;
}

const char *observed_status_to_string(enum observed_status status)
{
	return status_names[status];
}
