/* From one wire's encoding to the other's, without a tree in between. */
#include "protocol/transcode.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/base64.h"
#include "protocol/json_scan.h"
#include "protocol/json_write.h"
#include "protocol/msgpack.h"

/* An array or map of unknown size: its count is filled in when it is closed. */
struct open_list {
	size_t count_at;
	uint32_t count;
	bool is_map;
};

struct to_msgpack {
	struct json_scanner scanner;
	struct buffer *out;
	struct open_list open[JSON_DEPTH];
	size_t depth;
};

/* A whole number that needs all of 64 bits without a sign. */
static bool is_unsigned(const struct encoded *number, uint64_t *integer)
{
	char digits[24];

	if (number->type != STORM_INTEGER || number->text.length >= sizeof(digits) ||
		number->text.data[0] == '-')
		return false;
	memcpy(digits, number->text.data, number->text.length);
	digits[number->text.length] = '\0';
	errno = 0;
	*integer = strtoull(digits, NULL, 10);
	return errno == 0;
}

static int write_json_number(struct buffer *out, const struct encoded *number)
{
	uint64_t natural;
	int64_t integer;
	double real;
	int err;

	if (number->type == STORM_INTEGER && json_decode_integer(number, &integer) == 0) {
		msgpack_write_integer(out, integer);
		return 0;
	}
	if (is_unsigned(number, &natural)) {
		msgpack_write_unsigned(out, natural);
		return 0;
	}
	err = json_decode_double(number, &real);
	if (err < 0)
		return err == -ERANGE ? -EDOM : err;
	msgpack_write_double(out, real);
	return 0;
}

static int write_json_string(struct buffer *out, const struct encoded *string)
{
	struct buffer decoded = { 0 };

	if (!string->escaped) {
		msgpack_write_string(
			out, (struct span){ string->text.data + 1, string->text.length - 2 });
		return 0;
	}
	if (buffer_reserve(&decoded, string->text.length) < 0)
		return -ENOMEM;
	decoded.length = json_decode_string(string, decoded.data);
	msgpack_write_string(out, buffer_span(&decoded));
	buffer_free(&decoded);
	return 0;
}

static int write_json_scalar(struct buffer *out, const struct encoded *scalar)
{
	switch (scalar->type) {
	case STORM_STRING:
		return write_json_string(out, scalar);
	case STORM_INTEGER:
	case STORM_DOUBLE:
		return write_json_number(out, scalar);
	case STORM_BOOLEAN:
		msgpack_write_boolean(out, scalar->text.data[0] == 't');
		return 0;
	default:
		msgpack_write_null(out);
		return 0;
	}
}

static int open_list(struct to_msgpack *to, bool is_map)
{
	if (to->depth == JSON_DEPTH)
		return json_fail(&to->scanner, to->scanner.at, "nested too deep");
	json_scan_enter(&to->scanner);
	buffer_append(to->out, is_map ? "\xDF" : "\xDD", 1);
	to->open[to->depth++] = (struct open_list){ .count_at = to->out->length, .is_map = is_map };
	buffer_append(to->out, "\0\0\0\0", 4);
	return 0;
}

static void close_list(struct to_msgpack *to)
{
	const struct open_list *list = &to->open[--to->depth];

	if (to->out->failed)
		return;
	for (int i = 0; i < 4; i++)
		to->out->data[list->count_at + (size_t)i] = (char)(list->count >> (24 - 8 * i));
}

/* Go on in the innermost list: 1 when a value comes next, 0 behind its end. */
static int go_on(struct to_msgpack *to)
{
	struct open_list *list = &to->open[to->depth - 1];
	struct encoded key;
	int more;

	if (list->is_map)
		more = json_scan_key(&to->scanner, list->count == 0, &key);
	else
		more = json_scan_element(&to->scanner, list->count == 0);
	if (more <= 0)
		return more;
	list->count++;
	return list->is_map && write_json_string(to->out, &key) < 0 ? -ENOMEM : 1;
}

static int transcode_json_value(struct to_msgpack *to)
{
	do {
		char c = json_scan_peek(&to->scanner);
		struct encoded scalar;
		int more = 0;
		int err;

		if (c == '{' || c == '[') {
			err = open_list(to, c == '{');
		} else {
			err = json_scan_value(&to->scanner, &scalar);
			if (err == 0)
				err = write_json_scalar(to->out, &scalar);
		}
		if (err < 0)
			return err;
		while (to->depth > 0 && (more = go_on(to)) == 0)
			close_list(to);
		if (more < 0)
			return more;
	} while (to->depth > 0);
	return 0;
}

