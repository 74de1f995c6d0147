#include "heal/respond.h"

#include <inttypes.h>

#include "base/cleanup.h"
#include "json/json.h"
#include "port/store/session.h"
#include "port/store/store.h"

int respond_run(const struct job *job, const struct respond_options *options, struct arena *mem,
	struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	CLEANUP(json_freep) struct json_t *j = job_to_json(job);
	struct session_record session = {.root = job->repo, .options = STR("{}")};
	BUF_AUTO text = BUF_INIT(1 << 20);

	json_write(&text, j, 0);
	session.base_commit = job->sha;
	session.branch = job->branch;
	if (store_open(&store, &(struct store_options){.path = options->store_path}, err) < 0 ||
		session_begin(store, &session, err) < 0 ||
		journal_append(store, session.id, STR("job"),
			arena_printf(mem, "%" PRId64, job->id), buf_view(&text), err) < 0)
		return -1;
	return session_end(store, session.id, STR("nothing_to_do"), err);
}
