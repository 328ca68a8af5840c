/* A task without a process or a parent: what it says stays in its buffer. */
#ifndef UNIT_LONE_TASK_H
#define UNIT_LONE_TASK_H

#include <criterion/criterion.h>

#include "component/task.h"

/* Become the first bolt of a topology, as a handshake in JSON says. */
static inline void lone_task_start(struct storm_task *task, const struct storm_topology *topology,
	enum wire wire, const char *handshake)
{
	struct buffer error = { 0 };

	*task = (struct storm_task){
		.topology = topology,
		.bolt_class = topology->bolts[0].bolt_class,
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
