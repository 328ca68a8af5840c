/* Writing JSON. */
#include "protocol/json_write.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "comma_locale.h"
#include "protocol/json_scan.h"
#include "random.h"

/* What is in the buffer must be one value, for the scanner and for jansson. */
static json_t *read_back(const struct buffer *buffer, enum storm_type *type)
{
	struct json_scanner scanner = json_scanner(buffer_span(buffer));
	struct encoded value;
	json_error_t error;
	json_t *json;

	cr_assert_eq(
		json_scan_document(&scanner, &value), 0, "%.*s", (int)buffer->length, buffer->data);
	json = json_loadb(buffer->data, buffer->length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	cr_assert_not_null(json, "%s: %.*s", error.text, (int)buffer->length, buffer->data);
	*type = value.type;
	return json;
}

/* Strings */

static void check_string(struct span contents, struct span expected)
{
	struct buffer buffer = { 0 };

	buffer_append_literal(&buffer, "before ");
	cr_assert_eq(json_write_string(&buffer, contents), 0);
	cr_assert(span_equals((struct span){ buffer.data + 7, buffer.length - 7 }, expected),
		"%.*s, not %.*s", (int)buffer.length - 7, buffer.data + 7, (int)expected.length,
		expected.data);
	cr_assert_eq(memcmp(buffer.data, "before ", 7), 0);

	/* What is UTF-8 loses nothing the other way either. */
	buffer_truncate(&buffer, 0);
	json_write_string_lossy(&buffer, contents);
	cr_assert(span_equals(buffer_span(&buffer), expected));
	buffer_free(&buffer);
}

Test(json_write, writes_strings)
{
	check_string(SPAN(""), SPAN("\"\""));
	check_string((struct span){ NULL, 0 }, SPAN("\"\""));
	check_string(SPAN("word"), SPAN("\"word\""));
	check_string(SPAN("a \"quote\" and a \\"), SPAN("\"a \\\"quote\\\" and a \\\\\""));
	check_string(SPAN("a\0b"), SPAN("\"a\\u0000b\""));
	check_string(SPAN("\n"), SPAN("\"\\n\""));
	check_string(SPAN("\r\nend\r\n"), SPAN("\"\\r\\nend\\r\\n\""));
	check_string(SPAN("\xC3\xA9\n\xE2\x82\xAC\t\xF0\x9D\x84\x9E"),
		SPAN("\"\xC3\xA9\\n\xE2\x82\xAC\\t\xF0\x9D\x84\x9E\""));
	check_string(SPAN("\xE2\x80\xA8\xEF\xBB\xBF\xEF\xBF\xBF"),
		SPAN("\"\xE2\x80\xA8\xEF\xBB\xBF\xEF\xBF\xBF\""));
}

Test(json_write, escapes_what_must_be_escaped_and_no_more)
{
	static const char letters[] = "\"\\bfnrt";
	static const char meant[] = "\"\\\b\f\n\r\t";

	for (int c = 0; c < 0x80; c++) {
		const char contents[] = { 'a', (char)c, 'z' };
		const char *short_escape = memchr(meant, c, sizeof(meant) - 1);
		char expected[16];
		int length;

		if (short_escape)
			length = snprintf(expected, sizeof(expected), "\"a\\%cz\"",
				letters[short_escape - meant]);
		else if (c < 0x20 || c == 0x7F)
			length = snprintf(expected, sizeof(expected), "\"a\\u%04xz\"", c);
		else
			length = snprintf(expected, sizeof(expected), "\"a%cz\"", c);
		check_string(
			(struct span){ contents, 3 }, (struct span){ expected, (size_t)length });
	}
}

Test(json_write, refuses_strings_that_are_not_utf_8)
{
	static const char *const wrong[] = { "\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xE2\x82",
		"\xF4\x90\x80\x80", "\xF0\x9D\x84", "\xFF" };
	struct buffer buffer = { 0 };

	buffer_append_literal(&buffer, "before");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		for (int place = 0; place < 4; place++) {
			char contents[64];

			snprintf(contents, sizeof(contents), "%s%s%s",
				place & 1 ? "long enough, with \n and \xC3\xA9" : "", wrong[i],
				place & 2 ? "z" : "");
			cr_assert_eq(json_write_string(&buffer, span_of(contents)), -EILSEQ);
			cr_assert(span_equals(buffer_span(&buffer), SPAN("before")));
		}
	}
	buffer_free(&buffer);
}

