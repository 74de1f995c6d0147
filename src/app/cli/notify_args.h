/* notify_args: who is told of what happened, as settings and environment name them.
 * Layer: app. Settings hold names of environment variables, never addresses or keys; the variables
 * are taken out of the environment once read, so that no child has them. A notice that cannot be
 * sent is told and changes nothing else. */
#pragma once

#include "app/cli/cmd.h"
#include "port/notify/notify.h"
#include "publish/notice.h"

struct heal_args;

#define NOTIFY_OPT                                                                                 \
	{                                                                                          \
		"notify", 0, OPT_FLAG, NULL, NULL,                                                 \
			"tell Slack, PagerDuty, a webhook, by mail, where they are set up; "       \
			"--no-notify tells nobody"                                                 \
	}

struct notify_args {
	struct arena mem;
	struct str secrets[NOTICE_CHANNELS]; /* empty: that channel is off */
	uint32_t events[NOTICE_CHANNELS];
	struct str webhook_secret, pagerduty_url, repository;
	struct notify_mail mail;
	const char *root, *store_path; /* store_path NULL: the repository's own */
	bool no_store;
	int64_t repeat_after_s;
};

/* ERR_CONFIG for a setting that is an address instead of a name, or a variable whose value is of no
 * use. args outlive *out. */
int notify_args_open(struct notify_args *out, const struct cli *cli, const struct heal_args *args,
	struct err *err) MUST_CHECK;
void notify_args_release(struct notify_args *n);
#define NOTIFY_ARGS_AUTO CLEANUP(notify_args_release) struct notify_args

/* What became of its pull request; operation NULL: none was asked for. */
struct notify_pull {
	const char *operation;
	int64_t number;
	struct str url;
};
/* Tells every channel that wants it and was not told the same of late. */
void notify_tell(struct notify_args *n, const struct fix *fix, const struct notify_pull *pull);
