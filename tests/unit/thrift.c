/* Thrift's binary protocol, between JSON and the wire. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "cluster/calls.h"

#define BYTES(literal) ((struct span){ literal, sizeof(literal) - 1 })

static struct buffer written(const struct thrift_type *type, json_t *value)
{
	struct buffer out = { 0 };

	cr_assert(value);
	cr_assert_eq(thrift_write(&out, value, type), 0);
	json_decref(value);
	return out;
}

static void expect_bytes(const struct thrift_type *type, json_t *value, struct span expected)
{
	struct buffer out = written(type, value);

	cr_assert_eq(out.length, expected.length, "%zu bytes", out.length);
	cr_assert_arr_eq(out.data, expected.data, expected.length);
	buffer_free(&out);
}

static json_t *read_all(const struct thrift_type *type, struct span text)
{
	json_t *value = NULL;

	cr_assert_eq(thrift_read(&text, type, &value), 0);
	cr_assert_eq(text.length, 0);
	return value;
}

Test(thrift, a_call_is_as_thrift_has_it)
{
	json_t *arguments = json_pack("{s:s}", "name", "words");
	struct buffer out = { 0 };

	thrift_begin_call(&out, "activate", 7);
	cr_assert_eq(thrift_write(&out, arguments, nimbus_activate.arguments), 0);
	cr_assert(span_equals(buffer_span(&out),
		BYTES("\x80\x01\x00\x01\x00\x00\x00\x08"
		      "activate\x00\x00\x00\x07"
		      "\x0B\x00\x01\x00\x00\x00\x05words\x00")));
	json_decref(arguments);
	buffer_free(&out);
}

Test(thrift, numbers_have_the_most_significant_byte_first)
{
	expect_bytes(&thrift_i32, json_integer(-2), BYTES("\xFF\xFF\xFF\xFE"));
	expect_bytes(&thrift_i64, json_integer(258), BYTES("\0\0\0\0\0\0\x01\x02"));
	expect_bytes(&thrift_double, json_real(1.0), BYTES("\x3F\xF0\0\0\0\0\0\0"));
	expect_bytes(&thrift_double, json_integer(1), BYTES("\x3F\xF0\0\0\0\0\0\0"));
	expect_bytes(&thrift_bool, json_true(), BYTES("\x01"));
}

Test(thrift, a_map_with_structs_for_keys_is_a_list_of_pairs)
{
	const struct thrift_type *topology = nimbus_submit.arguments->fields[3].type;
	json_t *value = json_pack(
		"{s:{}, s:{s:{s:{s:{s:s, s:s}}, s:{s:[[{s:s, s:s}, {s:[s]}], [{s:s, s:s}, {s:{}}]], "
		"s:{s:{s:[s], s:b}}, s:i, s:s}}}, s:{}}",
		"spouts", "bolts", "count", "bolt_object", "shell", "execution_command", "sh",
		"script", "x", "common", "inputs", "componentId", "split", "streamId", "default",
		"fields", "word", "componentId", "lines", "streamId", "default", "all", "streams",
		"default", "output_fields", "word", "direct", 0, "parallelism_hint", 3, "json_conf",
		"{}", "state_spouts");
	struct buffer out = written(topology, json_incref(value));
	json_t *again = read_all(topology, buffer_span(&out));

	cr_assert(json_equal(value, again));
	json_decref(value);
	json_decref(again);
	buffer_free(&out);
}

Test(thrift, what_is_of_another_type_is_refused)
{
	const struct {
		const struct thrift_type *type;
		const char *json;
	} values[] = {
		{ &thrift_string, "1" },
		{ &thrift_i32, "\"1\"" },
		{ &thrift_i32, "2147483648" },
		{ &thrift_bool, "1" },
		{ &thrift_double, "\"x\"" },
		{ nimbus_activate.arguments, "[]" },
		{ nimbus_activate.arguments, "{\"name\": 1}" },
		{ nimbus_submit.arguments, "{\"topology\": {\"spouts\": []}}" },
		{ nimbus_submit.arguments,
			"{\"topology\": {\"bolts\": {\"a\": {\"common\": {\"inputs\": {}}}}}}" },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		json_t *value = json_loads(values[i].json, JSON_DECODE_ANY, NULL);
		struct buffer out = { 0 };

		cr_assert_eq(thrift_write(&out, value, values[i].type), -EINVAL, "%zu", i);
		json_decref(value);
		buffer_free(&out);
	}
}

Test(thrift, fields_that_are_not_known_are_skipped)
{
	json_t *value = read_all(nimbus_get_leader.result,
		BYTES("\x0C\0\0" /* success */
		      "\x0B\0\x01\0\0\0\x01h" /* the host */
		      "\x0D\0\x63\x0B\x0F\0\0\0\x01\0\0\0\x01k\x04\0\0\0\x01\0\0\0\0\0\0\0\0" /* a map of lists */
		      "\x0E\0\x62\x0C\0\0\0\x01\x06\0\x01\0\x07\0" /* a set of structs */
		      "\x08\0\x02\0\0\0\x05" /* the port */
		      "\x0A\0\x03\0\0\0\0\0\0\0\x01" /* uptime_secs, but of another type */
		      "\0\0"));
	json_t *expected = json_pack("{s:{s:s, s:i}}", "success", "host", "h", "port", 5);

	cr_assert(json_equal(value, expected));
	json_decref(value);
	json_decref(expected);
}

