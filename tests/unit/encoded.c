/* Decoding values of either wire. */
#include "protocol/encoded.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "protocol/json_scan.h"
#include "protocol/msgpack.h"

#define BYTES(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

/* A value that is all of a text of JSON, or of MessagePack. */
static struct encoded json(struct span text)
{
	struct json_scanner scanner = json_scanner(text);
	struct encoded value;

	cr_assert_eq(json_scan_document(&scanner, &value), 0, "%s", text.data);
	return value;
}

static struct encoded msgpack(struct span text)
{
	struct msgpack_scanner scanner = msgpack_scanner(text);
	struct encoded value;

	cr_assert_eq(msgpack_scan_value(&scanner, &value), 0);
	cr_assert_eq(scanner.at, scanner.end);
	return value;
}

static const struct encoded absent;

/* Strings */

/* Strings with their contents, which stand in the text as they are or do not. */
static const struct {
	enum wire wire;
	struct span text;
	struct span contents;
	bool is_plain;
} strings[] = {
	{ WIRE_JSON, BYTES("\"\""), BYTES(""), true },
	{ WIRE_JSON, BYTES("\"text\""), BYTES("text"), true },
	{ WIRE_JSON, BYTES("\"\xC3\xA9\""), BYTES("\xC3\xA9"), true },
	{ WIRE_JSON, BYTES("\"t\\u0065xt\""), BYTES("text"), false },
	{ WIRE_JSON, BYTES("\"\\n\\u0000\\\"\""), BYTES("\n\0\""), false },
	{ WIRE_JSON, BYTES("\"\\ud83d\\udc18\""), BYTES("\xF0\x9F\x90\x98"), false },
	{ WIRE_MSGPACK, BYTES("\xA0"), BYTES(""), true },
	{ WIRE_MSGPACK, BYTES("\xA4text"), BYTES("text"), true },
	{ WIRE_MSGPACK, BYTES("\xD9\4\"\\n\""), BYTES("\"\\n\""), true },
	{ WIRE_MSGPACK, BYTES("\xDA\0\3\n\0\""), BYTES("\n\0\""), true },
};

#define STRING_COUNT (sizeof(strings) / sizeof(strings[0]))

static struct encoded string_at(size_t i)
{
	return strings[i].wire == WIRE_JSON ? json(strings[i].text) : msgpack(strings[i].text);
}

Test(encoded, strings_are_decoded)
{
	for (size_t i = 0; i < STRING_COUNT; i++) {
		struct encoded string = string_at(i);
		char *out = malloc(string.text.length); /* a sanitizer sees what is beyond it */
		size_t length = encoded_string(&string, out);

		cr_assert(span_equals((struct span){ out, length }, strings[i].contents), "%s",
			strings[i].text.data);
		free(out);
	}
}

Test(encoded, strings_are_plain_where_they_stand_as_they_are)
{
	for (size_t i = 0; i < STRING_COUNT; i++) {
		struct encoded string = string_at(i);
		struct span plain = encoded_plain(&string);

		if (strings[i].is_plain)
			cr_assert(plain.data && span_equals(plain, strings[i].contents), "%s",
				strings[i].text.data);
		else
			cr_assert_null(plain.data, "%s", strings[i].text.data);
	}
}

Test(encoded, binary_data_is_plain_and_other_values_are_not)
{
	static const struct span texts[] = { BYTES("\xC0"), BYTES("\xC3"), BYTES("\x07"),
		BYTES("\xCA\0\0\0\0"), BYTES("\x91\xA1x"), BYTES("\x81\xA1x\xA1x") };
	struct encoded value = msgpack(SPAN("\xC4\2\xFF\0"));

	cr_assert(span_equals(encoded_plain(&value), SPAN("\xFF\0")));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		value = msgpack(texts[i]);
		cr_assert_null(encoded_plain(&value).data);
	}
	value = json(SPAN("[\"x\"]"));
	cr_assert_null(encoded_plain(&value).data);
	cr_assert_null(encoded_plain(&absent).data);
}

