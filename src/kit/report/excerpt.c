#include "kit/report/excerpt.h"

#include <assert.h>
#include <ctype.h>

#include "base/limits.h"
#include "kit/report/clues.h"
#include "kit/report/steps.h"

enum {
	RING_LINES = 64,
	RING_BYTES = 240,     /* kept of a line */
	BLOCKS = 48,          /* candidates kept */
	BLOCK_BYTES = 2048,   /* text kept of a block */
	BLOCK_LINES = 200,    /* a block stops growing */
	BEGINNINGS = 1 << 12, /* counters of how often a beginning of a line was seen */
	BEGINNING_BYTES = 24,
	STEPS = 512,   /* outcomes of steps kept */
	ECHOES = 4096, /* lines of wrappers kept */
	SPACED = 16,   /* from here on every other line is taken for one that means nothing */
	SPACED_MAX = 64,
	SPACED_BACK = 4, /* by a text below a text */
};

/* What makes a block worth more or less: all there is to tune. */
enum {
	WEIGHT_MIN = 4,  /* a line of that weight starts a block */
	WEIGHT_ECHO = 3, /* at most, of a wrapper's echo */
	WEIGHT_CUT = 12, /* a line with which the CI system ends a step */
	WEIGHT_TAIL = 5, /* the last lines before a step failed */
	REPEATED = 8,
	COMMON = 32,         /* seen so often a line's beginning halves its weight */
	COMMON_SHARE = 50,   /* one in so many lines of the log */
	LOGGED = 4,          /* a program's own log: less by this */
	JOIN_GAP = 2,        /* lines between blocks that become one */
	GAP_LINES = 2,       /* blank lines inside a block */
	PLAIN_LINES = 60,    /* a block stops growing after so many lines without clues */
	FOLLOWERS = 4,       /* lines without clues below one with */
	HEADERS = 6,         /* ... and above */
	TAIL_TEXT_LINES = 4, /* last words */
	TAIL_LINES = 16,     /* ... of a list */
	LIST_BYTES = 6,
	EXTRA_MAX = 2,      /* for further lines with clues */
	IN_FAILED = 6,      /* the step failed */
	NOT_IN_FAILED = -6, /* another step failed */
	IN_PASSED = -12,
	NEAR_LINES = 12, /* from the end of the step */
	NEAR = 3,
	FIRST_FAILED = 1, /* the first step that failed */
	WEIGHT_PLACE = 4, /* a line that starts with path:line: */
	CHOSEN_BLOCKS = 3,
	CHOSEN_LINES = 11, /* once the best block is in */
	CHOSEN_LEAST = 8,  /* in a log that nobody says is of a failure */
	JOIN_DROP = 8,     /* ... and differ in worth by no more */
	CHOSEN_DROP = 3,   /* a block worth so much less than the best is not chosen */
};

struct seen {
	int number, indent, weight;
	uint16_t *count; /* how often lines were seen that begin like it; NULL: blank */
	enum step_mark mark;
	size_t n;
	char text[RING_BYTES];
};

struct block {
	int first, last;
	int weight, extra;     /* of the best line, of the others */
	int indent;            /* of its first line with clues */
	bool claimed;          /* by a reader of a format */
	bool echo;             /* only says that something before it failed */
	const uint16_t *count; /* of the best line */
	size_t n;
	char text[BLOCK_BYTES];
};

struct step {
	struct line_range lines;
	/* STEP_FAILED, STEP_PASSED; nobody said: STEP_BEGIN, STEP_NEXT */
	enum step_mark how;
};

struct excerpt {
	const struct clues *clues;
	const struct steps *steps;
	struct seen ring[RING_LINES];
	size_t seen; /* lines ever */
	struct block blocks[BLOCKS];
	size_t blocks_n;
	struct block open; /* first 0: none */
	int gap, followers, plain;
	int spaced; /* how often an empty line follows a text, lately: 0 to SPACED_MAX */
	int blanks; /* empty lines in a row */
	int step_first;
	struct step outcomes[STEPS];
	size_t outcomes_n;
	bool failed;
	int first_failed;      /* the first line of the first step that did */
	int last;              /* number of the last line */
	vec(int) echoes;       /* lines of wrappers, in order */
	struct line_range end; /* the last lines of the first step that failed */
	uint16_t beginnings[BEGINNINGS];
	vec(struct block) claims;
};

