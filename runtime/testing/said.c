/* What a component under test has said. */
#include <stdlib.h>

#include "protocol/frame.h"
#include "testing/testing.h"

/* Taking it */

/* The ack of a tick says nothing: no component can leave it out. */
static bool is_ack_of_tick(const json_t *message)
{
	const char *id = json_string_value(json_object_get(message, "id"));

	return id && strcmp(id, TICK_ID) == 0;
}

static void settle(struct storm_test *test, const json_t *id, enum storm_test_outcome outcome)
{
	int number = atoi(json_is_string(id) ? json_string_value(id) : "0");

	if (number > 0 && number <= test->received)
		test->outcomes[number - 1] = outcome;
}

/* The parent's answer to an emit that asks for task ids: the task finds it when it looks. */
static void answer_receivers(struct storm_test *test)
{
	char *ids = json_dumps(test->receivers, JSON_COMPACT);
	struct buffer *input = &test->task.deferred.buffer;

	buffer_append_format(input, "%s" FRAME_END, ids ? ids : "[]");
	free(ids);
}

/* The runtime's ids of a reliable spout's tuples mean nothing: a test has 1 for the first, then 2. */
static void number_id(struct storm_test *test, json_t *message)
{
	const char *id = json_string_value(json_object_get(message, "id"));
	char number[24];

	if (!id)
		return;
	snprintf(number, sizeof(number), "%zu", json_object_size(test->numbers) + 1);
	if (!json_object_get(test->numbers, id)) {
		json_object_set_new(test->numbers, id, json_string(number));
		json_array_append_new(test->ids, json_string(id));
	}
	json_object_set(message, "id", json_object_get(test->numbers, id));
}

static void take_message(struct storm_test *test, json_t *message)
{
	const char *command = json_string_value(json_object_get(message, "command"));

	if (!command || is_ack_of_tick(message))
		return; /* so it does with the pid, which is the test's own */
	if (strcmp(command, "sync") == 0) {
		bool had_finished = test->finished;

		test->finished = json_is_true(json_object_get(message, "finished"));
		if (!test->finished || had_finished)
			return;
	}
	if (test->task.spout_class && test->task.spout_class->reliable)
		number_id(test, message);
	if (strcmp(command, "ack") == 0)
		settle(test, json_object_get(message, "id"), STORM_TEST_ACKED);
	if (strcmp(command, "fail") == 0)
		settle(test, json_object_get(message, "id"), STORM_TEST_FAILED);
	if (json_is_true(json_object_get(message, "need_task_ids")))
		answer_receivers(test);
	json_array_append(test->messages, message);
}

void test_take(struct storm_test *test)
{
	struct output *output = &test->task.output;
	struct frame_reader reader = { .wire = WIRE_JSON };
	struct span frame;

	frame_reader_feed(&reader, output->buffer.data, output->buffer.length);
	output_clear(output);
	while (frame_reader_next(&reader, &frame) > 0) {
		json_t *message = json_loadb(frame.data, frame.length, JSON_ALLOW_NUL, NULL);

		take_message(test, message);
		json_decref(message);
	}
	frame_reader_free(&reader);
}

/* Telling it */

static void append_json(struct buffer *text, const json_t *value)
{
	char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

	buffer_append_format(text, "%s", dump ? dump : "?");
	free(dump);
}

/* An id that is a string without its quotes. */
static void append_id(struct buffer *text, const json_t *id)
{
	if (json_is_string(id))
		buffer_append_format(text, "%s", json_string_value(id));
	else
		append_json(text, id);
}

static bool is_to_stream(const json_t *emit, const char *stream)
{
	const json_t *name = json_object_get(emit, "stream");

	return strcmp(name ? json_string_value(name) : STREAM_DEFAULT, stream) == 0;
}

static void append_emit(struct buffer *text, const json_t *emit)
{
	const json_t *anchors = json_object_get(emit, "anchors");
	const json_t *anchor;
	size_t i;

	buffer_append_format(text, "emit ");
	if (!is_to_stream(emit, STREAM_DEFAULT))
		buffer_append_format(
			text, "%s ", json_string_value(json_object_get(emit, "stream")));
	append_json(text, json_object_get(emit, "tuple"));
	json_array_foreach(anchors, i, anchor) {
		buffer_append_format(text, i == 0 ? " anchors " : ",");
		append_id(text, anchor);
	}
	if (json_object_get(emit, "task"))
		buffer_append_format(text, " task %" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(emit, "task")));
	if (json_object_get(emit, "id")) {
		buffer_append_format(text, " id ");
		append_id(text, json_object_get(emit, "id"));
	}
}

static void append_message(struct buffer *text, const json_t *message)
{
	static const char *const levels[] = { "trace", "debug", "info", "warn", "error" };
	const char *command = json_string_value(json_object_get(message, "command"));
	const char *said = json_string_value(json_object_get(message, "msg"));
	json_int_t level = json_integer_value(json_object_get(message, "level"));

	if (strcmp(command, "emit") == 0) {
		append_emit(text, message);
	} else if (strcmp(command, "sync") == 0) {
		buffer_append_format(text, "finished");
	} else if (strcmp(command, "log") == 0) {
		buffer_append_format(
			text, "log %s: %s", levels[level >= 0 && level <= 4 ? level : 2], said);
	} else if (strcmp(command, "error") == 0) {
		buffer_append_format(text, "error: %s", said);
	} else if (strcmp(command, "metrics") == 0) {
		buffer_append_format(
			text, "metric %s ", json_string_value(json_object_get(message, "name")));
		append_json(text, json_object_get(message, "params"));
	} else {
		buffer_append_format(text, "%s ", command);
		append_id(text, json_object_get(message, "id"));
	}
	buffer_append_literal(text, "\n");
}

const char *storm_test_said(struct storm_test *test)
{
	const json_t *message;
	size_t i;

	buffer_truncate(&test->text, 0);
	json_array_foreach(test->messages, i, message)
		append_message(&test->text, message);
	return buffer_text(&test->text);
}

const char *storm_test_emitted(struct storm_test *test, const char *stream)
{
	json_t *tuples = json_array();
	const json_t *message;
	size_t i;

	json_array_foreach(test->messages, i, message) {
		json_t *tuple = json_object_get(message, "tuple");

		if (tuple && is_to_stream(message, stream ? stream : STREAM_DEFAULT))
			json_array_append(tuples, tuple);
	}
	buffer_truncate(&test->text, 0);
	append_json(&test->text, tuples);
	json_decref(tuples);
	return buffer_text(&test->text);
}

const struct json_t *storm_test_messages(const struct storm_test *test)
{
	return test->messages;
}

void storm_test_forget(struct storm_test *test)
{
	json_array_clear(test->messages);
}

enum storm_test_outcome storm_test_outcome(const struct storm_test *test, int id)
{
	return id > 0 && id <= test->received ? test->outcomes[id - 1] : STORM_TEST_PENDING;
}
