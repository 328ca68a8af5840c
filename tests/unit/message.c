/* Taking the messages of the multi-lang protocol apart. */
#include "protocol/message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"

static void scan(struct message *message, struct span frame)
{
	struct wire_error error;
	int err = message_scan(message, WIRE_JSON, frame, &error);

	cr_assert_eq(err, 0, "%.*s: %s at byte %zu", (int)frame.length, frame.data, error.what,
		error.offset);
}

static void check_error(const char *frame, size_t offset, const char *what)
{
	struct message message = { 0 };
	struct wire_error error;

	cr_assert_eq(message_scan(&message, WIRE_JSON, span_of(frame), &error), -EBADMSG,
		"passes: %s", frame);
	cr_assert_str_eq(error.what, what, "%s: %s, not %s", frame, error.what, what);
	cr_assert_eq(error.offset, offset, "%s: %s at byte %zu, not %zu", frame, what, error.offset,
		offset);
	message_free(&message);
}

static bool has_text(struct encoded value, const char *text)
{
	return span_equals_text(value.text, text);
}

static bool is_absent(struct encoded value)
{
	return value.type == STORM_NULL;
}

/* Messages of every kind */

Test(message, to_a_bolt)
{
	struct message message = { 0 };

	scan(&message,
		SPAN("{\"id\":\"-6955786537413359385\",\"comp\":\"lines\",\"stream\":\"rejected\","
		     "\"task\":9,\"tuple\":[\"snow \\\"white\\\"\",\"\",3,-2.5,null,true,"
		     "{\"a\":[1, 2]},[ ]]}"));
	cr_assert_not(message.is_task_ids);
	cr_assert(is_absent(message.command));
	cr_assert(has_text(message.id, "\"-6955786537413359385\""));
	cr_assert(encoded_equals(&message.comp, SPAN("lines")));
	cr_assert(message_stream_is(&message, "rejected"));
	cr_assert_eq(message_task(&message), 9);
	cr_assert_eq(message.tuple.type, STORM_ARRAY);
	cr_assert(has_text(message.tuple,
		"[\"snow \\\"white\\\"\",\"\",3,-2.5,null,true,{\"a\":[1, 2]},[ ]]"));

	cr_assert_eq(message.value_count, 8);
	cr_assert_eq(message.values[0].type, STORM_STRING);
	cr_assert(message.values[0].escaped);
	cr_assert(encoded_equals(&message.values[0], SPAN("snow \"white\"")));
	cr_assert_eq(message.values[1].type, STORM_STRING);
	cr_assert_not(message.values[1].escaped);
	cr_assert(has_text(message.values[1], "\"\""));
	cr_assert_eq(message.values[2].type, STORM_INTEGER);
	cr_assert(has_text(message.values[2], "3"));
	cr_assert_eq(message.values[3].type, STORM_DOUBLE);
	cr_assert(has_text(message.values[3], "-2.5"));
	cr_assert_eq(message.values[4].type, STORM_NULL);
	cr_assert(has_text(message.values[4], "null"));
	cr_assert_eq(message.values[5].type, STORM_BOOLEAN);
	cr_assert(has_text(message.values[5], "true"));
	cr_assert_eq(message.values[6].type, STORM_OBJECT);
	cr_assert(has_text(message.values[6], "{\"a\":[1, 2]}"));
	cr_assert_eq(message.values[7].type, STORM_ARRAY);
	cr_assert(has_text(message.values[7], "[ ]"));
	message_free(&message);
}

Test(message, to_a_spout)
{
	static const char *const commands[] = { "next", "ack", "fail", "activate", "deactivate" };
	struct message message = { 0 };

	for (size_t i = 0; i < 5; i++) {
		char frame[64];

		snprintf(frame, sizeof(frame), "{\"command\":\"%s\",\"id\":%zu}", commands[i], i);
		scan(&message, span_of(frame));
		for (size_t other = 0; other < 5; other++)
			cr_assert_eq(message_is(&message, span_of(commands[other])), other == i);
		cr_assert_eq(message.id.type, STORM_INTEGER);
		cr_assert_eq(message.value_count, 0);
	}
	scan(&message, SPAN("{\"command\":\"next\"}"));
	cr_assert(is_absent(message.id));
	message_free(&message);
}

