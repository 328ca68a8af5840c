/* Base64 as RFC 4648 defines it in section 4: the standard alphabet, with padding. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/bytes.h"

/* Append the bytes as base64; all of it, or the buffer has `failed`. */
void base64_append(struct buffer *buffer, struct span bytes);

/*
 * Decode into `out`, which has room for the text's length and may be the text itself. Returns 0 and
 * the length, or -EINVAL where it is not base64.
 */
int base64_decode(struct span text, char *out, size_t *length);

#endif
