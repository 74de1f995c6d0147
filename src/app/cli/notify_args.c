#include "app/cli/notify_args.h"

#include <ctype.h>
#include <stdlib.h>

#include "app/cli/heal_args.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "port/http/http.h"
#include "port/store/notice_log.h"
#include "port/store/store.h"

enum { BODY_BYTES = 64 << 10, TIMES_TRIED = 3, KEPT_S = 86400 * 400 };

static const enum setting_id names[NOTICE_CHANNELS] = {
	[NOTICE_SLACK] = SETTING_NOTIFY_SLACK,
	[NOTICE_PAGERDUTY] = SETTING_NOTIFY_PAGERDUTY,
	[NOTICE_WEBHOOK] = SETTING_NOTIFY_WEBHOOK,
	[NOTICE_MAIL] = SETTING_NOTIFY_MAIL,
};

static bool is_variable(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	return *name != '\0';
}

/* What the variable that a setting names holds, taken out of the environment; empty when there is
 * none. A setting whose value is no name is not shown: it may be the secret itself. */
static int take(struct str *out, struct notify_args *n, const struct config *config,
	enum setting_id id, struct err *err)
{
	const char *name = config_str(config, id);
	const char *value;

	if (!name)
		return 0;
	if (!is_variable(name))
		return err_set(err, ERR_CONFIG,
			"setting '%s' takes the name of an environment variable, and not what is "
			"in it: an address or key must not stand in a file",
			settings[id].key);
	value = getenv(name);
	if (value && *value)
		*out = arena_str(&n->mem, str_trim(str_of(value)));
	else if (config->values[id].origin != ORIGIN_DEFAULT)
		log_warn("setting '%s': environment variable '%s' is not set", settings[id].key,
			name);
	/* A file may name any variable; those that programs need to run are not its to take. */
	if (out->n && !str_starts(*out, "/"))
		unsetenv(name);
	return 0;
}

static int check_channel(
	struct notify_args *n, const struct config *config, enum notice_channel c, struct err *err)
{
	const char *name = config_str(config, names[c]);
	struct str value = n->secrets[c];

	if (!value.n)
		return 0;
	if (c == NOTICE_MAIL) {
		if (notify_mail_read(&n->mail, value, &n->mem, err) == 0)
			return 0;
		return err_wrap(err, "environment variable '%s'", name);
	}
	if (c == NOTICE_PAGERDUTY) {
		for (size_t i = 0; i < value.n; i++)
			if (!isalnum((unsigned char)value.p[i]))
				return err_set(err, ERR_CONFIG,
					"environment variable '%s' holds no routing key of "
					"PagerDuty",
					name);
		return 0;
	}
	if (notify_is_address(value))
		return 0;
	return err_set(
		err, ERR_CONFIG, "environment variable '%s' holds no https:// address", name);
}

static int read_events(struct notify_args *n, const struct config *config, struct err *err)
{
	const struct setting_value *v = &config->values[SETTING_NOTIFY_ON];
	uint32_t events = 0, bit;

	for (size_t i = 0; v->set && i < v->n; i++) {
		if (!notice_event_from_string(v->items[i], &bit))
			return err_set(err, ERR_CONFIG,
				"setting 'notify.on' knows no '%.*s': it takes outcomes (healed, "
				"not_healed, flaky, escalated...) and pull_request",
				STR_ARGS(v->items[i]));
		events |= bit;
	}
	for (int c = 0; c < NOTICE_CHANNELS; c++)
		n->events[c] = v->set ? events : notice_default_events((enum notice_channel)c);
	return 0;
}

/* The environment alone may say another address than PagerDuty's own: a file that could would
 * collect keys. */
static struct str pagerduty_url(const struct config *config)
{
	const char *other = getenv("SELFHEAL_PAGERDUTY_URL");

	if (other && notify_is_address(str_of(other)))
		return str_of(other);
	return config_int(config, SETTING_NOTIFY_PAGERDUTY_REGION) == 1
		       ? STR("https://events.eu.pagerduty.com/v2/enqueue")
		       : STR("https://events.pagerduty.com/v2/enqueue");
}

static struct str repository_of(const struct heal_args *args)
{
	const char *name = getenv("GITHUB_REPOSITORY");

	return name && *name ? str_of(name) : str_basename(str_of(args->root));
}

int notify_args_open(struct notify_args *out, const struct cli *cli, const struct heal_args *args,
	struct err *err)
{
	const struct config *config = &args->config;

	*out = (struct notify_args){.root = args->root,
		.store_path = args->options.store_path,
		.no_store = args->options.no_store,
		.repeat_after_s = config_ms(config, SETTING_NOTIFY_REPEAT_AFTER) / 1000};
	arena_init(&out->mem);
	for (int c = 0; c < NOTICE_CHANNELS; c++)
		if (take(&out->secrets[c], out, config, names[c], err) < 0 ||
			check_channel(out, config, (enum notice_channel)c, err) < 0)
			return -1;
	if (take(&out->webhook_secret, out, config, SETTING_NOTIFY_WEBHOOK_SECRET, err) < 0)
		return -1;
	out->pagerduty_url = arena_str(&out->mem, pagerduty_url(config));
	out->repository = arena_str(&out->mem, repository_of(args));
	if (!opts_flag(&cli->opts, "notify", true))
		memset(out->secrets, 0, sizeof(out->secrets));
	return read_events(out, config, err);
}