Test(message, from_a_component)
{
	struct message message = { 0 };

	scan(&message, SPAN("{\"pid\":4711}"));
	cr_assert(has_text(message.pid, "4711"));
	cr_assert(is_absent(message.command));

	scan(&message,
		SPAN("{\"command\":\"emit\",\"tuple\":[\"a\",1],\"anchors\":[\"4\",\"5\"],"
		     "\"need_task_ids\":false,\"stream\":\"s\",\"task\":3,\"id\":{\"a\":1}}"));
	cr_assert(message_is(&message, SPAN("emit")));
	cr_assert_eq(message.anchors.type, STORM_ARRAY);
	cr_assert(has_text(message.anchors, "[\"4\",\"5\"]"));
	cr_assert_eq(message.need_task_ids.type, STORM_BOOLEAN);
	cr_assert(has_text(message.need_task_ids, "false"));
	cr_assert_eq(message.id.type, STORM_OBJECT);
	cr_assert_eq(message.value_count, 2);

	/* The anchors of some components are one string. */
	scan(&message, SPAN("{\"command\":\"emit\",\"tuple\":[],\"anchors\":\"4\"}"));
	cr_assert_eq(message.anchors.type, STORM_STRING);
	cr_assert_eq(message.tuple.type, STORM_ARRAY);
	cr_assert_eq(message.value_count, 0);

	scan(&message, SPAN("{\"command\":\"log\",\"msg\":\"hello\",\"level\":2}"));
	cr_assert(encoded_equals(&message.msg, SPAN("hello")));
	cr_assert(has_text(message.level, "2"));

	scan(&message, SPAN("{\"command\":\"metrics\",\"name\":\"n\",\"params\":[1]}"));
	cr_assert(encoded_equals(&message.name, SPAN("n")));
	cr_assert_eq(message.params.type, STORM_ARRAY);
	cr_assert_eq(message.value_count, 0);
	message_free(&message);
}

Test(message, that_a_spout_is_finished)
{
	struct message message = { 0 };

	scan(&message, SPAN("{\"command\":\"sync\",\"finished\":true}"));
	cr_assert(message_is(&message, SPAN("sync")));
	cr_assert_eq(message.finished.type, STORM_BOOLEAN);
	cr_assert(has_text(message.finished, "true"));
	scan(&message, SPAN("{\"command\":\"sync\"}"));
	cr_assert(is_absent(message.finished));
	message_free(&message);
}

Test(message, of_task_ids)
{
	struct message message = { 0 };

	scan(&message, SPAN(" [ 4,5 , -1] "));
	cr_assert(message.is_task_ids);
	cr_assert_eq(message.value_count, 3);
	cr_assert(has_text(message.values[0], "4"));
	cr_assert(has_text(message.values[1], "5"));
	cr_assert(has_text(message.values[2], "-1"));
	cr_assert(is_absent(message.command));
	scan(&message, SPAN("[]"));
	cr_assert(message.is_task_ids);
	cr_assert_eq(message.value_count, 0);
	message_free(&message);

	check_error("[1,\"2\"]", 0, "a list must hold task ids");
	check_error(" [1.0]", 1, "a list must hold task ids");
	check_error("[null]", 0, "a list must hold task ids");
	check_error("[[1]]", 0, "a list must hold task ids");
	check_error("[1,]", 3, "expected a value");
	check_error("[1] 2", 4, "something follows the value");
}

/* Keys */

static void check_bolt_message(struct message *message)
{
	cr_assert(encoded_equals(&message->id, SPAN("17")));
	cr_assert(encoded_equals(&message->comp, SPAN("lines")));
	cr_assert(message_stream_is(message, "words"));
	cr_assert_eq(message_task(message), 9);
	cr_assert_eq(message->value_count, 2);
	cr_assert(has_text(message->values[0], "\"a\""));
	cr_assert(has_text(message->values[1], "[1]"));
}

