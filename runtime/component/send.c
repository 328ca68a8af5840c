/*
 * Messages to the parent.
 *
 * They are written when the loop is about to sleep, or when much is pending; never one by one while
 * more input waits. What a spout says while the parent does not read stays here until it does.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "component/task.h"

/* Flush in the middle of a batch when this much is pending. */
#define FLUSH_SIZE ((size_t)64 << 10)

struct buffer *task_begin_message(struct storm_task *task)
{
	return &task->output.buffer;
}

void task_end_message(struct storm_task *task)
{
	buffer_append_frame_end(&task->output.buffer, task_wire(task));
	task->complete = task->output.buffer.length;
	if (output_pending(&task->output) >= FLUSH_SIZE &&
		(task->bolt_class || task->answering || task->output.buffer.failed))
		task_flush(task);
}

/* A parent may have made the pipe one that does not block. */
static void wait_for_room(int fd)
{
	struct pollfd output = { .fd = fd, .events = POLLOUT };

	poll(&output, 1, -1);
}

static int write_pending(struct storm_task *task)
{
	int err;

	if (task->output.buffer.failed)
		return -ENOMEM;
	if (output_pending(&task->output) == 0 || task->output_broken)
		return 0;
	if (task->alive.running)
		pthread_mutex_lock(&task->alive.writing);
	while ((err = output_flush(&task->output, task->stdio.output)) == 0)
		wait_for_room(task->stdio.output);
	if (task->alive.running)
		pthread_mutex_unlock(&task->alive.writing);
	return err;
}

void task_flush(struct storm_task *task)
{
	int err = 0;

	if (task->test)
		test_take(task->test);
	else
		err = write_pending(task);
	if (err < 0) {
		/* Nobody is there to hear of it but who reads the standard error. */
		if (err != -EPIPE)
			dprintf(task->stdio.errors, "%s: cannot write to the parent: %s\n",
				task->topology->name, strerror(-err));
		task->output_broken = true;
		task->status = 1;
		task_stop(task);
	}
	if (task->output_broken)
		output_clear(&task->output);
	task->complete = task->output.buffer.length;
	task->answered = false;
}
