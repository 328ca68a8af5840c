/*
 * Spouts: commands go, and each is answered by one sync.
 *
 * Storm waits for the answer before it sends the next command. Here several are on their way at a
 * time, so that neither process waits for the other: the component finds them in its pipe one
 * after the other, as it would otherwise. How many depends on how quickly they are answered.
 */
#include "local/run.h"
#include "protocol/write.h"

/* What a command was, in the fifo of those on their way. */
enum spout_command {
	COMMAND_NEXT,
	COMMAND_OTHER,
};

#define WINDOW_LIMIT 512

/* A window is good when it is answered between these times, in seconds. */
#define WINDOW_SHORT 0.002
#define WINDOW_LONG 0.010

/* With nothing to emit, a spout is asked again after a while that doubles between these. */
#define IDLE_SHORTEST 0.001
#define IDLE_LONGEST 0.016

/* Send a command; the id is as the spout gave it, or an empty string. */
static void send_command(
	struct task *task, enum spout_command kind, struct phrase command, struct span id)
{
	struct buffer *queue = task_queue(task);
	enum wire wire = task->run->wire;

	buffer_append_phrase(queue, wire,
		PHRASE("{\"command\":\"",
			"\x82\xA7"
			"command"));
	buffer_append_phrase(queue, wire, command);
	buffer_append_phrase(queue, wire, PHRASE("\",\"id\":", "\xA2id"));
	if (id.length > 0)
		buffer_append_span(queue, id);
	else
		write_string(queue, wire, id);
	buffer_append_phrase(queue, wire, PHRASE("}" FRAME_END, ""));
	if (task->commands.count == 0)
		task->asked = task->loop->now;
	if (fifo_push(&task->commands, kind) < 0)
		run_fail(
			task->run, "out of memory for commands to %s", task->component->spec->name);
	task->nexts += kind == COMMAND_NEXT;
}

void spout_activate(struct task *task)
{
	task->activated = true;
	send_command(task, COMMAND_OTHER,
		PHRASE("activate",
			"\xA8"
			"activate"),
		SPAN(""));
}

void spout_deactivate(struct task *task)
{
	if (!task->activated || task->deactivated)
		return;
	task->deactivated = true;
	send_command(task, COMMAND_OTHER,
		PHRASE("deactivate",
			"\xAA"
			"deactivate"),
		SPAN(""));
}

void spout_pump(struct task *task)
{
	const struct run *run = task->run;

	if (task->state != TASK_RUNNING || task->deactivated || task->finished || task->idle ||
		!run_wants_tuples(run) || router_is_congested(task))
		return;
	while (task->nexts < task->window &&
		(run->max_pending == 0 || task->pending + task->nexts < run->max_pending))
		send_command(task, COMMAND_NEXT, PHRASE("next", "\xA4next"), SPAN(""));
}

void spout_settle(struct task *task, struct span id, bool acked)
{
	if (task->state == TASK_GONE)
		return;
	send_command(task, COMMAND_OTHER,
		acked ? PHRASE("ack",
				"\xA3"
				"ack") :
			PHRASE("fail",
				"\xA4"
				"fail"),
		id);
	if (!acked)
		task->finished = false; /* it will want to emit the tuple again */
	spout_pump(task);
}

static void on_idle_end(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct task *task = timer->data;

	(void)loop;
	(void)events;
	loop_time(task->loop);
	task->idle = false;
	spout_pump(task);
}

/* A next has emitted nothing: wait a while, longer each time. */
static void rest(struct task *task)
{
	task->window = 1;
	task->answered = 0;
	task->idle = true;
	if (task->idle_seconds == 0)
		task->idle_seconds = IDLE_SHORTEST;
	else if (task->idle_seconds < IDLE_LONGEST)
		task->idle_seconds *= 2;
	ev_timer_init(&task->idle_timer, on_idle_end, task->idle_seconds, 0);
	task->idle_timer.data = task;
	ev_timer_start(task->loop->ev, &task->idle_timer);
}

/* When a whole window is answered: was it long enough, or too long? */
static void adapt_window(struct task *task)
{
	double seconds = task->loop->now - task->window_since;

	if (++task->answered < task->window)
		return;
	if (seconds < WINDOW_SHORT && task->window < WINDOW_LIMIT)
		task->window *= 2;
	else if (seconds > WINDOW_LONG && task->window > 1)
		task->window /= 2;
	task->answered = 0;
	task->window_since = task->loop->now;
}

void spout_synced(struct task *task, bool finished)
{
	enum spout_command kind;
	double waited;

	if (task->commands.count == 0) {
		task_fault(task, "it sends a sync that nothing asked for");
		return;
	}
	kind = (enum spout_command)fifo_pop(&task->commands);
	waited = task->loop->now - task->asked;
	task->asked = task->loop->now;
	/* Later answers may know of a fail that this one does not. */
	task->finished = finished;
	if (kind == COMMAND_NEXT) {
		task->progressed = true;
		task->nexts--;
		if (task->emitted) {
			task->idle_seconds = 0;
			adapt_window(task);
		} else if (!finished && !task->idle && waited < IDLE_LONGEST) {
			rest(task); /* one that waited before it answered has rested itself */
		}
	}
	task->emitted = false;
	spout_pump(task);
	if (task->commands.count == 0 &&
		(finished || task->retired || !run_wants_tuples(task->run)))
		run_changed(task->run); /* it may have been the last one */
}

void spout_reset(struct task *task)
{
	ev_timer_stop(task->loop->ev, &task->idle_timer);
	while (task->commands.count > 0)
		fifo_pop(&task->commands);
	task->nexts = 0;
	task->window = 1;
	task->idle = false;
	task->idle_seconds = 0;
	task->emitted = false;
	task->finished = false;
	task->activated = false;
	task->deactivated = false;
	acker_forget_spout(task);
}
