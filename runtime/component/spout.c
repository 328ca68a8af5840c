/*
 * A spout's side of the protocol: each command is answered by emits and logs, then one sync.
 *
 * A reliable spout's tuples are kept here until they are acked, as the text of their frames, so
 * that a replay is a copy.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "component/task.h"

int spout_keep(struct storm_task *task, uint64_t tag, uint64_t *number, struct buffer **rest)
{
	struct pending_tuple *pending;
	void *entry;

	*number = slots_take(&task->pending, &entry);
	if (*number == 0)
		return -ENOMEM;
	pending = entry;
	pending->tag = tag;
	pending->fails = 0;
	*rest = &pending->rest;
	return 0;
}

void spout_forget(struct storm_task *task, uint64_t number)
{
	slots_release(&task->pending, number);
}

void spout_free_pending(struct storm_task *task)
{
	struct pending_tuple *pending;
	uint32_t place = 0;

	while ((pending = slots_next_ever(&task->pending, &place)))
		buffer_free(&pending->rest);
	slots_free(&task->pending);
	fifo_free(&task->replays);
}

static void handle_acked(struct storm_task *task, uint64_t number)
{
	struct pending_tuple *pending = slots_get(&task->pending, number);
	uint64_t tag;

	if (!pending)
		return;
	tag = pending->tag;
	spout_forget(task, number);
	if (task->spout_class->acked)
		task->spout_class->acked(task, tag);
}

static int handle_failed(struct storm_task *task, uint64_t number)
{
	struct pending_tuple *pending = slots_get(&task->pending, number);
	unsigned int max_fails = task->spout_class->max_fails;
	uint64_t tag;

	if (!pending)
		return 0;
	pending->fails++;
	if (max_fails == 0 || pending->fails < max_fails) {
		if (fifo_push(&task->replays, number) < 0)
			return storm_error(task, -ENOMEM, "a replay");
		return 0;
	}
	tag = pending->tag;
	storm_log_error(task, "gave up a tuple that failed %u times", pending->fails);
	spout_forget(task, number);
	if (task->spout_class->failed)
		task->spout_class->failed(task, tag);
	return 0;
}

/* An id of ours is back: a reliable spout's is a number, another's is what it gave. */
static int handle_id(struct storm_task *task, struct buffer *id, bool acked)
{
	const struct storm_spout_class *spout = task->spout_class;
	const char *text = buffer_text(id);

	if (spout->reliable && acked)
		handle_acked(task, strtoull(text, NULL, 10));
	else if (spout->reliable)
		return handle_failed(task, strtoull(text, NULL, 10));
	else if (acked && spout->ack)
		spout->ack(task, text, id->length);
	else if (!acked && spout->fail)
		spout->fail(task, text, id->length);
	return 0;
}

static int handle_outcome(struct storm_task *task, const struct message *message, bool acked)
{
	struct buffer id = { 0 };
	int err;

	if (message->id.type != STORM_STRING)
		return storm_error(
			task, -EBADMSG, "%s without the id of a tuple", acked ? "ack" : "fail");
	if (buffer_reserve(&id, message->id.text.length + 1) < 0)
		return storm_error(task, -ENOMEM, "an id");
	id.length = json_decode_string(&message->id, id.data);
	err = handle_id(task, &id, acked);
	buffer_free(&id);
	return err;
}

/* Emit the next tuple that waits for its replay; false when there is none. */
static bool replay(struct storm_task *task)
{
	while (task->replays.count > 0) {
		uint64_t number = fifo_pop(&task->replays);
		const struct pending_tuple *pending = slots_get(&task->pending, number);
		struct buffer *frame;

		if (!pending)
			continue;
		frame = task_begin_frame(task);
		buffer_append_literal(frame, "{\"command\":\"emit\",\"id\":\"");
		buffer_append_unsigned(frame, number);
		buffer_append_literal(frame, "\"");
		buffer_append_span(frame, buffer_span(&pending->rest));
		task_end_frame(task);
		return true;
	}
	return false;
}

static int handle_next(struct storm_task *task)
{
	int result;

	if (replay(task) || task->finished)
		return 0;
	result = task->spout_class->next(task);
	if (result == STORM_FINISHED)
		task->finished = true;
	return result < 0 ? result : 0;
}

static void write_sync(struct storm_task *task)
{
	struct buffer *frame = task_begin_frame(task);

	if (task->finished && task->replays.count == 0)
		buffer_append_literal(frame, "{\"command\":\"sync\",\"finished\":true}");
	else
		buffer_append_literal(frame, "{\"command\":\"sync\"}");
	task_end_frame(task);
}

static int handle_command(struct storm_task *task, const struct message *message)
{
	if (message_is(message, SPAN("next")))
		return handle_next(task);
	if (message_is(message, SPAN("ack")))
		return handle_outcome(task, message, true);
	if (message_is(message, SPAN("fail")))
		return handle_outcome(task, message, false);
	if (message_is(message, SPAN("activate"))) {
		if (task->spout_class->activate)
			task->spout_class->activate(task);
		return 0;
	}
	if (message_is(message, SPAN("deactivate"))) {
		if (task->spout_class->deactivate)
			task->spout_class->deactivate(task);
		return 0;
	}
	return storm_error(task, -EBADMSG, "a command that is none of a spout's: %.*s",
		message->command.text.length > 40 ? 40 : (int)message->command.text.length,
		message->command.text.data ? message->command.text.data : "");
}

int spout_handle(struct storm_task *task, const struct message *message)
{
	int err;

	if (message->is_task_ids) /* an emit of ours never asks for them */
		return 0;
	task_clear_reason(task);
	err = handle_command(task, message);
	if (err == 0)
		write_sync(task);
	return err;
}
