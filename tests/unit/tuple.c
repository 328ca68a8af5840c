/* Access to the values of a tuple. */
#include <criterion/criterion.h>
#include <errno.h>

#include "lone_task.h"

static const struct storm_bolt_class bolt = { .manual_ack = true };
static const struct storm_topology topology = {
	.name = "topology",
	.bolts = STORM_BOLTS({ .name = "bolt", .bolt_class = &bolt }),
};

#define TUPLE(values)                                                                            \
	"{\"id\":\"1\",\"comp\":\"source\",\"stream\":\"default\",\"task\":2,\"tuple\":[" values \
	"]}"

static const enum wire wires[] = { WIRE_JSON, WIRE_MSGPACK };

static void start(struct storm_task *task, enum wire wire)
{
	lone_task_start(task, &topology, wire,
		"{\"conf\":{},\"context\":{\"componentid\":\"bolt\",\"taskid\":1,"
		"\"source->stream->fields\":{\"source\":{\"default\":[\"a\",\"b\",\"c\"]}}}}");
}

static bool is(struct storm_string string, const char *text)
{
	return string.length == strlen(text) && strcmp(string.data, text) == 0;
}

static bool holds(struct storm_binary binary, const char *bytes, size_t length)
{
	return binary.length == length && memcmp(binary.data, bytes, length) == 0;
}

/* What was decoded stays, whatever else is asked for: a value may be read as both. */
Test(tuple, what_was_decoded_stays)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;
		struct buffer frame = { 0 };
		struct storm_string strings[4];
		struct storm_binary binaries[4];
		const struct storm_tuple *tuple;

		start(&task, wires[i]);
		tuple = lone_task_receive_json(
			&task, TUPLE("\"AAAA\",\"\",\"\\u0061\\/w\\u003d\""), &frame);
		for (int again = 0; again < 2; again++) {
			cr_assert_eq(storm_tuple_get_string(tuple, "a", &strings[0]), 0);
			cr_assert_eq(storm_tuple_get_binary(tuple, "c", &binaries[2]), 0);
			cr_assert_eq(storm_tuple_get_binary(tuple, "a", &binaries[0]), 0);
			cr_assert_eq(storm_tuple_get_string(tuple, "b", &strings[1]), 0);
			cr_assert_eq(storm_tuple_get_binary(tuple, "b", &binaries[1]), 0);
			cr_assert_eq(storm_tuple_get_string(tuple, "c", &strings[2]), 0);
		}
		cr_assert(is(strings[0], "AAAA"));
		cr_assert(is(strings[1], ""));
		cr_assert(is(strings[2], "a/w="));
		cr_assert(holds(binaries[0], "\0\0\0", 3));
		cr_assert(holds(binaries[1], "", 0));
		cr_assert(holds(binaries[2], "k\xFC", 2));
		lone_task_end(&task);
		buffer_free(&frame);
	}
}

Test(tuple, binary_data_of_every_form)
{
	struct storm_task task;
	struct storm_binary binary;
	struct storm_string string;
	const struct storm_tuple *tuple;

	start(&task, WIRE_MSGPACK);
	tuple = lone_task_receive(&task,
		SPAN("\x85\xA2id\xA1"
		     "1\xA4"
		     "comp\xA6source\xA6stream\xA7"
		     "default\xA4task\2\xA5tuple\x93\xC4\2\xFF\0\xA4/wA="
		     "\x92\xCC\xFF\0"));
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(storm_tuple_binary_at(tuple, i, &binary), 0);
		cr_assert(holds(binary, "\xFF\0", 2), "%zu", i);
	}
	cr_assert_eq(storm_tuple_string_at(tuple, 0, &string), -EINVAL);
	cr_assert(strstr(task_reason(&task, -EINVAL), "is binary data, not a string"));
	lone_task_end(&task);
}

Test(tuple, values_as_json_and_as_trees)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;
		struct buffer frame = { 0 };
		struct storm_string text;
		const struct storm_tuple *tuple;
		json_t *tree;

		start(&task, wires[i]);
		tuple = lone_task_receive_json(
			&task, TUPLE("[1,{\"k\":\"a\\u0000\"}],1.5,null"), &frame);
		cr_assert_eq(storm_tuple_get_json(tuple, "a", &text), 0);
		cr_assert(span_equals(
			(struct span){ text.data, text.length }, SPAN("[1,{\"k\":\"a\\u0000\"}]")));
		cr_assert_eq(storm_tuple_get_tree(tuple, "a", &tree), 0);
		cr_assert_eq(json_array_size(tree), 2);
		json_decref(tree);
		cr_assert_eq(storm_tuple_get_tree(tuple, "b", &tree), 0);
		cr_assert_eq(json_number_value(tree), 1.5);
		json_decref(tree);
		cr_assert_eq(storm_tuple_get_tree(tuple, "c", &tree), 0);
		cr_assert(json_is_null(tree));
		json_decref(tree);
		cr_assert_eq(storm_tuple_type_at(tuple, 2), STORM_NULL);
		cr_assert_eq(storm_tuple_type_at(tuple, 3), STORM_NULL);
		cr_assert_eq(storm_tuple_type_at(tuple, 0), STORM_ARRAY);
		lone_task_end(&task);
		buffer_free(&frame);
	}
}

/* A kept tuple does not need the frame that it came in. */
Test(tuple, a_kept_one_has_all_that_it_needs)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;
		struct buffer frame = { 0 };
		struct storm_tuple *kept;
		struct storm_string string;
		struct storm_binary binary;
		int64_t integer;

		start(&task, wires[i]);
		kept = storm_tuple_keep(
			lone_task_receive_json(&task, TUPLE("\"te\\u0078t\",\"/wA=\",7"), &frame));
		cr_assert_not_null(kept);
		memset(frame.data, 0, frame.length);
		cr_assert_eq(storm_tuple_get_string(kept, "a", &string), 0);
		cr_assert(is(string, "text"));
		cr_assert_eq(storm_tuple_get_binary(kept, "b", &binary), 0);
		cr_assert(holds(binary, "\xFF\0", 2));
		cr_assert_eq(storm_tuple_get_integer(kept, "c", &integer), 0);
		cr_assert_eq(integer, 7);
		cr_assert_str_eq(storm_tuple_component(kept), "source");
		cr_assert_str_eq(storm_tuple_stream(kept), "default");
		cr_assert_eq(storm_tuple_task(kept), 2);
		cr_assert_eq(storm_tuple_size(kept), 3);
		storm_tuple_release(kept);
		lone_task_end(&task);
		buffer_free(&frame);
	}
}
