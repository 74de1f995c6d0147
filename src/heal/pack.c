#include "heal/pack.h"

#include "base/limits.h"
#include "kit/bundle/bundle.h"
#include "learn/exchange.h"
#include "port/git/repo.h"
#include "port/store/store.h"

static struct str folder_below(const char *workdir, const char *root, struct arena *mem)
{
	struct str rest = str_of(root);

	if (!str_skip(&rest, workdir) || !str_skip(&rest, "/"))
		return STR("");
	return arena_str(mem, rest);
}

static int read_repository(
	struct bundle *b, const struct pack_options *options, struct arena *mem, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = NULL;
	struct repo_head head;
	int rc = repo_open(&repo, options->root, err);

	if (rc)
		return rc == REPO_NONE ? 0 : -1;
	if (repo_head(repo, &head, mem, err) < 0)
		return -1;
	b->commit = arena_str(mem, str_of(head.commit));
	if (!b->branch.n)
		b->branch = head.branch;
	b->folder = folder_below(repo_workdir(repo), options->root, mem);
	return 0;
}

static int read_knowledge(struct buf *out, const struct pack_options *options, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	struct exchange_export counts;
	BUF_AUTO path = BUF_INIT(LIMIT_PATH_BYTES);
	struct store_options how = {.read_only = true};
	int rc;

	if (options->no_store)
		return 0;
	if (options->store_path)
		buf_c(&path, options->store_path);
	else if (store_locate(&path, options->root, err) < 0)
		return -1;
	how.path = buf_text(&path);
	if ((rc = store_open(&store, &how, err)) != 0)
		return rc == STORE_ABSENT ? 0 : -1;
	return knowledge_export(store, options->since, out, &counts, err);
}

int pack_results(struct buf *out, const struct pack_options *options, struct json_t *const *results,
	size_t n, struct err *err)
{
	BUF_AUTO knowledge = BUF_INIT(BUNDLE_BYTES_MAX / 2);
	struct bundle bundle = {.program = STR(SELFHEAL_VERSION),
		.repository = options->repository,
		.branch = options->branch,
		.event = options->event,
		.run_id = options->run_id,
		.run_attempt = options->run_attempt,
		.run_url = options->run_url,
		.pull = options->pull,
		.trusted = options->trusted,
		.results = results,
		.n = n};
	ARENA_AUTO mem;

	arena_init(&mem);
	if (read_repository(&bundle, options, &mem, err) < 0 ||
		read_knowledge(&knowledge, options, err) < 0)
		return -1;
	bundle.knowledge = buf_view(&knowledge);
	return bundle_write(out, &bundle, err);
}
