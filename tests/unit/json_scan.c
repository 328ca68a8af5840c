/*
 * Taking JSON text apart.
 *
 * tests/data/json/valid holds texts that pass. Beside each text of tests/data/json/invalid is a
 * file with the offset of the error on its first line and the error on its second.
 */
#include "protocol/json_scan.h"
#include "protocol/json_key.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "comma_locale.h"
#include "data.h"
#include "random.h"

static int scan(struct span text, struct encoded *value, struct wire_error *error)
{
	struct json_scanner scanner = json_scanner(text);
	int err = json_scan_document(&scanner, value);

	*error = scanner.error;
	return err;
}

/* Scan text that passes. */
static struct encoded scan_valid(struct span text)
{
	struct encoded value;
	struct wire_error error;
	int err = scan(text, &value, &error);

	cr_assert_eq(err, 0, "%.*s: %s at byte %zu", (int)text.length, text.data, error.what,
		error.offset);
	return value;
}

static void check_invalid(struct span text, size_t offset, const char *what)
{
	struct encoded value;
	struct wire_error error;

	cr_assert_eq(
		scan(text, &value, &error), -EBADMSG, "passes: %.*s", (int)text.length, text.data);
	cr_assert_str_eq(error.what, what);
	cr_assert_eq(error.offset, offset, "%.*s: %s at byte %zu, not %zu", (int)text.length,
		text.data, what, error.offset, offset);
}

/* The data folders */

/* A copy without a byte to spare, so that the sanitizer sees a read beyond the end. */
static struct span copy_exactly(const struct buffer *buffer)
{
	char *copy = malloc(buffer->length > 0 ? buffer->length : 1);

	if (buffer->length > 0)
		memcpy(copy, buffer->data, buffer->length);
	return (struct span){ copy, buffer->length };
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span text)
{
	for (; text.length > 0 && is_space(text.data[0]); text.length--)
		text.data++;
	while (text.length > 0 && is_space(text.data[text.length - 1]))
		text.length--;
	return text;
}

Test(json_scan, lets_the_valid_texts_pass)
{
	glob_t files;

	data_find("json/valid/*.json", &files);
	cr_assert_gt(files.gl_pathc, 50);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct buffer buffer = { 0 };
		struct encoded value;
		struct wire_error error;
		struct span text;
		int err;

		data_read(files.gl_pathv[i], &buffer);
		text = copy_exactly(&buffer);
		err = scan(text, &value, &error);
		cr_expect_eq(
			err, 0, "%s: %s at byte %zu", files.gl_pathv[i], error.what, error.offset);
		cr_expect(err < 0 || span_equals(value.text, trim(text)), "%s: '%.*s'",
			files.gl_pathv[i], (int)value.text.length, value.text.data);
		free((char *)text.data);
		buffer_free(&buffer);
	}
	globfree(&files);
}

/* The offset and the text of the error that stand beside a file. */
static void read_expected(const char *path, size_t *offset, struct buffer *what)
{
	struct buffer beside = { 0 };
	struct buffer contents = { 0 };
	char *end;

	buffer_append_format(&beside, "%.*s.offset", (int)(strlen(path) - strlen(".json")), path);
	data_read(buffer_text(&beside), &contents);
	*offset = strtoul(buffer_text(&contents), &end, 10);
	cr_assert(end > contents.data && *end == '\n', "%s has no offset", beside.data);
	buffer_append_span(what, trim(span_of(end)));
	buffer_free(&beside);
	buffer_free(&contents);
}

Test(json_scan, says_where_and_why_a_text_is_invalid)
{
	glob_t files;

	data_find("json/invalid/*.json", &files);
	cr_assert_gt(files.gl_pathc, 200);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i];
		struct buffer buffer = { 0 };
		struct buffer what = { 0 };
		struct encoded value;
		struct wire_error error;
		struct span text;
		size_t offset;
		int err;

		data_read(path, &buffer);
		read_expected(path, &offset, &what);
		text = copy_exactly(&buffer);
		err = scan(text, &value, &error);
		cr_expect_eq(err, -EBADMSG, "%s passes", path);
		if (err < 0) {
			cr_expect_eq(error.offset, offset, "%s: at byte %zu, not %zu", path,
				error.offset, offset);
			cr_expect_str_eq(error.what, buffer_text(&what), "%s: '%s', not '%s'", path,
				error.what, buffer_text(&what));
		}
		free((char *)text.data);
		buffer_free(&buffer);
		buffer_free(&what);
	}
	globfree(&files);
}

