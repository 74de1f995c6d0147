#include "kit/apply/intent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/limits.h"
#include "port/crypto/sha256.h"
#include "port/store/store.h"

/* The file: a line "selfheal-apply 1 FILES", for each file a line "PATH OLD NEW" of sizes and then
 * the three, and the SHA-256 of all that. Bytes as they are: sources need not be UTF-8. */
static const char magic[] = "selfheal-apply 1 ";
enum { INTENT_BYTES = 512 << 20, INTENT_FILES = 1000 };

int intent_locate(struct buf *out, const char *root, struct err *err)
{
	char suffix[32];

	if (store_locate(out, root, err) < 0)
		return -1;
	snprintf(suffix, sizeof(suffix), ".%08x.apply",
		(unsigned)(str_hash(str_of(root)) & 0xffffffffu));
	buf_c(out, suffix);
	return 0;
}

static void write_intent(struct buf *out, const struct apply_file *files, size_t n)
{
	char hash[SHA256_HEX_SIZE];

	buf_printf(out, "%s%zu\n", magic, n);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%zu %zu %zu\n", files[i].path.n, files[i].old.n, files[i].new.n);
		buf_str(out, files[i].path);
		buf_str(out, files[i].old);
		buf_str(out, files[i].new);
	}
	sha256_hex(hash, buf_view(out));
	buf_c(out, hash);
}

static int sync_folder_of(const char *path, struct err *err)
{
	struct str folder = str_dirname(str_of(path));
	CLEANUP(freep) char *name = xstrndup(folder.p, folder.n);
	CLEANUP(fd_closep) int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, errno, "cannot sync folder '%s'", name);
	return 0;
}

static int write_synced(int fd, struct str rest)
{
	while (rest.n) {
		ssize_t n = write(fd, rest.p, rest.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		rest = str_from(rest, (size_t)n);
	}
	return fsync(fd);
}

int intent_store(const char *path, const struct apply_file *files, size_t n, struct err *err)
{
	CLEANUP(freep) char *made = xasprintf("%s.new", path);
	CLEANUP(fd_closep) int fd = -1;
	BUF_AUTO text;

	buf_init(&text, INTENT_BYTES);
	write_intent(&text, files, n);
	if (text.over || n > INTENT_FILES)
		return err_set(err, ERR_LIMIT, "cannot apply a change of so much: over %d bytes",
			INTENT_BYTES);
	if (store_make_folders(path, err) < 0)
		return -1;
	fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write_synced(fd, buf_view(&text)) < 0 || rename(made, path) < 0) {
		int no = errno;

		unlink(made);
		return err_sys(err, no, "cannot note in '%s' what is to be applied", path);
	}
	return sync_folder_of(path, err);
}

static bool take_size(struct str *s, char end, size_t *out)
{
	int v;

	if (!str_take_int(s, &v) || !s->n || s->p[0] != end)
		return false;
	*s = str_from(*s, 1);
	*out = (size_t)v;
	return true;
}

static bool take_bytes(struct str *s, size_t n, struct str *out)
{
	if (n > s->n)
		return false;
	*out = str_slice(*s, 0, n);
	*s = str_from(*s, n);
	return true;
}

static bool read_one(struct str *s, struct apply_file *f)
{
	size_t path, old, new;

	return take_size(s, ' ', &path) && take_size(s, ' ', &old) && take_size(s, '\n', &new) &&
	       take_bytes(s, path, &f->path) && take_bytes(s, old, &f->old) &&
	       take_bytes(s, new, &f->new);
}

static bool read_intent(struct apply_file **files, size_t *n, struct str text, struct arena *mem)
{
	char hash[SHA256_HEX_SIZE];
	size_t body = text.n < SHA256_HEX_SIZE ? 0 : text.n - (SHA256_HEX_SIZE - 1);
	struct str s = str_slice(text, 0, body);

	sha256_hex(hash, s);
	if (!str_eq_c(str_from(text, body), hash) || !str_skip(&s, magic) ||
		!take_size(&s, '\n', n) || *n > INTENT_FILES)
		return false;
	*files = arena_array(mem, *n, sizeof(**files));
	for (size_t i = 0; i < *n; i++)
		if (!read_one(&s, &(*files)[i]))
			return false;
	return s.n == 0;
}

int intent_load(
	struct apply_file **files, size_t *n, const char *path, struct arena *mem, struct err *err)
{
	BUF_AUTO text;

	buf_init(&text, INTENT_BYTES + 1);
	if (file_read(&text, path, err) < 0)
		return err->code == ERR_SYS && err->sys_errno == ENOENT ? INTENT_NONE : -1;
	if (!read_intent(files, n, arena_str(mem, buf_view(&text)), mem))
		return err_set(err, ERR_PARSE,
			"cannot finish what a killed selfheal began to apply: its note '%s' is "
			"damaged; compare your files with git diff, then remove it",
			path);
	return 0;
}

int intent_remove(const char *path, struct err *err)
{
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(err, errno, "cannot remove '%s'", path);
	return sync_folder_of(path, err);
}
