/* Until spectrum_c.c lands: to be deleted with it. */
#include "kit/trial/spectrum.h"

int spectrum_c(struct spectrum *out, struct trial *trial, const struct spectrum_options *options,
	struct arena *mem, struct err *err)
{
	(void)out;
	(void)trial;
	(void)options;
	(void)mem;
	(void)err;
	return SPECTRUM_UNAVAILABLE;
}
