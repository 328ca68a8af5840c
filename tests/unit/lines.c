/* The wire of lines: its frames, its tuples, and values as text. */
#include <criterion/criterion.h>
#include <errno.h>

#include "protocol/frame.h"
#include "protocol/json_scan.h"
#include "protocol/message.h"
#include "protocol/msgpack.h"
#include "protocol/write.h"
#include "random.h"

static void scan(struct message *message, struct span line)
{
	struct wire_error error;
	int err = message_scan(message, WIRE_LINES, line, &error);

	cr_assert_eq(err, 0, "%.*s: %s at byte %zu", (int)line.length, line.data, error.what,
		error.offset);
}

static void check_error(struct span line, size_t offset, const char *what)
{
	struct message message = { 0 };
	struct wire_error error;

	cr_assert_eq(message_scan(&message, WIRE_LINES, line, &error), -EBADMSG);
	cr_assert_str_eq(error.what, what);
	cr_assert_eq(error.offset, offset);
	message_free(&message);
}

Test(lines, are_told_by_the_first_byte)
{
	cr_assert_eq(wire_of('\t'), WIRE_LINES);
	cr_assert_eq(wire_of('{'), WIRE_JSON);
	cr_assert_eq(wire_of('\x85'), WIRE_MSGPACK);
}

Test(lines, end_wherever_the_bytes_are_cut)
{
	static const char text[] = "\t{\"conf\":{}}\n1\tone\n2\t\n{\"id\":\"3\"}\n\n4\tx";
	static const char *const frames[] = { "\t{\"conf\":{}}", "1\tone", "2\t", "{\"id\":\"3\"}",
		"" };
	size_t length = sizeof(text) - 1;

	for (size_t cut = 0; cut <= length; cut++) {
		struct frame_reader reader = { .wire = WIRE_LINES };
		struct span frame;
		size_t found = 0;

		cr_assert_eq(frame_reader_feed(&reader, text, cut), 0);
		while (frame_reader_next(&reader, &frame) == 1)
			cr_assert(span_equals_text(frame, frames[found++]));
		cr_assert_eq(frame_reader_feed(&reader, text + cut, length - cut), 0);
		while (frame_reader_next(&reader, &frame) == 1)
			cr_assert(span_equals_text(frame, frames[found++]));
		cr_assert_eq(found, sizeof(frames) / sizeof(frames[0]));
		cr_assert(span_equals_text(frame_reader_rest(&reader), "4\tx"));
		frame_reader_free(&reader);
	}
}

Test(lines, have_a_limit)
{
	struct frame_reader reader = { .wire = WIRE_LINES, .limit = 4 };
	struct span frame;

	cr_assert_eq(frame_reader_feed(&reader, "1\txy\n1\txyz", 10), 0);
	cr_assert_eq(frame_reader_next(&reader, &frame), -EMSGSIZE);
	frame_reader_free(&reader);
	reader = (struct frame_reader){ .wire = WIRE_LINES, .limit = 5 };
	cr_assert_eq(frame_reader_feed(&reader, "1\txy\n1\txyz", 10), 0);
	cr_assert_eq(frame_reader_next(&reader, &frame), 1);
	cr_assert_eq(frame_reader_next(&reader, &frame), 0);
	frame_reader_free(&reader);
}

Test(lines, are_tuples_of_one_string)
{
	struct message message = { 0 };
	char out[16];

	scan(&message, SPAN("17\ta \"b\"\\\tc\xC3\xA9"));
	cr_assert(message.is_line);
	cr_assert(encoded_equals(&message.id, SPAN("17")));
	cr_assert(encoded_equals(&message.comp, SPAN(LINES_COMPONENT)));
	cr_assert(message_stream_is(&message, STREAM_DEFAULT));
	cr_assert_eq(message.value_count, 1);
	cr_assert(encoded_equals(&message.values[0], SPAN("a \"b\"\\\tc\xC3\xA9")));
	cr_assert_eq(encoded_string(&message.values[0], out), 10);
	cr_assert(span_equals_text(message.tuple.text, "\ta \"b\"\\\tc\xC3\xA9"));
	scan(&message, SPAN("0\t"));
	cr_assert_eq(message.value_count, 1);
	cr_assert_eq(message.values[0].text.length, 0);
	message_free(&message);
}

Test(lines, may_be_messages)
{
	struct message message = { 0 };

	scan(&message,
		SPAN("{\"id\":\"1\",\"comp\":\"__system\",\"stream\":\"__tick\",\"task\":-1,\"tuple\":[1]}"));
	cr_assert_not(message.is_line);
	cr_assert(message_stream_is(&message, STREAM_TICK));
	cr_assert_eq(message_task(&message), TASK_SYSTEM);
	scan(&message, SPAN("[4,5]"));
	cr_assert(message.is_task_ids);
	message_free(&message);
}

Test(lines, that_are_none)
{
	check_error(SPAN(""), 0, "a line begins with an id and a tab");
	check_error(SPAN("17"), 0, "a line begins with an id and a tab");
	check_error(SPAN("1\tab\xFFz"), 4, "not UTF-8");
	check_error(SPAN("{\"id\""), 5, "expected :");
}

/* A value as text, written at once, and from what it is on another wire: the same. */
static void compare(const struct storm_value *value)
{
	struct buffer direct = { 0 };
	struct buffer json = { 0 };
	struct buffer from_json = { 0 };
	struct json_scanner scanner;
	struct encoded encoded;

	cr_assert_eq(write_value(&direct, WIRE_LINES, value), 0);
	cr_assert_eq(write_value(&json, WIRE_JSON, value), 0);
	scanner = json_scanner(buffer_span(&json));
	cr_assert_eq(json_scan_document(&scanner, &encoded), 0);
	cr_assert_eq(write_text(&from_json, &encoded), 0);
	cr_assert(span_equals(buffer_span(&direct), buffer_span(&from_json)), "%s, not %s",
		buffer_text(&direct), buffer_text(&from_json));
	buffer_free(&direct);
	buffer_free(&json);
	buffer_free(&from_json);
}

Test(lines, have_values_as_they_are_with_json)
{
	static const char alphabet[] = "aaaaaaaaaaaaaaaaaaaa \"\\/\t\n\r\x01\x1F\x7F";
	struct random random = { 3 };
	const struct storm_value values[] = { storm_null(), storm_boolean(true),
		storm_boolean(false), storm_integer(INT64_MIN), storm_double(-0.25), storm_text(""),
		storm_text("\xC3\xA9\t"), storm_binary("\x00\xFF", 2), storm_json("[\"a\\t\"]", 7),
		storm_json("\"a\\t\"", 5), storm_json("null", 4) };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		compare(&values[i]);
	for (int round = 0; round < 20000; round++) {
		char text[64];
		size_t length = random_below(&random, sizeof(text));
		struct storm_value value = storm_string(text, length);

		for (size_t i = 0; i < length; i++)
			text[i] = alphabet[random_below(&random, sizeof(alphabet) - 1)];
		compare(&value);
	}
}

Test(lines, refuse_what_no_wire_takes)
{
	struct buffer buffer = { 0 };
	const struct storm_value invalid = storm_text("a\xFF");
	const struct storm_value infinite = storm_double(1e308 * 10);
	const struct storm_value no_json = storm_json("{", 1);

	cr_assert_eq(write_value(&buffer, WIRE_LINES, &invalid), -EILSEQ);
	cr_assert_eq(write_value(&buffer, WIRE_LINES, &infinite), -EDOM);
	cr_assert_eq(write_value(&buffer, WIRE_LINES, &no_json), -EBADMSG);
	buffer_free(&buffer);
}
