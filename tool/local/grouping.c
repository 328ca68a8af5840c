/*
 * Fields grouping: the same task for the same values as in Storm, which takes
 * floorMod(Arrays.deepHashCode(values), tasks) of the values as its serializers make them: String,
 * Integer or Long or BigInteger, Double or BigDecimal, Boolean, null, byte[], List, Map.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "local/run.h"
#include "protocol/json_write.h"
#include "protocol/msgpack.h"

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

/* Double.hashCode: that of all NaNs is the same. */
static uint32_t hash_double(double number)
{
	uint64_t bits = UINT64_C(0x7FF8000000000000);

	if (!isnan(number))
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

/* words = words * factor + more, the least significant word first. Returns their new number. */
static size_t multiply_add(uint32_t *words, size_t count, uint32_t factor, uint32_t more)
{
	uint64_t carry = more;

	for (size_t i = 0; i < count; i++) {
		carry += (uint64_t)words[i] * factor;
		words[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry > 0)
		words[count++] = (uint32_t)carry;
	return count;
}

/* BigInteger.hashCode, over the words of 32 bits. What is no digit among the digits is skipped. */
static uint32_t hash_digits(struct span digits)
{
	uint32_t *words = calloc(digits.length / 9 + 1, sizeof(*words));
	uint32_t factor = 1;
	uint32_t group = 0;
	uint32_t hash = 0;
	size_t count = 0;

	for (size_t i = 0; words && i < digits.length; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			continue;
		group = group * 10 + (uint32_t)(digits.data[i] - '0');
		factor *= 10;
		if (factor == 1000000000) {
			count = multiply_add(words, count, factor, group);
			factor = 1;
			group = 0;
		}
	}
	if (words)
		count = multiply_add(words, count, factor, group);
	while (count > 0)
		hash = hash * 31 + words[--count];
	free(words);
	return digits.length > 0 && digits.data[0] == '-' ? -hash : hash;
}

/* BigDecimal.hashCode: of the digits without the point, and of how many of them are behind it. */
static uint32_t hash_decimal(struct span text)
{
	struct span digits = { text.data, 0 };
	bool fraction = false;
	bool negative = false;
	uint32_t exponent = 0;
	uint32_t scale = 0;

	for (; digits.length < text.length && (text.data[digits.length] | 0x20) != 'e';
		digits.length++) {
		scale += fraction;
		fraction |= text.data[digits.length] == '.';
	}
	for (size_t i = digits.length + 1; i < text.length; i++) {
		if (text.data[i] == '-')
			negative = true;
		else if (text.data[i] != '+')
			exponent = exponent * 10 + (uint32_t)(text.data[i] - '0');
	}
	return hash_digits(digits) * 31 + scale - (negative ? -exponent : exponent);
}

/* Storm's JSON parser makes a BigDecimal of a fraction that is written with more characters. */
#define LONGEST_DOUBLE 18

static uint32_t hash_fraction(const struct encoded *value)
{
	double number = 0;

	if (value->wire == WIRE_JSON && value->text.length > LONGEST_DOUBLE)
		return hash_decimal(value->text);
	encoded_double(value, &number); /* -ERANGE: infinity and NaN have hashes, too */
	return hash_double(number);
}

static uint32_t hash_whole(const struct encoded *value)
{
	uint64_t natural;
	int64_t integer;

	if (encoded_integer(value, &integer) == 0)
		return hash_integer(integer);
	if (value->wire == WIRE_JSON)
		return hash_digits(value->text);
	natural = msgpack_decode_unsigned(value);
	return (uint32_t)(natural >> 32) * 31 + (uint32_t)natural;
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

static uint32_t hash_value(const struct encoded *value, struct buffer *scratch);

/* List.hashCode. */
static uint32_t hash_array(const struct encoded *array, struct buffer *scratch)
{
	struct encoded_list list = encoded_list(array);
	struct encoded value;
	uint32_t hash = 1;

	while (encoded_list_next(&list, &value))
		hash = hash * 31 + hash_value(&value, scratch);
	return hash;
}

/* A key's contents. In MessagePack it may be of another type: its text is the key then. */
static int read_key(const struct encoded *key, struct buffer *contents)
{
	buffer_truncate(contents, 0);
	if (key->type != STORM_STRING)
		return encoded_to_json(key, contents);
	if (buffer_reserve(contents, key->text.length) < 0)
		return -ENOMEM;
	contents->length = encoded_string(key, contents->data);
	return 0;
}

/* Map.hashCode: the order is no part of it, and the last of equal keys counts. */
static uint32_t hash_object(const struct encoded *object, struct buffer *scratch)
{
	struct encoded_list list = encoded_entries(object);
	json_t *hashes = json_object();
	struct buffer contents = { 0 };
	struct buffer name = { 0 };
	struct encoded key;
	struct encoded value;
	const char *unused;
	json_t *entry;
	uint32_t hash = 0;

	while (encoded_entries_next(&list, &key, &value) && read_key(&key, &contents) == 0) {
		/* As JSON it has no zero bytes. */
		buffer_truncate(&name, 0);
		json_write_string(&name, buffer_span(&contents));
		json_object_set_new(hashes, buffer_text(&name),
			json_integer(
				hash_string(buffer_span(&contents)) ^ hash_value(&value, scratch)));
	}
	json_object_foreach(hashes, unused, entry)
		hash += (uint32_t)json_integer_value(entry);
	json_decref(hashes);
	buffer_free(&contents);
	buffer_free(&name);
	return hash;
}

static uint32_t hash_value(const struct encoded *value, struct buffer *scratch)
{
	switch (value->type) {
	case STORM_STRING:
		return hash_encoded_string(value, scratch);
	case STORM_INTEGER:
		return hash_whole(value);
	case STORM_DOUBLE:
		return hash_fraction(value);
	case STORM_BOOLEAN:
		return hash_boolean(encoded_boolean(value));
	case STORM_ARRAY:
		return hash_array(value, scratch);
	case STORM_OBJECT:
		return hash_object(value, scratch);
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
