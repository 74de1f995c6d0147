/* rsa: signatures of an App's tokens. Layer: port. */
#pragma once

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct rsa_key;

/* A private RSA key in PEM (PKCS#1 or PKCS#8, no pass phrase). ERR_CONFIG for anything else. */
int rsa_key_load(struct rsa_key **out, struct str pem, struct err *err) MUST_CHECK;
void rsa_key_free(struct rsa_key *key);
DEFINE_CLEANUP(struct rsa_key *, rsa_key_free)
/* Appends RSASSA-PKCS1-v1_5 over SHA-256 of text (RFC 7518's RS256), binary. */
int rsa_sign(
	const struct rsa_key *key, struct str text, struct buf *out, struct err *err) MUST_CHECK;
