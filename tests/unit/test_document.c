/* XML and JSON as one stream of events, whatever the pieces; what is not well-formed; the trees of
 * records; where a document begins and ends in a log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/report/document/json_reader.h"
#include "kit/report/document/node.h"
#include "kit/report/utf8.h"
#include "kit/report/document/xml_reader.h"
#include "kit/report/report.h"

/* --- events as text: "<a @x=1 'text' <b > >" --- */

struct script {
	struct buf out;
	bool in_text;
};

static void end_text(struct script *s)
{
	if (s->in_text)
		buf_c(&s->out, "'");
	s->in_text = false;
}

static bool on_enter(void *state, struct str name)
{
	struct script *s = state;

	end_text(s);
	buf_printf(&s->out, "<%.*s ", STR_ARGS(name));
	return !str_eq_c(name, "unwanted");
}

static void on_value(void *state, struct str name, struct str text)
{
	end_text(state);
	buf_printf(&((struct script *)state)->out, "@%.*s=%.*s ", STR_ARGS(name), STR_ARGS(text));
}

static void on_text(void *state, struct str piece)
{
	struct script *s = state;

	if (!s->in_text)
		buf_c(&s->out, "'");
	s->in_text = true;
	buf_str(&s->out, piece);
}

static void on_leave(void *state)
{
	end_text(state);
	buf_c(&((struct script *)state)->out, ">");
}

static const struct document_events script_events = {on_enter, on_value, on_text, on_leave};

struct reading {
	struct buf out;
	size_t taken;
	enum document_end end;
};

static void read_xml(struct reading *r, struct str text, size_t piece)
{
	struct script s = {.out = BUF_INIT(1 << 20)};
	struct xml_reader x;

	xml_reader_init(&x, &script_events, &s);
	for (size_t i = 0; i < text.n && x.end == DOCUMENT_OPEN; i += piece)
		r->taken += xml_reader_feed(&x, str_slice(text, i, i + piece));
	r->end = x.end;
	xml_reader_finish(&x);
	xml_reader_release(&x);
	r->out = s.out;
}

static void read_json(struct reading *r, struct str text, size_t piece)
{
	struct script s = {.out = BUF_INIT(1 << 20)};
	struct json_reader j;

	json_reader_init(&j, &script_events, &s);
	for (size_t i = 0; i < text.n && j.end == DOCUMENT_OPEN; i += piece)
		r->taken += json_reader_feed(&j, str_slice(text, i, i + piece));
	r->end = j.end;
	json_reader_finish(&j);
	json_reader_release(&j);
	r->out = s.out;
}

struct example {
	const char *text, *events;
	enum document_end end;
	size_t left; /* bytes behind the document */
};

static void run_examples(const struct example *examples, size_t n,
	void (*read)(struct reading *, struct str, size_t))
{
	static const size_t pieces[] = {1 << 20, 1, 2, 3, 7};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(pieces); k++) {
			struct reading r = {0};
			struct str text = str_of(examples[i].text);

			read(&r, text, pieces[k]);
			if (!str_eq_c(buf_view(&r.out), examples[i].events))
				fail_msg("%s\nin pieces of %zu gives\n%s", text.p, pieces[k],
					buf_text(&r.out));
			assert_int_equal(r.end, examples[i].end);
			assert_int_equal(text.n - r.taken, examples[i].left);
			buf_release(&r.out);
		}
}

