#include "port/git/transfer.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "port/child/child.h"

enum {
	STALL_MS = 30 * 1000,
	TIMEOUT_MS = 15 * 60 * 1000,
	OBJECTS_MAX = 20 * 1000 * 1000,
};
static const int64_t bytes_max = INT64_C(2) << 30;

/* --- what libgit2 asks --- */

static int stop(struct transfer *t, enum err_code code, const char *why)
{
	git_error_set_str(GIT_ERROR_CALLBACK, why);
	if (!t->watch.why.code)
		(void)err_set(&t->watch.why, code, "%s", why);
	return GIT_EUSER;
}

static int on_credentials(
	git_credential **out, const char *url, const char *user, unsigned int allowed, void *data)
{
	struct transfer *t = data;
	struct remote_url asks;
	struct err ignored = ERR_INIT;

	(void)user;
	if (!t->options->token || !*t->options->token)
		return stop(t, ERR_AUTH,
			"the server wants credentials, and there is no token: set GITHUB_TOKEN to "
			"one with the permission contents: read (write to push)");
	if (t->asked)
		return stop(t, ERR_AUTH,
			"the server refuses the token: it may have expired, or not be of this "
			"server");
	if (remote_url_read(&asks, url, &ignored) < 0 || !str_eq_nocase(asks.host, t->url.host) ||
		asks.https != t->url.https || asks.port != t->url.port)
		return stop(t, ERR_AUTH, "another host asks for the token: it is not given");
	if (!(allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT))
		return stop(t, ERR_AUTH, "the server takes no token");
	t->asked = true;
	return git_credential_userpass_plaintext_new(out, "x-access-token", t->options->token);
}

static int on_progress(const git_indexer_progress *p, void *data)
{
	struct transfer *t = data;
	int64_t most = t->options->max_bytes ? t->options->max_bytes : bytes_max;
	struct transport_progress shown = {
		p->received_objects, p->total_objects, (int64_t)p->received_bytes};

	if ((int64_t)p->received_bytes > most || p->total_objects > OBJECTS_MAX)
		return stop(t, ERR_LIMIT, "the repository is larger than may be fetched");
	if (child_interrupted())
		return stop(t, ERR_INTERRUPT, "interrupted");
	if (clock_mono_ms() >= t->watch.deadline_ms)
		return stop(t, ERR_TIMEOUT, "it takes longer than it may");
	if (t->options->progress)
		t->options->progress(t->options->data, &shown);
	return 0;
}

static const struct repo_push *push_of(const struct transfer *t, const char *ref)
{
	struct str branch = str_of(ref);

	(void)str_skip(&branch, "refs/heads/");
	for (size_t i = 0; i < t->n_pushes; i++)
		if (str_eq_c(branch, t->pushes[i].branch))
			return &t->pushes[i];
	return NULL;
}

/* What the server has is known here, and nothing was sent yet. */
static int on_negotiation(const git_push_update **updates, size_t n, void *data)
{
	struct transfer *t = data;

	for (size_t i = 0; i < n; i++) {
		const struct repo_push *push = push_of(t, updates[i]->dst_refname);
		char there[COMMIT_ID_SIZE];

		if (!push || !push->expected)
			continue;
		git_oid_tostr(there, sizeof(there), &updates[i]->src);
		if (git_oid_is_zero(&updates[i]->src))
			*there = '\0';
		if (strcmp(there, push->expected) == 0)
			continue;
		(void)err_set(&t->watch.why, ERR_CONFLICT, "the branch '%s' moved meanwhile: it %s",
			push->branch, *there ? there : "is gone");
		return GIT_EUSER;
	}
	return 0;
}

static int on_reference(const char *ref, const char *status, void *data)
{
	struct transfer *t = data;
	struct str why = str_of(status);
	bool moved = str_has(why, "fetch first") || str_has(why, "non-fast-forward") ||
		     str_has(why, "stale info") || str_has(why, "failed to update ref") ||
		     str_has(why, "cannot lock ref");

	if (status && !t->watch.why.code)
		(void)err_set(&t->watch.why, moved ? ERR_CONFLICT : ERR_POLICY,
			"the server refuses '%.120s': %.200s", ref, status);
	return 0;
}

/* --- one transfer --- */

