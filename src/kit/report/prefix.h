/* prefix: what CI systems, containers and parallel runners put before every line of what a program
 * prints. Layer: kit, inside report/. What could be a program's own text comes off only once the
 * log has shown that it is none: a name met again and again, a branch that was announced, a name
 * before the line with which a package manager begins. Lines of one name are one stream. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum {
	PREFIX_NAMES = 32,
	PREFIX_NAME_BYTES = 64,
	PREFIX_STREAMS = 16, /* told apart; 0 is all the rest */
};

struct prefix_name {
	char text[PREFIX_NAME_BYTES];
	size_t n;
	int met, stream;
};

struct prefix_names {
	struct prefix_name items[PREFIX_NAMES];
	size_t n;
};

/* Zeroed is new. */
struct prefixes {
	struct prefix_names services; /* docker compose: "web-1  | text" */
	size_t bar;                   /* column of their bar; 0: not known */
	struct prefix_names
		announced;           /* Jenkins: "[linux] text"; turbo, lerna, pnpm: "web: text" */
	struct prefix_names indices; /* concurrently: "[0] text" */
	struct prefix_names jobs;    /* gh run view --log */
	int streams;                 /* numbers given */
	int stream;                  /* of the line cut last */
	bool numbered;               /* ctest -V: "3: text" */
	int line_feeds;              /* lines that are but a written out line feed: "nl" */
	int lines, job_lines;        /* gh run view --log: "job TAB step TAB time text" */
};

/* The line without what stands before it; p->stream tells whose it is. */
struct str prefix_cut(struct prefixes *p, struct str line);
