-- What people decided about what was proposed: one row a pull request and result.
CREATE TABLE outcomes(
	repo TEXT NOT NULL,
	number INTEGER NOT NULL,
	result TEXT NOT NULL,
	patch TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	actor TEXT NOT NULL,
	decided_at INTEGER NOT NULL,
	PRIMARY KEY(repo, number, result)
) STRICT, WITHOUT ROWID;
CREATE INDEX outcomes_by_patch ON outcomes(patch);