/* Values */

Test(json_scan, tells_the_types_and_where_values_stand)
{
	static const struct {
		const char *text;
		enum storm_type type;
		const char *value;
		bool escaped;
	} cases[] = {
		{ "null", STORM_NULL, "null", false },
		{ "true", STORM_BOOLEAN, "true", false },
		{ " false\n", STORM_BOOLEAN, "false", false },
		{ "0", STORM_INTEGER, "0", false },
		{ " -17 ", STORM_INTEGER, "-17", false },
		{ "1.0", STORM_DOUBLE, "1.0", false },
		{ "1e2", STORM_DOUBLE, "1e2", false },
		{ "\t-1E-2", STORM_DOUBLE, "-1E-2", false },
		{ "\"\"", STORM_STRING, "\"\"", false },
		{ " \"a b\" ", STORM_STRING, "\"a b\"", false },
		{ "\"\\n\"", STORM_STRING, "\"\\n\"", true },
		{ "\"a long one, with an escape at its end\\\\\"", STORM_STRING,
			"\"a long one, with an escape at its end\\\\\"", true },
		{ "[]", STORM_ARRAY, "[]", false },
		{ " [1, \"\\n\"] ", STORM_ARRAY, "[1, \"\\n\"]", false },
		{ "{}", STORM_OBJECT, "{}", false },
		{ "\r\n{\"a\" : [ ] }\r\n", STORM_OBJECT, "{\"a\" : [ ] }", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct encoded value = scan_valid(span_of(cases[i].text));

		cr_assert_eq(value.type, cases[i].type, "%s", cases[i].text);
		cr_assert_eq(value.escaped, cases[i].escaped, "%s", cases[i].text);
		cr_assert(span_equals_text(value.text, cases[i].value), "%s", cases[i].text);
	}
}

Test(json_scan, takes_no_text_for_a_value)
{
	check_invalid((struct span){ NULL, 0 }, 0, "expected a value");
	check_invalid(SPAN(""), 0, "expected a value");
}

Test(json_scan, walks_through_objects_and_arrays_piece_by_piece)
{
	struct json_scanner scanner =
		json_scanner(SPAN(" { \"a\" : [ 1 , [2] ] , \"\\u0062\":{} } true"));
	struct encoded key;
	struct encoded value;

	cr_assert_eq(json_scan_peek(&scanner), '{');
	cr_assert_eq(json_scan_peek(&scanner), '{', "to peek consumes nothing");
	json_scan_enter(&scanner);
	cr_assert_eq(json_scan_key(&scanner, true, &key), 1);
	cr_assert_eq(key.type, STORM_STRING);
	cr_assert_not(key.escaped);
	cr_assert(span_equals(key.text, SPAN("\"a\"")));

	cr_assert_eq(json_scan_peek(&scanner), '[');
	json_scan_enter(&scanner);
	cr_assert_eq(json_scan_element(&scanner, true), 1);
	cr_assert_eq(json_scan_value(&scanner, &value), 0);
	cr_assert(span_equals(value.text, SPAN("1")));
	cr_assert_eq(json_scan_element(&scanner, false), 1);
	cr_assert_eq(json_scan_value(&scanner, &value), 0);
	cr_assert(span_equals(value.text, SPAN("[2]")));
	cr_assert_eq(json_scan_element(&scanner, false), 0);

	cr_assert_eq(json_scan_key(&scanner, false, &key), 1);
	cr_assert(key.escaped);
	cr_assert(json_string_equals(&key, SPAN("b")));
	cr_assert_eq(json_scan_value(&scanner, &value), 0);
	cr_assert_eq(value.type, STORM_OBJECT);
	cr_assert_eq(json_scan_key(&scanner, false, &key), 0);

	/* Behind a value, another one may stand, unless that is the end. */
	cr_assert_eq(json_scan_peek(&scanner), 't');
	cr_assert_eq(json_scan_end(&scanner), -EBADMSG);
	cr_assert_eq(scanner.error.offset, 37);
	cr_assert_eq(json_scan_value(&scanner, &value), 0);
	cr_assert_eq(value.type, STORM_BOOLEAN);
	cr_assert_eq(json_scan_peek(&scanner), '\0');
	cr_assert_eq(json_scan_end(&scanner), 0);
}

Test(json_scan, lets_no_beginning_of_a_text_pass)
{
	const struct span text =
		SPAN("{\"id\":\"-69\\u00e9\\ud834\\udd1e\xC3\xA9\",\"task\":-1.5e+3,"
		     "\"tuple\":[null,true,[false,{}]],\"long\":"
		     "\"abcdefghijklmnopqrstuvwxyz\"}");

	scan_valid(text);
	for (size_t length = 0; length < text.length; length++) {
		struct buffer cut = { (char *)text.data, length, length, false };
		struct span copy = copy_exactly(&cut);
		struct encoded value;
		struct wire_error error;

		cr_assert_eq(scan(copy, &value, &error), -EBADMSG, "%zu bytes pass", length);
		cr_assert_leq(error.offset, length);
		cr_assert_not_null(error.what);
		free((char *)copy.data);
	}
}

/* Nesting */

/* Arrays and objects by turns, or as the letters of `kinds` say. */
static void append_nested(struct buffer *text, const char *kinds, size_t depth, const char *inner)
{
	size_t count = strlen(kinds);

	for (size_t i = 0; i < depth; i++)
		buffer_append_format(text, "%s", kinds[i % count] == 'a' ? "[" : "{\"k\":");
	buffer_append_format(text, "%s", inner);
	for (size_t i = depth; i > 0; i--)
		buffer_append_format(text, "%s", kinds[(i - 1) % count] == 'a' ? "]" : "}");
}

Test(json_scan, nests_1024_deep_and_no_deeper)
{
	static const char *const kinds[] = { "a", "o", "ao", "oa", "aaooa", "ooooooao" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct buffer text = { 0 };
		size_t offset = 0;

		append_nested(&text, kinds[i], JSON_DEPTH, "1");
		cr_assert_eq(scan_valid(buffer_span(&text)).text.length, text.length);
		/* The innermost bracket is the one too many, be it an array's or an object's. */
		for (int last = 0; last < 2; last++) {
			buffer_truncate(&text, 0);
			append_nested(&text, kinds[i], JSON_DEPTH, last == 0 ? "[]" : "{}");
			for (size_t brackets = 0; brackets < JSON_DEPTH; offset++)
				brackets += text.data[offset] == '[' || text.data[offset] == '{';
			while (text.data[offset] != '[' && text.data[offset] != '{')
				offset++;
			check_invalid(buffer_span(&text), offset, "nested too deep");
			offset = 0;
		}
		buffer_free(&text);
	}
}

Test(json_scan, remembers_the_kind_of_every_level)
{
	/* Close each level with the other bracket. */
	for (size_t wrong = 0; wrong < 200; wrong++) {
		struct buffer text = { 0 };
		size_t offset;

		append_nested(&text, "aoo", 200, "1");
		offset = text.length - 1 - wrong;
		text.data[offset] = text.data[offset] == ']' ? '}' : ']';
		check_invalid(buffer_span(&text), offset,
			text.data[offset] == '}' ? "expected , or ]" : "expected , or }");
		buffer_free(&text);
	}
}

Test(json_scan, counts_only_what_is_open)
{
	struct buffer text = { 0 };

	buffer_append_literal(&text, "[");
	for (int i = 0; i < 5000; i++)
		buffer_append_literal(&text, "[],{},");
	append_nested(&text, "ao", JSON_DEPTH - 1, "[]");
	check_invalid(buffer_span(&text), text.length - (JSON_DEPTH - 1) - strlen("[]"),
		"nested too deep");
	buffer_truncate(&text, 0);
	buffer_append_literal(&text, "[");
	for (int i = 0; i < 5000; i++)
		buffer_append_literal(&text, "[],{},");
	append_nested(&text, "ao", JSON_DEPTH - 2, "[]");
	buffer_append_literal(&text, "]");
	scan_valid(buffer_span(&text));
	buffer_free(&text);
}

/* Strings */

static void check_decoded(struct span text, struct span expected)
{
	struct encoded string = scan_valid(text);
	char *out = malloc(string.text.length);
	size_t length;

	cr_assert_eq(string.type, STORM_STRING);
	length = json_decode_string(&string, out);
	cr_assert(span_equals((struct span){ out, length }, expected), "%.*s", (int)text.length,
		text.data);
	cr_assert(json_string_equals(&string, expected));
	free(out);
}

Test(json_scan, decodes_strings)
{
	check_decoded(SPAN("\"\""), SPAN(""));
	check_decoded(SPAN("\"word\""), SPAN("word"));
	check_decoded(SPAN("\"\xC3\xA9t\xC3\xA9 \xF0\x9D\x84\x9E\""),
		SPAN("\xC3\xA9t\xC3\xA9 \xF0\x9D\x84\x9E"));
	check_decoded(SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), SPAN("\"\\/\b\f\n\r\t"));
	check_decoded(SPAN("\"\\u0000\""), SPAN("\0"));
	check_decoded(SPAN("\"a\\u0000b\""), SPAN("a\0b"));
	check_decoded(SPAN("\"\\uD834\\udd1e\""), SPAN("\xF0\x9D\x84\x9E"));
	check_decoded(SPAN("\"x\\ud834\\uDD1Ey\\u00e9z\""), SPAN("x\xF0\x9D\x84\x9Ey\xC3\xA9z"));
	check_decoded(SPAN("\"\\\\u0041\""), SPAN("\\u0041"));
	check_decoded(SPAN("\"\\\\\\u0041\\\\\""), SPAN("\\A\\"));
	check_decoded(SPAN("\"a plain beginning, then \\n and a plain end\""),
		SPAN("a plain beginning, then \n and a plain end"));
}

