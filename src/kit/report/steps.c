#include "kit/report/steps.h"

#include "base/alloc.h"
#include "kit/report/prefilter.h"

/* Where in the line the text stands, and what else must hold. */
enum place {
	AT_START,
	ANYWHERE,
	AND_NUMBER, /* anywhere, a number behind it: 0 is STEP_PASSED, others are the row's mark */
};

struct wording {
	const char *text; /* "\n" before it: at the start of the line */
	enum place place;
	enum step_mark mark;
};

/* The first row that fits decides. */
static const struct wording wordings[] = {
	/* Travis */
	{"\" exited with ", AND_NUMBER, STEP_FAILED},
	{"\" failed and exited with ", AND_NUMBER, STEP_FAILED},
	{"\nDone. Your build exited with ", AND_NUMBER, STEP_ENDED},
	{"\" failed 3 times.", ANYWHERE, STEP_FAILED},
	{"\nThe command \"", AT_START, STEP_NOISE},
	{"\ntravis_time:", AT_START, STEP_NOISE},
	{"\ntravis_fold:", AT_START, STEP_NOISE},
	{"\nNo output has been received in the last ", AT_START, STEP_CUT},
	{"\nThe job exceeded the maximum time limit", AT_START, STEP_CUT},
	{"\nThe job exceeded the maximum log length", AT_START, STEP_CUT},
	{"\nThe build has been terminated", AT_START, STEP_NOISE},
	{"\nYour build has been stopped", AT_START, STEP_NOISE},
	/* GitHub Actions */
	{"Process completed with exit code ", AND_NUMBER, STEP_FAILED},
	{"\n##[group]Run ", AT_START, STEP_NEXT},
	{"\n##[group]", AT_START, STEP_NOISE},
	{"\n##[endgroup]", AT_START, STEP_NOISE},
	{"\nPost job cleanup.", AT_START, STEP_NEXT},
	{"\nThe operation was canceled.", AT_START, STEP_CUT},
	{"has exceeded the maximum execution time of ", ANYWHERE, STEP_CUT},
	{"The runner has received a shutdown signal", ANYWHERE, STEP_CUT},
	{"lost communication with the server", ANYWHERE, STEP_CUT},
	/* Azure */
	{"\n##[section]Starting: ", AT_START, STEP_NEXT},
	{"\n##[section]", AT_START, STEP_NOISE},
	{"\n##[command]", AT_START, STEP_NOISE},
	{"\n##[debug]", AT_START, STEP_NOISE},
	{" exited with code '", AND_NUMBER, STEP_FAILED},
	{" failed with exit code: ", AND_NUMBER, STEP_FAILED},
	/* GitLab */
	{"\nsection_start:", AT_START, STEP_NOISE},
	{"\nsection_end:", AT_START, STEP_NOISE},
	{"\nERROR: Job failed: ", AT_START, STEP_FAILED},
	{"\nERROR: Job failed (", AT_START, STEP_CUT},
	{"\nJob succeeded", AT_START, STEP_PASSED},
	{"\nCleaning up project directory and file based variables", AT_START, STEP_NOISE},
	{"\nRunning after_script", AT_START, STEP_NOISE},
	/* CircleCI */
	{"\nExited with code exit status ", AND_NUMBER, STEP_FAILED},
	{"\nExited with code ", AND_NUMBER, STEP_FAILED},
	{"\nCircleCI received exit code ", AND_NUMBER, STEP_FAILED},
	{"\nToo long with no output (exceeded ", AT_START, STEP_CUT},
	/* Jenkins */
	{"script returned exit code ", AND_NUMBER, STEP_FAILED},
	{"Build step '", AND_NUMBER, STEP_NOISE},
	{"' marked build as failure", ANYWHERE, STEP_FAILED},
	{"\nFinished: FAILURE", AT_START, STEP_FAILED},
	{"\nFinished: UNSTABLE", AT_START, STEP_FAILED},
	{"\nFinished: ", AT_START, STEP_NOISE},
	{"[Pipeline] ", ANYWHERE, STEP_NOISE},
	{"\nCancelling nested steps due to timeout", AT_START, STEP_CUT},
	/* AppVeyor, Buildkite, Bitbucket */
	{"\nCommand exited with code ", AND_NUMBER, STEP_FAILED},
	{"The command exited with status ", AND_NUMBER, STEP_FAILED},
	{"\nCommand executed with exception: ", AT_START, STEP_FAILED},
	{"\nBuild execution time has reached the maximum allowed time", AT_START, STEP_CUT},
	{"user command error: The plugin ", ANYWHERE, STEP_ECHO},
	{"\n~~~ ", AT_START, STEP_NOISE},
	{"\n--- :", AT_START, STEP_NEXT},
	/* shells of all of them */
	{"\n$ ", AT_START, STEP_BEGIN},
	/* Wrappers */
	{"\nnpm ERR!", AT_START, STEP_ECHO},
	{"\nnpm error", AT_START, STEP_ECHO},
	{"\nlerna ERR! ", AT_START, STEP_ECHO},
	{"\nerror Command failed with exit code ", AT_START, STEP_ECHO},
	{"\ninfo Visit https://yarnpkg.com", AT_START, STEP_ECHO},
	{"ELIFECYCLE", ANYWHERE, STEP_ECHO},
	{"] Error ", AND_NUMBER, STEP_ECHO},
	{"recipe for target '", ANYWHERE, STEP_ECHO},
	{"Leaving directory '", ANYWHERE, STEP_ECHO},
	{"Entering directory '", ANYWHERE, STEP_NOISE},
	{"\nninja: build stopped", AT_START, STEP_ECHO},
	{"\nFAILED: ", AT_START, STEP_TEXT},
	{"\nrake aborted!", AT_START, STEP_ECHO},
	{"\nTasks: TOP", AT_START, STEP_ECHO},
	{"\n(See full trace by running task", AT_START, STEP_ECHO},
	{"\nCommand failed with status (", AT_START, STEP_ECHO},
	{"\nerror: aborting due to ", AT_START, STEP_ECHO},
	{"\nFor more information about this error", AT_START, STEP_ECHO},
	{"\nSome errors have detailed explanations", AT_START, STEP_ECHO},
	{"\nwarning: build failed, waiting", AT_START, STEP_ECHO},
	{"\nerror: could not compile", AT_START, STEP_ECHO},
	{"\nerror: Could not compile", AT_START, STEP_ECHO},
	{"\n[ERROR] -> [Help ", AT_START, STEP_ECHO},
	{"\n[ERROR] To see the full stack trace", AT_START, STEP_ECHO},
	{"\n[ERROR] Re-run Maven ", AT_START, STEP_ECHO},
	{"\n[ERROR] For more information about the errors", AT_START, STEP_ECHO},
	{"\n[ERROR] [Help ", AT_START, STEP_ECHO},
	{"\n[ERROR] After correcting the problems", AT_START, STEP_ECHO},
	{"\nRun with --stacktrace option", AT_START, STEP_ECHO},
	{"\n> Run with --", AT_START, STEP_ECHO},
	{"\n* Get more help at https://help.gradle.org", AT_START, STEP_ECHO},
	{"TaskExecutionException: ", ANYWHERE, STEP_ECHO},
	{"\n* Exception is:", AT_START, STEP_ECHO},
	{"\n* Try:", AT_START, STEP_ECHO},
	{"\nBUILD FAILED", AT_START, STEP_ECHO},
	{"\nExecution halted", AT_START, STEP_ECHO},
	{"Test failed.  See above for more details", ANYWHERE, STEP_ECHO},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The exit code behind the wording: "exited with 1.", "code '1'", "Error 2". */
static bool read_code(struct str s, int *code)
{
	while (s.n && !is_digit(s.p[0]) && (s.p[0] == ' ' || s.p[0] == '\'' || s.p[0] == '-'))
		s = str_from(s, 1);
	return s.n && is_digit(s.p[0]) && str_take_int(&s, code);
}

static bool fits(const struct wording *w, struct str line, enum step_mark *mark)
{
	const char *text = w->text + (w->text[0] == '\n');
	ptrdiff_t at;
	int code;

	if (w->text[0] == '\n')
		at = str_starts(line, text) ? 0 : -1;
	else
		at = str_find_c(line, text);
	if (at < 0)
		return false;
	*mark = w->mark;
	if (w->place != AND_NUMBER)
		return true;
	if (!read_code(str_from(line, (size_t)at + strlen(text)), &code))
		return false;
	if (code == 0)
		*mark = STEP_PASSED;
	return true;
}

/* Rows share the filter's groups: a group's bit names every 64th row. */
struct steps {
	struct prefilter *filter;
};

enum { ROWS_PER_GROUP = (ARRAY_LEN(wordings) + PREFILTER_GROUPS - 1) / PREFILTER_GROUPS };

struct steps *steps_new(void)
{
	struct steps *s = xcalloc(1, sizeof(*s));
	const char *rows[PREFILTER_GROUPS][ROWS_PER_GROUP + 1] = {{NULL}};
	const char *const *groups[PREFILTER_GROUPS];

	for (size_t i = 0; i < ARRAY_LEN(wordings); i++)
		rows[i % PREFILTER_GROUPS][i / PREFILTER_GROUPS] = wordings[i].text;
	for (size_t i = 0; i < PREFILTER_GROUPS; i++)
		groups[i] = rows[i];
	s->filter = prefilter_new(groups, PREFILTER_GROUPS);
	return s;
}

void steps_free(struct steps *s)
{
	if (!s)
		return;
	prefilter_free(s->filter);
	free(s);
}

enum step_mark steps_mark(const struct steps *s, struct str line)
{
	struct prefilter_set found = prefilter_scan(s->filter, line);
	enum step_mark mark;

	for (size_t i = 0; i < ARRAY_LEN(wordings); i++)
		if (prefilter_has(&found, i % PREFILTER_GROUPS) && fits(&wordings[i], line, &mark))
			return mark;
	return STEP_TEXT;
}

const char *steps_literal(size_t i)
{
	return i < ARRAY_LEN(wordings) ? wordings[i].text : NULL;
}
