/* Takes MessagePack apart, and writes it. */
#include "protocol/msgpack.h"

#include <errno.h>
#include <limits.h>

#include "base/ascii.h"
#include "base/utf8.h"

/* The types that the bytes from 0xC0 to 0xDF begin, and the size of the number behind them. */
struct format {
	enum {
		FORMAT_NONE,
		FORMAT_PLAIN, /* the value is in the first byte, or in `size` bytes behind it */
		FORMAT_LENGTH, /* `size` bytes of length, then that many bytes */
		FORMAT_COUNT, /* `size` bytes of count, then that many values */
		FORMAT_PAIRS, /* ... twice as many */
	} kind;
	enum storm_type type;
	unsigned int size;
};

static const struct format formats[32] = {
	[0xC0 - 0xC0] = { FORMAT_PLAIN, STORM_NULL, 0 },
	[0xC2 - 0xC0] = { FORMAT_PLAIN, STORM_BOOLEAN, 0 },
	[0xC3 - 0xC0] = { FORMAT_PLAIN, STORM_BOOLEAN, 0 },
	[0xC4 - 0xC0] = { FORMAT_LENGTH, STORM_BINARY, 1 },
	[0xC5 - 0xC0] = { FORMAT_LENGTH, STORM_BINARY, 2 },
	[0xC6 - 0xC0] = { FORMAT_LENGTH, STORM_BINARY, 4 },
	[0xCA - 0xC0] = { FORMAT_PLAIN, STORM_DOUBLE, 4 },
	[0xCB - 0xC0] = { FORMAT_PLAIN, STORM_DOUBLE, 8 },
	[0xCC - 0xC0] = { FORMAT_PLAIN, STORM_INTEGER, 1 },
	[0xCD - 0xC0] = { FORMAT_PLAIN, STORM_INTEGER, 2 },
	[0xCE - 0xC0] = { FORMAT_PLAIN, STORM_INTEGER, 4 },
	[0xCF - 0xC0] = { FORMAT_PLAIN, STORM_INTEGER, 8 },
	[0xD0 - 0xC0] = { FORMAT_PLAIN, STORM_INTEGER, 1 },
	[0xD1 - 0xC0] = { FORMAT_PLAIN, STORM_INTEGER, 2 },
	[0xD2 - 0xC0] = { FORMAT_PLAIN, STORM_INTEGER, 4 },
	[0xD3 - 0xC0] = { FORMAT_PLAIN, STORM_INTEGER, 8 },
	[0xD9 - 0xC0] = { FORMAT_LENGTH, STORM_STRING, 1 },
	[0xDA - 0xC0] = { FORMAT_LENGTH, STORM_STRING, 2 },
	[0xDB - 0xC0] = { FORMAT_LENGTH, STORM_STRING, 4 },
	[0xDC - 0xC0] = { FORMAT_COUNT, STORM_ARRAY, 2 },
	[0xDD - 0xC0] = { FORMAT_COUNT, STORM_ARRAY, 4 },
	[0xDE - 0xC0] = { FORMAT_PAIRS, STORM_OBJECT, 2 },
	[0xDF - 0xC0] = { FORMAT_PAIRS, STORM_OBJECT, 4 },
};

static uint64_t read_number(const char *at, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | (unsigned char)at[i];
	return number;
}

int msgpack_read_long_header(const char *at, const char *end, struct msgpack_header *header)
{
	const struct format *format = &formats[(unsigned char)*at - 0xC0];
	uint64_t number;

	*header = (struct msgpack_header){ format->type, 1, 0, 0 };
	if (format->kind == FORMAT_NONE)
		return -EBADMSG;
	if (format->kind == FORMAT_PLAIN) {
		header->payload = format->size;
		return 1;
	}
	header->size += format->size;
	if ((size_t)(end - at) < header->size)
		return 0;
	number = read_number(at + 1, format->size);
	if (format->kind == FORMAT_LENGTH)
		header->payload = number;
	else
		header->children = format->kind == FORMAT_PAIRS ? 2 * number : number;
	return 1;
}

