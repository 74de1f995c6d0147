#include "port/format/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"

enum { PIECE = 64 << 10 };

/* libarchive draws in a dozen of libraries (ICU among them), whose loading takes longer than most
 * of our runs: it is loaded when something packed is met, and need not be there before. */
#define LIBRARY_CALLS(X)                                                                           \
	X(archive_entry_filetype)                                                                  \
	X(archive_entry_pathname)                                                                  \
	X(archive_error_string)                                                                    \
	X(archive_format)                                                                          \
	X(archive_read_data_block)                                                                 \
	X(archive_read_free)                                                                       \
	X(archive_read_new)                                                                        \
	X(archive_read_next_header)                                                                \
	X(archive_read_open1)                                                                      \
	X(archive_read_set_callback_data)                                                          \
	X(archive_read_set_read_callback)                                                          \
	X(archive_read_support_filter_bzip2)                                                       \
	X(archive_read_support_filter_gzip)                                                        \
	X(archive_read_support_filter_xz)                                                          \
	X(archive_read_support_filter_zstd)                                                        \
	X(archive_read_support_format_7zip)                                                        \
	X(archive_read_support_format_empty)                                                       \
	X(archive_read_support_format_raw)                                                         \
	X(archive_read_support_format_tar)                                                         \
	X(archive_read_support_format_zip_streamable)                                              \
	X(archive_set_error)

#define MEMBER(name) __typeof__(name) *name;

struct library {
	LIBRARY_CALLS(MEMBER)
};

static int load_library(struct library *library, struct err *err)
{
	void *handle = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
	bool all = handle != NULL;

	if (!handle)
		return err_set(err, ERR_CONFIG, "cannot unpack without libarchive: %s", dlerror());
#define LOOK_UP(name) all &= (library->name = (__typeof__(name) *)dlsym(handle, #name)) != NULL;
	LIBRARY_CALLS(LOOK_UP)
	return all ? 0 : err_set(err, ERR_CONFIG, "cannot unpack: this libarchive is too old");
}

struct source {
	struct library la;
	int fd;
	struct str head; /* not yet given */
	char *piece;
	int64_t packed, unpacked; /* bytes so far */
	const struct archive_taker *taker;
};

bool archive_is_packed(struct str head)
{
	static const struct {
		size_t at, n;
		const char *magic;
	} magics[] = {{0, 4, "PK\3\4"}, {0, 4, "PK\5\6"}, {0, 3, "\x1f\x8b\x08"},
		{0, 6,
			"\xfd"
			"7zXZ\0"},
		{0, 4, "\x28\xb5\x2f\xfd"}, {0, 6, "7z\xbc\xaf\x27\x1c"}, {257, 5, "ustar"}};

	for (size_t i = 0; i < ARRAY_LEN(magics); i++)
		if (head.n >= magics[i].at + magics[i].n &&
			memcmp(head.p + magics[i].at, magics[i].magic, magics[i].n) == 0)
			return true;
	return head.n > 10 && memcmp(head.p, "BZh", 3) == 0 &&
	       memcmp(head.p + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0;
}

static la_ssize_t give(struct archive *a, void *context, const void **out)
{
	struct source *s = context;
	ssize_t n;

	if (s->head.n) {
		*out = s->head.p;
		n = (ssize_t)s->head.n;
		s->head.n = 0;
		s->packed += n;
		return n;
	}
	do {
		n = read(s->fd, s->piece, PIECE);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		s->la.archive_set_error(a, errno, "cannot read it");
	*out = s->piece;
	s->packed += n > 0 ? n : 0;
	return n;
}

static struct archive *open_archive(struct source *s)
{
	struct archive *a = s->la.archive_read_new();

	if (!a)
		return NULL;
	s->la.archive_read_support_filter_gzip(a);
	s->la.archive_read_support_filter_xz(a);
	s->la.archive_read_support_filter_zstd(a);
	s->la.archive_read_support_filter_bzip2(a);
	s->la.archive_read_support_format_zip_streamable(a);
	s->la.archive_read_support_format_tar(a);
	s->la.archive_read_support_format_7zip(a);
	s->la.archive_read_support_format_raw(a);
	s->la.archive_read_support_format_empty(a);
	s->la.archive_read_set_callback_data(a, s);
	s->la.archive_read_set_read_callback(a, give);
	(void)s->la.archive_read_open1(a);
	return a;
}

static int broken(const struct source *s, struct archive *a, struct err *err)
{
	const char *why = s->la.archive_error_string(a);

	err_set(err, ERR_PARSE, "cannot unpack all of it: %s", why ? why : "it is damaged");
	return ARCHIVE_BROKEN;
}

static int over(struct err *err, const char *what)
{
	err_set(err, ERR_LIMIT, "the rest of the archive is left out: %s", what);
	return ARCHIVE_BROKEN;
}

static int read_entry(struct source *s, struct archive *a, struct err *err)
{
	const void *p;
	size_t n;
	la_int64_t at;
	int r, rc;

	while ((r = s->la.archive_read_data_block(a, &p, &n, &at)) != ARCHIVE_EOF) {
		if (r == ARCHIVE_RETRY)
			continue;
		if (r < ARCHIVE_WARN)
			return broken(s, a, err);
		s->unpacked += (int64_t)n;
		if (s->unpacked > ARCHIVE_BYTES_MAX)
			return over(err, "it is too large");
		if (s->unpacked > LIMIT_TEXT_BYTES &&
			s->unpacked / ARCHIVE_RATIO_MAX > s->packed + PIECE)
			return over(err, "it grows too much when unpacked");
		if (n && (rc = s->taker->data(s->taker->context, str_make(p, n), err)) < 0)
			return rc;
	}
	return 0;
}

static struct str name_of(const struct source *s, struct archive *a, struct archive_entry *entry)
{
	const char *name = s->la.archive_entry_pathname(entry);

	if (s->la.archive_format(a) == ARCHIVE_FORMAT_RAW)
		return STR("");
	return str_slice(str_of(name ? name : "?"), 0, LIMIT_PATH_BYTES);
}

static int read_entries(struct source *s, struct archive *a, struct err *err)
{
	struct archive_entry *entry;
	int r, rc;

	for (int n = 0; (r = s->la.archive_read_next_header(a, &entry)) != ARCHIVE_EOF; n++) {
		if (r == ARCHIVE_RETRY)
			continue;
		if (r < ARCHIVE_WARN)
			return broken(s, a, err);
		if (n >= ARCHIVE_ENTRIES_MAX)
			return over(err, "it has too many entries");
		if (s->la.archive_entry_filetype(entry) != AE_IFREG &&
			s->la.archive_format(a) != ARCHIVE_FORMAT_RAW)
			continue;
		rc = s->taker->entry(s->taker->context, name_of(s, a, entry), err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		r = read_entry(s, a, err);
		rc = r < 0 ? r : s->taker->end(s->taker->context, err);
		if (rc < 0 || r > 0)
			return rc < 0 ? rc : r;
	}
	return 0;
}

int archive_read(int fd, struct str head, const struct archive_taker *taker, struct err *err)
{
	struct source s = {.fd = fd, .head = head, .taker = taker};
	struct archive *a;
	int r = load_library(&s.la, err);

	if (r < 0)
		return r;
	s.piece = xmalloc(PIECE);
	a = open_archive(&s);
	r = a ? read_entries(&s, a, err) : err_set(err, ERR_INTERNAL, "cannot start unpacking");
	if (a)
		s.la.archive_read_free(a);
	free(s.piece);
	return r;
}