Test(json_scan, knows_nine_escapes)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";

	for (int c = 0; c < 256; c++) {
		char text[] = { '"', 'a', '\\', (char)c, '"', '\0' };
		const char *letter = c ? strchr(letters, c) : NULL;
		char expected[] = { 'a', letter ? meant[letter - letters] : '\0' };

		if (letter)
			check_decoded((struct span){ text, 5 }, (struct span){ expected, 2 });
		else if (c == 'u')
			check_invalid(
				(struct span){ text, 5 }, 2, "\\u needs four hexadecimal digits");
		else
			check_invalid((struct span){ text, 5 }, 2, "no such escape");
	}
}

Test(json_scan, takes_hexadecimal_digits_alone)
{
	for (int place = 0; place < 4; place++) {
		for (int c = 0; c < 256; c++) {
			char text[] = "\"\\u0000\"";
			bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
				(c >= 'A' && c <= 'F');

			text[3 + place] = (char)c;
			if (digit)
				scan_valid((struct span){ text, 8 });
			else
				check_invalid((struct span){ text, 8 }, 1,
					"\\u needs four hexadecimal digits");
		}
	}
}

static size_t write_escape(char *out, uint32_t unit)
{
	return (size_t)(unit % 2 ? sprintf(out, "\\u%04x", unit) : sprintf(out, "\\u%04X", unit));
}

