#include "app/serve/delivery.h"

/* Once for each delivery at the door: pieces are put together without a format to read. */
void delivery_write(struct buf *out, const struct delivery *d)
{
	const struct str parts[] = {d->event, d->id, d->sum, d->form ? STR("1") : STR("0")};
	char digits[20];
	size_t at = sizeof(digits);
	int64_t rest = d->received_s;

	do {
		digits[--at] = (char)('0' + rest % 10);
	} while (rest /= 10);
	buf_c(out, "v1\n");
	buf_add(out, digits + at, sizeof(digits) - at);
	buf_char(out, '\n');
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		buf_str(out, parts[i]);
		buf_char(out, '\n');
	}
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
