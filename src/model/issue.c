#include "model/issue.h"

#include <stdio.h>

#include "base/err.h"
#include "json/json.h"

static const char *const severities[] = {"critical", "high", "medium", "low", "info"};
static const char *const lists[ISSUE_KINDS] = {
	"vulnerabilities", "failures", "findings", "complexity_issues", "low_coverage_files"};
/* What value is called; NULL: it has none. */
static const char *const values[ISSUE_KINDS] = {
	"security_severity", NULL, NULL, "complexity", "coverage"};

const char *issue_severity_to_string(enum issue_severity severity)
{
	return severities[severity];
}

bool issue_severity_from_string(struct str s, enum issue_severity *out)
{
	for (size_t i = 0; i < ARRAY_LEN(severities); i++)
		if (str_eq_c(s, severities[i])) {
			*out = (enum issue_severity)i;
			return true;
		}
	return false;
}

const char *issue_kind_list(enum issue_kind kind)
{
	return lists[kind];
}

void issue_list_init(struct issue_list *list)
{
	*list = (struct issue_list){0};
}

void issue_list_release(struct issue_list *list)
{
	vec_free(&list->items);
}

struct issue *issue_list_add(struct issue_list *list, enum issue_kind kind)
{
	struct issue *issue;

	if (list->counts[kind] >= ISSUES_MAX) {
		list->truncated = true;
		return NULL;
	}
	list->counts[kind]++;
	issue = vec_add(&list->items);
	issue->kind = kind;
	return issue;
}

void issue_set_id(struct issue *issue, int nth)
{
	uint64_t hash = str_hash(str_of(lists[issue->kind]));

	hash = hash_mix(hash, str_hash(issue->file));
	hash = hash_mix(hash, str_hash(issue->symbol));
	hash = hash_mix(hash, (uint64_t)nth);
	snprintf(issue->id, sizeof(issue->id), "%016llx", (unsigned long long)hash);
}

/* --- JSON --- */

static struct json_t *edit_to_json(const struct finding_edit *e)
{
	struct json_t *j = json_obj();

	json_put_str(j, "file", e->file);
	json_put_int(j, "line", e->line);
	json_put_int(j, "column", e->column);
	json_put_int(j, "end_line", e->end_line);
	json_put_int(j, "end_column", e->end_column);
	json_put_str(j, "text", e->text);
	return j;
}

struct json_t *issue_to_json(const struct issue *issue)
{
	struct json_t *j = json_obj(), *edits;

	json_put_c(j, "id", issue->id);
	json_put_str(j, "title", issue->title);
	json_put_str(j, "description", issue->description);
	json_put_str(j, "root_cause", issue->root_cause);
	json_put_str(j, "file", issue->file);
	json_put_int(j, "line", issue->line);
	json_put_c(j, "severity", severities[issue->severity]);
	json_put_str(j, "symbol", issue->symbol);
	if (issue->kind == ISSUE_COMPLEXITY)
		json_put_int(j, values[issue->kind], (int64_t)issue->value);
	else if (values[issue->kind])
		json_put_real(j, values[issue->kind], issue->value);
	if (issue->tags.n)
		json_put_str(j, "tags", issue->tags);
	if (issue->fingerprint.n)
		json_put_str(j, "fingerprint", issue->fingerprint);
	if (!issue->n_edits)
		return j;
	edits = json_arr();
	for (size_t i = 0; i < issue->n_edits; i++)
		json_push(edits, edit_to_json(&issue->edits[i]));
	json_put(j, "fix", edits);
	return j;
}

static int number(const struct json_t *j, const char *key)
{
	int64_t n = json_get_int(j, key, 0);

	return n > 0 && n < INT32_MAX ? (int)n : 0;
}

static void edits_from_json(struct issue *issue, const struct json_t *j, struct arena *mem)
{
	size_t n = json_len(j);
	struct finding_edit *edits;

	if (!json_is_arr(j) || n > FINDING_EDITS_MAX)
		return;
	edits = arena_array(mem, n, sizeof(*edits));
	for (size_t i = 0; i < n; i++) {
		const struct json_t *e = json_at(j, i);

		edits[i] = (struct finding_edit){.file = arena_str(mem, json_get_str(e, "file")),
			.text = arena_str(mem, json_get_str(e, "text")),
			.line = number(e, "line"),
			.column = number(e, "column"),
			.end_line = number(e, "end_line"),
			.end_column = number(e, "end_column")};
	}
	issue->edits = edits;
	issue->n_edits = n;
}

void issue_from_json(
	struct issue *issue, enum issue_kind kind, const struct json_t *j, struct arena *mem)
{
	struct str id = json_get_str(j, "id");

	*issue = (struct issue){.kind = kind,
		.severity = ISSUE_INFO,
		.title = arena_str(mem, json_get_str(j, "title")),
		.description = arena_str(mem, json_get_str(j, "description")),
		.root_cause = arena_str(mem, json_get_str(j, "root_cause")),
		.file = arena_str(mem, json_get_str(j, "file")),
		.line = number(j, "line"),
		.symbol = arena_str(mem, json_get_str(j, "symbol")),
		.tags = arena_str(mem, json_get_str(j, "tags")),
		.fingerprint = arena_str(mem, json_get_str(j, "fingerprint"))};
	snprintf(issue->id, sizeof(issue->id), "%.*s",
		STR_ARGS(str_slice(id, 0, ISSUE_ID_SIZE - 1)));
	(void)issue_severity_from_string(json_get_str(j, "severity"), &issue->severity);
	if (values[kind])
		issue->value = json_get_real(j, values[kind], 0);
	edits_from_json(issue, json_get_arr(j, "fix"), mem);
}

void issue_list_to_json(const struct issue_list *list, struct json_t *document)
{
	struct json_t *arrays[ISSUE_KINDS];

	for (int k = 0; k < ISSUE_KINDS; k++)
		arrays[k] = json_arr();
	vec_each (issue, &list->items)
		json_push(arrays[issue->kind], issue_to_json(issue));
	for (int k = 0; k < ISSUE_KINDS; k++)
		json_put(document, lists[k], arrays[k]);
}

int issue_list_from_json(
	struct issue_list *list, const struct json_t *document, struct arena *mem, struct err *err)
{
	bool any = false;

	for (int k = 0; k < ISSUE_KINDS; k++) {
		const struct json_t *array = json_get_arr(document, lists[k]);

		any |= array != NULL;
		for (size_t i = 0; i < json_len(array); i++) {
			struct issue *issue = issue_list_add(list, (enum issue_kind)k);

			if (!issue)
				break;
			issue_from_json(issue, (enum issue_kind)k, json_at(array, i), mem);
		}
	}
	if (!any)
		return err_set(err, ERR_PARSE,
			"these are no issues of 'selfheal scan': there is no 'failures' and no "
			"'vulnerabilities'");
	return 0;
}
