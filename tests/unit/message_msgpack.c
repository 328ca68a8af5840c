/* Taking messages apart that are MessagePack. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "protocol/message.h"
#include "protocol/msgpack.h"

/* "x\A1y" in C is one long escape: names are apart from what is before them. */
#define COMMAND \
	"\xA7"  \
	"command"
#define TUPLE  \
	"\xA5" \
	"tuple"
#define ANCHORS \
	"\xA7"  \
	"anchors"
#define COMP   \
	"\xA4" \
	"comp"

static void scan(struct message *message, struct span frame)
{
	struct wire_error error = { 0, NULL };

	cr_assert_eq(message_scan(message, WIRE_MSGPACK, frame, &error), 0, "%s at byte %zu",
		error.what, error.offset);
}

static void check_error(struct span frame, size_t offset, const char *what)
{
	struct message message = { 0 };
	struct wire_error error = { 0, NULL };

	cr_assert_eq(message_scan(&message, WIRE_MSGPACK, frame, &error), -EBADMSG,
		"passes, not: %s", what);
	cr_assert_str_eq(error.what, what);
	cr_assert_eq(error.offset, offset, "%s at byte %zu, not %zu", what, error.offset, offset);
	message_free(&message);
}

static bool is_absent(struct encoded value)
{
	return value.type == STORM_NULL;
}

static bool is_integer(struct encoded value, int64_t expected)
{
	int64_t integer;

	return value.type == STORM_INTEGER && encoded_integer(&value, &integer) == 0 &&
		integer == expected;
}

/* Messages of every kind */

Test(message_msgpack, to_a_bolt)
{
	const struct span tuple =
		SPAN("\x98\xA4snow\xA0\x03\xCB\xC0\x04\0\0\0\0\0\0\xC0\xC3\x81\xA1"
		     "a\x92\x01\x02\xC4\x02\xFF\0");
	struct message message = { 0 };
	struct buffer frame = { 0 };

	buffer_append_literal(&frame,
		"\x85\xA2id\xB4-6955786537413359385" COMP
		"\xA5lines\xA6stream\xA8rejected\xA4task\x09" TUPLE);
	buffer_append_span(&frame, tuple);
	scan(&message, buffer_span(&frame));
	cr_assert_not(message.is_task_ids);
	cr_assert(is_absent(message.command));
	cr_assert(encoded_equals(&message.id, SPAN("-6955786537413359385")));
	cr_assert(encoded_equals(&message.comp, SPAN("lines")));
	cr_assert(message_stream_is(&message, "rejected"));
	cr_assert_not(message_stream_is(&message, STREAM_DEFAULT));
	cr_assert_eq(message_task(&message), 9);
	cr_assert_eq(message.tuple.type, STORM_ARRAY);
	cr_assert_eq(message.tuple.wire, WIRE_MSGPACK);
	cr_assert(span_equals(message.tuple.text, tuple));

	cr_assert_eq(message.value_count, 8);
	cr_assert(encoded_equals(&message.values[0], SPAN("snow")));
	cr_assert(encoded_equals(&message.values[1], SPAN("")));
	cr_assert(is_integer(message.values[2], 3));
	cr_assert_eq(message.values[3].type, STORM_DOUBLE);
	cr_assert_eq(message.values[4].type, STORM_NULL);
	cr_assert(encoded_boolean(&message.values[5]));
	cr_assert_eq(message.values[6].type, STORM_OBJECT);
	cr_assert(span_equals(message.values[6].text,
		SPAN("\x81\xA1"
		     "a\x92\x01\x02")));
	cr_assert_eq(message.values[7].type, STORM_BINARY);
	cr_assert(span_equals(encoded_plain(&message.values[7]), SPAN("\xFF\0")));
	buffer_free(&frame);
	message_free(&message);
}

Test(message_msgpack, to_a_spout)
{
	struct message message = { 0 };

	scan(&message, SPAN("\x81" COMMAND "\xA4next"));
	cr_assert(message_is(&message, SPAN("next")));
	cr_assert_not(message_is(&message, SPAN("nex")));
	cr_assert_not(message_is(&message, SPAN("ack")));
	cr_assert(is_absent(message.id));
	cr_assert_eq(message.value_count, 0);
	scan(&message,
		SPAN("\x82\xA2id\xCD\x01\x00" COMMAND "\xA3"
		     "ack"));
	cr_assert(message_is(&message, SPAN("ack")));
	cr_assert(is_integer(message.id, 256));
	message_free(&message);
}