Test(json_write, replaces_what_is_not_utf_8_where_texts_must_get_through)
{
	static const struct {
		const char *contents;
		const char *expected;
	} cases[] = {
		{ "\xFF", "\"\xEF\xBF\xBD\"" },
		{ "a\x80z", "\"a\xEF\xBF\xBDz\"" },
		{ "\xE2\x82", "\"\xEF\xBF\xBD\"" },
		{ "\xE2\x82\n", "\"\xEF\xBF\xBD\\n\"" },
		{ "\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },
		{ "\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
		{ "\xF0\x9D\x84\xC3\xA9", "\"\xEF\xBF\xBD\xC3\xA9\"" },
		{ "\"\xC3\"", "\"\\\"\xEF\xBF\xBD\\\"\"" },
	};
	struct buffer buffer = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_truncate(&buffer, 0);
		json_write_string_lossy(&buffer, span_of(cases[i].contents));
		cr_assert_str_eq(buffer_text(&buffer), cases[i].expected);
	}
	buffer_free(&buffer);
}

/* What a lossy writer should keep of these bytes. */
static void replace_invalid(struct span contents, struct buffer *out)
{
	const char *at = contents.data;
	const char *end = at + contents.length;

	while (at < end) {
		size_t length = utf8_sequence(at, end);

		if (length > 0) {
			buffer_append(out, at, length);
		} else {
			buffer_append_literal(out, UTF8_REPLACEMENT);
			length = utf8_invalid_length(at, end);
		}
		at += length;
	}
}

static void check_reads_back(const struct buffer *written, struct span expected)
{
	enum storm_type type;
	json_t *json = read_back(written, &type);

	cr_assert_eq(type, STORM_STRING);
	cr_assert(span_equals(
		(struct span){ json_string_value(json), json_string_length(json) }, expected));
	json_decref(json);
}

Test(json_write, writes_random_bytes_so_that_they_read_back)
{
	static const char *const pieces[] = { "a", "\"", "\\", "\n", "\x01", "\x7F", "\xC3\xA9",
		"\xE2\x82\xAC", "\xF0\x9D\x84\x9E", "\xC3", "\xE2\x82", "\xF0", "\x80", "\xFF",
		"plain text of some length" };
	struct random random = { 14 };
	struct buffer contents = { 0 };
	struct buffer kept = { 0 };
	struct buffer strict = { 0 };
	struct buffer lossy = { 0 };
	size_t refused = 0;

	for (int i = 0; i < 50000; i++) {
		const char *invalid;
		int err;

		buffer_truncate(&contents, 0);
		buffer_truncate(&kept, 0);
		buffer_truncate(&strict, 0);
		buffer_truncate(&lossy, 0);
		for (size_t count = random_below(&random, 8); count > 0; count--) {
			char any =
				(char)random_below(&random, random_once_in(&random, 9) ? 256 : 128);

			if (random_once_in(&random, 2))
				buffer_append(&contents, &any, 1);
			else
				buffer_append_span(&contents,
					span_of(pieces[random_below(
						&random, random_once_in(&random, 3) ? 15 : 9)]));
		}
		buffer_reserve(&contents, 1);
		invalid = utf8_first_invalid(contents.data, contents.data + contents.length);
		err = json_write_string(&strict, buffer_span(&contents));
		json_write_string_lossy(&lossy, buffer_span(&contents));
		replace_invalid(buffer_span(&contents), &kept);
		check_reads_back(&lossy, buffer_span(&kept));
		if (invalid == contents.data + contents.length) {
			cr_assert_eq(err, 0);
			cr_assert(span_equals(buffer_span(&strict), buffer_span(&lossy)));
		} else {
			cr_assert_eq(err, -EILSEQ);
			cr_assert_eq(strict.length, 0);
			refused++;
		}
	}
	cr_assert(refused > 10000 && refused < 40000, "%zu were refused", refused);
	buffer_free(&contents);
	buffer_free(&kept);
	buffer_free(&strict);
	buffer_free(&lossy);
}

/* Numbers */

static void check_integer(int64_t integer)
{
	struct storm_value value = storm_integer(integer);
	struct buffer buffer = { 0 };
	enum storm_type type;
	json_t *json;

	cr_assert_eq(json_write_value(&buffer, &value), 0);
	json = read_back(&buffer, &type);
	cr_assert_eq(type, STORM_INTEGER);
	cr_assert(json_is_integer(json));
	cr_assert_eq(json_integer_value(json), integer, "%" PRId64 " is %.*s", integer,
		(int)buffer.length, buffer.data);
	json_decref(json);
	buffer_free(&buffer);
}

Test(json_write, writes_integers_that_read_back)
{
	struct random random = { 15 };

	check_integer(0);
	check_integer(-1);
	check_integer(INT64_MAX);
	check_integer(INT64_MIN);
	check_integer(INT64_MIN + 1);
	for (int i = 0; i < 20000; i++)
		check_integer((int64_t)random_next(&random) >> random_below(&random, 64));
}

static void check_double_text(double number, const char *expected)
{
	struct buffer buffer = { 0 };

	cr_assert_eq(json_write_double(&buffer, number), 0);
	cr_assert_str_eq(buffer_text(&buffer), expected);
	buffer_free(&buffer);
}

Test(json_write, writes_doubles_so_that_none_looks_like_an_integer)
{
	check_double_text(0.0, "0.0");
	check_double_text(-0.0, "-0.0");
	check_double_text(1.0, "1.0");
	check_double_text(-3.0, "-3.0");
	check_double_text(100000.0, "100000.0");
	check_double_text(123456789012345.0, "123456789012345.0");
	check_double_text(0.5, "0.5");
	check_double_text(-0.25, "-0.25");
}

Test(json_write, writes_doubles_no_longer_than_they_must_be)
{
	check_double_text(0.1, "0.1");
	check_double_text(0.3, "0.3");
	check_double_text(2.675, "2.675");
	check_double_text(1e23, "1e+23");
	check_double_text(1e-7, "1e-07");
	check_double_text(0.1 + 0.2, "0.30000000000000004");
}

static void check_double(double number)
{
	struct storm_value value = storm_double(number);
	struct buffer buffer = { 0 };
	enum storm_type type;
	double back;
	json_t *json;

	cr_assert_eq(json_write_value(&buffer, &value), 0);
	json = read_back(&buffer, &type);
	cr_assert_eq(type, STORM_DOUBLE, "%s", buffer_text(&buffer));
	cr_assert(json_is_real(json), "%s", buffer_text(&buffer));
	back = json_real_value(json);
	cr_assert_eq(
		memcmp(&back, &number, sizeof(back)), 0, "%a is %s", number, buffer_text(&buffer));
	back = strtod(buffer_text(&buffer), NULL);
	cr_assert_eq(
		memcmp(&back, &number, sizeof(back)), 0, "%a is %s", number, buffer_text(&buffer));
	json_decref(json);
	buffer_free(&buffer);
}

Test(json_write, writes_doubles_that_read_back)
{
	static const double edges[] = { DBL_MAX, -DBL_MAX, DBL_MIN, DBL_EPSILON, 4.9e-324,
		2.2250738585072009e-308, 9007199254740991.0, 9007199254740993.0,
		9223372036854775807.0, 1e15, 1e16, 1e17, 1e21, 1e22, 1e23, 5e-324, 1.0 / 3.0,
		M_PI };
	struct random random = { 16 };
	size_t finite = 0;

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		check_double(edges[i]);
		check_double(nextafter(edges[i], 0.0));
	}
	for (int exponent = -1074; exponent < 1024; exponent++) {
		check_double(ldexp(1.0, exponent));
		check_double(-ldexp(1.0, exponent));
	}
	/* Any bits at all. */
	for (int i = 0; i < 60000; i++) {
		uint64_t bits = random_next(&random);
		double number;

		memcpy(&number, &bits, sizeof(number));
		if (!isfinite(number))
			continue;
		finite++;
		check_double(number);
	}
	cr_assert_gt(finite, 50000);
	/* Numbers as people have them. */
	for (int i = 0; i < 20000; i++)
		check_double((double)(int64_t)random_below(&random, 100000000) / 1000.0);
}

