/* A task without a process or a parent: what it says stays in its buffer. */
#ifndef UNIT_LONE_TASK_H
#define UNIT_LONE_TASK_H

#include <criterion/criterion.h>

#include "component/task.h"
#include "protocol/transcode.h"

/* Become the first bolt of a topology, as a handshake in JSON says. */
static inline void lone_task_start(struct storm_task *task, const struct storm_topology *topology,
	enum wire wire, const char *handshake)
{
	struct buffer error = { 0 };

	*task = (struct storm_task){
		.topology = topology,
		.bolt_class = topology->bolts[0].bolt_class,
		.outputs = topology->bolts[0].bolt_class->outputs,
		.stdio = { .input = -1, .output = -1, .errors = -1 },
		.reader = { .wire = wire },
		.loop = ev_loop_new(EVFLAG_AUTO),
		.log = LOG_INIT,
	};
	cr_assert_eq(context_read(&task->context, topology, span_of(handshake), &error), 0, "%s",
		buffer_text(&error));
}

/* What it has said since it was asked the last time, message by message: its frames. Borrowed. */
static inline bool lone_task_says(struct storm_task *task, struct span *frame)
{
	struct buffer *said = &task->output.buffer;

	if (said->length > 0) {
		cr_assert_eq(frame_reader_feed(&task->reader, said->data, said->length), 0);
		buffer_truncate(said, 0);
	}
	return frame_reader_next(&task->reader, frame) > 0;
}

/* Receive a tuple, as it comes on the task's wire; the frame must stay while the tuple is there. */
static inline const struct storm_tuple *lone_task_receive(
	struct storm_task *task, struct span frame)
{
	struct wire_error error = { 0, NULL };

	cr_assert_eq(message_scan(&task->message, task_wire(task), frame, &error), 0,
		"%s at byte %zu", error.what, error.offset);
	cr_assert_eq(tuple_set(&task->tuple, task, &task->message), 0);
	return &task->tuple;
}

/* The same for a message that is given as JSON whatever the wire is; the frame is the caller's. */
static inline const struct storm_tuple *lone_task_receive_json(
	struct storm_task *task, const char *json, struct buffer *frame)
{
	buffer_truncate(frame, 0);
	if (task_wire(task) == WIRE_JSON)
		buffer_append_span(frame, span_of(json));
	else
		cr_assert_eq(transcode_to_msgpack(span_of(json), frame, NULL), 0, "%s", json);
	return lone_task_receive(task, buffer_span(frame));
}

static inline void lone_task_end(struct storm_task *task)
{
	struct span frame;

	cr_assert_not(lone_task_says(task, &frame), "it says more than was asked for");
	frame_reader_free(&task->reader);
	output_free(&task->output);
	buffer_free(&task->reason);
	tuple_free(&task->tuple);
	message_free(&task->message);
	context_free(&task->context);
	ev_loop_destroy(task->loop);
}

#endif
