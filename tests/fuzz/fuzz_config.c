/* Settings: any text either gives values within their ranges or problems that say where. */
#include <assert.h>
#include <stdint.h>

#include "app/config/config.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(struct config *c, int i)
{
	const struct setting *s = &settings[i];
	const struct setting_value *v = &c->values[i];

	if (s->kind == SETTING_INT && v->set)
		assert(v->number >= s->min && v->number <= s->max);
	if (s->kind == SETTING_SECONDS && v->set)
		assert(v->real >= (double)s->min && v->real <= (double)s->max);
	if ((s->kind == SETTING_STR || s->kind == SETTING_COMMAND) && v->set)
		assert(v->text.n && !v->text.p[v->text.n]);
	(void)config_strs(c, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c;
	struct err err = ERR_INIT;

	if (size > LIMIT_CONFIG_BYTES)
		return 0;
	config_init(&c);
	config_read_text(&c, ORIGIN_FILE, "f", str_make((const char *)data, size));
	for (int i = 0; i < SETTING_COUNT; i++)
		check_value(&c, i);
	assert((config_check(&c, &err) < 0) == (c.problems.n > 0));
	config_release(&c);
	return 0;
}