/* The members of a message to a bolt, in the order that a number from 0 to 119 stands for. */
static void write_permutation(struct buffer *frame, size_t order, const char *between)
{
	const char *members[] = { "\"id\":\"17\"", "\"comp\":\"lines\"", "\"stream\":\"words\"",
		"\"task\":9", "\"tuple\":[\"a\",[1]]" };

	buffer_append_literal(frame, "{");
	for (size_t left = 5; left > 0; left--) {
		size_t which = order % left;

		buffer_append_format(frame, "%s%s%s", members[which], left > 1 ? "," : "", between);
		memmove(&members[which], &members[which + 1],
			(left - which - 1) * sizeof(members[0]));
		order /= left;
	}
	buffer_append_literal(frame, "}");
}

Test(message, has_its_keys_in_any_order)
{
	struct message message = { 0 };
	struct buffer frame = { 0 };

	for (size_t order = 0; order < 120; order++) {
		buffer_truncate(&frame, 0);
		write_permutation(&frame, order, order % 2 ? "" : " \r\n\t");
		scan(&message, buffer_span(&frame));
		check_bolt_message(&message);
	}
	buffer_free(&frame);
	message_free(&message);
}

Test(message, may_have_keys_that_nobody_knows)
{
	static const char *const names[] = { "", "i", "ids", "ID", "Task", "tuples", "finishe",
		"need-task-ids", "command ", "com\\u0000", "\\u0069d2", "x" };
	static const char *const values[] = { "null", "true", "-1.5e3", "\"id\"", "\"\\\"}\"", "[]",
		"{}", "[[],[{\"id\":\"18\"}]]",
		"{\"id\":\"18\",\"tuple\":[1,2,3],\"a\":{\"task\":8}}",
		"{\"tuple\":\"no array\"}" };
	struct message message = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
			for (int place = 0; place < 3; place++) {
				char frame[512];
				char member[96];

				snprintf(member, sizeof(member), "\"%s\":%s", names[i], values[j]);
				snprintf(frame, sizeof(frame),
					"{%s%s\"id\":\"17\",\"comp\":\"lines\",\"stream\":"
					"\"words\"%s%s,\"task\":9,\"tuple\":[\"a\",[1]]%s%s}",
					place == 0 ? member : "", place == 0 ? "," : "",
					place == 1 ? "," : "", place == 1 ? member : "",
					place == 2 ? "," : "", place == 2 ? member : "");
				scan(&message, span_of(frame));
				check_bolt_message(&message);
			}
		}
	}
	message_free(&message);
}

/* Every key of the envelope, with the types that its value may have. */
#define TYPE(type) (1 << STORM_##type)
#define ANY_TYPE \
	(TYPE(BOOLEAN) | TYPE(INTEGER) | TYPE(DOUBLE) | TYPE(STRING) | TYPE(ARRAY) | TYPE(OBJECT))

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

static const struct encoded *member_of(const struct message *message, size_t key)
{
	return (const struct encoded *)(const void *)((const char *)message + keys[key].offset);
}

/* All members but one, and the values, are absent. */
static void check_alone(const struct message *message, size_t key)
{
	for (size_t other = 0; other < KEY_COUNT; other++) {
		if (other != key)
			cr_assert_eq(member_of(message, other)->type, STORM_NULL, "%s: %s",
				keys[key].name, keys[other].name);
	}
	cr_assert_not(message->is_task_ids);
}

