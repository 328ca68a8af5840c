/* MessagePack: what is written, what is read, and what is refused. */
#include "protocol/msgpack.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A value that is all of a text, which is copied to where nothing but a sanitizer is around it. */
static int scan(struct span text, struct wire_error *error)
{
	char *copy = malloc(text.length > 0 ? text.length : 1);
	struct msgpack_scanner scanner;
	struct encoded value;
	int err;

	cr_assert_not_null(copy);
	memcpy(copy, text.data, text.length);
	scanner = msgpack_scanner((struct span){ copy, text.length });
	err = msgpack_scan_value(&scanner, &value);
	if (err == 0) {
		cr_assert_eq(value.text.data, copy);
		cr_assert_eq(value.text.length, (size_t)(scanner.at - copy));
		cr_assert_eq(value.wire, WIRE_MSGPACK);
		cr_assert_not(value.escaped);
	}
	*error = scanner.error;
	free(copy);
	return err;
}

static void check_passes(struct span text)
{
	struct wire_error error = { 0, NULL };

	cr_assert_eq(scan(text, &error), 0, "%s at byte %zu", error.what, error.offset);
}

static void check_error(struct span text, size_t offset, const char *what)
{
	struct wire_error error = { 0, NULL };

	cr_assert_eq(scan(text, &error), -EBADMSG, "passes, not: %s", what);
	cr_assert_str_eq(error.what, what);
	cr_assert_eq(error.offset, offset, "%s at byte %zu, not %zu", what, error.offset, offset);
}

#define UNFINISHED "the value does not end"
#define NO_PLACE "a type that has no place in a message"
#define TOO_DEEP "nested too deep"

/* Headers */

/* The first bytes of values, with what they say, at the limits of each form. */
static const struct {
	struct span text; /* the header, and nothing of what follows */
	struct msgpack_header header;
} headers[] = {
	{ { "\x00", 1 }, { STORM_INTEGER, 1, 0, 0 } },
	{ { "\x7F", 1 }, { STORM_INTEGER, 1, 0, 0 } },
	{ { "\xE0", 1 }, { STORM_INTEGER, 1, 0, 0 } },
	{ { "\xFF", 1 }, { STORM_INTEGER, 1, 0, 0 } },
	{ { "\x80", 1 }, { STORM_OBJECT, 1, 0, 0 } },
	{ { "\x8F", 1 }, { STORM_OBJECT, 1, 0, 30 } },
	{ { "\x90", 1 }, { STORM_ARRAY, 1, 0, 0 } },
	{ { "\x9F", 1 }, { STORM_ARRAY, 1, 0, 15 } },
	{ { "\xA0", 1 }, { STORM_STRING, 1, 0, 0 } },
	{ { "\xBF", 1 }, { STORM_STRING, 1, 31, 0 } },
	{ { "\xC0", 1 }, { STORM_NULL, 1, 0, 0 } },
	{ { "\xC2", 1 }, { STORM_BOOLEAN, 1, 0, 0 } },
	{ { "\xC3", 1 }, { STORM_BOOLEAN, 1, 0, 0 } },
	{ { "\xC4\xFF", 2 }, { STORM_BINARY, 2, 255, 0 } },
	{ { "\xC5\xFF\xFE", 3 }, { STORM_BINARY, 3, 0xFFFE, 0 } },
	{ { "\xC6\xFF\xFE\xFD\xFC", 5 }, { STORM_BINARY, 5, 0xFFFEFDFC, 0 } },
	{ { "\xCA", 1 }, { STORM_DOUBLE, 1, 4, 0 } },
	{ { "\xCB", 1 }, { STORM_DOUBLE, 1, 8, 0 } },
	{ { "\xCC", 1 }, { STORM_INTEGER, 1, 1, 0 } },
	{ { "\xCD", 1 }, { STORM_INTEGER, 1, 2, 0 } },
	{ { "\xCE", 1 }, { STORM_INTEGER, 1, 4, 0 } },
	{ { "\xCF", 1 }, { STORM_INTEGER, 1, 8, 0 } },
	{ { "\xD0", 1 }, { STORM_INTEGER, 1, 1, 0 } },
	{ { "\xD1", 1 }, { STORM_INTEGER, 1, 2, 0 } },
	{ { "\xD2", 1 }, { STORM_INTEGER, 1, 4, 0 } },
	{ { "\xD3", 1 }, { STORM_INTEGER, 1, 8, 0 } },
	{ { "\xD9\xFF", 2 }, { STORM_STRING, 2, 255, 0 } },
	{ { "\xDA\xFF\xFE", 3 }, { STORM_STRING, 3, 0xFFFE, 0 } },
	{ { "\xDB\xFF\xFE\xFD\xFC", 5 }, { STORM_STRING, 5, 0xFFFEFDFC, 0 } },
	{ { "\xDC\xFF\xFE", 3 }, { STORM_ARRAY, 3, 0, 0xFFFE } },
	{ { "\xDD\xFF\xFE\xFD\xFC", 5 }, { STORM_ARRAY, 5, 0, 0xFFFEFDFC } },
	{ { "\xDE\xFF\xFE", 3 }, { STORM_OBJECT, 3, 0, UINT64_C(2) * 0xFFFE } },
	{ { "\xDF\xFF\xFE\xFD\xFC", 5 }, { STORM_OBJECT, 5, 0, UINT64_C(2) * 0xFFFEFDFC } },
};

