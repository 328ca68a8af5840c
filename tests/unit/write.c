/* Writing values into a message of either wire. */
#include "protocol/write.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#define BYTES(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static void check_written(struct buffer *buffer, struct span expected)
{
	cr_assert(span_equals(buffer_span(buffer), expected), "not %s", expected.data);
	buffer_truncate(buffer, 0);
}

/* Strings: what is written of them strictly, where they are UTF-8, and what with replacements. */
static const struct {
	struct span text;
	bool is_valid;
	struct span json;
	struct span msgpack;
} strings[] = {
	{ BYTES(""), true, BYTES("\"\""), BYTES("\xA0") },
	{ BYTES("text"), true, BYTES("\"text\""), BYTES("\xA4text") },
	{ BYTES("a\0\"\\\n"), true, BYTES("\"a\\u0000\\\"\\\\\\n\""),
		BYTES("\xA5"
		      "a\0\"\\\n") },
	{ BYTES("\xC3\xA9\xF0\x9F\x90\x98"), true, BYTES("\"\xC3\xA9\xF0\x9F\x90\x98\""),
		BYTES("\xA6\xC3\xA9\xF0\x9F\x90\x98") },
	{ BYTES("\xFF"), false, BYTES("\"\xEF\xBF\xBD\""), BYTES("\xA3\xEF\xBF\xBD") },
	{ BYTES("a\xC3"), false, BYTES("\"a\xEF\xBF\xBD\""),
		BYTES("\xA4"
		      "a\xEF\xBF\xBD") },
	{ BYTES("\xE2\x82x\x80"), false, BYTES("\"\xEF\xBF\xBDx\xEF\xBF\xBD\""),
		BYTES("\xA7\xEF\xBF\xBDx\xEF\xBF\xBD") },
};

Test(write, strings)
{
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		int expected = strings[i].is_valid ? 0 : -EILSEQ;
		struct buffer buffer = { 0 };

		cr_assert_eq(write_string(&buffer, WIRE_JSON, strings[i].text), expected);
		check_written(&buffer, strings[i].is_valid ? strings[i].json : SPAN(""));
		cr_assert_eq(write_string(&buffer, WIRE_MSGPACK, strings[i].text), expected);
		check_written(&buffer, strings[i].is_valid ? strings[i].msgpack : SPAN(""));
		write_string_lossy(&buffer, WIRE_JSON, strings[i].text);
		check_written(&buffer, strings[i].json);
		write_string_lossy(&buffer, WIRE_MSGPACK, strings[i].text);
		check_written(&buffer, strings[i].msgpack);
		buffer_free(&buffer);
	}
}

/* The header has the length of what is written, not of what came. */
Test(write, strings_that_grow_beyond_a_header)
{
	struct buffer buffer = { 0 };
	struct buffer expected = { 0 };
	char invalid[90];

	memset(invalid, 0xFF, sizeof(invalid));
	for (size_t length = 10; length <= 90; length += 5) {
		buffer_truncate(&buffer, 0);
		buffer_truncate(&expected, 0);
		write_string_lossy(&buffer, WIRE_MSGPACK, (struct span){ invalid, length });
		if (length == 10)
			buffer_append_literal(&expected, "\xBE");
		else
			buffer_append_format(&expected, length > 85 ? "\xDA%c%c" : "\xD9%c",
				length > 85 ? (int)(3 * length >> 8) : (int)(3 * length),
				(int)(3 * length & 0xFF));
		for (size_t i = 0; i < length; i++)
			buffer_append_literal(&expected, "\xEF\xBF\xBD");
		cr_assert(span_equals(buffer_span(&buffer), buffer_span(&expected)), "%zu", length);
	}
	buffer_free(&buffer);
	buffer_free(&expected);
}

Test(write, strings_that_are_refused_leave_the_buffer_as_it_was)
{
	for (enum wire wire = WIRE_JSON; wire <= WIRE_MSGPACK; wire++) {
		struct buffer buffer = { 0 };

		buffer_append_literal(&buffer, "before");
		cr_assert_eq(
			write_string(&buffer, wire, SPAN("a long text, and then \x80")), -EILSEQ);
		check_written(&buffer, SPAN("before"));
		buffer_free(&buffer);
	}
}

Test(write, integers)
{
	struct buffer buffer = { 0 };

	write_integer(&buffer, WIRE_JSON, INT64_MIN);
	check_written(&buffer, SPAN("-9223372036854775808"));
	write_integer(&buffer, WIRE_MSGPACK, INT64_MIN);
	check_written(&buffer, SPAN("\xD3\x80\0\0\0\0\0\0\0"));
	write_integer(&buffer, WIRE_JSON, 4711);
	check_written(&buffer, SPAN("4711"));
	write_integer(&buffer, WIRE_MSGPACK, 4711);
	check_written(&buffer, SPAN("\xD1\x12\x67"));
	buffer_free(&buffer);
}

Test(write, numbers_as_strings)
{
	static const struct {
		uint64_t number;
		struct span json;
		struct span msgpack;
	} numbers[] = {
		{ 0, BYTES("\"0\""),
			BYTES("\xA1"
			      "0") },
		{ 42, BYTES("\"42\""),
			BYTES("\xA2"
			      "42") },
		{ UINT64_MAX, BYTES("\"18446744073709551615\""),
			BYTES("\xB4"
			      "18446744073709551615") },
	};
	struct buffer buffer = { 0 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		write_number_string(&buffer, WIRE_JSON, numbers[i].number);
		check_written(&buffer, numbers[i].json);
		write_number_string(&buffer, WIRE_MSGPACK, numbers[i].number);
		check_written(&buffer, numbers[i].msgpack);
	}
	/* Behind others: the header that is filled in is its own. */
	write_number_string(&buffer, WIRE_MSGPACK, 1);
	write_number_string(&buffer, WIRE_MSGPACK, 234);
	check_written(&buffer,
		SPAN("\xA1"
		     "1\xA3"
		     "234"));
	buffer_free(&buffer);
}

