/* progress: one line on a terminal that says where a heal stands.
 * Layer: app. Nothing is written when stderr is no terminal or quiet was asked for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "heal/heal.h"

struct progress {
	bool on, shown;
	const char *stage; /* drawn last, */
	int64_t last_ms;   /* then */
};

void progress_init(struct progress *p, bool quiet);
/* The callback of struct heal_options; data is a struct progress. */
void progress_show(void *data, const struct heal_progress *state);
/* Takes the line away. */
void progress_clear(struct progress *p);
/* The line itself, at most width columns. */
void progress_line(struct buf *out, const struct heal_progress *state, size_t width);
