#include "publish/command.h"

#include "base/alloc.h"

static const char *const names[] = {[COMMAND_NONE] = "",
	[COMMAND_RETRY] = "retry",
	[COMMAND_EXPLAIN] = "explain",
	[COMMAND_APPLY] = "apply",
	[COMMAND_REVERT] = "revert",
	[COMMAND_STOP] = "stop",
	[COMMAND_IGNORE] = "ignore",
	[COMMAND_HELP] = "help",
	[COMMAND_UNKNOWN] = "unknown"};

const char *command_verb_to_string(enum command_verb verb)
{
	return names[verb];
}

const char *command_help(void)
{
	return "| command | what it does |\n|---|---|\n"
	       "| `/selfheal retry` | another attempt; what was refused before may come again |\n"
	       "| `/selfheal explain` | says what failed and why |\n"
	       "| `/selfheal apply` | puts the fix on this pull request's own branch |\n"
	       "| `/selfheal revert` | proposes to take a merged fix back |\n"
	       "| `/selfheal stop` | leaves this pull request to you |\n"
	       "| `/selfheal ignore` | closes it; this failure is not proposed for again |\n";
}

static struct str next_word(struct str *rest)
{
	struct str text = str_ltrim(*rest);
	size_t n = 0;

	while (n < text.n && text.p[n] != ' ' && text.p[n] != '\t' && text.p[n] != '\r')
		n++;
	*rest = str_trim(str_from(text, n));
	return str_slice(text, 0, n);
}

struct command command_of(struct str text)
{
	struct command c = {.verb = COMMAND_UNKNOWN, .rest = text};

	c.word = next_word(&c.rest);
	if (!c.word.n)
		c.verb = COMMAND_HELP;
	for (size_t i = COMMAND_RETRY; i <= COMMAND_HELP; i++)
		if (str_eq_nocase(c.word, str_of(names[i])))
			c.verb = (enum command_verb)i;
	return c;
}

/* How many backticks or tildes begin a fence; 0: none. */
static size_t fence(struct str line, char *mark)
{
	size_t n = 0;

	if (!line.n || (line.p[0] != '`' && line.p[0] != '~'))
		return 0;
	while (n < line.n && line.p[n] == line.p[0])
		n++;
	*mark = line.p[0];
	return n >= 3 ? n : 0;
}

struct command command_read(struct str body)
{
	struct str line, word;
	size_t open = 0, n;
	char mark = 0, with = 0;
	bool hidden = false;

	while (str_next_line(&body, &line)) {
		struct str text = str_trim(line);
		n = fence(text, &mark);
		if (n && (!open || (mark == with && n >= open))) {
			with = mark;
			open = open ? 0 : n;
			continue;
		}
		if (!open && str_has(text, "<!--"))
			hidden = true;
		if (!open && !hidden && line.n - str_ltrim(line).n < 4) {
			word = next_word(&text);
			if (str_eq_nocase(word, STR("/selfheal")))
				return command_of(text);
		}
		if (hidden && str_has(line, "-->"))
			hidden = false;
	}
	return (struct command){.verb = COMMAND_NONE};
}
