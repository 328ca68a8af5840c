/* Writes values into a message of either wire. */
#include "protocol/write.h"

#include <errno.h>
#include <math.h>

#include "base/utf8.h"
#include "protocol/json_write.h"
#include "protocol/msgpack.h"
#include "protocol/transcode.h"

int write_string(struct buffer *buffer, enum wire wire, struct span text)
{
	const char *end = text.data + text.length;

	if (wire == WIRE_JSON)
		return json_write_string(buffer, text);
	if (utf8_first_invalid(text.data, end) < end)
		return -EILSEQ;
	msgpack_write_string(buffer, text);
	return 0;
}

void write_string_lossy(struct buffer *buffer, enum wire wire, struct span text)
{
	const char *end = text.data + text.length;
	const char *at = text.data;
	struct buffer valid = { 0 };

	if (wire == WIRE_JSON) {
		json_write_string_lossy(buffer, text);
		return;
	}
	for (;;) {
		const char *invalid = utf8_first_invalid(at, end);

		buffer_append(&valid, at, (size_t)(invalid - at));
		if (invalid == end)
			break;
		buffer_append_literal(&valid, UTF8_REPLACEMENT);
		at = invalid + utf8_invalid_length(invalid, end);
	}
	msgpack_write_string(buffer, buffer_span(&valid));
	buffer_free(&valid);
}

void write_integer(struct buffer *buffer, enum wire wire, int64_t integer)
{
	if (wire == WIRE_JSON)
		buffer_append_integer(buffer, integer);
	else
		msgpack_write_integer(buffer, integer);
}

void write_number_string(struct buffer *buffer, enum wire wire, uint64_t number)
{
	size_t start = buffer->length;

	/* A short MessagePack string has its length in the byte before it. */
	if (wire == WIRE_JSON)
		buffer_append_literal(buffer, "\"");
	else
		buffer_append_literal(buffer, "\xA0");
	buffer_append_unsigned(buffer, number);
	if (wire == WIRE_JSON)
		buffer_append_literal(buffer, "\"");
	else if (!buffer->failed)
		buffer->data[start] = (char)(0xA0 + (buffer->length - start - 1));
}

void write_list_start(struct buffer *buffer, enum wire wire, size_t count)
{
	if (wire == WIRE_JSON)
		buffer_append_literal(buffer, "[");
	else
		msgpack_write_array(buffer, count);
}

static int write_msgpack(struct buffer *buffer, const struct storm_value *value)
{
	const struct span text = { value->string.data, value->string.length };

	switch (value->type) {
	case STORM_NULL:
		msgpack_write_null(buffer);
		return 0;
	case STORM_BOOLEAN:
		msgpack_write_boolean(buffer, value->boolean);
		return 0;
	case STORM_INTEGER:
		msgpack_write_integer(buffer, value->integer);
		return 0;
	case STORM_DOUBLE:
		if (!isfinite(value->number))
			return -EDOM;
		msgpack_write_double(buffer, value->number);
		return 0;
	case STORM_STRING:
		return write_string(buffer, WIRE_MSGPACK, text);
	case STORM_BINARY:
		msgpack_write_binary(buffer, text);
		return 0;
	case STORM_JSON:
		return transcode_to_msgpack(text, buffer, NULL);
	case STORM_VERBATIM:
		buffer_append_span(buffer, text);
		return 0;
	case STORM_TREE:
	case STORM_ARRAY:
	case STORM_OBJECT:
		break;
	}
	return -EINVAL;
}

int write_value(struct buffer *buffer, enum wire wire, const struct storm_value *value)
{
	if (wire == WIRE_JSON)
		return json_write_value(buffer, value);
	return write_msgpack(buffer, value);
}
