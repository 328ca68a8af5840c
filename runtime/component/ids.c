/*
 * The ids of the tasks that an emit went to. The parent sends them as an answer, behind what was on
 * its way already: that is read ahead and kept, in order, until the callback has returned.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "component/emit.h"
#include "component/task.h"

#define READ_SIZE ((size_t)64 << 10)

/* Move what the reader has not handed out to the deferred bytes; only its current frame stays. */
static void defer_rest(struct storm_task *task)
{
	struct span rest = frame_reader_rest(&task->reader);

	buffer_append_span(&task->deferred.buffer, rest);
	task->reader.buffer.length = task->reader.start;
	task->reader.line = task->reader.scanned = task->reader.start;
	task->reader.missing = 0;
}

/* Read once more from the parent, waiting for it. */
static int read_more(struct storm_task *task)
{
	struct pollfd input = { .fd = task->stdio.input, .events = POLLIN };
	struct buffer *bytes = &task->deferred.buffer;
	ssize_t count;

	if (buffer_reserve(bytes, READ_SIZE) < 0)
		return storm_error(task, -ENOMEM, "reading task ids");
	while (poll(&input, 1, -1) < 0 && errno == EINTR)
		;
	count = read(task->stdio.input, bytes->data + bytes->length, READ_SIZE);
	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (count < 0)
		return storm_error(task, -errno, "reading task ids");
	if (count == 0)
		return storm_error(task, -EPIPE, "the parent is gone, and has sent no task ids");
	bytes->length += (size_t)count;
	return 0;
}

/* Whether a message is a list, without taking it apart. */
static bool is_list(struct span frame, enum wire wire)
{
	size_t at = 0;

	if (wire == WIRE_MSGPACK)
		return ((unsigned char)frame.data[0] & 0xF0) == 0x90 ||
			(unsigned char)frame.data[0] == 0xDC ||
			(unsigned char)frame.data[0] == 0xDD;
	while (at < frame.length && strchr(" \t\r\n", frame.data[at]))
		at++;
	return at < frame.length && frame.data[at] == '[';
}

static int reserve_ids(struct storm_task *task, size_t count)
{
	int *ids;

	if (count <= task->task_ids_capacity)
		return 0;
	ids = realloc(task->task_ids, count * sizeof(*ids));
	if (!ids)
		return storm_error(task, -ENOMEM, "task ids");
	task->task_ids = ids;
	task->task_ids_capacity = count;
	return 0;
}

static int take_ids(struct storm_task *task, struct span frame, size_t *count)
{
	struct message message = { 0 };
	struct wire_error error;
	int err = message_scan(&message, task_wire(task), frame, &error);
	int64_t id;

	if (err < 0)
		err = storm_error(task, err, "the task ids: %s at byte %zu",
			err == -EBADMSG ? error.what : "memory ended", error.offset);
	if (err == 0)
		err = reserve_ids(task, message.value_count);
	for (size_t i = 0; i < message.value_count && err == 0; i++) {
		if (encoded_integer(&message.values[i], &id) < 0 || id < INT_MIN || id > INT_MAX)
			err = storm_error(task, -EBADMSG, "a task id out of range");
		else
			task->task_ids[i] = (int)id;
	}
	*count = err == 0 ? message.value_count : 0;
	message_free(&message);
	return err;
}

/* Cut a frame that was just handed out out of the bytes. */
static void cut_frame(struct frame_reader *reader, size_t start)
{
	struct buffer *bytes = &reader->buffer;

	memmove(bytes->data + start, bytes->data + reader->start, bytes->length - reader->start);
	bytes->length -= reader->start - start;
	reader->start = reader->line = reader->scanned = start;
	reader->missing = 0;
}

/* Wait for the answer. The deferred bytes up to their reader's start hold no task ids. */
static int read_ids(struct storm_task *task, size_t *count)
{
	struct frame_reader *deferred = &task->deferred;
	int err = 0;

	defer_rest(task);
	while (err == 0) {
		size_t start = deferred->start;
		struct span frame;
		int found = frame_reader_next(deferred, &frame);

		if (found < 0) {
			err = storm_error(task, found, "what the parent sends");
		} else if (found == 0) {
			err = read_more(task);
		} else if (is_list(frame, task_wire(task))) {
			err = take_ids(task, frame, count);
			cut_frame(deferred, start);
			return err;
		}
	}
	return err;
}

int storm_emit_and_get_tasks(struct storm_task *task, const struct storm_emission *emission,
	const int **ids, size_t *count)
{
	bool wanted = emission->task == 0; /* of a direct emit the parent sends none */
	int err = reserve_ids(task, 1);

	*ids = NULL;
	*count = 0;
	if (err < 0)
		return err;
	if (wanted && task->spout_class && !task->answering)
		return storm_error(task, -EAGAIN,
			"a spout gets task ids only while it answers a command of the parent");
	err = emit(task, emission, wanted);
	if (err < 0)
		return err;
	if (wanted) {
		task_flush(task);
		err = task->output_broken ? storm_error(task, -EPIPE, "the parent is gone") :
					    read_ids(task, count);
		/* In a watcher, what the loop has found to be readable may be read by now. */
		ev_clear_pending(task->loop, &task->input);
	} else {
		task->task_ids[0] = emission->task;
		*count = 1;
	}
	if (err == 0)
		*ids = task->task_ids;
	return err;
}