Test(json_write, refuses_what_json_has_no_number_for)
{
	static const double wrong[] = { NAN, -NAN, INFINITY, -INFINITY };
	struct buffer buffer = { 0 };

	buffer_append_literal(&buffer, "before");
	for (size_t i = 0; i < 4; i++) {
		struct storm_value value = storm_double(wrong[i]);

		cr_assert_eq(json_write_double(&buffer, wrong[i]), -EDOM);
		cr_assert_eq(json_write_value(&buffer, &value), -EDOM);
		cr_assert(span_equals(buffer_span(&buffer), SPAN("before")));
	}
	buffer_free(&buffer);
}

Test(json_write, writes_doubles_with_a_point_in_a_locale_with_a_decimal_comma)
{
	struct random random = { 17 };

	comma_locale_set();
	check_double_text(2.5, "2.5");
	check_double_text(-1.0, "-1.0");
	check_double_text(1.5e300, "1.5e+300");
	check_double_text(-1e-300, "-1e-300");
	check_double_text(0.1 + 0.2, "0.30000000000000004");
	for (int i = 0; i < 1000; i++) {
		double number = (double)random_below(&random, 1000000) / 7.0;
		struct buffer buffer = { 0 };
		enum storm_type type;
		json_t *json;

		cr_assert_eq(json_write_double(&buffer, number), 0);
		json = read_back(&buffer, &type);
		cr_assert_eq(json_real_value(json), number);
		json_decref(json);
		buffer_free(&buffer);
	}
}

