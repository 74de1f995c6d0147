/* frames: one line of a stack, in the ways that runtimes print it.
 * Layer: kit, inside report/. Nothing is copied. */
#pragma once

#include "model/failure.h"

/* JavaScript: "at f (path:3:5)", "at path:3:5", "at async f (...)"; "f (path:3:5)" of node's TAP;
 * "❯ f path:3:5" of vitest; "f@path:3:5" of Firefox and Safari. file:// is taken off. */
bool frame_of_js(struct str line, struct frame *out);
/* Whether a JavaScript frame is in Node.js or a package. */
bool frame_is_js_library(const struct frame *frame);
