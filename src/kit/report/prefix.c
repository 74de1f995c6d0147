#include "kit/report/prefix.h"

#include "base/cleanup.h"

enum {
	ENOUGH = 3,      /* as often a service's name must be met */
	JOB_LINES = 64,  /* among so many first lines one of "job TAB step" must be */
	JOB_BYTES = 400, /* of both names */
};

static bool is_digit_at(struct str s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

static bool looks_like(struct str s, const char *shape)
{
	for (size_t i = 0; shape[i]; i++)
		if (i >= s.n || (shape[i] == '0' ? !is_digit_at(s, i) : s.p[i] != shape[i]))
			return false;
	return true;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

static struct prefix_name *find(struct prefix_names *names, struct str name)
{
	for (size_t i = 0; i < names->n; i++)
		if (str_eq(str_make(names->items[i].text, names->items[i].n), name))
			return &names->items[i];
	return NULL;
}

/* When there is no room, the name met least makes it. */
static struct prefix_name *add(struct prefix_names *names, struct str name)
{
	struct prefix_name *x = names->items;

	if (name.n == 0 || name.n > PREFIX_NAME_BYTES)
		return NULL;
	if (names->n < PREFIX_NAMES)
		x = &names->items[names->n++];
	else
		for (size_t i = 1; i < PREFIX_NAMES; i++)
			if (names->items[i].met < x->met)
				x = &names->items[i];
	memcpy(x->text, name.p, name.n);
	x->n = name.n;
	x->met = x->stream = 0;
	return x;
}

static struct prefix_name *find_or_add(struct prefix_names *names, struct str name)
{
	struct prefix_name *x = find(names, name);

	return x ? x : add(names, name);
}

/* The line is that name's. */
static void enter(struct prefixes *p, struct prefix_name *x)
{
	if (!x)
		return;
	if (!x->stream && p->streams + 1 < PREFIX_STREAMS)
		x->stream = ++p->streams;
	p->stream = x->stream;
}

/* "2024-01-31T12:34:56.1234567Z " of GitHub Actions and Azure; GitLab's with its "00O" marks;
 * "[2024-01-31T12:34:56.123Z] " of Jenkins. */
static struct str without_timestamp(struct str s)
{
	bool bracket = s.n && s.p[0] == '[';
	struct str rest = str_from(s, bracket);
	size_t i = 19;

	if (!looks_like(rest, "0000-00-00T00:00:00"))
		return s;
	if (i < rest.n && rest.p[i] == '.')
		for (i++; is_digit_at(rest, i);)
			i++;
	if (i >= rest.n || rest.p[i] != 'Z')
		return s;
	rest = str_from(rest, i + 1);
	if (bracket && !str_skip(&rest, "]"))
		return s;
	if (looks_like(rest, " 00O") || looks_like(rest, " 00E"))
		rest = str_from(rest, 4);
	return str_skip(&rest, " ") || str_skip(&rest, "+") || rest.n == 0 ? rest : s;
}

/* "build (ubuntu)\tRun make\t2024-01-31T12:34:56.1234567Z text" */
static struct str without_job(struct prefixes *p, struct str s)
{
	struct str head = str_slice(s, 0, JOB_BYTES), rest;
	ptrdiff_t job, step;

	if (p->job_lines == 0 && p->lines > JOB_LINES)
		return s;
	p->lines += p->lines <= JOB_LINES;
	job = str_find_char(head, '\t');
	if (job <= 0)
		return s;
	step = str_find_char(str_from(head, (size_t)job + 1), '\t');
	if (step <= 0)
		return s;
	rest = str_from(s, (size_t)job + (size_t)step + 2);
	(void)str_skip(&rest, "\xef\xbb\xbf");
	if (!looks_like(rest, "0000-00-00T00:00:00"))
		return s;
	p->job_lines = 1;
	enter(p, find_or_add(&p->jobs, str_slice(s, 0, (size_t)job)));
	return rest;
}

/* "Attaching to web-1, db-1" of docker compose announces its services. */
static void take_services(struct prefixes *p, struct str s)
{
	struct str name;

	if (!str_skip(&s, "Attaching to "))
		return;
	while (str_next(&s, ',', &name)) {
		struct prefix_name *x = find_or_add(&p->services, str_trim(name));

		if (x && x->met < ENOUGH)
			x->met = ENOUGH;
	}
}

/* "web-1  | text", foreman's "12:34:56 web.1  | text"; a number there is a compiler's quoted line,
 * one name in many lines a table. Names are filled up with blanks: where the bar of one was, there
 * are those of all. */
static struct str without_service(struct prefixes *p, struct str line)
{
	struct str s = looks_like(line, "00:00:00 ") ? str_from(line, 9) : line;
	struct prefix_name *known;
	size_t n = 0, at;
	bool letter = false;

	take_services(p, s);
	/* Most lines have no bar at all: that is told without a look at every byte. */
	if (str_find_char(str_slice(s, 0, 2 * PREFIX_NAME_BYTES), '|') <= 0)
		return line;
	for (; n < s.n && n < PREFIX_NAME_BYTES && is_name_char(s.p[n]); n++)
		letter |= s.p[n] > '9';
	for (at = n; at < s.n && s.p[at] == ' ' && at < 2 * PREFIX_NAME_BYTES; at++)
		;
	if (!letter || at == n || at >= s.n || s.p[at] != '|' ||
		(at + 1 < s.n && s.p[at + 1] != ' '))
		return line;
	known = find_or_add(&p->services, str_slice(s, 0, n));
	if (!known || (known->met++ < ENOUGH && at != p->bar))
		return line;
	p->bar = at;
	enter(p, known);
	return str_from(s, at + 2);
}

/* With what package managers and task runners begin: "> web@1.0.0 test", "$ jest", turbo's "cache
 * miss, executing". Who prints that behind a name prints all lines of a child behind it. */
static bool is_beginning(struct str name, struct str text)
{
	struct str word;

	if (str_skip(&text, "> "))
		return str_cut(&text, " ", &word) && str_rfind_char(word, '@') > 0;
	if (str_starts(text, "cache "))
		return str_starts(text, "cache miss, ") || str_starts(text, "cache hit, ") ||
		       str_starts(text, "cache bypass, ");
	if (!str_skip(&text, "$ ") || text.n == 0 || text.p[0] < 'a' || text.p[0] > 'z')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] >= 'A' && name.p[i] <= 'Z')
			return false;
	return true;
}