Test(encoded, strings_equal_their_contents_and_nothing_else)
{
	for (size_t i = 0; i < STRING_COUNT; i++) {
		struct encoded string = string_at(i);
		struct span contents = strings[i].contents;
		struct buffer other = { 0 };

		cr_assert(encoded_equals(&string, contents), "%s", strings[i].text.data);
		buffer_append_span(&other, contents);
		buffer_append_literal(&other, "x");
		cr_assert_not(encoded_equals(&string, buffer_span(&other)));
		if (contents.length > 0) {
			cr_assert_not(encoded_equals(
				&string, (struct span){ contents.data, contents.length - 1 }));
			other.data[contents.length - 1] ^= 1;
			cr_assert_not(encoded_equals(
				&string, (struct span){ other.data, contents.length }));
		}
		buffer_free(&other);
	}
}

Test(encoded, what_is_no_string_equals_none)
{
	struct encoded value = msgpack(SPAN("\xC4\4text"));

	cr_assert_not(encoded_equals(&value, SPAN("text")));
	value = json(SPAN("7"));
	cr_assert_not(encoded_equals(&value, SPAN("7")));
	cr_assert_not(encoded_equals(&absent, SPAN("")));
}

/* Numbers and booleans */

Test(encoded, integers)
{
	static const struct {
		struct span json;
		struct span msgpack;
		int err;
		int64_t integer;
	} integers[] = {
		{ BYTES("0"), BYTES("\0"), 0, 0 },
		{ BYTES("-1"), BYTES("\xFF"), 0, -1 },
		{ BYTES("200"), BYTES("\xCC\xC8"), 0, 200 },
		{ BYTES("9223372036854775807"), BYTES("\xCF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), 0,
			INT64_MAX },
		{ BYTES("-9223372036854775808"), BYTES("\xD3\x80\0\0\0\0\0\0\0"), 0, INT64_MIN },
		{ BYTES("9223372036854775808"), BYTES("\xCF\x80\0\0\0\0\0\0\0"), -ERANGE, 0 },
		{ BYTES("18446744073709551615"), BYTES("\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
			-ERANGE, 0 },
	};

	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		const struct encoded both[] = { json(integers[i].json),
			msgpack(integers[i].msgpack) };

		for (size_t j = 0; j < 2; j++) {
			int64_t integer = 0;

			cr_assert_eq(encoded_integer(&both[j], &integer), integers[i].err, "%s",
				integers[i].json.data);
			cr_assert_eq(integer, integers[i].integer, "%s", integers[i].json.data);
		}
	}
}

Test(encoded, doubles_are_numbers_of_any_kind)
{
	static const struct {
		struct span json;
		struct span msgpack;
		double number;
	} numbers[] = {
		{ BYTES("0.5"), BYTES("\xCA\x3F\0\0\0"), 0.5 },
		{ BYTES("0.1"), BYTES("\xCB\x3F\xB9\x99\x99\x99\x99\x99\x9A"), 0.1 },
		{ BYTES("-7"), BYTES("\xF9"), -7 },
		{ BYTES("9007199254740993"), BYTES("\xCF\0\x20\0\0\0\0\0\1"), 9007199254740992 },
		{ BYTES("18446744073709551615"), BYTES("\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
			18446744073709551616.0 },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct encoded both[] = { json(numbers[i].json),
			msgpack(numbers[i].msgpack) };

		for (size_t j = 0; j < 2; j++) {
			double number = 0;

			cr_assert_eq(encoded_double(&both[j], &number), 0);
			cr_assert_eq(number, numbers[i].number, "%s", numbers[i].json.data);
		}
	}
}

Test(encoded, doubles_are_finite)
{
	static const struct span texts[] = { BYTES("\xCA\x7F\x80\0\0"), BYTES("\xCA\x7F\xC0\0\0"),
		BYTES("\xCB\xFF\xF0\0\0\0\0\0\0"), BYTES("\xCB\x7F\xF8\0\0\0\0\0\0") };
	struct encoded value = json(SPAN("1e309"));
	double number;

	cr_assert_eq(encoded_double(&value, &number), -ERANGE);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		value = msgpack(texts[i]);
		cr_assert_eq(encoded_double(&value, &number), -ERANGE);
	}
}

Test(encoded, booleans)
{
	const struct encoded yes[] = { json(SPAN("true")), msgpack(SPAN("\xC3")) };
	const struct encoded no[] = { json(SPAN("false")), msgpack(SPAN("\xC2")),
		json(SPAN("\"true\"")), json(SPAN("1")), msgpack(SPAN("\1")), absent };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		cr_assert(encoded_boolean(&yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		cr_assert_not(encoded_boolean(&no[i]));
}

/* Binary data */

/* Decode into exactly the memory that is promised. */
static int decode_binary(struct encoded value, struct buffer *bytes)
{
	char *out = malloc(value.text.length > 0 ? value.text.length : 1);
	size_t length = 0;
	int err = encoded_binary(&value, out, &length);

	buffer_truncate(bytes, 0);
	if (err == 0)
		buffer_append(bytes, out, length);
	free(out);
	return err;
}

Test(encoded, binary_data_in_its_three_forms)
{
	const struct {
		struct encoded value;
		struct span bytes;
	} cases[] = {
		{ msgpack(SPAN("\xC4\0")), SPAN("") },
		{ msgpack(SPAN("\xC4\3\xFF\0\1")), SPAN("\xFF\0\1") },
		{ msgpack(SPAN("\xC5\0\1\x80")), SPAN("\x80") },
		{ json(SPAN("\"\"")), SPAN("") },
		{ json(SPAN("\"/wAB\"")), SPAN("\xFF\0\1") },
		{ json(SPAN("\"\\/w\\u0041B\"")), SPAN("\xFF\0\1") },
		{ json(SPAN("\"/w==\"")), SPAN("\xFF") },
		{ msgpack(SPAN("\xA4/wAB")), SPAN("\xFF\0\1") },
		{ msgpack(SPAN("\xA0")), SPAN("") },
		{ json(SPAN("[]")), SPAN("") },
		{ json(SPAN("[ 0, 127 ,-128,-1, 128,255]")), SPAN("\0\x7F\x80\xFF\x80\xFF") },
		{ msgpack(SPAN("\x90")), SPAN("") },
		{ msgpack(SPAN("\x96\0\x7F\xD0\x80\xFF\xCC\x80\xD1\0\xFF")),
			SPAN("\0\x7F\x80\xFF\x80\xFF") },
	};
	struct buffer bytes = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(decode_binary(cases[i].value, &bytes), 0, "%zu", i);
		cr_assert(span_equals(buffer_span(&bytes), cases[i].bytes), "%zu", i);
	}
	buffer_free(&bytes);
}

Test(encoded, binary_data_is_nothing_else)
{
	const struct encoded values[] = { absent, json(SPAN("null")), json(SPAN("1")),
		json(SPAN("true")), json(SPAN("{}")), json(SPAN("\"/w\"")),
		json(SPAN("\"/w=\\u0000\"")), json(SPAN("\" /w==\"")), json(SPAN("[256]")),
		json(SPAN("[-129]")), json(SPAN("[1.0]")), json(SPAN("[1,null]")),
		json(SPAN("[[1]]")), json(SPAN("[18446744073709551615]")), msgpack(SPAN("\xC0")),
		msgpack(SPAN("\1")), msgpack(SPAN("\x80")), msgpack(SPAN("\xA3/w=")),
		msgpack(SPAN("\x91\xCD\1\0")), msgpack(SPAN("\x91\xD1\xFF\x7F")),
		msgpack(SPAN("\x91\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")),
		msgpack(SPAN("\x91\xC4\1x")) };
	struct buffer bytes = { 0 };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		cr_assert_eq(decode_binary(values[i], &bytes), -EINVAL, "%zu", i);
	buffer_free(&bytes);
}

/* Lists */

Test(encoded, lists_are_walked)
{
	const struct encoded arrays[] = { json(SPAN("[ 1 , [2,[3]],{\"k\":[4]}, \"]\" ]")),
		msgpack(SPAN("\x94\1\x92\2\x91\3\x81\xA1k\x91\4\xA1]")),
		msgpack(SPAN("\xDC\0\4\1\x92\2\x91\3\x81\xA1k\x91\4\xA1]")) };
	static const enum storm_type types[] = { STORM_INTEGER, STORM_ARRAY, STORM_OBJECT,
		STORM_STRING };

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		struct encoded_list list = encoded_list(&arrays[i]);
		struct encoded value;

		for (size_t j = 0; j < 4; j++) {
			cr_assert(encoded_list_next(&list, &value), "%zu: %zu", i, j);
			cr_assert_eq(value.type, types[j]);
		}
		cr_assert(encoded_equals(&value, SPAN("]")));
		cr_assert_not(encoded_list_next(&list, &value));
		cr_assert_not(encoded_list_next(&list, &value));
	}
}

Test(encoded, lists_in_lists_are_walked)
{
	const struct encoded arrays[] = { json(SPAN("[[],[7,[8]]]")),
		msgpack(SPAN("\x92\x90\x92\7\x91\x08")) };

	for (size_t i = 0; i < 2; i++) {
		struct encoded_list outer = encoded_list(&arrays[i]);
		struct encoded_list inner;
		struct encoded value;
		int64_t integer;

		cr_assert(encoded_list_next(&outer, &value));
		inner = encoded_list(&value);
		cr_assert_not(encoded_list_next(&inner, &value));
		cr_assert(encoded_list_next(&outer, &value));
		inner = encoded_list(&value);
		cr_assert(encoded_list_next(&inner, &value));
		cr_assert_eq(encoded_integer(&value, &integer), 0);
		cr_assert_eq(integer, 7);
		cr_assert(encoded_list_next(&inner, &value));
		cr_assert_not(encoded_list_next(&inner, &value));
		cr_assert_not(encoded_list_next(&outer, &value));
	}
}

Test(encoded, what_is_no_array_has_no_values)
{
	const struct encoded values[] = { absent, json(SPAN("{\"k\":1}")), json(SPAN("\"x\"")),
		msgpack(SPAN("\x81\1\2")), msgpack(SPAN("\xC0")), msgpack(SPAN("\xA1x")) };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct encoded_list list = encoded_list(&values[i]);
		struct encoded value;

		cr_assert_not(encoded_list_next(&list, &value), "%zu", i);
	}
}

