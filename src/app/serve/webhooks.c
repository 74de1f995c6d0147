#include "app/serve/webhooks.h"

#include <ctype.h>
#include <stdlib.h>

#include "app/serve/delivery.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/vec.h"
#include "port/crypto/hmac.h"
#include "port/store/spool.h"

enum {
	MEMORY_ALL = 8 << 20, /* of all bodies that are coming in */
	RETRY_SECONDS = 30,
	SUM_HEX = 2 * HMAC_BYTES,
};

struct webhooks {
	struct spool *spool;
	struct counts *counts;
	char *secret;
	size_t secret_bytes;     /* 0: deliveries are taken unsigned */
	vec(struct hmac *) idle; /* keyed, and ready */
	size_t memory;
};

/* One delivery on its way in. Until its end it belongs to the server's thread; from then on, if it
 * is to be stored, to the spool's, until it is answered. */
struct incoming {
	struct webhooks *hooks;
	struct httpd_request *request;
	struct hmac *hmac;
	unsigned char claimed[HMAC_BYTES];
	enum event event;
	enum delivery_result result;
	bool form;
	char name[DELIVERY_NAME_MAX + 1], id[DELIVERY_NAME_MAX + 1];
	struct buf body;
	size_t claimed_memory;
	struct spool_part *part;
};

static struct hmac *borrow_hmac(struct webhooks *w)
{
	return w->idle.n ? w->idle.v[--w->idle.n] : hmac_new(str_make(w->secret, w->secret_bytes));
}

static void give_back_hmac(struct webhooks *w, struct hmac **h)
{
	unsigned char ignored[HMAC_BYTES];

	if (!*h)
		return;
	hmac_final(*h, ignored); /* ready for the next, wherever this one was left */
	vec_push(&w->idle, *h);
	*h = NULL;
}

/* --- what the headers say --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_signature(const char *text, unsigned char out[HMAC_BYTES])
{
	struct str s = str_of(text);

	if (!str_skip(&s, "sha256=") || s.n != SUM_HEX)
		return false;
	for (size_t i = 0; i < HMAC_BYTES; i++) {
		int high = hex_digit(s.p[2 * i]), low = hex_digit(s.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* A word as GitHub writes events and delivery ids. */