/* How bad a line is, which build tools put there: no name. */
static bool is_level(struct str name)
{
	static const char *const levels[] = {"info", "warn", "warning", "error", "debug", "trace",
		"fatal", "notice", "note", "help", "hint", "verbose", "exec", "stdout", "stderr"};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (str_eq_nocase(name, str_of(levels[i])))
			return true;
	return false;
}

static struct prefix_name *announced(struct prefixes *p, struct str name, struct str text)
{
	struct prefix_name *x = find(&p->announced, name);

	if (!x && is_beginning(name, text) && !is_level(name))
		x = add(&p->announced, name);
	return x;
}

/* concurrently's "[0] text": numbers of which two are met again and again. */
static struct prefix_name *indexed(struct prefixes *p, struct str name)
{
	struct prefix_name *x;
	size_t known = 0;

	if (name.n == 0 || name.n > 2 || !is_digit_at(name, 0) || !is_digit_at(name, name.n - 1))
		return NULL;
	x = find_or_add(&p->indices, name);
	x->met += x->met <= ENOUGH;
	for (size_t i = 0; i < p->indices.n; i++)
		known += p->indices.items[i].met > ENOUGH;
	return x->met > ENOUGH && known > 1 ? x : NULL;
}

/* "[Pipeline] { (Branch: linux)" announces lines "[linux] text". kubectl's "[pod/web/app] text" and
 * act's "[ci/build]   | text" need no announcement. */
static struct str without_bracket(struct prefixes *p, struct str s)
{
	struct str rest = s, name;
	struct prefix_name *x;

	if (s.n == 0 || s.p[0] != '[')
		return s;
	if (str_skip(&rest, "[Pipeline] { (Branch: ")) {
		if (str_cut(&rest, ")", &name))
			(void)find_or_add(&p->announced, name);
		return s;
	}
	rest = str_from(s, 1);
	if (!str_cut(&rest, "]", &name) || name.n > PREFIX_NAME_BYTES)
		return s;
	(void)str_skip(&rest, ":");
	x = announced(p, name, str_ltrim(rest));
	if (!x && (str_starts(name, "pod/") || str_starts(rest, "   | ")))
		x = add(&p->announced, name);
	if (!x && str_starts(rest, " "))
		x = indexed(p, name);
	if (!x)
		return s;
	enter(p, x);
	(void)(str_skip(&rest, "   | ") || str_skip(&rest, " "));
	return rest;
}

