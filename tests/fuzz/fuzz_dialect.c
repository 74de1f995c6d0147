/* Documents and what their dialects make of them, through one report that is used again: building
 * its tables takes a thousand times as long as reading an input. The same failures in whatever
 * pieces the text comes. Byte 0: the size of the pieces. */
#include <stdint.h>
#include <stdlib.h>

#include "kit/report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RUNS = 500 }; /* of one report: its failures' strings stay with it */

static struct {
	struct report *report;
	struct arena mem;
	int runs;
} shared;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void renew(void)
{
	struct report_options options = {0};

	if (shared.runs++ % RUNS)
		return;
	report_free(shared.report);
	arena_release(&shared.mem);
	arena_init(&shared.mem);
	shared.report = report_new(&options, &shared.mem);
}

static uint64_t mix(uint64_t hash, struct str s)
{
	return (hash ^ str_hash(s)) * UINT64_C(0x100000001b3);
}

static uint64_t read_all(struct str text, size_t piece)
{
	struct failure_list list;
	struct err err = ERR_INIT;
	uint64_t hash = 0;

	failure_list_init(&list);
	report_restart(shared.report, STR("x"));
	for (size_t i = 0; i < text.n; i += piece)
		report_feed(shared.report, str_slice(text, i, i + piece));
	check(report_finish(shared.report, &list, &err) >= 0);
	vec_each (f, &list.items) {
		check(f->line >= 0 && f->column >= 0 && f->attempts >= 1);
		check(f->source.last_line <= (int)text.n + 1);
		hash = mix(mix(mix(hash, f->name), f->file), f->message) + (uint64_t)f->line;
	}
	hash = hash * 31 + (uint64_t)list.counts.tests * 7 + (uint64_t)list.counts.failed;
	failure_list_release(&list);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text;

	if (size < 2)
		return 0;
	renew();
	text = str_make((const char *)data + 1, size - 1);
	check(read_all(text, text.n) == read_all(text, (size_t)data[0] + 1));
	return 0;
}
