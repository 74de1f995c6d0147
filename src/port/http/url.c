#include "port/http/http_private.h"

#include "base/alloc.h"

static char *part_of(struct http *h, const char *url, CURLUPart part)
{
	CURLU *u = h->curl.curl_url();
	char *value = NULL, *copy;

	if (!u)
		return NULL;
	if (h->curl.curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		(void)h->curl.curl_url_get(u, part, &value, CURLU_DEFAULT_PORT);
	h->curl.curl_url_cleanup(u);
	copy = value ? xstrdup(value) : NULL;
	h->curl.curl_free(value);
	return copy;
}

static bool same_part(struct http *h, const char *a, const char *b, CURLUPart part)
{
	CLEANUP(freep) char *x = part_of(h, a, part);
	CLEANUP(freep) char *y = part_of(h, b, part);

	return x && y && str_eq_nocase(str_of(x), str_of(y));
}

bool url_same_origin(struct http *h, const char *a, const char *b)
{
	return same_part(h, a, b, CURLUPART_SCHEME) && same_part(h, a, b, CURLUPART_HOST) &&
	       same_part(h, a, b, CURLUPART_PORT);
}

int url_resolve(struct http *h, const char *url, struct str location, char **out, struct err *err)
{
	CLEANUP(freep) char *text = xstrndup(location.p, location.n);
	CURLU *u = h->curl.curl_url();
	char *value = NULL;
	bool ok = u && h->curl.curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		  h->curl.curl_url_set(u, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
		  h->curl.curl_url_get(u, CURLUPART_URL, &value, 0) == CURLUE_OK;

	h->curl.curl_url_cleanup(u);
	if (!ok)
		return err_set(err, ERR_NET, "redirected to what is no address");
	*out = xstrdup(value);
	h->curl.curl_free(value);
	if (str_starts(str_of(url), "https:") && !str_starts(str_of(*out), "https:")) {
		freep(out);
		*out = NULL;
		return err_set(err, ERR_NET, "redirected from https to what is not");
	}
	return 0;
}

struct str url_shown(struct str url)
{
	struct str before;
	struct str rest = url;

	if (str_cut(&rest, "?", &before) || str_cut(&rest, "#", &before))
		url = before;
	rest = url;
	/* With a user and a password: the host alone. */
	if (str_cut(&rest, "@", &before))
		url = rest;
	return str_slice(url, 0, 200);
}

struct str url_shown_host(struct str url)
{
	struct str rest = url_shown(url), scheme, host;

	if (!str_cut(&rest, "://", &scheme))
		return STR("(hidden)");
	if (!str_cut(&rest, "/", &host))
		host = rest;
	return str_make(scheme.p, (size_t)(host.p + host.n - scheme.p));
}
