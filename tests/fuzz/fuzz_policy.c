/* Patches of any kind: judged, never crashed over. A zero byte in front: a path, an old and a new
 * text with zero bytes between; else a diff. The tables are read once: they are not what is
 * fuzzed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "verify/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int judge(struct policy *policy, struct str input, struct policy_report *out,
	struct arena *mem, struct err *err)
{
	struct policy_text text = {0};

	if (input.n && input.p[0])
		return policy_check_diff(out, policy, input, mem, err);
	input = str_from(input, 1);
	if (!str_next(&input, 0, &text.path) || !text.path.n)
		text.path = STR("tests/test_a.py");
	(void)str_next(&input, 0, &text.before);
	text.after = input;
	return policy_check_texts(out, policy, &text, 1, mem, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy *policy;
	ARENA_AUTO mem = {0};
	struct policy_report report = {0};
	struct err err = ERR_INIT;
	enum policy_verdict worst = POLICY_ALLOW;

	if (!policy && policy_open(&policy, NULL, &err) < 0)
		abort();
	arena_init(&mem);
	if (judge(policy, str_make((const char *)data, size), &report, &mem, &err) < 0)
		return 0;
	for (size_t i = 0; i < report.n; i++)
		worst = report.v[i].verdict > worst ? report.v[i].verdict : worst;
	if (report.n < 100 && worst != report.verdict)
		abort();
	return 0;
}
