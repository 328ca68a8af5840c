/* The JSON scanner: the cases are files, those that are invalid with the expected error beside. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/json_scan.h"

/* Read a file into a block of just its size, so that a step too far is seen. */
static struct span read_file(const char *directory, const char *name)
{
	char path[4096];
	struct span text = { NULL, 0 };
	char *data;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	cr_assert_not_null(file, "%s", path);
	fseek(file, 0, SEEK_END);
	text.length = (size_t)ftell(file);
	rewind(file);
	data = malloc(text.length > 0 ? text.length : 1);
	cr_assert_eq(fread(data, 1, text.length, file), text.length);
	fclose(file);
	text.data = data;
	return text;
}

/* Call a check for each .json file of a folder. */
static void for_each(const char *directory, void (*check)(const char *directory, const char *name))
{
	DIR *folder = opendir(directory);
	const struct dirent *entry;
	int count = 0;

	cr_assert_not_null(folder, "%s", directory);
	while ((entry = readdir(folder))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (dot && strcmp(dot, ".json") == 0) {
			check(directory, entry->d_name);
			count++;
		}
	}
	closedir(folder);
	cr_assert_gt(count, 20);
}

static int scan(struct span text, struct json_error *error)
{
	struct json_scanner scanner = json_scanner(text);
	struct json_text value;
	int err = json_scan_document(&scanner, &value);

	*error = scanner.error;
	return err;
}

static void check_valid(const char *directory, const char *name)
{
	struct span text = read_file(directory, name);
	struct json_error error;

	cr_expect_eq(scan(text, &error), 0, "%s: byte %zu: %s", name, error.offset, error.what);
	free((char *)text.data);
}

static void check_invalid(const char *directory, const char *name)
{
	struct span text = read_file(directory, name);
	struct json_error error;
	char expected_name[256];
	char said[256];
	struct span expected;

	snprintf(expected_name, sizeof(expected_name), "%.*s.error",
		(int)(strrchr(name, '.') - name), name);
	expected = read_file(directory, expected_name);
	cr_expect_eq(scan(text, &error), -EBADMSG, "%s passes", name);
	snprintf(said, sizeof(said), "%zu %s\n", error.offset, error.what);
	cr_expect(span_equals(span_of(said), expected), "%s: said %s expected %.*s", name, said,
		(int)expected.length, expected.data);
	free((char *)text.data);
	free((char *)expected.data);
}

Test(json_scan, accepts_what_is_valid)
{
	for_each(DATA_DIRECTORY "/json/valid", check_valid);
}

Test(json_scan, says_where_and_why_the_rest_is_not)
{
	for_each(DATA_DIRECTORY "/json/invalid", check_invalid);
}

/* Every cut of a valid document is an error, and is read no further than it goes. */
Test(json_scan, refuses_every_beginning_of_a_document)
{
	static const char document[] =
		"{\"k\\u00e9y\":[1,-2.5e+10,true,false,null,\"\\ud83d\\ude00 \xE2\x82\xAC\"],\"o\":{}}";

	for (size_t length = 0; length < sizeof(document) - 1; length++) {
		char *copy = malloc(length > 0 ? length : 1);
		struct json_error error;

		memcpy(copy, document, length);
		cr_assert_eq(scan((struct span){ copy, length }, &error), -EBADMSG);
		cr_assert_leq(error.offset, length);
		free(copy);
	}
}

static struct json_text scan_text(const char *text)
{
	struct json_scanner scanner = json_scanner(span_of(text));
	struct json_text value;

	cr_assert_eq(json_scan_document(&scanner, &value), 0, "%s", text);
	return value;
}

static void check_string(const char *text, struct span expected)
{
	struct json_text value = scan_text(text);
	char *out = malloc(value.text.length);
	struct span decoded = { out, json_decode_string(&value, out) };

	cr_expect(span_equals(decoded, expected), "%s", text);
	cr_expect(json_string_equals(&value, expected), "%s", text);
	cr_expect(!json_string_equals(&value, SPAN("something else")), "%s", text);
	free(out);
}

