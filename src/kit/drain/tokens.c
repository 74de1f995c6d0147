#include "kit/drain/tokens.h"

#include "base/embed.h"
#include "port/format/yaml.h"

enum {
	CLASS_SPACE = 1,
	CLASS_MARK = 2,
	CLASS_VALUE = 4, /* digits, paths: make a word a value */
	CLASS_OTHER = 8, /* not a small letter */
	CLASS_BREAK = CLASS_SPACE | CLASS_MARK,
};

#define MIX UINT64_C(0x9e3779b97f4a7c15)
#define VALUE_HASH UINT64_C(0x2a)

static uint64_t hash_bytes(const char *p, size_t n)
{
	uint64_t h = n * MIX, x;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&x, p, 8);
		h = hash_mix(h, x);
	}
	x = 0;
	memcpy(&x, p, n);
	return hash_mix(h, x);
}

const struct token_word *token_rules_find(const struct token_rules *rules, uint64_t hash)
{
	for (size_t i = hash % TOKEN_SLOTS; rules->words[i].hash; i = (i + 1) % TOKEN_SLOTS)
		if (rules->words[i].hash == hash)
			return &rules->words[i];
	return NULL;
}

uint64_t token_value_hash(void)
{
	return VALUE_HASH;
}

/* --- the rules --- */

static struct token_word *put_word(struct token_rules *rules, struct str word)
{
	uint64_t hash = hash_bytes(word.p, word.n);
	size_t i = hash % TOKEN_SLOTS;

	while (rules->words[i].hash && rules->words[i].hash != hash)
		i = (i + 1) % TOKEN_SLOTS;
	rules->words[i].hash = hash;
	return &rules->words[i];
}

static int put_words(struct token_rules *rules, const struct yaml_node *map, const char *key,
	const struct token_word *as, struct arena *mem, struct err *err)
{
	struct str *words = NULL;
	size_t n = 0;

	if (yaml_read_strs(map, key, &words, &n, mem, err) < 0)
		return -1;
	if (n > TOKEN_SLOTS / 4)
		return yaml_error(map, err, "more than %d words in '%s'", TOKEN_SLOTS / 4, key);
	for (size_t i = 0; i < n; i++) {
		struct token_word *w = put_word(rules, words[i]);

		w->value |= as->value;
		w->trouble |= as->trouble;
		w->level = as->level ? as->level : w->level;
	}
	return 0;
}

static int put_levels(
	struct token_rules *rules, const struct yaml_node *root, struct arena *mem, struct err *err)
{
	const struct yaml_node *levels = yaml_get(root, "levels");

	for (uint8_t s = DRAIN_CRITICAL; s <= DRAIN_INFO; s++)
		if (put_words(rules, levels, drain_severity_to_string(s),
			    &(struct token_word){.level = s}, mem, err) < 0)
			return -1;
	return 0;
}

static void put_class(struct token_rules *rules, struct str bytes, uint8_t class_)
{
	for (size_t i = 0; i < bytes.n; i++) {
		uint8_t c = (uint8_t)bytes.p[i];

		rules->class_[c] |= c == ' ' || c == '\t' ? CLASS_SPACE : class_;
	}
}

static int read_classes(struct token_rules *rules, const struct yaml_node *root, struct err *err)
{
	struct str separators = STR_NULL, digits = STR_NULL, paths = STR_NULL;

	if (yaml_read_str(root, "separators", &separators, err) < 0 ||
		yaml_read_str(root, "digits", &digits, err) < 0 ||
		yaml_read_str(root, "paths", &paths, err) < 0)
		return -1;
	for (int c = 0; c < 256; c++)
		rules->class_[c] = c >= 'a' && c <= 'z' ? 0 : CLASS_OTHER;
	put_class(rules, separators, CLASS_MARK);
	put_class(rules, digits, CLASS_VALUE);
	put_class(rules, paths, CLASS_VALUE);
	rules->class_['\r'] |= CLASS_SPACE;
	rules->class_['\0'] |= CLASS_SPACE;
	return 0;
}

static int read_rules(
	struct token_rules *rules, const struct yaml_node *root, struct arena *mem, struct err *err)
{
	static const char *const keys[] = {"separators", "digits", "paths", "values", "levels",
		"trouble", "depth", "similarity", "siblings"};

	if (yaml_check_keys(root, keys, ARRAY_LEN(keys), err) < 0 ||
		read_classes(rules, root, err) < 0 ||
		put_words(rules, root, "values", &(struct token_word){.value = true}, mem, err) <
			0 ||
		put_words(rules, root, "trouble", &(struct token_word){.trouble = true}, mem, err) <
			0 ||
		put_levels(rules, root, mem, err) < 0)
		return -1;
	if (yaml_read_int(root, "depth", 0, 16, &rules->depth, err) < 0 ||
		yaml_read_int(root, "siblings", 2, 64, &rules->siblings, err) < 0)
		return -1;
	return yaml_read_real(root, "similarity", 0, 1, &rules->similarity, err);
}

