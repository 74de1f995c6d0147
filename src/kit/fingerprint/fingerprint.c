#include "kit/fingerprint/fingerprint.h"

#include "json/json.h"
#include "kit/fingerprint/taxonomy.h"
#include "port/crypto/sha256.h"

enum { FINGERPRINT_FRAMES = 3 };

static bool is_diff_header(struct str line)
{
	return str_starts(line, "--- ") || str_starts(line, "+++ ") || str_starts(line, "@@ ");
}

/* Only the first line, how many of a diff's lines follow depends on the runner's style; a line that
 * ends in a colon takes the next one with it, and a line that a diff removes the one it adds. */
static struct str first_line(struct str message)
{
	struct str rest = message, line = STR(""), whole = STR("");
	bool headed = is_diff_header(message);

	while (str_next_line(&rest, &line)) {
		line = str_trim(line);
		if (line.n == 0 || is_diff_header(line))
			continue;
		whole = whole.n ? str_make(whole.p, (size_t)(line.p + line.n - whole.p)) : line;
		if (!str_ends(line, ":") && !(headed && line.p[0] == '-'))
			break;
	}
	return whole;
}

/* Absolute where the root is not known: then only the name is the same everywhere. */
static struct str stable_path(struct str path)
{
	return str_starts(path, "/") ? str_basename(path) : path;
}

static struct json_t *frames_to_json(const struct failure *f)
{
	struct json_t *frames = json_arr();

	for (size_t i = 0; i < f->stack.n && json_len(frames) < FINGERPRINT_FRAMES; i++) {
		struct json_t *pair;

		if (!f->stack.v[i].in_project)
			continue;
		pair = json_arr();
		json_push(pair, json_str(stable_path(f->stack.v[i].path)));
		json_push(pair, json_str(f->stack.v[i].function));
		json_push(frames, pair);
	}
	return frames;
}

static void hash(char out[FINGERPRINT_SIZE], const struct json_t *j)
{
	BUF_AUTO text = {.cap = 4 << 20};

	json_write(&text, j, 0);
	sha256_hex(out, buf_view(&text));
}

/* What names the test wherever it runs: absolute paths, which some runners take for names, go down
 * to their last part. */
static struct str test_id(const struct failure *f, struct arena *mem)
{
	struct str rest = f->id, word;
	BUF_AUTO id;

	if (!rest.n && f->kind == FAILURE_TEST)
		rest = arena_printf(mem, "%.*s %.*s", STR_ARGS(f->suite), STR_ARGS(f->name));
	buf_init(&id, 2 * rest.n + 16);
	while (str_next(&rest, ' ', &word)) {
		if (id.n)
			buf_char(&id, ' ');
		buf_str(&id, stable_path(word));
	}
	return arena_str(mem, buf_view(&id));
}

void fingerprint_failure(struct failure *f, struct arena *mem)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();

	json_put_str(j, "language", f->language);
	json_put_c(j, "kind", failure_kind_to_string(f->kind));
	json_put_str(j, "type", f->type);
	json_put_str(j, "message", fingerprint_mask(first_line(f->message), mem));
	json_put(j, "frames", frames_to_json(f));
	hash(f->cause, j);
	json_put_str(j, "test", test_id(f, mem));
	hash(f->fingerprint, j);
	taxonomy_classify(f, mem);
	f->class_[4] = arena_str(mem, str_of(f->cause));
}
