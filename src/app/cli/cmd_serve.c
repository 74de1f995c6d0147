#include <stdio.h>
#include <stdlib.h>

#include "app/cli/serve_args.h"
#include "app/serve/serve.h"
#include "base/limits.h"
#include "base/log.h"
#include "port/crypto/hmac.h"

static const struct opt opts[] = {
	{"listen", 'l', OPT_STR, "ADDR:PORT", "127.0.0.1:8080",
		"where to listen; port 0 takes one that is free"},
	SERVE_STORE_OPT,
	SERVE_JOBS_OPT,
	{"spool", 0, OPT_STR, "DIR", NULL,
		"where deliveries wait until they are read (default: the store's name and "
		"'.spool')"},
	{"allow", 0, OPT_LIST, "OWNER/NAME", NULL,
		"act on deliveries of these repositories alone, as globs (may be given again)"},
	{"max-connections", 0, OPT_INT, "N", "256", "connections at the same time", .min = 1,
		.max = 10000},
	{"max-per-address", 0, OPT_INT, "N", "0",
		"of these from one address; 0 is no limit, as behind a proxy", .min = 0,
		.max = 10000},
	{"idle-timeout", 0, OPT_NUM, "S", "15",
		"seconds that a connection may take to send its headers", .min = 1, .max = 3600},
	{"request-timeout", 0, OPT_NUM, "S", "30", "seconds that a body may take to come in",
		.min = 1, .max = 3600},
	{"grace", 0, OPT_NUM, "S", "20",
		"seconds that running jobs have to end when asked to stop; then they are given "
		"back",
		.min = 0, .max = 86400},
	{"access-log", 0, OPT_FLAG, NULL, NULL,
		"one JSON line a request on stderr (on; --no-access-log)"},
	{"no-webhook-secret", 0, OPT_FLAG, NULL, NULL,
		"take deliveries without a signature; on a loopback address alone"},
	{0},
};

/* Out of the environment, where other code might show it. */
static int take_secret(struct buf *out, const struct cli *cli, struct err *err)
{
	char *value = getenv("WEBHOOK_SECRET");

	if (value && *value) {
		buf_c(out, value);
		crypto_wipe(value, strlen(value));
		unsetenv("WEBHOOK_SECRET");
		if (out->over)
			return err_set(err, ERR_CONFIG, "WEBHOOK_SECRET is too long");
		return 0;
	}
	if (opts_flag(&cli->opts, "no-webhook-secret", false))
		return 0;
	return err_set(err, ERR_CONFIG,
		"cannot start without a secret: set WEBHOOK_SECRET to the one of the webhook on "
		"GitHub (or give --no-webhook-secret on a loopback address)");
}

static void say_ready(void *data, int port)
{
	struct str listen = str_of(data);

	fprintf(stderr, "selfheal: listening on http://%.*s:%d/webhooks/github\n",
		STR_ARGS(str_slice(listen, 0, (size_t)str_rfind_char(listen, ':'))), port);
	fflush(stderr);
}

/* GitHub names an app's bot after it; with a token of Actions it is the Actions' bot. */
static struct str own_login(const struct config *config)
{
	const char *login = config_str(config, SETTING_SERVE_LOGIN);

	return login ? str_of(login) : STR_NULL;
}

static const char *const *allowed(struct arena *mem, const struct cli *cli, struct serve_args *args)
{
	size_t n = 0;
	const char **globs;

	while (opts_item(&cli->opts, "allow", n))
		n++;
	if (!n)
		return config_strs(&args->config, SETTING_SERVE_REPOSITORIES);
	globs = arena_array(mem, n + 1, sizeof(*globs));
	for (size_t i = 0; i < n; i++)
		globs[i] = opts_item(&cli->opts, "allow", i);
	return globs;
}

static int ms_of(const struct cli *cli, const char *name, double fallback)
{
	return (int)(opts_num(&cli->opts, name, fallback) * 1000);
}

static int run(struct cli *cli, struct err *err)
{
	const char *listen = opts_str(&cli->opts, "listen", "127.0.0.1:8080");
	BUF_AUTO secret = BUF_INIT(4096);
	BUF_AUTO spool = BUF_INIT(LIMIT_PATH_BYTES);
	SERVE_ARGS_AUTO args;
	ARENA_AUTO mem;
	struct serve_options o;
	int rc;

	arena_init(&mem);
	serve_args_init(&args);
	if (take_secret(&secret, cli, err) < 0 || serve_args_load(&args, cli, err) < 0)
		return -1;
	if (opts_has(&cli->opts, "spool"))
		buf_c(&spool, opts_str(&cli->opts, "spool", ""));
	else
		buf_printf(&spool, "%s.spool", buf_text(&args.store));
	args.workers.catch_up = getenv("APP_ID") != NULL;
	o = (struct serve_options){.listen = listen,
		.secret = buf_view(&secret),
		.spool_dir = buf_text(&spool),
		.spool_bytes = (uint64_t)config_int(&args.config, SETTING_SERVE_SPOOL_MB) << 20,
		.max_connections = (int)opts_int(&cli->opts, "max-connections", 256),
		.max_per_address = (int)opts_int(&cli->opts, "max-per-address", 0),
		.idle_ms = ms_of(cli, "idle-timeout", 15),
		.request_ms = ms_of(cli, "request-timeout", 30),
		.grace_ms = ms_of(cli, "grace", 20),
		.log_requests = !cli->quiet && opts_flag(&cli->opts, "access-log", true),
		.ingest = {.context = {own_login(&args.config),
				   str_of(config_str(&args.config, SETTING_PUBLISH_PREFIX))},
			.allow = allowed(&mem, cli, &args),
			.rules = args.workers.rules},
		.workers = args.workers};
	rc = serve_run(&o, say_ready, (void *)(uintptr_t)listen, err);
	crypto_wipe(secret.p, secret.n);
	return rc < 0 ? -1 : EXIT_DONE;
}

const struct cmd cmd_serve = {
	.name = "serve",
	.usage = "",
	.summary = "receive GitHub's webhooks and do what they ask for",
	.about = "Takes GitHub's deliveries at POST /webhooks/github. A delivery whose signature "
		 "(X-Hub-Signature-256) is right is on disk before it is answered; then it is "
		 "read, and made a job where there is something to do. Jobs of one repository are "
		 "done in order, each in a process of its own; those that fail are tried again, "
		 "and after the last try wait for a person ('selfheal work dead').\n\n"
		 "WEBHOOK_SECRET holds the webhook's secret. GITHUB_TOKEN, or APP_ID with "
		 "PRIVATE_KEY or PRIVATE_KEY_PATH, are for the jobs alone.\n\n"
		 "GET /healthz, /readyz and /metrics tell how it is. SIGTERM stops it in order. "
		 "There is no TLS: put a proxy before it.",
	.examples = "WEBHOOK_SECRET=... selfheal serve --listen 127.0.0.1:8080 --store "
		    "/var/lib/selfheal/serve.db\n",
	.opts = opts,
	.run = run,
};