static void xml(void **state)
{
	static const struct example examples[] = {
		{"<a/>", "<a >", DOCUMENT_DONE, 0},
		{"<?xml version=\"1.0\"?>\n<a x='1' y=\"2\">t</a>\nrest", "<a @x=1 @y=2 't'>",
			DOCUMENT_DONE, 5},
		{"<a><b/><c>1</c></a>", "<a <b ><c '1'>>", DOCUMENT_DONE, 0},
		{"<x:a xmlns:x=\"u\"><x:b/></x:a>", "<a @x=u <b >>", DOCUMENT_DONE, 0},
		/* entities, broken ones too */
		{"<a x=\"&lt;&#65;&#x42;&amp;\">&gt;&quot;&apos;</a>", "<a @x=<AB& '>\"''>",
			DOCUMENT_DONE, 0},
		{"<a x=\"&nbsp; R&D &amp\">&foo; a & b &#xZ; &#0;&#55296;</a>",
			"<a @x=&nbsp; R&D &amp '&foo; a & b &#xZ; &#0;&#55296;'>", DOCUMENT_DONE,
			0},
		{"<a>&#8364;</a>", "<a '\xe2\x82\xac'>", DOCUMENT_DONE, 0},
		/* CDATA, comments, instructions */
		{"<a><![CDATA[<b>&amp;]] ]> ]]]></a>", "<a '<b>&amp;]] ]> ]'>", DOCUMENT_DONE, 0},
		{"<a><!-- <b> - -- ---><?p <c>?><b/></a>", "<a <b >>", DOCUMENT_DONE, 0},
		{"<!DOCTYPE a [<!ENTITY x \"y\"> ]><a>&x;</a>", "<a '&x;'>", DOCUMENT_DONE, 0},
		{"<!DOCTYPE a SYSTEM \"a>b.dtd\"><a/>", "<a >", DOCUMENT_DONE, 0},
		/* attributes as people write them */
		{"<a  x = '>' y=1\n z />", "<a @x=> @y=1 >", DOCUMENT_DONE, 0},
		{"<a x=\"a<b\nc\">\x01\x1b[0m</a>", "<a @x=a<b\nc '\x01\x1b[0m'>", DOCUMENT_DONE,
			0},
		/* tags that do not match */
		{"<a><b></c></b></a>", "<a <b >>", DOCUMENT_DONE, 0},
		{"<a><b><c>t</a>", "<a <b <c 't'>>>", DOCUMENT_DONE, 0},
		{"<a>1 < 2 <3</a>", "<a '1 < 2 <3'>", DOCUMENT_DONE, 0},
		/* cut off */
		{"<a><b x=\"1\">t", "<a <b @x=1 't'>>", DOCUMENT_OPEN, 0},
		{"<a><b x=\"1", "<a >", DOCUMENT_OPEN, 0},
		{"<a><![CDATA[t]", "<a 't'>", DOCUMENT_OPEN, 0},
		/* not XML */
		{"< a>", "", DOCUMENT_BROKEN, 3},
		{"<?x?> word\n<a/>", "", DOCUMENT_BROKEN, 9},
		/* what nobody wants is left out, with all that is in it */
		{"<a><unwanted x='1'>t<b>u</b></unwanted><c/></a>", "<a <unwanted ><c >>",
			DOCUMENT_DONE, 0},
	};
	size_t n = ARRAY_LEN(examples);

	(void)state;
	/* In one piece the word is read with the instruction's rest. */
	for (size_t i = 0; i < n; i++)
		if (examples[i].end != DOCUMENT_BROKEN)
			run_examples(&examples[i], 1, read_xml);
	for (size_t i = 0; i < n; i++) {
		struct reading r = {0};

		if (examples[i].end != DOCUMENT_BROKEN)
			continue;
		read_xml(&r, str_of(examples[i].text), 1);
		assert_int_equal(r.end, DOCUMENT_BROKEN);
		buf_release(&r.out);
	}
}

static void json(void **state)
{
	static const struct example examples[] = {
		{"{}", "< >", DOCUMENT_DONE, 0},
		{"{\"a\":1,\"b\":\"x\",\"c\":null,\"d\":true}\n", "< @a=1 @b=x @d=true >",
			DOCUMENT_DONE, 1},
		/* objects are entered, arrays repeat their name */
		{"{\"a\":{\"b\":2}}", "< <a @b=2 >>", DOCUMENT_DONE, 0},
		{"{\"a\":[{\"b\":1},{\"b\":2}],\"c\":3}", "< <a @b=1 ><a @b=2 >@c=3 >",
			DOCUMENT_DONE, 0},
		{"{\"a\":[1,\"x\",[2,{}]]}", "< @a=1 @a=x @a=2 <a >>", DOCUMENT_DONE, 0},
		{"[{\"a\":1},\n{\"a\":2}]", "< @a=1 >< @a=2 >", DOCUMENT_DONE, 0},
		{"[]", "", DOCUMENT_DONE, 0},
		/* strings */
		{"{\"a\\n\":\"\\\"\\\\\\/\\b\\f\\r\\t\\u0041\"}", "< @a\n=\"\\/\b\f\r\tA >",
			DOCUMENT_DONE, 0},
		{"{\"a\":\"\\ud83d\\ude00 \\ud83d \\u20ac\"}",
			"< @a=\xf0\x9f\x98\x80  \xe2\x82\xac >", DOCUMENT_DONE, 0},
		{"{\"a\":\"tab\there\"}", "< @a=tab\there >", DOCUMENT_DONE, 0},
		/* literals and commas as some write them */
		{"{\"a\":NaN,\"b\":-1.5e+3,}", "< @a=NaN @b=-1.5e+3 >", DOCUMENT_DONE, 0},
		/* items of the outermost array are its values */
		{"[1,2,]", "@=1 @=2 ", DOCUMENT_DONE, 0},
		/* cut off: what was told stands */
		{"{\"a\":1,\"b\":{\"c\":\"x", "< @a=1 <b >>", DOCUMENT_OPEN, 0},
		/* what cannot be JSON */
		{"[INFO] x", "", DOCUMENT_BROKEN, 3},
		{"[12:00]", "@=12 ", DOCUMENT_BROKEN, 4},
		{"{\"a\":1 \"b\"", "< @a=1 >", DOCUMENT_BROKEN, 3},
		{"{\"a\":\"x\ny\"}", "< >", DOCUMENT_BROKEN, 4},
		{"{a:1}", "< >", DOCUMENT_BROKEN, 4},
		{"{\"a\"]", "< >", DOCUMENT_BROKEN, 1},
		{"{\"a\":\"\\uZ\"}", "< >", DOCUMENT_BROKEN, 3},
		{"{\"unwanted\":{\"a\":\"x\",\"b\":[{}]},\"c\":1}", "< <unwanted >@c=1 >",
			DOCUMENT_DONE, 0},
	};

	(void)state;
	run_examples(examples, ARRAY_LEN(examples), read_json);
}

