#include "cluster/thrift.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"

#define VERSION UINT32_C(0x80010000)
#define VERSION_MASK UINT32_C(0xFFFF0000)

/* More than Nimbus's structs have; and there is no end to what somebody else sends. */
#define DEPTH_LIMIT 32

const struct thrift_type thrift_bool = { .kind = THRIFT_BOOL };
const struct thrift_type thrift_i32 = { .kind = THRIFT_I32 };
const struct thrift_type thrift_i64 = { .kind = THRIFT_I64 };
const struct thrift_type thrift_double = { .kind = THRIFT_DOUBLE };
const struct thrift_type thrift_string = { .kind = THRIFT_STRING };
const struct thrift_type thrift_base64 = { .kind = THRIFT_STRING, .is_base64 = true };

/* Writing */

static void write_byte(struct buffer *out, uint8_t byte)
{
	buffer_append(out, (const char *)&byte, 1);
}

static void write_i16(struct buffer *out, int16_t number)
{
	uint16_t bytes = htobe16((uint16_t)number);

	buffer_append(out, (const char *)&bytes, sizeof(bytes));
}

static void write_i32(struct buffer *out, int32_t number)
{
	uint32_t bytes = htobe32((uint32_t)number);

	buffer_append(out, (const char *)&bytes, sizeof(bytes));
}

static void write_i64(struct buffer *out, int64_t number)
{
	uint64_t bytes = htobe64((uint64_t)number);

	buffer_append(out, (const char *)&bytes, sizeof(bytes));
}

void thrift_write_bytes(struct buffer *out, struct span bytes)
{
	write_i32(out, (int32_t)bytes.length);
	buffer_append_span(out, bytes);
}

void thrift_write_field(struct buffer *out, enum thrift_kind kind, int16_t id)
{
	write_byte(out, (uint8_t)kind);
	write_i16(out, id);
}

void thrift_write_stop(struct buffer *out)
{
	write_byte(out, THRIFT_STOP);
}

static int write_struct(struct buffer *out, const json_t *value, const struct thrift_type *type)
{
	if (!json_is_object(value))
		return -EINVAL;
	for (const struct thrift_field *field = type->fields; field->name; field++) {
		const json_t *member = json_object_get(value, field->name);
		int err;

		if (!member || json_is_null(member))
			continue;
		thrift_write_field(out, field->type->kind, field->id);
		err = thrift_write(out, member, field->type);
		if (err < 0)
			return err;
	}
	thrift_write_stop(out);
	return 0;
}

static int write_list(struct buffer *out, const json_t *value, const struct thrift_type *type)
{
	const json_t *item;
	size_t index;
	int err = json_is_array(value) ? 0 : -EINVAL;

	write_byte(out, (uint8_t)type->value->kind);
	write_i32(out, (int32_t)json_array_size(value));
	json_array_foreach(value, index, item) {
		if (err == 0)
			err = thrift_write(out, item, type->value);
	}
	return err;
}

static int write_object_map(struct buffer *out, const json_t *value, const struct thrift_type *type)
{
	const char *name;
	json_t *item;
	int err = json_is_object(value) ? 0 : -EINVAL;

	json_object_foreach((json_t *)value, name, item) {
		thrift_write_bytes(out, span_of(name));
		if (err == 0)
			err = thrift_write(out, item, type->value);
	}
	return err;
}

static int write_pair_map(struct buffer *out, const json_t *value, const struct thrift_type *type)
{
	const json_t *pair;
	size_t index;
	int err = json_is_array(value) ? 0 : -EINVAL;

	json_array_foreach(value, index, pair) {
		if (err == 0)
			err = thrift_write(out, json_array_get(pair, 0), type->key);
		if (err == 0)
			err = thrift_write(out, json_array_get(pair, 1), type->value);
	}
	return err;
}

static int write_map(struct buffer *out, const json_t *value, const struct thrift_type *type)
{
	bool is_object = type->key->kind == THRIFT_STRING;
	size_t count = is_object ? json_object_size(value) : json_array_size(value);

	write_byte(out, (uint8_t)type->key->kind);
	write_byte(out, (uint8_t)type->value->kind);
	write_i32(out, (int32_t)count);
	return is_object ? write_object_map(out, value, type) : write_pair_map(out, value, type);
}

