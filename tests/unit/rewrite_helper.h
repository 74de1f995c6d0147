/* rewrite_helper: one template, one source, its candidates as texts. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "kit/rewrite/rewrite.h"

/* One candidate list: the changed sources, best first, one after the other behind "== " lines. */
struct given {
	struct buf text;
	size_t n;
};

struct given_options {
	const char *path, *source;
	const char *template; /* only this one; NULL: all */
	const char *rules;    /* further templates (YAML) */
	const char *context;  /* content of a context file tests/test_it.py */
	struct failure failure;
	bool has_failure;
	int suspect; /* line, 0: no diagnosis */
	size_t max;
};

static inline void give_candidates(struct given *out, const struct given_options *o)
{
	struct rewrite_file file = {.path = str_of(o->path), .content = str_of(o->source)};
	struct rewrite_file context = {
		.path = STR("tests/test_it.py"), .content = str_of(o->context)};
	struct suspect suspect = {.path = str_of(o->path), .line = o->suspect, .suspiciousness = 1};
	struct diagnosis diagnosis = {.suspects = {&suspect, o->suspect ? 1 : 0}};
	struct failure_list failures;
	struct rewrite_options options = {.files = &file,
		.n_files = 1,
		.context = &context,
		.n_context = o->context ? 1 : 0,
		.failures = &failures,
		.diagnosis = &diagnosis,
		.user_rules = str_of(o->rules)};
	struct rewrite *rewrite = NULL;
	struct err err = ERR_INIT;
	struct patch patch;
	struct buf changed;

	buf_init(&out->text, 16 << 20);
	buf_init(&changed, 1 << 20);
	out->n = 0;
	failure_list_init(&failures);
	if (o->has_failure)
		*failure_list_add(&failures) = o->failure;
	if (rewrite_open(&rewrite, &options, &err) < 0)
		fail_msg("%s", err.msg);
	/* Pairs without end would follow the single changes. */
	for (size_t tried = 0; tried < 1200 && (o->max == 0 || out->n < o->max) &&
			       rewrite_next(rewrite, &patch, 1);
		tried++) {
		if (o->template && !str_eq_c(patch.origin, o->template))
			continue;
		assert_int_equal(
			patch_apply_to(&changed, &patch, file.path, file.content, &err), 0);
		buf_c(&out->text, "== ");
		buf_str(&out->text, buf_view(&changed));
		out->n++;
	}
	rewrite_free(rewrite);
	failure_list_release(&failures);
	buf_release(&changed);
}

/* Whether the changed source is among them. */
static inline bool gives(const struct given *given, const char *expect)
{
	struct buf wanted;
	bool found;

	buf_init(&wanted, 1 << 20);
	buf_printf(&wanted, "== %s", expect);
	found = str_find(buf_view(&given->text), buf_view(&wanted)) >= 0;
	buf_release(&wanted);
	return found;
}