Test(message, checks_the_types_of_its_values)
{
	static const struct {
		const char *text;
		enum storm_type type;
	} values[] = {
		{ "true", STORM_BOOLEAN },
		{ "7", STORM_INTEGER },
		{ "7.0", STORM_DOUBLE },
		{ "\"7\"", STORM_STRING },
		{ "[7]", STORM_ARRAY },
		{ "{\"7\":7}", STORM_OBJECT },
	};
	struct message message = { 0 };

	for (size_t key = 0; key < KEY_COUNT; key++) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			char frame[64];
			int offset = snprintf(frame, sizeof(frame), "{ \"%s\" : ", keys[key].name);

			snprintf(frame + offset, sizeof(frame) - (size_t)offset, "%s }",
				values[i].text);
			if (keys[key].types >> values[i].type & 1) {
				scan(&message, span_of(frame));
				cr_assert_eq(member_of(&message, key)->type, values[i].type);
				cr_assert(has_text(*member_of(&message, key), values[i].text));
				check_alone(&message, key);
			} else {
				check_error(frame, (size_t)offset, keys[key].what);
			}
		}
	}
	message_free(&message);
}

Test(message, takes_null_for_absent)
{
	struct message message = { 0 };

	for (size_t key = 0; key < KEY_COUNT; key++) {
		char frame[64];

		snprintf(frame, sizeof(frame), "{\"%s\":null}", keys[key].name);
		scan(&message, span_of(frame));
		check_alone(&message, KEY_COUNT);
		cr_assert_eq(message.value_count, 0);
	}
	scan(&message, SPAN("{}"));
	check_alone(&message, KEY_COUNT);
	message_free(&message);
}

Test(message, knows_its_keys_however_they_are_spelt)
{
	static const char *const values[] = { "\"s\"", "7", "true", "[7]" };
	struct message message = { 0 };

	for (size_t key = 0; key < KEY_COUNT; key++) {
		size_t length = strlen(keys[key].name);

		/* One letter escaped, or with the last number all of them. */
		for (size_t escaped = 0; escaped <= length; escaped++) {
			struct buffer frame = { 0 };

			buffer_append_literal(&frame, "{\"");
			for (size_t i = 0; i < length; i++) {
				char c = keys[key].name[i];

				if (i == escaped || escaped == length)
					buffer_append_format(&frame, "\\u%04x", c);
				else
					buffer_append_format(&frame, "%c", c);
			}
			for (size_t i = 0; i < 4; i++) {
				static const enum storm_type types[] = { STORM_STRING,
					STORM_INTEGER, STORM_BOOLEAN, STORM_ARRAY };

				if (!(keys[key].types >> types[i] & 1))
					continue;
				buffer_append_format(&frame, "\":%s}", values[i]);
				break;
			}
			scan(&message, buffer_span(&frame));
			cr_assert_neq(member_of(&message, key)->type, STORM_NULL, "%s",
				buffer_text(&frame));
			check_alone(&message, key);
			buffer_free(&frame);
		}
	}
	message_free(&message);
}

Test(message, takes_the_last_of_several_values)
{
	struct message message = { 0 };

	scan(&message,
		SPAN("{\"id\":\"1\",\"id\":\"2\",\"task\":1,\"i\\u0064\":\"3\",\"task\":2}"));
	cr_assert(has_text(message.id, "\"3\""));
	cr_assert_eq(message_task(&message), 2);

	scan(&message, SPAN("{\"tuple\":[1,2,3],\"tuple\":[4]}"));
	cr_assert_eq(message.value_count, 1);
	cr_assert(has_text(message.values[0], "4"));
	cr_assert(has_text(message.tuple, "[4]"));

	scan(&message, SPAN("{\"tuple\":[1,2,3],\"tuple\":null,\"id\":\"1\",\"id\":null}"));
	cr_assert(is_absent(message.tuple));
	cr_assert_eq(message.value_count, 0);
	cr_assert(is_absent(message.id));

	/* A value of a wrong type is an error even so. */
	check_error("{\"task\":\"1\",\"task\":1}", 8, "task must be an integer");
	message_free(&message);
}

/* Errors */

Test(message, is_an_object_or_a_list)
{
	static const char what[] = "a message must be an object or a list";

	check_error("", 0, what);
	check_error("  \n", 3, what);
	check_error("null", 0, what);
	check_error(" 1", 1, what);
	check_error("\"next\"", 0, what);
	check_error("next", 0, what);
}

