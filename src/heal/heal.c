#include "heal/heal.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "heal/cycle.h"
#include "heal/publish_local.h"
#include "json/json.h"
#include "kit/project/project.h"
#include "kit/report/report.h"
#include "port/git/locate.h"
#include "repair/fixits.h"

enum {
	TIMEOUT_DEFAULT_MS = 600 * 1000,
	LEARNED_LEAST_MS = 60 * 1000, /* a green run may have found everything built */
	BUDGET_DEFAULT_MS = 900 * 1000,
	RERUNS = 3, /* SPEC 14: two alone and one in order */
};

void cycle_skip(struct cycle *c, const char *reason, size_t count)
{
	struct heal_result *r = c->out;

	if (!count)
		return;
	for (size_t i = 0; i < r->n_skips; i++)
		if (strcmp(r->skips[i].reason, reason) == 0) {
			r->skips[i].count += count;
			return;
		}
	if (r->n_skips < HEAL_SKIPS_MAX)
		r->skips[r->n_skips++] = (struct heal_skip){reason, count};
}

void cycle_notice(struct cycle *c, struct str text)
{
	if (c->out->n_notices < HEAL_NOTICES_MAX)
		c->out->notices[c->out->n_notices++] = text;
}

void cycle_progress(struct cycle *c, const char *stage, const struct search_progress *search)
{
	int64_t now = clock_mono_ms();
	struct heal_progress p = {.stage = stage,
		.seconds = (double)(now - c->begin_ms) / 1000,
		.seconds_left = (double)(c->deadline_ms - now) / 1000};

	if (search) {
		p.tried = search->tried;
		p.rate = search->rate;
		p.best = search->best;
	}
	if (c->options->progress)
		c->options->progress(c->options->data, &p);
}

struct trial_options cycle_trial_options(const struct cycle *c)
{
	return (struct trial_options){.root = c->options->root,
		.sandbox = c->options->sandbox,
		.network = c->options->network,
		.env_allow = c->options->env_allow,
		.services = c->options->services,
		.ignore = c->options->ignore,
		.hide = c->options->hide};
}

static int no_command(const struct cycle *c, const struct project *found, struct err *err)
{
	return err_set(err, ERR_CONFIG,
		"no test command found in '%s' (%.*s): give one with --test or 'test:' in "
		".selfheal.yml",
		c->options->root,
		STR_ARGS(found->notes.n ? found->notes.v[0] : STR("nothing known")));
}

static int find_command(struct cycle *c, struct err *err)
{
	struct project found = {0};
	int rc;

	c->command = c->options->command;
	c->out->command_why = STR("as given");
	if (!c->command) {
		rc = project_detect(&found, c->options->root, NULL, c->mem, err);
		if (rc < 0)
			return -1;
		if (rc == PROJECT_UNKNOWN)
			return no_command(c, &found, err);
		c->command = arena_cstr(c->mem, found.command);
		c->out->command_why = found.why;
	}
	c->out->command = arena_str(c->mem, str_of(c->command));
	return 0;
}

/* What the user says holds. Else a run may take a sixth of the budget at most: nothing could be
 * proved in it otherwise. */
static void choose_timeout(struct cycle *c)
{
	int64_t budget = c->deadline_ms - c->begin_ms;
	int64_t most = c->options->timeout_ms ? budget : budget / 6;
	int64_t wanted = c->options->timeout_ms;

	if (!wanted && c->memory)
		wanted = memory_learned_timeout_ms(c->memory, c->command);
	if (!wanted)
		wanted = TIMEOUT_DEFAULT_MS;
	else if (!c->options->timeout_ms && wanted < LEARNED_LEAST_MS)
		wanted = LEARNED_LEAST_MS;
	c->timeout_ms = (int)(wanted < most ? wanted : most);
}

/* A limit of our choosing may be too tight: whoever meets it is told how to move it. */
static void tell_timeout(struct cycle *c)
{
	if (c->detection.first.timed_out && !c->options->timeout_ms)
		cycle_notice(c, arena_printf(c->mem,
					"the tests were stopped after %d s, chosen from the budget "
					"and the last green run; --timeout gives them another time",
					c->timeout_ms / 1000));
}

static void tell_no_git(struct cycle *c)
{
	struct err ignored = ERR_INIT;
	struct git_place place;

	git_place_init(&place);
	if (git_locate(&place, c->options->root, &ignored) == GIT_PLACE_NONE)
		cycle_notice(
			c, STR("no git repository here: a plain folder is healed all the same, "
			       "but no commit can be made"));
	git_place_release(&place);
}

