/* Lists a file's candidates, best first: score, template, line, note; with -j one JSON patch a
 * line. */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/vec.h"
#include "json/json.h"
#include "kit/rewrite/rewrite.h"
#include "tools/selfheal_test.h"

struct wanted {
	size_t max;
	const char *template, *dir;
	bool json;
	struct rewrite_file files[16]; /* the file, then the context */
	size_t n_files;
	struct failure_list failures;
	struct suspect suspects[64];
	struct diagnosis diagnosis;
	struct arena mem;
};

static int add_file(struct wanted *w, const char *path)
{
	struct err err = ERR_INIT;
	struct buf text;

	buf_init(&text, LIMIT_SOURCE_BYTES);
	if (file_read(&text, path, &err) < 0) {
		fprintf(stderr, "selfheal-test: %s\n", err.msg);
		return -1;
	}
	if (w->n_files < 16)
		w->files[w->n_files++] = (struct rewrite_file){
			.path = str_of(path), .content = arena_str(&w->mem, buf_view(&text))};
	buf_release(&text);
	return 0;
}

static void add_failure(struct wanted *w, const char *text)
{
	struct failure *f = failure_list_add(&w->failures);
	struct str rest = str_of(text), type;

	if (str_cut(&rest, ":", &type))
		f->type = type;
	f->message = str_trim(rest);
	if (str_starts(f->type, "Syntax") || str_starts(f->type, "Indentation") ||
		str_ends(f->type, "error"))
		f->kind = FAILURE_COMPILE;
}

/* The n-th message is of the n-th line, as far as there are lines. */
static void place_failures(struct wanted *w)
{
	for (size_t i = 0; i < w->failures.items.n && i < w->diagnosis.suspects.n; i++) {
		w->failures.items.v[i].file = w->files[0].path;
		w->failures.items.v[i].line = w->suspects[i].line;
	}
}

static void show(const struct wanted *w, const struct patch *p)
{
	BUF_AUTO out;

	buf_init(&out, LIMIT_TEXT_BYTES);
	if (w->json) {
		struct json_t *j = patch_to_json(p);
		char normal[17];

		snprintf(normal, sizeof(normal), "%016llx", (unsigned long long)p->normal);
		json_put_c(j, "normal", normal);
		json_write(&out, j, 0);
		printf("%s\n", buf_text(&out));
		json_free(j);
		return;
	}
	printf("%.6f %.*s:%d %.*s\n", p->score, STR_ARGS(p->origin), p->line, STR_ARGS(p->note));
}

static int list(struct wanted *w)
{
	CLEANUP(rewrite_freep) struct rewrite *r = NULL;
	struct rewrite_options options = {.files = w->files,
		.n_files = 1,
		.context = w->files + 1,
		.n_context = w->n_files - 1,
		.failures = &w->failures,
		.diagnosis = &w->diagnosis,
		.templates_dir = w->dir};
	struct err err = ERR_INIT;
	struct patch patch;

	if (rewrite_open(&r, &options, &err) < 0) {
		fprintf(stderr, "selfheal-test: %s\n", err.msg);
		return 1;
	}
	for (size_t n = 0; n < w->max && rewrite_next(r, &patch, 1); n++)
		if (!w->template || str_eq_c(patch.origin, w->template))
			show(w, &patch);
	return 0;
}

int tool_rewrite(int argc, char **argv)
{
	struct wanted w = {.max = 1000000};
	int option, rc = 64, line;

	w.diagnosis.suspects.v = w.suspects;
	w.n_files = 1; /* the file itself, read last */
	while ((option = getopt(argc, argv, "n:l:t:jc:m:d:")) != -1) {
		if (option == 'n' && str_to_int(str_of(optarg), 0, 10000000, &line))
			w.max = (size_t)line;
		else if (option == 'l' && str_to_int(str_of(optarg), 1, 10000000, &line) &&
			 w.diagnosis.suspects.n < 64)
			w.suspects[w.diagnosis.suspects.n++] =
				(struct suspect){.line = line, .suspiciousness = 1};
		else if (option == 't')
			w.template = optarg;
		else if (option == 'j')
			w.json = true;
		else if (option == 'd')
			w.dir = optarg;
		else if (option == 'm')
			add_failure(&w, optarg);
		else if (option != 'c' || add_file(&w, optarg) < 0)
			return 64;
	}
	if (optind + 1 == argc) {
		size_t n = w.n_files;

		w.n_files = 0;
		rc = add_file(&w, argv[optind]) < 0 ? 1 : 0;
		w.n_files = n;
		for (size_t i = 0; i < w.diagnosis.suspects.n; i++)
			w.suspects[i].path = w.files[0].path;
		place_failures(&w);
		rc = rc ? rc : list(&w);
	}
	failure_list_release(&w.failures);
	arena_release(&w.mem);
	return rc;
}

int tool_normal(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct err err = ERR_INIT;
		const char *language = rewrite_language_of(str_of(argv[i]));
		BUF_AUTO text;

		buf_init(&text, LIMIT_SOURCE_BYTES);
		if (!language || file_read(&text, argv[i], &err) < 0)
			return 1;
		printf("%016llx %s\n",
			(unsigned long long)rewrite_normal_form(language, buf_view(&text)),
			argv[i]);
	}
	return 0;
}