static bool copy_name(char out[DELIVERY_NAME_MAX + 1], const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (!n || n > DELIVERY_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return false;
	memcpy(out, text, n + 1);
	return true;
}

/* The media type without its parameters. */
static bool read_type(const char *text, bool *form)
{
	struct str type = str_of(text), before;

	if (str_cut(&type, ";", &before))
		type = before;
	type = str_trim(type);
	*form = str_eq_nocase(type, STR("application/x-www-form-urlencoded"));
	return *form || str_eq_nocase(type, STR("application/json"));
}

static void refuse(struct incoming *in, enum delivery_result result, int status, const char *why)
{
	in->result = result;
	httpd_note(in->request, delivery_result_to_string(result));
	httpd_refuse(in->request, status, why);
}

static void refuse_for_now(struct incoming *in, enum delivery_result result, const char *why)
{
	in->result = result;
	httpd_note(in->request, delivery_result_to_string(result));
	httpd_refuse_for_now(in->request, why, RETRY_SECONDS);
}

/* Whether the headers are such that the body is worth reading. */
static bool read_headers(struct incoming *in)
{
	struct httpd_request *r = in->request;
	const char *signature = httpd_header(r, "X-Hub-Signature-256");
	bool signed_only = in->hooks->secret_bytes > 0;

	if (copy_name(in->name, httpd_header(r, "X-GitHub-Event")))
		in->event = event_from_name(str_of(in->name));
	if (signed_only && !signature)
		refuse(in, DELIVERY_UNSIGNED, 401, "X-Hub-Signature-256 is missing");
	else if (signed_only && !read_signature(signature, in->claimed))
		refuse(in, DELIVERY_FORGED, 403, "X-Hub-Signature-256 is not a signature");
	else if (!*in->name)
		refuse(in, DELIVERY_MALFORMED, 400, "X-GitHub-Event is missing or malformed");
	else if (!copy_name(in->id, httpd_header(r, "X-GitHub-Delivery")))
		refuse(in, DELIVERY_MALFORMED, 400, "X-GitHub-Delivery is missing or malformed");
	else if (!read_type(httpd_header(r, "Content-Type"), &in->form))
		refuse(in, DELIVERY_WRONG_TYPE, 415,
			"application/json or application/x-www-form-urlencoded is wanted");
	else
		return true;
	return false;
}

/* --- the body --- */

static void *open_delivery(void *data, struct httpd_request *r)
{
	struct webhooks *w = data;
	struct incoming *in = xcalloc(1, sizeof(*in));
	int64_t length = httpd_length(r);

	in->hooks = w;
	in->request = r;
	in->result = DELIVERY_CUT;
	if (!read_headers(in))
		return in;
	in->hmac = borrow_hmac(w);
	buf_init(&in->body, WEBHOOK_MEMORY_MAX + 1);
	if (length > 0 && length <= WEBHOOK_MEMORY_MAX && w->memory + (size_t)length <= MEMORY_ALL)
		(void)!buf_reserve(&in->body, (size_t)length); /* no growing later */
	return in;
}

static void refuse_for_disk(struct incoming *in, int rc, const struct err *err)
{
	if (rc > 0) {
		refuse_for_now(in, DELIVERY_BUSY, "too much is waiting to be worked on");
		return;
	}
	log_error("%s", err->msg);
	refuse_for_now(in, DELIVERY_FAILED, "the delivery cannot be stored");
}

/* What is in memory goes to the disk, and so will the rest. */
static int begin_part(struct incoming *in, struct err *err)
{
	int rc = spool_part_open(&in->part, in->hooks->spool, err);

	if (rc == 0)
		rc = spool_part_add(in->part, buf_view(&in->body), err);
	buf_release(&in->body);
	in->hooks->memory -= in->claimed_memory;
	in->claimed_memory = 0;
	return rc;
}

static bool fits_in_memory(const struct incoming *in, size_t n)
{
	return in->body.n + n <= WEBHOOK_MEMORY_MAX && in->hooks->memory + n <= MEMORY_ALL;
}

static void take_piece(void *state, struct httpd_request *r, struct str piece)
{
	struct incoming *in = state;
	struct err err = ERR_INIT;
	int rc = 0;

	(void)r;
	hmac_update(in->hmac, piece);
	if (!in->part && fits_in_memory(in, piece.n)) {
		buf_str(&in->body, piece);
		in->hooks->memory += piece.n;
		in->claimed_memory += piece.n;
		return;
	}
	if (!in->part)
		rc = begin_part(in, &err);
	if (rc == 0)
		rc = spool_part_add(in->part, piece, &err);
	if (rc)
		refuse_for_disk(in, rc, &err);
}

/* By the spool's thread. */
static void stored(void *data, int rc, const struct err *err)
{
	struct incoming *in = data;

	atomic_store_explicit(&in->hooks->counts->spool_works, rc == 0, memory_order_relaxed);
	if (rc < 0) {
		refuse_for_disk(in, rc, err);
		return;
	}
	in->result = DELIVERY_STORED;
	httpd_note(in->request, delivery_result_to_string(in->result));
	httpd_answer(
		in->request, &(struct httpd_answer){.status = in->event == EVENT_PING ? 200 : 202,
				     .body = STR("{\"stored\":true}")});
}

static void store(struct incoming *in, const unsigned char sum[HMAC_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char hex[SUM_HEX];
	BUF_AUTO head = BUF_INIT(SPOOL_HEAD_MAX);

	for (size_t i = 0; i < HMAC_BYTES; i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	delivery_write(&head, &(struct delivery){.received_s = clock_wall_s(),
				      .event = str_of(in->name),
				      .id = str_of(in->id),
				      .sum = str_make(hex, sizeof(hex)),
				      .form = in->form});
	if (spool_add(in->hooks->spool, buf_view(&head), buf_view(&in->body),
		    in->part ? &in->part : NULL, stored, in) == SPOOL_FULL)
		refuse_for_disk(in, SPOOL_FULL, NULL);
}

static void end_delivery(void *state, struct httpd_request *r)
{
	struct incoming *in = state;
	unsigned char sum[HMAC_BYTES];

	(void)r;
	hmac_final(in->hmac, sum);
	if (in->hooks->secret_bytes && !crypto_equal(sum, in->claimed, sizeof(sum)))
		refuse(in, DELIVERY_FORGED, 403, "the signature is not that of the body");
	else
		store(in, sum);
}

static void close_delivery(void *state)
{
	struct incoming *in = state;
	struct webhooks *w = in->hooks;

	count_up(&w->counts->deliveries[in->event][in->result]);
	if (in->result == DELIVERY_STORED)
		atomic_store_explicit(
			&w->counts->last_delivery_s, clock_wall_s(), memory_order_relaxed);
	give_back_hmac(w, &in->hmac);
	w->memory -= in->claimed_memory;
	buf_release(&in->body);
	spool_part_free(in->part);
	free(in);
}

const struct httpd_stream webhooks_stream = {
	.open = open_delivery,
	.piece = take_piece,
	.end = end_delivery,
	.close = close_delivery,
};

struct webhooks *webhooks_new(struct spool *spool, struct counts *counts, struct str secret)
{
	struct webhooks *w = xcalloc(1, sizeof(*w));

	w->spool = spool;
	w->counts = counts;
	w->secret = xstrndup(secret.p ? secret.p : "", secret.n);
	w->secret_bytes = secret.n;
	return w;
}

void webhooks_free(struct webhooks *w)
{
	if (!w)
		return;
	vec_each (h, &w->idle)
		hmac_free(*h);
	vec_free(&w->idle);
	crypto_wipe(w->secret, w->secret_bytes);
	free(w->secret);
	free(w);
}