static int write_double(struct buffer *out, const json_t *value)
{
	double number = json_number_value(value);
	int64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	write_i64(out, bits);
	return json_is_number(value) ? 0 : -EINVAL;
}

static int write_integer(struct buffer *out, const json_t *value, enum thrift_kind kind)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return -EINVAL;
	switch (kind) {
	case THRIFT_BYTE:
		write_byte(out, (uint8_t)number);
		return number >= INT8_MIN && number <= INT8_MAX ? 0 : -EINVAL;
	case THRIFT_I16:
		write_i16(out, (int16_t)number);
		return number >= INT16_MIN && number <= INT16_MAX ? 0 : -EINVAL;
	case THRIFT_I32:
		write_i32(out, (int32_t)number);
		return number >= INT32_MIN && number <= INT32_MAX ? 0 : -EINVAL;
	default:
		write_i64(out, number);
		return 0;
	}
}

static int write_string(struct buffer *out, const json_t *value, bool is_base64)
{
	struct span text = { json_string_value(value), json_string_length(value) };
	char *bytes = is_base64 && text.data ? malloc(text.length + 1) : NULL;
	int err = text.data ? 0 : -EINVAL;

	if (err == 0 && is_base64) {
		err = bytes ? base64_decode(text, bytes, &text.length) : -ENOMEM;
		text.data = bytes;
	}
	if (err == 0)
		thrift_write_bytes(out, text);
	free(bytes);
	return err;
}

int thrift_write(struct buffer *out, const json_t *value, const struct thrift_type *type)
{
	switch (type->kind) {
	case THRIFT_BOOL:
		write_byte(out, json_is_true(value));
		return json_is_boolean(value) ? 0 : -EINVAL;
	case THRIFT_DOUBLE:
		return write_double(out, value);
	case THRIFT_STRING:
		return write_string(out, value, type->is_base64);
	case THRIFT_STRUCT:
		return write_struct(out, value, type);
	case THRIFT_MAP:
		return write_map(out, value, type);
	case THRIFT_SET:
	case THRIFT_LIST:
		return write_list(out, value, type);
	default:
		return write_integer(out, value, type->kind);
	}
}

/* Reading */

struct reader {
	struct span text;
	int depth;
};

/* The next bytes; NULL: there are not so many. */
static const char *take(struct reader *reader, size_t length)
{
	const char *bytes = reader->text.data;

	if (length > reader->text.length)
		return NULL;
	reader->text.data += length;
	reader->text.length -= length;
	return bytes;
}

static int read_byte(struct reader *reader, uint8_t *byte)
{
	const char *bytes = take(reader, 1);

	if (!bytes)
		return -EBADMSG;
	*byte = (uint8_t)*bytes;
	return 0;
}

/* An integer of so many bytes. */
static int read_number(struct reader *reader, size_t size, int64_t *number)
{
	const char *bytes = take(reader, size);
	uint64_t bits = 0;

	if (!bytes)
		return -EBADMSG;
	for (size_t i = 0; i < size; i++)
		bits = bits << 8 | (uint8_t)bytes[i];
	if (size < sizeof(bits) && bits >> (8 * size - 1))
		bits |= UINT64_MAX << (8 * size);
	*number = (int64_t)bits;
	return 0;
}

/* The number of entries, each of which has one byte or more: there cannot be more of them. */
static int read_count(struct reader *reader, size_t *count)
{
	int64_t number;

	if (read_number(reader, 4, &number) < 0 || number < 0 ||
		(size_t)number > reader->text.length)
		return -EBADMSG;
	*count = (size_t)number;
	return 0;
}

static int read_bytes(struct reader *reader, struct span *bytes)
{
	int err = read_count(reader, &bytes->length);

	if (err == 0)
		bytes->data = take(reader, bytes->length);
	return err;
}

static size_t size_of_kind(uint8_t kind)
{
	switch (kind) {
	case THRIFT_BOOL:
	case THRIFT_BYTE:
		return 1;
	case THRIFT_I16:
		return 2;
	case THRIFT_I32:
		return 4;
	case THRIFT_I64:
	case THRIFT_DOUBLE:
		return 8;
	default:
		return 0;
	}
}

static int skip(struct reader *reader, uint8_t kind);

