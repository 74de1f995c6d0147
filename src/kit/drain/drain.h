/* drain: log lines -> templates, as a stream.
 * Layer: kit. Drain (He et al., "Drain: An Online Log Parsing Approach with Fixed Depth Tree", ICWS
 * 2017) over tokens that are masked first, without a regular expression, by
 * templates/logs/masks.yml. Two additions: a line whose shape was seen before costs one hash
 * lookup; and lines that differ in one plain word stay apart until enough such words were seen (a
 * word that is one of many is a parameter, one of two or three is part of the message). Memory is
 * bounded: past DRAIN_TEMPLATES_MAX templates, lines of new shapes are only counted. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { DRAIN_TEMPLATES_MAX = 8192, DRAIN_LINE_BYTES = 2048 };

enum drain_severity { /* SPEC 13's levels, worst first */
	DRAIN_CRITICAL = 1,
	DRAIN_HIGH,
	DRAIN_MEDIUM,
	DRAIN_LOW,
	DRAIN_INFO,
};
const char *drain_severity_to_string(enum drain_severity s);

struct drain;

/* Templates start empty. Fails only when the binary's own rules cannot be read. */
int drain_new(struct drain **out, struct err *err) MUST_CHECK;
void drain_free(struct drain *drain);
DEFINE_CLEANUP(struct drain *, drain_free)

/* Takes one line without its line feed; number is remembered as first and last place. Gives the
 * template's id (> 0), or 0 for a line without a word, or past the cap. Templates may be joined
 * later: drain_resolve() tells what an id has become. */
uint32_t drain_add(struct drain *drain, struct str line, int64_t number);
uint32_t drain_resolve(struct drain *drain, uint32_t id);

struct drain_template {
	uint32_t id;
	struct str text;    /* the message with <*> for what varies */
	struct str example; /* the first line */
	uint64_t count;
	int64_t first_line, last_line;
	enum drain_severity severity;
};

/* The live template behind the id *at (0: the first), in the order of ids; strings live in mem.
 * False when there is none. */
bool drain_next(struct drain *drain, uint32_t *at, struct drain_template *out, struct arena *mem);
/* How often a template was hit; lines that found no room. */
uint64_t drain_count(struct drain *drain, uint32_t id);
uint64_t drain_left_out(const struct drain *drain);

/* The templates as text, one JSON object a line, and back (added to what is there). A line that is
 * no template fails with ERR_PARSE and its number; nothing was added then. */
void drain_write(struct drain *drain, struct buf *out);
int drain_read(struct drain *drain, struct str text, struct err *err) MUST_CHECK;
