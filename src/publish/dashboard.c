#include "publish/dashboard.h"

#include <inttypes.h>

#include "base/limits.h"
#include "kit/redact/redact.h"
#include "port/forge/forge.h"
#include "publish/publish.h"
#include "publish/sections.h"

enum { BODY_BYTES = 60000, ID_MAX = 64 };

static const char title[] = "selfheal dashboard";
static const char box_begin[] = " <!-- selfheal:box ";
static const char item_begin[] = " <!-- selfheal:item ";
static const char hidden_end[] = " -->";

static const char *const actions[] = {"approve", "retry", "ignore"};
static const char *const action_texts[] = {"approve: mark it ready for review",
	"retry: propose it again", "ignore: never propose this again"};
/* What each list offers. */
static const bool offers[DASHBOARD_LISTS][ARRAY_LEN(actions)] = {
	[DASHBOARD_OPEN] = {true, false, true},
	[DASHBOARD_SKIPPED] = {false, true, true},
};
static const char *const lists[] = {"open", "skipped", "seen"};
static const char *const headings[] = {
	"Open pull requests", "Passed over", "Failures without a fix"};

static bool is_id(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789abcdef", s.p[i]))
			return false;
	return s.n > 0 && s.n <= ID_MAX;
}

static bool is_ticked(
	const struct dashboard_tick *ticks, size_t n, enum dashboard_action action, struct str id)
{
	for (size_t i = 0; i < n; i++)
		if (ticks[i].action == action && str_eq(ticks[i].id, id))
			return true;
	return false;
}

static void write_text(struct buf *out, struct str text)
{
	BUF_AUTO safe = BUF_INIT(LIMIT_LINE_BYTES);

	redact_text(&safe, str_slice(text, 0, SECTION_TEXT_MAX * 2));
	section_text(out, str_slice(buf_view(&safe), 0, 300));
}

static void write_item(struct buf *out, const struct dashboard_item *item,
	const struct dashboard_tick *ticks, size_t n_ticks)
{
	buf_c(out, "- ");
	if (item->ready) {
		buf_str(out, item->text);
	} else {
		if (item->pull)
			buf_printf(out, "#%" PRId64 " ", item->pull);
		write_text(out, item->text);
		if (item->reason.n) {
			buf_c(out, ": ");
			write_text(out, item->reason);
		}
	}
	buf_printf(out, "%s%s %.*s%s\n", item_begin, lists[item->list], STR_ARGS(item->id),
		hidden_end);
	for (int a = 0; a <= DASHBOARD_IGNORE; a++)
		if (offers[item->list][a])
			buf_printf(out, "  - [%c] %s%s%s %.*s%s\n",
				is_ticked(ticks, n_ticks, (enum dashboard_action)a, item->id) ? 'x'
											      : ' ',
				action_texts[a], box_begin, actions[a], STR_ARGS(item->id),
				hidden_end);
}

static bool is_listed(const struct dashboard_item *items, size_t n, size_t at)
{
	if (!is_id(items[at].id))
		return false;
	for (size_t i = 0; i < at && i < n; i++)
		if (str_eq(items[i].id, items[at].id))
			return false;
	return true;
}

void dashboard_write(struct buf *out, const struct dashboard_item *items, size_t n,
	const struct dashboard_tick *ticks, size_t n_ticks, struct str instance)
{
	struct marker marker = {.what = STR("dashboard"), .instance = instance};
	size_t written = 0, left_out = 0;

	buf_c(out, "What selfheal has open in this repository, what it passed over, and what it "
		   "saw. Tick a box to ask for something: the next run does it. Close this "
		   "issue to have none.\n");
	for (int list = 0; list < DASHBOARD_LISTS; list++) {
		bool any = false;
		for (size_t i = 0; i < n; i++) {
			if (items[i].list != (enum dashboard_list)list || !is_listed(items, n, i))
				continue;
			if (written == DASHBOARD_ITEMS_MAX || out->n > BODY_BYTES - 4000) {
				left_out++;
				continue;
			}
			if (!any)
				buf_printf(out, "\n### %s\n\n", headings[list]);
			any = true;
			written++;
			write_item(out, &items[i], ticks, n_ticks);
		}
	}
	if (!written)
		buf_c(out, "\nNothing is open, and nothing is red.\n");
	if (left_out)
		buf_printf(out, "\n... and %zu more\n", left_out);
	buf_char(out, '\n');
	marker_write(out, &marker);
}

/* The two words of a hidden mark at the end of a line: "retry 0123". */
static bool hidden(
	struct str line, const char *begin, struct str *before, struct str *first, struct str *id)
{
	ptrdiff_t at = str_find_c(line, begin);

