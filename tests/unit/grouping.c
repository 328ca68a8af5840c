/* Fields grouping: the hashes are those that Java gives. */
#include <criterion/criterion.h>

#include "local/run.h"

static int32_t hash_of(enum wire wire, struct span frame)
{
	struct buffer scratch = { 0 };
	struct message message = { 0 };
	struct wire_error error;
	size_t indexes[16];
	int32_t result;

	cr_assert_eq(message_scan(&message, wire, frame, &error), 0);
	for (size_t i = 0; i < message.value_count; i++)
		indexes[i] = i;
	result = grouping_hash(message.values, indexes, message.value_count, &scratch);
	message_free(&message);
	buffer_free(&scratch);
	return result;
}

/* Arrays.deepHashCode(new Object[] {...}) of the values of a JSON array. */
static int32_t hash(const char *values)
{
	struct buffer text = { 0 };
	int32_t result;

	buffer_append_format(&text, "{\"tuple\":%s}", values);
	result = hash_of(WIRE_JSON, buffer_span(&text));
	buffer_free(&text);
	return result;
}

/* The same of an array in MessagePack. */
#define HASH_MSGPACK(values) hash_of(WIRE_MSGPACK, SPAN("\x81\xA5tuple" values))

Test(grouping, hashes_as_java_does)
{
	cr_expect_eq(hash("[]"), 1);
	cr_expect_eq(hash("[\"\"]"), 31);
	cr_expect_eq(hash("[\"storm\"]"), 109771016);
	cr_expect_eq(hash("[\"the quick brown fox jumps over the lazy dog\"]"), -2082818670);
	cr_expect_eq(hash("[\"caf\\u00e9\"]"), 3045952);
	cr_expect_eq(hash("[\"\\ud83d\\ude00\"]"), 1772930);
	cr_expect_eq(hash("[\"\\u20ac 5\"]"), 8038880);
	cr_expect_eq(hash("[0]"), 31);
	cr_expect_eq(hash("[1]"), 32);
	cr_expect_eq(hash("[-1]"), 30);
	cr_expect_eq(hash("[2147483647]"), -2147483618);
	cr_expect_eq(hash("[2147483648]"), -2147483617);
	cr_expect_eq(hash("[-2147483649]"), -2147483617);
	cr_expect_eq(hash("[9223372036854775807]"), -2147483617);
	cr_expect_eq(hash("[0.5]"), 1071644703);
	cr_expect_eq(hash("[-2.5e10]"), 706168981);
	cr_expect_eq(hash("[1.0]"), 1072693279);
	cr_expect_eq(hash("[true]"), 1262);
	cr_expect_eq(hash("[false]"), 1268);
	cr_expect_eq(hash("[null]"), 31);
	cr_expect_eq(hash("[\"a\",1,null,true]"), 3815440);
	cr_expect_eq(hash("[\"word\",\"count\"]"), 208170758);
	cr_expect_eq(hash("[[1,\"a\",[2.5]]]"), 1074037789);
	cr_expect_eq(hash("[{\"k\":1,\"l\":[\"x\"]}]"), 388);
	cr_expect_eq(hash("[[],{}]"), 992);
}

Test(grouping, hashes_long_numbers_as_java_does)
{
	cr_expect_eq(hash("[9223372036854775808]"), -2147483617);
	cr_expect_eq(hash("[-123456789012345678901234567890]"), -1915528794);
	/* More than 18 characters: a BigDecimal. */
	cr_expect_eq(hash("[0.30000000000000004]"), 691387331);
	cr_expect_eq(hash("[-1234567890.0987654321e-12]"), 648602682);
	cr_expect_eq(hash("[0.00000000000000000]"), 48);
	cr_expect_eq(hash("[1.000000000000000000E+300]"), 1571411192);
	cr_expect_eq(hash("[1e999]"), 2146435103);
	cr_expect_eq(hash("[-1e999]"), -1048545);
	cr_expect_eq(hash("[-0.0]"), -2147483617);
	cr_expect_eq(hash("[[9223372036854775808,1e999]]"), -1047584);
}

Test(grouping, hashes_keys_of_objects_as_java_does)
{
	cr_expect_eq(hash("[{\"a\\u0000b\":1,\"a\\u0000c\":2,\"a\":3}]"), 186761);
	/* The last of equal keys counts. */
	cr_expect_eq(hash("[{\"a\":1,\"\\u0061\":2}]"), 130);
}

Test(grouping, hashes_messagepack_as_java_does)
{
	cr_expect_eq(HASH_MSGPACK("\x91\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), -1);
	/* A Double, however long it would be in JSON. */
	cr_expect_eq(HASH_MSGPACK("\x91\xCB\x3F\xD3\x33\x33\x33\x33\x33\x33"), hash("[0.3]"));
	cr_expect_eq(HASH_MSGPACK("\x91\xCB\x7F\xF0\0\0\0\0\0\0"), 2146435103);
	cr_expect_eq(HASH_MSGPACK("\x91\xCB\xFF\xF0\0\0\0\0\0\1"), 2146959391); /* NaN */
	cr_expect_eq(HASH_MSGPACK("\x91\xCA\x3F\0\0\0"), hash("[0.5]"));
	/* Keys of other types count as their text: {1: 2, true: null, null: 3}. */
	cr_expect_eq(HASH_MSGPACK("\x91\x83\1\2\xC3\xC0\xC0\3"), 6962020);
}

Test(grouping, hashes_equal_values_alike_however_they_are_written)
{
	cr_assert_eq(hash("[\"storm\"]"), hash("[\"\\u0073t\\u006frm\"]"));
	cr_assert_eq(hash("[\"\xC3\xA9\"]"), hash("[\"\\u00e9\"]"));
	cr_assert_eq(hash("[\"a/b\"]"), hash("[\"a\\/b\"]"));
	cr_assert_eq(hash("[\"\xF0\x9F\x98\x80\"]"), hash("[\"\\ud83d\\ude00\"]"));
	cr_assert_eq(hash("[1.5]"), hash("[15e-1]"));
	cr_assert_eq(hash("[{\"a\":1,\"b\":[2]}]"), hash("[ { \"b\" : [ 2 ] , \"a\" : 1 } ]"));
}

Test(grouping, uses_only_the_named_fields_in_their_order)
{
	struct message message = { 0 };
	struct buffer scratch = { 0 };
	struct wire_error error;

	cr_assert_eq(
		message_scan(&message, WIRE_JSON, SPAN("{\"tuple\":[\"a\",\"b\",\"c\"]}"), &error),
		0);
	cr_assert_eq(grouping_hash(message.values, (size_t[]){ 2, 0 }, 2, &scratch),
		hash("[\"c\",\"a\"]"));
	message_free(&message);
}

Test(grouping, chooses_by_the_floor_of_the_remainder)
{
	cr_assert_eq(grouping_index(7, 4), 3);
	cr_assert_eq(grouping_index(-1, 4), 3);
	cr_assert_eq(grouping_index(-4, 4), 0);
	cr_assert_eq(grouping_index(INT32_MIN, 3), 1);
	cr_assert_eq(grouping_index(5, 1), 0);
}
