#include "kit/report/document/document.h"

#include <assert.h>

#include "kit/report/document/catalogue.h"
#include "kit/report/document/collect.h"
#include "kit/report/document/json_reader.h"
#include "kit/report/document/xml_reader.h"

enum {
	LEAD_BYTES = 64,
	START_BYTES = 2 * LEAD_BYTES, /* of a line, which tell whether a document may begin */
};

enum doing {
	AT_LINE,  /* at the start of a line, only blanks so far */
	IN_LINE,  /* in a line of the line formats */
	SIGHTING, /* in what may be a document */
	READING,  /* in a document */
};

/* A dialect of which there was a document. */
struct met {
	const struct dialect *dialect;
	struct report_format format; /* that it is to the rest of the report */
	struct report_out out;
	struct document_out hand;
	void *state;
};

struct documents {
	struct report *report;
	const char *only;
	enum doing doing;
	bool json;
	struct catalogue **catalogue; /* NULL there until the first sighting */
	struct sighting sighting;
	struct collect collect;
	struct xml_reader xml;
	struct json_reader js;
	struct buf held; /* a line's start, or a sighting */
	size_t lead;     /* of held: what is before the document */
	bool given;      /* held was given to the line formats */
	vec(struct met *) met;
	int line;            /* the number of lines that ended before counted */
	const char *counted; /* in the piece that is being read */
	int lines_in_documents;
};

struct documents *documents_new(
	struct report *report, const char *only, struct catalogue **catalogue)
{
	struct documents *d = xcalloc(1, sizeof(*d));

	d->report = report;
	d->only = only;
	d->catalogue = catalogue;
	buf_init(&d->held, DOCUMENT_SIGHT_BYTES);
	collect_init(&d->collect);
	return d;
}

static void met_free(struct met *met)
{
	arena_release(&met->out.scratch);
	if (met->dialect->release)
		met->dialect->release(met->state);
	free(met->state);
	free(met);
}

void documents_free(struct documents *d)
{
	if (!d)
		return;
	vec_each (met, &d->met)
		met_free(*met);
	vec_free(&d->met);
	sighting_release(&d->sighting);
	collect_release(&d->collect);
	xml_reader_release(&d->xml);
	json_reader_release(&d->js);
	buf_release(&d->held);
	free(d);
}

/* --- lines --- */

static int count_lines(const char *from, const char *to)
{
	int n = 0;

	while (from < to && (from = memchr(from, '\n', (size_t)(to - from)))) {
		from++;
		n++;
	}
	return n;
}

/* The line of the reader: collect's question. */
static int line_now(void *state)
{
	struct documents *d = state;
	const char *at = d->json ? d->js.at : d->xml.at;

	d->line += count_lines(d->counted, at);
	d->counted = at;
	return d->line + 1;
}

int documents_lines(struct documents *d)
{
	int n = d->lines_in_documents;

	d->lines_in_documents = 0;
	return n;
}

void documents_skip_lines(struct documents *d, int n)
{
	d->line += n;
}

/* --- the dialects met --- */

static struct met *meet(struct documents *d, const struct dialect *dialect)
{
	struct met *met;

	vec_each (m, &d->met)
		if ((*m)->dialect == dialect)
			return *m;
	met = xcalloc(1, sizeof(*met));
	met->dialect = dialect;
	met->format.name = dialect->name;
	met->out = (struct report_out){
		.report = d->report, .format = &met->format, .counts = {-1, -1, -1, -1, -1}};
	arena_init(&met->out.scratch);
	met->hand.report = &met->out;
	met->state = xcalloc(1, dialect->state_size ? dialect->state_size : 1);
	vec_push(&d->met, met);
	return met;
}

const struct report_out *documents_out(const struct documents *d, size_t i)
{
	return i < d->met.n ? &d->met.v[i]->out : NULL;
}

/* --- reading --- */

static void open_reader(struct documents *d, const struct document_events *events, void *sink)
{
	if (d->json) {
		json_reader_release(&d->js);
		json_reader_init(&d->js, events, sink);
	} else {
		xml_reader_release(&d->xml);
		xml_reader_init(&d->xml, events, sink);
	}
}

static size_t feed_reader(struct documents *d, struct str piece)
{
	return d->json ? json_reader_feed(&d->js, piece) : xml_reader_feed(&d->xml, piece);
}

static enum document_end reader_end(const struct documents *d)
{
	return d->json ? d->js.end : d->xml.end;
}

