/* event: what a document says, as one stream, whether it is XML or JSON.
 * Layer: kit, inside report/. XML's attributes and JSON's scalar members are values; elements and
 * objects are entered and left; an array is nothing by itself, its items come one after the other
 * under the array's name, as XML repeats elements. So one description of a report fits both, and a
 * list of objects is the same as the objects line by line. What JSON has at its top is named "". */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum {
	DOCUMENT_DEPTH = 200,            /* what lies deeper says nothing */
	DOCUMENT_NAME_BYTES = 1 << 10,   /* kept of one name */
	DOCUMENT_VALUE_BYTES = 64 << 10, /* kept of one value */
	DOCUMENT_TAG_BYTES = 512 << 10,  /* kept of one start tag with its attributes */
};

#define DOCUMENT_NO_STOP SIZE_MAX

/* Who listens. Names and texts are valid during the call only, and are bytes as they came: no
 * promise that they are UTF-8. */
struct document_events {
	/* Whether values and text inside are wanted; if not, they may be left out. */
	bool (*enter)(void *state, struct str name);
	void (*value)(void *state, struct str name, struct str text);
	/* Text of the element entered last that is not left, in pieces. */
	void (*text)(void *state, struct str piece);
	void (*leave)(void *state);
};

/* How far a reader is. */
enum document_end {
	DOCUMENT_OPEN,   /* more is to come */
	DOCUMENT_DONE,   /* the outermost thing was left */
	DOCUMENT_BROKEN, /* what follows cannot be part of it */
};
