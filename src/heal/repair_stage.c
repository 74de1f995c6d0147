#include "heal/cycle.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "json/json.h"
#include "port/git/diff.h"
#include "publish/pull_text.h"
#include "verify/ladder.h"
#include "verify/mutants.h"

enum {
	RIVALS_MAX = 8,         /* plausible patches gathered before the first is verified */
	RIVALS_LEAST = 500,     /* further candidates tried to find them, at least */
	RIVALS_LEAST_MS = 1000, /* on them, even where the first was found at once */
	RIVALS_SHARE = 4,       /* and at most this part of the time left is spent on them */
	VERIFY_RESERVE_MS = 3000,
	MUTANTS_RESERVE_MS = 3000,
	MUTANTS_TRIED = 24,
};

/* The plausible patches at hand, in their total order. */
struct plausible {
	struct search_hit hits[HEAL_ATTEMPTS_MAX];
	size_t n, next;
	bool done; /* the search has no more */
};

static int look(void *data, struct scene *out, struct arena *mem, struct err *err)
{
	struct cycle *c = data;
	struct look_options how = {.trial = c->trial,
		.tables = c->tables,
		.command = c->command,
		.timeout_ms = c->timeout_ms,
		.tree = &c->tree};

	return look_again(out, &how, mem, err);
}

static void on_progress(void *data, const struct search_progress *progress)
{
	cycle_progress(data, "search", progress);
}

static double origin_factor(void *data, struct str origin)
{
	const struct cycle *c = data;

	return c->memory ? memory_origin_factor(c->memory, origin) : 1;
}

/* Time that must remain to prove what is found: four runs and the time to build a clean tree. */
static int64_t reserve_ms(const struct cycle *c)
{
	int64_t run = c->detection.first.timed_out ? 1000 : c->detection.first.wall_us / 1000;

	return VERIFY_RESERVE_MS + 5 * run;
}

static int open_search(struct cycle *c, struct search **out, struct err *err)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct search_options options = {.trial = c->trial,
		.command = c->command,
		.command_timeout_ms = c->timeout_ms,
		.jobs = c->options->jobs ? c->options->jobs
			: processors > 0 ? (int)processors
					 : 1,
		.deadline_ms = c->deadline_ms - reserve_ms(c),
		.scene = &c->scene,
		.templates_dir = c->options->templates_dir,
		.user_rules = c->options->user_rules,
		.record = origin_factor,
		.look = look,
		.progress = on_progress,
		.data = c};

	return search_open(out, &options, err);
}

static int note_candidate(struct cycle *c, const struct search_hit *hit, struct err *err)
{
	char key[32];

	if (!c->memory)
		return 0;
	snprintf(key, sizeof(key), "%zu", hit->index);
	return memory_note(c->memory, "candidate", key, patch_to_json(&hit->patch), err);
}

/* As long again as the first took to find, and a part of the time left at most. */
static int64_t rivals_until(const struct cycle *c, const struct search_stats *stats)
{
	int64_t now = clock_mono_ms(), share = (c->deadline_ms - now) / RIVALS_SHARE;
	int64_t again = (int64_t)(stats->seconds * 1000);

	if (again < RIVALS_LEAST_MS)
		again = RIVALS_LEAST_MS;
	return now + (again < share ? again : share);
}

/* Once one is found, a little more search shows its rivals: they lower the confidence, and stand by
 * should it fall on a later rung. */