static void deep(void **state)
{
	BUF_AUTO x = BUF_INIT(1 << 20);
	BUF_AUTO j = BUF_INIT(1 << 20);
	struct reading r = {0};

	(void)state;
	for (int i = 0; i < 5000; i++) {
		buf_c(&x, "<a>");
		buf_c(&j, "{\"a\":");
	}
	for (int i = 0; i < 5000; i++)
		buf_c(&x, "</a>");
	read_xml(&r, buf_view(&x), 64);
	assert_int_equal(r.end, DOCUMENT_DONE);
	assert_int_equal(r.out.n, DOCUMENT_DEPTH * strlen("<a >"));
	buf_release(&r.out);
	r = (struct reading){0};
	read_json(&r, buf_view(&j), 64);
	assert_int_equal(r.end, DOCUMENT_BROKEN);
	buf_release(&r.out);
}

/* Long names and values are cut, and what comes behind is read. */
static void long_parts(void **state)
{
	BUF_AUTO x = BUF_INIT(8 << 20);
	struct reading r = {0};

	(void)state;
	buf_c(&x, "<a x='");
	buf_fill(&x, 'v', 2 * DOCUMENT_TAG_BYTES);
	buf_c(&x, "'><b/></a>");
	for (int k = 0; k < 2; k++) {
		r = (struct reading){0};
		read_xml(&r, buf_view(&x), k ? 1000 : x.n);
		assert_int_equal(r.end, DOCUMENT_DONE);
		assert_int_equal(r.out.n, strlen("<a @x= <b >>") + DOCUMENT_VALUE_BYTES);
		buf_release(&r.out);
	}
	buf_reset(&x);
	buf_c(&x, "{\"");
	buf_fill(&x, 'k', 2 * DOCUMENT_NAME_BYTES);
	buf_c(&x, "\":\"");
	buf_fill(&x, 'v', 2 * DOCUMENT_VALUE_BYTES);
	buf_c(&x, "\"}");
	for (int k = 0; k < 2; k++) {
		r = (struct reading){0};
		read_json(&r, buf_view(&x), k ? 1000 : x.n);
		assert_int_equal(r.end, DOCUMENT_DONE);
		assert_int_equal(
			r.out.n, strlen("< @= >") + DOCUMENT_NAME_BYTES + DOCUMENT_VALUE_BYTES);
		buf_release(&r.out);
	}
}