struct excerpt *excerpt_new(const struct clues *clues, const struct steps *steps)
{
	struct excerpt *e = xcalloc(1, sizeof(*e));

	e->clues = clues;
	e->steps = steps;
	excerpt_reset(e);
	return e;
}

void excerpt_reset(struct excerpt *e)
{
	vec_free(&e->claims);
	vec_free(&e->echoes);
	*e = (struct excerpt){.clues = e->clues, .steps = e->steps, .step_first = 1};
}

void excerpt_free(struct excerpt *e)
{
	if (!e)
		return;
	vec_free(&e->claims);
	vec_free(&e->echoes);
	free(e);
}

const char *excerpt_literal(const struct clues *clues, enum excerpt_heat heat, size_t i)
{
	return heat == EXCERPT_STEP ? steps_literal(i) : clues_literal(clues, i);
}

/* --- the ring --- */

static struct seen *back(struct excerpt *e, size_t i)
{
	return i < e->seen && i < RING_LINES ? &e->ring[(e->seen - 1 - i) % RING_LINES] : NULL;
}

/* One that is known to be there. */
static struct seen *kept(struct excerpt *e, size_t i)
{
	assert(i < e->seen && i < RING_LINES);
	return &e->ring[(e->seen - 1 - i) % RING_LINES];
}

/* Among eight bytes, which are looked at together. */
static bool has_digit(const char *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	word ^= ones * '0';
	return ~(((word & ones * 0x7f) + ones * (0x80 - 10)) | word) & ones * 0x80;
}

/* How often a line was seen that began like this one, digits being alike. */
static uint16_t *count_beginning(struct excerpt *e, struct str s)
{
	uint64_t words[BEGINNING_BYTES / 8] = {0}, hash = 0;
	char *kept = (char *)words;
	size_t n = 0, i;
	bool digit = false;
	uint16_t *count;

	for (i = 0; i < s.n && n < BEGINNING_BYTES; i++) {
		bool before = digit;

		if (i + 8 <= s.n && n + 8 <= BEGINNING_BYTES && !has_digit(s.p + i)) {
			memcpy(kept + n, s.p + i, 8);
			n += 8;
			i += 7;
			digit = false;
			continue;
		}

		digit = s.p[i] >= '0' && s.p[i] <= '9';
		kept[n] = digit ? '0' : s.p[i];
		n += !(digit && before);
	}
	for (size_t k = 0; k < ARRAY_LEN(words); k++)
		hash = hash_mix(hash, words[k]);
	/* "suite > test PASSED" is another line than "suite > test FAILED". */
	for (size_t k = s.n; k > i && s.p[k - 1] >= 'A' && s.p[k - 1] <= 'Z'; k--)
		hash = hash_mix(hash, (uint8_t)s.p[k - 1]);
	count = &e->beginnings[hash % BEGINNINGS];
	*count += *count < UINT16_MAX;
	return count;
}

/* Whether a number stands behind the mark, which stands behind a letter. */
static bool has_number(struct str word, char mark)
{
	ptrdiff_t at;

	for (size_t from = 1; (at = str_find_char(str_from(word, from), mark)) >= 0;) {
		size_t i = from + (size_t)at;

		if (i + 1 < word.n && isdigit((unsigned char)word.p[i + 1]) &&
			isalpha((unsigned char)word.p[i - 1]))
			return true;
		from = i + 1;
	}
	return false;
}

/* "src/a.c:3: text", "src/a.c(3,4): text" */
static bool has_place(struct str s)
{
	ptrdiff_t dot = str_find_char(str_slice(s, 0, RING_BYTES), '.'), blank;

	if (dot < 0)
		return false;
	blank = str_find_char(str_slice(s, 0, RING_BYTES), ' ');
	if (blank >= 0)
		s.n = (size_t)blank;
	s = str_from(str_slice(s, 0, RING_BYTES), (size_t)dot);
	return s.n > 2 && (has_number(s, ':') || has_number(s, '('));
}

/* "12:34:56 [main] ERROR ...": what a program logs while it runs is not yet a failure. */
static bool is_clock(struct str s)
{
	return s.n > 8 && s.p[2] == ':' && s.p[5] == ':' && isdigit((unsigned char)s.p[0]) &&
	       isdigit((unsigned char)s.p[4]) && isdigit((unsigned char)s.p[7]);
}

