#include "verify/policy.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/limits.h"
#include "verify/policy_judge.h"

enum { FINDINGS_MAX = 200, FINDINGS_OF_RULE = 8, LONG_LINE = 4 << 10 };

int policy_open(struct policy **out, const struct policy_options *options, struct err *err)
{
	CLEANUP(policy_freep) struct policy *p = xcalloc(1, sizeof(*p));

	if (options)
		p->options = *options;
	if (!p->options.max_files)
		p->options.max_files = POLICY_MAX_FILES;
	if (!p->options.max_lines)
		p->options.max_lines = POLICY_MAX_LINES;
	if (tables_open(&p->tables, err) < 0)
		return err_wrap(err, "read the policy's tables");
	*out = TAKE(p);
	return 0;
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	tables_release(&p->tables);
	free(p);
}

/* Whether it is told already, or told often enough; a harder verdict takes its place. */
static bool is_known(struct policy_report *out, const struct policy_finding *finding)
{
	size_t same = 0;

	for (size_t i = 0; i < out->n; i++) {
		struct policy_finding *f = &out->v[i];

		if (strcmp(f->rule, finding->rule) || !str_eq(f->path, finding->path) ||
			(f->line != finding->line && ++same < FINDINGS_OF_RULE))
			continue;
		if (finding->verdict > f->verdict)
			*f = *finding;
		return true;
	}
	return false;
}

static void add_finding(struct policy_report *out, struct policy_finding finding, struct arena *mem)
{
	if (finding.verdict > out->verdict)
		out->verdict = finding.verdict;
	if (is_known(out, &finding) || out->n >= FINDINGS_MAX)
		return;
	if (out->n == out->cap) {
		size_t cap = out->cap ? out->cap * 2 : 8;
		struct policy_finding *v = arena_array(mem, cap, sizeof(*v));

		if (out->n)
			memcpy(v, out->v, out->n * sizeof(*v));
		out->v = v;
		out->cap = cap;
	}
	out->v[out->n++] = finding;
}

void judge_report(struct judge *j, enum policy_verdict verdict, const char *rule, int line,
	const char *fmt, ...)
{
	char detail[400];
	va_list args;

	if (verdict == POLICY_ALLOW)
		return;
	va_start(args, fmt);
	vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	add_finding(j->out,
		(struct policy_finding){verdict, arena_cstr(j->mem, str_of(rule)),
			arena_str(j->mem, j->file->path), line, arena_str(j->mem, str_of(detail))},
		j->mem);
}

static void report_whole(struct policy_report *out, enum policy_verdict verdict, const char *rule,
	const char *detail, struct arena *mem)
{
	add_finding(out, (struct policy_finding){verdict, rule, STR(""), 0, str_of(detail)}, mem);
}

/* Lines so long that patterns would not see their end. */
static void judge_long_lines(struct judge *j)
{
	for (size_t h = 0; h < j->file->n; h++)
		for (size_t i = 0; i < j->file->hunks[h].n; i++) {
			const struct change_line *line = &j->file->hunks[h].v[i];

			if (line->mark == '+' && line->text.n > LONG_LINE)
				judge_report(j, POLICY_HOLD, "long-line", line->number,
					"%zu bytes in one line", line->text.n);
		}
}

/* Golden files and snapshots say what is expected: new ones are welcome, changed ones are not. */
static void judge_data(struct judge *j)
{
	bool removed = false, added = false;

	for (size_t i = 0; i < j->old.n; i++)
		removed |= j->old.v[i].mate < 0 && !j->old.v[i].filler;
	for (size_t i = 0; i < j->new.n; i++)
		added |= j->new.v[i].mate < 0 && !j->new.v[i].filler;
	if (j->file->status == CHANGE_ADD)
		return;
	if (removed || j->file->status == CHANGE_DELETE)
		judge_report(
			j, POLICY_REFUSE, "changed-expected", 0, "data that tests compare with");
	else if (added)
		judge_report(
			j, POLICY_HOLD, "changed-test", 0, "more data that tests compare with");
}

static bool has_test_code(const struct units *units)
{
	for (size_t i = 0; i < units->n; i++)
		if ((units->v[i].marks & (MARK_TESTCASE | MARK_REGISTER)) || units->v[i].strength)
			return true;
	return false;
}

/* Test support without a test or an assertion in sight is judged as code when it is not in a test
 * folder; code around an inline test as a test. */
static void settle_kind(struct judge *j)
{
	bool tests = has_test_code(&j->old) || has_test_code(&j->new);

	if (j->kind == PATH_TEST && j->class_ && !strcmp(j->class_->name, "test-name") && !tests)
		j->kind = PATH_SOURCE;
}