static void encodings(void **state)
{
	static const struct {
		const char *in, *out;
	} examples[] = {
		{"plain", "plain"}, {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f"},
		{"\x93x\x94 \x80", "\xe2\x80\x9cx\xe2\x80\x9d \xe2\x82\xac"},
		{"\xed\xa0\x80", "\xc3\xad\xc2\xa0\xe2\x82\xac"}, /* half a pair is no character */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		BUF_AUTO b = BUF_INIT(100);

		utf8_add(&b, str_of(examples[i].in));
		assert_string_equal(buf_text(&b), examples[i].out);
	}
	assert_int_equal(utf8_cut(STR("a\xc3\xbc"), 2).n, 1);
	assert_int_equal(utf8_cut(STR("a\xc3\xbc"), 3).n, 3);
}

static void nodes(void **state)
{
	struct node_pool pool;
	struct node *a, *b, *c;

	(void)state;
	node_pool_init(&pool, 5, 64);
	a = node_add(&pool, NULL, STR("a"));
	b = node_add(&pool, a, STR("b"));
	node_set_text(&pool, b, STR(" 12.5 "));
	c = node_add(&pool, a, STR("c"));
	node_set_text(&pool, node_add(&pool, c, STR("d")), STR("true"));
	assert_true(str_eq_c(node_text(a, "b"), "12.5"));
	assert_int_equal(node_int(a, "b", -1), 12);
	assert_true(node_seconds(a, "b") > 12.4);
	assert_int_equal(node_int(a, "x", -1), -1);
	assert_true(node_is_true(a, "c/d"));
	assert_true(node_is_true(a, "*/d") == false); /* the first of any name is b */
	assert_ptr_equal(node_get(c, "../b"), b);
	assert_ptr_equal(node_get(c, "."), c);
	assert_null(node_get(a, "../b"));
	assert_null(node_get(NULL, "b"));
	assert_non_null(node_add(&pool, a, STR("b")));
	assert_non_null(node_again(b));
	assert_null(node_add(&pool, a, STR("full")));
	assert_true(pool.over);
	node_pool_reset(&pool, (struct node_mark){0, 0});
	assert_null(node_add(&pool, NULL,
		STR("a name longer than all of the text that this small pool has room for "
		    "......")));
	node_pool_release(&pool);
}

/* --- in a log --- */

struct found_in {
	const char *text, *failures; /* "name@first-last ", and counts as "tests/red" */
};

static void explain(struct buf *out, struct str text, size_t piece)
{
	struct report_options options = {0};
	struct failure_list list;
	struct arena mem;
	struct err err = ERR_INIT;
	struct report *r;

	arena_init(&mem);
	failure_list_init(&list);
	r = report_new(&options, &mem);
	for (size_t i = 0; i < text.n; i += piece)
		report_feed(r, str_slice(text, i, i + piece));
	assert_true(report_finish(r, &list, &err) >= 0);
	vec_each (f, &list.items)
		buf_printf(out, "%.*s@%d-%d ", STR_ARGS(f->name.n ? f->name : f->type),
			f->source.first_line, f->source.last_line);
	if (list.counts.tests >= 0)
		buf_printf(
			out, "%d/%d", list.counts.tests, list.counts.failed + list.counts.errors);
	report_free(r);
	failure_list_release(&list);
	arena_release(&mem);
}

#define CASE(name) "<testcase name=\"" name "\"><failure/></testcase>"

static void in_logs(void **state)
{
	static const struct found_in examples[] = {
		{"<testsuite>\n" CASE("a") "\n</testsuite>\n", "a@2-2 1/1"},
		{"\xef\xbb\xbf  <testsuite>" CASE("a") "</testsuite>", "a@1-1 1/1"},
		/* behind lines of anything, and before them */
		{"> npm test\n[INFO] x\n\n<testsuite>\n" CASE("a") "\n</testsuite>\n[ERROR] y\n",
			"a@5-5 1/1"},
		/* several, on one line and on more */
		{"<testsuite>" CASE("a") "</testsuite><testsuite>" CASE(
			 "b") "</testsuite>\n"
			      "<?xml version='1.0'?><testsuites><testsuite>\n" CASE(
				      "c") "</testsuite></testsuites>",
			"a@1-1 b@1-1 c@3-3 3/3"},
		/* what looks like the start of one, and is told by a byte of the next piece */
		{"x\n  </\n <testsuite>" CASE("a") "</testsuite>", "a@3-3 1/1"},
		{"=\"C\n  </\n <testcase name=ee>", "1/0"},
		{"[1,\n[2\n<testsuite>" CASE("a") "</testsuite>", "a@3-3 1/1"},
		{"[ 1, [\n[\n\n{\"Action\":\"fail\",\"Package\":\"p\",\"Test\":\"T\"}\n",
			"T@4-4 1/1"},
		{"<?xml version='1.0'?>\nword\n<testsuite>" CASE("a") "</testsuite>", "a@3-3 1/1"},
		/* cut off */
		{"<testsuite>\n" CASE("a") "\n<testcase name=\"b\"><failure>half",
			"a@2-2 b@3-3 2/2"},
		{"<testsuite>\n" CASE("a") "\n<testcase name=\"b", "a@2-2 1/1"},
		/* the line formats go on where the document ends, and where none was */
		{"<testsuite>\n</testsuite>\na.c:3:4: error: no\n", "error@3-3 "},
		{"<nosuite>\na.c:3:4: error: no\n</nosuite>\n", "error@2-2 "},
		{"{\"a\": 1}\n[\n1]\n[x\na.c:3:4: error: no\n", "error@5-5 "},
		{"{\"a\": [\na.c:3:4: error: no\n", "error@2-2 "},
		/* behind what a CI system puts before every line */
		{"x\n2024-05-01T12:00:00.1234567Z <testsuite>\n2024-05-01T12:00:00.1234567Z " CASE(
			 "a") "\n2024-05-01T12:00:01.1234567Z </testsuite>\n"
			      "2024-05-01T12:00:01.1234567Z a.c:3:4: error: no\n",
			"a@3-3 error@5-5 1/1"},
		{"2024-05-01T12:00:00Z {\"Action\":\"fail\",\"Package\":\"p\",\"Test\":\"T\"}\n"
		 "2024-05-01T12:00:00Z {\n2024-05-01T12:00:00Z a.c:3:4: error: no\n",
			"T@1-1 error@3-3 1/1"},
		/* a program writes between the test cases; a report is cut off */
		{"<testsuite name=\"m\">\n" CASE("a") "\n  it says\na.c:3:4: error: no\n" CASE(
			 "b") "\n</testsuite>\nb.c:3:4: error: no\n",
			"a@2-2 b@5-5 error@4-4 error@7-7 2/2"},
		{"<testsuite><testcase name=\"a\"/>\n" CASE("b") "\na.c:3:4: error: no\n",
			"b@2-2 error@3-3 2/1"},
		{"<Site><Build>\na.c:3:4: error: no\n</Build>\na.c:5:4: error: no\n<Testing>\n",
			"error@4-4 "},
		/* inside of a document they see nothing */
		{"<testsuite><testcase name=\"a\"><system-out>\na.c:3:4: error: no\n"
		 "</system-out></testcase></testsuite>",
			"1/0"},
	};
	static const size_t pieces[] = {1 << 20, 1, 2, 3, 4, 5, 6, 7, 8, 64};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		for (size_t k = 0; k < ARRAY_LEN(pieces); k++) {
			BUF_AUTO out = BUF_INIT(1 << 16);

			explain(&out, str_of(examples[i].text), pieces[k]);
			if (!str_eq_c(buf_view(&out), examples[i].failures))
				fail_msg("%s\nin pieces of %zu gives %s", examples[i].text,
					pieces[k], buf_text(&out));
		}
}

/* UTF-16 in both orders, with and without its mark. */
static void utf16(void **state)
{
	const char *text = "<testsuite>\n" CASE("a") "</testsuite>\n";
	static const size_t pieces[] = {1 << 20, 1, 3};

	(void)state;
	for (int form = 0; form < 4; form++) {
		BUF_AUTO b = BUF_INIT(4096);
		bool big = form & 1;

		if (form & 2)
			buf_add(&b, big ? "\xfe\xff" : "\xff\xfe", 2);
		for (const char *p = text; *p; p++) {
			buf_char(&b, big ? '\0' : *p);
			buf_char(&b, big ? *p : '\0');
		}
		for (size_t k = 0; k < ARRAY_LEN(pieces); k++) {
			BUF_AUTO out = BUF_INIT(4096);

			explain(&out, buf_view(&b), pieces[k]);
			assert_string_equal(buf_text(&out), "a@2-2 1/1");
		}
	}
	for (size_t n = 1; n < 4; n++) {
		BUF_AUTO out = BUF_INIT(4096);

		explain(&out, str_slice(STR("\xff\xfe<"), 0, n), 1);
		assert_string_equal(buf_text(&out), "");
	}
}

/* A document that goes on for long without saying what it is. */
static void not_told(void **state)
{
	BUF_AUTO text = BUF_INIT(8 << 20);
	BUF_AUTO out = BUF_INIT(1 << 16);

	(void)state;
	buf_c(&text, "[\n");
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "%d,\n", i);
	buf_c(&text, "1]\na.c:3:4: error: no\n");
	explain(&out, buf_view(&text), 4096);
	assert_string_equal(buf_text(&out), "error@100003-100003 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xml),
		cmocka_unit_test(json),
		cmocka_unit_test(deep),
		cmocka_unit_test(long_parts),
		cmocka_unit_test(encodings),
		cmocka_unit_test(nodes),
		cmocka_unit_test(in_logs),
		cmocka_unit_test(utf16),
		cmocka_unit_test(not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