static int weigh(const struct excerpt *e, struct str line, enum step_mark mark)
{
	int weight;

	if (mark == STEP_CUT)
		return WEIGHT_CUT;
	if (mark != STEP_TEXT && mark != STEP_ECHO)
		return 0;
	weight = clues_weigh(e->clues, line);
	if (mark == STEP_ECHO && weight > WEIGHT_ECHO)
		weight = WEIGHT_ECHO;
	if (weight > 0 && is_clock(line))
		weight -= LOGGED;
	return weight;
}

static struct seen *take(struct excerpt *e, const struct report_line *line, unsigned heat)
{
	struct seen *s = &e->ring[e->seen++ % RING_LINES];
	struct str text = str_rtrim(line->text), inner = str_ltrim(text);
	bool placed;

	s->number = e->last = line->number;
	s->indent = (int)(text.n - inner.n);
	s->count = inner.n ? count_beginning(e, inner) : NULL;
	s->mark = heat & EXCERPT_STEP ? steps_mark(e->steps, text) : STEP_TEXT;
	s->weight = 0;
	placed = has_place(inner);
	if (heat || placed || e->open.first)
		s->weight = weigh(e, text, s->mark) + (placed ? WEIGHT_PLACE : 0);
	s->n = text.n < RING_BYTES ? text.n : RING_BYTES;
	memcpy(s->text, text.p, s->n);
	return s;
}

/* --- blocks --- */

/* By itself, wherever it stands. */
static int rank_of(const struct block *b)
{
	int rank = b->weight + (b->extra < EXTRA_MAX ? b->extra : EXTRA_MAX);

	if (b->count && *b->count > REPEATED)
		rank = rank * COMMON / (COMMON + *b->count - REPEATED);
	return rank;
}

static void add_text(struct block *b, const struct seen *s)
{
	if (b->n + s->n + 1 > BLOCK_BYTES)
		return;
	if (b->n)
		b->text[b->n++] = '\n';
	memcpy(b->text + b->n, s->text, s->n);
	b->n += s->n;
}

static void extend(struct excerpt *e, const struct seen *s)
{
	struct block *b = &e->open;

	b->last = s->number;
	e->gap = 0;
	add_text(b, s);
	if (s->weight > b->weight) {
		b->extra += b->weight >= WEIGHT_MIN;
		b->weight = s->weight;
		b->count = s->count;
	} else {
		b->extra += s->weight >= WEIGHT_MIN;
	}
	e->plain = s->weight >= WEIGHT_MIN ? 0 : e->plain + 1;
}

static void keep(struct excerpt *e, const struct block *b)
{
	size_t worst = 0;

	if (e->blocks_n < BLOCKS) {
		e->blocks[e->blocks_n++] = *b;
		return;
	}
	/* Of equal ones the oldest goes: what is near the end of the step tells more. */
	for (size_t i = 1; i < BLOCKS; i++)
		if (rank_of(&e->blocks[i]) < rank_of(&e->blocks[worst]))
			worst = i;
	if (rank_of(b) >= rank_of(&e->blocks[worst])) {
		memmove(&e->blocks[worst], &e->blocks[worst + 1],
			(BLOCKS - 1 - worst) * sizeof(*b));
		e->blocks[BLOCKS - 1] = *b;
	}
}

static void close_block(struct excerpt *e)
{
	if (e->open.first)
		keep(e, &e->open);
	e->open.first = 0;
}

/* Lines like it are a good part of the log: progress, passing tests. */
static bool is_common(const struct excerpt *e, const struct seen *s)
{
	return s->count && *s->count > COMMON / 2 && *s->count > e->seen / COMMON_SHARE;
}

/* "      ^~~~" under a quoted line of source. */
static bool is_caret(const struct seen *s)
{
	size_t carets = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (!strchr(" \t^~|-", s->text[i]))
			return false;
		carets += s->text[i] == '^';
	}
	return carets > 0;
}

/* How many lines above belong to a line with clues: those with no blank line between, or the
 * quoted source above one. */
static size_t headers(struct excerpt *e)
{
	const struct seen *above;
	size_t n = 0;

	if ((above = back(e, 2)) && back(e, 1)->n == 0 && above->n &&
		(is_caret(above) || above->text[above->n - 1] == ':'))
		n = 1;
	for (; n < HEADERS && (above = back(e, n + 1)); n++)
		if (above->n == 0 || above->mark != STEP_TEXT || above->number <= e->open.last ||
			is_common(e, above) || above->number < e->step_first ||
			clues_weigh(e->clues, str_make(above->text, above->n)) < 0)
			break;
	return n;
}