void notify_args_release(struct notify_args *n)
{
	arena_release(&n->mem);
}

/* What telling needs, opened when the first channel wants to be told. */
struct telling {
	struct notify_args *args;
	const struct notice *notice;
	struct http *http;
	struct store *store; /* NULL: nothing is known of earlier notices */
	struct str key;
	struct arena mem;
};

static void open_store(struct telling *t)
{
	BUF_AUTO path = BUF_INIT(LIMIT_PATH_BYTES);
	struct err err = ERR_INIT;

	if (t->args->no_store)
		return;
	if (t->args->store_path)
		buf_c(&path, t->args->store_path);
	else if (store_locate(&path, t->args->root, &err) < 0)
		return;
	if (store_open(&t->store, &(struct store_options){.path = buf_text(&path)}, &err) < 0) {
		t->store = NULL;
		log_warn("notices may come twice: %s", err.msg);
	}
}

static bool was_told(struct telling *t, const char *channel)
{
	struct err err = ERR_INIT;

	return t->store && notice_log_has(t->store, str_of(channel), t->key,
				   t->notice->at - t->args->repeat_after_s, &err) == 0;
}

static int send(struct telling *t, enum notice_channel c, struct err *err)
{
	const struct notify_args *a = t->args;
	struct notify_webhook webhook = {a->secrets[c], a->webhook_secret, t->key};
	BUF_AUTO body = BUF_INIT(BODY_BYTES);

	switch (c) {
	case NOTICE_SLACK:
		notice_slack(&body, t->notice);
		return notify_slack(t->http, a->secrets[c], buf_view(&body), err);
	case NOTICE_PAGERDUTY:
		notice_pagerduty(&body, t->notice, a->secrets[c]);
		return notify_pagerduty(t->http, a->pagerduty_url, buf_view(&body), err);
	case NOTICE_WEBHOOK:
		notice_webhook(&body, t->notice);
		return notify_webhook(t->http, &webhook, buf_view(&body), err);
	default:
		notice_mail(&body, t->notice, a->mail.from, a->mail.to, a->mail.n_to);
		return notify_mail(t->http, &a->mail, buf_view(&body), err);
	}
}

/* A service's answer is part of a message, and may repeat what it was asked with: the whole, or a
 * part of an address. */
static void hide(char *message, struct str secret)
{
	enum { PART_BYTES = 6 };
	struct str rest = secret, part;
	ptrdiff_t at;

	for (; str_next(&rest, '/', &part);)
		while (part.n >= PART_BYTES && !str_eq_c(part, "https:") &&
			(at = str_find(str_of(message), part)) >= 0)
			memset(message + at, '*', part.n);
	while (secret.n && (at = str_find(str_of(message), secret)) >= 0)
		memset(message + at, '*', secret.n);
}

static void tell_one(struct telling *t, enum notice_channel c)
{
	const char *name = notice_channel_to_string(c);
	struct err err = ERR_INIT;

	if (was_told(t, name)) {
		log_info("%s was told this already", name);
		return;
	}
	if (send(t, c, &err) < 0) {
		hide(err.msg, t->args->secrets[c]);
		hide(err.msg, t->args->webhook_secret);
		log_warn("cannot tell %s: %s", name, err.msg);
		return;
	}
	if (t->store &&
		notice_log_add(t->store, str_of(name), t->key, t->notice->at - KEPT_S, &err) < 0)
		log_warn("notices may come twice: %s", err.msg);
}

static void tell_all(struct telling *t, const bool wanted[NOTICE_CHANNELS])
{
	struct http_options options = {.tries = TIMES_TRIED, .connect_timeout_ms = 5000};
	struct err err = ERR_INIT;

	if (http_open(&t->http, &options, &err) < 0) {
		log_warn("cannot tell anybody: %s", err.msg);
		return;
	}
	open_store(t);
	for (int c = 0; c < NOTICE_CHANNELS; c++)
		if (wanted[c])
			tell_one(t, (enum notice_channel)c);
	store_free(t->store);
	http_free(t->http);
}

static bool changed(const struct notify_pull *pull)
{
	return pull->operation && *pull->operation && strcmp(pull->operation, "kept") != 0 &&
	       strcmp(pull->operation, "none") != 0;
}

void notify_tell(struct notify_args *n, const struct fix *fix, const struct notify_pull *pull)
{
	bool wanted[NOTICE_CHANNELS], any = false;
	struct notice notice;
	struct telling t = {.args = n, .notice = &notice};

	/* A fix whose pull request stays as it is, or is not opened, is no news. */
	if (pull->operation && !changed(pull) && fix->outcome == OUTCOME_HEALED)
		return;
	arena_init(&t.mem);
	notice_of_fix(&notice, fix, &t.mem);
	notice.repository = n->repository;
	notice.at = clock_wall_s();
	if (changed(pull)) {
		notice.pull.operation = pull->operation;
		notice.pull.number = pull->number;
		notice.pull.url = pull->url;
	}
	for (int c = 0; c < NOTICE_CHANNELS; c++) {
		wanted[c] = n->secrets[c].n &&
			    notice_wanted(&notice, (enum notice_channel)c, n->events[c]);
		any |= wanted[c];
	}
	t.key = notice_key(&notice, &t.mem);
	if (any)
		tell_all(&t, wanted);
	arena_release(&t.mem);
}
