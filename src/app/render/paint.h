/* paint: text for a terminal, in colour or not.
 * Layer: app. */
#pragma once

#include "base/buf.h"

enum paint { PAINT_RED, PAINT_GREEN, PAINT_YELLOW, PAINT_CYAN, PAINT_BOLD, PAINT_DIM };

struct painter {
	struct buf *out;
	bool color;
};

/* Appends text of an outsider, cleaned, in that colour. */
void paint_text(const struct painter *p, enum paint paint, struct str text);
/* Appends text of ours. */
void paint_c(const struct painter *p, enum paint paint, const char *text);
/* A unified diff, cleaned, each line in its colour and indented. */
void paint_diff(const struct painter *p, struct str diff, size_t indent);
