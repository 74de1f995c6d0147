#include "kit/apply/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/vec.h"
#include "kit/apply/intent.h"
#include "kit/apply/place.h"
#include "model/udiff.h"

struct work {
	const char *root; /* a real path */
	int root_fd;      /* locked for as long as we work */
	struct buf intent;
	int step, kill_at;
	vec(struct place) places; /* as the files */
};

/* The test hook of apply.h. */
static void made_durable(struct work *w)
{
	if (++w->step == w->kill_at)
		raise(SIGKILL);
}

static void work_release(struct work *w)
{
	vec_each (place, &w->places)
		place_release(place);
	vec_free(&w->places);
	buf_release(&w->intent);
	fd_closep(&w->root_fd);
}

/* root must stay as long as w. */
static int work_begin(struct work *w, const char *root, struct err *err)
{
	const char *value = getenv("SELFHEAL_TEST_KILL_AT_STEP");

	*w = (struct work){.root = root, .root_fd = -1};
	buf_init(&w->intent, LIMIT_PATH_BYTES);
	if (value && !str_to_int(str_of(value), 1, INT32_MAX, &w->kill_at))
		w->kill_at = 0;
	if (intent_locate(&w->intent, root, err) < 0)
		return -1;
	w->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->root_fd < 0)
		return err_sys(err, errno, "cannot open folder '%s'", root);
	if (flock(w->root_fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, ERR_CONFLICT,
			"cannot change files in '%s': another selfheal is changing them", root);
	return 0;
}

/* Two changes of one file would meet in what is prepared beside it. */
static int check_distinct(const struct apply_file *files, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(files[i].path, files[k].path))
				return err_set(err, ERR_POLICY,
					"cannot apply: '%.*s' is changed twice",
					STR_ARGS(files[i].path));
	return 0;
}

static int open_places(struct work *w, const struct apply_file *files, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (place_open(vec_add(&w->places), w->root_fd, files[i].path, err) < 0)
			return -1;
	return 0;
}

static int changed_meanwhile(struct str path, struct err *err)
{
	return err_set(err, ERR_CONFLICT,
		"cannot apply to '%.*s': the file was changed meanwhile; nothing was applied",
		STR_ARGS(path));
}

static int check_all_old(struct work *w, const struct apply_file *files, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int rc = place_holds(&w->places.v[i], files[i].old, err);

		if (rc < 0)
			return -1;
		if (rc == PLACE_DIFFERS)
			return changed_meanwhile(files[i].path, err);
	}
	return 0;
}

/* Beside every file its new content (or, when undoing, its old): a full disk shows here, where
 * nothing is changed yet. */
static int prepare_all(
	struct work *w, const struct apply_file *files, size_t n, bool undo, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (place_prepare(&w->places.v[i], undo ? files[i].old : files[i].new, err) < 0)
			return -1;
		made_durable(w);
	}
	return 0;
}

static void discard_all(struct work *w)
{
	vec_each (place, &w->places)
		place_discard(place);
}

/* Puts back what was replaced so far: old content where the new one stands. */
static int undo_all(struct work *w, const struct apply_file *files, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int rc = place_holds(&w->places.v[i], files[i].new, err);

		if (rc == PLACE_DIFFERS)
			continue;
		if (rc < 0 || place_prepare(&w->places.v[i], files[i].old, err) < 0 ||
			place_replace(&w->places.v[i], err) < 0)
			return -1;
		made_durable(w);
	}
	return 0;
}

/* Every file replaced that still has its old content. *conflict is the first that has neither. */
static int replace_all(struct work *w, const struct apply_file *files, size_t n,
	const struct apply_file **conflict, struct err *err)
{
	*conflict = NULL;
	for (size_t i = 0; i < n; i++) {
		int rc = place_holds(&w->places.v[i], files[i].old, err);

		if (rc < 0)
			return -1;
		if (rc == 0) {
			if (place_replace(&w->places.v[i], err) < 0)
				return -1;
			made_durable(w);
			continue;
		}
		if ((rc = place_holds(&w->places.v[i], files[i].new, err)) < 0)
			return -1;
		if (rc == PLACE_DIFFERS) {
			*conflict = &files[i];
			return 0;
		}
		place_discard(&w->places.v[i]); /* replaced before we were cut off */
	}
	return 0;
}

/* With the intent stored. Ends with the intent gone, unless undoing failed too: then the next
 * recovery tries again. */
static int carry_out(struct work *w, const struct apply_file *files, size_t n, struct err *err)
{
	const struct apply_file *conflict = NULL;
	struct err undoing = ERR_INIT;
	int rc = prepare_all(w, files, n, false, err);

	if (rc == 0)
		rc = replace_all(w, files, n, &conflict, err);
	if (rc == 0 && !conflict)
		return intent_remove(buf_text(&w->intent), err);
	if (conflict)
		rc = changed_meanwhile(conflict->path, err);
	discard_all(w); /* room to undo in, should the disk be full */
	if (undo_all(w, files, n, &undoing) < 0)
		return err_wrap(err,
			"a part was applied and cannot be undone now (%.150s); run "
			"selfheal here again",
			undoing.msg);
	return intent_remove(buf_text(&w->intent), &undoing) < 0 ? -1 : rc;
}