static void finish_reader(struct documents *d)
{
	if (d->json)
		json_reader_finish(&d->js);
	else
		xml_reader_finish(&d->xml);
}

/* Reads of the piece what belongs to the document. */
static size_t read_document(struct documents *d, struct str piece)
{
	int before = d->line;
	size_t n;

	d->counted = piece.p;
	n = feed_reader(d, piece);
	d->line += count_lines(d->counted, piece.p + n);
	d->counted = piece.p + n;
	if (reader_end(d) == DOCUMENT_BROKEN)
		finish_reader(d);
	if (reader_end(d) != DOCUMENT_OPEN)
		d->doing = AT_LINE;
	d->lines_in_documents += d->line - before;
	return n;
}

/* The bytes held back, from one on, are the line formats'. */
static struct str give_up(struct documents *d, size_t from)
{
	struct str plain = str_from(buf_view(&d->held), from);

	d->line += count_lines(plain.p, plain.p + plain.n);
	d->doing = plain.n && plain.p[plain.n - 1] == '\n' ? AT_LINE : IN_LINE;
	d->given = true;
	return plain;
}

/* It is known what the bytes that were held back are. */
static struct str start_reading(struct documents *d, const struct dialect *dialect)
{
	struct met *met = meet(d, dialect);
	size_t n;

	collect_start(&d->collect, dialect, met->state, &met->hand);
	d->collect.line = line_now;
	d->collect.reader = d;
	d->collect.stop_at = d->json ? NULL : &d->xml.stop_at;
	open_reader(d, &collect_events, &d->collect);
	d->doing = READING;
	n = read_document(d, str_from(buf_view(&d->held), d->lead));
	/* The sighting does not mind what is no part of the document. */
	if (n < d->held.n - d->lead)
		return give_up(d, d->lead + n);
	buf_reset(&d->held);
	return STR("");
}

/* --- sighting --- */

/* Data of our own that a unit test has read: it cannot be bad. A user's is read with the tables. */
struct catalogue *documents_catalogue(struct catalogue **catalogue)
{
	struct err err = ERR_INIT;
	int rc = *catalogue ? 0 : catalogue_new(catalogue, NULL, &err);

	assert(rc == 0);
	(void)rc;
	return *catalogue;
}

/* What is held back is a lead, and perhaps the first bytes of the document. */
static void start_sighting(struct documents *d, size_t lead, char first)
{
	d->json = first != '<';
	d->lead = lead;
	sighting_start(&d->sighting, documents_catalogue(d->catalogue), d->only, d->json,
		d->json ? &d->js.pause : &d->xml.pause);
	open_reader(d, &sighting_events, &d->sighting);
	d->doing = SIGHTING;
	feed_reader(d, str_from(buf_view(&d->held), lead));
}

/* Nothing that would help to decide is to come. */
static struct str decide(struct documents *d)
{
	const struct dialect *dialect = sighting_match(&d->sighting);

	if (!dialect)
		return give_up(d, 0);
	return start_reading(d, dialect);
}

static struct str sight(struct documents *d, struct str *text)
{
	struct str part = str_slice(*text, 0, d->held.cap - d->held.n);
	size_t n = feed_reader(d, part);
	bool paused = d->json ? d->js.pause : d->xml.pause;

	buf_str(&d->held, str_slice(part, 0, n));
	*text = str_from(*text, n);
	if (paused || reader_end(d) != DOCUMENT_OPEN || d->held.n == d->held.cap)
		return decide(d);
	return STR("");
}

/* --- the start of lines --- */

/* What may stand before a document: blanks, a byte order mark. */
static bool is_lead(char c)
{
	return c == ' ' || c == '\t' || c == '\xef' || c == '\xbb' || c == '\xbf';
}

enum begins { BEGINS_NO, BEGINS_PERHAPS, BEGINS_YES };

/* Whether a document begins with these bytes: the readers would say so, too, but most lines that
 * begin with a bracket are told by the second byte. Perhaps: it takes more of the line, so that
 * the answer is the same in whatever pieces the line comes. */
static enum begins may_begin(struct str s)
{
	static const char *const second[] = {" \t\r\n\"}", " \t\r\n\"]{["};
	int i = s.p[0] == '{' ? 0 : 1;