	if (at < 0 || !str_ends(line, hidden_end))
		return false;
	*before = str_slice(line, 0, (size_t)at);
	*id = str_slice(line, (size_t)at + strlen(begin), line.n - strlen(hidden_end));
	return str_cut(id, " ", first) && is_id(*id);
}

static int word_of(const char *const *words, size_t n, struct str word)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_c(word, words[i]))
			return (int)i;
	return -1;
}

size_t dashboard_ticks(struct dashboard_tick *out, size_t max, struct str body)
{
	struct str line, before, word, id;
	size_t n = 0;

	while (n < max && str_next_line(&body, &line)) {
		int action;
		line = str_trim(line);
		if (!str_skip(&line, "- [x] ") && !str_skip(&line, "- [X] "))
			continue;
		if (!hidden(line, box_begin, &before, &word, &id) ||
			(action = word_of(actions, ARRAY_LEN(actions), word)) < 0 ||
			is_ticked(out, n, (enum dashboard_action)action, id))
			continue;
		out[n++] = (struct dashboard_tick){(enum dashboard_action)action, id};
	}
	return n;
}

void dashboard_untick(struct buf *out, struct str body)
{
	struct dashboard_tick tick;
	struct str line;

	while (str_next_line(&body, &line)) {
		ptrdiff_t at = dashboard_ticks(&tick, 1, line) ? str_find_char(line, '[') : -1;
		if (at >= 0)
			buf_printf(out, "%.*s[ ]%.*s\n", (int)at, line.p,
				STR_ARGS(str_from(line, (size_t)at + 3)));
		else
			buf_printf(out, "%.*s\n", STR_ARGS(line));
	}
}

size_t dashboard_items(struct dashboard_item *out, size_t max, struct str body)
{
	struct str line, before, word, id;
	size_t n = 0;

	while (n < max && str_next_line(&body, &line)) {
		int list;
		if (!str_skip(&line, "- ") || !hidden(line, item_begin, &before, &word, &id) ||
			(list = word_of(lists, ARRAY_LEN(lists), word)) < 0)
			continue;
		out[n++] = (struct dashboard_item){.list = (enum dashboard_list)list,
			.id = id,
			.text = str_slice(before, 0, LIMIT_PATH_BYTES),
			.ready = true};
	}
	return n;
}

/* --- the issue --- */

static const struct forge_label label = {
	STR("self-healing"), STR("5319e7"), STR("Opened by selfheal")};

/* Ours, the oldest; FORGE_NONE. */
static int find(struct forge_issue *out, struct forge *forge, const struct dashboard_options *o,
	struct arena *mem, struct err *err)
{
	struct forge_issue *issues;
	struct forge_user me;
	bool found = false;
	size_t n;

	if (forge_me(forge, &me, mem, err) < 0 ||
		forge_issues(forge, o->repo, label.name, "all", &issues, &n, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct marker marker;
		if (issues[i].is_pull || !str_eq_nocase(issues[i].author, me.login) ||
			!marker_read(&marker, issues[i].body, "dashboard", o->instance, mem) ||
			(found && issues[i].number > out->number))
			continue;
		*out = issues[i];
		found = true;
	}
	return found ? 0 : FORGE_NONE;
}

static bool is_among(const struct str *ids, size_t n, struct str id)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(ids[i], id))
			return true;
	return false;
}

/* The order decides: what is said first of a fingerprint holds (dashboard_write). */
struct items {
	struct dashboard_item v[DASHBOARD_ITEMS_MAX * 4];
	size_t n;
};

static void add(struct items *items, const struct dashboard_item *item)
{
	if (items->n < ARRAY_LEN(items->v))
		items->v[items->n++] = *item;
}

static int collect(struct items *items, struct forge *forge, const struct dashboard_options *o,
	struct str body, struct arena *mem, struct err *err)
{
	struct dashboard_item earlier[DASHBOARD_ITEMS_MAX];
	struct own_pull *pulls;
	size_t n;

