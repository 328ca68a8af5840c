/*
 * MessagePack: https://github.com/msgpack/msgpack/blob/master/spec.md, without its extension types,
 * which no serializer of Storm's components has.
 */
#ifndef PROTOCOL_MSGPACK_H
#define PROTOCOL_MSGPACK_H

#include "protocol/encoded.h"

/* Arrays and maps may be nested this deep. */
#define MSGPACK_DEPTH 1024

/* What the first bytes of a value say. */
struct msgpack_header {
	enum storm_type type;
	size_t size; /* of the header itself */
	size_t payload; /* bytes behind it: of a string, binary data or a number */
	uint64_t children; /* values behind it: of an array, twice the entries of a map */
};

/* The same as the next one, of a value whose first byte is from 0xC0 to 0xDF. */
int msgpack_read_long_header(const char *at, const char *end, struct msgpack_header *header);

/*
 * Read the header of the value at `at`: 1; 0 when more bytes are needed for it; -EBADMSG for a type
 * that is not allowed. The first byte of most values says all about them.
 */
static inline int msgpack_read_header(
	const char *at, const char *end, struct msgpack_header *header)
{
	unsigned char first;

	if (at == end)
		return 0;
	first = (unsigned char)*at;
	if (first >= 0xC0 && first < 0xE0)
		return msgpack_read_long_header(at, end, header);
	*header = (struct msgpack_header){ .type = STORM_INTEGER, .size = 1 };
	if (first < 0x80 || first >= 0xE0)
		return 1;
	if (first >= 0xA0) {
		header->type = STORM_STRING;
		header->payload = first & 0x1F;
	} else if (first >= 0x90) {
		header->type = STORM_ARRAY;
		header->children = first & 0x0F;
	} else {
		header->type = STORM_OBJECT;
		header->children = 2 * (first & 0x0Fu);
	}
	return 1;
}

struct msgpack_scanner {
	const char *start;
	const char *at;
	const char *end;
	struct wire_error error; /* set where a function returns -EBADMSG */
};

static inline struct msgpack_scanner msgpack_scanner(struct span text)
{
	return (struct msgpack_scanner){ text.data, text.data, text.data + text.length,
		{ 0, NULL } };
}

/* Note an error at a place, and return -EBADMSG. */
int msgpack_fail(struct msgpack_scanner *scanner, const char *at, const char *what);

/* Scan one value with all that is in it, and check it: 0 or -EBADMSG. */
int msgpack_scan_value(struct msgpack_scanner *scanner, struct encoded *value);

/* Scan the header of an array or a map, whose number of values or entries is set: 0 or -EBADMSG. */
int msgpack_scan_list(struct msgpack_scanner *scanner, enum storm_type *type, uint64_t *count);

/* Decoding scanned values */

/* The contents of a string or of binary data. */
struct span msgpack_contents(const struct encoded *value);

/* 0, or -ERANGE where it needs all of 64 bits without a sign. */
int msgpack_decode_integer(const struct encoded *number, int64_t *integer);
uint64_t msgpack_decode_unsigned(const struct encoded *number);
double msgpack_decode_double(const struct encoded *number);

/* Writing; what does not fit in a buffer makes it `failed`. */

void msgpack_write_null(struct buffer *buffer);
void msgpack_write_boolean(struct buffer *buffer, bool boolean);
void msgpack_write_integer(struct buffer *buffer, int64_t integer);
void msgpack_write_unsigned(struct buffer *buffer, uint64_t integer);
void msgpack_write_double(struct buffer *buffer, double number);

/* The text must be UTF-8. */
void msgpack_write_string(struct buffer *buffer, struct span text);
void msgpack_write_binary(struct buffer *buffer, struct span bytes);

/* Headers: that many values, or entries of key and value, follow. */
void msgpack_write_array(struct buffer *buffer, size_t count);
void msgpack_write_map(struct buffer *buffer, size_t count);

#endif
