/* rsa_pem: a fresh RSA key for a test, in PEM. */
#pragma once

#include "base/str.h"

/* bits 2048 and the like; "RSA" or "EC". The caller frees the text. */
char *test_private_key(const char *kind);
/* Whether signature is RS256 of text by the key whose private PEM this is. */
bool test_is_signed(const char *pem, struct str text, struct str signature);
