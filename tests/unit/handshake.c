/* The handshake, as a component reads it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "component/context.h"
#include "protocol/frame.h"
#include "protocol/message.h"
#include "protocol/transcode.h"

static const struct storm_spout_class lines = { .outputs = STORM_FIELDS("line", "number") };
static const struct storm_bolt_class split = {
	.outputs = STORM_OUTPUTS(
		STORM_STREAM("default", "word"), STORM_STREAM("rejected", "line", "reason")),
};
static const struct storm_topology topology = {
	.name = "wordcount",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &lines }),
	.bolts = STORM_BOLTS({ .name = "split", .bolt_class = &split }),
};

static json_t *load(void)
{
	json_t *handshake = json_load_file(DATA_DIRECTORY "/handshake/bolt.json", 0, NULL);

	cr_assert_not_null(handshake);
	return handshake;
}

/* Read a handshake, which is taken. */
static int read_handshake(struct context *context, json_t *handshake, struct buffer *error)
{
	char *text = json_dumps(handshake, JSON_COMPACT);
	int err = context_read(context, &topology, span_of(text), error);

	free(text);
	json_decref(handshake);
	return err;
}

Test(handshake, says_who_the_task_is)
{
	struct context context = { 0 };
	struct buffer error = { 0 };
	const struct source *source;
	const struct peer *peer;

	cr_assert_eq(read_handshake(&context, load(), &error), 0);
	cr_assert_str_eq(context.component, "split");
	cr_assert_eq(context.task, 5);
	cr_assert_eq(context.index, 1);
	cr_assert_str_eq(context.pid_dir, "/pids/here");
	cr_assert_str_eq(
		json_string_value(json_object_get(context.conf, "wordcount.input")), "http://a/b");

	source = context_source(&context, "lines", "default");
	cr_assert_not_null(source);
	cr_assert_eq(source->field_count, 2);
	cr_assert_str_eq(source->fields[1], "number");
	cr_assert_null(context_source(&context, "lines", "other"));
	cr_assert_null(context_source(&context, "nobody", "default"));

	peer = context_peer(&context, "split");
	cr_assert_not_null(peer);
	cr_assert_eq(peer->task_count, 3);
	cr_assert_eq(peer->tasks[0], 4);
	cr_assert_eq(peer->tasks[1], 5);
	cr_assert_eq(peer->tasks[2], 11);
	context_free(&context);
}

Test(handshake, without_fields_takes_those_that_the_topology_declares)
{
	struct context context = { 0 };
	struct buffer error = { 0 };
	const struct source *source;
	json_t *handshake = load();

	json_object_del(json_object_get(handshake, "context"), "source->stream->fields");
	cr_assert_eq(read_handshake(&context, handshake, &error), 0);
	source = context_source(&context, "lines", "default");
	cr_assert_not_null(source);
	cr_assert_str_eq(source->fields[0], "line");
	source = context_source(&context, "split", "rejected");
	cr_assert_not_null(source);
	cr_assert_str_eq(source->fields[1], "reason");
	context_free(&context);
}

static void check_missing(const char *where, const char *key, const char *named)
{
	struct context context = { 0 };
	struct buffer error = { 0 };
	json_t *handshake = load();

	json_object_del(where ? json_object_get(handshake, where) : handshake, key);
	cr_expect_eq(read_handshake(&context, handshake, &error), -EBADMSG, "%s", key);
	cr_expect_not_null(strstr(buffer_text(&error), named), "%s", buffer_text(&error));
	buffer_free(&error);
	context_free(&context);
}

Test(handshake, names_the_part_that_is_missing)
{
	check_missing(NULL, "conf", "conf is missing");
	check_missing(NULL, "context", "context is missing");
	check_missing("context", "taskid", "context.taskid is missing");
}

static void check_bad(const char *text, const char *named)
{
	struct context context = { 0 };
	struct buffer error = { 0 };

	cr_expect_eq(context_read(&context, &topology, span_of(text), &error), -EBADMSG);
	cr_expect_not_null(strstr(buffer_text(&error), named), "%s", buffer_text(&error));
	buffer_free(&error);
	context_free(&context);
}

/* Storm before 0.10 does not say componentid. */
Test(handshake, finds_its_component_among_the_tasks)
{
	struct context context = { 0 };
	struct buffer error = { 0 };
	json_t *handshake = load();
	char *expected = strdup(json_string_value(
		json_object_get(json_object_get(handshake, "context"), "componentid")));

	json_object_del(json_object_get(handshake, "context"), "componentid");
	cr_assert_eq(read_handshake(&context, handshake, &error), 0);
	cr_assert_str_eq(context.component, expected);
	context_free(&context);
	free(expected);
	check_bad("{\"conf\":{},\"context\":{\"taskid\":1,\"task->component\":{\"2\":\"a\"}}}",
		"context.componentid is missing");
}