Test(thrift, strings_become_utf8)
{
	json_t *value = read_all(&thrift_string,
		BYTES("\0\0\0\x05"
		      "a\xFF\0\xC3\xA4"));

	cr_assert_str_eq(json_string_value(value), "a\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA4");
	json_decref(value);
}

/* Every beginning of an answer is none. */
Test(thrift, what_is_cut_off_is_refused)
{
	static const char text[] =
		"\x0F\0\0\x0C\0\0\0\x01\x0B\0\x01\0\0\0\x02id\x08\0\x03\0\0\0\x01\0\0";

	for (size_t length = 0; length < sizeof(text) - 1; length++) {
		char *copy = malloc(length + 1);
		struct span part = { copy, length };
		json_t *value = NULL;

		memcpy(copy, text, length);
		cr_assert_eq(thrift_read(&part, nimbus_get_topologies.result, &value), -EBADMSG,
			"%zu bytes", length);
		cr_assert_null(value);
		free(copy);
	}
	json_decref(read_all(nimbus_get_topologies.result, BYTES(text)));
}

Test(thrift, sizes_that_cannot_be_are_refused)
{
	const struct span texts[] = { BYTES("\x0F\0\0\x0C\x7F\xFF\xFF\xFF\0"),
		BYTES("\x0F\0\0\x0C\xFF\xFF\xFF\xFF\0"), BYTES("\x0F\0\0\x08\0\0\0\x01\0\0\0\0\0"),
		BYTES("\x0B\0\x09\x80\0\0\0") };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct span text = texts[i];
		json_t *value = NULL;

		cr_assert_eq(thrift_read(&text, nimbus_get_topologies.result, &value), -EBADMSG,
			"%zu", i);
	}
}

Test(thrift, depth_has_an_end)
{
	struct buffer text = { 0 };
	json_t *value = NULL;
	struct span span;

	for (int i = 0; i < 100000; i++)
		buffer_append_literal(&text, "\x0C\0\x63");
	span = buffer_span(&text);
	cr_assert_eq(thrift_read(&span, nimbus_get_leader.result, &value), -EBADMSG);
	buffer_free(&text);
}

Test(thrift, replies)
{
	struct span text = BYTES("\x80\x01\0\x02\0\0\0\x01x\0\0\0\x09rest");
	struct span old = BYTES("\0\0\0\x01x\x02\0\0\0\x09");
	enum thrift_message message;
	struct span name;
	int32_t sequence;

	cr_assert_eq(thrift_read_reply(&text, &message, &name, &sequence), 0);
	cr_assert_eq(message, THRIFT_REPLY);
	cr_assert(span_equals(name, BYTES("x")));
	cr_assert_eq(sequence, 9);
	cr_assert(span_equals(text, BYTES("rest")));
	cr_assert_eq(thrift_read_reply(&old, &message, &name, &sequence), -EBADMSG);
}

Test(thrift, bytes_are_base64_in_json)
{
	struct span bytes = BYTES("\x00\x00\x00\x03\x00\xFF\x80");
	json_t *value = read_all(&thrift_base64, bytes);

	cr_assert_str_eq(json_string_value(value), "AP+A");
	expect_bytes(&thrift_base64, value, bytes);
	value = read_all(&thrift_base64, BYTES("\0\0\0\0"));
	cr_assert_str_eq(json_string_value(value), "");
	json_decref(value);
}

Test(thrift, what_is_not_base64_is_refused)
{
	struct buffer out = { 0 };
	json_t *value = json_string("A");

	cr_assert_eq(thrift_write(&out, value, &thrift_base64), -EINVAL);
	json_decref(value);
	value = json_integer(1);
	cr_assert_eq(thrift_write(&out, value, &thrift_base64), -EINVAL);
	json_decref(value);
	buffer_free(&out);
}