static void write_list(struct buffer *buffer, enum wire wire, size_t count)
{
	write_list_start(buffer, wire, count);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			write_list_separator(buffer, wire);
		write_integer(buffer, wire, (int64_t)i);
	}
	write_list_end(buffer, wire);
}

Test(write, lists)
{
	struct buffer buffer = { 0 };

	write_list(&buffer, WIRE_JSON, 0);
	check_written(&buffer, SPAN("[]"));
	write_list(&buffer, WIRE_JSON, 3);
	check_written(&buffer, SPAN("[0,1,2]"));
	write_list(&buffer, WIRE_MSGPACK, 0);
	check_written(&buffer, SPAN("\x90"));
	write_list(&buffer, WIRE_MSGPACK, 3);
	check_written(&buffer, SPAN("\x93\0\1\2"));
	write_list_start(&buffer, WIRE_MSGPACK, 16);
	check_written(&buffer, SPAN("\xDC\0\x10"));
	buffer_free(&buffer);
}

/* Values */

static void check_value(struct storm_value value, struct span json, struct span msgpack)
{
	struct buffer buffer = { 0 };

	cr_assert_eq(write_value(&buffer, WIRE_JSON, &value), 0);
	check_written(&buffer, json);
	cr_assert_eq(write_value(&buffer, WIRE_MSGPACK, &value), 0);
	check_written(&buffer, msgpack);
	buffer_free(&buffer);
}

Test(write, values_of_every_type)
{
	const char nested[] = " {\"k\": [1, \"\\u00e9\"]} ";

	check_value(storm_null(), SPAN("null"), SPAN("\xC0"));
	check_value(storm_boolean(true), SPAN("true"), SPAN("\xC3"));
	check_value(storm_boolean(false), SPAN("false"), SPAN("\xC2"));
	check_value(storm_integer(-7), SPAN("-7"), SPAN("\xF9"));
	check_value(storm_double(0.5), SPAN("0.5"), SPAN("\xCB\x3F\xE0\0\0\0\0\0\0"));
	/* A double stays one, though it is whole. */
	check_value(storm_double(2), SPAN("2.0"), SPAN("\xCB\x40\0\0\0\0\0\0\0"));
	check_value(storm_text("text"), SPAN("\"text\""), SPAN("\xA4text"));
	check_value(storm_string(NULL, 0), SPAN("\"\""), SPAN("\xA0"));
	check_value(storm_binary("\xFF\0\x01", 3), SPAN("\"/wAB\""), SPAN("\xC4\x03\xFF\0\x01"));
	check_value(storm_binary(NULL, 0), SPAN("\"\""), SPAN("\xC4\0"));
	check_value(storm_json(nested, sizeof(nested) - 1), SPAN("{\"k\": [1, \"\\u00e9\"]}"),
		SPAN("\xDF\0\0\0\1\xA1k\xDD\0\0\0\2\1\xA2\xC3\xA9"));
}

Test(write, values_that_came_as_they_came)
{
	const struct storm_value json = { .type = STORM_VERBATIM, .string = { "[1, 2]", 6 } };
	const struct storm_value msgpack = { .type = STORM_VERBATIM, .string = { "\x92\1\2", 3 } };
	struct buffer buffer = { 0 };

	cr_assert_eq(write_value(&buffer, WIRE_JSON, &json), 0);
	check_written(&buffer, SPAN("[1, 2]"));
	cr_assert_eq(write_value(&buffer, WIRE_MSGPACK, &msgpack), 0);
	check_written(&buffer, SPAN("\x92\1\2"));
	buffer_free(&buffer);
}

static void check_refused(struct storm_value value, int json, int msgpack)
{
	struct buffer buffer = { 0 };

	cr_assert_eq(write_value(&buffer, WIRE_JSON, &value), json);
	cr_assert_eq(write_value(&buffer, WIRE_MSGPACK, &value), msgpack);
	buffer_free(&buffer);
}

Test(write, values_that_no_message_can_have)
{
	check_refused(storm_double(NAN), -EDOM, -EDOM);
	check_refused(storm_double(INFINITY), -EDOM, -EDOM);
	check_refused(storm_double(-INFINITY), -EDOM, -EDOM);
	check_refused(storm_text("\xFF"), -EILSEQ, -EILSEQ);
	check_refused(storm_json("", 0), -EBADMSG, -EBADMSG);
	check_refused(storm_json("[1,]", 4), -EBADMSG, -EBADMSG);
	check_refused(storm_json("1 2", 3), -EBADMSG, -EBADMSG);
	check_refused(storm_json("\"\xFF\"", 3), -EBADMSG, -EBADMSG);
	/* As text it is a number; MessagePack has none so large. */
	check_refused(storm_json("1e999", 5), 0, -EDOM);
	check_refused((struct storm_value){ .type = STORM_ARRAY }, -EINVAL, -EINVAL);
	check_refused((struct storm_value){ .type = STORM_OBJECT }, -EINVAL, -EINVAL);
	check_refused(storm_tree(NULL), -EINVAL, -EINVAL);
}
