/* limits: every cap in one place. Layer: base. */
#pragma once

enum {
	LIMIT_OUTPUT_BYTES = 8 << 20,  /* kept of one child's output: the head and the tail */
	LIMIT_SOURCE_BYTES = 16 << 20, /* one source file we parse or edit */
	LIMIT_CONFIG_BYTES = 1 << 20,  /* .selfheal.yml */
	LIMIT_JSON_BYTES = 64 << 20,   /* one JSON document */
	LIMIT_JSON_DEPTH = 128,
	LIMIT_PATCH_BYTES = 4 << 20, /* a patch we read or write */
	LIMIT_TEXT_BYTES = 1 << 20,  /* a message, a report part */
	LIMIT_LINE_BYTES = 64 << 10, /* one line of a log; the rest of it is dropped */
	LIMIT_FAILURES = 10000,      /* failures kept of one run */
	LIMIT_FRAMES = 128,          /* stack frames kept of one failure */
	LIMIT_PATH_BYTES = 4096,
	LIMIT_CANDIDATE_EDITS = 64, /* edits in one patch */
};