#define HEADER_COUNT (sizeof(headers) / sizeof(headers[0]))

Test(msgpack, headers_of_every_form)
{
	for (size_t i = 0; i < HEADER_COUNT; i++) {
		const struct msgpack_header *expected = &headers[i].header;
		struct span text = headers[i].text;
		struct msgpack_header header;

		cr_assert_eq(msgpack_read_header(text.data, text.data + text.length, &header), 1);
		cr_assert_eq(header.type, expected->type, "%zu", i);
		cr_assert_eq(header.size, expected->size, "%zu", i);
		cr_assert_eq(header.payload, expected->payload, "%zu", i);
		cr_assert_eq(header.children, expected->children, "%zu", i);
	}
}

Test(msgpack, headers_that_are_cut_off_need_more)
{
	for (size_t i = 0; i < HEADER_COUNT; i++) {
		for (size_t length = 0; length < headers[i].text.length; length++) {
			struct span cut = { headers[i].text.data, length };
			struct msgpack_header header;

			cr_assert_eq(msgpack_read_header(cut.data, cut.data + length, &header), 0);
			check_error(cut, 0, UNFINISHED);
		}
	}
}

/* The byte that is never used, and extension types of every form. */
Test(msgpack, types_that_are_refused)
{
	static const unsigned char refused[] = { 0xC1, 0xC7, 0xC8, 0xC9, 0xD4, 0xD5, 0xD6, 0xD7,
		0xD8 };

	for (size_t i = 0; i < sizeof(refused); i++) {
		char text[24] = "\x91\x00"; /* alone, and within an array */
		struct msgpack_header header;

		text[1] = (char)refused[i];
		cr_assert_eq(msgpack_read_header(text + 1, text + 2, &header), -EBADMSG);
		check_error((struct span){ text + 1, 1 }, 0, NO_PLACE);
		check_error((struct span){ text + 1, 23 }, 0, NO_PLACE);
		check_error((struct span){ text, 24 }, 1, NO_PLACE);
	}
}

Test(msgpack, all_other_bytes_begin_a_value)
{
	for (unsigned int byte = 0; byte < 256; byte++) {
		char text[9] = { (char)byte };
		bool is_refused = byte == 0xC1 || (byte >= 0xC7 && byte <= 0xC9) ||
			(byte >= 0xD4 && byte <= 0xD8);
		struct msgpack_header header;

		cr_assert_eq(msgpack_read_header(text, text + 9, &header),
			is_refused ? -EBADMSG : 1, "%#x", byte);
	}
}

/* Values */

