#include "heal/look.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/strmap.h"
#include "detect/detect.h"
#include "diagnose/diagnose.h"
#include "kit/rewrite/rewrite.h"
#include "kit/trial/spectrum.h"
#include "kit/trial/trial.h"
#include "repair/fixits.h"

enum {
	FILES_MAX = 12,  /* that candidates are made for */
	CONTEXT_MAX = 8, /* further ones that ingredients come from */
	PROBED_MAX = 64, /* C files with line probes */
	PROBED_BYTES = 1 << 20,
};

static bool is_test(void *data, struct str path)
{
	(void)data;
	return project_path_is_test(path);
}

/* The language most of the evidence speaks of: of the first project file a failure names, else of
 * most product files. */
static const char *language_of(const struct failure_list *failures, const struct project_tree *tree)
{
	size_t python = 0, c = 0;

	vec_each (f, &failures->items) {
		const char *language = f->file.n ? rewrite_language_of(f->file) : NULL;

		if (language && (f->file.p[0] != '/'))
			return language;
	}
	for (size_t i = 0; i < tree->n; i++)
		if (strcmp(tree->v[i].language, "python") == 0)
			python++;
		else if (tree->v[i].language[0] == 'c')
			c++;
	return python >= c && python ? "python" : c ? "c" : NULL;
}

static int collect_spectrum(struct spectrum *out, const struct failure_list *failures,
	const struct look_options *o, struct arena *mem, struct err *err)
{
	const char *language = language_of(failures, o->tree);
	struct spectrum_options options = {
		.command = o->command, .failures = failures, .timeout_ms = o->timeout_ms * 2};
	struct str *probed = arena_array(mem, PROBED_MAX, sizeof(*probed));
	size_t bytes = 0;

	if (!language)
		return SPECTRUM_UNAVAILABLE;
	if (strcmp(language, "python") == 0)
		return spectrum_python(out, o->trial, &options, mem, err);
	options.files = probed;
	for (size_t i = 0; i < o->tree->n && options.n_files < PROBED_MAX; i++) {
		const struct project_file *f = &o->tree->v[i];

		if (f->is_test || f->language[0] != 'c' || bytes + f->size > PROBED_BYTES)
			continue;
		bytes += f->size;
		probed[options.n_files++] = f->path;
	}
	return options.n_files ? spectrum_c(out, o->trial, &options, mem, err)
			       : SPECTRUM_UNAVAILABLE;
}

/* Whether coverage would say anything: what does not compile does not run. */
static bool wants_spectrum(const struct failure_list *failures)
{
	vec_each (f, &failures->items)
		if (f->kind == FAILURE_COMPILE || f->kind == FAILURE_DEPENDENCY)
			return false;
	return true;
}

static bool is_listed(const struct rewrite_file *files, size_t n, struct str path)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(files[i].path, path))
			return true;
	return false;
}

/* Adds the file if it is in a known language, not listed yet, and can be read. */
static void load(struct rewrite_file *files, size_t *n, size_t max, struct str path,
	const struct look_options *o, struct arena *mem)
{
	struct err ignored = ERR_INIT;
	BUF_AUTO content;

	buf_init(&content, LIMIT_SOURCE_BYTES);
	if (!rewrite_language_of(path) || *n >= max || is_listed(files, *n, path) ||
		trial_read(o->trial, path, &content, &ignored) < 0)
		return;
	files[(*n)++] = (struct rewrite_file){.path = arena_str(mem, path),
		.content = arena_str(mem, buf_view(&content)),
		.language = rewrite_language_of(path)};
}

/* Suspected files first; without any, the product files nearest to the project's root. */
static void choose_files(struct scene *out, const struct look_options *o, struct arena *mem)
{
	const struct diagnosis *d = &out->diagnosis;

	out->files = arena_array(mem, FILES_MAX, sizeof(*out->files));
	for (size_t i = 0; i < d->affected_files.n; i++)
		load(out->files, &out->n_files, FILES_MAX, d->affected_files.v[i], o, mem);
	if (out->n_files)
		return;
	for (size_t i = 0; i < o->tree->n; i++)
		if (!o->tree->v[i].is_test)
			load(out->files, &out->n_files, FILES_MAX, o->tree->v[i].path, o, mem);
}

/* The failing tests' own files: their literals, names and calls are ingredients. */
static void choose_context(struct scene *out, const struct look_options *o, struct arena *mem)
{
	out->context = arena_array(mem, CONTEXT_MAX, sizeof(*out->context));
	vec_each (f, &out->failures.items) {
		if (f->file.n && project_path_is_test(f->file))
			load(out->context, &out->n_context, CONTEXT_MAX, f->file, o, mem);
		vec_each (frame, &f->stack)
			if (frame->in_project && project_path_is_test(frame->path))
				load(out->context, &out->n_context, CONTEXT_MAX, frame->path, o,
					mem);
	}
	for (size_t i = 0; i < o->tree->n && out->n_context == 0; i++)
		if (o->tree->v[i].is_test)
			load(out->context, &out->n_context, CONTEXT_MAX, o->tree->v[i].path, o,
				mem);
}

int look_at(struct scene *out, struct failure_list *failures, const struct look_options *o,
	struct arena *mem, struct err *err)
{
	struct spectrum spectrum = {0};
	struct diagnose_options how = {.is_test = is_test};
	struct err why = ERR_INIT;
	int rc = SPECTRUM_UNAVAILABLE;

	*out = (struct scene){.failures = *failures};
	failure_list_init(failures);
	how.failures = &out->failures;
	if (wants_spectrum(&out->failures))
		rc = collect_spectrum(&spectrum, &out->failures, o, mem, &why);
	if (rc < 0) {
		*err = why;
		return -1;
	}
	if (rc == 0)
		how.spectrum = &spectrum;
	else if (why.msg[0])
		log_debug("no spectrum: %s", why.msg);
	diagnose(&out->diagnosis, &how, mem);
	choose_files(out, o, mem);
	choose_context(out, o, mem);
	return 0;
}

int look_again(struct scene *out, const struct look_options *o, struct arena *mem, struct err *err)
{
	static const char *const env[] = {FIXITS_ENV, NULL};
	struct detect_options how = {.command = o->command,
		.tables = o->tables,
		.root = trial_root(o->trial),
		.env_set = env,
		.timeout_ms = o->timeout_ms};
	struct test_run run;
	int rc;

	if (test_run_once(&run, o->trial, &how, mem, err) < 0)
		return -1;
	rc = look_at(out, &run.failures, o, mem, err);
	test_run_release(&run);
	return rc;
}
