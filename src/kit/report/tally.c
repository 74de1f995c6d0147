#include "kit/report/tally.h"

#include "base/cleanup.h"
#include "kit/report/scan.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct tally_word {
	const char *word;
	size_t offset;
} words[] = {
#define COUNT(word, member)                                                                        \
	{                                                                                          \
		word, offsetof(struct test_counts, member)                                         \
	}
	COUNT("tests", tests),
	COUNT("test", tests),
	COUNT("total", tests),
	COUNT("examples", tests),
	COUNT("example", tests),
	COUNT("specs", tests),
	COUNT("spec", tests),
	COUNT("tested", tests),
	COUNT("count", tests),
	COUNT("runs", tests),
	COUNT("run", tests),
	COUNT("cases", tests),
	COUNT("doctests", tests),
	COUNT("doctest", tests),
	COUNT("properties", tests),
	COUNT("property", tests),
	COUNT("scenarios", tests),
	COUNT("scenario", tests),
	COUNT("passed", passed),
	COUNT("passing", passed),
	COUNT("passes", passed),
	COUNT("pass", passed),
	COUNT("succeeded", passed),
	COUNT("successful", passed),
	COUNT("successes", passed),
	COUNT("success", passed),
	COUNT("ok", passed),
	COUNT("failed", failed),
	COUNT("failing", failed),
	COUNT("failures", failed),
	COUNT("failure", failed),
	COUNT("fail", failed),
	COUNT("fails", failed),
	COUNT("cancelled", failed),
	COUNT("canceled", failed),
	COUNT("timed", failed),
	COUNT("exceptions", errors),
	COUNT("errors", errors),
	COUNT("error", errors),
	COUNT("errored", errors),
	COUNT("crashing", errors),
	COUNT("broken", errors),
	COUNT("skipped", skipped),
	COUNT("skips", skipped),
	COUNT("skip", skipped),
	COUNT("pending", skipped),
	COUNT("pendings", skipped),
	COUNT("ignored", skipped),
	COUNT("todo", skipped),
	COUNT("disabled", skipped),
	COUNT("incomplete", skipped),
	COUNT("omissions", skipped),
	COUNT("undefined", skipped),
	COUNT("excluded", skipped),
	COUNT("notrunnable", skipped),
	COUNT("blacklisted", skipped),
#undef COUNT
};

static int *find_member(struct test_counts *counts, struct str word)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq_nocase(word, str_of(words[i].word)))
			return (int *)(void *)((char *)counts + words[i].offset);
	return NULL;
}

static void add(int *to, int n)
{
	if (__builtin_add_overflow(*to < 0 ? 0 : *to, n, to))
		*to = INT32_MAX;
}

/* Takes the next word or number off *s; what stood before it is in *between. */
static struct str next_token(struct str *s, struct str *between)
{
	size_t start = 0, end;

	while (start < s->n && !is_letter(s->p[start]) && !is_digit(s->p[start]))
		start++;
	end = start;
	while (end < s->n && (is_digit(s->p[start]) ? is_digit(s->p[end]) : is_letter(s->p[end])))
		end++;
	*between = str_slice(*s, 0, start);
	return str_slice(*s, start, end);
}

struct tally {
	struct test_counts *counts;
	struct str word; /* the last one, when a number may belong to it: "Failures: 1" */
	int number;      /* the last one, -1: taken */
	int *moved_from; /* "3 tests failed": where the first word put the number */
	int moved;
	bool number_first; /* "6 tests run: 2 passed": here words follow their numbers */
	bool any;
};

static void take_number(struct tally *t, struct str token, struct str between)
{
	bool labels = t->word.n && (str_has(between, ":") || str_has(between, "=") ||
					   (between.n && str_trim(between).n == 0));
	int *member = labels ? find_member(t->counts, t->word) : NULL;
	int n;

	t->number = -1;
	t->moved_from = NULL;
	if (!str_to_int(token, 0, INT32_MAX, &n))
		return;
	if (member) {
		add(member, n);
		t->any = true;
	} else {
		t->number = n;
	}
	t->word = STR("");
}

static void take_word(struct tally *t, struct str token, struct str between)
{
	int *member = t->number >= 0 ? find_member(t->counts, token) : NULL;

	/* "2 unexpected failures", "1 known failure": the adjective says nothing. */
	if (!member && t->moved_from && (member = find_member(t->counts, token))) {
		if (member != t->moved_from) {
			*t->moved_from -= t->moved;
			if (*t->moved_from == 0)
				*t->moved_from = -1;
			add(member, t->moved);
		}
		t->moved_from = NULL;
		return;
	}
	t->moved_from = NULL;
	/* "2 expected to fail", "1 known failure": no trouble. */
	if (t->number >= 0 &&
		(str_eq_nocase(token, STR("expected")) || str_eq_nocase(token, STR("known")))) {
		t->number = -1;
		t->number_first = true;
		return;
	}
	if (member && str_find_char(between, ':') < 0) {
		if (member == &t->counts->tests) {
			t->moved_from = member;
			t->moved = t->number;
		}
		add(member, t->number);
		t->any = t->number_first = true;
		t->number = -1;
		t->word = STR("");
		return;
	}
	if (t->number < 0 && !t->number_first)
		t->word = token;
}

bool tally_read(struct str s, struct test_counts *counts)
{
	struct tally t = {.counts = counts, .number = -1};
	struct str token, between;

	*counts = (struct test_counts){-1, -1, -1, -1, -1};
	while ((token = next_token(&s, &between)).n) {
		s = str_from(s, (size_t)(token.p - s.p) + token.n);
		/* A separator ends what a number may belong to. */
		if (str_find_char(between, ',') >= 0 || str_find_char(between, ';') >= 0 ||
			str_find_char(between, '|') >= 0) {
			t.number = -1;
			t.number_first = false;
			t.moved_from = NULL;
			t.word = STR("");
		}
		if (is_digit(token.p[0]))
			take_number(&t, token, between);
		else
			take_word(&t, token, between);
	}
	return t.any;
}

static int known(int n)
{
	return n < 0 ? 0 : n;
}

void tally_complete(struct test_counts *c)
{
	int64_t rest;

	if (c->failed < 0 && c->errors < 0 && c->tests >= 0 && c->passed >= 0) {
		rest = (int64_t)c->tests - c->passed - known(c->skipped);
		c->failed = rest > 0 ? (int)rest : 0;
	}
	rest = (int64_t)known(c->failed) + known(c->errors) + known(c->skipped);

	if (c->tests < 0)
		c->tests = (int)(rest + known(c->passed) > INT32_MAX ? INT32_MAX
								     : rest + known(c->passed));
	if (c->passed < 0)
		c->passed = c->tests > rest ? (int)(c->tests - rest) : 0;
	c->failed = known(c->failed);
	c->errors = known(c->errors);
	c->skipped = known(c->skipped);
}
