/* A bolt's side of the protocol: tuples, ticks and heartbeats come, acks and fails go. */
#include "component/bolt.h"

#include <errno.h>

#include "component/task.h"

void bolt_set_current(
	struct storm_task *task, const struct storm_tuple *const *tuples, size_t count)
{
	bool anchors = !task->bolt_class->manual_anchor;

	task->current = anchors ? tuples : NULL;
	task->current_count = anchors ? count : 0;
}

static int settle(
	struct storm_task *task, const struct storm_tuple *tuple, struct phrase head, char mark)
{
	static const struct phrase end = PHRASE_INIT("}", "");
	struct buffer *message;

	if (tuple->settled)
		return storm_error(
			task, -EALREADY, "%s acks or fails a tuple twice", task->context.component);
	((struct storm_tuple *)tuple)->settled = true;
	task->kept -= tuple->kept;
	message = task_begin_message(task);
	if (tuple->message->is_line) {
		buffer_append(message, &mark, 1);
		buffer_append_span(message, tuple->message->id.text);
	} else {
		buffer_append_phrase(message, task_wire(task), head);
		buffer_append_span(message, tuple->message->id.text);
		buffer_append_phrase(message, task_wire(task), end);
	}
	task_end_message(task);
	return 0;
}

int storm_ack(struct storm_task *task, const struct storm_tuple *tuple)
{
	return settle(task, tuple,
		PHRASE("{\"command\":\"ack\",\"id\":",
			"\x82\xA7"
			"command\xA3"
			"ack\xA2id"),
		'+');
}

int storm_fail(struct storm_task *task, const struct storm_tuple *tuple)
{
	return settle(task, tuple,
		PHRASE("{\"command\":\"fail\",\"id\":",
			"\x82\xA7"
			"command\xA4"
			"fail\xA2id"),
		'-');
}

static void handle_heartbeat(struct storm_task *task)
{
	buffer_append_phrase(task_begin_message(task), task_wire(task),
		PHRASE("{\"command\":\"sync\"}",
			"\x81\xA7"
			"command\xA4sync"));
	task_end_message(task);
}

static void handle_tick(struct storm_task *task)
{
	int err = 0;

	task_clear_reason(task);
	if (task->bolt_class->process_batch)
		batches_tick(task);
	if (task->bolt_class->tick) {
		alive_call(task, "tick");
		err = task->bolt_class->tick(task);
	}
	if (err < 0)
		storm_log_error(task, "a tick failed: %s", task_reason(task, err));
	storm_ack(task, &task->tuple);
}

void bolt_fail(struct storm_task *task, int err)
{
	const struct storm_tuple *tuple = &task->tuple;

	storm_log_warn(task, FAIL_LOG "%s, stream %s: %s", tuple->component, tuple->stream,
		task_reason(task, err));
	if (!tuple->settled && !task->bolt_class->manual_fail)
		storm_fail(task, tuple);
}

static void handle_tuple(struct storm_task *task)
{
	const struct storm_tuple *tuple = &task->tuple;
	int err;

	task_clear_reason(task);
	if (task->bolt_class->process_batch) {
		batches_add(task);
		return;
	}
	alive_call(task, "process");
	bolt_set_current(task, &tuple, 1);
	err = task->bolt_class->process(task, tuple);
	bolt_set_current(task, NULL, 0);
	if (err < 0)
		bolt_fail(task, err);
	else if (!task->bolt_class->manual_ack && !tuple->settled)
		storm_ack(task, tuple);
}

int bolt_handle(struct storm_task *task, const struct message *message)
{
	bool is_systems = message_task(message) == TASK_SYSTEM;

	if (message->is_task_ids) /* nobody waits for them */
		return 0;
	if (is_systems && message_stream_is(message, STREAM_HEARTBEAT)) {
		handle_heartbeat(task);
		return 0;
	}
	if (message->id.type == STORM_NULL || message->tuple.type == STORM_NULL)
		return storm_error(task, -EBADMSG, "a tuple without %s",
			message->id.type == STORM_NULL ? "id" : "values");
	if (tuple_set(&task->tuple, task, &task->message) < 0)
		return storm_error(task, -ENOMEM, "receiving a tuple");
	if (is_systems && encoded_equals(&message->comp, SPAN(COMPONENT_SYSTEM)) &&
		message_stream_is(message, STREAM_TICK))
		handle_tick(task);
	else
		handle_tuple(task);
	return 0;
}
