/*
 * Fields grouping: the same task for the same values as in Storm, which takes
 * floorMod(Arrays.deepHashCode(values), tasks) of the values as its JSON parser makes them:
 * String, Integer or Long, Double, Boolean, null, List, Map.
 */
#include <errno.h>
#include <jansson.h>

#include "base/utf8.h"
#include "local/run.h"

static uint32_t hash_wide(uint64_t bits)
{
	return (uint32_t)(bits ^ bits >> 32);
}

/* Integer.hashCode and Long.hashCode. */
static uint32_t hash_integer(int64_t integer)
{
	if (integer >= INT32_MIN && integer <= INT32_MAX)
		return (uint32_t)(int32_t)integer;
	return hash_wide((uint64_t)integer);
}

/* Double.hashCode. */
static uint32_t hash_double(double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	return hash_wide(bits);
}

static uint32_t hash_boolean(bool boolean)
{
	return boolean ? 1231 : 1237;
}

/* String.hashCode: over the code units of UTF-16. */
static uint32_t hash_string(struct span string)
{
	const char *at = string.data;
	const char *end = at + string.length;
	uint32_t hash = 0;

	while (at < end) {
		size_t length;
		uint32_t point;

		if ((unsigned char)*at < 0x80) {
			hash = hash * 31 + (unsigned char)*at++;
			continue;
		}
		length = utf8_sequence(at, end);
		point = utf8_read(at, length);
		at += length;
		if (point >= 0x10000) {
			hash = hash * 31 + (0xD800 + ((point - 0x10000) >> 10));
			point = 0xDC00 + ((point - 0x10000) & 0x3FF);
		}
		hash = hash * 31 + point;
	}
	return hash;
}

/* List.hashCode and Map.hashCode, with all that is in them. */
static uint32_t hash_tree(const json_t *value)
{
	const char *key;
	json_t *member;
	uint32_t hash;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return hash_string(
			(struct span){ json_string_value(value), json_string_length(value) });
	case JSON_INTEGER:
		return hash_integer(json_integer_value(value));
	case JSON_REAL:
		return hash_double(json_real_value(value));
	case JSON_TRUE:
	case JSON_FALSE:
		return hash_boolean(json_is_true(value));
	case JSON_NULL:
		return 0;
	case JSON_ARRAY:
		hash = 1;
		json_array_foreach(value, i, member)
			hash = hash * 31 + hash_tree(member);
		return hash;
	case JSON_OBJECT:
		hash = 0;
		json_object_foreach((json_t *)value, key, member)
			hash += hash_string(span_of(key)) ^ hash_tree(member);
		return hash;
	}
	return 0;
}

static uint32_t hash_nested(const struct encoded *value)
{
	struct buffer text = { 0 };
	json_t *tree = NULL;
	uint32_t hash;

	if (encoded_to_json(value, &text) == 0)
		tree = json_loadb(text.data, text.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	/* What jansson cannot hold (a number out of range) still has a hash of its own. */
	hash = tree ? hash_tree(tree) : hash_string(value->text);
	buffer_free(&text);
	json_decref(tree);
	return hash;
}

/* Arrays.hashCode of a byte[]. */
static uint32_t hash_binary(struct span bytes)
{
	uint32_t hash = 1;

	for (size_t i = 0; i < bytes.length; i++)
		hash = hash * 31 + (uint32_t)(signed char)bytes.data[i];
	return hash;
}

static uint32_t hash_encoded_string(const struct encoded *value, struct buffer *scratch)
{
	struct span plain = encoded_plain(value);

	if (plain.data)
		return hash_string(plain);
	buffer_truncate(scratch, 0);
	if (buffer_reserve(scratch, value->text.length) < 0)
		return 0;
	scratch->length = encoded_string(value, scratch->data);
	return hash_string(buffer_span(scratch));
}

static uint32_t hash_value(const struct encoded *value, struct buffer *scratch)
{
	int64_t integer;
	double number;

	switch (value->type) {
	case STORM_STRING:
		return hash_encoded_string(value, scratch);
	case STORM_INTEGER:
		if (encoded_integer(value, &integer) == 0)
			return hash_integer(integer);
		return hash_string(value->text);
	case STORM_DOUBLE:
		if (encoded_double(value, &number) == 0)
			return hash_double(number);
		return hash_string(value->text);
	case STORM_BOOLEAN:
		return hash_boolean(encoded_boolean(value));
	case STORM_ARRAY:
	case STORM_OBJECT:
		return hash_nested(value);
	case STORM_BINARY:
		return hash_binary(encoded_plain(value));
	default:
		return 0;
	}
}

int32_t grouping_hash(
	const struct encoded *values, const size_t *indexes, size_t count, struct buffer *scratch)
{
	uint32_t hash = 1;

	for (size_t i = 0; i < count; i++)
		hash = hash * 31 + hash_value(&values[indexes[i]], scratch);
	return (int32_t)hash;
}

size_t grouping_index(int32_t hash, size_t task_count)
{
	int64_t index = hash % (int64_t)task_count;

	return (size_t)(index < 0 ? index + (int64_t)task_count : index);
}