static void open_block(struct excerpt *e, const struct seen *s)
{
	size_t above = headers(e);

	e->open.first = kept(e, above)->number;
	e->open.last = s->number;
	e->open.weight = e->open.extra = 0;
	e->open.n = 0;
	e->open.count = s->count;
	e->open.echo = s->mark == STEP_ECHO;
	e->open.indent = s->indent < kept(e, above)->indent ? s->indent : kept(e, above)->indent;
	e->gap = e->followers = 0;
	for (size_t i = above; i > 0; i--)
		add_text(&e->open, kept(e, i));
	extend(e, s);
}

/* A line of a diff, a quoted source or a transcript: it starts with a sign. */
static bool is_quoted(const struct seen *s)
{
	char c = s->text[s->indent < RING_BYTES ? s->indent : 0];

	return memchr("+-@|>^~", c, 7) != NULL;
}

/* Whether the line belongs to the open block. */
static bool grow(struct excerpt *e, const struct seen *s)
{
	const struct block *b = &e->open;

	if (s->mark != STEP_TEXT || b->last - b->first >= BLOCK_LINES || e->plain >= PLAIN_LINES)
		return false;
	if (s->n == 0)
		return e->gap++ < GAP_LINES;
	if (s->weight >= WEIGHT_MIN) {
		e->followers = 0;
	} else if (e->gap <= 1 && is_quoted(s)) {
		e->followers = 0;
	} else if (s->indent <= b->indent) {
		if (e->gap || e->followers >= FOLLOWERS || s->weight < 0 || is_common(e, s))
			return false;
		e->followers++;
	}
	extend(e, s);
	return true;
}

/* --- steps --- */

static void drop_from(struct excerpt *e, int first)
{
	size_t n = 0;

	for (size_t i = 0; i < e->blocks_n; i++)
		if (e->blocks[i].first < first) {
			if (n != i)
				e->blocks[n] = e->blocks[i];
			n++;
		}
	e->blocks_n = n;
}

/* Lines of a list begin alike. */
static bool begin_alike(const struct seen *a, const struct seen *b)
{
	return a->n >= LIST_BYTES && b->n >= LIST_BYTES &&
	       memcmp(a->text, b->text, LIST_BYTES) == 0;
}

static bool is_words(const struct excerpt *e, const struct seen *s)
{
	return s && s->n && s->mark == STEP_TEXT && s->number >= e->step_first;
}

/* The first line, counted back, of the last words that end at the one given. */
static size_t tail_from(struct excerpt *e, size_t last, int *weight)
{
	size_t i = last, n = 0;
	const struct seen *s;

	for (; is_words(e, s = back(e, i)) && (n == 0 || !is_common(e, s)); i++, n++) {
		if (n >= TAIL_LINES || (n >= TAIL_TEXT_LINES && !begin_alike(s, back(e, i - 1))))
			break;
		if (*weight < WEIGHT_TAIL + s->weight / 2)
			*weight = WEIGHT_TAIL + s->weight / 2;
	}
	return n ? i - 1 : last;
}

/* The last words before the step failed, those of wrappers and of the CI system left out, and the
 * line that says so (not if the text just ended). */
static void add_tail(struct excerpt *e, bool ended)
{
	struct block b = {.weight = WEIGHT_TAIL};
	size_t last = ended ? 0 : 1, first;
	const struct seen *s;

	if (!ended && !e->end.first)
		e->end = (struct line_range){
			is_words(e, back(e, 1)) ? kept(e, 1)->number : e->last, e->last};
	while ((s = back(e, last)) && s->number >= e->step_first &&
		(s->n == 0 || s->mark == STEP_ECHO || s->mark == STEP_NOISE))
		last++;
	if (!is_words(e, s))
		return;
	first = tail_from(e, last, &b.weight);
	b.first = kept(e, first)->number;
	b.last = last <= JOIN_GAP + 1 ? e->last : s->number;
	for (size_t i = first + 1; i-- > last;)
		add_text(&b, kept(e, i));
	if (!ended || b.weight > WEIGHT_TAIL)
		keep(e, &b);
}

