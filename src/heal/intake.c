#include "heal/intake.h"

#include <ctype.h>
#include <inttypes.h>
#include <time.h>

#include "json/json.h"
#include "publish/command.h"

enum {
	REPO_MAX = 140, /* 39 + 1 + 100 */
	BRANCH_MAX = 255,
	WORD_MAX = 255,
	TEXT_MAX = 16 << 10,
	COMMAND_MAX = 1024,
};

static const char *const names[EVENT_COUNT] = {
	[EVENT_OTHER] = "other",
	[EVENT_PING] = "ping",
	[EVENT_WORKFLOW_RUN] = "workflow_run",
	[EVENT_CHECK_SUITE] = "check_suite",
	[EVENT_CHECK_RUN] = "check_run",
	[EVENT_PULL_REQUEST] = "pull_request",
	[EVENT_REVIEW] = "pull_request_review",
	[EVENT_REVIEW_COMMENT] = "pull_request_review_comment",
	[EVENT_ISSUE_COMMENT] = "issue_comment",
	[EVENT_PUSH] = "push",
	[EVENT_INSTALLATION] = "installation",
	[EVENT_INSTALLATION_REPOSITORIES] = "installation_repositories",
};

const char *const intake_members[] = {"action", "after", "check_run", "check_suite", "comment",
	"deleted", "installation", "issue", "pull_request", "ref", "repository", "review", "sender",
	"workflow_run", NULL};

enum event event_from_name(struct str name)
{
	for (int i = 1; i < EVENT_COUNT; i++)
		if (str_eq_c(name, names[i]))
			return (enum event)i;
	return EVENT_OTHER;
}

const char *event_to_name(enum event event)
{
	return names[event];
}

/* One event being read. */
struct reading {
	const struct json_t *payload;
	const struct intake_context *context;
	struct arena *mem;
	struct job *job;
	const char *why;
};

/* --- values, checked for form --- */

