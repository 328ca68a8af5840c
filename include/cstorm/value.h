/* Values: what the fields of a tuple hold, and how to write them down for an emit. */
#ifndef CSTORM_VALUE_H
#define CSTORM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cstorm/macros.h>

/**
 * The types of values: those of JSON, with whole numbers apart from those with a fraction or an
 * exponent, and binary data.
 */
enum storm_type {
	STORM_NULL,
	STORM_BOOLEAN,
	STORM_INTEGER,
	STORM_DOUBLE,
	STORM_STRING,
	STORM_ARRAY,
	STORM_OBJECT,
	STORM_BINARY, /* MessagePack's binary type; JSON has none: there it comes as a string */

	/* For emits only: */
	STORM_JSON, /* any value, given as JSON text */
	STORM_TREE, /* any value, given as a jansson value */
	STORM_VERBATIM, /* a value of a tuple, as it came */
};

/** Bytes with their length: UTF-8, any of them may be zero. */
struct storm_string {
	const char *data;
	size_t length;
};

/** Bytes of any kind, with their length. */
struct storm_binary {
	const void *data;
	size_t length;
};

struct json_t; /* jansson's */

/** One value of an emit. Build it with the functions below. */
struct storm_value {
	enum storm_type type;
	union {
		bool boolean;
		int64_t integer;
		double number;
		struct storm_string string; /* also binary data, JSON text, and what is verbatim */
		const struct json_t *tree;
	};
};

static inline struct storm_value storm_null(void)
{
	return (struct storm_value){ .type = STORM_NULL };
}

static inline struct storm_value storm_boolean(bool boolean)
{
	return (struct storm_value){ .type = STORM_BOOLEAN, .boolean = boolean };
}

static inline struct storm_value storm_integer(int64_t integer)
{
	return (struct storm_value){ .type = STORM_INTEGER, .integer = integer };
}

/** A number with a fraction. JSON has no NaN and no infinity: emitting one is -EDOM. */
static inline struct storm_value storm_double(double number)
{
	return (struct storm_value){ .type = STORM_DOUBLE, .number = number };
}

/** A string of a given length. It must be UTF-8: emitting anything else is -EILSEQ. */
static inline struct storm_value storm_string(const char *data, size_t length)
{
	return (struct storm_value){ .type = STORM_STRING, .string = { data, length } };
}

/** A string that ends with a zero byte. */
static inline struct storm_value storm_text(const char *text)
{
	return storm_string(text, strlen(text));
}

/**
 * Binary data. With MessagePack it goes as binary data; with JSON, which has none, as a string in
 * base64 (RFC 4648, section 4). storm_tuple_get_binary() takes either.
 */
static inline struct storm_value storm_binary(const void *data, size_t length)
{
	return (struct storm_value){ .type = STORM_BINARY,
		.string = { (const char *)data, length } };
}

/** A jansson value with all that is in it. Borrowed: it stays the caller's. */
static inline struct storm_value storm_tree(const struct json_t *tree)
{
	return (struct storm_value){ .type = STORM_TREE, .tree = tree };
}

/**
 * A value given as JSON text: nested arrays and objects. It is checked: emitting text that is not
 * one JSON value is -EBADMSG. To pass on what a tuple holds, storm_tuple_get_value() is cheaper.
 */
static inline struct storm_value storm_json(const char *data, size_t length)
{
	return (struct storm_value){ .type = STORM_JSON, .string = { data, length } };
}

#endif
