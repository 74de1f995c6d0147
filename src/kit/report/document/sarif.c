/* sarif: SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), and 1.0.0 and 2.0 as far
 * as they are alike. A run's rules may stand behind its results: what these lack is filled in when
 * the run ends. */
#include "kit/report/document/dialect.h"

#include "base/limits.h"
#include "base/strmap.h"
#include "kit/report/document/sarif_finding.h"
#include "kit/report/scan.h"

enum { RULES_BYTES = 16 << 20, MESSAGE_ARGUMENTS = 8 };

struct rule {
	struct str id, level, text;
	struct failure_finding finding; /* what it says of all its results */
};

/* A result of the run that is open. */
struct waiting {
	report_ref ref;
	int rule, artifact;                      /* index, or -1 */
	bool level;                              /* whether it lacks one */
	struct str message;                      /* the name of the rule's message that it lacks */
	struct str arguments[MESSAGE_ARGUMENTS]; /* of it; p NULL behind the last */
};

struct sarif {
	struct arena mem; /* of the run */
	vec(struct rule *) rules;
	vec(struct str) artifacts;
	struct strmap by_id; /* of a rule -> struct rule */
	vec(struct waiting) waiting;
	bool compiler;
};

/* --- what a run holds --- */

static struct str kept(struct sarif *s, struct str text)
{
	return s->mem.total < RULES_BYTES ? arena_str(&s->mem, text) : STR("");
}

static void add_rule(struct sarif *s, const struct node *node)
{
	static const char *const texts[] = {"messageStrings/default/text", "shortDescription/text",
		"fullDescription/text", "shortDescription", "name", NULL};
	struct rule *rule;

	if (s->mem.total >= RULES_BYTES)
		return;
	rule = arena_new(&s->mem, struct rule);
	*rule = (struct rule){kept(s, node_text(node, "id")),
		kept(s, node_text(node, "defaultConfiguration/level")),
		kept(s, node_text_any(node, texts))};
	sarif_read_finding(&rule->finding, node, &s->mem);
	/* Results count in the driver's rules. */
	if (str_eq_c(node->parent->name, "driver"))
		vec_push(&s->rules, rule);
	strmap_put(&s->by_id, rule->id, rule);
	for (const struct node *m = node_get(node, "messageStrings/*"); m; m = m->next) {
		BUF_AUTO key = BUF_INIT(1024);
		struct rule *message;

		buf_printf(&key, "%.*s\n%.*s", STR_ARGS(rule->id), STR_ARGS(m->name));
		if (key.over || s->mem.total >= RULES_BYTES)
			continue;
		message = arena_new(&s->mem, struct rule);
		message->text = kept(s, node_text(m, "text"));
		strmap_put(&s->by_id, buf_view(&key), message);
	}
}

static void add_artifact(struct sarif *s, const struct node *node)
{
	static const char *const paths[] = {"location/uri", "fileLocation/uri", NULL};

	if (s->artifacts.n < LIMIT_FAILURES)
		vec_push(&s->artifacts, kept(s, node_text_any(node, paths)));
}

static bool is_compiler(struct str driver)
{
	static const char *const names[] = {"GNU ", "clang", "rustc", "Microsoft (R) Visual C",
		"Microsoft (R) C/C++", "MSVC", "Microsoft (R) Visual C#"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(driver, names[i]))
			return !str_starts(driver, "clang-tidy");
	return false;
}