int apply_files(const char *root, const struct apply_file *files, size_t n, struct err *err)
{
	CLEANUP(freep) char *real = realpath(root, NULL);
	CLEANUP(work_release) struct work w = {.root_fd = -1};

	if (!real)
		return err_sys(err, errno, "cannot find folder '%s'", root);
	if (work_begin(&w, real, err) < 0)
		return -1;
	if (access(buf_text(&w.intent), F_OK) == 0)
		return err_set(err, ERR_CONFLICT,
			"cannot apply in '%s': an earlier change was cut off; run selfheal there "
			"again, it finishes that first",
			root);
	if (check_distinct(files, n, err) < 0 || open_places(&w, files, n, err) < 0 ||
		check_all_old(&w, files, n, err) < 0 ||
		intent_store(buf_text(&w.intent), files, n, err) < 0)
		return -1;
	made_durable(&w);
	return carry_out(&w, files, n, err);
}

/* One file of a diff, from what it is now. */
static int read_change(struct apply_file *out, int root_fd, const struct udiff_file *change,
	struct arena *mem, struct err *err)
{
	CLEANUP(place_release) struct place place = PLACE_INIT;
	BUF_AUTO old;
	BUF_AUTO new;

	buf_init(&old, LIMIT_SOURCE_BYTES);
	buf_init(&new, LIMIT_SOURCE_BYTES);
	if (change->created || change->deleted || change->renamed || change->copied)
		return err_set(err, ERR_POLICY,
			"cannot apply the change of '%.*s': it makes, removes or renames the file",
			STR_ARGS(change->path));
	if (place_open(&place, root_fd, change->path, err) < 0 || place_read(&place, &old, err) < 0)
		return -1;
	if (udiff_apply(&new, change, buf_view(&old), err) < 0)
		return err->code == ERR_CONFLICT ? changed_meanwhile(change->path, err) : -1;
	*out = (struct apply_file){
		change->path, arena_str(mem, buf_view(&old)), arena_str(mem, buf_view(&new))};
	return 0;
}

int apply_diff(const char *root, struct str diff, struct err *err)
{
	CLEANUP(fd_closep) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct apply_file *files;
	struct udiff d;
	ARENA_AUTO mem;

	arena_init(&mem);
	if (fd < 0)
		return err_sys(err, errno, "cannot open folder '%s'", root);
	if (udiff_parse(&d, diff, &mem, err) < 0)
		return -1;
	files = arena_array(&mem, d.n, sizeof(*files));
	for (size_t i = 0; i < d.n; i++)
		if (read_change(&files[i], fd, &d.files[i], &mem, err) < 0)
			return -1;
	return apply_files(root, files, d.n, err);
}

/* Which files have neither content, by someone else's hand. */
static int find_changed(struct work *w, const struct apply_file *files, size_t n,
	struct apply_recovery *out, struct arena *mem, struct err *err)
{
	out->left_alone = arena_array(mem, n, sizeof(*out->left_alone));
	for (size_t i = 0; i < n; i++) {
		int old = place_holds(&w->places.v[i], files[i].old, err);
		int new = old < 0 ? -1 : place_holds(&w->places.v[i], files[i].new, err);

		if (new < 0)
			return -1;
		if (old == PLACE_DIFFERS && new == PLACE_DIFFERS)
			out->left_alone[out->n++] = arena_str(mem, files[i].path);
	}
	return 0;
}

/* Forward when every file has its old or new content, else back. */
static int recover(struct work *w, const struct apply_file *files, size_t n,
	struct apply_recovery *out, struct arena *mem, struct err *err)
{
	if (open_places(w, files, n, err) < 0 || find_changed(w, files, n, out, mem, err) < 0)
		return err_wrap(err,
			"cannot finish what a killed selfheal began to apply (noted in '%s')",
			buf_text(&w->intent));
	if (!out->n && carry_out(w, files, n, err) == 0)
		return APPLY_COMPLETED;
	if (!out->n) /* a full disk: carry_out undid it, or said why it could not */
		return access(buf_text(&w->intent), F_OK) == 0 ? -1 : APPLY_UNDONE;
	discard_all(w);
	if (undo_all(w, files, n, err) < 0)
		return -1;
	return intent_remove(buf_text(&w->intent), err) < 0 ? -1 : APPLY_UNDONE;
}

int apply_recover(const char *root, struct apply_recovery *out, struct arena *mem, struct err *err)
{
	CLEANUP(freep) char *real = realpath(root, NULL);
	CLEANUP(work_release) struct work w = {.root_fd = -1};
	struct apply_file *files;
	size_t n;
	int rc;

	*out = (struct apply_recovery){0};
	if (!real)
		return err_sys(err, errno, "cannot find folder '%s'", root);
	if (work_begin(&w, real, err) < 0)
		/* Without a place for an intent (no HOME) none was ever stored. */
		return err->code == ERR_CONFIG ? 0 : -1;
	if ((rc = intent_load(&files, &n, buf_text(&w.intent), mem, err)) != 0)
		return rc < 0 ? -1 : 0;
	return recover(&w, files, n, out, mem, err);
}
