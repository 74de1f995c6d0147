-- Which notices went out, so that the same one does not go out again.
CREATE TABLE notices(
	channel TEXT NOT NULL,
	key TEXT NOT NULL,
	sent_at INTEGER NOT NULL,
	PRIMARY KEY(channel, key)
) STRICT, WITHOUT ROWID;
