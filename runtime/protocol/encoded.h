/*
 * Values as they stand on the wire: spans of a message that are decoded when somebody asks for
 * them, and copied as they are when they are passed on.
 */
#ifndef PROTOCOL_ENCODED_H
#define PROTOCOL_ENCODED_H

#include "protocol/wire.h"

#include <cstorm/value.h>

/* All zero: null. */
struct encoded {
	struct span
		text; /* all of it: with the quotes of a JSON string, or MessagePack's header; of a line, the text alone */
	enum storm_type type;
	enum wire wire;
	bool escaped; /* a JSON string that has a backslash */
};

/* Where and why bytes are not what they must be. */
struct wire_error {
	size_t offset; /* in bytes, from 0 */
	const char *what; /* such as "expected a value" */
};

/* A string's contents into `out`, which has room for the text's length. Returns the length. */
size_t encoded_string(const struct encoded *string, char *out);

/* The same in memory of its own, owned by the caller; empty where it is no string. */
struct buffer encoded_text(const struct encoded *string);

/*
 * The contents of a string or of binary data, where they stand in the message as they are; no data
 * where they do not (a JSON string with escapes, or another type).
 */
struct span encoded_plain(const struct encoded *value);

/* Whether a string's contents are these; false for what is not a string. */
bool encoded_equals(const struct encoded *string, struct span contents);

/* An integer: 0, or -ERANGE where it does not fit in 64 bits. */
int encoded_integer(const struct encoded *number, int64_t *integer);

/* A number: 0, -ERANGE where it is too large or not finite, or -ENOMEM. */
int encoded_double(const struct encoded *number, double *value);

bool encoded_boolean(const struct encoded *boolean);

/*
 * Bytes into `out`, which has room for the text's length: MessagePack's binary type, a string in
 * base64, or a list of numbers from -128 to 255, which is what JSON serializers may make of bytes.
 * Returns 0, or -EINVAL where it is none of these.
 */
int encoded_binary(const struct encoded *value, char *out, size_t *length);

/* Append a value as JSON text: 0, -EDOM for a number that JSON cannot hold, or -ENOMEM. */
int encoded_to_json(const struct encoded *value, struct buffer *json);

/* A value as JSON for a person to read, cut off where it is long; "nothing" where there is none. */
struct encoded_excerpt {
	char text[64];
};
struct encoded_excerpt encoded_excerpt(const struct encoded *value);

/* Walks over the values of an array; start with encoded_list(). */
struct encoded_list {
	enum wire wire;
	const char *at;
	const char *end;
	size_t left; /* MessagePack: values */
	bool first;
};

struct encoded_list encoded_list(const struct encoded *array);

/* Whether there is one more value, which is set. */
bool encoded_list_next(struct encoded_list *list, struct encoded *value);

/* The same for the entries of an object, whose keys MessagePack allows to be of any type. */
struct encoded_list encoded_entries(const struct encoded *object);
bool encoded_entries_next(struct encoded_list *entries, struct encoded *key, struct encoded *value);

#endif
