/* json_reader: JSON -> events, from pieces of any size.
 * Layer: kit, inside report/. Lenient where writers are: control characters in strings (but no
 * line feed), commas too many, NaN and the like. Anything else ends the document as broken at that
 * byte; what was told stands. Deeper than DOCUMENT_DEPTH is broken, too. */
#pragma once

#include "kit/report/document/names.h"

struct json_reader {
	const struct document_events *events;
	void *sink;
	const char *at; /* while an event is told: where the reader is in the piece */
	enum document_end end;
	bool pause;         /* a listener sets it to have no more told of this piece */
	struct names names; /* of what is open; an array has the name its items get */
	uint64_t arrays[DOCUMENT_DEPTH / 64 + 1]; /* which of these are arrays */
	int unwanted;                             /* open things in what nobody wants */
	int state;                                /* enum in json_reader.c */
	struct buf key, value;
	bool is_key;   /* the string being read */
	int escape;    /* characters of an escape seen: 1 behind '\', 2... behind "\u" */
	uint32_t code; /* of \u */
	uint32_t high; /* the first half of a surrogate pair */
};

void json_reader_init(struct json_reader *j, const struct document_events *events, void *sink);
void json_reader_release(struct json_reader *j);
/* Reads as much of the piece as belongs to the document; how many bytes that is. */
size_t json_reader_feed(struct json_reader *j, struct str piece);
/* There is no more: what is open is left. */
void json_reader_finish(struct json_reader *j);
