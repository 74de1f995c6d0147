/* Whatever a log holds: no crash, no undefined behaviour, bounded results, and the same failures
 * in whatever pieces it comes. Byte 0 chooses the format (0 and beyond the table: all), byte 1 the
 * options and the size of the pieces. */
#include <stdint.h>
#include <stdlib.h>

#include "base/limits.h"
#include "json/json.h"
#include "kit/report/format.h"
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

/* Patterns compiled and strings kept stay: new ones now and then bound that. */
enum { TABLES_USES = 20000 };

static struct report_tables *tables_get(void)
{
	static struct report_tables *tables;
	static int uses;

	if (uses++ % TABLES_USES == 0) {
		report_tables_free(tables);
		tables = report_tables_new();
	}
	return tables;
}

static void parse(
	struct buf *json, struct str text, const struct report_options *options, size_t piece)
{
	ARENA_AUTO mem;
	CLEANUP(report_freep) struct report *r = NULL;
	struct failure_list list;
	struct err err = ERR_INIT;
	struct json_t *j;

	arena_init(&mem);
	failure_list_init(&list);
	r = report_new(options, &mem);
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
	struct report_options options = {0};
	struct str text;

	if (size < 2)
		return 0;
	options.format = data[0] && data[0] <= report_format_count
				 ? report_formats[data[0] - 1]->name
				 : NULL;
	options.warnings = data[1] & 1 ? REPORT_WARNINGS_ALWAYS : REPORT_WARNINGS_NEVER;
	options.has_exit = data[1] & 2;
	options.exit_code = data[1] & 4 ? 139 : data[1] & 8;
	options.tables = tables_get();
	text = str_make((const char *)data + 2, size - 2);
	parse(&whole, text, &options, size);
	parse(&pieces, text, &options, (size_t)(data[1] >> 4) + 1);
	check(str_eq(buf_view(&whole), buf_view(&pieces)));
	return 0;
}
