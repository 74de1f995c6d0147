/* skim: a large JSON object cut down to the members that matter, in one pass and little memory.
 * Layer: json. Text comes in pieces; what is kept is the raw text of the wanted members at the top.
 * Nothing is validated beyond what that takes: the result is parsed afterwards, and what is broken
 * is found there. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

enum skim_state {
	SKIM_START,  /* before the object's brace */
	SKIM_MEMBER, /* before a member's name, or the object's end */
	SKIM_NAME,   /* in the name's string */
	SKIM_COLON,
	SKIM_VALUE, /* in or before a value */
	SKIM_DONE,
	SKIM_BROKEN, /* no object */
};
enum { SKIM_NAME_MAX = 64 };

struct json_skim {
	const char *const *wanted; /* NULL-terminated; borrowed */
	struct buf out;            /* capped: out.over when what is wanted is too much */
	enum skim_state state;
	char name[SKIM_NAME_MAX];
	size_t name_n;
	int depth;
	bool in_string, escaped, keep, any;
};

void json_skim_init(struct json_skim *s, const char *const *wanted, size_t cap);
void json_skim_release(struct json_skim *s);
void json_skim_add(struct json_skim *s, struct str piece);
/* The object of the wanted members; an empty view when there was no whole object, or too much of
 * it. */
struct str json_skim_end(struct json_skim *s);
#define JSON_SKIM_AUTO CLEANUP(json_skim_release) struct json_skim
