/* A bolt's side of the protocol: tuples, ticks and heartbeats come, acks and fails go. */
#include <errno.h>

#include "component/task.h"

static int settle(struct storm_task *task, const struct storm_tuple *tuple, struct span head)
{
	struct buffer *frame;

	if (tuple->settled)
		return storm_error(
			task, -EALREADY, "%s acks or fails a tuple twice", task->context.component);
	((struct storm_tuple *)tuple)->settled = true;
	frame = task_begin_frame(task);
	buffer_append_span(frame, head);
	buffer_append_span(frame, tuple->message->id.text);
	buffer_append_literal(frame, "}");
	task_end_frame(task);
	return 0;
}

int storm_ack(struct storm_task *task, const struct storm_tuple *tuple)
{
	return settle(task, tuple, SPAN("{\"command\":\"ack\",\"id\":"));
}

int storm_fail(struct storm_task *task, const struct storm_tuple *tuple)
{
	return settle(task, tuple, SPAN("{\"command\":\"fail\",\"id\":"));
}

static void handle_heartbeat(struct storm_task *task)
{
	buffer_append_literal(task_begin_frame(task), "{\"command\":\"sync\"}");
	task_end_frame(task);
}

static void handle_tick(struct storm_task *task)
{
	int err = 0;

	task_clear_reason(task);
	if (task->bolt_class->tick)
		err = task->bolt_class->tick(task);
	if (err < 0)
		storm_log_error(task, "a tick failed: %s", task_reason(task, err));
	storm_ack(task, &task->tuple);
}

static void handle_tuple(struct storm_task *task)
{
	struct storm_tuple *tuple = &task->tuple;
	int err;

	task_clear_reason(task);
	task->processing = true;
	err = task->bolt_class->process(task, tuple);
	task->processing = false;
	if (err < 0) {
		storm_log_warn(task, "failed a tuple from %s, stream %s: %s", tuple->component,
			tuple->stream, task_reason(task, err));
		if (!tuple->settled)
			storm_fail(task, tuple);
	} else if (!task->bolt_class->manual_ack && !tuple->settled) {
		storm_ack(task, tuple);
	}
}

int bolt_handle(struct storm_task *task, const struct message *message)
{
	if (message->is_task_ids) /* an emit of ours never asks for them */
		return 0;
	if (message_stream_is(message, STREAM_HEARTBEAT)) {
		handle_heartbeat(task);
		return 0;
	}
	if (message->id.type == STORM_NULL || message->tuple.type == STORM_NULL)
		return storm_error(task, -EBADMSG, "a tuple without %s",
			message->id.type == STORM_NULL ? "id" : "values");
	if (tuple_set(&task->tuple, task, &task->message) < 0)
		return storm_error(task, -ENOMEM, "receiving a tuple");
	if (json_string_equals(&message->comp, SPAN(COMPONENT_SYSTEM)) &&
		message_stream_is(message, STREAM_TICK))
		handle_tick(task);
	else
		handle_tuple(task);
	return 0;
}
