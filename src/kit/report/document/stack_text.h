/* stack_text: stack frames and places out of a message of whatever language.
 * Layer: kit, inside report/. Reports hand over what a runtime printed as one string; a line of it
 * is a frame when it has the form that a runtime is known to print. */
#pragma once

#include "model/failure.h"

/* Adds the frames of the text, innermost first; nothing is copied but the array. Where the failure
 * has no file, its place is set to the first frame that is not a runtime's or a library's. */
void stack_text_read(struct failure *f, struct str text, struct arena *mem);
/* One line; false when it is no frame. Paths put together are from mem. */
bool stack_text_frame(struct str line, struct frame *out, struct arena *mem);
/* "path:3", "path:3:5", "path(3)", "path(3,5)", perhaps with text behind. */
bool stack_text_place(struct str s, struct frame *out);
/* Whether the frame is in a runtime, a test framework, a package. */
bool stack_text_is_library(const struct frame *frame);
