#include "heal/scan_run.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "detect/detect.h"
#include "detect/scan.h"
#include "json/json.h"
#include "kit/project/project.h"
#include "kit/project/tree.h"
#include "kit/report/inputs.h"
#include "kit/rewrite/library.h"
#include "port/git/repo.h"

enum { TEST_TIMEOUT_MS = 600 * 1000, PACKS_MAX = LIBRARY_LANGUAGES_MAX };

struct scanning {
	const struct scan_options *options;
	struct scan_result *out;
	struct report_tables *tables;
	struct arena *mem;
};

void scan_result_init(struct scan_result *r)
{
	*r = (struct scan_result){.outcome = OUTCOME_NOTHING_TO_DO};
	issue_list_init(&r->issues);
}

void scan_result_release(struct scan_result *r)
{
	issue_list_release(&r->issues);
}

static void notice(struct scanning *s, struct str text)
{
	if (s->out->n_notices < SCAN_NOTICES_MAX)
		s->out->notices[s->out->n_notices++] = text;
}

static void tell(struct scanning *s, const char *stage)
{
	const struct heal_options *o = s->options->heal;
	struct heal_progress p = {.stage = stage};

	if (o->progress)
		o->progress(o->data, &p);
}

/* --- the tests --- */

static int find_command(struct scanning *s, struct err *err)
{
	const struct heal_options *o = s->options->heal;
	struct project found = {0};
	int rc;

	s->out->command = arena_str(s->mem, str_of(o->command));
	if (o->command)
		return 0;
	rc = project_detect(&found, o->root, NULL, s->mem, err);
	if (rc == 0)
		s->out->command = found.command;
	return rc < 0 ? -1 : 0;
}

static int run_tests(struct scanning *s, struct trial *trial, struct err *err)
{
	const struct heal_options *o = s->options->heal;
	struct detection d = {0};
	struct detect_options how = {.command = arena_cstr(s->mem, s->out->command),
		.setup = o->setup,
		.root = trial_root(trial),
		.tables = s->tables,
		.timeout_ms = o->timeout_ms ? o->timeout_ms : TEST_TIMEOUT_MS};
	int rc;

	failure_list_init(&d.first.failures);
	tell(s, "run tests");
	rc = detect_failures(&d, trial, &how, s->mem, err);
	if (rc == 0) {
		s->out->ran = true;
		s->out->outcome = d.outcome;
		s->out->why = d.why;
		scan_take_failures(&s->out->issues, &d.first.failures, s->mem);
	}
	detection_release(&d);
	return rc;
}

static int scan_tests(struct scanning *s, struct err *err)
{
	const struct heal_options *o = s->options->heal;
	CLEANUP(trial_freep) struct trial *trial = NULL;
	struct trial_options how = {.root = o->root,
		.sandbox = o->sandbox,
		.network = o->network,
		.env_allow = o->env_allow,
		.services = o->services,
		.ignore = o->ignore,
		.hide = o->hide};

	if (find_command(s, err) < 0)
		return -1;
	if (!s->out->command.n) {
		notice(s, STR("no test command found: give one with --test or 'test:' in "
			      ".selfheal.yml, or --no-tests"));
		return 0;
	}
	if (trial_open(&trial, &how, err) < 0)
		return -1;
	return run_tests(s, trial, err);
}

/* --- what others left --- */

static int read_reports(struct scanning *s, const char *const *paths, const char *format,
	struct failure_list *list, struct err *err)
{
	struct report_options how = {.format = format,
		.root = s->options->heal->root,
		.tables = s->tables,
		.warnings = format ? REPORT_WARNINGS_ALWAYS : REPORT_WARNINGS_AUTO};
	struct inputs inputs;
	int rc = 0;

