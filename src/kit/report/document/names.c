#include "kit/report/document/names.h"

#include <assert.h>

void names_init(struct names *n)
{
	n->n = 0;
	buf_init(&n->text, (size_t)DOCUMENT_DEPTH * DOCUMENT_NAME_BYTES);
}

void names_release(struct names *n)
{
	buf_release(&n->text);
}

bool names_push(struct names *n, struct str name)
{
	if (n->n >= DOCUMENT_DEPTH)
		return false;
	n->from[n->n++] = n->text.n;
	buf_str(&n->text, str_slice(name, 0, DOCUMENT_NAME_BYTES));
	n->from[n->n] = n->text.n;
	return true;
}

void names_pop(struct names *n)
{
	assert(n->n > 0);
	n->text.n = n->from[--n->n];
}

struct str names_at(const struct names *n, int i)
{
	assert(i >= 0 && i < n->n);
	return str_slice(buf_view(&n->text), n->from[i], n->from[i + 1]);
}
