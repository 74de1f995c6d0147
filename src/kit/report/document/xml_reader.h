/* xml_reader: XML -> events, from pieces of any size.
 * Layer: kit, inside report/. Made for reports of test runs, which are often not well-formed: end
 * tags that match nothing are passed over, unknown and broken entities stay as they are, control
 * characters and any encoding that agrees with ASCII go through. A document type is passed over:
 * there are no entities but the five of XML and character references. Prefixes of names are
 * dropped. */
#pragma once

#include "kit/report/document/names.h"

struct xml_reader {
	const struct document_events *events;
	void *sink;
	const char *at; /* while an event is told: where the reader is in the piece */
	enum document_end end;
	bool pause; /* a listener sets it to have no more told of this piece */
	/* A listener that is told text may set it to the offset in that text where something else
	 * begins: the document is broken there. DOCUMENT_NO_STOP otherwise. */
	size_t stop_at;
	struct names names;
	int too_deep;  /* open elements below DOCUMENT_DEPTH */
	int unwanted;  /* open elements from the outermost one whose contents nobody wants */
	int state;     /* enum in xml_reader.c */
	char mark[16]; /* what follows "<!", or an entity behind its '&' */
	size_t mark_n;
	struct buf tag;   /* the start of a tag, from earlier pieces */
	struct buf value; /* an attribute with its entities resolved */
	bool tag_open;    /* the tag began in an earlier piece */
	char quote;       /* inside of a tag or a document type */
	char stop_char;   /* what ends a comment, CDATA...: stop_n times this, then '>' */
	int stop_n, stopped;
	bool subset; /* inside the brackets of a document type */
};

void xml_reader_init(struct xml_reader *x, const struct document_events *events, void *sink);
void xml_reader_release(struct xml_reader *x);
/* Reads as much of the piece as belongs to the document; how many bytes that is. */
size_t xml_reader_feed(struct xml_reader *x, struct str piece);
/* There is no more: what is open is left. */
void xml_reader_finish(struct xml_reader *x);
