/* Whatever a log holds: no crash, no undefined behaviour, bounded results, and the same failures
 * in whatever pieces it comes. Byte 0 chooses the format (0 and beyond the table: all), byte 1 the
 * options and the size of the pieces. */
#include <stdint.h>
#include <stdlib.h>

#include "base/limits.h"
#include "json/json.h"
#include "kit/report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_failure(const struct failure *f, size_t size)
{
	check(strlen(f->fingerprint) == 64 && strlen(f->cause) == 64);
	check(f->stack.n <= LIMIT_FRAMES && f->line >= 0 && f->column >= 0);
	check(f->source.first_line >= 0 && f->source.last_line <= (int)size + 1);
	check(f->attempts >= 1);
	for (int i = 0; i < FAILURE_CLASS_LEVELS; i++)
		check(f->class_[i].n > 0);
}

/* Making a report costs more than reading a small text: one serves many inputs of its options. */
enum { READERS = 16, READER_USES = 200 };

struct reader {
	struct report *report;
	struct report_options options;
	struct arena mem;
	int uses;
};

static bool same_options(const struct report_options *a, const struct report_options *b)
{
	return a->format == b->format && a->warnings == b->warnings && a->has_exit == b->has_exit &&
	       a->exit_code == b->exit_code;
}

static struct report *reader_get(struct reader *reader, const struct report_options *options)
{
	if (reader->report && reader->uses < READER_USES &&
		same_options(&reader->options, options)) {
		reader->uses++;
		report_restart(reader->report, STR(""));
		return reader->report;
	}
	report_free(reader->report);
	arena_release(&reader->mem);
	arena_init(&reader->mem);
	reader->options = *options;
	reader->uses = 0;
	reader->report = report_new(options, &reader->mem);
	return reader->report;
}

static void parse(struct buf *json, struct str text, struct report *r, size_t piece)
{
	struct failure_list list;
	struct err err = ERR_INIT;
	struct json_t *j;

	failure_list_init(&list);
	for (size_t i = 0; i < text.n; i += piece)
		report_feed(r, str_slice(text, i, i + piece));
	check(report_finish(r, &list, &err) == (list.items.n ? 0 : REPORT_NOTHING));
	vec_each (f, &list.items)
		check_failure(f, text.n);
	j = failure_list_to_json(&list);
	json_write(json, j, 0);
	json_free(j);
	failure_list_release(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BUF_AUTO whole = {.cap = 64 << 20};
	BUF_AUTO pieces = {.cap = 64 << 20};
	static struct reader readers[READERS];
	struct report_options options = {0};
	struct reader *reader;
	struct str text;

	if (size < 2)
		return 0;
	options.format = data[0] ? report_format_name(data[0] - 1) : NULL;
	options.warnings = data[1] & 1 ? REPORT_WARNINGS_ALWAYS : REPORT_WARNINGS_NEVER;
	options.has_exit = data[1] & 2;
	options.exit_code = data[1] & 4 ? 139 : data[1] & 8;
	text = str_make((const char *)data + 2, size - 2);
	reader = &readers[(data[0] + (size_t)data[1] * 3) % READERS];
	parse(&whole, text, reader_get(reader, &options), size);
	parse(&pieces, text, reader_get(reader, &options), (size_t)(data[1] >> 4) + 1);
	check(str_eq(buf_view(&whole), buf_view(&pieces)));
	return 0;
}
