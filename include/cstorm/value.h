/* Values: what the fields of a tuple hold, and how to write them down for an emit. */
#ifndef CSTORM_VALUE_H
#define CSTORM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cstorm/macros.h>

/** The types of JSON, with whole numbers apart from those with a fraction or an exponent. */
enum storm_type {
	STORM_NULL,
	STORM_BOOLEAN,
	STORM_INTEGER,
	STORM_DOUBLE,
	STORM_STRING,
	STORM_ARRAY,
	STORM_OBJECT,
	STORM_JSON, /* for emits only: any value, given as JSON text */
};

/** Bytes with their length: UTF-8, any of them may be zero. */
struct storm_string {
	const char *data;
	size_t length;
};

/** One value of an emit. Build it with the functions below. */
struct storm_value {
	enum storm_type type;
	union {
		bool boolean;
		int64_t integer;
		double number;
		struct storm_string string; /* also the text of STORM_JSON */
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
 * A value given as JSON text, sent as it stands: nested arrays and objects, or a value that
 * is passed on (see storm_tuple_get_json). Emitting text that is not one JSON value is -EBADMSG.
 */
static inline struct storm_value storm_json(const char *data, size_t length)
{
	return (struct storm_value){ .type = STORM_JSON, .string = { data, length } };
}

#endif
