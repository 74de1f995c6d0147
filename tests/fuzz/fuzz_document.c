/* The readers of XML and JSON: the same events in whatever pieces the text comes, everything that
 * was entered is left, names and values within their caps. Byte 0: XML or JSON, and the piece. */
#include <stdint.h>
#include <stdlib.h>

#include "kit/report/document/json_reader.h"
#include "kit/report/document/xml_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t hash;
	int depth, events;
	bool in_text;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void add(struct seen *s, char what, struct str text)
{
	/* Pieces of one text are one event. */
	if (!s->in_text || what != 't')
		s->hash = (s->hash ^ (unsigned char)what) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < text.n; i++)
		s->hash = (s->hash ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	s->in_text = what == 't';
	s->events++;
}

static bool on_enter(void *state, struct str name)
{
	struct seen *s = state;

	check(name.n <= DOCUMENT_NAME_BYTES && s->depth < DOCUMENT_DEPTH);
	s->depth++;
	add(s, 'e', name);
	return name.n == 0 || name.p[0] != 'u';
}

static void on_value(void *state, struct str name, struct str text)
{
	check(text.n <= DOCUMENT_VALUE_BYTES);
	add(state, 'n', name);
	add(state, 'v', text);
}

static void on_text(void *state, struct str piece)
{
	check(((struct seen *)state)->depth > 0 && piece.n > 0);
	add(state, 't', piece);
}

static void on_leave(void *state)
{
	struct seen *s = state;

	check(s->depth-- > 0);
	add(s, 'l', STR(""));
}

static const struct document_events events = {on_enter, on_value, on_text, on_leave};

static struct seen read_xml(struct str text, size_t piece)
{
	struct seen s = {0};
	struct xml_reader x;

	xml_reader_init(&x, &events, &s);
	for (size_t i = 0; i < text.n && x.end == DOCUMENT_OPEN; i += piece)
		check(xml_reader_feed(&x, str_slice(text, i, i + piece)) <= piece);
	xml_reader_finish(&x);
	xml_reader_release(&x);
	check(s.depth == 0);
	return s;
}

static struct seen read_json(struct str text, size_t piece)
{
	struct seen s = {0};
	struct json_reader j;

	json_reader_init(&j, &events, &s);
	for (size_t i = 0; i < text.n && j.end == DOCUMENT_OPEN; i += piece)
		check(json_reader_feed(&j, str_slice(text, i, i + piece)) <= piece);
	json_reader_finish(&j);
	json_reader_release(&j);
	check(s.depth == 0);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text;
	struct seen whole, pieces;
	size_t piece;

	if (size < 2)
		return 0;
	text = str_make((const char *)data + 1, size - 1);
	piece = (size_t)(data[0] >> 1) + 1;
	whole = data[0] & 1 ? read_json(text, text.n) : read_xml(text, text.n);
	pieces = data[0] & 1 ? read_json(text, piece) : read_xml(text, piece);
	check(whole.hash == pieces.hash);
	return 0;
}
