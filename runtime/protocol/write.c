/* Writes values into a message of any wire. */
#include "protocol/write.h"

#include <errno.h>
#include <math.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "protocol/json_scan.h"
#include "protocol/json_write.h"
#include "protocol/msgpack.h"
#include "protocol/transcode.h"

int write_string(struct buffer *buffer, enum wire wire, struct span text)
{
	const char *end = text.data + text.length;

	if (wire != WIRE_MSGPACK)
		return json_write_string(buffer, text);
	if (utf8_first_invalid(text.data, end) < end)
		return -EILSEQ;
	msgpack_write_string(buffer, text);
	return 0;
}

size_t write_utf8(struct buffer *buffer, struct span text)
{
	const char *end = text.data + text.length;
	const char *at = text.data;
	size_t count = 0;

	for (;;) {
		const char *invalid = utf8_first_invalid(at, end);

		buffer_append(buffer, at, (size_t)(invalid - at));
		if (invalid == end)
			return count;
		buffer_append_literal(buffer, UTF8_REPLACEMENT);
		at = invalid + utf8_invalid_length(invalid, end);
		count++;
	}
}

void write_string_lossy(struct buffer *buffer, enum wire wire, struct span text)
{
	struct buffer valid = { 0 };

	if (wire != WIRE_MSGPACK) {
		json_write_string_lossy(buffer, text);
		return;
	}
	write_utf8(&valid, text);
	msgpack_write_string(buffer, buffer_span(&valid));
	buffer_free(&valid);
}

void write_integer(struct buffer *buffer, enum wire wire, int64_t integer)
{
	if (wire != WIRE_MSGPACK)
		buffer_append_integer(buffer, integer);
	else
		msgpack_write_integer(buffer, integer);
}

void write_number_string(struct buffer *buffer, enum wire wire, uint64_t number)
{
	size_t start = buffer->length;

	/* A short MessagePack string has its length in the byte before it. */
	if (wire != WIRE_MSGPACK)
		buffer_append_literal(buffer, "\"");
	else
		buffer_append_literal(buffer, "\xA0");
	buffer_append_unsigned(buffer, number);
	if (wire != WIRE_MSGPACK)
		buffer_append_literal(buffer, "\"");
	else if (!buffer->failed)
		buffer->data[start] = (char)(0xA0 + (buffer->length - start - 1));
}

void write_list_start(struct buffer *buffer, enum wire wire, size_t count)
{
	if (wire != WIRE_MSGPACK)
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

/* A tab or the end of a line in a value would be taken for that of the tuple. */
static void write_escaped(struct buffer *buffer, struct span text)
{
	const char *at = text.data;
	const char *end = text.data + text.length;

	for (;;) {
		const char *from = at;

		at = control_skip(at, end);
		buffer_append(buffer, from, (size_t)(at - from));
		if (at == end)
			return;
		if (*at == '\t')
			buffer_append_literal(buffer, "\\t");
		else if (*at == '\n')
			buffer_append_literal(buffer, "\\n");
		else if (*at == '\r')
			buffer_append_literal(buffer, "\\r");
		else
			buffer_append(buffer, at, 1);
		at++;
	}
}

int write_text(struct buffer *buffer, const struct encoded *value)
{
	struct span plain = encoded_plain(value);
	struct buffer decoded = { 0 };
	int err;

	if (value->type == STORM_NULL)
		return 0;
	if (value->type == STORM_BINARY) {
		base64_append(buffer, plain);
		return 0;
	}
	if (value->type != STORM_STRING)
		return encoded_to_json(value, buffer);
	if (plain.data) {
		write_escaped(buffer, plain);
		return 0;
	}
	decoded = encoded_text(value);
	err = decoded.data ? 0 : -ENOMEM;
	write_escaped(buffer, buffer_span(&decoded));
	buffer_free(&decoded);
	return err;
}

static int write_text_string(struct buffer *buffer, struct span text)
{
	const char *end = text.data + text.length;

	/* Most texts are ASCII without controls, which one look tells. */
	if (printable_skip(text.data, end) == end) {
		buffer_append_span(buffer, text);
		return 0;
	}
	if (utf8_first_invalid(text.data, end) < end)
		return -EILSEQ;
	write_escaped(buffer, text);
	return 0;
}

/* JSON that is a string, or null, is text as they are. */
static int write_text_json(struct buffer *buffer, struct span json)
{
	struct json_scanner scanner = json_scanner(json);
	struct encoded value;
	int err = json_scan_document(&scanner, &value);

	return err < 0 ? err : write_text(buffer, &value);
}

static int write_text_value(struct buffer *buffer, const struct storm_value *value)
{
	const struct span text = { value->string.data, value->string.length };

	switch (value->type) {
	case STORM_NULL:
		return 0;
	case STORM_STRING:
		return write_text_string(buffer, text);
	case STORM_BINARY:
		base64_append(buffer, text);
		return 0;
	case STORM_JSON:
	case STORM_VERBATIM:
		return write_text_json(buffer, text);
	default:
		return json_write_value(buffer, value);
	}
}

int write_value(struct buffer *buffer, enum wire wire, const struct storm_value *value)
{
	switch (wire) {
	case WIRE_MSGPACK:
		return write_msgpack(buffer, value);
	case WIRE_LINES:
		return write_text_value(buffer, value);
	case WIRE_JSON:
		break;
	}
	return json_write_value(buffer, value);
}