Test(message, says_where_it_is_no_json)
{
	check_error("{\"command\":\"next\"", 17, "expected , or }");
	check_error("{\"command\":\"next\"}}", 18, "something follows the value");
	check_error("{\"command\":next}", 11, "expected a value");
	check_error("{\"command\" \"next\"}", 11, "expected :");
	check_error("{\"tuple\":[1,]}", 12, "expected a value");
	check_error("{\"tuple\":[1 2]}", 12, "expected , or ]");
	check_error("{\"tuple\":[\"\xFF\"]}", 11, "not UTF-8");
	check_error("{\"unknown\":[1,{]}", 15, "expected a key in quotes");
	check_error("{\"id\":01}", 7, "a number with a leading zero");
}

Test(message, lets_no_beginning_of_a_frame_pass)
{
	const struct span frame = SPAN("{\"command\":\"emit\",\"tuple\":[\"w\\u00e9\",1.5,[{}]],"
				       "\"anchors\":[\"1\"],\"other\":{\"a\":[null]}}");
	struct message message = { 0 };
	struct wire_error error;

	scan(&message, frame);
	for (size_t length = 0; length < frame.length; length++) {
		char *copy = malloc(length > 0 ? length : 1);

		memcpy(copy, frame.data, length);
		cr_assert_eq(
			message_scan(&message, WIRE_JSON, (struct span){ copy, length }, &error),
			-EBADMSG);
		cr_assert_leq(error.offset, length);
		free(copy);
	}
	message_free(&message);
}

/* Using one message for many frames */

Test(message, forgets_the_frame_before)
{
	struct message message = { 0 };
	struct wire_error error;

	scan(&message, SPAN("[1,2,3]"));
	scan(&message, SPAN("{\"command\":\"sync\"}"));
	check_alone(&message, 0);
	cr_assert_eq(message.value_count, 0);

	scan(&message, SPAN("{\"id\":1,\"tuple\":[1,2,3],\"task\":1}"));
	cr_assert_eq(message_scan(&message, WIRE_JSON, SPAN("{\"task\":2,\"stream\":3}"), &error),
		-EBADMSG);
	scan(&message, SPAN("{\"command\":\"sync\"}"));
	check_alone(&message, 0);
	cr_assert_eq(message.value_count, 0);
	message_free(&message);
}

Test(message, has_as_many_values_as_the_tuple)
{
	struct message message = { 0 };
	struct buffer frame = { 0 };

	for (size_t count = 0; count < 100000; count = count * 2 + 1) {
		buffer_truncate(&frame, 0);
		buffer_append_literal(&frame, "{\"tuple\":[");
		for (size_t i = 0; i < count; i++)
			buffer_append_format(&frame, "%s%zu", i > 0 ? "," : "", i);
		buffer_append_literal(&frame, "]}");
		scan(&message, buffer_span(&frame));
		cr_assert_eq(message.value_count, count);
		for (size_t i = 0; i < count; i++) {
			int64_t value;

			cr_assert_eq(encoded_integer(&message.values[i], &value), 0);
			cr_assert_eq(value, i);
		}
	}
	buffer_free(&frame);
	message_free(&message);
}

static bool texts_are_equal(const struct encoded *a, const struct encoded *b)
{
	return a->type == b->type && a->escaped == b->escaped && span_equals(a->text, b->text);
}