int msgpack_fail(struct msgpack_scanner *scanner, const char *at, const char *what)
{
	scanner->error.offset = (size_t)(at - scanner->start);
	scanner->error.what = what;
	return -EBADMSG;
}

static const char *refuse(struct msgpack_scanner *scanner, const char *at, const char *what)
{
	msgpack_fail(scanner, at, what);
	return NULL;
}

/* Most strings are short ASCII. */
static inline const char *check_string(
	struct msgpack_scanner *scanner, const char *at, const char *string_end)
{
	const char *invalid;

	if (ascii_near(at, (size_t)(string_end - at), scanner->end))
		return string_end;
	invalid = utf8_first_invalid(at, string_end);
	return invalid < string_end ? refuse(scanner, invalid, "not UTF-8") : string_end;
}

/* Scan the value at `at` without what is in it, and check it: what is behind it, or NULL with the error set. */
static inline const char *scan_one(
	struct msgpack_scanner *scanner, const char *at, struct msgpack_header *header)
{
	int found = msgpack_read_header(at, scanner->end, header);
	const char *contents;

	if (found < 0)
		return refuse(scanner, at, "a type that has no place in a message");
	if (found == 0 || (size_t)(scanner->end - at) < header->size + header->payload)
		return refuse(scanner, at, "the value does not end");
	contents = at + header->size;
	if (header->type == STORM_STRING)
		return check_string(scanner, contents, contents + header->payload);
	return contents + header->payload;
}

/* Scan what is in an array or map that has so many children. */
static const char *scan_children(struct msgpack_scanner *scanner, const char *at, uint64_t children)
{
	uint64_t left[MSGPACK_DEPTH];
	size_t depth = 1;

	left[0] = children;
	while (depth > 0) {
		struct msgpack_header header;

		if (left[depth - 1] == 0) {
			depth--;
			continue;
		}
		left[depth - 1]--;
		at = scan_one(scanner, at, &header);
		if (!at)
			return NULL;
		if (header.type != STORM_ARRAY && header.type != STORM_OBJECT)
			continue;
		if (depth == MSGPACK_DEPTH)
			return refuse(scanner, at - header.size, "nested too deep");
		left[depth++] = header.children;
	}
	return at;
}

int msgpack_scan_value(struct msgpack_scanner *scanner, struct encoded *value)
{
	const char *start = scanner->at;
	struct msgpack_header header;
	const char *at = scan_one(scanner, start, &header);

	if (at && header.children > 0)
		at = scan_children(scanner, at, header.children);
	if (!at)
		return -EBADMSG;
	scanner->at = at;
	value->text = (struct span){ start, (size_t)(at - start) };
	value->type = header.type;
	value->wire = WIRE_MSGPACK;
	value->escaped = false;
	return 0;
}

int msgpack_scan_list(struct msgpack_scanner *scanner, enum storm_type *type, uint64_t *count)
{
	struct msgpack_header header;
	const char *at = scan_one(scanner, scanner->at, &header);

	if (!at)
		return -EBADMSG;
	scanner->at = at;
	*type = header.type;
	*count = header.type == STORM_OBJECT ? header.children / 2 : header.children;
	return 0;
}

struct span msgpack_contents(const struct encoded *value)
{
	struct msgpack_header header = { 0 };

	msgpack_read_header(value->text.data, value->text.data + value->text.length, &header);
	return (struct span){ value->text.data + header.size, header.payload };
}

uint64_t msgpack_decode_unsigned(const struct encoded *number)
{
	return read_number(number->text.data + 1, number->text.length - 1);
}

int msgpack_decode_integer(const struct encoded *number, int64_t *integer)
{
	unsigned char first = (unsigned char)number->text.data[0];
	size_t size = number->text.length - 1;
	uint64_t bits = read_number(number->text.data + 1, size);

	if (size == 0) {
		*integer = (signed char)first;
	} else if (first >= 0xD0) {
		/* Two's complement of 8, 16, 32 or 64 bits. */
		unsigned int unused = 64 - 8 * (unsigned int)size;

		*integer = (int64_t)(bits << unused) >> unused;
	} else if (bits > INT64_MAX) {
		return -ERANGE;
	} else {
		*integer = (int64_t)bits;
	}
	return 0;
}

