/* Writes JSON into a buffer. */
#ifndef PROTOCOL_JSON_WRITE_H
#define PROTOCOL_JSON_WRITE_H

#include "base/bytes.h"

#include <cstorm/value.h>

/* A string in quotes: 0, or -EILSEQ where it is not UTF-8 (the buffer is then unchanged). */
int json_write_string(struct buffer *buffer, struct span contents);

/* The same for texts that must get through: what is not UTF-8 becomes U+FFFD. */
void json_write_string_lossy(struct buffer *buffer, struct span contents);

/* A number that reads back as the same double and never as an integer: 0, or -EDOM for NaN and
 * infinity. */
int json_write_double(struct buffer *buffer, double number);

/* Any value but a tree: 0, -EILSEQ, -EDOM, or -EBADMSG where STORM_JSON text is not JSON. */
int json_write_value(struct buffer *buffer, const struct storm_value *value);

#endif