	failure_list_init(list);
	inputs_init(&inputs, &how, list, s->mem);
	for (; paths && *paths && rc == 0; paths++)
		rc = inputs_read(&inputs, *paths, err);
	inputs_finish(&inputs);
	if (inputs.full)
		notice(s, STR("there are too many reports: only the first were read"));
	inputs_release(&inputs);
	return rc;
}

static int scan_logs(struct scanning *s, struct err *err)
{
	struct failure_list list;
	int rc = read_reports(s, s->options->logs, NULL, &list, err);

	scan_take_failures(&s->out->issues, &list, s->mem);
	if (rc == 0 && list.items.n)
		s->out->outcome = OUTCOME_NOT_HEALED;
	failure_list_release(&list);
	return rc;
}

static int scan_sarif(struct scanning *s, struct err *err)
{
	struct failure_list list;
	int rc;

	if (!s->options->sarif || !*s->options->sarif)
		return 0;
	tell(s, "read findings");
	rc = read_reports(s, s->options->sarif, "sarif", &list, err);
	scan_take_findings(&s->out->issues, &list, s->options->heal->root, s->mem);
	failure_list_release(&list);
	return rc;
}

static int read_coverage(struct scanning *s, struct coverage *c, size_t *n, struct err *err)
{
	static const char *const usual[] = {"coverage.xml", "cobertura.xml", "lcov.info",
		"coverage/lcov.info", "coverage/coverage.xml", "coverage/cobertura-coverage.xml",
		"build/coverage.xml", "build/coverage.info", "coverage.info"};
	const char *const *given = s->options->coverage;

	for (*n = 0; given && given[*n]; ++*n)
		if (coverage_read(c, given[*n], err) < 0)
			return -1;
	for (size_t i = 0; !*n && i < ARRAY_LEN(usual); i++) {
		const char *path =
			arena_printf(s->mem, "%s/%s", s->options->heal->root, usual[i]).p;
		struct err why = ERR_INIT;

		if (!file_is_regular(path))
			continue;
		if (coverage_read(c, path, &why) < 0)
			notice(s, arena_printf(s->mem, "%s", why.msg));
		else
			++*n;
	}
	return 0;
}

static int scan_coverage(struct scanning *s, struct err *err)
{
	COVERAGE_AUTO coverage;
	size_t n, missing = 0;

	coverage_init(&coverage);
	if (read_coverage(s, &coverage, &n, err) < 0)
		return -1;
	if (!n)
		return 0;
	tell(s, "read coverage");
	coverage_finish(&coverage, s->options->heal->root);
	vec_each (f, &coverage.files)
		missing += f->missing && !f->joined;
	if (missing)
		notice(s, arena_printf(s->mem,
				  "coverage of %zu files that are not here was left out", missing));
	scan_take_coverage(&s->out->issues, &coverage, s->options->coverage_least, s->mem);
	return 0;
}

/* --- the sources --- */

struct packs {
	struct pack v[PACKS_MAX];
	size_t n;
};

static int pack_for(struct packs *packs, struct scanning *s, const char *language,
	struct pack **out, struct err *err)
{
	struct str text = STR_NULL;
	struct pack *pack;

	*out = NULL;
	for (size_t i = 0; i < packs->n; i++)
		if (str_eq_c(packs->v[i].name, language)) {
			*out = &packs->v[i];
			return 0;
		}
	if (library_pack_text(
		    &text, s->options->heal->templates_dir, str_of(language), s->mem, err) < 0)
		return -1;
	if (!text.p || packs->n == PACKS_MAX)
		return 0;
	pack = &packs->v[packs->n++];
	*out = pack;
	return pack_load(pack, text, language, s->mem, err);
}

/* A file that went away or is too deep for the parser is left out. */
static void measure_file(
	struct scanning *s, const struct project_file *file, const struct pack *pack)
{
	CLEANUP(syntax_tree_freep) struct syntax_tree *tree = NULL;
	BUF_AUTO text = BUF_INIT(LIMIT_SOURCE_BYTES);
	complexity_list_t functions = {0};
	struct err why = ERR_INIT;
	BUF_AUTO path = BUF_INIT(LIMIT_PATH_BYTES);