static void end_step(struct excerpt *e, int last, enum step_mark how)
{
	struct step *before = e->outcomes_n ? &e->outcomes[e->outcomes_n - 1] : NULL;

	if (last < e->step_first)
		return;
	if (before && (before->how == how || e->outcomes_n == STEPS)) {
		before->lines.last = last;
		if (how == STEP_FAILED)
			before->how = how;
	} else {
		e->outcomes[e->outcomes_n++] = (struct step){{e->step_first, last}, how};
	}
	if (how == STEP_FAILED && !e->failed)
		e->first_failed = e->step_first;
	e->failed |= how == STEP_FAILED;
	e->step_first = last + 1;
}

static void take_mark(struct excerpt *e, const struct seen *s)
{
	if (s->mark == STEP_TEXT)
		return;
	if (s->mark == STEP_ECHO && e->echoes.n < ECHOES)
		vec_push(&e->echoes, s->number);
	if (s->mark == STEP_FAILED || s->mark == STEP_CUT) {
		close_block(e);
		if (s->mark == STEP_FAILED)
			add_tail(e, false);
		end_step(e, s->number, STEP_FAILED);
	} else if (s->mark == STEP_ENDED && !e->failed) {
		close_block(e);
		add_tail(e, false);
		end_step(e, s->number, STEP_FAILED);
	} else if (s->mark == STEP_BEGIN || s->mark == STEP_ENDED) {
		close_block(e);
		end_step(e, s->number - 1, STEP_BEGIN);
	} else if (s->mark == STEP_NEXT) {
		close_block(e);
		end_step(e, s->number - 1, STEP_NEXT);
	} else if (s->mark == STEP_PASSED) {
		close_block(e);
		drop_from(e, e->step_first);
		end_step(e, s->number, STEP_PASSED);
	}
}

static bool is_spaced(const struct excerpt *e)
{
	return e->spaced >= SPACED;
}

/* Some systems double every line feed: what was one blank line is three, what was none is one. */
static bool is_spacing(struct excerpt *e, struct str text)
{
	if (str_rtrim(text).n == 0)
		return ++e->blanks % 2 == 1 && is_spaced(e);
	if (e->blanks)
		e->spaced += e->spaced < SPACED_MAX;
	else
		e->spaced = e->spaced > SPACED_BACK ? e->spaced - SPACED_BACK : 0;
	e->blanks = 0;
	return false;
}

void excerpt_line(struct excerpt *e, const struct report_line *line, unsigned heat)
{
	const struct seen *s;

	if (is_spacing(e, line->text)) {
		e->last = line->number;
		return;
	}
	s = take(e, line, heat);
	if (e->open.first && !grow(e, s))
		close_block(e);
	if (!e->open.first &&
		(s->weight >= WEIGHT_MIN || (s->mark == STEP_ECHO && s->weight >= WEIGHT_ECHO)))
		open_block(e, s);
	take_mark(e, s);
}

void excerpt_end(struct excerpt *e)
{
	close_block(e);
	if (!e->failed)
		add_tail(e, true);
}

/* --- the choice --- */

static bool is_echo(const struct excerpt *e, int line)
{
	size_t low = 0, high = e->echoes.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (e->echoes.v[middle] < line)
			low = middle + 1;
		else
			high = middle;
	}
	return low < e->echoes.n && e->echoes.v[low] == line;
}

void excerpt_claim(struct excerpt *e, struct line_range lines, int weight)
{
	struct block *b;

	if (e->claims.n >= LIMIT_FAILURES || lines.first <= 0)
		return;
	b = vec_add(&e->claims);
	b->first = lines.first;
	b->last = lines.last;
	b->weight = weight;
	b->claimed = true;
	b->echo = is_echo(e, lines.first);
}

static const struct step *outcome_at(const struct excerpt *e, int line)
{
	for (size_t i = e->outcomes_n; i-- > 0;)
		if (e->outcomes[i].lines.first <= line && line <= e->outcomes[i].lines.last)
			return &e->outcomes[i];
	return NULL;
}

/* A step of which nobody said that it failed did well, if another is said to have failed. */
static bool has_passed(const struct excerpt *e, const struct step *step)
{
	return step->how == STEP_PASSED || (step->how == STEP_NEXT && e->failed);
}

bool excerpt_passed(const struct excerpt *e, struct line_range lines)
{
	const struct step *step = outcome_at(e, lines.first);

	return step && has_passed(e, step);
}

bool excerpt_failed(const struct excerpt *e)
{
	return e->failed;
}

/* A reader may go on until it knows better; what it claims ends with the step it began in. */
static void keep_to_step(const struct excerpt *e, struct block *b)
{
	const struct step *step = outcome_at(e, b->first);

	if (step && b->last > step->lines.last)
		b->last = step->lines.last;
}

