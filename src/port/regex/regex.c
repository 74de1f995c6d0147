#include "port/regex/regex.h"

#include <pcre2.h>

#include "base/alloc.h"

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
	char *names[REGEX_GROUPS_MAX];
};

enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 10000 };

static void read_names(struct regex *re)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR entry = NULL;

	pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &entry);
	for (uint32_t i = 0; i < count; i++, entry += size)
		re->names[entry[0] << 8 | entry[1]] = xstrdup((const char *)entry + 2);
}

int regex_new(struct regex **out, struct str pattern, struct err *err)
{
	CLEANUP(regex_freep) struct regex *re = xcalloc(1, sizeof(*re));
	PCRE2_SIZE at = 0;
	int code = 0;
	uint32_t groups = 0;

	re->code = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""), pattern.n,
		PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
	if (!re->code) {
		PCRE2_UCHAR why[128];

		pcre2_get_error_message(code, why, sizeof(why));
		return err_set(err, ERR_PARSE, "bad pattern '%.*s' at %zu: %s",
			pattern.n < 200 ? (int)pattern.n : 200, pattern.p ? pattern.p : "",
			(size_t)at, (const char *)why);
	}
	pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups >= REGEX_GROUPS_MAX)
		return err_set(err, ERR_LIMIT, "bad pattern: %u groups, at most %d", groups,
			REGEX_GROUPS_MAX - 1);
	re->limits = pcre2_match_context_create(NULL);
	if (!re->limits)
		return err_set(err, ERR_INTERNAL, "cannot make a match context");
	pcre2_set_match_limit(re->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(re->limits, DEPTH_LIMIT);
	pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE); /* else it is interpreted */
	read_names(re);
	*out = TAKE(re);
	return 0;
}

void regex_free(struct regex *re)
{
	if (!re)
		return;
	for (size_t i = 0; i < REGEX_GROUPS_MAX; i++)
		free(re->names[i]);
	pcre2_match_context_free(re->limits);
	pcre2_code_free(re->code);
	free(re);
}

bool regex_match(const struct regex *re, struct str subject, struct str groups[REGEX_GROUPS_MAX])
{
	pcre2_match_data *data = pcre2_match_data_create(REGEX_GROUPS_MAX, NULL);
	const char *text = subject.p ? subject.p : "";
	PCRE2_SIZE *pairs;
	int rc;

	if (!data)
		return false;
	rc = pcre2_match(re->code, (PCRE2_SPTR)text, subject.n, 0, 0, data, re->limits);
	pairs = pcre2_get_ovector_pointer(data);
	for (int i = 0; groups && i < REGEX_GROUPS_MAX; i++)
		groups[i] = i < rc && pairs[2 * i] != PCRE2_UNSET
				    ? str_slice(subject, pairs[2 * i], pairs[2 * i + 1])
				    : STR_NULL;
	pcre2_match_data_free(data);
	return rc > 0;
}

const char *regex_group_name(const struct regex *re, size_t i)
{
	return i < REGEX_GROUPS_MAX && re->names[i] ? re->names[i] : "";
}