	if (s.p[0] != '<' && s.p[0] != '{' && s.p[0] != '[')
		return BEGINS_NO;
	if (s.n == 1)
		return BEGINS_PERHAPS;
	if (s.p[0] == '<')
		return s.p[1] == '?' || s.p[1] == '!' || s.p[1] == '_' ||
				       ((s.p[1] | 32) >= 'a' && (s.p[1] | 32) <= 'z')
			       ? BEGINS_YES
			       : BEGINS_NO;
	/* "[  3%] Building": blanks tell nothing, what is behind them does. */
	for (size_t at = 1; at < s.n && at < LEAD_BYTES; at++)
		if (!s.p[at] || !strchr(second[i], s.p[at]))
			return BEGINS_NO;
		else if (s.p[at] != ' ' && s.p[at] != '\t')
			return BEGINS_YES;
	return s.n < LEAD_BYTES ? BEGINS_PERHAPS : BEGINS_NO;
}

static size_t lead_of(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < LEAD_BYTES && is_lead(s.p[n]))
		n++;
	return n;
}

/* The line's first bytes are held back until they tell what it is. */
static struct str look_at_start(struct documents *d, struct str *text)
{
	size_t before = d->held.n, held = before, lead;
	struct str start = *text;
	enum begins begins = BEGINS_PERHAPS;
	char first = '\0';

	if (before) {
		buf_str(&d->held, str_slice(*text, 0, START_BYTES - before));
		start = buf_view(&d->held);
	}
	start = str_slice(start, 0, START_BYTES);
	lead = lead_of(start);
	if (lead < start.n) {
		first = start.p[lead];
		begins = may_begin(str_from(start, lead));
	}
	/* Of what is decided the rest is not held back, only what came in earlier pieces. */
	if (begins == BEGINS_PERHAPS)
		held = start.n;
	else if (begins == BEGINS_YES && lead > before)
		held = lead;
	if (before)
		buf_truncate(&d->held, held);
	else
		buf_str(&d->held, str_slice(start, 0, held));
	*text = str_from(*text, held - before);
	if (begins == BEGINS_YES)
		start_sighting(d, lead, first);
	if (begins != BEGINS_NO)
		return STR("");
	d->given = true;
	d->doing = IN_LINE;
	return buf_view(&d->held);
}

/* Everything up to the next line that may begin a document. */
static struct str take_plain(struct documents *d, struct str *text)
{
	const char *p = text->p, *end = p + text->n;
	struct str plain;

	while (d->doing == IN_LINE && p < end) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : end;
		if (p[-1] != '\n')
			break;
		d->line++;
		if (p == end || is_lead(*p) ||
			may_begin(str_make(p, (size_t)(end - p))) != BEGINS_NO)
			d->doing = AT_LINE;
	}
	plain = str_make(text->p, (size_t)(p - text->p));
	*text = str_from(*text, plain.n);
	return plain;
}

static void forget_given(struct documents *d)
{
	if (d->given)
		buf_reset(&d->held);
	d->given = false;
}

bool documents_next(struct documents *d, struct str *text, struct str *plain)
{
	*plain = STR("");
	forget_given(d);
	if (text->n == 0)
		return false;
	if (d->doing == AT_LINE)
		*plain = look_at_start(d, text);
	else if (d->doing == SIGHTING)
		*plain = sight(d, text);
	else if (d->doing == READING)
		*text = str_from(*text, read_document(d, *text));
	else
		*plain = take_plain(d, text);
	return true;
}

void documents_finish(struct documents *d, struct str *plain)
{
	*plain = STR("");
	forget_given(d);
	if (d->doing == SIGHTING)
		*plain = decide(d);
	else if (d->doing == AT_LINE)
		*plain = give_up(d, 0);
	if (d->doing == READING)
		finish_reader(d);
	d->doing = IN_LINE;
	vec_each (met, &d->met)
		if ((*met)->dialect->end)
			(*met)->dialect->end((*met)->state, &(*met)->hand);
}

/* --- the hand --- */

report_ref document_emit(struct document_out *out, const struct failure *f, enum report_role role)
{
	return out_emit(out->report, f, role, out->first_line, out->last_line);
}

void document_text(struct document_out *out, struct str text)
{
	report_take_text(out->report->report, text, out->first_line);
}

void document_count(struct document_out *out, enum document_result result)
{
	struct test_counts *c = &out->report->counts;

	out_count(&c->tests, 1);
	out_count(&c->passed, result == RESULT_PASSED);
	out_count(&c->failed, result == RESULT_FAILED);
	out_count(&c->errors, result == RESULT_ERROR);
	out_count(&c->skipped, result == RESULT_SKIPPED);
}
