#include "port/forge/forge_private.h"

const struct reader *const forge_readers[] = {&pull_reader, &file_reader, &comment_reader,
	&review_reader, &issue_reader, &commit_reader, &check_reader, &status_reader, &run_reader,
	&job_reader, &artifact_reader, &user_reader, &repository_reader, &delivery_reader,
	&compare_reader, NULL};

struct str read_str(const struct json_t *j, const char *key, struct arena *mem)
{
	struct str s = json_get_str(j, key);

	return s.n ? arena_str(mem, s) : STR_NULL;
}

/* Two or four digits at at. */
static bool digits(struct str s, size_t at, size_t n, int max, int *out)
{
	return str_to_int(str_slice(s, at, at + n), 0, max, out);
}

int64_t read_time(const struct json_t *j, const char *key)
{
	struct str s = json_get_str(j, key);
	struct tm tm = {0};

	if (s.n < 20 || !digits(s, 0, 4, 9999, &tm.tm_year) || !digits(s, 5, 2, 12, &tm.tm_mon) ||
		!digits(s, 8, 2, 31, &tm.tm_mday) || !digits(s, 11, 2, 23, &tm.tm_hour) ||
		!digits(s, 14, 2, 59, &tm.tm_min) || !digits(s, 17, 2, 60, &tm.tm_sec))
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm);
}

struct str read_login(const struct json_t *j, const char *key, bool *is_bot, struct arena *mem)
{
	const struct json_t *user = json_get_obj(j, key);

	if (is_bot)
		*is_bot = str_eq_c(json_get_str(user, "type"), "Bot");
	return read_str(user, "login", mem);
}

const struct str *read_names(
	const struct json_t *arr, const char *key, size_t *n, struct arena *mem)
{
	size_t all = json_len(arr);
	struct str *v;

	if (all > MAX_ITEMS)
		all = MAX_ITEMS;
	v = arena_array(mem, all ? all : 1, sizeof(*v));
	*n = 0;
	for (size_t i = 0; i < all; i++) {
		const struct json_t *item = json_at(arr, i);
		struct str name = json_is_str(item) ? json_to_str(item) : json_get_str(item, key);

		if (name.n)
			v[(*n)++] = arena_str(mem, name);
	}
	return v;
}
