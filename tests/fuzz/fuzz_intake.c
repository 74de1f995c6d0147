/* Intake: any payload, as any event, in pieces and as a form, gives a job whose parts have the form
 * that the rest relies on, or none. */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>

#include "app/serve/form.h"
#include "heal/intake.h"
#include "json/json.h"
#include "json/skim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_job(const struct job *job, struct arena *mem)
{
	CLEANUP(json_freep) struct json_t *j = job_to_json(job);
	struct job again;

	assert(job->key.n);
	assert(job->kind == JOB_INSTALLATION || job->repo.n);
	assert(!str_has(job->repo, "..") || str_find_char(job->repo, '/') > 0);
	for (size_t i = 0; i < job->repo.n; i++)
		assert(isalnum((unsigned char)job->repo.p[i]) || strchr("-_./", job->repo.p[i]));
	assert(!job->branch.n || job->branch.p[0] != '-');
	assert(!str_has(job->branch, ".."));
	assert(job->sha.n == 0 || job->sha.n == 40 || job->sha.n == 64);
	assert(job_from_json(&again, j, mem));
	assert(again.kind == job->kind && again.number == job->number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct intake_context context = {{"bot", 3}, {"selfheal/", 9}};
	CLEANUP(json_freep) struct json_t *payload = NULL;
	struct err err = ERR_INIT;
	JSON_SKIM_AUTO skim;
	struct str text, rest = str_make((const char *)data, size), piece;
	struct form_reader form = {0};
	BUF_AUTO plain = BUF_INIT(1 << 20);
	struct job job = {.delivery = STR("d")};
	const char *why = NULL;
	ARENA_AUTO mem;
	enum event event;

	arena_init(&mem);
	json_skim_init(&skim, intake_members, 1 << 20);
	if (!size)
		return 0;
	event = (enum event)(data[0] % EVENT_COUNT);
	rest = str_from(rest, 1);
	form_read(&form, rest, &plain);
	while (rest.n) {
		piece = str_slice(rest, 0, 1 + rest.n / 3);
		json_skim_add(&skim, piece);
		rest = str_from(rest, piece.n);
	}
	text = json_skim_end(&skim);
	if (!text.n || json_parse(&payload, text, &err) < 0)
		return 0;
	if (intake_read(&job, &why, event, payload, &context, &mem) == INTAKE_JOB)
		check_job(&job, &mem);
	else
		assert(*why);
	return 0;
}
