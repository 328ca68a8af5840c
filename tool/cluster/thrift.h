/*
 * Thrift's binary protocol between JSON and the wire, by tables that say what structs have.
 *
 * A struct is an object with the names of its fields; a union as well, with one of them. A map whose keys are
 * strings is an object, another one a list of [key, value]. Fields without a value are left out; those that a table
 * does not have are skipped.
 */
#ifndef CLUSTER_THRIFT_H
#define CLUSTER_THRIFT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* As on the wire. */
enum thrift_kind {
	THRIFT_STOP = 0,
	THRIFT_BOOL = 2,
	THRIFT_BYTE = 3,
	THRIFT_DOUBLE = 4,
	THRIFT_I16 = 6,
	THRIFT_I32 = 8,
	THRIFT_I64 = 10,
	THRIFT_STRING = 11,
	THRIFT_STRUCT = 12,
	THRIFT_MAP = 13,
	THRIFT_SET = 14,
	THRIFT_LIST = 15,
};

struct thrift_field;

struct thrift_type {
	enum thrift_kind kind;
	bool is_base64;
	const struct thrift_field *fields; /* of a struct; the name after the last is NULL */
	const struct thrift_type *key; /* of a map */
	const struct thrift_type *value; /* of a map, a set or a list */
};

struct thrift_field {
	int16_t id;
	const char *name;
	const struct thrift_type *type;
};

extern const struct thrift_type thrift_bool;
extern const struct thrift_type thrift_i32;
extern const struct thrift_type thrift_i64;
extern const struct thrift_type thrift_double;
extern const struct thrift_type thrift_string;
extern const struct thrift_type thrift_base64; /* bytes, as base64 in JSON */

/* Append a value: 0, or -EINVAL where it is of another type than the table says. */
int thrift_write(struct buffer *out, const json_t *value, const struct thrift_type *type);

/*
 * Read a value, a new reference; `text` begins behind it then. 0, -EBADMSG where the text is no such value, -ENOMEM.
 * Bytes of a string that are not UTF-8 become U+FFFD.
 */
int thrift_read(struct span *text, const struct thrift_type *type, json_t **value);

enum thrift_message {
	THRIFT_CALL = 1,
	THRIFT_REPLY = 2,
	THRIFT_EXCEPTION = 3,
	THRIFT_ONEWAY = 4,
};

/* Append what comes before the arguments of a call. */
void thrift_begin_call(struct buffer *out, const char *name, int32_t sequence);

/* Read what comes before the result: 0 or -EBADMSG. */
int thrift_read_reply(
	struct span *text, enum thrift_message *message, struct span *name, int32_t *sequence);

/* For what has no place in JSON: the head of a field, and a string of any bytes. */
void thrift_write_field(struct buffer *out, enum thrift_kind kind, int16_t id);
void thrift_write_bytes(struct buffer *out, struct span bytes);
void thrift_write_stop(struct buffer *out);

#endif
