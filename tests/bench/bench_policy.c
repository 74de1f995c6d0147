/* bench_policy: judges patches given as JSON lines {id, patch} on stdin, one JSON line each out:
 * {id, verdict, findings: [{rule, verdict, path, line, detail}]}. For tests/bench/policy_table.py.
 */
#include "base/buf.h"
#include "json/json.h"
#include "verify/policy.h"

static struct json_t *finding_json(const struct policy_finding *f)
{
	struct json_t *out = json_obj();

	json_put_c(out, "rule", f->rule);
	json_put_c(out, "verdict", policy_verdict_to_string(f->verdict));
	json_put_str(out, "path", f->path);
	json_put_int(out, "line", f->line);
	json_put_str(out, "detail", f->detail);
	return out;
}

static int judge_line(struct policy *policy, struct str line, struct err *err)
{
	ARENA_AUTO mem = {0};
	CLEANUP(json_freep) struct json_t *in = NULL;
	CLEANUP(json_freep) struct json_t *out = NULL;
	BUF_AUTO text = {0};
	struct policy_report report;
	struct json_t *findings;

	arena_init(&mem);
	if (json_parse(&in, line, err) < 0 ||
		policy_check_diff(&report, policy, json_get_str(in, "patch"), &mem, err) < 0)
		return -1;
	out = json_obj();
	findings = json_arr();
	json_put_str(out, "id", json_get_str(in, "id"));
	json_put_c(out, "verdict", policy_verdict_to_string(report.verdict));
	for (size_t i = 0; i < report.n; i++)
		json_push(findings, finding_json(&report.v[i]));
	json_put(out, "findings", findings);
	buf_init(&text, 1 << 20);
	json_write(&text, out, 0);
	puts(buf_text(&text));
	return 0;
}

int main(void)
{
	CLEANUP(policy_freep) struct policy *policy = NULL;
	struct err err = ERR_INIT;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (policy_open(&policy, NULL, &err) < 0)
		goto failed;
	while ((n = getline(&line, &room, stdin)) > 0)
		if (judge_line(policy, str_make(line, (size_t)n), &err) < 0)
			goto failed;
	free(line);
	return 0;
failed:
	fprintf(stderr, "%s\n", err.msg);
	free(line);
	return 1;
}
