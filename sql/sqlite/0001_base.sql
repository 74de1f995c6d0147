-- What one repository's selfheal remembers. Times are seconds since the epoch, JSON is sorted and compact.

-- One run of a command that does something. ended_at is NULL while it runs and when it was killed.
CREATE TABLE sessions(
	id TEXT PRIMARY KEY,
	root TEXT NOT NULL,
	base_commit TEXT NOT NULL,
	branch TEXT NOT NULL,
	options TEXT NOT NULL,
	started_at INTEGER NOT NULL,
	ended_at INTEGER,
	outcome TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_unfinished ON sessions(root, started_at) WHERE ended_at IS NULL;

-- Each stage's result, durable before the next stage starts. A (stage, key) happens once a session.
CREATE TABLE journal(
	session TEXT NOT NULL REFERENCES sessions(id),
	seq INTEGER NOT NULL,
	stage TEXT NOT NULL,
	key TEXT NOT NULL,
	json TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY(session, seq),
	UNIQUE(session, stage, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE failures(
	session TEXT NOT NULL REFERENCES sessions(id),
	fingerprint TEXT NOT NULL,
	cause TEXT NOT NULL,
	fp_version TEXT NOT NULL,
	kind TEXT NOT NULL,
	json TEXT NOT NULL,
	seen_at INTEGER NOT NULL,
	PRIMARY KEY(session, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE INDEX failures_by_fingerprint ON failures(fingerprint, seen_at);
CREATE INDEX failures_by_cause ON failures(cause, seen_at);

CREATE TABLE attempts(
	session TEXT NOT NULL REFERENCES sessions(id),
	attempt INTEGER NOT NULL,
	source TEXT NOT NULL,
	origin TEXT NOT NULL,
	held INTEGER NOT NULL,
	json TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY(session, attempt)
) STRICT, WITHOUT ROWID;

-- Verified repairs. id is a hash of cause and change, so that the same fix has it everywhere.
CREATE TABLE fixes(
	id TEXT PRIMARY KEY,
	fp_version TEXT NOT NULL,
	language TEXT NOT NULL,
	error_type TEXT NOT NULL,
	error_pattern TEXT NOT NULL,
	root_cause TEXT NOT NULL,
	code_context TEXT NOT NULL,
	patch TEXT NOT NULL,
	rewrite TEXT NOT NULL,
	normal_form TEXT NOT NULL,
	proof TEXT NOT NULL,
	source TEXT NOT NULL,
	origin TEXT NOT NULL,
	note TEXT NOT NULL,
	environment TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	successes INTEGER NOT NULL,
	failures INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX fixes_by_normal_form ON fixes(normal_form);

-- One fix may heal several failures: all that it turned green.
CREATE TABLE fix_failures(
	fix TEXT NOT NULL REFERENCES fixes(id) ON DELETE CASCADE,
	fingerprint TEXT NOT NULL,
	cause TEXT NOT NULL,
	PRIMARY KEY(fix, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE INDEX fix_failures_by_fingerprint ON fix_failures(fingerprint);
CREATE INDEX fix_failures_by_cause ON fix_failures(cause);

-- How often what one origin (a template, a rule, a tool) proposed was tried, and was right.
CREATE TABLE origin_record(
	origin TEXT PRIMARY KEY,
	tried INTEGER NOT NULL,
	held INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run_times(
	command TEXT PRIMARY KEY,
	duration_ms INTEGER NOT NULL,
	measured_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE flaky_tests(
	test TEXT PRIMARY KEY,
	fingerprint TEXT NOT NULL,
	runs INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	last_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who did what on which evidence. Each row's hash covers the one before it.
CREATE TABLE audit(
	seq INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	subject TEXT NOT NULL,
	evidence TEXT NOT NULL,
	previous TEXT NOT NULL,
	hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