Test(handshake, refuses_what_is_none)
{
	check_bad("", "not JSON");
	check_bad("{\"conf\":{},", "at byte 11");
	check_bad("[]", "conf is missing");
	check_bad("{\"conf\":{},\"context\":{\"componentid\":\"a\",\"taskid\":1,"
		  "\"task->component\":{\"x\":\"a\"}}}",
		"not a task id");
	check_bad("{\"conf\":{},\"context\":{\"componentid\":\"a\",\"taskid\":1,"
		  "\"source->stream->fields\":{\"a\":{\"s\":[1]}}}}",
		"not a string");
}

/* In MessagePack */

/* Read a handshake as a task does: from a frame, which is scanned, and made JSON of. */
static int read_msgpack(struct context *context, struct span wire, struct buffer *error)
{
	struct frame_reader reader = { .wire = wire_of(wire.data[0]) };
	struct message message = { 0 };
	struct wire_error why;
	struct buffer json = { 0 };
	struct span frame;
	int err;

	cr_assert_eq(reader.wire, WIRE_MSGPACK);
	for (size_t i = 0; i < wire.length; i++) {
		cr_assert_eq(frame_reader_feed(&reader, wire.data + i, 1), 0);
		cr_assert_eq(frame_reader_next(&reader, &frame), i + 1 == wire.length);
	}
	err = message_scan(&message, WIRE_MSGPACK, frame, &why);
	if (err == 0)
		err = transcode_to_json(frame, &json);
	if (err == 0)
		err = context_read(context, &topology, buffer_span(&json), error);
	message_free(&message);
	frame_reader_free(&reader);
	buffer_free(&json);
	return err;
}

Test(handshake, is_the_same_in_messagepack)
{
	struct context expected = { 0 };
	struct context context = { 0 };
	struct buffer error = { 0 };
	struct buffer wire = { 0 };
	json_t *handshake = load();
	char *text = json_dumps(handshake, 0);

	cr_assert_eq(transcode_to_msgpack(span_of(text), &wire, NULL), 0);
	cr_assert_eq(read_handshake(&expected, handshake, &error), 0);
	cr_assert_eq(
		read_msgpack(&context, buffer_span(&wire), &error), 0, "%s", buffer_text(&error));
	cr_assert(json_equal(context.handshake, expected.handshake));
	cr_assert_str_eq(context.component, "split");
	cr_assert_eq(context.task, 5);
	cr_assert_eq(context.index, 1);
	context_free(&context);
	context_free(&expected);
	buffer_free(&wire);
	free(text);
}

/* The numbers of tasks need not be strings there, and those of Java's maps are not. */
Test(handshake, in_messagepack_may_have_numbers_as_keys)
{
	struct context context = { 0 };
	struct buffer error = { 0 };
	const struct peer *peer;

	cr_assert_eq(
		read_msgpack(&context,
			SPAN("\x83\xA6pidDir\xA5/pids\xA4"
			     "conf\x82\xB2topology.workers.x\x01\xABtopology.id\xC0\xA7"
			     "context\x83\xA6taskid\xCD\x01\x00\xAFtask->component\x84"
			     "\x04\xA5split\xCD\x01\x00\xA5split\xD1\x00\x05\xA5lines\xFF\xA8__system"
			     "\xB6source->stream->fields\x81\xA5lines\x81\xA7"
			     "default\x92\xA4line\xA6number"),
			&error),
		0, "%s", buffer_text(&error));
	cr_assert_str_eq(context.component, "split");
	cr_assert_str_eq(context.pid_dir, "/pids");
	cr_assert_eq(context.task, 256);
	cr_assert_eq(context.index, 1);
	peer = context_peer(&context, "split");
	cr_assert_eq(peer->task_count, 2);
	cr_assert_eq(peer->tasks[0], 4);
	cr_assert_eq(peer->tasks[1], 256);
	peer = context_peer(&context, "__system");
	cr_assert_eq(peer->tasks[0], -1);
	cr_assert_eq(context_source(&context, "lines", "default")->field_count, 2);
	context_free(&context);
}

Test(handshake, in_messagepack_is_refused_where_it_is_none)
{
	static const struct {
		struct span wire;
		int err;
	} cases[] = {
		{ { "\x80", 1 }, -EBADMSG },
		{ { "\x90", 1 }, -EBADMSG },
		{ { "\xC0", 1 }, -EBADMSG },
		{ { "\x81\xA4"
		    "conf\xA1\xFF",
			  8 },
			-EBADMSG },
		{ { "\x81\xA4"
		    "conf\x81\xA1k\xCA\x7F\xC0\0\0",
			  14 },
			-EDOM },
		{ { "\x81\xA4"
		    "conf\x81\x90\x01",
			  9 },
			-EDOM },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct context context = { 0 };
		struct buffer error = { 0 };

		cr_assert_eq(read_msgpack(&context, cases[i].wire, &error), cases[i].err, "%zu", i);
		buffer_free(&error);
		context_free(&context);
	}
}