Test(json_scan, decodes_every_escaped_code_point)
{
	for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
		char text[20] = "\"";
		char expected[4];
		size_t length = 1;

		if (code_point >= 0xD800 && code_point <= 0xDFFF)
			continue;
		if (code_point <= 0xFFFF) {
			length += write_escape(text + length, code_point);
		} else {
			length += write_escape(
				text + length, 0xD800 + (code_point - 0x10000) / 0x400);
			length += write_escape(
				text + length, 0xDC00 + (code_point - 0x10000) % 0x400);
		}
		text[length++] = '"';
		check_decoded((struct span){ text, length },
			(struct span){ expected, utf8_write(code_point, expected) });
	}
}

Test(json_scan, compares_strings_as_they_are_meant)
{
	const struct encoded plain = scan_valid(SPAN("\"stream\""));
	const struct encoded escaped = scan_valid(SPAN("\"str\\u0065am\""));
	const struct encoded zero = scan_valid(SPAN("\"a\\u0000\""));
	const struct encoded wide = scan_valid(SPAN("\"\\u00e9\""));
	const struct encoded number = scan_valid(SPAN("1"));
	const struct encoded absent = { 0 };

	cr_assert(json_string_equals(&plain, SPAN("stream")));
	cr_assert(json_string_equals(&escaped, SPAN("stream")));
	for (int i = 0; i < 2; i++) {
		const struct encoded *string = i == 0 ? &plain : &escaped;

		cr_assert_not(json_string_equals(string, SPAN("")));
		cr_assert_not(json_string_equals(string, SPAN("strea")));
		cr_assert_not(json_string_equals(string, SPAN("str")));
		cr_assert_not(json_string_equals(string, SPAN("streams")));
		cr_assert_not(json_string_equals(string, SPAN("strEam")));
		cr_assert_not(json_string_equals(string, SPAN("stream\0")));
		cr_assert_not(json_string_equals(string, SPAN("str\\u0065am")));
	}
	cr_assert(json_string_equals(&zero, SPAN("a\0")));
	cr_assert_not(json_string_equals(&zero, SPAN("a")));
	cr_assert(json_string_equals(&wide, SPAN("\xC3\xA9")));
	cr_assert_not(json_string_equals(&wide, SPAN("\xC3")));
	cr_assert_not(json_string_equals(&wide, SPAN("\xC3\xA8")));
	cr_assert_not(json_string_equals(&number, SPAN("1")));
	cr_assert_not(json_string_equals(&absent, SPAN("")));
}