/* Leaves to judge_tests only what is test code: the rest counts as its own mate. */
static bool keep_inline_tests(struct judge *j)
{
	bool any = false;

	for (size_t i = 0; i < j->old.n; i++) {
		struct unit *u = &j->old.v[i];

		if (judge_is_inline_test(j, &j->old, i))
			any |= u->mate < 0;
		else if (u->mate < 0 && u->pair < 0)
			u->filler = true;
	}
	for (size_t i = 0; i < j->new.n; i++) {
		struct unit *u = &j->new.v[i];

		if (judge_is_inline_test(j, &j->new, i))
			any |= u->mate < 0;
		else if (u->mate < 0 && u->pair < 0)
			u->filler = true;
	}
	for (size_t i = 0; i < j->old.n; i++) {
		struct unit *u = &j->old.v[i];

		if (u->pair >= 0 && !judge_is_inline_test(j, &j->old, i)) {
			j->new.v[u->pair].pair = -1;
			j->new.v[u->pair].filler = true;
			u->pair = -1;
			u->filler = true;
		}
	}
	return any;
}

static void judge_file(struct judge *j)
{
	struct lexis lexis;

	j->kind = judge_path_kind(j->policy, j->file->path, &j->class_);
	/* A file that was a test is judged as one wherever it goes. */
	if (j->file->status == CHANGE_RENAME && j->kind != PATH_PROTECTED) {
		const struct path_class *was;

		if (judge_path_kind(j->policy, j->file->old_path, &was) == PATH_TEST) {
			j->kind = PATH_TEST;
			j->class_ = was;
		}
	}
	j->language = tables_language(&j->policy->tables, j->file->path);
	lexis = j->language->lexis;
	/* Build files are judged line by line, also those that are programs. */
	if (j->kind == PATH_BUILD)
		lexis.blocks = BLOCKS_LINES;
	judge_paths(j);
	judge_long_lines(j);
	units_read(&j->old, j->file, '-', &lexis, j->mem);
	units_read(&j->new, j->file, '+', &lexis, j->mem);
	judge_mate(j);
	judge_marks(j);
	settle_kind(j);
	judge_rules(j);
	if (j->kind == PATH_TEST)
		judge_tests(j);
	else if (j->kind == PATH_BUILD)
		judge_build(j);
	else if (j->kind == PATH_DATA)
		judge_data(j);
	else if (j->kind == PATH_SOURCE && keep_inline_tests(j))
		judge_tests(j);
}

static void judge_set(struct policy_report *out, struct policy *policy,
	const struct change_set *set, struct arena *mem)
{
	if (set->unreadable)
		report_whole(out, POLICY_REFUSE, "unreadable", set->unreadable, mem);
	if ((int)set->n > policy->options.max_files)
		report_whole(out, POLICY_HOLD, "size", "too many files", mem);
	if (set->added + set->removed > policy->options.max_lines)
		report_whole(out, POLICY_HOLD, "size", "too many changed lines", mem);
	for (size_t i = 0; i < set->n; i++) {
		struct judge j = {.policy = policy, .out = out, .mem = mem, .file = &set->v[i]};

		judge_file(&j);
	}
}

int policy_check_diff(struct policy_report *out, struct policy *policy, struct str diff,
	struct arena *mem, struct err *err)
{
	struct change_set set;

	(void)err;
	*out = (struct policy_report){0};
	change_read(&set, diff, mem);
	judge_set(out, policy, &set, mem);
	return 0;
}

int policy_check_texts(struct policy_report *out, struct policy *policy,
	const struct policy_text *texts, size_t n, struct arena *mem, struct err *err)
{
	struct change_set set = {0};

	*out = (struct policy_report){0};
	for (size_t i = 0; i < n; i++) {
		if (texts[i].before.n > LIMIT_SOURCE_BYTES || texts[i].after.n > LIMIT_SOURCE_BYTES)
			return err_set(err, ERR_LIMIT, "cannot judge '%.*s': too large",
				STR_ARGS(texts[i].path));
		change_compare(&set, texts[i].path, texts[i].before, texts[i].after, mem);
	}
	judge_set(out, policy, &set, mem);
	return 0;
}

bool policy_is_test_path(const struct policy *policy, struct str path)
{
	const struct path_class *class_;

	return judge_path_kind(policy, path, &class_) & (PATH_TEST | PATH_DATA);
}

bool policy_is_protected_path(const struct policy *policy, struct str path)
{
	const struct path_class *class_;

	return judge_path_kind(policy, path, &class_) & (PATH_PROTECTED | PATH_BUILD);
}