/* --- one result --- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

struct str sarif_path(struct str uri, struct arena *mem)
{
	BUF_AUTO path = BUF_INIT(LIMIT_PATH_BYTES);

	(void)str_skip(&uri, "file://");
	if (uri.n > 2 && uri.p[0] == '/' && uri.p[2] == ':')
		uri = str_from(uri, 1);
	for (size_t i = 0; i < uri.n; i++) {
		int high = i + 2 < uri.n ? hex_digit(uri.p[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(uri.p[i + 2]) : -1;

		if (uri.p[i] == '%' && low >= 0 && high + low > 0) {
			buf_char(&path, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_char(&path, uri.p[i]);
		}
	}
	return arena_str(mem, buf_view(&path));
}

static void read_location(struct failure *f, const struct node *node, struct arena *mem)
{
	static const char *const places[] = {
		"locations/physicalLocation", "locations/resultFile", "locations/analysisTarget"};
	const struct node *place = NULL;
	struct str uri;

	for (size_t k = 0; k < ARRAY_LEN(places) && !place; k++)
		place = node_get(node, places[k]);
	uri = node_text_any(place,
		(const char *const[]){"artifactLocation/uri", "fileLocation/uri", "uri", NULL});
	f->file = sarif_path(uri, mem);
	f->line = node_int(place, "region/startLine", 0);
	f->column = node_int(place, "region/startColumn", 0);
}

/* The only replacement of the only change of the first fix. */
static void read_fix(struct failure *f, const struct node *node)
{
	const struct node *change = node_get(node, "fixes/artifactChanges");
	const struct node *r = node_get(change, "replacements");

	if (!r || node_again(change) || node_again(r) || !node_get(r, "deletedRegion/startLine"))
		return;
	f->fixit = node_get(r, "insertedContent/text") ? node_get(r, "insertedContent/text")->text
						       : STR("");
	f->fix_line = node_int(r, "deletedRegion/startLine", 0);
	f->fix_column = node_int(r, "deletedRegion/startColumn", 1);
	f->fix_end_line = node_int(r, "deletedRegion/endLine", f->fix_line);
	f->fix_end_column = node_int(r, "deletedRegion/endColumn", f->fix_column);
}

/* "{0}" is the first of the arguments. */
static struct str with_arguments(struct str text, const struct str *arguments, struct arena *mem)
{
	BUF_AUTO out = BUF_INIT(REPORT_MESSAGE_BYTES);
	struct str before, rest;
	int n;

	while (str_cut(&text, "{", &before)) {
		rest = text;
		buf_str(&out, before);
		if (str_take_int(&rest, &n) && str_skip(&rest, "}") && n < MESSAGE_ARGUMENTS &&
			arguments[n].p) {
			buf_str(&out, arguments[n]);
			text = rest;
		} else {
			buf_char(&out, '{');
		}
	}
	buf_str(&out, text);
	return arena_str(mem, buf_view(&out));
}

/* The message, or in w what to look for in the rules. */
static struct str message_of(
	struct sarif *s, struct waiting *w, const struct node *node, struct arena *mem)
{
	static const char *const texts[] = {"text", "markdown", ".", "../fullMessage", NULL};
	const struct node *message = node_get(node, "message");
	const struct node *argument = node_get(message, "arguments");
	struct str text = node_text_any(message, texts);

	if (text.n == 0)
		w->message = kept(
			s, node_text(message, "id").n ? node_text(message, "id") : STR("default"));
	for (int i = 0; argument && i < MESSAGE_ARGUMENTS; argument = node_again(argument))
		w->arguments[i++] = kept(s, argument->text);
	return w->arguments[0].p ? with_arguments(text, w->arguments, mem) : text;
}

static bool is_word(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_eq_nocase(s, str_of(*words)))
			return true;
	return false;
}

/* Suppressed, passed, gone since the baseline: no findings. */
static bool is_finding(const struct node *node)
{
	static const char *const kinds[] = {"", "fail", "open", "review", "informational", NULL};
	static const char *const accepted[] = {"", "accepted", NULL};
	static const char *const gone[] = {"absent", NULL};
	const struct node *one = node_get(node, "suppressions");

	for (; one; one = node_again(one))
		if (is_word(node_text(one, "status"), accepted))
			return false;
	return is_word(node_text(node, "kind"), kinds) &&
	       !is_word(node_text(node, "baselineState"), gone) &&
	       !node_get(node, "suppressionStates");
}

/* Some write these in capitals. */
static struct str level_of(const struct node *node)
{
	static const char *const levels[] = {"error", "warning", "note", "none"};
	struct str level = node_text(node, "level");

	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (str_eq_nocase(level, str_of(levels[i])))
			return str_of(levels[i]);
	return level;
}

static void add_result(struct sarif *s, struct document_out *out, const struct node *node)
{
	struct arena *mem = &out->report->scratch;
	struct failure f = {.kind = FAILURE_LINT, .duration_s = -1};
	struct failure_finding finding = {0};
	struct waiting w = {.artifact = -1};

	if (!is_finding(node))
		return;
	f.name = node_text_any(node, (const char *const[]){"ruleId", "rule/id", "ruleKey", NULL});
	f.type = level_of(node);
	f.message = message_of(s, &w, node, mem);
	read_location(&f, node, mem);
	f.language = scan_language(f.file);
	if (!f.language.p)
		f.language = STR("");
	read_fix(&f, node);
	sarif_read_finding(&finding, node, mem);
	sarif_read_edits(&finding, node, mem);
	f.finding = &finding;
	w.rule = node_int(node, "ruleIndex", node_int(node, "rule/index", -1));
	w.level = f.type.n == 0;
	if (f.file.n == 0)
		w.artifact =
			node_int(node, "locations/physicalLocation/artifactLocation/index", -1);
	w.ref = document_emit(out, &f, ROLE_RUNNER);
	if (w.ref >= 0 && s->waiting.n < LIMIT_FAILURES)
		vec_push(&s->waiting, w);
	out_reset(out->report);
}