/* The reference for strings: one byte after the other. Returns what is wrong, or NULL. */
static const char *reference_string(struct span text, size_t *offset)
{
	size_t at = 1;

	while (at < text.length) {
		unsigned char c = (unsigned char)text.data[at];
		size_t length = 1;

		*offset = at;
		if (c == '"')
			return at + 1 == text.length ? NULL : "something follows the value";
		if (c < 0x20)
			return "a control character in a string";
		if (c == '\\') {
			/* The test has only escapes of two bytes, or unfinished ones. */
			if (at + 1 == text.length)
				break;
			if (!strchr("\"\\/bfnrt", text.data[at + 1]) || text.data[at + 1] == 0)
				return "no such escape";
			length = 2;
		} else if (c >= 0x80) {
			length = utf8_sequence(text.data + at, text.data + text.length);
			if (length == 0)
				return "not UTF-8";
		}
		at += length;
	}
	*offset = text.length;
	return "the string does not end";
}

static void check_string(struct span text)
{
	size_t offset = 0;
	const char *what = reference_string(text, &offset);

	/* A quote that comes early is an end: what follows it is reported there. */
	if (!what) {
		scan_valid(text);
		return;
	}
	if (strcmp(what, "something follows the value") == 0) {
		for (offset++; offset < text.length && is_space(text.data[offset]); offset++)
			;
		if (offset == text.length) {
			scan_valid(text);
			return;
		}
	}
	check_invalid(text, offset, what);
}

Test(json_scan, looks_at_every_byte_of_a_string)
{
	/* One byte of each value at each place of strings of each length, between others. */
	static const char *const others = " !#[]az\x7f";
	char bytes[40];

	for (size_t length = 2; length <= 20; length++) {
		for (size_t place = 1; place < length - 1; place++) {
			for (int c = 0; c < 256; c++) {
				for (size_t i = 0; i < length; i++)
					bytes[i] = others[i % 8];
				bytes[0] = bytes[length - 1] = '"';
				bytes[place] = (char)c;
				check_string((struct span){ bytes, length });
			}
		}
	}
}

Test(json_scan, looks_at_every_byte_of_random_strings)
{
	/* Neighbours of the bytes that matter, for what a borrow or a sign might do. */
	static const unsigned char bytes[] = { 0x00, 0x01, 0x1F, 0x20, 0x21, '"', 0x23, 0x5B, '\\',
		0x5D, 'n', 0x7E, 0x7F, 0x80, 0x81, 0x9F, 0xA0, 0xA2, 0xBF, 0xC2, 0xC3, 0xDC, 0xE2,
		0xED, 0xF0, 0xFF };
	struct random random = { 13 };

	for (int i = 0; i < 300000; i++) {
		size_t length = 2 + random_below(&random, 30);
		char *text = malloc(length);

		for (size_t j = 0; j < length; j++)
			text[j] =
				random_once_in(&random, 3) ? (char)RANDOM_OF(&random, bytes) : 'a';
		text[0] = '"';
		if (!random_once_in(&random, 4))
			text[length - 1] = '"';
		check_string((struct span){ text, length });
		free(text);
	}
}

/* Numbers */