int token_rules_load(struct token_rules *rules, struct err *err)
{
	static const char path[] = "templates/logs/masks.yml";
	const struct yaml_node *root;
	ARENA_AUTO mem;

	arena_init(&mem);
	*rules = (struct token_rules){0};
	if (yaml_parse(&root, embed_get(path), path, 64 << 10, &mem, err) < 0)
		return -1;
	return read_rules(rules, root, &mem, err);
}

/* --- a line --- */

/* "10.0.0.1:80, 10.0.0.2:80" is one value: what joins two of them tells nothing. */
static void put_value(struct token_line *line, size_t at, size_t end)
{
	struct token *last = line->n ? &line->v[line->n - 1] : NULL;

	if (last && last->kind == TOKEN_MARK && line->n > 1 && last[-1].kind == TOKEN_VALUE) {
		line->n--;
		last--;
	}
	if (last && last->kind == TOKEN_VALUE)
		last->n = (uint16_t)(end - last->at);
	else if (line->n < TOKENS_MAX)
		line->v[line->n++] = (struct token){
			VALUE_HASH, (uint16_t)at, (uint16_t)(end - at), TOKEN_VALUE, false};
}

static void put(struct token_line *line, struct token token)
{
	if (line->n < TOKENS_MAX)
		line->v[line->n++] = token;
	else
		put_value(line, token.at, (size_t)token.at + token.n);
}

static bool at_value_sign(const char *p, size_t left)
{
	return left >= 3 && memcmp(p, "<*>", 3) == 0;
}

static size_t cut_marks(
	struct token_line *out, const struct token_rules *rules, struct str line, size_t at)
{
	uint64_t hash = MIX;
	size_t first = at, marks = 0, last = at;

	for (; at < line.n; at++) {
		uint8_t class_ = rules->class_[(uint8_t)line.p[at]];

		if (!(class_ & CLASS_BREAK) ||
			(line.p[at] == '<' && at_value_sign(line.p + at, line.n - at)))
			break;
		if (class_ & CLASS_SPACE)
			continue;
		if (!marks++)
			first = at;
		last = at + 1;
		hash = hash_mix(hash, (uint8_t)line.p[at]);
	}
	if (marks)
		put(out, (struct token){hash, (uint16_t)first, (uint16_t)(last - first), TOKEN_MARK,
				 false});
	return at;
}

static size_t cut_word(
	struct token_line *out, const struct token_rules *rules, struct str line, size_t at)
{
	const struct token_word *known;
	uint8_t seen = 0, class_;
	size_t begin = at;
	uint64_t hash;

	for (; at < line.n && !((class_ = rules->class_[(uint8_t)line.p[at]]) & CLASS_BREAK); at++)
		seen |= class_;
	/* A slash alone is a word. */
	if (seen & CLASS_VALUE &&
		(at - begin > 1 || (line.p[begin] >= '0' && line.p[begin] <= '9'))) {
		put_value(out, begin, at);
		return at;
	}
	hash = hash_bytes(line.p + begin, at - begin);
	known = at - begin <= 12 ? token_rules_find(rules, hash) : NULL;
	if (known && known->value)
		put_value(out, begin, at);
	else
		put(out, (struct token){
				 hash, (uint16_t)begin, (uint16_t)(at - begin), TOKEN_WORD, !seen});
	return at;
}

void tokens_cut(struct token_line *out, const struct token_rules *rules, struct str line)
{
	bool cut = line.n > DRAIN_LINE_BYTES;
	size_t at = 0;

	line = str_slice(line, 0, DRAIN_LINE_BYTES);
	out->n = 0;
	while (at < line.n) {
		if (at_value_sign(line.p + at, line.n - at)) {
			put_value(out, at, at + 3);
			at += 3;
		} else if (rules->class_[(uint8_t)line.p[at]] & CLASS_BREAK) {
			at = cut_marks(out, rules, line, at);
		} else {
			at = cut_word(out, rules, line, at);
		}
	}
	if (cut && out->n) {
		/* The word at the cut is not whole. */
		out->n--;
		put_value(out, out->v[out->n].at, line.n);
	}
	out->shape = out->n;
	for (size_t i = 0; i < out->n; i++)
		out->shape = hash_mix(out->shape, out->v[i].hash);
}

/* Behind syslog's "host program[pid]: " and "host program: ", and behind "component: "; or at. Only
 * where a time stamp or a level was before it. */
static size_t behind_program(const struct token_line *line, size_t at)
{
	const uint64_t colon = hash_mix(MIX, ':'), pid_end = hash_mix(hash_mix(MIX, ']'), ':');
	int words = 0;

	for (size_t i = at; at > 0 && i < line->n && words <= 3; i++) {
		const struct token *t = &line->v[i];

		words += t->kind == TOKEN_WORD;
		if (t->kind == TOKEN_MARK &&
			(t->hash == pid_end || (t->hash == colon && words == (int)(i - at))))
			return i + 1;
	}
	return at;
}

size_t tokens_message(const struct token_line *line, const struct token_rules *rules)
{
	size_t at = 0;

	for (; at < line->n; at++) {
		const struct token_word *word = line->v[at].kind == TOKEN_WORD
							? token_rules_find(rules, line->v[at].hash)
							: NULL;

		if (line->v[at].kind == TOKEN_WORD && !(word && word->level))
			break;
	}
	return at < line->n ? behind_program(line, at) % line->n : 0;
}
