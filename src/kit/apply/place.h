/* place: one file of the user's tree, reached without following any symbolic link.
 * Layer: kit, private to apply. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct place {
	struct str path; /* borrowed, for messages */
	int folder;      /* the folder it is in */
	char *name;      /* in that folder */
	char *beside;    /* name of the file prepared beside it */
	bool prepared;
};
#define PLACE_INIT ((struct place){.folder = -1})

/* path is relative to root_fd. ERR_POLICY when it leaves the tree or meets a symbolic link. */
int place_open(struct place *place, int root_fd, struct str path, struct err *err) MUST_CHECK;
void place_release(struct place *place);
/* Its bytes now. ERR_POLICY when it is no regular file. */
int place_read(struct place *place, struct buf *out, struct err *err) MUST_CHECK;
/* 0 when it has exactly that content now, else PLACE_DIFFERS (also when it is gone). */
enum { PLACE_DIFFERS = 1 };
int place_holds(struct place *place, struct str content, struct err *err) MUST_CHECK;
/* Writes content into a file beside it, mode and owner as the file has them, synced. */
int place_prepare(struct place *place, struct str content, struct err *err) MUST_CHECK;
/* The prepared file takes its place, synced. */
int place_replace(struct place *place, struct err *err) MUST_CHECK;
/* Removes what is prepared, also by an earlier run. */
void place_discard(struct place *place);
