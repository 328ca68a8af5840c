/* Decodes values of any wire. */
#include "protocol/encoded.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/base64.h"
#include "protocol/json_scan.h"
#include "protocol/json_write.h"
#include "protocol/msgpack.h"
#include "protocol/transcode.h"

/* Of a string that stands on the wire as it is. */
static struct span contents_of(const struct encoded *value)
{
	return value->wire == WIRE_LINES ? value->text : msgpack_contents(value);
}

size_t encoded_string(const struct encoded *string, char *out)
{
	struct span contents;

	if (string->wire == WIRE_JSON)
		return json_decode_string(string, out);
	contents = contents_of(string);
	memcpy(out, contents.data, contents.length);
	return contents.length;
}

struct buffer encoded_text(const struct encoded *string)
{
	struct buffer text = { 0 };

	if (string->type == STORM_STRING && buffer_reserve(&text, string->text.length) == 0)
		text.length = encoded_string(string, text.data);
	return text;
}

struct span encoded_plain(const struct encoded *value)
{
	if (value->type != STORM_STRING && value->type != STORM_BINARY)
		return (struct span){ NULL, 0 };
	if (value->wire != WIRE_JSON)
		return contents_of(value);
	if (value->escaped)
		return (struct span){ NULL, 0 };
	return (struct span){ value->text.data + 1, value->text.length - 2 };
}

bool encoded_equals(const struct encoded *string, struct span contents)
{
	if (string->type != STORM_STRING)
		return false;
	if (string->wire == WIRE_JSON)
		return json_string_equals(string, contents);
	return span_equals(contents_of(string), contents);
}

int encoded_integer(const struct encoded *number, int64_t *integer)
{
	if (number->wire == WIRE_JSON)
		return json_decode_integer(number, integer);
	return msgpack_decode_integer(number, integer);
}

int encoded_double(const struct encoded *number, double *value)
{
	int64_t integer;

	if (number->wire == WIRE_JSON)
		return json_decode_double(number, value);
	if (number->type == STORM_DOUBLE)
		*value = msgpack_decode_double(number);
	else if (msgpack_decode_integer(number, &integer) == 0)
		*value = (double)integer;
	else
		*value = (double)msgpack_decode_unsigned(number);
	return isfinite(*value) ? 0 : -ERANGE;
}

bool encoded_boolean(const struct encoded *boolean)
{
	if (boolean->type != STORM_BOOLEAN)
		return false;
	return boolean->text.data[0] == (boolean->wire == WIRE_JSON ? 't' : '\xC3');
}

/* A list of numbers, each a byte. */
static int binary_of_list(const struct encoded *value, char *out, size_t *length)
{
	struct encoded_list list = encoded_list(value);
	struct encoded number;
	int64_t byte;

	*length = 0;
	while (encoded_list_next(&list, &number)) {
		if (number.type != STORM_INTEGER || encoded_integer(&number, &byte) < 0 ||
			byte < INT8_MIN || byte > UINT8_MAX)
			return -EINVAL;
		out[(*length)++] = (char)byte;
	}
	return 0;
}

int encoded_binary(const struct encoded *value, char *out, size_t *length)
{
	struct span contents;
	size_t text_length;

	switch (value->type) {
	case STORM_BINARY:
		contents = msgpack_contents(value);
		memcpy(out, contents.data, contents.length);
		*length = contents.length;
		return 0;
	case STORM_STRING:
		text_length = encoded_string(value, out);
		return base64_decode((struct span){ out, text_length }, out, length);
	case STORM_ARRAY:
		return binary_of_list(value, out, length);
	default:
		return -EINVAL;
	}
}

int encoded_to_json(const struct encoded *value, struct buffer *json)
{
	if (value->type == STORM_NULL && value->text.length == 0) {
		buffer_append_literal(json, "null");
		return 0;
	}
	if (value->wire == WIRE_MSGPACK)
		return transcode_to_json(value->text, json);
	if (value->wire == WIRE_LINES)
		return json_write_string(json, value->text);
	buffer_append_span(json, value->text);
	return json->failed ? -ENOMEM : 0;
}

struct encoded_excerpt encoded_excerpt(const struct encoded *value)
{
	struct encoded_excerpt excerpt = { "nothing" };
	size_t room = sizeof(excerpt.text) - sizeof("...");
	struct buffer json = { 0 };
	size_t length;

	if (value->text.data && encoded_to_json(value, &json) == 0) {
		/* Not in the middle of a character. */
		length = json.length > room ? room : json.length;
		while (length < json.length && length > 0 && (json.data[length] & 0xC0) == 0x80)
			length--;
		snprintf(excerpt.text, sizeof(excerpt.text), "%.*s%s", (int)length, json.data,
			length < json.length ? "..." : "");
	}
	buffer_free(&json);
	return excerpt;
}

static struct encoded_list begin_walk(const struct encoded *value)
{
	struct encoded_list list = {
		.wire = value->wire,
		.at = value->text.data,
		.end = value->text.data + value->text.length,
		.first = true,
	};
	struct msgpack_header header = { 0 };

	if (value->wire == WIRE_MSGPACK) {
		msgpack_read_header(list.at, list.end, &header);
		list.at += header.size;
		list.left = header.children;
	} else {
		list.at++;
	}
	return list;
}

struct encoded_list encoded_list(const struct encoded *array)
{
	return array->type == STORM_ARRAY ? begin_walk(array) : (struct encoded_list){ 0 };
}

struct encoded_list encoded_entries(const struct encoded *object)
{
	return object->type == STORM_OBJECT ? begin_walk(object) : (struct encoded_list){ 0 };
}

bool encoded_list_next(struct encoded_list *list, struct encoded *value)
{
	const struct span rest = { list->at, (size_t)(list->end - list->at) };
	struct msgpack_scanner msgpack;
	struct json_scanner json;
	bool found;

	if (list->wire == WIRE_MSGPACK) {
		msgpack = msgpack_scanner(rest);
		found = list->left > 0 && msgpack_scan_value(&msgpack, value) == 0;
		list->at = msgpack.at;
		list->left -= found;
	} else {
		json = json_scanner(rest);
		found = list->at && json_scan_element(&json, list->first) > 0 &&
			json_scan_value(&json, value) == 0;
		list->at = json.at;
		list->first = false;
	}
	return found;
}

bool encoded_entries_next(struct encoded_list *entries, struct encoded *key, struct encoded *value)
{
	struct json_scanner json =
		json_scanner((struct span){ entries->at, (size_t)(entries->end - entries->at) });
	bool found;

	if (entries->wire == WIRE_MSGPACK)
		return encoded_list_next(entries, key) && encoded_list_next(entries, value);
	found = entries->at && json_scan_key(&json, entries->first, key) > 0 &&
		json_scan_value(&json, value) == 0;
	entries->at = json.at;
	entries->first = false;
	return found;
}
