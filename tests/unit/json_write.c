/* Writing JSON. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "protocol/json_write.h"

static void check_string(struct span contents, const char *expected)
{
	struct buffer buffer = { 0 };

	cr_expect_eq(json_write_string(&buffer, contents), 0);
	cr_expect_str_eq(buffer_text(&buffer), expected);
	buffer_free(&buffer);
}

Test(json_write, writes_strings)
{
	check_string(SPAN(""), "\"\"");
	check_string(SPAN("a \"word\" \\ /"), "\"a \\\"word\\\" \\\\ /\"");
	check_string(SPAN("\b\t\n\v\f\r\x1B"), "\"\\b\\t\\n\\u000b\\f\\r\\u001b\"");
	check_string(SPAN("a\0b"), "\"a\\u0000b\"");
	check_string(SPAN("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
		"\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

Test(json_write, writes_every_byte_so_that_jansson_reads_it_back)
{
	for (int c = 0; c < 128; c++) {
		char contents[3] = { 'x', (char)c, 'y' };
		struct buffer buffer = { 0 };
		json_t *value;

		cr_assert_eq(json_write_string(&buffer, (struct span){ contents, 3 }), 0);
		value = json_loadb(
			buffer.data, buffer.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		cr_assert_not_null(value, "byte %d", c);
		cr_assert_eq(json_string_length(value), 3);
		cr_assert_eq(memcmp(json_string_value(value), contents, 3), 0);
		json_decref(value);
		buffer_free(&buffer);
	}
}

Test(json_write, refuses_what_is_not_utf8_and_leaves_the_buffer)
{
	static const char *const invalid[] = { "\xFF", "ok\xC3", "\xED\xA0\x80", "a\x80z" };

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		struct buffer buffer = { 0 };

		buffer_append_literal(&buffer, "before");
		cr_assert_eq(json_write_string(&buffer, span_of(invalid[i])), -EILSEQ);
		cr_assert_str_eq(buffer_text(&buffer), "before");
		buffer_free(&buffer);
	}
}

Test(json_write, replaces_what_is_not_utf8_where_that_is_asked_for)
{
	struct buffer buffer = { 0 };

	json_write_string_lossy(&buffer, SPAN("caf\xE9 \xE2\x82!"));
	cr_assert_str_eq(buffer_text(&buffer), "\"caf\xEF\xBF\xBD \xEF\xBF\xBD!\"");
	buffer_free(&buffer);
}

static void check_double(double number, const char *expected)
{
	struct buffer buffer = { 0 };

	cr_expect_eq(json_write_double(&buffer, number), 0);
	cr_expect_str_eq(buffer_text(&buffer), expected);
	buffer_free(&buffer);
}

Test(json_write, writes_doubles_that_never_read_as_integers)
{
	check_double(0, "0.0");
	check_double(-0.0, "-0.0");
	check_double(1, "1.0");
	check_double(0.1, "0.1");
	check_double(-2.5, "-2.5");
	check_double(1e21, "1e+21");
	check_double(123456789012, "123456789012.0");
}

Test(json_write, writes_doubles_that_read_back_the_same)
{
	srand(5);
	for (int i = 0; i < 100000; i++) {
		struct buffer buffer = { 0 };
		uint64_t bits = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
		double number;
		json_t *value;

		memcpy(&number, &bits, sizeof(number));
		if (!isfinite(number)) {
			cr_assert_eq(json_write_double(&buffer, number), -EDOM);
			continue;
		}
		cr_assert_eq(json_write_double(&buffer, number), 0);
		value = json_loadb(buffer.data, buffer.length, JSON_DECODE_ANY, NULL);
		cr_assert(json_is_real(value), "%s", buffer_text(&buffer));
		cr_assert_eq(json_real_value(value), number);
		json_decref(value);
		buffer_free(&buffer);
	}
}

Test(json_write, refuses_what_json_has_no_number_for)
{
	struct buffer buffer = { 0 };

	cr_assert_eq(json_write_double(&buffer, NAN), -EDOM);
	cr_assert_eq(json_write_double(&buffer, INFINITY), -EDOM);
	cr_assert_eq(json_write_double(&buffer, -INFINITY), -EDOM);
	cr_assert_eq(buffer.length, 0);
}

Test(json_write, has_a_dot_in_every_locale)
{
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
		cr_skip_test("no locale with a decimal comma is installed");
	check_double(0.5, "0.5");
}

Test(json_write, writes_values)
{
	struct storm_value values[] = { storm_null(), storm_boolean(true), storm_boolean(false),
		storm_integer(INT64_MIN), storm_double(0.5), storm_text("word"),
		storm_string("words", 4), storm_json(" {\"a\": [1]} ", 12) };
	struct buffer buffer = { 0 };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		cr_assert_eq(json_write_value(&buffer, &values[i]), 0);
		buffer_append_literal(&buffer, ";");
	}
	cr_assert_str_eq(buffer_text(&buffer),
		"null;true;false;-9223372036854775808;0.5;\"word\";\"word\";{\"a\": [1]};");
	buffer_free(&buffer);
}

Test(json_write, refuses_json_text_that_is_none)
{
	struct storm_value values[] = { storm_json("{", 1), storm_json("1 2", 3), storm_json("", 0),
		storm_json("\"\xFF\"", 3) };
	struct buffer buffer = { 0 };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		cr_assert_eq(json_write_value(&buffer, &values[i]), -EBADMSG);
	cr_assert_eq(buffer.length, 0);
}