Test(json_scan, decodes_strings)
{
	check_string("\"\"", SPAN(""));
	check_string("\"plain\"", SPAN("plain"));
	check_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", SPAN("\"\\/\b\f\n\r\t"));
	check_string("\"a\\u0000b\"", SPAN("a\0b"));
	check_string("\"\\u0041\\u00E9\\u20ac\\ud83d\\uDE00.\"",
		SPAN("A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80."));
	check_string("\"\\uDBFF\\uDFFF\"", SPAN("\xF4\x8F\xBF\xBF"));
}

Test(json_scan, compares_strings_to_the_last_byte)
{
	struct json_text value = scan_text("\"a\\u0062c\"");

	cr_assert(json_string_equals(&value, SPAN("abc")));
	cr_assert(!json_string_equals(&value, SPAN("ab")));
	cr_assert(!json_string_equals(&value, SPAN("abcd")));
	value = scan_text("5");
	cr_assert(!json_string_equals(&value, SPAN("5")));
}

static void check_integer(const char *text, int err, int64_t expected)
{
	struct json_text value = scan_text(text);
	int64_t integer = 0;

	cr_expect_eq(value.type, STORM_INTEGER);
	cr_expect_eq(json_decode_integer(&value, &integer), err, "%s", text);
	cr_expect_eq(integer, expected, "%s", text);
}

Test(json_scan, decodes_64_bit_integers_without_loss)
{
	check_integer("0", 0, 0);
	check_integer("-0", 0, 0);
	check_integer("9223372036854775807", 0, INT64_MAX);
	check_integer("-9223372036854775808", 0, INT64_MIN);
	check_integer("9223372036854775808", -ERANGE, 0);
	check_integer("-9223372036854775809", -ERANGE, 0);
	check_integer("99999999999999999999999999", -ERANGE, 0);
	check_integer("9007199254740993", 0, 9007199254740993);
}

Test(json_scan, decodes_doubles)
{
	struct json_text value;
	char digits[400] = "0.";
	double number;

	value = scan_text("-2.5e-3");
	cr_assert_eq(json_decode_double(&value, &number), 0);
	cr_assert_eq(number, -2.5e-3);
	value = scan_text("1e400");
	cr_assert_eq(json_decode_double(&value, &number), -ERANGE);
	memset(digits + 2, '1', sizeof(digits) - 3);
	value = scan_text(digits);
	cr_assert_eq(json_decode_double(&value, &number), 0);
	cr_assert_eq(number, 1.0 / 9);
}

Test(json_scan, walks_objects_and_arrays)
{
	struct json_scanner scanner = json_scanner(SPAN(" { \"a\" : [ 1 , \"x\" ] , \"b\":{ } } "));
	struct json_text key;
	struct json_text value;

	cr_assert_eq(json_scan_peek(&scanner), '{');
	json_scan_enter(&scanner);
	cr_assert_eq(json_scan_key(&scanner, true, &key), 1);
	cr_assert(json_string_equals(&key, SPAN("a")));
	cr_assert_eq(json_scan_peek(&scanner), '[');
	json_scan_enter(&scanner);
	cr_assert_eq(json_scan_element(&scanner, true), 1);
	cr_assert_eq(json_scan_value(&scanner, &value), 0);
	cr_assert(span_equals(value.text, SPAN("1")));
	cr_assert_eq(json_scan_element(&scanner, false), 1);
	cr_assert_eq(json_scan_value(&scanner, &value), 0);
	cr_assert(span_equals(value.text, SPAN("\"x\"")));
	cr_assert_eq(json_scan_element(&scanner, false), 0);
	cr_assert_eq(json_scan_key(&scanner, false, &key), 1);
	cr_assert_eq(json_scan_value(&scanner, &value), 0);
	cr_assert(span_equals(value.text, SPAN("{ }")));
	cr_assert_eq(json_scan_key(&scanner, false, &key), 0);
	cr_assert_eq(json_scan_end(&scanner), 0);
}