/* What pystorm sends: as msgpack.packb() writes it, in the order of its dicts. */
Test(message_msgpack, from_pystorm)
{
	struct message message = { 0 };

	scan(&message, SPAN("\x81\xA3pid\xCD\x12\x67"));
	cr_assert(is_integer(message.pid, 4711));
	cr_assert(is_absent(message.command));

	scan(&message,
		SPAN("\x85" COMMAND "\xA4"
		     "emit" TUPLE "\x93\xA4snow\xC4\x02\xFF\0\x03" ANCHORS "\x91\xA2"
		     "17\xADneed_task_ids\xC2\xA6stream\xA1s"));
	cr_assert(message_is(&message, SPAN("emit")));
	cr_assert_eq(message.value_count, 3);
	cr_assert_eq(message.values[1].type, STORM_BINARY);
	cr_assert_eq(message.anchors.type, STORM_ARRAY);
	cr_assert_eq(message.need_task_ids.type, STORM_BOOLEAN);
	cr_assert_not(encoded_boolean(&message.need_task_ids));
	cr_assert(message_stream_is(&message, "s"));

	scan(&message, SPAN("\x83" COMMAND "\xA3log\xA3msg\xA5hello\xA5level\x02"));
	cr_assert(encoded_equals(&message.msg, SPAN("hello")));
	cr_assert(is_integer(message.level, 2));
	scan(&message,
		SPAN("\x83" COMMAND "\xA7metrics\xA4name\xA1n\xA6params\xCB\x3F\xF0\0\0\0\0\0\0"));
	cr_assert(encoded_equals(&message.name, SPAN("n")));
	cr_assert_eq(message.params.type, STORM_DOUBLE);
	scan(&message,
		SPAN("\x82" COMMAND "\xA4sync\xA8"
		     "finished\xC3"));
	cr_assert(encoded_boolean(&message.finished));
	message_free(&message);
}

/*
 * msgpack before 1.0 knows neither the binary type nor the shortest form of strings of more than 31
 * bytes: text is the same but for that, and bytes look like text.
 */
Test(message_msgpack, from_pystorm_with_an_old_msgpack)
{
	struct message message = { 0 };

	scan(&message,
		SPAN("\x82" COMMAND "\xA4"
		     "emit" TUPLE "\x91\xDA\x00\x21"
		     "abcdefghijklmnopqrstuvwxyz0123456"));
	cr_assert(encoded_equals(&message.values[0], SPAN("abcdefghijklmnopqrstuvwxyz0123456")));
	message_free(&message);
	check_error(SPAN("\x82" COMMAND "\xA4"
			 "emit" TUPLE "\x92\x01\xA2\xFF\0"),
		23, "not UTF-8");
}

Test(message_msgpack, of_task_ids)
{
	struct message message = { 0 };

	scan(&message, SPAN("\x93\x04\xCD\x01\x00\xFF"));
	cr_assert(message.is_task_ids);
	cr_assert_eq(message.value_count, 3);
	cr_assert(is_integer(message.values[0], 4));
	cr_assert(is_integer(message.values[1], 256));
	cr_assert(is_integer(message.values[2], -1));
	cr_assert(is_absent(message.command));
	scan(&message, SPAN("\xDD\0\0\0\0"));
	cr_assert(message.is_task_ids);
	cr_assert_eq(message.value_count, 0);
	scan(&message, SPAN("\x80"));
	cr_assert_not(message.is_task_ids);
	message_free(&message);

	check_error(SPAN("\x92\x01\xA1"
			 "2"),
		0, "a list must hold task ids");
	check_error(SPAN("\x91\xCA\0\0\0\0"), 0, "a list must hold task ids");
	check_error(SPAN("\x91\xC0"), 0, "a list must hold task ids");
	check_error(SPAN("\x91\x90"), 0, "a list must hold task ids");
	check_error(SPAN("\x92\x01"), 2, "the value does not end");
	check_error(SPAN("\x91\x01\x02"), 2, "something follows the message");
}

/* Keys */

