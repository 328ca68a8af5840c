/*
 * A spout's side of the protocol: each command is answered by emits and logs, then one sync.
 *
 * A reliable spout's tuples are kept here until they are acked, as whole messages, so that a replay
 * is a copy.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "component/task.h"

int spout_keep(struct storm_task *task, uint64_t tag, uint64_t *number, struct buffer **message)
{
	struct pending_tuple *pending;
	void *entry;

	*number = slots_take(&task->pending, &entry);
	if (*number == 0)
		return -ENOMEM;
	pending = entry;
	pending->tag = tag;
	pending->fails = 0;
	*message = &pending->message;
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
		buffer_free(&pending->message);
	slots_free(&task->pending);
	ev_timer_stop(task->loop, &task->replay_timer);
	replays_free(&task->replays);
}

static void handle_acked(struct storm_task *task, uint64_t number)
{
	struct pending_tuple *pending = slots_get(&task->pending, number);
	uint64_t tag;

	if (!pending)
		return;
	tag = pending->tag;
	spout_forget(task, number);
	alive_call(task, "acked");
	if (task->spout_class->acked)
		task->spout_class->acked(task, tag);
}

/* In how many seconds a tuple is emitted again; negative: it is given up. */
static double ask_retry(struct storm_task *task, const struct pending_tuple *pending)
{
	const struct storm_spout_class *spout = task->spout_class;

	if (spout->retry) {
		alive_call(task, "retry");
		return spout->retry(task, pending->tag, pending->fails);
	}
	if (spout->max_fails == 0 || pending->fails < spout->max_fails)
		return 0;
	storm_log_error(task, "gave up a tuple that failed %u times", pending->fails);
	return -1;
}

static void on_replay_due(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	storm_wake(timer->data);
}

static int replay_in(struct storm_task *task, uint64_t number, double seconds)
{
	ev_now_update(task->loop);
	if (replays_push(&task->replays, number, ev_now(task->loop) + seconds) < 0)
		return storm_error(task, -ENOMEM, "a replay");
	return 0;
}

static int handle_failed(struct storm_task *task, uint64_t number)
{
	struct pending_tuple *pending = slots_get(&task->pending, number);
	double seconds;
	uint64_t tag;

	if (!pending)
		return 0;
	pending->fails++;
	tag = pending->tag;
	seconds = ask_retry(task, pending);
	if (seconds >= 0)
		return replay_in(task, number, seconds);
	spout_forget(task, number);
	alive_call(task, "failed");
	if (task->spout_class->failed)
		task->spout_class->failed(task, tag);
	return 0;
}

/* An id of ours is back: a reliable spout's is a number, another's is what it gave. */
static int handle_id(struct storm_task *task, struct buffer *id, bool acked)
{
	const struct storm_spout_class *spout = task->spout_class;
	const char *text = buffer_text(id);

	alive_call(task, acked ? "ack" : "fail");
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
	id.length = encoded_string(&message->id, id.data);
	err = handle_id(task, &id, acked);
	buffer_free(&id);
	return err;
}

/* Wake the spout when the next replay is due. */
static void wait_for_replay(struct storm_task *task)
{
	struct ev_timer *timer = &task->replay_timer;

	ev_timer_stop(task->loop, timer);
	ev_timer_init(timer, on_replay_due, replays_due(&task->replays) - ev_now(task->loop), 0);
	timer->data = task;
	ev_timer_start(task->loop, timer);
}

/* Emit the next tuple whose replay is due; false when there is none. */
static bool replay(struct storm_task *task)
{
	if (task->replays.count == 0)
		return false;
	ev_now_update(task->loop);
	while (task->replays.count > 0 && replays_due(&task->replays) <= ev_now(task->loop)) {
		uint64_t number = replays_pop(&task->replays);
		const struct pending_tuple *pending = slots_get(&task->pending, number);

		if (!pending)
			continue;
		buffer_append_span(task_begin_message(task), buffer_span(&pending->message));
		task->emits++;
		task_end_message(task);
		return true;
	}
	if (task->replays.count > 0)
		wait_for_replay(task);
	return false;
}

/* Ask the class, unless there is something to replay. */
static int emit_next(struct storm_task *task)
{
	uint64_t before = task->emits;
	int result = 0;

	if (!rest_allows_next(task))
		return 0;
	if (!replay(task) && !task->finished) {
		task_clear_reason(task);
		alive_call(task, "next");
		result = task->spout_class->next(task);
	}
	rest_count(task, task->emits - before);
	if (result == STORM_FINISHED)
		task->finished = true;
	return result < 0 ? result : 0;
}

/* Whether the parent should hear now that the spout has finished, or that it has not after all. */
static bool has_news(const struct storm_task *task)
{
	return (task->finished && task->replays.count == 0) != task->said_finished;
}

/* Answer, unless there was nothing to emit. */
static int handle_next(struct storm_task *task)
{
	uint64_t before = task->emits;
	int err = emit_next(task);

	if (err < 0)
		return err;
	if (task->emits == before && !has_news(task))
		rest_begin(task);
	else
		spout_answer(task);
	return 0;
}

void spout_answer(struct storm_task *task)
{
	struct buffer *message = task_begin_message(task);

	rest_end(task);
	task->said_finished = task->finished && task->replays.count == 0;
	if (task->said_finished)
		buffer_append_phrase(message, task_wire(task),
			PHRASE("{\"command\":\"sync\",\"finished\":true}",
				"\x82\xA7"
				"command\xA4sync\xA8"
				"finished\xC3"));
	else
		buffer_append_phrase(message, task_wire(task),
			PHRASE("{\"command\":\"sync\"}",
				"\x81\xA7"
				"command\xA4sync"));
	task_end_message(task);
	task->answering = false;
	task->answered = true;
	atomic_store(&task->alive.speaks, false);
}

void spout_look(struct storm_task *task)
{
	int err = 0;

	if (!task->rest.resting)
		return;
	if (task->rest.woken)
		err = emit_next(task);
	task->rest.woken = false;
	if (err < 0)
		task_fatal(task, "the spout stops", err);
	else if (task->emits != task->rest.emits || has_news(task))
		spout_answer(task);
}

static int handle_other(struct storm_task *task, const struct message *message)
{
	const struct storm_spout_class *spout = task->spout_class;

	if (message_is(message, SPAN("ack")))
		return handle_outcome(task, message, true);
	if (message_is(message, SPAN("fail")))
		return handle_outcome(task, message, false);
	if (message_is(message, SPAN("activate"))) {
		alive_call(task, "activate");
		if (spout->activate)
			spout->activate(task);
		return 0;
	}
	if (message_is(message, SPAN("deactivate"))) {
		alive_call(task, "deactivate");
		if (spout->deactivate)
			spout->deactivate(task);
		return 0;
	}
	return storm_error(task, -EBADMSG, "a command that is none of a spout's: %s",
		encoded_excerpt(&message->command).text);
}

int spout_handle(struct storm_task *task, const struct message *message)
{
	int err;

	if (message->is_task_ids) /* nobody waits for them */
		return 0;
	if (task->rest.resting)
		spout_answer(task);
	task->answering = true;
	atomic_store(&task->alive.speaks, true);
	task_clear_reason(task);
	if (message_is(message, SPAN("next")))
		return handle_next(task);
	err = handle_other(task, message);
	if (err == 0)
		spout_answer(task);
	return err;
}