static bool is_package_char(char c)
{
	return is_name_char(c) || (c && strchr("/@:#", c));
}

/* "web:test: text" of turbo, "web: text" of lerna, pnpm's "packages/web test: text" (announced by
 * "packages/web test$ jest"). */
static struct str without_package(struct prefixes *p, struct str s)
{
	struct prefix_name *x;
	size_t n = 0, blanks = 0;

	if (p->announced.n == 0 && str_find_char(str_slice(s, 0, PREFIX_NAME_BYTES), '>') < 0 &&
		str_find_char(str_slice(s, 0, PREFIX_NAME_BYTES), '$') < 0 &&
		str_find_char(str_slice(s, 0, PREFIX_NAME_BYTES), ',') < 0)
		return s;
	for (; n + 1 < s.n && n < PREFIX_NAME_BYTES; n++) {
		if ((s.p[n] == ':' || s.p[n] == '$') && s.p[n + 1] == ' ')
			break;
		blanks += s.p[n] == ' ';
		if (blanks > 1 || (s.p[n] != ' ' && !is_package_char(s.p[n])))
			return s;
	}
	if (n == 0 || n + 1 >= s.n || n == PREFIX_NAME_BYTES || s.p[0] == ' ')
		return s;
	if (s.p[n] == '$') {
		if (blanks == 1 && is_beginning(str_slice(s, 0, n), str_from(s, n)))
			enter(p, find_or_add(&p->announced, str_slice(s, 0, n)));
		return s;
	}
	x = announced(p, str_slice(s, 0, n), str_from(s, n + 2));
	if (!x)
		return s;
	enter(p, x);
	return str_from(s, n + 2);
}

/* "#12 3.456 text" of docker's BuildKit. */
static struct str without_build_step(struct str s)
{
	size_t i = 1;

	if (s.p[0] != '#' || !is_digit_at(s, 1))
		return s;
	while (is_digit_at(s, i))
		i++;
	if (i >= s.n || s.p[i++] != ' ' || !is_digit_at(s, i))
		return s;
	while (is_digit_at(s, i))
		i++;
	if (i >= s.n || s.p[i++] != '.' || !is_digit_at(s, i))
		return s;
	while (is_digit_at(s, i))
		i++;
	return i < s.n && s.p[i] == ' ' ? str_from(s, i + 1) : s;
}

static struct str without_marker(struct str s)
{
	if (str_starts(s, "##["))
		(void)(str_skip(&s, "##[error]") || str_skip(&s, "##[warning]"));
	return s;
}

/* "3: text" of ctest -V, once it has shown itself by "3: Test command: ...". */
static struct str without_test_number(struct prefixes *p, struct str s)
{
	struct str rest = s;
	int number;

	if (!is_digit_at(s, 0) || !str_take_int(&rest, &number) || !str_skip(&rest, ": "))
		return s;
	p->numbered |= str_starts(rest, "Test command: ");
	return p->numbered ? rest : s;
}

/* "    [javac] text": the Ant tasks that hand on what a tool prints. */
static struct str without_task(struct str s)
{
	static const char *const tasks[] = {"javac", "java", "exec", "javadoc", "groovyc", "scalac",
		"kotlinc", "compc", "mxmlc", "apply", "cc", "jruby", "ejc", "apt", "wsimport",
		"ajc"};
	struct str rest = str_ltrim(s), task;

	if (!str_skip(&rest, "[") || !str_cut(&rest, "]", &task))
		return s;
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++)
		if (str_eq_c(task, tasks[i]))
			return rest.n && rest.p[0] == ' ' ? str_from(rest, 1) : rest;
	return s;
}

/* "nl", "nltext": some recordings of a terminal spell the line feed by its name (terminfo's). */
static struct str without_line_feed(struct prefixes *p, struct str s)
{
	struct str rest = s;

	if (s.n < 2 || s.p[0] != 'n' || !str_skip(&rest, "nl"))
		return s;
	if (rest.n == 0)
		p->line_feeds += p->line_feeds < ENOUGH;
	return p->line_feeds < ENOUGH ? s : rest;
}

struct str prefix_cut(struct prefixes *p, struct str s)
{
	p->stream = 0;
	s = without_line_feed(p, s);
	s = without_marker(without_timestamp(without_job(p, s)));
	if (s.n)
		s = without_bracket(p, s);
	if (s.n)
		s = without_service(p, s);
	if (s.n)
		s = without_package(p, s);
	if (s.n)
		s = without_build_step(s);
	return without_task(without_test_number(p, s));
}
