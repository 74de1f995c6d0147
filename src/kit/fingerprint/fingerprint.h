/* fingerprint: an identity of a failure that survives line numbers, addresses, paths, times.
 * Layer: kit. fp1 of SPEC 14: SHA-256 over canonical JSON of {language, kind, type, message with
 * literals and masks applied, top 3 project frames as (path, function), test id}. */
#pragma once

#include "model/failure.h"

#define FINGERPRINT_VERSION "fp1"

/* Fills fingerprint, cause (without the test id) and class_ (strings from mem). */
void fingerprint_failure(struct failure *f, struct arena *mem);
/* The message with numbers, addresses, paths, quoted literals, dates, durations masked. */
struct str fingerprint_mask(struct str message, struct arena *mem);