static void tell_layers(struct cycle *c)
{
	BUF_AUTO layers;
	struct str rest, line;

	buf_init(&layers, 8192);
	trial_layers(c->trial, &layers);
	rest = buf_view(&layers);
	while (str_next_line(&rest, &line))
		if (str_has(line, "missing"))
			cycle_notice(c, arena_printf(c->mem, "sandbox: %.*s", STR_ARGS(line)));
}

static struct detect_options detect_how(const struct cycle *c)
{
	static const char *const env[] = {FIXITS_ENV, NULL};

	return (struct detect_options){.command = c->command,
		.setup = c->options->setup,
		.root = trial_root(c->trial),
		.tables = c->tables,
		.env_set = env,
		.timeout_ms = c->timeout_ms,
		.rerun_budget_ms = (c->deadline_ms - c->begin_ms) / 4,
		.reruns = RERUNS};
}

static void take_detection(struct cycle *c)
{
	c->out->outcome = c->detection.outcome;
	c->out->why = c->detection.why;
	c->out->runs = c->detection.runs;
	c->out->red_runs = c->detection.red_runs;
}

static int detect(struct cycle *c, struct err *err)
{
	struct detect_options how = detect_how(c);

	cycle_progress(c, "run tests", NULL);
	if (detect_failures(&c->detection, c->trial, &how, c->mem, err) < 0)
		return -1;
	take_detection(c);
	tell_timeout(c);
	vec_each (f, &c->detection.first.failures.items)
		vec_push(&c->out->failures.items, *f);
	c->out->failures.counts = c->detection.first.failures.counts;
	return 0;
}

static int rerun(struct cycle *c, struct err *err)
{
	struct detect_options how = detect_how(c);

	cycle_progress(c, "rerun", NULL);
	if (c->memory &&
		memory_knows_flaky(c->memory, &c->out->failures, &how.suspected, c->mem, err) < 0)
		return -1;
	if (detect_rerun(&c->detection, c->trial, &how, c->mem, err) < 0)
		return -1;
	take_detection(c);
	if (!c->memory || c->detection.outcome != OUTCOME_FLAKY)
		return 0;
	return memory_learn_flaky(
		c->memory, &c->out->failures, c->detection.runs, c->detection.red_runs, err);
}

static struct json_t *detection_row(const struct cycle *c)
{
	struct json_t *j = failure_list_to_json(&c->out->failures);

	json_put_c(j, "outcome", outcome_to_string(c->detection.outcome));
	json_put_int(j, "runs", c->detection.runs);
	json_put_int(j, "red_runs", c->detection.red_runs);
	return j;
}

static int note_detection(struct cycle *c, struct err *err)
{
	if (!c->memory)
		return 0;
	if (memory_note(c->memory, "detect", "", detection_row(c), err) < 0)
		return -1;
	if (c->detection.outcome == OUTCOME_NOTHING_TO_DO)
		return memory_learn_green(c->memory, c->command, c->detection.first.wall_us, err);
	return memory_note_failures(c->memory, &c->out->failures, err);
}

/* Green here, red there: nothing can be repaired that does not show. */
static void compare_with_log(struct cycle *c)
{
	const struct failure_list *log = c->options->log;
	const struct failure *first;

	if (!log || !log->items.n || c->detection.outcome != OUTCOME_NOTHING_TO_DO)
		return;
	first = &log->items.v[0];
	c->detection.outcome = c->out->outcome = OUTCOME_NOT_REPRODUCED;
	c->out->why = arena_printf(c->mem,
		"the log tells of %zu failure%s, first '%.*s', and the tests pass here",
		log->items.n, log->items.n == 1 ? "" : "s",
		STR_ARGS(str_slice(first->name.n ? first->name : first->type, 0, 200)));
}

static void explain_no_repair(struct cycle *c)
{
	switch (c->detection.outcome) {
	case OUTCOME_NOT_REPRODUCED:
		cycle_skip(c, "not_reproduced", c->options->log->items.n);
		break;
	case OUTCOME_NOTHING_TO_DO:
		cycle_skip(c, "no_failure", 1);
		break;
	case OUTCOME_FLAKY:
		cycle_skip(c, "flaky", c->out->failures.items.n);
		break;
	case OUTCOME_INFRASTRUCTURE:
		cycle_skip(c, "infrastructure", c->out->failures.items.n);
		break;
	default:
		cycle_skip(c, "configuration", c->out->failures.items.n);
	}
}