Test(message, is_the_same_as_a_new_one_for_every_frame)
{
	static const char *const frames[] = {
		"{\"id\":\"1\",\"comp\":\"a\",\"stream\":\"s\",\"task\":3,\"tuple\":[\"w\",{\"a\":1}]}",
		"{\"command\":\"next\"}",
		"{\"command\":\"ack\",\"id\":17}",
		"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]",
		"[]",
		"{\"command\":\"emit\",\"anchors\":[\"1\"],\"tuple\":[],\"need_task_ids\":true}",
		"{\"command\":\"sync\",\"finished\":true}",
		"{\"command\":\"log\",\"msg\":\"\\n\",\"level\":1}",
		"{\"command\":\"metrics\",\"name\":\"n\",\"params\":{\"a\":1}}",
		"{\"pid\":1}",
		"{\"tuple\":[1,2,3],\"task\":\"no integer\"}",
		"{\"tuple\":[1,2,",
		"",
	};
	struct random random = { 18 };
	struct message used = { 0 };

	for (int i = 0; i < 5000; i++) {
		struct span frame = span_of(RANDOM_OF(&random, frames));
		struct message fresh = { 0 };
		struct wire_error used_error;
		struct wire_error fresh_error;
		int err = message_scan(&used, WIRE_JSON, frame, &used_error);

		cr_assert_eq(message_scan(&fresh, WIRE_JSON, frame, &fresh_error), err);
		cr_assert_eq(used_error.offset, fresh_error.offset);
		cr_assert_eq(used_error.what, fresh_error.what);
		if (err == 0) {
			cr_assert_eq(used.is_task_ids, fresh.is_task_ids);
			for (size_t key = 0; key < KEY_COUNT; key++)
				cr_assert(texts_are_equal(
					member_of(&used, key), member_of(&fresh, key)));
			cr_assert_eq(used.value_count, fresh.value_count);
			for (size_t j = 0; j < used.value_count; j++)
				cr_assert(texts_are_equal(&used.values[j], &fresh.values[j]));
		}
		message_free(&fresh);
	}
	message_free(&used);
}

/* Reading the envelope */

Test(message, has_a_task_where_it_fits)
{
	static const struct {
		const char *frame;
		int expected;
	} cases[] = {
		{ "{}", 0 },
		{ "{\"task\":null}", 0 },
		{ "{\"task\":0}", 0 },
		{ "{\"task\":1}", 1 },
		{ "{\"task\":-1}", TASK_SYSTEM },
		{ "{\"task\":2147483647}", INT_MAX },
		{ "{\"task\":2147483648}", 0 },
		{ "{\"task\":-2147483648}", INT_MIN },
		{ "{\"task\":-2147483649}", 0 },
		{ "{\"task\":4294967297}", 0 },
		{ "{\"task\":9223372036854775807}", 0 },
		{ "{\"task\":18446744073709551617}", 0 },
	};
	struct message message = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scan(&message, span_of(cases[i].frame));
		cr_assert_eq(message_task(&message), cases[i].expected, "%s", cases[i].frame);
	}
	message_free(&message);
}

Test(message, is_of_the_default_stream_unless_it_says_so)
{
	struct message message = { 0 };

	scan(&message, SPAN("{}"));
	cr_assert(message_stream_is(&message, STREAM_DEFAULT));
	cr_assert_not(message_stream_is(&message, STREAM_TICK));
	scan(&message, SPAN("{\"stream\":null}"));
	cr_assert(message_stream_is(&message, STREAM_DEFAULT));
	scan(&message, SPAN("{\"stream\":\"default\"}"));
	cr_assert(message_stream_is(&message, STREAM_DEFAULT));
	scan(&message, SPAN("{\"stream\":\"\\u005f_tick\"}"));
	cr_assert(message_stream_is(&message, STREAM_TICK));
	cr_assert_not(message_stream_is(&message, STREAM_DEFAULT));
	scan(&message, SPAN("{\"stream\":\"\"}"));
	cr_assert(message_stream_is(&message, ""));
	cr_assert_not(message_stream_is(&message, STREAM_DEFAULT));
	message_free(&message);
}

Test(message, is_a_command_or_none)
{
	struct message message = { 0 };

	scan(&message, SPAN("{\"command\":\"n\\u0065xt\"}"));
	cr_assert(message_is(&message, SPAN("next")));
	cr_assert_not(message_is(&message, SPAN("nex")));
	cr_assert_not(message_is(&message, SPAN("nexts")));
	cr_assert_not(message_is(&message, SPAN("")));
	scan(&message, SPAN("{}"));
	cr_assert_not(message_is(&message, SPAN("")));
	cr_assert_not(message_is(&message, SPAN("next")));
	message_free(&message);
}
