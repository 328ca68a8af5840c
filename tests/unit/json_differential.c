/*
 * The scanner against jansson: documents made at random, whole and broken, must be accepted by both
 * or by neither, and their values decoded alike.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "protocol/json_scan.h"

#define CASES 150000

static uint64_t state = 42;

static unsigned int chance(unsigned int bound)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 33) % bound;
}

static void add(struct buffer *text, const char *piece)
{
	buffer_append(text, piece, strlen(piece));
}

static void make_space(struct buffer *text)
{
	static const char *const spaces[] = { "", "", "", " ", "\n", "\t", "\r", "  " };

	add(text, spaces[chance(8)]);
}

static void make_string(struct buffer *text)
{
	static const char *const pieces[] = { "a", "word", "end", " ", "\\n", "\\\"", "\\\\", "\\/",
		"\\u0041", "\\u00e9", "\\u20AC", "\\ud83d\\ude00", "\xC3\xA9", "\xE2\x82\xAC",
		"\xF0\x9F\x98\x80", "\x7F", "a longer piece of plain text" };
	/* Now and then what no string may hold. */
	static const char *const wrong[] = { "\\ud800", "\\udc00x", "\\x", "\xC3", "\xFF", "\n",
		"\\u12", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80", "\t" };

	add(text, "\"");
	for (unsigned int i = chance(6); i > 0; i--)
		add(text, pieces[chance(17)]);
	if (chance(60) == 0)
		add(text, wrong[chance(11)]);
	add(text, "\"");
}

static void make_number(struct buffer *text)
{
	static const char *const numbers[] = { "0", "-0", "1", "-17", "2147483648",
		"9223372036854775807", "-9223372036854775808", "0.5", "-1.25e3", "1E-7", "6e+2",
		"123456789.123456789", "1e308", "4.9e-324" };
	static const char *const wrong[] = { "01", "+1", ".5", "1.", "-", "1e", "0x1", "NaN",
		"Infinity" };

	add(text, chance(60) == 0 ? wrong[chance(9)] : numbers[chance(14)]);
}

static void make_value(struct buffer *text, int depth)
{
	static const char *const literals[] = { "null", "true", "false" };
	unsigned int kind = chance(depth > 0 ? 7 : 5);

	make_space(text);
	if (kind < 2) {
		make_string(text);
	} else if (kind < 4) {
		make_number(text);
	} else if (kind == 4) {
		add(text, literals[chance(3)]);
	} else {
		bool object = kind == 5;
		unsigned int count = chance(4);

		add(text, object ? "{" : "[");
		for (unsigned int i = 0; i < count; i++) {
			if (i > 0)
				add(text, ",");
			make_space(text);
			if (object) {
				make_string(text);
				make_space(text);
				add(text, ":");
			}
			make_value(text, depth - 1);
		}
		make_space(text);
		add(text, object ? "}" : "]");
	}
	make_space(text);
}

/* Break a document in one place. */
static void mutate(struct buffer *text)
{
	static const char structure[] = "{}[]:,\"\\ 0-e.tnf\x80\xE2\n";
	size_t place = text->length > 0 ? chance((unsigned int)text->length) : 0;

	if (text->length == 0)
		return;
	switch (chance(4)) {
	case 0:
		text->data[place] = structure[chance(sizeof(structure) - 1)];
		break;
	case 1:
		memmove(text->data + place, text->data + place + 1, text->length - place - 1);
		text->length--;
		break;
	case 2:
		text->length = place;
		break;
	default:
		buffer_append_literal(text, "x");
		memmove(text->data + place + 1, text->data + place, text->length - place - 1);
		text->data[place] = structure[chance(sizeof(structure) - 1)];
		break;
	}
}

static void compare_value(const struct json_text *value, const json_t *expected);