static int skip_struct(struct reader *reader)
{
	uint8_t kind;
	int64_t id;
	int err = 0;

	while (err == 0) {
		err = read_byte(reader, &kind);
		if (err < 0 || kind == THRIFT_STOP)
			return err;
		err = read_number(reader, 2, &id);
		if (err == 0)
			err = skip(reader, kind);
	}
	return err;
}

static int skip_entries(struct reader *reader, bool is_map)
{
	uint8_t key = THRIFT_STOP;
	uint8_t value;
	size_t count;
	int err = is_map ? read_byte(reader, &key) : 0;

	if (err == 0)
		err = read_byte(reader, &value);
	if (err == 0)
		err = read_count(reader, &count);
	for (size_t i = 0; err == 0 && i < count; i++) {
		if (is_map)
			err = skip(reader, key);
		if (err == 0)
			err = skip(reader, value);
	}
	return err;
}

static int skip(struct reader *reader, uint8_t kind)
{
	size_t size = size_of_kind(kind);
	struct span bytes;
	int err = -EBADMSG;

	if (size > 0)
		return take(reader, size) ? 0 : -EBADMSG;
	if (kind == THRIFT_STRING)
		return read_bytes(reader, &bytes);
	if (++reader->depth > DEPTH_LIMIT)
		return -EBADMSG;
	if (kind == THRIFT_STRUCT)
		err = skip_struct(reader);
	else if (kind == THRIFT_MAP || kind == THRIFT_SET || kind == THRIFT_LIST)
		err = skip_entries(reader, kind == THRIFT_MAP);
	reader->depth--;
	return err;
}

static int read_value(struct reader *reader, const struct thrift_type *type, json_t **value);

static int read_base64(struct reader *reader, json_t **value)
{
	struct buffer text = { 0 };
	struct span bytes;
	int err = read_bytes(reader, &bytes);

	if (err < 0)
		return err;
	base64_append(&text, bytes);
	*value = text.failed ? NULL : json_stringn(buffer_text(&text), text.length);
	buffer_free(&text);
	return *value ? 0 : -ENOMEM;
}

static const struct thrift_field *find_field(const struct thrift_type *type, int64_t id)
{
	for (const struct thrift_field *field = type->fields; field->name; field++) {
		if (field->id == id)
			return field;
	}
	return NULL;
}

static int read_struct(struct reader *reader, const struct thrift_type *type, json_t *object)
{
	for (;;) {
		const struct thrift_field *field;
		json_t *member = NULL;
		uint8_t kind;
		int64_t id;
		int err = read_byte(reader, &kind);

		if (err < 0 || kind == THRIFT_STOP)
			return err;
		err = read_number(reader, 2, &id);
		if (err < 0)
			return err;
		field = find_field(type, id);
		if (field && field->type->kind == kind)
			err = read_value(reader, field->type, &member);
		else
			err = skip(reader, kind);
		if (err == 0 && member && json_object_set_new(object, field->name, member) < 0)
			err = -ENOMEM;
		if (err < 0)
			return err;
	}
}

static int read_list(struct reader *reader, const struct thrift_type *type, json_t *list)
{
	uint8_t kind;
	size_t count;
	int err = read_byte(reader, &kind);

	if (err == 0)
		err = read_count(reader, &count);
	if (err == 0 && count > 0 && kind != type->value->kind)
		err = -EBADMSG;
	for (size_t i = 0; err == 0 && i < count; i++) {
		json_t *item;

		err = read_value(reader, type->value, &item);
		if (err == 0 && json_array_append_new(list, item) < 0)
			err = -ENOMEM;
	}
	return err;
}

static int read_entry(struct reader *reader, const struct thrift_type *type, json_t *map)
{
	json_t *value = NULL;
	json_t *key = NULL;
	int err = read_value(reader, type->key, &key);

	if (err == 0)
		err = read_value(reader, type->value, &value);
	if (err == 0 && json_is_object(map)) {
		err = json_object_set(map, json_string_value(key), value) < 0 ? -ENOMEM : 0;
	} else if (err == 0) {
		json_t *pair = json_pack("[O, O]", key, value);

		err = json_array_append_new(map, pair) < 0 ? -ENOMEM : 0;
	}
	json_decref(key);
	json_decref(value);
	return err;
}

