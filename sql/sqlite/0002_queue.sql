-- Webhook deliveries that were taken from the spool, and the jobs they became.

-- How far the spool was read: the row moves in the transaction that stores what was read.
CREATE TABLE spool_place(
	one INTEGER PRIMARY KEY CHECK(one = 1),
	segment INTEGER NOT NULL,
	offset INTEGER NOT NULL
) STRICT;

-- One row a delivery and body. GitHub's id is not signed: a known id with another body is another delivery.
CREATE TABLE deliveries(
	sum TEXT NOT NULL,
	id TEXT NOT NULL,
	event TEXT NOT NULL,
	action TEXT NOT NULL,
	repo TEXT NOT NULL,
	result TEXT NOT NULL,
	why TEXT NOT NULL,
	job INTEGER,
	bytes INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	PRIMARY KEY(sum, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_time ON deliveries(received_at);

-- state: waiting, running, done, dead, dropped. A job keeps its place among those of its repository by id.
CREATE TABLE jobs(
	id INTEGER PRIMARY KEY,
	key TEXT NOT NULL UNIQUE,
	repo TEXT NOT NULL,
	kind TEXT NOT NULL,
	line TEXT NOT NULL,
	sha TEXT NOT NULL,
	at INTEGER NOT NULL,
	json TEXT NOT NULL,
	state TEXT NOT NULL,
	tries INTEGER NOT NULL DEFAULT 0,
	not_before INTEGER NOT NULL DEFAULT 0,
	lease_until INTEGER NOT NULL DEFAULT 0,
	owner TEXT NOT NULL DEFAULT '',
	error TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	started_at INTEGER NOT NULL DEFAULT 0,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_alive ON jobs(repo, id) WHERE state IN ('waiting', 'running');
CREATE INDEX jobs_of_line ON jobs(line) WHERE state = 'waiting';
CREATE INDEX jobs_started ON jobs(repo, started_at);
CREATE INDEX jobs_by_state ON jobs(state, updated_at);

-- The newest commit known of each branch: jobs of older ones are outdated when they come.
CREATE TABLE branch_heads(
	line TEXT PRIMARY KEY,
	sha TEXT NOT NULL,
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