/* Every key of the envelope, with the types that its value may have. */
#define TYPE(type) (1 << STORM_##type)
#define ANY_TYPE                                                                     \
	(TYPE(BOOLEAN) | TYPE(INTEGER) | TYPE(DOUBLE) | TYPE(STRING) | TYPE(ARRAY) | \
		TYPE(OBJECT) | TYPE(BINARY))

static const struct {
	const char *name;
	size_t offset; /* in the message */
	int types;
	const char *what; /* said where it has another type */
} keys[] = {
	{ "command", offsetof(struct message, command), TYPE(STRING), "command must be a string" },
	{ "id", offsetof(struct message, id), ANY_TYPE, NULL },
	{ "comp", offsetof(struct message, comp), TYPE(STRING), "comp must be a string" },
	{ "stream", offsetof(struct message, stream), TYPE(STRING), "stream must be a string" },
	{ "task", offsetof(struct message, task), TYPE(INTEGER), "task must be an integer" },
	{ "tuple", offsetof(struct message, tuple), TYPE(ARRAY), "tuple must be an array" },
	{ "anchors", offsetof(struct message, anchors), TYPE(ARRAY) | TYPE(STRING),
		"anchors must be an array" },
	{ "need_task_ids", offsetof(struct message, need_task_ids), TYPE(BOOLEAN),
		"need_task_ids must be true or false" },
	{ "msg", offsetof(struct message, msg), TYPE(STRING), "msg must be a string" },
	{ "level", offsetof(struct message, level), TYPE(INTEGER), "level must be an integer" },
	{ "name", offsetof(struct message, name), TYPE(STRING), "name must be a string" },
	{ "params", offsetof(struct message, params), ANY_TYPE, NULL },
	{ "pid", offsetof(struct message, pid), TYPE(INTEGER), "pid must be an integer" },
	{ "finished", offsetof(struct message, finished), TYPE(BOOLEAN),
		"finished must be true or false" },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static const struct {
	struct span text;
	enum storm_type type;
} values[] = {
	{ { "\xC3", 1 }, STORM_BOOLEAN },
	{ { "\xCC\x07", 2 }, STORM_INTEGER },
	{ { "\xCA\0\0\0\0", 5 }, STORM_DOUBLE },
	{ { "\xA1s", 2 }, STORM_STRING },
	{ { "\x91\x07", 2 }, STORM_ARRAY },
	{ { "\x81\x07\x07", 3 }, STORM_OBJECT },
	{ { "\xC4\x01s", 3 }, STORM_BINARY },
	{ { "\xC0", 1 }, STORM_NULL },
};

#define VALUE_COUNT (sizeof(values) / sizeof(values[0]))

static const struct encoded *member_of(const struct message *message, size_t key)
{
	return (const struct encoded *)(const void *)((const char *)message + keys[key].offset);
}

/* All members but one are absent. */
static void check_alone(const struct message *message, size_t key)
{
	for (size_t other = 0; other < KEY_COUNT; other++) {
		if (other != key)
			cr_assert(is_absent(*member_of(message, other)), "%s", keys[other].name);
	}
	cr_assert_not(message->is_task_ids);
}

Test(message_msgpack, has_values_of_the_types_that_it_may_have)
{
	struct message message = { 0 };

	for (size_t key = 0; key < KEY_COUNT; key++) {
		for (size_t i = 0; i < VALUE_COUNT; i++) {
			struct buffer frame = { 0 };
			size_t offset;

			msgpack_write_map(&frame, 1);
			msgpack_write_string(&frame, span_of(keys[key].name));
			offset = frame.length;
			buffer_append_span(&frame, values[i].text);
			if ((keys[key].types | TYPE(NULL)) >> values[i].type & 1) {
				scan(&message, buffer_span(&frame));
				cr_assert_eq(member_of(&message, key)->type, values[i].type);
				cr_assert(span_equals(
					member_of(&message, key)->text, values[i].text));
				check_alone(&message, key);
			} else {
				check_error(buffer_span(&frame), offset, keys[key].what);
			}
			buffer_free(&frame);
		}
	}
	message_free(&message);
}

static void check_bolt_message(struct message *message)
{
	cr_assert(encoded_equals(&message->id, SPAN("17")));
	cr_assert(encoded_equals(&message->comp, SPAN("lines")));
	cr_assert_eq(message_task(message), 9);
	cr_assert_eq(message->value_count, 2);
	cr_assert(is_integer(message->values[1], 7));
}

/* Keys that are nearly known, and keys that are no strings: their values are skipped. */
Test(message_msgpack, may_have_keys_that_nobody_knows)
{
	static const struct span names[] = { { "\xA0", 1 }, { "\xA1i", 2 }, { "\xA3ids", 4 },
		{ "\xA2ID", 3 }, { "\xA3id\0", 4 }, { "\xD9\x02it", 4 }, { "\xC4\x02id", 4 },
		{ "\x01", 1 }, { "\xC0", 1 }, { "\xCA\0\0\0\0", 5 }, { "\x92\x01\xA2id", 5 },
		{ "\x81\xA2id\x01", 5 } };
	static const struct span members[] = { { "\xA2id\xA2"
						 "17",
						       6 },
		{ "\xA4"
		  "comp\xA5lines",
			11 },
		{ "\xA4task\x09", 6 },
		{ "\xA5"
		  "tuple\x92\x01\x07",
			9 } };
	struct message message = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < VALUE_COUNT; j++) {
			for (size_t place = 0; place <= 4; place++) {
				struct buffer frame = { 0 };

				msgpack_write_map(&frame, 5);
				for (size_t member = 0; member <= 4; member++) {
					if (member == place) {
						buffer_append_span(&frame, names[i]);
						buffer_append_span(&frame, values[j].text);
					}
					if (member < 4)
						buffer_append_span(&frame, members[member]);
				}
				scan(&message, buffer_span(&frame));
				check_bolt_message(&message);
				buffer_free(&frame);
			}
		}
	}
	message_free(&message);
}