static const char *system_certificates(void)
{
	static const char *const paths[] = {"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (file_is_regular(paths[i]))
			return paths[i];
	return NULL;
}

/* libgit2 has them for the whole process, and reading them takes its time: once. */
static int use_certificates(struct err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool done;
	const char *named = getenv("SSL_CERT_FILE");
	const char *file = named && *named ? named : system_certificates();
	int rc = 0;

	pthread_mutex_lock(&lock);
	if (!done && file) {
		rc = git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, NULL);
		done = rc == 0;
	}
	pthread_mutex_unlock(&lock);
	if (rc < 0)
		return err_set(err, ERR_CONFIG, "cannot read the certificates in '%s'", file);
	return 0;
}

int transfer_begin(struct transfer *t, const struct transport_options *options, struct err *err)
{
	int64_t most = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;

	*t = (struct transfer){.options = options};
	buf_init(&t->proxy, LIMIT_PATH_BYTES);
	if (remote_url_read(&t->url, options->url, err) < 0 ||
		remote_url_proxy(&t->proxy, &t->url, err) < 0)
		return -1;
	if (options->token && *options->token && !t->url.https && !remote_url_is_loopback(&t->url))
		return err_set(err, ERR_CONFIG,
			"a token goes to '%s' by https only: what http carries anyone reads",
			options->url);
	git_lib_start();
	if (t->url.https && use_certificates(err) < 0)
		return -1;
	t->watch.stall_ms = options->stall_ms ? options->stall_ms : STALL_MS;
	t->watch.deadline_ms = clock_mono_ms() + most;
	t->before = git_socket_watch(&t->watch);
	return 0;
}

void transfer_end(struct transfer *t)
{
	if (t->watch.deadline_ms)
		(void)git_socket_watch(t->before);
	buf_release(&t->proxy);
}
git_remote_callbacks transfer_callbacks(struct transfer *t)
{
	git_remote_callbacks c = GIT_REMOTE_CALLBACKS_INIT;

	c.credentials = on_credentials;
	c.transfer_progress = on_progress;
	c.push_negotiation = on_negotiation;
	c.push_update_reference = on_reference;
	c.payload = t;
	return c;
}

git_proxy_options transfer_proxy(const struct transfer *t)
{
	git_proxy_options p = GIT_PROXY_OPTIONS_INIT;

	p.type = t->proxy.n ? GIT_PROXY_SPECIFIED : GIT_PROXY_NONE;
	p.url = t->proxy.n ? buf_text(&t->proxy) : NULL;
	return p;
}

static int fail_status(const char *verb, const char *url, int status, struct err *err)
{
	if (status == 401 || status == 403)
		return err_set(err, ERR_AUTH,
			"cannot %s '%.200s': the server answers %d: the token may not do this "
			"there",
			verb, url, status);
	if (status == 404)
		return err_set(err, ERR_AUTH,
			"cannot %s '%.200s': there is no such repository, or the token may not see "
			"it",
			verb, url);
	return err_set(err, status == 429 ? ERR_RATE : ERR_NET,
		"cannot %s '%.200s': the server answers %d", verb, url, status);
}

int transfer_fail(const struct transfer *t, const char *verb, int rc, struct err *err)
{
	const git_error *e = git_error_last();
	const char *why = e ? e->message : "libgit2 gives no reason", *url = t->options->url;
	struct str rest = str_of(why);
	int status;

	if (t->watch.why.code) {
		*err = t->watch.why;
		return err_wrap(err, "cannot %s '%.200s'", verb, url);
	}
	if (str_skip(&rest, "unexpected http status code: ") && str_take_int(&rest, &status))
		return fail_status(verb, url, status, err);
	if (rc == GIT_ECERTIFICATE || (e && e->klass == GIT_ERROR_SSL))
		return err_set(err, ERR_NET,
			"cannot %s '%.200s': no safe connection (%.120s); SSL_CERT_FILE names the "
			"certificates of a private authority",
			verb, url, why);
	if (rc == GIT_ENONFASTFORWARD)
		return err_set(err, ERR_CONFLICT,
			"cannot %s '%.200s': the branch there has commits that are not ours", verb,
			url);
	return err_set(err, rc == GIT_EAUTH ? ERR_AUTH : ERR_NET, "cannot %s '%.200s': %.200s",
		verb, url, why);
}
