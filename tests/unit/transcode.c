/* From JSON to MessagePack and back. */
#include "protocol/transcode.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "comma_locale.h"
#include "protocol/json_scan.h"
#include "protocol/message.h"
#include "protocol/msgpack.h"

static void check_to_msgpack(struct span json, struct span expected)
{
	struct buffer msgpack = { 0 };
	struct wire_error error = { 0, NULL };

	cr_assert_eq(transcode_to_msgpack(json, &msgpack, &error), 0, "%s: %s at byte %zu",
		json.data, error.what, error.offset);
	cr_assert(span_equals(buffer_span(&msgpack), expected), "%s", json.data);
	buffer_free(&msgpack);
}

static void check_to_json(struct span msgpack, const char *expected)
{
	struct buffer json = { 0 };

	cr_assert_eq(transcode_to_json(msgpack, &json), 0, "no %s", expected);
	cr_assert_str_eq(buffer_text(&json), expected);
	buffer_free(&json);
}

/* To MessagePack and back: the same text, or the one that is given. */
static void check_there_and_back(const char *json, const char *expected)
{
	struct buffer msgpack = { 0 };
	struct msgpack_scanner scanner;
	struct encoded value;

	cr_assert_eq(transcode_to_msgpack(span_of(json), &msgpack, NULL), 0, "%s", json);
	scanner = msgpack_scanner(buffer_span(&msgpack));
	cr_assert_eq(msgpack_scan_value(&scanner, &value), 0, "%s", json);
	cr_assert_eq(scanner.at, scanner.end);
	check_to_json(value.text, expected ? expected : json);
	buffer_free(&msgpack);
}

