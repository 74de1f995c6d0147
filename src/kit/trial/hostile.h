/* hostile: attacks on the sandbox from inside it, each tried for real: what stopped it, or that
 * nothing did.
 * Layer: kit. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "kit/trial/trial.h"

struct hostile_result {
	const char *attack; /* "read a token from its environment" */
	bool stopped;
	/* The layers that stand against it: those that are on, or those that are missing. */
	char layers[200];
};

enum { HOSTILE_ATTACKS = 7 };

/* Opens a trial of a scratch folder of its own and attacks it. trial_layers() of it goes to
 * layers. */
int hostile_run(struct hostile_result out[HOSTILE_ATTACKS], enum sandbox_mode mode,
	struct buf *layers, struct err *err) MUST_CHECK;