	buf_printf(&path, "%s/%.*s", s->options->heal->root, STR_ARGS(file->path));
	if (file_read_untrusted(&text, buf_text(&path), &why) < 0 ||
		syntax_parse(&tree, pack->language, buf_view(&text), &why) < 0)
		return;
	complexity_measure(&functions, pack, tree, s->options->complexity, s->mem);
	scan_take_complexity(
		&s->out->issues, file->path, &functions, s->options->complexity, s->mem);
	vec_free(&functions);
}

static int scan_sources(struct scanning *s, struct err *err)
{
	struct packs packs = {.n = 0};
	struct project_tree tree;
	int rc = 0;

	if (!s->options->complexity)
		return 0;
	tell(s, "measure");
	if (project_tree_read(&tree, s->options->heal->root, s->mem, err) < 0)
		return -1;
	if (tree.truncated)
		notice(s, STR("the project has too many files: not all were measured"));
	for (size_t i = 0; i < tree.n && rc == 0; i++) {
		struct pack *pack = NULL;

		if (tree.v[i].is_test)
			continue;
		rc = pack_for(&packs, s, tree.v[i].language, &pack, err);
		if (rc == 0 && pack && pack->decisions.any)
			measure_file(s, &tree.v[i], pack);
	}
	for (size_t i = 0; i < packs.n; i++)
		pack_release(&packs.v[i]);
	return rc;
}

/* --- all of it --- */

/* Which commit it was: told when it is known, no condition of anything. */
static void read_commit(struct scanning *s)
{
	CLEANUP(repo_freep) struct repo *repo = NULL;
	struct err ignored = ERR_INIT;
	struct repo_head head;

	if (repo_open(&repo, s->options->heal->root, &ignored) == 0 &&
		repo_head(repo, &head, s->mem, &ignored) == 0)
		s->out->commit = arena_str(s->mem, str_of(head.commit));
}

int scan_run(struct scan_result *out, const struct scan_options *options, struct arena *mem,
	struct err *err)
{
	CLEANUP(report_tables_freep) struct report_tables *tables = NULL;
	struct scanning s = {.options = options, .out = out, .mem = mem};
	int64_t begin = clock_mono_ms();
	bool logs = options->logs && *options->logs;

	if (report_tables_load(&tables, options->heal->templates_dir, err) < 0)
		return -1;
	s.tables = tables;
	read_commit(&s);
	if ((logs && scan_logs(&s, err) < 0) ||
		(!logs && !options->no_tests && scan_tests(&s, err) < 0))
		return -1;
	if (scan_sarif(&s, err) < 0 || scan_sources(&s, err) < 0 || scan_coverage(&s, err) < 0)
		return -1;
	scan_finish(&out->issues);
	out->seconds = (double)(clock_mono_ms() - begin) / 1000;
	return 0;
}

struct json_t *scan_result_to_json(const struct scan_result *r, struct str repository)
{
	struct json_t *j = json_obj(), *tests = json_obj(), *notices = json_arr();

	json_put_c(j, "version", SELFHEAL_VERSION);
	json_put_str(j, "repository", repository);
	json_put_str(j, "commit", r->commit);
	json_put_bool(tests, "ran", r->ran);
	json_put_str(tests, "command", r->command);
	json_put_c(tests, "outcome", outcome_to_string(r->outcome));
	json_put_str(tests, "why", r->why);
	json_put(j, "tests", tests);
	issue_list_to_json(&r->issues, j);
	for (size_t i = 0; i < r->n_notices; i++)
		json_push(notices, json_str(r->notices[i]));
	json_put(j, "notices", notices);
	json_put_bool(j, "truncated", r->issues.truncated);
	json_put_real(j, "seconds", r->seconds);
	return j;
}
