#include "port/http/mail.h"

#include "base/alloc.h"
#include "port/child/child.h"
#include "port/http/http_private.h"

enum { TIMEOUT_MS = 30000, POLL_MS = 100 };

#define SET(option, value) (void)h->curl.curl_easy_setopt(h->easy, CURLOPT_##option, value)

static size_t give(char *p, size_t size, size_t n, void *data)
{
	struct str *rest = data;
	struct str piece = str_slice(*rest, 0, size * n);

	if (piece.n)
		memcpy(p, piece.p, piece.n);
	*rest = str_from(*rest, piece.n);
	return piece.n;
}

/* A server's own words may repeat what was sent to it: they are dropped. */
static size_t drop(char *p, size_t size, size_t n, void *data)
{
	(void)p;
	(void)data;
	return size * n;
}

static struct curl_slist *recipients(struct http *h, const struct mail *mail)
{
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < mail->n_to; i++) {
		CLEANUP(freep) char *to = xasprintf("<%.*s>", STR_ARGS(mail->to[i]));
		struct curl_slist *more = h->curl.curl_slist_append(list, to);
		list = more ? more : list;
	}
	return list;
}

static CURLcode drive(struct http *h)
{
	int running = 1, left = 0;
	CURLcode code = CURLE_FAILED_INIT;
	CURLMsg *done;

	if (h->curl.curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
		return code;
	while (running && h->curl.curl_multi_perform(h->multi, &running) == CURLM_OK) {
		if (child_interrupted()) {
			code = CURLE_ABORTED_BY_CALLBACK;
			break;
		}
		if (running)
			(void)h->curl.curl_multi_poll(h->multi, NULL, 0, POLL_MS, NULL);
	}
	done = running ? NULL : h->curl.curl_multi_info_read(h->multi, &left);
	if (done)
		code = done->data.result;
	(void)h->curl.curl_multi_remove_handle(h->multi, h->easy);
	return code;
}

static int explain(struct http *h, CURLcode code, long status, struct err *err)
{
	const char *text = h->curl.curl_easy_strerror(code);

	if (code == CURLE_ABORTED_BY_CALLBACK)
		return err_set(err, ERR_INTERRUPT, "interrupted");
	if (code == CURLE_LOGIN_DENIED)
		return err_set(err, ERR_AUTH, "the mail server refuses the user or the password");
	if (code == CURLE_USE_SSL_FAILED)
		return err_set(err, ERR_CONFIG,
			"the mail server offers no encryption, and a password is not sent without");
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(err, ERR_TIMEOUT, "%s", text);
	if (status >= 500 && status < 600)
		return err_set(err, ERR_CONFIG, "the mail server refuses it (%ld)", status);
	if (status >= 400 && status < 500)
		return err_set(err, ERR_RATE, "the mail server wants it later (%ld)", status);
	return err_set(err, ERR_NET, "%s", text);
}

static bool is_own_host(struct str url)
{
	struct str scheme, host = url;

	if (!str_cut(&host, "://", &scheme))
		return false;
	return str_starts(host, "127.0.0.1:") || str_starts(host, "localhost:") ||
	       str_eq_c(host, "127.0.0.1") || str_eq_c(host, "localhost");
}

static void set_line(struct http *h, const struct mail *mail)
{
	bool must = mail->user && !is_own_host(str_of(mail->url));

	SET(NOSIGNAL, 1L);
	SET(PROTOCOLS_STR, "smtp,smtps");
	SET(URL, mail->url);
	SET(USE_SSL, must ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);
	SET(CONNECTTIMEOUT_MS, (long)h->options.connect_timeout_ms);
	SET(TIMEOUT_MS, (long)(mail->timeout_ms ? mail->timeout_ms : TIMEOUT_MS));
	if (mail->user)
		SET(USERNAME, mail->user);
	if (mail->password)
		SET(PASSWORD, mail->password);
	if (h->ca_file)
		SET(CAINFO, h->ca_file);
	if (h->ca_path)
		SET(CAPATH, h->ca_path);
}

int mail_send(struct http *h, const struct mail *mail, struct err *err)
{
	CLEANUP(freep) char *from = xasprintf("<%.*s>", STR_ARGS(mail->from));
	struct curl_slist *to = recipients(h, mail);
	struct str rest = mail->text;
	long status = 0;
	CURLcode code;

	h->curl.curl_easy_reset(h->easy);
	set_line(h, mail);
	SET(MAIL_FROM, from);
	SET(MAIL_RCPT, to);
	SET(UPLOAD, 1L);
	SET(INFILESIZE_LARGE, (curl_off_t)mail->text.n);
	SET(READFUNCTION, give);
	SET(READDATA, &rest);
	SET(WRITEFUNCTION, drop);
	SET(HEADERFUNCTION, drop);
	code = drive(h);
	(void)h->curl.curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	/* The handle stays; nothing in it may point into this frame. */
	h->curl.curl_easy_reset(h->easy);
	h->curl.curl_slist_free_all(to);
	return code == CURLE_OK ? 0 : explain(h, code, status, err);
}