Test(transcode, there_and_back)
{
	static const char *const texts[] = { "null", "true", "false", "0", "-1", "\"\"", "\"text\"",
		"[]", "{}", "[[]]", "[{}]", "{\"\":{}}", "[1,2,3]", "[[1],[[2]],[]]",
		"{\"a\":1,\"b\":[true,null,{\"c\":\"d\"}],\"e\":{}}",
		"[{\"a\":[]},{\"a\":[{}]},\"\",0]", "{\"a\":{\"a\":{\"a\":{\"a\":[[[[0]]]]}}}}",
		"{\"k\":1,\"k\":2}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_there_and_back(texts[i], NULL);
}

Test(transcode, leaves_white_space_out)
{
	check_there_and_back(" \t\n\r null ", "null");
	check_there_and_back(" [ 1 ,\n{ \"a\" : [ ] , \"b\":2 } ] ", "[1,{\"a\":[],\"b\":2}]");
}

Test(transcode, goes_behind_what_is_there)
{
	struct buffer text = { 0 };

	buffer_append_literal(&text, "before ");
	cr_assert_eq(transcode_to_json(SPAN("\x92\x01\x81\xA1k\xC0"), &text), 0);
	cr_assert_str_eq(buffer_text(&text), "before [1,{\"k\":null}]");
	buffer_truncate(&text, 7);
	cr_assert_eq(transcode_to_msgpack(SPAN("[[1,2],{}]"), &text, NULL), 0);
	cr_assert(span_equals(
		buffer_span(&text), SPAN("before \xDD\0\0\0\2\xDD\0\0\0\2\1\2\xDF\0\0\0\0")));
	buffer_free(&text);
}

/* Counts of lists are not known before their end, and more than a byte of them counts. */
Test(transcode, lists_of_many_values)
{
	struct buffer json = { 0 };
	struct buffer msgpack = { 0 };
	struct msgpack_header header;

	for (size_t i = 0; i < 70000; i++)
		buffer_append_literal(&json, ",7");
	json.data[0] = '[';
	buffer_append_literal(&json, "]");
	cr_assert_eq(transcode_to_msgpack(buffer_span(&json), &msgpack, NULL), 0);
	cr_assert_eq(msgpack_read_header(msgpack.data, msgpack.data + msgpack.length, &header), 1);
	cr_assert_eq(header.children, 70000);
	check_there_and_back(buffer_text(&json), NULL);
	buffer_free(&json);
	buffer_free(&msgpack);
}

/* Numbers */

Test(transcode, integers_of_64_bits_stay_what_they_are)
{
	static const char *const texts[] = { "127", "128", "-32", "-33", "255", "256", "-128",
		"-129", "65535", "65536", "2147483647", "2147483648", "-2147483648", "-2147483649",
		"9007199254740993", "9223372036854775807", "-9223372036854775808" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_there_and_back(texts[i], NULL);
	check_to_msgpack(SPAN("-0"), SPAN("\0"));
}

/* Ours do not write such, but others may. */
Test(transcode, integers_without_a_sign_too)
{
	check_to_json(SPAN("\xCF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), "9223372036854775807");
	check_to_json(SPAN("\xCF\x80\0\0\0\0\0\0\0"), "9223372036854775808");
	check_to_json(SPAN("\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), "18446744073709551615");
	check_to_json(SPAN("\xCC\xFF"), "255");
	check_to_json(SPAN("\xD0\xFF"), "-1");
}

Test(transcode, integers_without_a_sign_stay_exact)
{
	check_there_and_back("9223372036854775808", "9223372036854775808");
	check_there_and_back("18446744073709551615", "18446744073709551615");
}

Test(transcode, larger_integers_become_doubles)
{
	check_to_msgpack(SPAN("18446744073709551616"), SPAN("\xCB\x43\xF0\0\0\0\0\0\0"));
	check_to_msgpack(SPAN("-9223372036854775809"), SPAN("\xCB\xC3\xE0\0\0\0\0\0\0"));
	check_there_and_back("100000000000000000000000", "1e+23");
}

Test(transcode, doubles_stay_what_they_are)
{
	static const char *const texts[] = { "0.0", "-0.0", "1.0", "-2.5", "0.1", "1e+300",
		"4.94065645841247e-324", "1.7976931348623157e+308", "0.30000000000000004",
		"1e-05" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_there_and_back(texts[i], NULL);
	check_there_and_back("1E2", "100.0");
	check_there_and_back("1e-400", "0.0");
	check_to_json(SPAN("\xCA\x3F\xC0\0\0"), "1.5");
}

Test(transcode, does_not_heed_the_locale)
{
	comma_locale_set();
	check_to_msgpack(SPAN("[0.5]"), SPAN("\xDD\0\0\0\1\xCB\x3F\xE0\0\0\0\0\0\0"));
	check_there_and_back("[0.5,1e-05]", NULL);
}

Test(transcode, numbers_that_no_double_holds_are_refused)
{
	static const char *const texts[] = { "1e309", "-1e309", "[1,1e999]", "{\"k\":2e308}" };
	char integer[401];
	struct buffer msgpack = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(transcode_to_msgpack(span_of(texts[i]), &msgpack, NULL), -EDOM);
	memset(integer, '9', 400);
	cr_assert_eq(transcode_to_msgpack((struct span){ integer, 400 }, &msgpack, NULL), -EDOM);
	buffer_free(&msgpack);
}

Test(transcode, numbers_that_json_has_not_are_refused)
{
	static const struct span texts[] = { { "\xCB\x7F\xF8\0\0\0\0\0\0", 9 },
		{ "\xCB\x7F\xF0\0\0\0\0\0\0", 9 }, { "\xCB\xFF\xF0\0\0\0\0\0\0", 9 },
		{ "\xCA\x7F\xC0\0\0", 5 }, { "\xCA\xFF\x80\0\0", 5 },
		{ "\x92\x01\xCA\x7F\x80\0\0", 7 }, { "\x81\xA1k\xCA\x7F\x80\0\0", 8 },
		{ "\x81\xCA\x7F\x80\0\0\x01", 7 } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buffer json = { 0 };

		cr_assert_eq(transcode_to_json(texts[i], &json), -EDOM, "%zu", i);
		buffer_free(&json);
	}
}

/* Strings, binary data, keys */

Test(transcode, strings_lose_their_escapes)
{
	check_to_msgpack(SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), SPAN("\xA8\"\\/\b\f\n\r\t"));
	check_to_msgpack(SPAN("\"a\\u0000b\""),
		SPAN("\xA3"
		     "a\0b"));
	check_to_msgpack(SPAN("\"\\u00e9\\u20AC\\ud83d\\udC18\""),
		SPAN("\xA9\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x98"));
	check_to_msgpack(SPAN("{\"\\u006b\\n\":\"\"}"), SPAN("\xDF\0\0\0\1\xA2k\n\xA0"));
	check_there_and_back("\"\\u00e9 \\/ \\u001f \\ud83d\\udc18\"",
		"\"\xC3\xA9 / \\u001f \xF0\x9F\x90\x98\"");
	check_there_and_back("{\"\\\"\":\"\\\\\"}", NULL);
}

/* A string that is decoded may need a shorter header than its text does. */
Test(transcode, strings_of_every_form)
{
	static const size_t lengths[] = { 31, 32, 255, 256, 65535, 65536 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct buffer plain = { 0 };
		struct buffer escaped = { 0 };

		buffer_append_literal(&plain, "\"");
		buffer_append_literal(&escaped, "\"");
		for (size_t j = 0; j < lengths[i]; j++) {
			buffer_append_literal(&plain, "x");
			buffer_append_literal(&escaped, "\\u0078");
		}
		buffer_append_literal(&plain, "\"");
		buffer_append_literal(&escaped, "\"");
		check_there_and_back(buffer_text(&plain), NULL);
		check_there_and_back(buffer_text(&escaped), buffer_text(&plain));
		buffer_free(&plain);
		buffer_free(&escaped);
	}
}

Test(transcode, binary_data_becomes_base64)
{
	check_to_json(SPAN("\xC4\0"), "\"\"");
	check_to_json(SPAN("\xC4\x01\xFF"), "\"/w==\"");
	check_to_json(SPAN("\xC5\0\3\x80\x91\xC1"), "\"gJHB\"");
	check_to_json(SPAN("\x92\xC6\0\0\0\2hi\xA1x"), "[\"aGk=\",\"x\"]");
}

Test(transcode, keys_become_strings)
{
	check_to_json(SPAN("\x88\xA1k\1\x04\2\xFF\3\xC0\4\xC3\5\xC2\6\xCB\x3F\xF8\0\0\0\0\0\0\7"
			   "\xC4\1\xFF\x08"),
		"{\"k\":1,\"4\":2,\"-1\":3,\"null\":4,\"true\":5,\"false\":6,\"1.5\":7,\"/w==\":8}");
	check_to_json(SPAN("\x81\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xC0"),
		"{\"18446744073709551615\":null}");
	/* In the right order, whatever the values are. */
	check_to_json(SPAN("\x83\1\x91\1\2\x82\1\2\3\4\3\x80"),
		"{\"1\":[1],\"2\":{\"1\":2,\"3\":4},\"3\":{}}");
}

Test(transcode, keys_that_are_lists_are_refused)
{
	static const struct span texts[] = { { "\x81\x90\x01", 3 }, { "\x81\x80\x01", 3 },
		{ "\x81\x91\x01\x01", 4 }, { "\x91\x82\1\1\x81\1\1\1", 8 } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buffer json = { 0 };

		cr_assert_eq(transcode_to_json(texts[i], &json), -EDOM, "%zu", i);
		buffer_free(&json);
	}
}

/* Errors */

static void check_invalid(const char *json, size_t offset, const char *what)
{
	struct buffer msgpack = { 0 };
	struct wire_error error = { 0, NULL };

	cr_assert_eq(transcode_to_msgpack(span_of(json), &msgpack, &error), -EBADMSG, "passes: %s",
		json);
	cr_assert_str_eq(error.what, what, "%s", json);
	cr_assert_eq(error.offset, offset, "%s: at byte %zu", json, error.offset);
	cr_assert_eq(transcode_to_msgpack(span_of(json), &msgpack, NULL), -EBADMSG);
	buffer_free(&msgpack);
}

Test(transcode, says_where_it_is_no_json)
{
	check_invalid("", 0, "expected a value");
	check_invalid("[", 1, "expected a value");
	check_invalid("[1", 2, "expected , or ]");
	check_invalid("[1,]", 3, "expected a value");
	check_invalid("[1]]", 3, "something follows the value");
	check_invalid("1 2", 2, "something follows the value");
	check_invalid("{", 1, "expected a key in quotes");
	check_invalid("{\"a\"}", 4, "expected :");
	check_invalid("{\"a\":}", 5, "expected a value");
	check_invalid("{\"a\":1,}", 7, "expected a key in quotes");
	check_invalid("{1:2}", 1, "expected a key in quotes");
	check_invalid("[}", 1, "expected a value");
	check_invalid("{]", 1, "expected a key in quotes");
	check_invalid("[\"\\ud800\"]", 2, "a high surrogate without a low one");
	check_invalid("{\"\xFF\":1}", 2, "not UTF-8");
	check_invalid("01", 1, "a number with a leading zero");
	check_invalid("NaN", 0, "expected a value");
	check_invalid("-Infinity", 1, "expected a digit");
}

/* Nesting */

static void write_nested(struct buffer *text, size_t depth, const char *outer, const char *inner)
{
	buffer_truncate(text, 0);
	for (size_t i = 0; i < depth; i++)
		buffer_append_span(text, span_of(outer));
	buffer_append_span(text, span_of(inner));
}

Test(transcode, may_be_nested_so_deep)
{
	struct buffer json = { 0 };
	struct buffer msgpack = { 0 };
	struct buffer again = { 0 };
	struct wire_error error = { 0, NULL };

	write_nested(&json, JSON_DEPTH, "[", "");
	for (size_t i = 0; i < JSON_DEPTH; i++)
		buffer_append_literal(&json, "]");
	cr_assert_eq(transcode_to_msgpack(buffer_span(&json), &msgpack, NULL), 0);
	cr_assert_eq(transcode_to_json(buffer_span(&msgpack), &again), 0);
	cr_assert(span_equals(buffer_span(&again), buffer_span(&json)));

	write_nested(&json, JSON_DEPTH, "{\"k\":", "[");
	cr_assert_eq(transcode_to_msgpack(buffer_span(&json), &msgpack, &error), -EBADMSG);
	cr_assert_str_eq(error.what, "nested too deep");
	cr_assert_eq(error.offset, 5 * JSON_DEPTH);
	buffer_free(&json);
	buffer_free(&msgpack);
	buffer_free(&again);
}

/* What becomes of a message with a value that is nested so deep, in the list or map of a head. */
static int transcode_message(struct span head, size_t depth, struct span inner)
{
	struct buffer frame = { 0 };
	struct buffer json = { 0 };
	struct message message = { 0 };
	struct wire_error error;
	int err;

	buffer_append_span(&frame, head);
	for (size_t i = 0; i < depth; i++)
		buffer_append_literal(&frame, "\x91");
	buffer_append_span(&frame, inner);
	cr_assert_eq(message_scan(&message, WIRE_MSGPACK, buffer_span(&frame), &error), 0);
	err = transcode_to_json(buffer_span(&frame), &json);
	message_free(&message);
	buffer_free(&frame);
	buffer_free(&json);
	return err;
}

/* Each value of a message may be nested so deep, so a whole message is a little deeper. */
Test(transcode, messages_that_are_nested_deeper_are_refused)
{
	const struct span conf = SPAN("\x81\xA4"
				      "conf");
	const struct span tuple = SPAN("\x81\xA5"
				       "tuple\x91");
	const struct span inners[] = { SPAN("\x90"), SPAN("\x80"), SPAN("\x91\x01"),
		SPAN("\x81\1\1"), SPAN("\x91\xA0") };

	for (size_t i = 0; i < sizeof(inners) / sizeof(inners[0]); i++) {
		cr_assert_eq(transcode_message(conf, MSGPACK_DEPTH - 2, inners[i]), 0);
		cr_assert_eq(transcode_message(conf, MSGPACK_DEPTH - 1, inners[i]), -EBADMSG);
		cr_assert_eq(transcode_message(tuple, MSGPACK_DEPTH - 3, inners[i]), 0);
		cr_assert_eq(transcode_message(tuple, MSGPACK_DEPTH - 2, inners[i]), -EBADMSG);
		cr_assert_eq(transcode_message(tuple, MSGPACK_DEPTH - 1, inners[i]), -EBADMSG);
	}
}