static int diagnose_stage(struct cycle *c, struct err *err)
{
	struct look_options how = {.trial = c->trial,
		.tables = c->tables,
		.command = c->command,
		.timeout_ms = c->timeout_ms,
		.tree = &c->tree};

	cycle_progress(c, "locate", NULL);
	if (project_tree_read(&c->tree, c->options->root, c->mem, err) < 0)
		return -1;
	if (look_at(&c->scene, &c->detection.first.failures, &how, c->mem, err) < 0)
		return -1;
	c->out->diagnosis = c->scene.diagnosis;
	c->out->has_diagnosis = true;
	if (!c->memory)
		return 0;
	return memory_note(c->memory, "diagnose", "", diagnosis_to_json(&c->scene.diagnosis), err);
}

/* A failure that was healed before costs no search: what held then is proved again. */
static int repair_known(struct cycle *c, struct err *err)
{
	struct patch *known = NULL;
	size_t n = 0;

	if (!c->memory)
		return 0;
	if (memory_recall(c->memory, &c->out->failures, c->trial, &known, &n, c->mem, err) < 0)
		return -1;
	return n ? cycle_verify_known(c, known, n, err) : 0;
}

/* Everything between a red run and a verified patch, or the reason why there is none. */
static int repair(struct cycle *c, struct err *err)
{
	if (repair_known(c, err) < 0)
		return -1;
	if (c->out->outcome == OUTCOME_HEALED)
		return 0;
	if (rerun(c, err) < 0)
		return -1;
	if (c->detection.outcome != OUTCOME_NOT_HEALED) {
		explain_no_repair(c);
		return 0;
	}
	if (diagnose_stage(c, err) < 0)
		return -1;
	return cycle_repair(c, err);
}

static int run_stages(struct cycle *c, struct err *err)
{
	struct trial_options how = cycle_trial_options(c);

	if (trial_open(&c->trial, &how, err) < 0)
		return -1;
	tell_layers(c);
	tell_no_git(c);
	if (detect(c, err) < 0 || note_detection(c, err) < 0)
		return -1;
	compare_with_log(c);
	if (c->detection.outcome != OUTCOME_NOT_HEALED) {
		explain_no_repair(c);
		return 0;
	}
	if (repair(c, err) < 0)
		return -1;
	if (trial_check_unchanged(c->trial, err) < 0)
		return -1;
	if (c->out->outcome != OUTCOME_HEALED || c->options->dry_run)
		return 0;
	if (c->memory && memory_learn_fix(c->memory, c->out, err) < 0)
		return -1;
	return publish_local(c, err);
}

static int check_root(const struct heal_options *o, struct err *err)
{
	struct stat st;

	if (o->root[0] != '/')
		return err_set(err, ERR_INTERNAL, "root '%s' is not an absolute path", o->root);
	if (stat(o->root, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, ERR_CONFIG, "'%s' is not a folder", o->root);
	return 0;
}

static int with_memory(struct cycle *c, struct err *err)
{
	int rc;

	if (c->options->no_store)
		return 0;
	if ((rc = memory_open(&c->memory, c->options, err)) != 0)
		return rc < 0 ? -1 : 0;
	return memory_begin(c->memory, &c->out->session, c->mem, err);
}

int heal_run(struct heal_result *out, const struct heal_options *options, struct arena *mem,
	struct err *err)
{
	struct cycle c = {.options = options, .out = out, .mem = mem, .begin_ms = clock_mono_ms()};
	int rc;

	c.deadline_ms = c.begin_ms + (options->budget_ms ? options->budget_ms : BUDGET_DEFAULT_MS);
	failure_list_init(&c.detection.first.failures);
	failure_list_init(&c.scene.failures);
	rc = check_root(options, err);
	if (!rc)
		rc = report_tables_load(&c.tables, options->templates_dir, err);
	if (!rc)
		rc = recover_local(&c, err);
	if (!rc)
		rc = check_local(&c, err);
	if (!rc)
		rc = with_memory(&c, err);
	if (!rc)
		rc = find_command(&c, err);
	if (!rc) {
		choose_timeout(&c);
		rc = run_stages(&c, err);
	}
	out->seconds = (double)(clock_mono_ms() - c.begin_ms) / 1000;
	if (!rc && c.memory)
		rc = memory_end(c.memory, out->outcome, err);
	scene_release(&c.scene);
	detection_release(&c.detection);
	trial_free(c.trial);
	memory_free(c.memory);
	report_tables_free(c.tables);
	return rc;
}
