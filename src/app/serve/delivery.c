#include "app/serve/delivery.h"

#include <inttypes.h>

void delivery_write(struct buf *out, const struct delivery *d)
{
	buf_printf(out, "v1\n%" PRId64 "\n%.*s\n%.*s\n%.*s\n%d\n", d->received_s,
		STR_ARGS(d->event), STR_ARGS(d->id), STR_ARGS(d->sum), d->form);
}

bool delivery_read(struct delivery *out, struct str head)
{
	struct str version, at, form;

	*out = (struct delivery){0};
	if (!str_next_line(&head, &version) || !str_eq_c(version, "v1") ||
		!str_next_line(&head, &at) || !str_next_line(&head, &out->event) ||
		!str_next_line(&head, &out->id) || !str_next_line(&head, &out->sum) ||
		!str_next_line(&head, &form))
		return false;
	out->form = str_eq_c(form, "1");
	return str_to_i64(at, 0, INT64_MAX, &out->received_s);
}