static int decode_integer(const char *text, int64_t *integer)
{
	struct encoded number = scan_valid(span_of(text));

	cr_assert_eq(number.type, STORM_INTEGER);
	return json_decode_integer(&number, integer);
}

Test(json_scan, decodes_integers_of_64_bits)
{
	static const struct {
		const char *text;
		int64_t expected;
	} cases[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "9", 9 },
		{ "-1", -1 },
		{ "1234567890123456789", 1234567890123456789 },
		{ "9223372036854775799", INT64_MAX - 8 },
		{ "9223372036854775806", INT64_MAX - 1 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775807", -INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};
	static const char *const too_large[] = { "9223372036854775808", "-9223372036854775809",
		"9223372036854775810", "9999999999999999999", "-9999999999999999999",
		"18446744073709551615", "18446744073709551616", "18446744073709551617",
		"92233720368547758070", "-92233720368547758080", "36893488147419103232",
		"1000000000000000000000000000000000000000000" };
	int64_t integer;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(decode_integer(cases[i].text, &integer), 0, "%s", cases[i].text);
		cr_assert_eq(integer, cases[i].expected, "%s", cases[i].text);
	}
	for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++)
		cr_assert_eq(decode_integer(too_large[i], &integer), -ERANGE, "%s", too_large[i]);
}

static int decode_double(const char *text, double *value)
{
	struct encoded number = scan_valid(span_of(text));

	return json_decode_double(&number, value);
}

static void check_double(const char *text, double expected)
{
	double value = NAN;

	cr_assert_eq(decode_double(text, &value), 0, "%s", text);
	cr_assert_eq(memcmp(&value, &expected, sizeof(value)), 0, "%s is %.17g", text, value);
}

Test(json_scan, decodes_doubles)
{
	char digits[500];
	double value;

	check_double("0.0", 0.0);
	check_double("-0.0", -0.0);
	check_double("-0", -0.0);
	check_double("0.1", 0.1);
	check_double("-2.5e-3", -0.0025);
	check_double("1E+2", 100.0);
	check_double("12345678901234567890", 12345678901234567890.0);
	check_double("1.7976931348623157e308", 1.7976931348623157e308);
	check_double("2.2250738585072014e-308", 2.2250738585072014e-308);
	check_double("4.9406564584124654e-324", 4.9406564584124654e-324);
	check_double("1e-400", 0.0);
	check_double("0e400", 0.0);
	cr_assert_eq(decode_double("1e400", &value), -ERANGE);
	cr_assert_eq(decode_double("-1e309", &value), -ERANGE);

	/* Around the length where the text is copied to other memory. */
	for (int length = 1; length < 200; length++) {
		snprintf(digits, sizeof(digits), "0.%0*d", length, 5);
		check_double(digits, strtod(digits, NULL));
	}
	memset(digits, '9', sizeof(digits));
	digits[400] = '\0';
	cr_assert_eq(decode_double(digits, &value), -ERANGE);
}

Test(json_scan, decodes_doubles_in_a_locale_with_a_decimal_comma)
{
	comma_locale_set();
	check_double("2.5", 2.5);
	check_double("-1.25e2", -125.0);
	check_invalid(SPAN("2,5"), 1, "something follows the value");
}

/* By one look it is found where it stands, and nowhere else. */
Test(json_scan, expected_key)
{
	static const struct json_key keys[] = { JSON_KEY("id"), JSON_KEY("need_task_ids"),
		JSON_KEY("") };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct json_key *key = &keys[i];
		char text[JSON_KEY_ROOM + 4];
		char *end = text + sizeof(text);

		memset(text, 'x', sizeof(text));
		memcpy(text + 2, key->text, key->length);
		cr_assert(json_key_equals(text + 2, key));
		cr_assert(json_key_is_at(text + 2, end, key));
		cr_assert_not(json_key_is_at(text + 1, end, key));
		cr_assert_not(json_key_is_at(text + 2, text + 2 + JSON_KEY_ROOM - 1, key));
		for (size_t place = 0; place < JSON_KEY_ROOM; place++) {
			text[2 + place] ^= 1;
			cr_assert_eq(json_key_is_at(text + 2, end, key), place >= key->length);
			cr_assert_eq(json_key_equals(text + 2, key), place >= key->length);
			text[2 + place] ^= 1;
		}
	}
}