/* Values */

static void check_value(struct storm_value value, const char *expected)
{
	struct buffer buffer = { 0 };

	cr_assert_eq(json_write_value(&buffer, &value), 0);
	cr_assert_str_eq(buffer_text(&buffer), expected);
	buffer_free(&buffer);
}

static void check_refused(struct storm_value value, int expected)
{
	struct buffer buffer = { 0 };

	buffer_append_literal(&buffer, "before");
	cr_assert_eq(json_write_value(&buffer, &value), expected);
	cr_assert_str_eq(buffer_text(&buffer), "before");
	buffer_free(&buffer);
}

Test(json_write, writes_values_of_every_type)
{
	check_value(storm_null(), "null");
	check_value(storm_boolean(true), "true");
	check_value(storm_boolean(false), "false");
	check_value(storm_integer(-42), "-42");
	check_value(storm_double(42), "42.0");
	check_value(storm_text("a \"word\""), "\"a \\\"word\\\"\"");
	check_value(storm_string("a\0b and more", 3), "\"a\\u0000b\"");
	check_value(storm_json("[1,{\"a\":null}]", 14), "[1,{\"a\":null}]");
	check_refused(storm_text("\xFF"), -EILSEQ);
}

Test(json_write, passes_on_json_text_that_is_one_value)
{
	static const char *const wrong[] = { "", " ", "1 2", "[1", "{\"a\":}", "nul", "'a'", "[1],",
		"\"\xFF\"", "\"\\ud800\"", "01", "\xEF\xBB\xBF[]" };

	check_value(storm_json("0", 1), "0");
	check_value(storm_json("\"\\u00e9\"", 8), "\"\\u00e9\"");
	check_value(storm_json("[1] and more", 3), "[1]");
	check_value(storm_json("\n [ 1,\n2 ] \t", 12), "[ 1,\n2 ]");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_refused(storm_json(wrong[i], strlen(wrong[i])), -EBADMSG);
	check_refused(storm_json("1\0", 2), -EBADMSG);
}

Test(json_write, refuses_types_that_have_no_value)
{
	check_refused((struct storm_value){ .type = STORM_ARRAY }, -EINVAL);
	check_refused((struct storm_value){ .type = STORM_OBJECT }, -EINVAL);
}
