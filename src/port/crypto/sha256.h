/* sha256: identities of records and the chain of the audit log.
 * Layer: port; src/port/crypto is the only folder that includes OpenSSL. Pure. */
#pragma once

#include "base/str.h"

/* 64 hexadecimal digits and a NUL. */
enum { SHA256_HEX_SIZE = 65 };

/* SHA-256 (FIPS 180-4) of the bytes, in lower-case hexadecimal. */
void sha256_hex(char out[SHA256_HEX_SIZE], struct str data);