/* A key is the same in every form of a string. */
Test(message_msgpack, knows_its_keys_in_every_form)
{
	static const struct span frames[] = { { "\x81\xA2id\x05", 5 }, { "\x81\xD9\2id\x05", 6 },
		{ "\x81\xDA\0\2id\x05", 7 }, { "\xDE\0\1\xDB\0\0\0\2id\x05", 11 },
		{ "\xDF\0\0\0\1\xA2id\x05", 9 } };
	struct message message = { 0 };

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		scan(&message, frames[i]);
		cr_assert(is_integer(message.id, 5));
	}
	message_free(&message);
}

Test(message_msgpack, takes_the_last_of_several_values)
{
	struct message message = { 0 };

	scan(&message, SPAN("\x84\xA2id\x01\xA4task\x01\xA2id\x02\xA4task\x02"));
	cr_assert(is_integer(message.id, 2));
	cr_assert_eq(message_task(&message), 2);

	scan(&message, SPAN("\x82" TUPLE "\x93\1\2\3" TUPLE "\x91\4"));
	cr_assert_eq(message.value_count, 1);
	cr_assert(is_integer(message.values[0], 4));
	cr_assert(span_equals(message.tuple.text, SPAN("\x91\4")));

	scan(&message, SPAN("\x84" TUPLE "\x93\1\2\3" TUPLE "\xC0\xA2id\x01\xA2id\xC0"));
	cr_assert(is_absent(message.tuple));
	cr_assert_eq(message.value_count, 0);
	cr_assert(is_absent(message.id));
	message_free(&message);

	/* A value of a wrong type is an error even so. */
	check_error(SPAN("\x82\xA4task\xA1"
			 "1\xA4task\x01"),
		6, "task must be an integer");
}