static void sarif_record(const struct dialect *dialect, void *state, struct document_out *out,
	const struct node *node)
{
	(void)dialect;
	if (str_eq_c(node->name, "results"))
		add_result(state, out, node);
	else if (str_eq_c(node->name, "rules"))
		add_rule(state, node);
	else
		add_artifact(state, node);
}

/* --- the end of a run --- */

static const struct rule *rule_of(const struct sarif *s, const struct waiting *w, struct str id)
{
	const struct rule *rule = NULL;
	ptrdiff_t slash;

	if (w->rule >= 0 && (size_t)w->rule < s->rules.n &&
		(id.n == 0 || str_eq(s->rules.v[w->rule]->id, id)))
		return s->rules.v[w->rule];
	rule = id.n ? strmap_get(&s->by_id, id) : NULL;
	/* "CA1000/1" is a rule below CA1000. */
	slash = str_rfind_char(id, '/');
	if (!rule && slash > 0)
		rule = strmap_get(&s->by_id, str_slice(id, 0, (size_t)slash));
	return rule;
}

static void complete_message(
	struct sarif *s, struct report_out *out, struct failure *f, const struct waiting *w)
{
	struct str key =
		arena_printf(&out->scratch, "%.*s\n%.*s", STR_ARGS(f->name), STR_ARGS(w->message));
	const struct rule *message = strmap_get(&s->by_id, key), *rule = rule_of(s, w, f->name);
	struct str text = message ? message->text : rule ? rule->text : STR("");

	f->message = out_keep(out, with_arguments(text, w->arguments, &out->scratch));
}

static void complete(struct sarif *s, struct report_out *out, const struct waiting *w)
{
	struct failure *f = out_at(out, w->ref);
	const struct rule *rule = rule_of(s, w, f->name);

	if (w->level)
		f->type = rule && rule->level.n ? out_keep(out, rule->level) : STR("warning");
	if (rule && f->name.n == 0)
		f->name = out_keep(out, rule->id);
	if (rule && f->finding && sarif_add_finding(f->finding, &rule->finding, &out->scratch))
		f->finding->tags = out_keep(out, f->finding->tags);
	if (w->message.n)
		complete_message(s, out, f, w);
	if (w->artifact >= 0 && (size_t)w->artifact < s->artifacts.n)
		f->file = out_keep(out, sarif_path(s->artifacts.v[w->artifact], &out->scratch));
	if (s->compiler && str_eq_c(f->type, "error"))
		f->kind = FAILURE_COMPILE;
}

static void sarif_release(void *state)
{
	struct sarif *s = state;

	vec_free(&s->rules);
	vec_free(&s->artifacts);
	vec_free(&s->waiting);
	strmap_release(&s->by_id);
	arena_release(&s->mem);
	*s = (struct sarif){0};
}

static void sarif_leave(void *state, struct document_out *out, struct node *node)
{
	struct sarif *s = state;

	if (str_eq_c(node->name, "driver")) {
		s->compiler = is_compiler(node_text(node, "name"));
	} else if (str_eq_c(node->name, "runs")) {
		vec_each (w, &s->waiting)
			complete(s, out->report, w);
		out_reset(out->report);
		sarif_release(s);
	}
}

const struct dialect dialect_sarif = {
	.name = "sarif",
	.json = true,
	.known_by = (const char *const[]){"/runs/tool/driver/name", "/runs/results/message/text",
		"/runs/tool/name /version", "/version=2.1.0 /$schema", "/version=2.1.0 /runs",
		"/runs/results/ruleId", NULL},
	.records = (const char *const[]){"runs/results", "driver/rules", "extensions/rules",
		"runs/artifacts", "runs/files", NULL},
	.skip = (const char *const[]){"codeFlows", "relatedLocations", "contextRegion", "snippet",
		"graphs", "invocations", "taxonomies", "help", "webRequest", "stacks", NULL},
	.state_size = sizeof(struct sarif),
	.record = sarif_record,
	.leave = sarif_leave,
	.release = sarif_release,
};