Test(encoded, entries_are_walked)
{
	const struct encoded objects[] = { json(SPAN("{ \"a\" : [{}] , \"\\u0062\":{\"k\":1}}")),
		msgpack(SPAN("\x82\xA1"
			     "a\x91\x80\xA1"
			     "b\x81\xA1k\1")) };

	for (size_t i = 0; i < 2; i++) {
		struct encoded_list entries = encoded_entries(&objects[i]);
		struct encoded key;
		struct encoded value;

		cr_assert(encoded_entries_next(&entries, &key, &value));
		cr_assert(encoded_equals(&key, SPAN("a")));
		cr_assert_eq(value.type, STORM_ARRAY);
		cr_assert(encoded_entries_next(&entries, &key, &value));
		cr_assert(encoded_equals(&key, SPAN("b")));
		cr_assert_eq(value.type, STORM_OBJECT);
		cr_assert_not(encoded_entries_next(&entries, &key, &value));
		cr_assert_not(encoded_entries_next(&entries, &key, &value));
	}
}

Test(encoded, what_is_no_object_has_no_entries)
{
	const struct encoded values[] = { absent, json(SPAN("[\"k\",1]")),
		msgpack(SPAN("\x92\xA1k\1")), json(SPAN("{}")), msgpack(SPAN("\x80")) };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct encoded_list entries = encoded_entries(&values[i]);
		struct encoded key;
		struct encoded value;

		cr_assert_not(encoded_entries_next(&entries, &key, &value), "%zu", i);
	}
}