double msgpack_decode_double(const struct encoded *number)
{
	size_t size = number->text.length - 1;
	uint64_t bits = read_number(number->text.data + 1, size);
	uint32_t short_bits = (uint32_t)bits;
	double value;
	float short_value;

	if (size == 8) {
		memcpy(&value, &bits, sizeof(value));
		return value;
	}
	memcpy(&short_value, &short_bits, sizeof(short_value));
	return (double)short_value;
}

/* A first byte, and a number of `size` bytes behind it. */
static void write_number(
	struct buffer *buffer, unsigned int first, uint64_t number, unsigned int size)
{
	char bytes[9];

	bytes[0] = (char)first;
	for (unsigned int i = 0; i < size; i++)
		bytes[1 + i] = (char)(number >> 8 * (size - 1 - i));
	buffer_append(buffer, bytes, 1 + size);
}

void msgpack_write_null(struct buffer *buffer)
{
	buffer_append_literal(buffer, "\xC0");
}

void msgpack_write_boolean(struct buffer *buffer, bool boolean)
{
	write_number(buffer, boolean ? 0xC3 : 0xC2, 0, 0);
}

void msgpack_write_integer(struct buffer *buffer, int64_t integer)
{
	uint64_t bits = (uint64_t)integer;

	if (integer >= -32 && integer < 128)
		write_number(buffer, (unsigned int)bits & 0xFF, 0, 0);
	else if (integer >= INT8_MIN && integer <= INT8_MAX)
		write_number(buffer, 0xD0, bits, 1);
	else if (integer >= INT16_MIN && integer <= INT16_MAX)
		write_number(buffer, 0xD1, bits, 2);
	else if (integer >= INT32_MIN && integer <= INT32_MAX)
		write_number(buffer, 0xD2, bits, 4);
	else
		write_number(buffer, 0xD3, bits, 8);
}

void msgpack_write_unsigned(struct buffer *buffer, uint64_t integer)
{
	if (integer <= INT64_MAX)
		msgpack_write_integer(buffer, (int64_t)integer);
	else
		write_number(buffer, 0xCF, integer, 8);
}

void msgpack_write_double(struct buffer *buffer, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	write_number(buffer, 0xCB, bits, 8);
}

/* A length or count: in the first byte up to a limit, else behind it. `one` 0: no such form. */
static void write_length(struct buffer *buffer, size_t length, size_t short_limit,
	unsigned int shortest, unsigned int one, unsigned int two, unsigned int four)
{
	if (length < short_limit)
		write_number(buffer, shortest | (unsigned int)length, 0, 0);
	else if (one && length <= UINT8_MAX)
		write_number(buffer, one, length, 1);
	else if (length <= UINT16_MAX)
		write_number(buffer, two, length, 2);
	else if (length <= UINT32_MAX)
		write_number(buffer, four, length, 4);
	else
		buffer->failed = true;
}

void msgpack_write_string(struct buffer *buffer, struct span text)
{
	write_length(buffer, text.length, 32, 0xA0, 0xD9, 0xDA, 0xDB);
	buffer_append_span(buffer, text);
}

void msgpack_write_binary(struct buffer *buffer, struct span bytes)
{
	write_length(buffer, bytes.length, 0, 0, 0xC4, 0xC5, 0xC6);
	buffer_append_span(buffer, bytes);
}

void msgpack_write_array(struct buffer *buffer, size_t count)
{
	write_length(buffer, count, 16, 0x90, 0, 0xDC, 0xDD);
}

void msgpack_write_map(struct buffer *buffer, size_t count)
{
	write_length(buffer, count, 16, 0x80, 0, 0xDE, 0xDF);
}