/* One of each kind, with something in it: none can be told from its beginning alone. */
static const struct span wholes[] = {
	{ "\x07", 1 },
	{ "\xC0", 1 },
	{ "\xC3", 1 },
	{ "\xCC\xFF", 2 },
	{ "\xCD\xFF\xFF", 3 },
	{ "\xCE\xFF\xFF\xFF\xFF", 5 },
	{ "\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 9 },
	{ "\xD0\x80", 2 },
	{ "\xD1\x80\x00", 3 },
	{ "\xD2\x80\x00\x00\x00", 5 },
	{ "\xD3\x80\x00\x00\x00\x00\x00\x00\x00", 9 },
	{ "\xCA\x3F\x80\x00\x00", 5 },
	{ "\xCB\x3F\xF0\x00\x00\x00\x00\x00\x00", 9 },
	{ "\xA3"
	  "abc",
		4 },
	{ "\xD9\x03"
	  "abc",
		5 },
	{ "\xDA\x00\x03"
	  "abc",
		6 },
	{ "\xDB\x00\x00\x00\x03"
	  "abc",
		8 },
	{ "\xC4\x03\xFF\x00\xC1", 5 },
	{ "\xC5\x00\x03\xFF\x00\xC1", 6 },
	{ "\xC6\x00\x00\x00\x03\xFF\x00\xC1", 8 },
	{ "\x93\x01\xA1x\xC0", 5 },
	{ "\xDC\x00\x03\x01\xA1x\xC0", 7 },
	{ "\xDD\x00\x00\x00\x03\x01\xA1x\xC0", 9 },
	{ "\x82\x01\xA1x\xA1y\x90", 7 },
	{ "\xDE\x00\x02\x01\xA1x\xA1y\x90", 9 },
	{ "\xDF\x00\x00\x00\x02\x01\xA1x\xA1y\x90", 11 },
	{ "\x92\x81\xA1k\x92\x01\xC4\x01\x80\x91\x91\xC2", 12 },
};

#define WHOLE_COUNT (sizeof(wholes) / sizeof(wholes[0]))

Test(msgpack, values_end_where_they_end)
{
	for (size_t i = 0; i < WHOLE_COUNT; i++) {
		struct buffer text = { 0 };
		struct msgpack_scanner scanner;
		struct encoded value;

		check_passes(wholes[i]);
		buffer_append_span(&text, wholes[i]);
		buffer_append_literal(&text, "\xC1");
		scanner = msgpack_scanner(buffer_span(&text));
		cr_assert_eq(msgpack_scan_value(&scanner, &value), 0);
		cr_assert(span_equals(value.text, wholes[i]), "%zu", i);
		buffer_free(&text);
	}
}

Test(msgpack, values_cut_off_anywhere_are_refused)
{
	for (size_t i = 0; i < WHOLE_COUNT; i++) {
		for (size_t length = 0; length < wholes[i].length; length++) {
			struct wire_error error = { 0, NULL };

			cr_assert_eq(
				scan((struct span){ wholes[i].data, length }, &error), -EBADMSG);
			cr_assert_str_eq(error.what, UNFINISHED);
			cr_assert_leq(error.offset, length);
		}
	}
	/* The place is that of the value itself, not of what it is in. */
	check_error(SPAN("\x92\x01\xA2x"), 2, UNFINISHED);
	check_error(SPAN("\x81\xA1k"), 3, UNFINISHED);
}

Test(msgpack, strings_are_utf_8)
{
	check_passes(SPAN("\xA6"
			  "a\xC3\xA9\xE2\x82\xAC"));
	check_passes(SPAN("\xA5\0\xF0\x9F\x90\x98"));
	check_error(SPAN("\xA3"
			 "ab\xFF"),
		3, "not UTF-8");
	check_error(SPAN("\x92\xC0\xD9\x04"
			 "ab\xC0\x80"),
		6, "not UTF-8");
	check_error(SPAN("\xDA\x00\x03\xED\xA0\x80"), 3, "not UTF-8");
	check_error(SPAN("\xDB\x00\x00\x00\x04\xF4\x90\x80\x80"), 5, "not UTF-8");
	/* A sequence does not go on in the value behind the string. */
	check_error(SPAN("\x92\xA1\xC3\xA9"), 2, "not UTF-8");
	/* Keys are strings too, binary data is not. */
	check_error(SPAN("\x81\xA1\x80\x01"), 2, "not UTF-8");
	check_passes(SPAN("\x81\xC4\x01\x80\x01"));
}

/* What a header announces is believed when it is there: nothing is taken for it, nothing overflows. */
Test(msgpack, huge_counts_with_nothing_behind_them_are_refused)
{
	check_error(SPAN("\xDB\xFF\xFF\xFF\xFF"
			 "abc"),
		0, UNFINISHED);
	check_error(SPAN("\xC6\xFF\xFF\xFF\xFF"
			 "abc"),
		0, UNFINISHED);
	check_error(SPAN("\xDD\xFF\xFF\xFF\xFF\x01\x02"), 7, UNFINISHED);
	check_error(SPAN("\xDF\xFF\xFF\xFF\xFF\x01\x02"), 7, UNFINISHED);
	check_error(SPAN("\xDF\x80\x00\x00\x00"), 5, UNFINISHED);
	check_error(SPAN("\xDD\xFF\xFF\xFF\xFF\xDD\xFF\xFF\xFF\xFF\xDF\xFF\xFF\xFF\xFF"), 15,
		UNFINISHED);
}

/* Nesting */

/* Lists within lists, of one element each, and what is in the innermost one. */
static void write_nested(struct buffer *text, size_t depth, struct span outer, struct span inner)
{
	for (size_t i = 0; i < depth; i++)
		buffer_append_span(text, outer);
	buffer_append_span(text, inner);
}

Test(msgpack, may_be_nested_so_deep)
{
	const struct span outers[] = { SPAN("\x91"), SPAN("\xDC\0\1"), SPAN("\xDD\0\0\0\1"),
		SPAN("\x81\xA1k"), SPAN("\xDE\0\1\1"), SPAN("\xDF\0\0\0\1\xC0") };
	const struct span inners[] = { SPAN("\x90"), SPAN("\x80"), SPAN("\x91\x07"),
		SPAN("\xDC\0\0") };

	for (size_t i = 0; i < sizeof(outers) / sizeof(outers[0]); i++) {
		for (size_t j = 0; j < sizeof(inners) / sizeof(inners[0]); j++) {
			struct buffer text = { 0 };
			struct span outer = outers[i];

			write_nested(&text, MSGPACK_DEPTH - 1, outer, inners[j]);
			check_passes(buffer_span(&text));
			buffer_truncate(&text, 0);
			write_nested(&text, MSGPACK_DEPTH, outer, inners[j]);
			check_error(buffer_span(&text), MSGPACK_DEPTH * outer.length, TOO_DEEP);
			buffer_truncate(&text, 0);
			write_nested(&text, MSGPACK_DEPTH * 10, outer, inners[j]);
			check_error(buffer_span(&text), MSGPACK_DEPTH * outer.length, TOO_DEEP);
			buffer_free(&text);
		}
	}
}

/* Depth is what is open, not what has been: neighbours do not add up. */
Test(msgpack, may_have_more_lists_side_by_side)
{
	struct buffer text = { 0 };

	msgpack_write_array(&text, 3 * MSGPACK_DEPTH);
	for (size_t i = 0; i < 3 * MSGPACK_DEPTH; i++)
		buffer_append_literal(&text, "\x91\x90");
	check_passes(buffer_span(&text));
	buffer_free(&text);
}

/* Lists */

Test(msgpack, lists_say_how_much_is_in_them)
{
	static const struct {
		struct span text;
		enum storm_type type;
		uint64_t count;
	} lists[] = {
		{ { "\x90", 1 }, STORM_ARRAY, 0 },
		{ { "\x9F", 1 }, STORM_ARRAY, 15 },
		{ { "\xDD\xFF\xFF\xFF\xFF", 5 }, STORM_ARRAY, UINT32_MAX },
		{ { "\x80", 1 }, STORM_OBJECT, 0 },
		{ { "\x8F", 1 }, STORM_OBJECT, 15 },
		{ { "\xDF\xFF\xFF\xFF\xFF", 5 }, STORM_OBJECT, UINT32_MAX },
		{ { "\xA1x", 2 }, STORM_STRING, 0 },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct msgpack_scanner scanner = msgpack_scanner(lists[i].text);
		enum storm_type type;
		uint64_t count;

		cr_assert_eq(msgpack_scan_list(&scanner, &type, &count), 0);
		cr_assert_eq(type, lists[i].type);
		cr_assert_eq(count, lists[i].count);
		cr_assert_eq(scanner.at, scanner.end);
		cr_assert_eq(msgpack_scan_list(&scanner, &type, &count), -EBADMSG);
	}
}

/* Numbers */

static struct encoded scanned(struct span text)
{
	struct msgpack_scanner scanner = msgpack_scanner(text);
	struct encoded value;

	cr_assert_eq(msgpack_scan_value(&scanner, &value), 0);
	cr_assert_eq(scanner.at, scanner.end);
	return value;
}

/* Integers at the limits of each form; `written` is the form that we write. */
static const struct {
	int64_t integer;
	struct span text;
	bool written;
} integers[] = {
	{ 0, { "\x00", 1 }, true },
	{ 127, { "\x7F", 1 }, true },
	{ -1, { "\xFF", 1 }, true },
	{ -32, { "\xE0", 1 }, true },
	{ -33, { "\xD0\xDF", 2 }, true },
	{ -128, { "\xD0\x80", 2 }, true },
	{ -129, { "\xD1\xFF\x7F", 3 }, true },
	{ 128, { "\xD1\x00\x80", 3 }, true },
	{ 255, { "\xD1\x00\xFF", 3 }, true },
	{ INT16_MAX, { "\xD1\x7F\xFF", 3 }, true },
	{ INT16_MIN, { "\xD1\x80\x00", 3 }, true },
	{ INT16_MAX + 1, { "\xD2\x00\x00\x80\x00", 5 }, true },
	{ INT16_MIN - 1, { "\xD2\xFF\xFF\x7F\xFF", 5 }, true },
	{ INT32_MAX, { "\xD2\x7F\xFF\xFF\xFF", 5 }, true },
	{ INT32_MIN, { "\xD2\x80\x00\x00\x00", 5 }, true },
	{ INT64_C(2147483648), { "\xD3\x00\x00\x00\x00\x80\x00\x00\x00", 9 }, true },
	{ INT64_C(-2147483649), { "\xD3\xFF\xFF\xFF\xFF\x7F\xFF\xFF\xFF", 9 }, true },
	{ INT64_MAX, { "\xD3\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 9 }, true },
	{ INT64_MIN, { "\xD3\x80\x00\x00\x00\x00\x00\x00\x00", 9 }, true },
	/* What others write */
	{ 0, { "\xCC\x00", 2 }, false },
	{ 255, { "\xCC\xFF", 2 }, false },
	{ 256, { "\xCD\x01\x00", 3 }, false },
	{ 65535, { "\xCD\xFF\xFF", 3 }, false },
	{ 4294967295, { "\xCE\xFF\xFF\xFF\xFF", 5 }, false },
	{ INT64_MAX, { "\xCF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 9 }, false },
	{ 5, { "\xCF\x00\x00\x00\x00\x00\x00\x00\x05", 9 }, false },
	{ 5, { "\xD0\x05", 2 }, false },
	{ -1, { "\xD0\xFF", 2 }, false },
	{ -1, { "\xD1\xFF\xFF", 3 }, false },
	{ -1, { "\xD2\xFF\xFF\xFF\xFF", 5 }, false },
	{ -1, { "\xD3\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 9 }, false },
};

Test(msgpack, integers)
{
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		struct encoded number = scanned(integers[i].text);
		struct buffer text = { 0 };
		int64_t integer;

		cr_assert_eq(number.type, STORM_INTEGER);
		cr_assert_eq(msgpack_decode_integer(&number, &integer), 0);
		cr_assert_eq(integer, integers[i].integer, "%lld, not %lld", (long long)integer,
			(long long)integers[i].integer);
		msgpack_write_integer(&text, integer);
		cr_assert_eq(span_equals(buffer_span(&text), integers[i].text), integers[i].written,
			"%lld", (long long)integer);
		buffer_free(&text);
	}
}

/* No integer is written longer than it must be, and all read back the same. */
Test(msgpack, integers_around_each_power_of_two)
{
	for (int power = 0; power < 64; power++) {
		for (uint64_t step = 0; step < 5; step++) {
			uint64_t magnitude = (UINT64_C(1) << power) + step - 2;
			int64_t integer = (int64_t)(step % 2 ? -magnitude : magnitude);
			size_t longest = integer >= -32 && integer <= 127 ? 1 :
				integer == (int8_t)integer                ? 2 :
				integer == (int16_t)integer               ? 3 :
				integer == (int32_t)integer               ? 5 :
									    9;
			struct buffer text = { 0 };
			struct encoded number;
			int64_t again;

			msgpack_write_integer(&text, integer);
			cr_assert_eq(text.length, longest, "%lld", (long long)integer);
			number = scanned(buffer_span(&text));
			cr_assert_eq(msgpack_decode_integer(&number, &again), 0);
			cr_assert_eq(again, integer);
			buffer_free(&text);
		}
	}
}

Test(msgpack, integers_that_need_all_64_bits)
{
	static const uint64_t numbers[] = { UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1,
		UINT64_MAX };

	for (size_t i = 0; i < 3; i++) {
		char text[9] = "\xCF";
		struct encoded number;
		int64_t integer;

		for (int byte = 0; byte < 8; byte++)
			text[1 + byte] = (char)(numbers[i] >> (56 - 8 * byte));
		number = scanned((struct span){ text, 9 });
		cr_assert_eq(msgpack_decode_integer(&number, &integer), -ERANGE);
		cr_assert_eq(msgpack_decode_unsigned(&number), numbers[i]);
	}
}

static double decoded_double(struct span text)
{
	struct encoded number = scanned(text);

	cr_assert_eq(number.type, STORM_DOUBLE);
	return msgpack_decode_double(&number);
}

Test(msgpack, doubles_and_floats)
{
	cr_assert_eq(decoded_double(SPAN("\xCB\x3F\xB9\x99\x99\x99\x99\x99\x9A")), 0.1);
	cr_assert_eq(decoded_double(SPAN("\xCB\x7F\xEF\xFF\xFF\xFF\xFF\xFF\xFF")),
		0x1.fffffffffffffp1023);
	cr_assert_eq(decoded_double(SPAN("\xCB\x80\x00\x00\x00\x00\x00\x00\x01")), -0x1p-1074);
	cr_assert_eq(decoded_double(SPAN("\xCB\xFF\xF0\x00\x00\x00\x00\x00\x00")), -INFINITY);
	cr_assert(isnan(decoded_double(SPAN("\xCB\x7F\xF8\x00\x00\x00\x00\x00\x00"))));
	cr_assert_eq(decoded_double(SPAN("\xCA\x3D\xCC\xCC\xCD")), (double)0.1f);
	cr_assert_eq(decoded_double(SPAN("\xCA\xFF\x7F\xFF\xFF")), -0x1.fffffep127);
	cr_assert_eq(decoded_double(SPAN("\xCA\x00\x00\x00\x01")), 0x1p-149);
	cr_assert(isnan(decoded_double(SPAN("\xCA\x7F\xC0\x00\x00"))));
}

Test(msgpack, doubles_read_back_the_same)
{
	static const double numbers[] = { 0.0, -0.0, 1, -1.5, 0.1, 1e300, 0x1p-1074,
		0x1.fffffffffffffp1023, 123456789.123456789 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct buffer text = { 0 };
		double number;

		msgpack_write_double(&text, numbers[i]);
		cr_assert_eq(text.length, 9);
		number = decoded_double(buffer_span(&text));
		cr_assert_eq(memcmp(&number, &numbers[i], sizeof(number)), 0, "%a", numbers[i]);
		buffer_free(&text);
	}
}

/* Writing */

static void check_written(struct buffer *text, struct span expected)
{
	cr_assert(span_equals(buffer_span(text), expected));
	buffer_truncate(text, 0);
}

Test(msgpack, constants_as_they_are_written)
{
	struct buffer text = { 0 };

	msgpack_write_null(&text);
	check_written(&text, SPAN("\xC0"));
	msgpack_write_boolean(&text, false);
	check_written(&text, SPAN("\xC2"));
	msgpack_write_boolean(&text, true);
	check_written(&text, SPAN("\xC3"));
	buffer_free(&text);
}

/* The limits of the forms of strings, binary data, arrays and maps, and the heads written there. */
static const struct {
	size_t length;
	struct span string;
	struct span binary;
	struct span array;
	struct span map;
} lengths[] = {
	{ 0, { "\xA0", 1 }, { "\xC4\x00", 2 }, { "\x90", 1 }, { "\x80", 1 } },
	{ 15, { "\xAF", 1 }, { "\xC4\x0F", 2 }, { "\x9F", 1 }, { "\x8F", 1 } },
	{ 16, { "\xB0", 1 }, { "\xC4\x10", 2 }, { "\xDC\x00\x10", 3 }, { "\xDE\x00\x10", 3 } },
	{ 31, { "\xBF", 1 }, { "\xC4\x1F", 2 }, { "\xDC\x00\x1F", 3 }, { "\xDE\x00\x1F", 3 } },
	{ 32, { "\xD9\x20", 2 }, { "\xC4\x20", 2 }, { "\xDC\x00\x20", 3 }, { "\xDE\x00\x20", 3 } },
	{ 255, { "\xD9\xFF", 2 }, { "\xC4\xFF", 2 }, { "\xDC\x00\xFF", 3 }, { "\xDE\x00\xFF", 3 } },
	{ 256, { "\xDA\x01\x00", 3 }, { "\xC5\x01\x00", 3 }, { "\xDC\x01\x00", 3 },
		{ "\xDE\x01\x00", 3 } },
	{ 65535, { "\xDA\xFF\xFF", 3 }, { "\xC5\xFF\xFF", 3 }, { "\xDC\xFF\xFF", 3 },
		{ "\xDE\xFF\xFF", 3 } },
	{ 65536, { "\xDB\x00\x01\x00\x00", 5 }, { "\xC6\x00\x01\x00\x00", 5 },
		{ "\xDD\x00\x01\x00\x00", 5 }, { "\xDF\x00\x01\x00\x00", 5 } },
};

static void check_contents(
	struct buffer *text, struct span head, enum storm_type type, size_t length)
{
	struct encoded value = scanned(buffer_span(text));
	struct span contents = msgpack_contents(&value);

	cr_assert(span_equals((struct span){ text->data, head.length }, head), "%zu", length);
	cr_assert_eq(value.type, type);
	cr_assert_eq(contents.data, text->data + head.length);
	cr_assert_eq(contents.length, length);
	buffer_truncate(text, 0);
}

Test(msgpack, lengths_in_the_smallest_form)
{
	char *contents = calloc(1, 65536);
	struct buffer text = { 0 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t length = lengths[i].length;

		msgpack_write_string(&text, (struct span){ contents, length });
		check_contents(&text, lengths[i].string, STORM_STRING, length);
		msgpack_write_binary(&text, (struct span){ contents, length });
		check_contents(&text, lengths[i].binary, STORM_BINARY, length);
		msgpack_write_array(&text, length);
		check_written(&text, lengths[i].array);
		msgpack_write_map(&text, length);
		check_written(&text, lengths[i].map);
	}
	msgpack_write_array(&text, UINT32_MAX);
	check_written(&text, SPAN("\xDD\xFF\xFF\xFF\xFF"));
	msgpack_write_map(&text, UINT32_MAX);
	check_written(&text, SPAN("\xDF\xFF\xFF\xFF\xFF"));
	buffer_free(&text);
	free(contents);
}

Test(msgpack, lengths_that_no_form_can_say_make_the_buffer_fail)
{
	const struct span too_long = { "", (size_t)UINT32_MAX + 1 };
	struct buffer text = { 0 };

	msgpack_write_string(&text, too_long);
	cr_assert(text.failed);
	buffer_truncate(&text, 0);
	msgpack_write_binary(&text, too_long);
	cr_assert(text.failed);
	buffer_truncate(&text, 0);
	msgpack_write_array(&text, too_long.length);
	cr_assert(text.failed);
	buffer_truncate(&text, 0);
	msgpack_write_map(&text, too_long.length);
	cr_assert(text.failed);
	cr_assert_eq(text.length, 0);
	buffer_free(&text);
}
