/* What tools really print -> failures: tests/golden/report/<case>/{input,expect}; a file "options"
 * may hold lines "warnings", "exit N", "root" (the folder beside it is the project's).
 * UPDATE_GOLDEN=1 rewrites expect. The excerpt is compared only where the options say "excerpt": it
 * is not the formats' doing alone. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "json/json.h"
#include "kit/report/report.h"

#define FOLDER "golden/report/"

static int failed, compared;
static bool with_excerpt;

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char piece[8192];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(piece, 1, sizeof(piece), f)))
		buf_add(out, piece, n);
	fclose(f);
	return true;
}

static void write_file(const char *path, struct str text)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	assert_int_equal(fclose(f), 0);
}

static void read_options(const char *folder, struct report_options *o)
{
	char path[600];
	BUF_AUTO text = {.cap = 4096};
	struct str rest, line;

	snprintf(path, sizeof(path), "%s/options", folder);
	if (!read_file(path, &text))
		return;
	for (rest = buf_view(&text); str_next_line(&rest, &line);) {
		if (str_skip(&line, "exit ")) {
			o->has_exit = true;
			assert_true(str_to_int(line, 0, 255, &o->exit_code));
		} else if (str_eq_c(line, "excerpt")) {
			with_excerpt = true;
		} else if (str_eq_c(line, "root")) {
			snprintf(path, sizeof(path), "%s/root", folder);
			o->root = realpath(path, NULL);
		}
	}
}

/* Hashes say nothing to a reader; test_fingerprint.c has them. */
static void forget_hashes(struct failure_list *list)
{
	vec_each (f, &list->items) {
		assert_int_equal(strlen(f->fingerprint), 64);
		assert_true(str_eq_c(f->class_[4], f->cause));
		f->fingerprint[0] = f->cause[0] = '\0';
		f->class_[4] = STR("");
	}
}

/* The pieces in which the text comes must not matter. */
static void parse(struct failure_list *list, struct str text, const struct report_options *o,
	struct arena *mem, size_t piece)
{
	struct err err = ERR_INIT;
	CLEANUP(report_freep) struct report *r = report_new(o, mem);

	for (size_t i = 0; i < text.n; i += piece)
		report_feed(r, str_slice(text, i, i + piece));
	assert_true(report_finish(r, list, &err) >= 0);
}

/* Cuts the member "excerpt" out of a written report. */
static void forget_excerpt(struct buf *text)
{
	ptrdiff_t at = with_excerpt ? -1 : str_find_c(buf_view(text), "\n  \"excerpt\": [");
	ptrdiff_t end = at < 0 ? -1 : str_find_c(str_from(buf_view(text), (size_t)at), "],\n  \"");

	if (end > 0)
		buf_splice(text, (size_t)at, (size_t)end + 2, STR(""));
}

static void run_case(const char *name)
{
	static const size_t pieces[] = {1 << 20, 7};
	struct report_options options = {.warnings = REPORT_WARNINGS_ALWAYS};
	char folder[512], path[600];
	BUF_AUTO input = {.cap = 16 << 20};
	BUF_AUTO expect = {.cap = 16 << 20};

	with_excerpt = false;
	snprintf(folder, sizeof(folder), FOLDER "%s", name);
	read_options(folder, &options);
	snprintf(path, sizeof(path), "%s/input", folder);
	if (!read_file(path, &input))
		fail_msg("no input in %s", folder);
	snprintf(path, sizeof(path), "%s/expect", folder);
	(void)read_file(path, &expect);
	forget_excerpt(&expect);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct failure_list list;
		struct arena mem;
		BUF_AUTO got = {.cap = 16 << 20};
		struct json_t *j;

		arena_init(&mem);
		failure_list_init(&list);
		parse(&list, buf_view(&input), &options, &mem, pieces[i]);
		forget_hashes(&list);
		j = failure_list_to_json(&list);
		json_write(&got, j, 2);
		buf_char(&got, '\n');
		forget_excerpt(&got);
		json_free(j);
		failure_list_release(&list);
		arena_release(&mem);
		if (i == 0 && getenv("UPDATE_GOLDEN"))
			write_file(path, buf_view(&got));
		else if (!str_eq(buf_view(&got), buf_view(&expect)) && !getenv("UPDATE_GOLDEN")) {
			fprintf(stderr, "--- %s (pieces of %zu) gives\n%s", name, pieces[i],
				buf_text(&got));
			failed++;
		}
	}
	compared++;
	free((char *)(uintptr_t)options.root);
}

static void golden(void **state)
{
	struct dirent **entries = NULL;
	int n = scandir(FOLDER, &entries, NULL, alphasort);

	(void)state;
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.')
			run_case(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	assert_true(compared > 0);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(golden)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