Test(message_msgpack, has_a_task_that_fits)
{
	static const struct {
		struct span frame;
		int task;
	} cases[] = {
		{ { "\x80", 1 }, 0 },
		{ { "\x81\xA4task\xC0", 7 }, 0 },
		{ { "\x81\xA4task\xFF", 7 }, -1 },
		{ { "\x81\xA4task\xD2\x7F\xFF\xFF\xFF", 11 }, INT_MAX },
		{ { "\x81\xA4task\xD2\x80\x00\x00\x00", 11 }, INT_MIN },
		{ { "\x81\xA4task\xCE\x80\x00\x00\x00", 11 }, 0 },
		{ { "\x81\xA4task\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 15 }, 0 },
		{ { "\x81\xA4task\xD3\x80\x00\x00\x00\x00\x00\x00\x01", 15 }, 0 },
	};
	struct message message = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scan(&message, cases[i].frame);
		cr_assert_eq(message_task(&message), cases[i].task, "%zu", i);
	}
	message_free(&message);
}

/* Errors */

Test(message_msgpack, is_a_map_or_a_list)
{
	static const char what[] = "a message must be an object or a list";

	check_error(SPAN(""), 0, "the value does not end");
	check_error(SPAN("\xC0"), 0, what);
	check_error(SPAN("\x01"), 0, what);
	check_error(SPAN("\xA4next"), 0, what);
	check_error(SPAN("\xC4\x01\x80"), 0, what);
	check_error(SPAN("{}"), 0, what);
	check_error(SPAN("\xC1"), 0, "a type that has no place in a message");
}

Test(message_msgpack, says_where_it_is_none)
{
	check_error(SPAN("\x81" COMMAND), 9, "the value does not end");
	check_error(SPAN("\x82" COMMAND "\xA4next"), 14, "the value does not end");
	check_error(SPAN("\x81" COMMAND "\xA4next\x01"), 14, "something follows the message");
	check_error(SPAN("\x81" TUPLE "\x92\x01\xC1"), 9, "a type that has no place in a message");
	check_error(SPAN("\x81" TUPLE "\xDD\xFF\xFF\xFF\xFF\x01"), 13, "the value does not end");
	check_error(SPAN("\x81" TUPLE "\x81\x01\x01"), 7, "tuple must be an array");
	check_error(SPAN("\x81\xA2id\xD4\x01\x02"), 4, "a type that has no place in a message");
	check_error(SPAN("\x81\xA1x\x92\x01\xA1\xFF"), 6, "not UTF-8");
	check_error(SPAN("\xDF\xFF\xFF\xFF\xFF\xA2id\x01"), 9, "the value does not end");
}

Test(message_msgpack, lets_no_beginning_of_a_frame_pass)
{
	const struct span frame = SPAN(
		"\x84" COMMAND "\xA4"
		"emit" TUPLE "\x93\xA2\xC3\xA9\xCB\0\0\0\0\0\0\0\0\x91\x91\x80" ANCHORS "\x91\xA1"
		"1\xA5other\x81\xC4\x02xy\x91\xC0");
	struct message message = { 0 };
	struct wire_error error;

	scan(&message, frame);
	for (size_t length = 0; length < frame.length; length++) {
		char *copy = malloc(length > 0 ? length : 1);

		memcpy(copy, frame.data, length);
		cr_assert_eq(
			message_scan(&message, WIRE_MSGPACK, (struct span){ copy, length }, &error),
			-EBADMSG);
		cr_assert_leq(error.offset, length);
		free(copy);
	}
	message_free(&message);
}

/* A count is not believed before its values are there. */
Test(message_msgpack, takes_no_memory_for_values_that_do_not_come)
{
	static const struct span frames[] = { { "\x81\xA5"
						"tuple\xDD\xFF\xFF\xFF\xFF\x01",
						      13 },
		{ "\xDD\xFF\xFF\xFF\xFF\x01", 6 } };

	for (size_t i = 0; i < 2; i++) {
		struct message message = { 0 };
		struct wire_error error;

		cr_assert_eq(message_scan(&message, WIRE_MSGPACK, frames[i], &error), -EBADMSG);
		cr_assert_leq(message.value_capacity, 16);
		message_free(&message);
	}
}

Test(message_msgpack, forgets_the_frame_before)
{
	struct message message = { 0 };
	struct wire_error error;

	scan(&message, SPAN("\x83\xA2id\x01\xA4task\x02" TUPLE "\x92\1\2"));
	scan(&message, SPAN("\x80"));
	check_alone(&message, KEY_COUNT);
	cr_assert_eq(message.value_count, 0);
	scan(&message, SPAN("\x91\x07"));
	cr_assert_eq(message_scan(&message, WIRE_MSGPACK, SPAN("\x81\xA2id"), &error), -EBADMSG);
	scan(&message, SPAN("\x81\xA2id\x03"));
	check_alone(&message, 1);
	cr_assert(is_integer(message.id, 3));
	cr_assert_eq(message.value_count, 0);
	message_free(&message);
}