static int worth(const struct excerpt *e, const struct block *b)
{
	const struct step *step = outcome_at(e, b->last);
	int end = step ? step->lines.last : e->last;
	int worth = rank_of(b);

	if (b->echo)
		return 1;
	if (step && step->how == STEP_FAILED)
		worth += IN_FAILED;
	else if (step && has_passed(e, step))
		worth += IN_PASSED;
	else if (e->failed)
		worth += NOT_IN_FAILED;
	if (step && step->lines.first == e->first_failed)
		worth += FIRST_FAILED;

	return worth + (!b->claimed && end - b->last <= NEAR_LINES ? NEAR : 0);
}

struct candidate {
	struct line_range lines;
	int worth;
};

static int by_line(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->lines.first != y->lines.first)
		return x->lines.first < y->lines.first ? -1 : 1;
	return (x->lines.last > y->lines.last) - (x->lines.last < y->lines.last);
}

static int by_worth(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->worth != y->worth ? (x->worth > y->worth ? -1 : 1) : by_line(a, b);
}

static bool touch(const struct candidate *a, const struct candidate *b)
{
	return b->lines.first <= a->lines.last + 1;
}

/* They tell of the same thing a few lines apart. */
static bool belong(const struct candidate *a, const struct candidate *b)
{
	int gap = b->lines.first - a->lines.last - 1, apart = abs(a->worth - b->worth);

	return gap <= JOIN_GAP && apart <= JOIN_DROP;
}

/* Neighbours of which that holds become one; v is in order of lines, and stays so. */
static size_t join_if(struct candidate *v, size_t n,
	bool (*holds)(const struct candidate *a, const struct candidate *b))
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct candidate *last = kept ? &v[kept - 1] : NULL;

		if (!last || !holds(last, &v[i])) {
			v[kept++] = v[i];
			continue;
		}
		if (v[i].lines.last > last->lines.last)
			last->lines.last = v[i].lines.last;
		if (v[i].worth > last->worth)
			last->worth = v[i].worth;
	}
	return kept;
}

/* First those that touch: only then it is known what the whole is worth to its neighbours. */
static size_t join(struct candidate *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_line);
	return join_if(v, join_if(v, n, touch), belong);
}

static size_t all_candidates(struct excerpt *e, struct candidate *v)
{
	size_t n = 0;

	for (size_t i = 0; i < e->blocks_n; i++)
		if (!e->blocks[i].echo)
			v[n++] = (struct candidate){
				{e->blocks[i].first, e->blocks[i].last}, worth(e, &e->blocks[i])};
	for (size_t i = 0; i < e->claims.n; i++, n++) {
		keep_to_step(e, &e->claims.v[i]);
		v[n] = (struct candidate){
			{e->claims.v[i].first, e->claims.v[i].last}, worth(e, &e->claims.v[i])};
	}
	return join(v, n);
}

static int length_of(struct line_range r)
{
	return r.last - r.first + 1;
}

void excerpt_choose(struct excerpt *e, struct failure_list *out)
{
	struct candidate *v = xcalloc(BLOCKS + e->claims.n + 1, sizeof(*v));
	size_t n = all_candidates(e, v), chosen = 0;
	int lines = 0;

	qsort(v, n, sizeof(*v), by_worth);
	for (size_t i = 0; i < n && chosen < CHOSEN_BLOCKS; i++) {
		if (chosen && (v[i].worth < v[0].worth - CHOSEN_DROP ||
				      lines + length_of(v[i].lines) > CHOSEN_LINES))
			continue;
		if (!e->failed && !e->claims.n && v[i].worth < CHOSEN_LEAST)
			break;
		v[chosen++] = v[i];
		lines += length_of(v[i].lines);
	}
	if (e->end.first)
		v[chosen++] = (struct candidate){.lines = e->end};
	chosen = join(v, chosen);
	for (size_t i = 0; i < chosen; i++)
		vec_push(&out->excerpt, v[i].lines);
	free(v);
}

struct str excerpt_best(const struct excerpt *e, struct line_range *lines)
{
	const struct block *best = NULL;

	for (size_t i = 0; i < e->blocks_n; i++)
		if (!best || worth(e, &e->blocks[i]) > worth(e, best))
			best = &e->blocks[i];
	if (!best)
		return STR("");
	*lines = (struct line_range){best->first, best->last};
	return str_make(best->text, best->n);
}
