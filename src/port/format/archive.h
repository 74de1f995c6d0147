/* archive: what is packed, as streams; nothing is written to disk.
 * Layer: port. zip, tar, 7z; gzip, xz, zstd, bzip2, also around a single file. Input is hostile:
 * entries, sizes, names and the ratio of unpacked to packed bytes are capped. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum {
	ARCHIVE_ENTRIES_MAX = 20000,
	ARCHIVE_HEAD_BYTES = 512, /* enough of a file's start for archive_is_packed() */
	ARCHIVE_RATIO_MAX = 1200, /* of all that was unpacked; deflate cannot reach it */
};
#define ARCHIVE_BYTES_MAX ((int64_t)4 << 30) /* unpacked, of one archive */

/* Whether a file that starts like this is packed. */
bool archive_is_packed(struct str head);

/* Who takes the entries. Each gives < 0 with *err set to end it all. */
struct archive_taker {
	void *context;
	/* An entry's content follows when it gives 1; 0: the entry is passed over. name is "" for a
	 * single packed file, and as hostile as everything else. */
	int (*entry)(void *context, struct str name, struct err *err);
	int (*data)(void *context, struct str piece, struct err *err);
	int (*end)(void *context, struct err *err);
};

/* Reads the archive from a descriptor, head being what was read from it already. What is broken in
 * the middle keeps what came before and gives ARCHIVE_BROKEN (> 0), *err saying what; over a cap,
 * too. */
enum { ARCHIVE_BROKEN = 1 };
int archive_read(
	int fd, struct str head, const struct archive_taker *taker, struct err *err) MUST_CHECK;
