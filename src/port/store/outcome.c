#include "port/store/outcome.h"

#include "base/clock.h"
#include "port/store/db.h"

int outcome_add(struct store *store, const struct outcome_record *outcome, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "INSERT OR IGNORE INTO outcomes(repo, number, result, patch, fingerprint, "
		    "actor, decided_at) VALUES(?, ?, ?, ?, ?, ?, ?)",
		    err) < 0)
		return -1;
	query_str(&q, outcome->repo);
	query_int(&q, outcome->number);
	query_str(&q, str_of(outcome->result));
	query_str(&q, outcome->patch);
	query_str(&q, outcome->fingerprint);
	query_str(&q, outcome->actor);
	query_int(&q, clock_wall_s());
	if (query_run(&q, err) < 0)
		return -1;
	return store_changes(store) ? 0 : OUTCOME_KNOWN;
}

int outcome_count(struct store *store, struct str repo, struct outcome_counts *out, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "SELECT coalesce(sum(result = 'merged'), 0), coalesce(sum(result = 'closed'), "
		    "0), coalesce(sum(result = 'reverted'), 0) FROM outcomes WHERE ?1 = '' OR repo "
		    "= ?1",
		    err) < 0)
		return -1;
	query_str(&q, repo);
	if (query_step(&q, err) < 0)
		return -1;
	*out = (struct outcome_counts){query_i64(&q, 0), query_i64(&q, 1), query_i64(&q, 2)};
	return 0;
}