static void compare_members(const struct json_text *value, const json_t *expected)
{
	struct json_scanner scanner = json_scanner(value->text);
	struct json_text key;
	struct json_text member;
	size_t i = 0;

	json_scan_enter(&scanner);
	if (value->type == STORM_ARRAY) {
		for (; json_scan_element(&scanner, i == 0) > 0; i++) {
			cr_assert_eq(json_scan_value(&scanner, &member), 0);
			compare_value(&member, json_array_get(expected, i));
		}
		cr_assert_eq(i, json_array_size(expected));
		return;
	}
	/* jansson keeps the last of equal keys; compare where there are none. */
	for (; json_scan_key(&scanner, i == 0, &key) > 0; i++)
		cr_assert_eq(json_scan_value(&scanner, &member), 0);
	if (i != json_object_size(expected))
		return;
	scanner = json_scanner(value->text);
	json_scan_enter(&scanner);
	for (i = 0; json_scan_key(&scanner, i == 0, &key) > 0; i++) {
		char *name = malloc(key.text.length);
		size_t length = json_decode_string(&key, name);

		cr_assert_eq(json_scan_value(&scanner, &member), 0);
		compare_value(&member, json_object_getn(expected, name, length));
		free(name);
	}
}

static void compare_value(const struct json_text *value, const json_t *expected)
{
	int64_t integer;
	double number;
	char *string;

	switch (value->type) {
	case STORM_NULL:
		cr_assert(json_is_null(expected));
		break;
	case STORM_BOOLEAN:
		cr_assert_eq(value->text.data[0] == 't', json_is_true(expected));
		break;
	case STORM_INTEGER:
		cr_assert(json_is_integer(expected));
		cr_assert_eq(json_decode_integer(value, &integer), 0);
		cr_assert_eq(integer, json_integer_value(expected));
		break;
	case STORM_DOUBLE:
		cr_assert(json_is_real(expected));
		cr_assert_eq(json_decode_double(value, &number), 0);
		cr_assert_eq(memcmp(&number, &(double){ json_real_value(expected) }, 8), 0);
		break;
	case STORM_STRING:
		string = malloc(value->text.length);
		cr_assert_eq(json_decode_string(value, string), json_string_length(expected));
		cr_assert_eq(
			memcmp(string, json_string_value(expected), json_string_length(expected)),
			0);
		cr_assert(json_string_equals(value,
			(struct span){
				json_string_value(expected), json_string_length(expected) }));
		free(string);
		break;
	default:
		cr_assert_eq(value->type == STORM_ARRAY, json_is_array(expected));
		compare_members(value, expected);
	}
}

/* What jansson cannot hold, though it is JSON, is no case: a number out of range. */
static bool is_comparable(const json_error_t *error)
{
	return json_error_code((json_error_t *)error) != json_error_numeric_overflow;
}

Test(json_scan, agrees_with_jansson)
{
	struct buffer text = { 0 };
	int compared = 0;
	int accepted = 0;

	for (int i = 0; i < CASES; i++) {
		struct json_scanner scanner;
		struct json_text value;
		json_error_t error;
		json_t *expected;
		char *copy;
		int err;

		buffer_truncate(&text, 0);
		make_value(&text, 4);
		for (unsigned int times = chance(3); times > 0; times--)
			mutate(&text);
		/* A block of just this size, so that a step too far is seen. */
		copy = malloc(text.length > 0 ? text.length : 1);
		memcpy(copy, text.length > 0 ? text.data : "", text.length);
		expected = json_loadb(copy, text.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
		scanner = json_scanner((struct span){ copy, text.length });
		err = json_scan_document(&scanner, &value);
		if (expected || is_comparable(&error)) {
			cr_assert_eq(err == 0, expected != NULL,
				"%.*s: the scanner says %s at %zu, jansson %s", (int)text.length,
				copy, err == 0 ? "nothing" : scanner.error.what,
				scanner.error.offset, expected ? "nothing" : error.text);
			compared++;
		}
		if (expected) {
			compare_value(&value, expected);
			accepted++;
		}
		json_decref(expected);
		free(copy);
	}
	/* The cases must be of both kinds, and nearly all comparable. */
	cr_assert_gt(compared, CASES * 95 / 100);
	cr_assert_gt(accepted, CASES / 4);
	cr_assert_gt(compared - accepted, CASES / 4);
	buffer_free(&text);
}
