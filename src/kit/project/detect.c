#include "kit/project/detect.h"

#include "kit/project/command.h"
#include "kit/project/runner.h"
#include "kit/project/workflow.h"

/* --- languages --- */

static const struct {
	const char *extension, *language;
} extensions[] = {
	{".py", "python"},
	{".c", "c"},
	{".cc", "cpp"},
	{".cpp", "cpp"},
	{".cxx", "cpp"},
	{".hpp", "cpp"},
	{".js", "javascript"},
	{".mjs", "javascript"},
	{".cjs", "javascript"},
	{".jsx", "javascript"},
	{".ts", "typescript"},
	{".tsx", "typescript"},
	{".go", "go"},
	{".rs", "rust"},
	{".java", "java"},
	{".kt", "kotlin"},
	{".rb", "ruby"},
	{".php", "php"},
	{".cs", "csharp"},
	{".sh", "shell"},
};

struct language_count {
	struct str language;
	int files;
};

static int most_first(const void *a, const void *b)
{
	const struct language_count *x = a, *y = b;

	return x->files != y->files ? y->files - x->files : str_cmp(x->language, y->language);
}

static void count_file(struct language_count *counts, size_t *n, struct str path)
{
	struct str extension = str_extension(path);
	size_t i, at;

	for (i = 0; i < ARRAY_LEN(extensions); i++)
		if (str_eq_c(extension, extensions[i].extension))
			break;
	if (i == ARRAY_LEN(extensions))
		return;
	for (at = 0; at < *n; at++)
		if (str_eq_c(counts[at].language, extensions[i].language))
			break;
	if (at == *n)
		counts[(*n)++] =
			(struct language_count){.language = str_of(extensions[i].language)};
	counts[at].files++;
}

static void find_languages(struct project *out, const struct scan *scan)
{
	struct language_count counts[ARRAY_LEN(extensions)];
	size_t n = 0;

	vec_each (file, &scan->files) {
		count_file(counts, &n, *file);
	}
	qsort(counts, n, sizeof(*counts), most_first);
	out->languages.n = n;
	out->languages.v = arena_array(scan->mem, n, sizeof(struct str));
	for (size_t i = 0; i < n; i++)
		out->languages.v[i] = counts[i].language;
}

int project_languages(struct project *out, const char *root, struct arena *mem, struct err *err)
{
	SCAN_AUTO scan = {0};

	*out = (struct project){0};
	if (scan_load(&scan, root, mem, err) < 0)
		return -1;
	find_languages(out, &scan);
	return 0;
}

/* --- the command --- */

void project_note(struct project *p, struct arena *mem, struct str note)
{
	struct str *grown = arena_array(mem, p->notes.n + 1, sizeof(*grown));

	if (p->notes.n)
		memcpy(grown, p->notes.v, p->notes.n * sizeof(*grown));
	grown[p->notes.n++] = note;
	p->notes.v = grown;
}

static void take(struct project *out, const struct runner_match *match)
{
	out->command = match->command;
	out->why = match->why;
	out->runner = project_runner_of(match->command);
}

/* First a line short enough for an error message, last what exactly each runner is known by. */
static void say_what_was_looked_for(struct project *out, struct arena *mem)
{
	struct project seen = *out;
	BUF_AUTO names = BUF_INIT(8 << 10);
	BUF_AUTO files = BUF_INIT(8 << 10);

	buf_c(&names, "looked for a workflow's test step");
	buf_c(&files, "looked for a test step in .github/workflows");
	for (unsigned i = 0; i < runner_count; i++) {
		struct str name = arena_printf(mem, ", %s", runners[i].name);
		if (!str_has(buf_view(&names), name.p))
			buf_str(&names, name);
		buf_printf(&files, "; %s", runners[i].looks_for);
	}
	out->notes.n = 0;
	project_note(out, mem, arena_str(mem, buf_view(&names)));
	for (size_t i = 0; i < seen.notes.n; i++)
		project_note(out, mem, seen.notes.v[i]);
	project_note(out, mem, arena_str(mem, buf_view(&files)));
}

int project_detect(struct project *out, const char *root, const struct project_probe *probe,
	struct arena *mem, struct err *err)
{
	SCAN_AUTO scan = {0};
	struct detection d = {
		.scan = &scan, .probe = probe ? probe : &project_probe_machine, .mem = mem};
	struct runner_match match;

	*out = (struct project){.command = STR(""), .runner = STR(""), .why = STR("")};
	if (scan_load(&scan, root, mem, err) < 0)
		return -1;
	find_languages(out, &scan);
	if (workflow_match(&d, &match, out)) {
		take(out, &match);
		return 0;
	}
	for (unsigned i = 0; i < runner_count; i++)
		if (runners[i].match(&d, &match)) {
			take(out, &match);
			if (!out->runner.n)
				out->runner = str_of(runners[i].name);
			return 0;
		}
	say_what_was_looked_for(out, mem);
	return PROJECT_UNKNOWN;
}

struct str project_runner_of(struct str command)
{
	struct str line, runner = STR("");

	while (str_next_line(&command, &line))
		if (command_role(line, &runner) == COMMAND_TEST)
			return runner;
	return STR("");
}