static int gather(struct cycle *c, struct search *search, struct plausible *p, struct err *err)
{
	struct search_stats stats;
	int rc = 0;

	search_pause_at(search, 0, 0);
	while (p->n < RIVALS_MAX && rc == 0) {
		rc = search_next(search, &p->hits[p->n], err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			break;
		if (note_candidate(c, &p->hits[p->n], err) < 0)
			return -1;
		search_get_stats(search, &stats);
		if (p->n++ == 0)
			search_pause_at(search, 2 * p->hits[0].index + RIVALS_LEAST,
				rivals_until(c, &stats));
	}
	p->done = rc == SEARCH_DONE;
	return 0;
}

static int unified_diff(
	struct cycle *c, const struct patch *patch, struct str *out, struct err *err)
{
	BUF_AUTO diff;
	size_t n;
	struct str *paths = patch_paths(patch, &n, c->mem);

	buf_init(&diff, LIMIT_PATCH_BYTES);
	for (size_t i = 0; i < n; i++) {
		BUF_AUTO before;
		BUF_AUTO after;

		buf_init(&before, LIMIT_SOURCE_BYTES);
		buf_init(&after, LIMIT_SOURCE_BYTES);
		if (trial_read(c->trial, paths[i], &before, err) < 0 ||
			patch_apply_to(&after, patch, paths[i], buf_view(&before), err) < 0 ||
			diff_unified(&diff, paths[i], buf_view(&before), buf_view(&after), err) < 0)
			return -1;
	}
	*out = arena_str(c->mem, buf_view(&diff));
	return 0;
}

static size_t changed_lines(struct str diff)
{
	struct str line;
	size_t n = 0;

	while (str_next_line(&diff, &line))
		n += (str_starts(line, "+") && !str_starts(line, "+++")) ||
		     (str_starts(line, "-") && !str_starts(line, "---"));
	return n;
}

static void measure_confidence(struct cycle *c, const struct search_hit *hit, size_t rivals)
{
	struct heal_result *r = c->out;
	size_t files;
	struct confidence_evidence evidence = {.source = hit->patch.source,
		.prior = hit->patch.prior,
		.rivals = rivals,
		.changed_lines = changed_lines(r->diff) / 2,
		.red_runs = c->detection.red_runs,
		.tests = r->verdict.tests_total > 0 ? (size_t)r->verdict.tests_total : 0,
		.depth = hit->depth};

	patch_paths(&hit->patch, &files, c->mem);
	evidence.changed_files = files;
	confidence_of(&r->verdict, &evidence, c->mem);
}

/* 1: it holds. 0: it does not. */
static int verify(struct cycle *c, const struct search_hit *hit, int reruns, struct err *err)
{
	struct trial_options trial = cycle_trial_options(c);
	struct ladder_options how = {.trial = &trial,
		.command = c->command,
		.setup = c->options->setup,
		.tables = c->tables,
		.timeout_ms = c->timeout_ms,
		.reruns = reruns,
		.failures = &c->out->failures,
		.policy = c->options->policy,
		.deadline_ms = c->deadline_ms};
	struct heal_attempt *a = &c->out->attempts[c->out->n_attempts];
	int64_t begin = clock_mono_ms();

	cycle_progress(c, "verify", NULL);
	a->patch = patch_dup(&hit->patch, c->mem);
	if (ladder_climb(&a->verdict, &a->patch, &how, c->mem, err) < 0)
		return -1;
	a->seconds = (double)(clock_mono_ms() - begin) / 1000;
	c->out->n_attempts++;
	if (c->memory && memory_note_attempt(c->memory, (int)c->out->n_attempts, &a->patch,
				 &a->verdict, err) < 0)
		return -1;
	return a->verdict.holds;
}

/* The files that the patch touches as they are without it, for making mutants. */
static int unpatched_files(struct cycle *c, const struct patch *patch, struct mutant_file **out,
	size_t *n, struct err *err)
{
	struct str *paths = patch_paths(patch, n, c->mem);
	struct mutant_file *files = arena_array(c->mem, *n, sizeof(*files));

	if (trial_restore(c->trial, err) < 0)
		return -1;
	for (size_t i = 0; i < *n; i++) {
		BUF_AUTO text;

		buf_init(&text, LIMIT_SOURCE_BYTES);
		if (trial_read(c->trial, paths[i], &text, err) < 0)
			return -1;
		files[i] = (struct mutant_file){paths[i], arena_str(c->mem, buf_view(&text))};
	}
	*out = files;
	return 0;
}

/* Would the failing tests notice another fault on the changed lines? Only where an accelerator
 * stands and time is left: it is a measure of the proof, not a part of it. */
static int measure_mutants(
	struct cycle *c, struct search *search, const struct patch *patch, struct err *err)
{
	struct mutants mutants;
	struct mutant_file *files;
	struct observed *seen;
	int64_t begin = clock_mono_ms();
	size_t n;
	int rc;

	if (begin + MUTANTS_RESERVE_MS > c->deadline_ms)
		return 0;
	if (unpatched_files(c, patch, &files, &n, err) < 0 ||
		mutants_make(&mutants, patch, files, n, MUTANTS_TRIED, c->mem, err) < 0)
		return -1;
	if (!mutants.n)
		return 0;
	seen = arena_array(c->mem, mutants.n, sizeof(*seen));
	rc = search_try(search, mutants.v, mutants.n, seen, c->mem, err);
	if (rc == 0)
		mutants_record(&c->out->verdict, seen, mutants.n,
			(double)(clock_mono_ms() - begin) / 1000, c->mem);
	return rc < 0 ? -1 : 0;
}

/* search: what mutants are tried with; NULL: not measured. */
static int accept(struct cycle *c, struct search *search, const struct search_hit *hit,
	size_t rivals, struct err *err)
{
	struct heal_result *r = c->out;
	const struct heal_attempt *a = &r->attempts[r->n_attempts - 1];

	r->patch = a->patch;
	r->verdict = a->verdict;
	r->rivals = rivals;
	r->outcome = OUTCOME_HEALED;
	/* The search may have been left in a round that builds on a partial fix: the diff is
	 * against the user's files. */
	if (trial_restore(c->trial, err) < 0 || unified_diff(c, &r->patch, &r->diff, err) < 0)
		return -1;
	if (search && measure_mutants(c, search, &r->patch, err) < 0)
		return -1;
	measure_confidence(c, hit, rivals);
	r->why = arena_printf(c->mem, "%.*s", STR_ARGS(r->patch.note));
	return 0;
}

/* The project's own command was green without the patch, in the same clean sandbox in which it had
 * been red: what the reruns before did not show. */
static bool green_without_patch(const struct verdict *v)
{
	const struct rung_result *last = v->rungs.n ? &v->rungs.v[v->rungs.n - 1] : NULL;

	return last && last->rung == RUNG_REVERT && !last->passed;
}

/* Nothing can be proved where the same code passes and fails. */
static int give_up_flaky(struct cycle *c)
{
	c->out->outcome = OUTCOME_FLAKY;
	c->out->why = STR("the tests were red before and are green again without any patch");
	cycle_skip(c, "flaky", c->out->failures.items.n);
	return 1;
}

/* The patch against the user's files, which the search's tree may have left behind. */
static bool is_avoided(struct cycle *c, const struct patch *patch)
{
	const struct heal_options *o = c->options;
	struct err ignored = ERR_INIT;
	BUF_AUTO diff = BUF_INIT(LIMIT_PATCH_BYTES);
	size_t n;
	struct str *paths = patch_paths(patch, &n, c->mem);

	for (size_t i = 0; i < n && o->n_avoid; i++) {
		BUF_AUTO before = BUF_INIT(LIMIT_SOURCE_BYTES);
		BUF_AUTO after = BUF_INIT(LIMIT_SOURCE_BYTES);
		struct str path = arena_printf(c->mem, "%s/%.*s", o->root, STR_ARGS(paths[i]));
		if (file_read(&before, path.p, &ignored) < 0 ||
			patch_apply_to(&after, patch, paths[i], buf_view(&before), &ignored) < 0 ||
			diff_unified(
				&diff, paths[i], buf_view(&before), buf_view(&after), &ignored) < 0)
			return false;
	}
	for (size_t i = 0; i < o->n_avoid; i++) {
		struct str form = str_trim(o->avoid[i]);
		if (!str_skip(&form, "form:"))
			form = pull_patch_form(o->avoid[i], c->mem);
		if (str_eq(form, pull_patch_form(buf_view(&diff), c->mem)))
			return true;
	}
	return false;
}

/* Verifies in order what was gathered. 1: it is decided. */
static int verify_all(struct cycle *c, struct search *search, struct plausible *p, struct err *err)
{
	for (; p->next < p->n && c->out->n_attempts < HEAL_ATTEMPTS_MAX; p->next++) {
		int rc;

		if (is_avoided(c, &p->hits[p->next].patch)) {
			cycle_skip(c, "avoided", 1);
			continue;
		}
		rc = verify(c, &p->hits[p->next], 1, err);
		if (rc < 0)
			return -1;
		if (rc)
			return accept(c, search, &p->hits[p->next], p->n - p->next - 1, err) < 0
				       ? -1
				       : 1;
		if (green_without_patch(&c->out->attempts[c->out->n_attempts - 1].verdict))
			return give_up_flaky(c);
		if (clock_mono_ms() >= c->deadline_ms)
			break;
	}
	return 0;
}

static void explain_not_healed(struct cycle *c, const struct search_stats *stats)
{
	size_t refused = 0, held = 0;

	for (size_t i = 0; i < c->out->n_attempts; i++) {
		refused += c->out->attempts[i].verdict.policy == POLICY_REFUSE;
		held += c->out->attempts[i].verdict.policy == POLICY_HOLD;
	}
	cycle_skip(c, "refused_by_policy", refused);
	cycle_skip(c, "held_by_policy", held);
	cycle_skip(c, "failed_verification", c->out->n_attempts - refused - held);
	cycle_skip(c, "candidate_failed", stats->by_status[OBSERVED_FAIL]);
	cycle_skip(c, "candidate_crashed", stats->by_status[OBSERVED_CRASH]);
	cycle_skip(c, "candidate_timed_out", stats->by_status[OBSERVED_TIMEOUT]);
	cycle_skip(c, "candidate_invalid", stats->by_status[OBSERVED_INVALID]);
	cycle_skip(c, "candidate_not_tried", stats->by_status[OBSERVED_UNSUPPORTED]);
	if (stats->cut_by_time)
		cycle_skip(c, "cut_by_time", 1);
	if (!stats->tried && !c->out->n_attempts)
		cycle_skip(c, "no_candidate", 1);
	c->out->outcome = refused + held && refused + held == c->out->n_attempts
				  ? OUTCOME_REFUSED
				  : OUTCOME_NOT_HEALED;
	c->out->why = arena_printf(c->mem, "no candidate held (%zu tried%s)%s%.*s", stats->tried,
		stats->cut_by_time ? ", cut by time" : "",
		stats->closest.n ? "; the closest: " : "", STR_ARGS(stats->closest));
}

int cycle_repair(struct cycle *c, struct err *err)
{
	CLEANUP(search_freep) struct search *search = NULL;
	struct search_stats stats;
	struct plausible p = {0};
	int rc = 0;

	if (open_search(c, &search, err) < 0)
		return -1;
	while (!rc && !p.done && c->out->n_attempts < HEAL_ATTEMPTS_MAX) {
		p.n = p.next = 0;
		if (gather(c, search, &p, err) < 0)
			return -1;
		rc = verify_all(c, search, &p, err);
	}
	search_get_stats(search, &stats);
	c->out->candidates += stats.tried;
	c->out->generated = stats.generated;
	c->out->search_seconds = stats.seconds;
	c->out->accel = arena_str(c->mem, stats.accel);
	if (stats.no_accel.n)
		cycle_notice(
			c, arena_printf(c->mem, "no accelerator: %.*s", STR_ARGS(stats.no_accel)));
	if (rc == 0)
		explain_not_healed(c, &stats);
	return rc < 0 ? -1 : 0;
}

int cycle_verify_known(struct cycle *c, const struct patch *known, size_t n, struct err *err)
{
	for (size_t i = 0; i < n && c->out->n_attempts < HEAL_ATTEMPTS_MAX / 2; i++) {
		struct search_hit hit = {.patch = known[i], .index = i, .depth = 1};
		int rc;

		if (is_avoided(c, &hit.patch)) {
			cycle_skip(c, "avoided", 1);
			continue;
		}
		rc = verify(c, &hit, 0, err);
		if (rc < 0)
			return -1;
		c->out->candidates++;
		if (rc)
			return accept(c, NULL, &hit, 0, err);
	}
	return 0;
}