/* As JSON */

Test(encoded, values_as_json)
{
	const struct {
		struct encoded value;
		const char *json;
	} cases[] = {
		{ absent, "null" },
		{ json(SPAN(" null ")), "null" },
		{ json(SPAN(" {\"k\": [1, 1.50, \"\\u00e9\"]} ")),
			"{\"k\": [1, 1.50, \"\\u00e9\"]}" },
		{ msgpack(SPAN("\xC0")), "null" },
		{ msgpack(SPAN("\x93\xC3\xC4\1\xFF\x81\1\xCB\x3F\xF8\0\0\0\0\0\0")),
			"[true,\"/w==\",{\"1\":1.5}]" },
		{ msgpack(SPAN("\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")), "18446744073709551615" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer text = { 0 };

		cr_assert_eq(encoded_to_json(&cases[i].value, &text), 0);
		cr_assert_str_eq(buffer_text(&text), cases[i].json);
		buffer_free(&text);
	}
}

Test(encoded, values_that_json_cannot_hold)
{
	const struct encoded values[] = { msgpack(SPAN("\xCA\x7F\x80\0\0")),
		msgpack(SPAN("\x91\xCA\x7F\xC0\0\0")), msgpack(SPAN("\x81\x90\1")) };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct buffer text = { 0 };

		cr_assert_eq(encoded_to_json(&values[i], &text), -EDOM, "%zu", i);
		buffer_free(&text);
	}
}