static bool is_clean(struct str s, size_t max)
{
	if (s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static struct str word(const struct json_t *obj, const char *key, size_t max)
{
	struct str s = json_get_str(obj, key);

	return is_clean(s, max) ? s : STR_NULL;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* "owner/name", neither of them "." or "..": a repository is a folder of ours too. */
static struct str repo_name(const struct json_t *repository)
{
	struct str s = json_get_str(repository, "full_name"), name = s, owner;

	if (s.n > REPO_MAX || !str_cut(&name, "/", &owner) || !owner.n || !name.n ||
		owner.p[0] == '.' || str_eq_c(name, ".") || str_eq_c(name, ".."))
		return STR_NULL;
	for (size_t i = 0; i < s.n; i++)
		if (i != owner.n && !is_name_char(s.p[i]))
			return STR_NULL;
	return s;
}

static struct str sha(const struct json_t *obj, const char *key)
{
	struct str s = json_get_str(obj, key);

	if (s.n != 40 && s.n != 64)
		return STR_NULL;
	for (size_t i = 0; i < s.n; i++)
		if (!isxdigit((unsigned char)s.p[i]))
			return STR_NULL;
	return s;
}

/* A name git takes for a branch, near enough: what git refuses is refused again by git. */
static struct str branch_of(struct str s)
{
	if (!s.n || !is_clean(s, BRANCH_MAX) || s.p[0] == '-' || s.p[0] == '/' ||
		str_has(s, "..") || str_has(s, " ") || str_has(s, "//") || str_ends(s, "/") ||
		str_ends(s, ".lock"))
		return STR_NULL;
	return s;
}

static struct str branch(const struct json_t *obj, const char *key)
{
	return branch_of(json_get_str(obj, key));
}

static int64_t id(const struct json_t *obj, const char *key)
{
	int64_t v = json_get_int(obj, key, 0);

	return v > 0 ? v : 0;
}

static bool take_two(struct str *s, int *out)
{
	struct str two = str_slice(*s, 0, 2);

	*s = str_from(*s, 2);
	return str_to_int(two, 0, 99, out);
}

/* "2026-01-31T12:34:56Z", with or without a fraction or an offset, to seconds since the epoch; 0
 * when it is none. */
static int64_t iso_time(struct str s)
{
	struct tm t = {0};
	int hours = 0, minutes = 0, sign = 0;

	if (s.n < 19 || !str_to_int(str_slice(s, 0, 4), 1970, 9999, &t.tm_year))
		return 0;
	s = str_from(s, 4);
	if (!str_skip(&s, "-") || !take_two(&s, &t.tm_mon) || !str_skip(&s, "-") ||
		!take_two(&s, &t.tm_mday) || !str_skip(&s, "T") || !take_two(&s, &t.tm_hour) ||
		!str_skip(&s, ":") || !take_two(&s, &t.tm_min) || !str_skip(&s, ":") ||
		!take_two(&s, &t.tm_sec) || t.tm_mon < 1 || t.tm_mon > 12)
		return 0;
	while (s.n && (s.p[0] == '.' || isdigit((unsigned char)s.p[0])))
		s = str_from(s, 1);
	if (str_skip(&s, "+"))
		sign = 1;
	else if (str_skip(&s, "-"))
		sign = -1;
	if (sign && (!take_two(&s, &hours) || !str_skip(&s, ":") || !take_two(&s, &minutes)))
		return 0;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	return (int64_t)timegm(&t) - sign * (hours * 3600 + minutes * 60);
}

/* GitHub writes most times as text, and those of a push's repository as a number. */
static int64_t moment(const struct json_t *obj, const char *key)
{
	int64_t v = json_get_int(obj, key, 0);

	return v > 0 ? v : iso_time(json_get_str(obj, key));
}

/* --- what several events share --- */

static enum intake skip(struct reading *r, const char *why)
{
	r->why = why;
	return INTAKE_SKIP;
}

static enum intake malformed(struct reading *r, const char *what)
{
	r->why = what;
	return INTAKE_MALFORMED;
}

static bool is_me(const struct reading *r, const struct json_t *user)
{
	struct str login = json_get_str(user, "login");

	return r->context->me.n && str_eq_nocase(login, r->context->me);
}

static bool is_bot(const struct json_t *user)
{
	return str_eq_c(json_get_str(user, "type"), "Bot") ||
	       str_ends(json_get_str(user, "login"), "[bot]");
}

static bool is_own_branch(const struct reading *r, struct str name)
{
	struct str prefix = r->context->branch_prefix;

	return prefix.n && name.n > prefix.n && str_eq(str_slice(name, 0, prefix.n), prefix);
}

static bool is_red(struct str conclusion)
{
	return str_eq_c(conclusion, "failure") || str_eq_c(conclusion, "timed_out") ||
	       str_eq_c(conclusion, "startup_failure");
}

/* Jobs about a branch's commits follow one another on its line. */
static void set_line(struct reading *r)
{
	struct job *job = r->job;
	struct str where = job->head_repo.n ? job->head_repo : job->repo;

	job->line = arena_printf(r->mem, "%.*s:%.*s:%.*s", STR_ARGS(job->repo), STR_ARGS(where),
		STR_ARGS(job->branch));
}

static enum intake needs_head(struct reading *r)
{
	if (!r->job->sha.n)
		return malformed(r, "the head's commit");
	if (!r->job->branch.n)
		return skip(r, "no_branch"); /* a tag, or a fork that is gone */
	set_line(r);
	return INTAKE_JOB;
}

/* The kind that a red run of that head is, with its key. */
static void set_red(struct reading *r, const char *what, int64_t number, int64_t attempt)
{
	struct job *job = r->job;
	bool own = is_own_branch(r, job->branch) && str_eq(job->head_repo, job->repo);

	job->kind = own ? JOB_OWN_RED : JOB_HEAL_RUN;
	job->key = arena_printf(r->mem, "red:%.*s:%s:%" PRId64 ":%" PRId64, STR_ARGS(job->repo),
		what, number, attempt);
}

/* --- one function an event --- */

static enum intake read_workflow_run(struct reading *r)
{
	const struct json_t *run = json_get_obj(r->payload, "workflow_run");
	struct job *job = r->job;
	enum intake head;

	if (!run)
		return malformed(r, "workflow_run");
	if (!str_eq_c(job->action, "completed"))
		return skip(r, "not_completed");
	job->run_id = id(run, "id");
	job->run_attempt = json_get_int(run, "run_attempt", 1);
	job->conclusion = word(run, "conclusion", WORD_MAX);
	job->ci = word(run, "name", WORD_MAX);
	job->branch = branch(run, "head_branch");
	job->sha = sha(run, "head_sha");
	job->head_repo = repo_name(json_get_obj(run, "head_repository"));
	job->at = moment(run, "created_at");
	if (!job->run_id)
		return malformed(r, "the run's id");
	if ((head = needs_head(r)) != INTAKE_JOB)
		return head;
	if (is_red(job->conclusion)) {
		set_red(r, "run", job->run_id, job->run_attempt);
		return INTAKE_JOB;
	}
	if (!str_eq_c(job->conclusion, "success"))
		return skip(r, "no_verdict"); /* cancelled, skipped, neutral, stale... */
	if (!str_eq(job->branch, job->base) || !str_eq(job->head_repo, job->repo) ||
		str_starts(json_get_str(run, "event"), "pull_request"))
		return skip(r, "green");
	job->kind = JOB_BASE_GREEN;
	job->key = arena_printf(r->mem, "green:%.*s:run:%" PRId64 ":%" PRId64, STR_ARGS(job->repo),
		job->run_id, job->run_attempt);
	return INTAKE_JOB;
}

/* Checks of GitHub Actions come as workflow runs too, which say more. */
static enum intake read_suite(struct reading *r, const struct json_t *suite,
	const struct json_t *app, struct str conclusion)
{
	struct job *job = r->job;
	enum intake head;

	job->suite_id = id(suite, "id");
	job->conclusion = conclusion;
	job->ci = word(app, "slug", WORD_MAX);
	if (!job->ci.n)
		job->ci = word(app, "name", WORD_MAX);
	job->branch = branch(suite, "head_branch");
	job->sha = sha(suite, "head_sha");
	job->head_repo = job->repo; /* suites of forks have no head_branch */
	job->at = moment(suite, "created_at");
	if (str_eq_c(job->ci, "github-actions"))
		return skip(r, "actions");
	if (!is_red(conclusion))
		return skip(r, "green");
	if (!job->suite_id)
		return malformed(r, "the suite's id");
	if ((head = needs_head(r)) != INTAKE_JOB)
		return head;
	set_red(r, "suite", job->suite_id, 1);
	return INTAKE_JOB;
}

static enum intake read_check_suite(struct reading *r)
{
	const struct json_t *suite = json_get_obj(r->payload, "check_suite");

	if (!suite)
		return malformed(r, "check_suite");
	if (!str_eq_c(r->job->action, "completed"))
		return skip(r, "not_completed");
	return read_suite(
		r, suite, json_get_obj(suite, "app"), word(suite, "conclusion", WORD_MAX));
}

static enum intake read_check_run(struct reading *r)
{
	const struct json_t *run = json_get_obj(r->payload, "check_run");
	const struct json_t *suite = json_get_obj(run, "check_suite");

	if (!run || !suite)
		return malformed(r, run ? "check_suite" : "check_run");
	if (!str_eq_c(r->job->action, "completed"))
		return skip(r, "not_completed");
	return read_suite(r, suite, json_get_obj(run, "app"), word(run, "conclusion", WORD_MAX));
}

/* The head and base of a pull request. */
static bool read_pull(struct reading *r, const struct json_t *pull)
{
	const struct json_t *head = json_get_obj(pull, "head");
	struct job *job = r->job;

	job->number = id(pull, "number");
	job->branch = branch(head, "ref");
	job->sha = sha(head, "sha");
	job->head_repo = repo_name(json_get_obj(head, "repo"));
	job->base = branch(json_get_obj(pull, "base"), "ref");
	return job->number && job->sha.n;
}

static bool is_own_pull(const struct reading *r)
{
	return is_own_branch(r, r->job->branch) && str_eq(r->job->head_repo, r->job->repo);
}

static enum intake read_pull_request(struct reading *r)
{
	const struct json_t *pull = json_get_obj(r->payload, "pull_request");
	const struct json_t *sender = json_get_obj(r->payload, "sender");
	struct job *job = r->job;

	if (!str_eq_c(job->action, "closed"))
		return skip(r, "action");
	if (!pull || !read_pull(r, pull))
		return malformed(r, "pull_request");
	if (!is_own_pull(r))
		return skip(r, "not_own");
	job->merged = json_get_bool(pull, "merged", false);
	/* Our own closing says nothing; GitHub merges under the name of whom we asked. */
	if (!job->merged && (is_me(r, sender) || (!r->context->me.n && is_bot(sender))))
		return skip(r, "own");
	job->kind = JOB_PULL_CLOSED;
	job->at = moment(pull, "closed_at");
	job->key = arena_printf(r->mem, "closed:%.*s:%" PRId64 ":%" PRId64, STR_ARGS(job->repo),
		job->number, job->at);
	return INTAKE_JOB;
}

/* What follows /selfheal: the command and its rest. */
static bool find_command(struct str body, struct str *out)
{
	struct command c = command_read(body);
	struct str text = c.word;

	if (c.verb == COMMAND_NONE)
		return false;
	if (c.rest.n)
		text = str_make(c.word.p, (size_t)(c.rest.p + c.rest.n - c.word.p));
	*out = str_slice(text, 0, COMMAND_MAX);
	return true;
}

/* A comment of a person that speaks to us. */
static enum intake read_command(struct reading *r, const struct json_t *comment, const char *place)
{
	const struct json_t *user = json_get_obj(comment, "user");
	struct job *job = r->job;

	if (!find_command(json_get_str(comment, "body"), &job->text))
		return skip(r, "no_command");
	if (!id(comment, "id") || !job->number)
		return malformed(r, "comment");
	job->kind = JOB_COMMAND;
	job->actor = word(user, "login", WORD_MAX);
	job->association = word(comment, "author_association", WORD_MAX);
	job->key = arena_printf(
		r->mem, "command:%.*s:%s:%" PRId64, STR_ARGS(job->repo), place, id(comment, "id"));
	return INTAKE_JOB;
}

static enum intake refuse_bots(struct reading *r, const struct json_t *user)
{
	if (is_me(r, user) || is_me(r, json_get_obj(r->payload, "sender")))
		return skip(r, "own");
	if (is_bot(user) || is_bot(json_get_obj(r->payload, "sender")))
		return skip(r, "bot");
	return INTAKE_JOB;
}

static enum intake read_issue_comment(struct reading *r)
{
	const struct json_t *comment = json_get_obj(r->payload, "comment");

	if (!comment)
		return malformed(r, "comment");
	if (!str_eq_c(r->job->action, "created"))
		return skip(r, "action");
	if (refuse_bots(r, json_get_obj(comment, "user")) != INTAKE_JOB)
		return INTAKE_SKIP;
	r->job->number = id(json_get_obj(r->payload, "issue"), "number");
	r->job->comment_id = id(comment, "id");
	r->job->at = moment(comment, "created_at");
	return read_command(r, comment, "issue");
}

/* What a review asks of our own pull request; its comments on lines belong to it. */
static enum intake read_feedback(
	struct reading *r, const struct json_t *said, int64_t review, bool asks)
{
	struct job *job = r->job;

	if (!is_own_pull(r))
		return skip(r, "not_own");
	if (!asks)
		return skip(r, "no_request");
	if (!review)
		return malformed(r, "the review's id");
	job->kind = JOB_REVIEW;
	job->review_id = review;
	job->text = arena_str(r->mem, str_slice(json_get_str(said, "body"), 0, TEXT_MAX));
	job->actor = word(json_get_obj(said, "user"), "login", WORD_MAX);
	job->association = word(said, "author_association", WORD_MAX);
	job->key =
		arena_printf(r->mem, "review:%.*s:%" PRId64, STR_ARGS(job->repo), job->review_id);
	return INTAKE_JOB;
}

static enum intake read_review(struct reading *r)
{
	const struct json_t *review = json_get_obj(r->payload, "review");
	const struct json_t *pull = json_get_obj(r->payload, "pull_request");
	bool asks;

	if (!str_eq_c(r->job->action, "submitted"))
		return skip(r, "action");
	if (!review || !pull || !read_pull(r, pull))
		return malformed(r, review ? "pull_request" : "review");
	if (refuse_bots(r, json_get_obj(review, "user")) != INTAKE_JOB)
		return INTAKE_SKIP;
	r->job->at = moment(review, "submitted_at");
	r->job->conclusion = word(review, "state", WORD_MAX);
	if (read_command(r, review, "review") == INTAKE_JOB) {
		r->job->review_id = id(review, "id");
		return INTAKE_JOB;
	}
	asks = str_eq_nocase(r->job->conclusion, STR("changes_requested"));
	return read_feedback(r, review, id(review, "id"), asks);
}

static enum intake read_review_comment(struct reading *r)
{
	const struct json_t *comment = json_get_obj(r->payload, "comment");
	const struct json_t *pull = json_get_obj(r->payload, "pull_request");

	if (!str_eq_c(r->job->action, "created"))
		return skip(r, "action");
	if (!comment || !pull || !read_pull(r, pull))
		return malformed(r, comment ? "pull_request" : "comment");
	if (refuse_bots(r, json_get_obj(comment, "user")) != INTAKE_JOB)
		return INTAKE_SKIP;
	r->job->comment_id = id(comment, "id");
	r->job->of_line = true;
	r->job->at = moment(comment, "created_at");
	if (read_command(r, comment, "line") == INTAKE_JOB)
		return INTAKE_JOB;
	return read_feedback(r, comment, id(comment, "pull_request_review_id"), true);
}

static enum intake read_push(struct reading *r)
{
	struct str ref = json_get_str(r->payload, "ref");
	struct job *job = r->job;

	if (!str_skip(&ref, "refs/heads/"))
		return skip(r, "no_branch");
	job->branch = branch_of(ref);
	job->sha = sha(r->payload, "after");
	job->head_repo = job->repo;
	job->at = moment(json_get_obj(r->payload, "repository"), "pushed_at");
	job->kind = JOB_PUSH;
	job->key = arena_printf(r->mem, "push:%.*s:%.*s:%.*s:%" PRId64, STR_ARGS(job->repo),
		STR_ARGS(job->branch), STR_ARGS(job->sha), job->at);
	return needs_head(r);
}

static enum intake read_installation(struct reading *r)
{
	const struct json_t *installation = json_get_obj(r->payload, "installation");
	struct job *job = r->job;

	if (!installation || !job->installation_id)
		return malformed(r, "installation");
	job->kind = JOB_INSTALLATION;
	job->text = job->action;
	job->at = moment(installation, "updated_at");
	job->key = arena_printf(r->mem, "installation:%" PRId64 ":%.*s:%.*s", job->installation_id,
		STR_ARGS(job->action), STR_ARGS(job->delivery));
	return INTAKE_JOB;
}

static enum intake (*const readers[EVENT_COUNT])(struct reading *r) = {
	[EVENT_WORKFLOW_RUN] = read_workflow_run,
	[EVENT_CHECK_SUITE] = read_check_suite,
	[EVENT_CHECK_RUN] = read_check_run,
	[EVENT_PULL_REQUEST] = read_pull_request,
	[EVENT_REVIEW] = read_review,
	[EVENT_REVIEW_COMMENT] = read_review_comment,
	[EVENT_ISSUE_COMMENT] = read_issue_comment,
	[EVENT_PUSH] = read_push,
	[EVENT_INSTALLATION] = read_installation,
	[EVENT_INSTALLATION_REPOSITORIES] = read_installation,
};

static bool is_of_app(enum event event)
{
	return event == EVENT_INSTALLATION || event == EVENT_INSTALLATION_REPOSITORIES;
}

static enum intake read_event(struct reading *r, enum event event)
{
	const struct json_t *repository = json_get_obj(r->payload, "repository");
	struct job *job = r->job;

	if (!json_is_obj(r->payload))
		return malformed(r, "an object");
	job->event = str_of(event_to_name(event));
	job->action = word(r->payload, "action", WORD_MAX);
	job->actor = word(json_get_obj(r->payload, "sender"), "login", WORD_MAX);
	job->installation_id = id(json_get_obj(r->payload, "installation"), "id");
	if (!is_of_app(event)) {
		job->repo = repo_name(repository);
		job->base = branch(repository, "default_branch");
		if (!job->repo.n)
			return malformed(r, "repository");
	}
	return readers[event](r);
}

enum intake intake_read(struct job *out, const char **why, enum event event,
	const struct json_t *payload, const struct intake_context *context, struct arena *mem)
{
	struct job job = {.delivery = out->delivery};
	struct reading r = {payload, context, mem, &job, ""};
	enum intake result = readers[event] ? read_event(&r, event) : skip(&r, "event");

	*why = r.why;
	if (result == INTAKE_JOB)
		*out = job;
	return result;
}
