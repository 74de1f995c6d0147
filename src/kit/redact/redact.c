#include "kit/redact/redact.h"

#include <ctype.h>

#include "base/cleanup.h"

/* A prefix, and how many characters of the token's alphabet must follow at least. */
static const struct {
	const char *prefix;
	size_t min;
} tokens[] = {
	{"ghp_", 30}, {"gho_", 30}, {"ghu_", 30}, {"ghs_", 30}, {"ghr_", 30}, /* GitHub */
	{"github_pat_", 22}, {"glpat-", 20},                                  /* GitHub, GitLab */
	{"sk-", 20}, {"hf_", 20}, {"gsk_", 20},                               /* model providers */
	{"xoxb-", 10}, {"xoxp-", 10}, {"xoxa-", 10}, {"xapp-", 10},           /* Slack */
	{"AKIA", 16}, {"ASIA", 16}, {"AIza", 35},                             /* AWS, Google */
	{"npm_", 30}, {"pypi-", 30}, {"dop_v1_", 40}, /* registries, hosts */
	{"eyJhbGci", 30},                             /* JWT: {"alg": */
};

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static size_t token_at(struct str text, size_t at)
{
	if (at && is_token_char(text.p[at - 1]))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		struct str rest = str_from(text, at);
		size_t n = 0;

		if (!str_skip(&rest, tokens[i].prefix))
			continue;
		while (n < rest.n && is_token_char(rest.p[n]))
			n++;
		if (n >= tokens[i].min)
			return strlen(tokens[i].prefix) + n;
	}
	return 0;
}

/* "-----BEGIN ... PRIVATE KEY-----" up to its end line, or to the end of the text. */
static size_t key_at(struct str text, size_t at)
{
	static const char begin[] = "-----BEGIN ", what[] = "PRIVATE KEY-----", end[] = "-----END ";
	struct str rest = str_from(text, at);
	ptrdiff_t line, last;

	if (!str_starts(rest, begin))
		return 0;
	line = str_find_char(rest, '\n');
	if (str_find_c(str_slice(rest, 0, line < 0 ? rest.n : (size_t)line), what) < 0)
		return 0;
	last = str_find_c(rest, end);
	if (last < 0)
		return rest.n;
	line = str_find_char(str_from(rest, (size_t)last), '\n');
	return line < 0 ? rest.n : (size_t)last + (size_t)line;
}

/* The password of "scheme://user:password@host". */
static size_t url_password_at(struct str text, size_t at)
{
	size_t end = at;

	if (at < 2 || text.p[at - 1] != ':')
		return 0;
	while (end < text.n && !strchr("/@ \t\r\n\"'<>", text.p[end]))
		end++;
	if (end == at || end == text.n || text.p[end] != '@')
		return 0;
	for (size_t i = at - 1; i-- > 2;) {
		if (strchr(" \t\r\n\"'@<>", text.p[i]))
			return 0;
		if (text.p[i] == '/')
			return text.p[i - 1] == '/' && text.p[i - 2] == ':' ? end - at : 0;
	}
	return 0;
}

static size_t secret_at(struct str text, size_t at)
{
	size_t n = token_at(text, at);

	if (!n && text.p[at] == '-')
		n = key_at(text, at);
	return n ? n : url_password_at(text, at);
}

struct str redact_find(struct str text)
{
	for (size_t at = 0; at < text.n; at++) {
		size_t n = secret_at(text, at);

		if (n)
			return str_slice(text, at, at + n);
	}
	return STR_NULL;
}

void redact_text(struct buf *out, struct str text)
{
	for (;;) {
		struct str secret = redact_find(text);

		if (!secret.p)
			break;
		buf_str(out, str_slice(text, 0, (size_t)(secret.p - text.p)));
		buf_c(out, "[secret]");
		text = str_from(text, (size_t)(secret.p - text.p) + secret.n);
	}
	buf_str(out, text);
}
