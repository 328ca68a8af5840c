/* Writes values into a message of any wire. */
#ifndef PROTOCOL_WRITE_H
#define PROTOCOL_WRITE_H

#include "protocol/encoded.h"

#include <cstorm/value.h>

/* A string: 0, or -EILSEQ where it is not UTF-8 (the buffer is then unchanged). */
int write_string(struct buffer *buffer, enum wire wire, struct span text);

/* The same for texts that must get through: what is not UTF-8 becomes U+FFFD. */
void write_string_lossy(struct buffer *buffer, enum wire wire, struct span text);

/* UTF-8 as it is, with U+FFFD for what is none: how many there are of these. */
size_t write_utf8(struct buffer *buffer, struct span text);

void write_integer(struct buffer *buffer, enum wire wire, int64_t integer);

/* A number as a string: an id. */
void write_number_string(struct buffer *buffer, enum wire wire, uint64_t number);

/*
 * Any value but a tree: 0, -EILSEQ, -EDOM, -EBADMSG where STORM_JSON text is not JSON, -EINVAL, or
 * -ENOMEM. On lines it is as write_text() has it.
 */
int write_value(struct buffer *buffer, enum wire wire, const struct storm_value *value);

/*
 * A value as text on a line: a string as it is, but for tabs and line breaks, which become \t, \n and \r; null as nothing,
 * bytes in base64; all else as JSON. Errors as encoded_to_json().
 */
int write_text(struct buffer *buffer, const struct encoded *value);

/* Begin a list of so many values; between them, and at its end. */
void write_list_start(struct buffer *buffer, enum wire wire, size_t count);

static inline void write_list_separator(struct buffer *buffer, enum wire wire)
{
	if (wire != WIRE_MSGPACK)
		buffer_append_literal(buffer, ",");
}

static inline void write_list_end(struct buffer *buffer, enum wire wire)
{
	if (wire != WIRE_MSGPACK)
		buffer_append_literal(buffer, "]");
}

#endif
