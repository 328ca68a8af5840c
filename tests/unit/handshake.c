/* The handshake, as a component reads it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "component/context.h"

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