static int read_map(struct reader *reader, const struct thrift_type *type, json_t *map)
{
	uint8_t key;
	uint8_t value;
	size_t count;
	int err = read_byte(reader, &key);

	if (err == 0)
		err = read_byte(reader, &value);
	if (err == 0)
		err = read_count(reader, &count);
	if (err == 0 && count > 0 && (key != type->key->kind || value != type->value->kind))
		err = -EBADMSG;
	for (size_t i = 0; err == 0 && i < count; i++)
		err = read_entry(reader, type, map);
	return err;
}

/* A string, with U+FFFD for what is not UTF-8, and for zero bytes, which no key may have. */
static int read_string(struct reader *reader, json_t **value)
{
	struct buffer text = { 0 };
	struct span bytes;
	int err = read_bytes(reader, &bytes);
	const char *at = bytes.data;

	if (err < 0)
		return err;
	while (at < bytes.data + bytes.length) {
		size_t length = utf8_sequence(at, bytes.data + bytes.length);

		if (length > 0 && *at != '\0')
			buffer_append(&text, at, length);
		else
			buffer_append_literal(&text, "\xEF\xBF\xBD");
		at += length > 0 ? length : 1;
	}
	*value = text.failed ? NULL : json_stringn(text.length > 0 ? text.data : "", text.length);
	buffer_free(&text);
	return *value ? 0 : -ENOMEM;
}

static int read_container(struct reader *reader, const struct thrift_type *type, json_t **value)
{
	bool is_object = type->kind == THRIFT_STRUCT ||
		(type->kind == THRIFT_MAP && type->key->kind == THRIFT_STRING);
	int err;

	*value = is_object ? json_object() : json_array();
	if (!*value)
		return -ENOMEM;
	if (++reader->depth > DEPTH_LIMIT)
		err = -EBADMSG;
	else if (type->kind == THRIFT_STRUCT)
		err = read_struct(reader, type, *value);
	else if (type->kind == THRIFT_MAP)
		err = read_map(reader, type, *value);
	else
		err = read_list(reader, type, *value);
	reader->depth--;
	if (err < 0) {
		json_decref(*value);
		*value = NULL;
	}
	return err;
}

/* One of a fixed size. */
static int read_scalar(struct reader *reader, enum thrift_kind kind, json_t **value)
{
	int64_t number;
	double real;
	int err = read_number(reader, size_of_kind((uint8_t)kind), &number);

	if (err < 0)
		return err;
	memcpy(&real, &number, sizeof(real));
	if (kind == THRIFT_BOOL)
		*value = json_boolean(number != 0);
	else if (kind == THRIFT_DOUBLE)
		*value = json_real(real); /* none where it is no number */
	else
		*value = json_integer(number);
	if (!*value && kind == THRIFT_DOUBLE)
		*value = json_null();
	return *value ? 0 : -ENOMEM;
}

static int read_value(struct reader *reader, const struct thrift_type *type, json_t **value)
{
	*value = NULL;
	switch (type->kind) {
	case THRIFT_STRING:
		return type->is_base64 ? read_base64(reader, value) : read_string(reader, value);
	case THRIFT_STRUCT:
	case THRIFT_MAP:
	case THRIFT_SET:
	case THRIFT_LIST:
		return read_container(reader, type, value);
	default:
		return read_scalar(reader, type->kind, value);
	}
}

int thrift_read(struct span *text, const struct thrift_type *type, json_t **value)
{
	struct reader reader = { .text = *text };
	int err = read_value(&reader, type, value);

	*text = reader.text;
	return err;
}

/* Messages */

void thrift_begin_call(struct buffer *out, const char *name, int32_t sequence)
{
	write_i32(out, (int32_t)(VERSION | THRIFT_CALL));
	thrift_write_bytes(out, span_of(name));
	write_i32(out, sequence);
}

int thrift_read_reply(
	struct span *text, enum thrift_message *message, struct span *name, int32_t *sequence)
{
	struct reader reader = { .text = *text };
	int64_t number;

	if (read_number(&reader, 4, &number) < 0 || ((uint32_t)number & VERSION_MASK) != VERSION)
		return -EBADMSG;
	*message = (enum thrift_message)(number & 0xFF);
	if (read_bytes(&reader, name) < 0 || read_number(&reader, 4, &number) < 0)
		return -EBADMSG;
	*sequence = (int32_t)number;
	*text = reader.text;
	return 0;
}