	if (publish_own_pulls(forge, o->repo, o->instance, &pulls, &n, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (pulls[i].open && pulls[i].marker.n)
			add(items, &(struct dashboard_item){.list = DASHBOARD_OPEN,
					   .id = pulls[i].marker.fingerprints[0],
					   .text = pulls[i].title,
					   .pull = pulls[i].number});
	for (size_t i = 0; i < o->n; i++)
		add(items, &o->items[i]);
	n = dashboard_items(earlier, ARRAY_LEN(earlier), body);
	for (size_t i = 0; i < n; i++)
		if (earlier[i].list != DASHBOARD_OPEN &&
			!is_among(o->healed, o->n_healed, earlier[i].id))
			add(items, &earlier[i]);
	return 0;
}

/* Without its label it would not be found again: then it is closed at once. */
static int create(int64_t *number, struct forge *forge, const struct dashboard_options *o,
	struct str body, struct arena *mem, struct err *err)
{
	struct forge_issue_draft draft = {
		.title = str_of(title), .body = body, .labels = &label.name, .n_labels = 1};
	struct forge_pull_change closing = {.state = "closed"};
	struct err ignored = ERR_INIT;
	struct forge_issue made;

	if (forge_label_ensure(forge, o->repo, &label, err) < 0 ||
		forge_issue_create(forge, o->repo, &draft, &made, mem, err) < 0)
		return -1;
	*number = made.number;
	if (made.n_labels ||
		forge_labels_add(forge, o->repo, made.number, &label.name, 1, err) == 0)
		return 0;
	if (forge_issue_update(forge, o->repo, made.number, &closing, &ignored) < 0)
		err_reset(&ignored);
	return -1;
}

int dashboard_update(enum dashboard_did *did, int64_t *number, struct forge *forge,
	const struct dashboard_options *options, struct arena *mem, struct err *err)
{
	struct dashboard_tick ticks[DASHBOARD_TICKS_MAX];
	struct items *items = arena_new(mem, struct items);
	struct forge_issue issue = {0};
	BUF_AUTO body = BUF_INIT(LIMIT_TEXT_BYTES);
	size_t n_ticks;
	int rc = find(&issue, forge, options, mem, err);

	if (rc < 0)
		return -1;
	*did = DASHBOARD_NOTHING;
	*number = issue.number;
	if (rc == 0 && !issue.open) {
		*did = DASHBOARD_CLOSED;
		return 0;
	}
	if (collect(items, forge, options, issue.body, mem, err) < 0)
		return -1;
	if (rc == FORGE_NONE && !items->n)
		return 0;
	n_ticks = dashboard_ticks(ticks, ARRAY_LEN(ticks), issue.body);
	dashboard_write(&body, items->v, items->n, ticks, n_ticks, options->instance);
	if (rc == FORGE_NONE) {
		*did = DASHBOARD_CREATED;
		return create(number, forge, options, buf_view(&body), mem, err);
	}
	if (str_eq(str_trim(issue.body), str_trim(buf_view(&body))))
		return 0;
	*did = DASHBOARD_UPDATED;
	return forge_issue_update(forge, options->repo, issue.number,
		&(struct forge_pull_change){.body = buf_view(&body)}, err);
}

static int obey_one(struct forge *forge, struct str repo, const struct own_pull *pull,
	enum dashboard_action action, struct arena *mem, struct err *err)
{
	struct marker marker = pull->marker;
	struct forge_pull_change change = {0};

	if (action == DASHBOARD_APPROVE)
		return pull->open && pull->draft
			       ? forge_pull_set_draft(forge, pull->node_id, false, err)
			       : 0;
	if (pull->merged)
		return 0;
	marker.retry = action == DASHBOARD_RETRY;
	marker.ignore = action == DASHBOARD_IGNORE;
	if (marker.retry != pull->marker.retry || marker.ignore != pull->marker.ignore)
		change.body = marker_replace(pull->body, &marker, mem);
	if (action == DASHBOARD_IGNORE && pull->open)
		change.state = "closed";
	return change.body.p || change.state
		       ? forge_pull_update(forge, repo, pull->number, &change, err)
		       : 0;
}

int dashboard_obey(struct forge *forge, struct str repo, struct str instance, struct arena *mem,
	struct err *err)
{
	struct dashboard_options options = {.repo = repo, .instance = instance};
	struct dashboard_tick ticks[DASHBOARD_TICKS_MAX];
	BUF_AUTO body = BUF_INIT(LIMIT_TEXT_BYTES);
	struct forge_issue issue;
	struct own_pull *pulls;
	size_t n_ticks, n;
	int rc = find(&issue, forge, &options, mem, err);

	if (rc || !issue.open)
		return rc < 0 ? -1 : 0;
	n_ticks = dashboard_ticks(ticks, ARRAY_LEN(ticks), issue.body);
	if (!n_ticks)
		return 0;
	if (publish_own_pulls(forge, repo, instance, &pulls, &n, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n_ticks; i++)
		for (size_t k = 0; k < n; k++)
			if (is_among(
				    pulls[k].marker.fingerprints, pulls[k].marker.n, ticks[i].id) &&
				obey_one(forge, repo, &pulls[k], ticks[i].action, mem, err) < 0)
				return -1;
	dashboard_untick(&body, issue.body);
	return forge_issue_update(forge, repo, issue.number,
		&(struct forge_pull_change){.body = buf_view(&body)}, err);
}
