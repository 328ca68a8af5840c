/*
 * Tuples: what a bolt receives.
 *
 * A tuple's values stay JSON text until they are asked for, so a field that is not looked at
 * costs nothing. A field's name is the one that the source's stream declares; the names come
 * with Storm's handshake.
 *
 * The getters return 0, or
 *   -ENOENT  the source's stream has no such field, or no such index
 *   -EINVAL  the value is of another type
 *   -ERANGE  the number does not fit
 *   -ENOMEM
 * and remember what was wrong: a process() that returns the error fails the tuple, and the log
 * names the component, the stream, the field and what was found there.
 */
#ifndef CSTORM_TUPLE_H
#define CSTORM_TUPLE_H

#include <cstorm/value.h>

struct storm_tuple;

/**
 * Get a string.
 *
 * @param string  borrowed: valid as long as the tuple. A zero byte follows its last one, which
 *                the length does not count.
 */
STORM_API STORM_MUST_CHECK int storm_tuple_get_string(
	const struct storm_tuple *tuple, const char *field, struct storm_string *string);

/** Get a whole number. -ERANGE: it does not fit in 64 bits. */
STORM_API STORM_MUST_CHECK int storm_tuple_get_integer(
	const struct storm_tuple *tuple, const char *field, int64_t *integer);

/** Get a number, whole or not. -ERANGE: it is too large for a double. */
STORM_API STORM_MUST_CHECK int storm_tuple_get_double(
	const struct storm_tuple *tuple, const char *field, double *number);

STORM_API STORM_MUST_CHECK int storm_tuple_get_boolean(
	const struct storm_tuple *tuple, const char *field, bool *boolean);

/**
 * Get binary data: MessagePack's, or a string in base64 (what storm_binary() emits with JSON), or a
 * list of numbers from -128 to 255 (what the JSON of some serializers makes of bytes).
 *
 * @param binary  borrowed: valid as long as the tuple
 */
STORM_API STORM_MUST_CHECK int storm_tuple_get_binary(
	const struct storm_tuple *tuple, const char *field, struct storm_binary *binary);

/**
 * Get a value of any type, to be emitted as it came. It is not decoded: nothing passes a value on
 * at a lower cost.
 *
 * @param value  borrowed: valid as long as the tuple
 */
STORM_API STORM_MUST_CHECK int storm_tuple_get_value(
	const struct storm_tuple *tuple, const char *field, struct storm_value *value);

/**
 * Get a value of any type as a jansson value, for nested arrays and objects.
 *
 * @param tree  a new reference: json_decref() it
 */
STORM_API STORM_MUST_CHECK int storm_tuple_get_tree(
	const struct storm_tuple *tuple, const char *field, struct json_t **tree);

/**
 * Get a value of any type as its JSON text.
 *
 * @param text  borrowed: valid as long as the tuple; no zero byte at its end
 */
STORM_API STORM_MUST_CHECK int storm_tuple_get_json(
	const struct storm_tuple *tuple, const char *field, struct storm_string *text);

/** The index of a field, or -ENOENT. */
STORM_API int storm_tuple_index(const struct storm_tuple *tuple, const char *field);

/** The name of a field by its index; NULL where the source's stream declares none. */
STORM_API const char *storm_tuple_field(const struct storm_tuple *tuple, size_t index);

/** The same getters by index, from 0. */
STORM_API STORM_MUST_CHECK int storm_tuple_string_at(
	const struct storm_tuple *tuple, size_t index, struct storm_string *string);
STORM_API STORM_MUST_CHECK int storm_tuple_integer_at(
	const struct storm_tuple *tuple, size_t index, int64_t *integer);
STORM_API STORM_MUST_CHECK int storm_tuple_double_at(
	const struct storm_tuple *tuple, size_t index, double *number);
STORM_API STORM_MUST_CHECK int storm_tuple_boolean_at(
	const struct storm_tuple *tuple, size_t index, bool *boolean);
STORM_API STORM_MUST_CHECK int storm_tuple_binary_at(
	const struct storm_tuple *tuple, size_t index, struct storm_binary *binary);
STORM_API STORM_MUST_CHECK int storm_tuple_value_at(
	const struct storm_tuple *tuple, size_t index, struct storm_value *value);
STORM_API STORM_MUST_CHECK int storm_tuple_tree_at(
	const struct storm_tuple *tuple, size_t index, struct json_t **tree);
STORM_API STORM_MUST_CHECK int storm_tuple_json_at(
	const struct storm_tuple *tuple, size_t index, struct storm_string *text);

/** The number of values. */
STORM_API size_t storm_tuple_size(const struct storm_tuple *tuple);

/** The type of a value; STORM_NULL too where there is no such index. */
STORM_API enum storm_type storm_tuple_type_at(const struct storm_tuple *tuple, size_t index);

/** Where the tuple comes from: component, stream (borrowed, valid as long as the tuple), task. */
STORM_API const char *storm_tuple_component(const struct storm_tuple *tuple);
STORM_API const char *storm_tuple_stream(const struct storm_tuple *tuple);
STORM_API int storm_tuple_task(const struct storm_tuple *tuple);

/**
 * Keep a tuple beyond the process() call that received it.
 *
 * In classes that say manual_ack it can be acked, failed and anchored to later (process() returns
 * 0 then, for an error fails it at once); in others it can only be read. One that is kept and not
 * settled when the input ends keeps the task alive until it is, or is released.
 *
 * @return a copy, owned by the caller: free it with storm_tuple_release(). NULL: out of memory.
 */
STORM_API STORM_MUST_CHECK struct storm_tuple *storm_tuple_keep(const struct storm_tuple *tuple);

/** Free a kept tuple. It does not ack or fail it. NULL is allowed. */
STORM_API void storm_tuple_release(struct storm_tuple *tuple);

#endif