int transcode_to_msgpack(struct span json, struct buffer *msgpack, struct wire_error *error)
{
	struct to_msgpack to;
	int err;

	to.scanner = json_scanner(json);
	to.out = msgpack;
	to.depth = 0;
	err = transcode_json_value(&to);
	if (err == 0)
		err = json_scan_end(&to.scanner);
	if (err == -EBADMSG && error)
		*error = to.scanner.error;
	return err == 0 && msgpack->failed ? -ENOMEM : err;
}

/* An array or map, whose values are being written. */
struct counted_list {
	uint64_t left; /* of a map: keys and values */
	bool is_map;
	bool begun;
};

struct to_json {
	const char *at;
	const char *end;
	struct buffer *out;
	struct counted_list open[MSGPACK_DEPTH];
	size_t depth;
};

static int write_scalar(struct buffer *out, const struct encoded *scalar)
{
	int64_t integer;

	switch (scalar->type) {
	case STORM_STRING:
		return json_write_string(out, msgpack_contents(scalar));
	case STORM_BINARY:
		buffer_append_literal(out, "\"");
		base64_append(out, msgpack_contents(scalar));
		buffer_append_literal(out, "\"");
		return 0;
	case STORM_INTEGER:
		if (msgpack_decode_integer(scalar, &integer) == 0)
			buffer_append_integer(out, integer);
		else
			buffer_append_unsigned(out, msgpack_decode_unsigned(scalar));
		return 0;
	case STORM_DOUBLE:
		return json_write_double(out, msgpack_decode_double(scalar));
	case STORM_BOOLEAN:
		if (encoded_boolean(scalar))
			buffer_append_literal(out, "true");
		else
			buffer_append_literal(out, "false");
		return 0;
	default:
		buffer_append_literal(out, "null");
		return 0;
	}
}

/* A key that is not a string becomes one. */
static int write_key(struct buffer *out, const struct encoded *key)
{
	bool quoted = key->type == STORM_STRING || key->type == STORM_BINARY;
	int err;

	if (!quoted)
		buffer_append_literal(out, "\"");
	err = write_scalar(out, key);
	if (!quoted)
		buffer_append_literal(out, "\"");
	return err;
}

/* Write what stands between the values of the innermost list; true for a key of a map. */
static bool write_separator(struct to_json *to)
{
	struct counted_list *list;
	bool is_key;

	if (to->depth == 0)
		return false;
	list = &to->open[to->depth - 1];
	is_key = list->is_map && list->left % 2 == 0;
	if (list->is_map && !is_key)
		buffer_append_literal(to->out, ":");
	else if (list->begun)
		buffer_append_literal(to->out, ",");
	list->begun = true;
	list->left--;
	return is_key;
}

static int write_one(struct to_json *to, const struct msgpack_header *header, bool is_key)
{
	size_t size = header->size + header->payload;
	const struct encoded value = { { to->at, size }, header->type, WIRE_MSGPACK, false };
	bool is_map = header->type == STORM_OBJECT;

	to->at += size;
	if (!is_map && header->type != STORM_ARRAY)
		return is_key ? write_key(to->out, &value) : write_scalar(to->out, &value);
	if (is_key)
		return -EDOM;
	if (to->depth == MSGPACK_DEPTH)
		return -EBADMSG;
	buffer_append(to->out, is_map ? "{" : "[", 1);
	to->open[to->depth++] = (struct counted_list){ header->children, is_map, false };
	return 0;
}

int transcode_to_json(struct span msgpack, struct buffer *json)
{
	struct to_json to;
	int err = 0;

	to.at = msgpack.data;
	to.end = msgpack.data + msgpack.length;
	to.out = json;
	to.depth = 0;
	do {
		struct msgpack_header header;
		bool is_key = write_separator(&to);

		if (msgpack_read_header(to.at, to.end, &header) <= 0)
			return -EBADMSG;
		err = write_one(&to, &header, is_key);
		while (to.depth > 0 && to.open[to.depth - 1].left == 0)
			buffer_append(json, to.open[--to.depth].is_map ? "}" : "]", 1);
	} while (err == 0 && to.depth > 0);
	return err == 0 && json->failed ? -ENOMEM : err;
}
