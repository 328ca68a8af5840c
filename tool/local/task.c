/*
 * A task of the run: its process, from the handshake to its death, and the frames in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "local/launch.h"
#include "local/record.h"
#include "local/stack.h"
#include "protocol/write.h"

/* A queue is long above the first size, until it is below the second one. */
#define QUEUE_HIGH ((size_t)256 << 10)
#define QUEUE_LOW ((size_t)64 << 10)

/*
 * So many deaths in a row end the run. One that the component brought upon itself counts if its life
 * was shorter than this; one by SIGKILL from somewhere else counts if it had done nothing yet.
 */
#define DEATHS_LIMIT 5
#define GOOD_LIFE_SECONDS 60

/* Before a second restart in a row: this long, doubled for each further one. */
#define RESTART_SECONDS 0.1

/* A process cannot be started again for want of descriptors, processes or memory: so long is tried. */
#define SHORTAGE_SECONDS 60

#define ERROR_LINE_LIMIT ((size_t)8 << 10)

static void die(struct task *task);

static const char *name_of(const struct task *task)
{
	return task->component->spec->name;
}

/* Writing */

struct buffer *task_queue(struct task *task)
{
	struct loop *loop = task->loop;

	if (!task->dirty) {
		task->dirty = true;
		loop->dirty[loop->dirty_count++] = task;
	}
	return &task->queue.buffer;
}

static void set_congested(struct task *task, bool congested)
{
	struct run *run = task->run;

	if (task->congested == congested)
		return;
	task->congested = congested;
	if (congested) {
		run->congested++;
		return;
	}
	run->congested--;
	loops_ease(run);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void end_input(struct task *task)
{
	ev_io_stop(task->loop->ev, &task->input_watcher);
	close_fd(&task->input);
	task->asked = task->loop->now;
}

void task_flush(struct task *task)
{
	int written;

	task->dirty = false;
	if (task->queue.buffer.failed) {
		run_fail(task->run, "out of memory for the queue of %s", name_of(task));
		return;
	}
	if (task->input >= 0) {
		record_queue(task);
		written = output_flush(&task->queue, task->input);
		task->recorded = output_pending(&task->queue);
		if (written == 0) {
			ev_io_start(task->loop->ev, &task->input_watcher);
		} else if (written > 0) {
			ev_io_stop(task->loop->ev, &task->input_watcher);
			if (task->closing)
				end_input(task);
		} else {
			/* It has closed its input; its death says the rest. */
			end_input(task);
		}
	}
	if (output_pending(&task->queue) > QUEUE_HIGH)
		set_congested(task, true);
	else if (output_pending(&task->queue) < QUEUE_LOW)
		set_congested(task, false);
}

static void on_writable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct task *task = watcher->data;

	(void)loop;
	(void)events;
	loop_time(task->loop);
	task_flush(task);
}

/* With all the keys that Storm sends: pystorm looks for each of them. */
static void send_heartbeat(struct task *task)
{
	buffer_append_phrase(task_queue(task), task->run->wire,
		PHRASE("{\"id\":\"0\",\"comp\":null,\"stream\":\"" STREAM_HEARTBEAT
		       "\",\"task\":-1,\"tuple\":[]}" FRAME_END,
			"\x85\xA2id\xA1"
			"0\xA4"
			"comp\xC0\xA6stream\xAB" STREAM_HEARTBEAT "\xA4task\xFF\xA5tuple\x90"));
}

void task_tick(struct task *task)
{
	enum wire wire = task->run->wire;
	struct delivery *delivery;
	struct buffer *queue;
	void *entry;

	if (task->state != TASK_RUNNING || task->closing ||
		slots_get(&task->deliveries, task->tick))
		return;
	task->tick = slots_take(&task->deliveries, &entry);
	if (task->tick == 0)
		return;
	delivery = entry;
	delivery->target = NULL;
	delivery->edge_count = 0;
	queue = task_queue(task);
	buffer_append_phrase(queue, wire, PHRASE("{\"id\":", "\x85\xA2id"));
	write_number_string(queue, wire, task->tick);
	buffer_append_phrase(queue, wire,
		PHRASE(",\"comp\":\"" COMPONENT_SYSTEM "\",\"stream\":\"" STREAM_TICK
		       "\",\"task\":-1,\"tuple\":[",
			"\xA4"
			"comp\xA8" COMPONENT_SYSTEM "\xA6stream\xA6" STREAM_TICK
			"\xA4task\xFF\xA5tuple\x91"));
	write_integer(queue, wire, (int64_t)task->component->tick_seconds);
	buffer_append_phrase(queue, wire, PHRASE("]}" FRAME_END, ""));
}

/* Reading */

void task_apply_pressure(struct task *task)
{
	bool pressed = !task->component->cyclic && router_is_congested(task);

	if (task->output < 0)
		return;
	if (pressed && !task->paused) {
		ev_io_stop(task->loop->ev, &task->output_watcher);
	} else if (!pressed && task->paused) {
		task->heard = task->loop->now;
		ev_io_start(task->loop->ev, &task->output_watcher);
	}
	task->paused = pressed;
	if (!pressed && task->component->spec->is_spout)
		spout_pump(task);
}

/* Have the process killed for something that it did. Only the main thread knows whether it still lives. */
static void condemn(struct task *task, const char *reason)
{
	task->killed_for = reason;
	ev_io_stop(task->loop->ev, &task->output_watcher);
	run_changed(task->run);
}

void task_fault(struct task *task, const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	log_line(STORM_LOG_ERROR, task, "broke the protocol and is killed: %s", buffer_text(&text));
	buffer_free(&text);
	condemn(task, "for breaking the protocol");
}

static bool begins_with(struct span text, const char *what)
{
	return text.length >= strlen(what) && memcmp(text.data, what, strlen(what)) == 0;
}

static void set_last_error(struct task *task, struct span text)
{
	free(task->last_error);
	task->last_error = strndup(text.data, text.length);
}

static void handle_log(struct task *task, const struct message *message)
{
	struct buffer text = encoded_text(&message->msg);
	int64_t level = STORM_LOG_INFO;

	if (message->level.type == STORM_INTEGER)
		encoded_integer(&message->level, &level);
	if (level < STORM_LOG_TRACE || level > STORM_LOG_ERROR)
		level = STORM_LOG_INFO;
	log_text((enum storm_log_level)level, task, NULL, buffer_span(&text));
	buffer_free(&text);
}

/* Whether a text begins as the report of a crash does. */
static bool is_crash(struct span text)
{
	return begins_with(text, CRASH_BY_SIGNAL) || begins_with(text, CRASH_BY_BOUND);
}

/* Log the report of a crash with the names of its functions; its stack is no last words. */
static void report_crash(struct task *task, struct span report)
{
	const char *stack = memmem(report.data, report.length, CRASH_STACK, strlen(CRASH_STACK));
	size_t length = stack ? (size_t)(stack - report.data) : report.length;
	struct buffer text = { 0 };

	while (length > 0 && report.data[length - 1] == '\n')
		length--;
	set_last_error(task, (struct span){ report.data, length });
	free(task->crash);
	task->crash = strndup(report.data, report.length);
	stack_append_named(&text, report, task->component->setup.folder);
	log_text(STORM_LOG_ERROR, task, NULL, buffer_span(&text));
	buffer_free(&text);
	loop_time(task->loop); /* the names have taken some */
}

static void handle_error(struct task *task, const struct message *message)
{
	struct buffer text = encoded_text(&message->msg);
	bool is_end = task->closing && strstr(buffer_text(&text), LOCAL_END_OF_INPUT);

	task->reported_error |= !is_end;
	if (is_crash(buffer_span(&text))) {
		report_crash(task, buffer_span(&text));
	} else {
		set_last_error(task, buffer_span(&text));
		log_text(
			is_end ? STORM_LOG_DEBUG : STORM_LOG_ERROR, task, NULL, buffer_span(&text));
	}
	buffer_free(&text);
}

static void handle_outcome(struct task *task, const struct message *message, bool acked)
{
	if (acker_settle(task, acker_delivery_number(&message->id), acked) < 0)
		task_fault(task, "it %s %s, which is not in flight", acked ? "acks" : "fails",
			encoded_excerpt(&message->id).text);
}

static void handle_metrics(struct task *task, const struct message *message)
{
	struct buffer name = encoded_text(&message->name);
	struct buffer params = { 0 };
	json_t *report = NULL;

	if (encoded_to_json(&message->params, &params) == 0)
		report = json_loadb(params.data, params.length, JSON_DECODE_ANY, NULL);
	if (report)
		metrics_add(task, buffer_text(&name), report);
	log_line(STORM_LOG_DEBUG, task, "metric %s %s", buffer_text(&name), buffer_text(&params));
	json_decref(report);
	buffer_free(&params);
	buffer_free(&name);
}

static void refuse_command(struct task *task, const struct message *message)
{
	task_fault(task, "it sends the command %s", encoded_excerpt(&message->command).text);
}

/* It answers: it is ready, and what waits for that can go on. */
static void become_ready(struct task *task)
{
	task->state = TASK_RUNNING;
	task->heard = task->asked = task->loop->now;
	run_changed(task->run);
}

static void handle_sync(struct task *task, const struct message *message)
{
	if (task->component->spec->is_spout)
		spout_synced(task, encoded_boolean(&message->finished));
}

static void handle_command(struct task *task, const struct message *message)
{
	bool is_spout = task->component->spec->is_spout;

	if (message_is(message, SPAN("emit"))) {
		task->emitted = true;
		task->progressed = true;
		route_emit(task, message);
	} else if (message_is(message, SPAN("sync"))) {
		handle_sync(task, message);
	} else if (!is_spout && message_is(message, SPAN("ack"))) {
		task->progressed = true;
		handle_outcome(task, message, true);
	} else if (!is_spout && message_is(message, SPAN("fail"))) {
		task->progressed = true;
		handle_outcome(task, message, false);
	} else if (message_is(message, SPAN("log"))) {
		handle_log(task, message);
	} else if (message_is(message, SPAN("error"))) {
		handle_error(task, message);
	} else if (message_is(message, SPAN("metrics"))) {
		handle_metrics(task, message);
	} else if (is_spout || message->command.type == STORM_NULL) {
		refuse_command(task, message);
	}
	/* Storm ignores a bolt's unknown commands. */
}

static void handle_frame(struct task *task, struct span frame)
{
	struct message *message = &task->loop->message;
	struct wire_error error;
	int err = message_scan(message, task->run->wire, frame, &error);
	bool says_only = message_is(message, SPAN("log")) || message_is(message, SPAN("error"));

	if (err == -ENOMEM) {
		run_fail(task->run, "out of memory for a message of %s", name_of(task));
	} else if (err < 0 && task->run->wire == WIRE_JSON) {
		task_fault(task, "byte %zu of a message: %s: %.*s", error.offset, error.what,
			frame.length > 200 ? 200 : (int)frame.length, frame.data);
	} else if (err < 0) {
		task_fault(task, "byte %zu of a message of %zu bytes: %s", error.offset,
			frame.length, error.what);
	} else if (task->state == TASK_STARTING && !says_only) {
		if (message->pid.type != STORM_INTEGER)
			task_fault(task, "it answers the handshake without its pid");
		task->state = TASK_OPENING;
	} else {
		if (task->state == TASK_OPENING && !says_only)
			become_ready(task);
		handle_command(task, message);
	}
}

/* Whether the first byte of its answer is of the wire that the run has chosen. */
static bool speaks_our_wire(struct task *task)
{
	struct span first = frame_reader_rest(&task->reader);
	bool wanted = task->run->wire == WIRE_MSGPACK;

	if (task->state != TASK_STARTING || first.length == 0 ||
		wire_of(first.data[0]) == task->run->wire)
		return true;
	task_fault(task, "it speaks %s, but topology.multilang.serializer is %s",
		wanted ? "JSON" : "MessagePack", wanted ? SERIALIZER_MSGPACK : SERIALIZER_JSON);
	return false;
}

/* Handle the frames that are there. */
static void handle_frames(struct task *task)
{
	struct span frame;
	int found = 0;

	if (!speaks_our_wire(task))
		return;
	while (!task->killed_for && (found = frame_reader_next(&task->reader, &frame)) > 0)
		handle_frame(task, frame);
	if (found == -EMSGSIZE)
		task_fault(task, "a message of more than %zu bytes", FRAME_LIMIT);
	else if (found < 0)
		task_fault(task, "it sends a byte that begins no value of MessagePack");
}

/* Read once: whether there may be more. */
static bool read_output(struct task *task)
{
	ssize_t count = frame_reader_read(&task->reader, task->output);

	if (count == -EAGAIN)
		return false;
	if (count <= 0) {
		/* It has closed its output; its death says the rest. */
		ev_io_stop(task->loop->ev, &task->output_watcher);
		return false;
	}
	task->heard = task->loop->now;
	record_output(task,
		(struct span){ task->reader.buffer.data + task->reader.buffer.length - count,
			(size_t)count });
	handle_frames(task);
	return !task->killed_for;
}

static void on_output(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct task *task = watcher->data;

	(void)loop;
	(void)events;
	loop_time(task->loop);
	read_output(task);
	task_apply_pressure(task);
}

/* Whether a line is of the report of a crash, or of another end, which came as an error before. */
static bool is_known(struct task *task, struct span line)
{
	const char *crash;

	if ((!task->crash && is_crash(line)) || begins_with(line, FATAL)) {
		while (!task->killed_for && task->output >= 0 && read_output(task))
			;
	}
	crash = task->crash;
	if (begins_with(line, FATAL) && task->last_error)
		return memmem(line.data, line.length, task->last_error, strlen(task->last_error));
	return crash && memmem(crash, strlen(crash), line.data, line.length);
}

static void say_error_line(struct task *task, struct span line)
{
	if (is_known(task, line))
		return;
	set_last_error(task, line);
	log_text(STORM_LOG_WARN, task, "STDERR", line);
}

/* Its standard error, line by line: whether there may be more. */
static bool read_errors(struct task *task)
{
	struct buffer *line = &task->error_line;
	char bytes[4096];
	ssize_t count = read(task->errors, bytes, sizeof(bytes));
	const char *at = bytes;

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (count <= 0) {
		ev_io_stop(task->loop->ev, &task->errors_watcher);
		return false;
	}
	while (count > 0) {
		const char *newline = memchr(at, '\n', (size_t)count);
		size_t length = newline ? (size_t)(newline - at) : (size_t)count;

		buffer_append(line, at, length);
		if (newline || line->length > ERROR_LINE_LIMIT) {
			say_error_line(task, buffer_span(line));
			buffer_truncate(line, 0);
		}
		length += newline != NULL;
		at += length;
		count -= (ssize_t)length;
	}
	return true;
}

static void on_errors(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	read_errors(watcher->data);
}

/* Starting */

static void on_exit_of_child(struct ev_loop *loop, struct ev_child *watcher, int events)
{
	struct task *task = watcher->data;

	(void)events;
	loops_hold(task->run);
	ev_child_stop(loop, watcher);
	task->exit_status = watcher->rstatus;
	die(task);
	run_changed(task->run);
	loops_release(task->run);
}

static void start_watching(struct task *task, const struct process *process)
{
	struct ev_loop *loop = task->loop->ev;

	task->pid = process->pid;
	task->input = process->input;
	task->output = process->output;
	task->errors = process->errors;
	ev_io_init(&task->input_watcher, on_writable, task->input, EV_WRITE);
	ev_io_init(&task->output_watcher, on_output, task->output, EV_READ);
	ev_io_init(&task->errors_watcher, on_errors, task->errors, EV_READ);
	ev_child_init(&task->child_watcher, on_exit_of_child, task->pid, 0);
	task->input_watcher.data = task->output_watcher.data = task;
	task->errors_watcher.data = task->child_watcher.data = task;
	ev_io_start(loop, &task->output_watcher);
	ev_io_start(loop, &task->errors_watcher);
	ev_child_start(task->run->loops[0].ev, &task->child_watcher);
}

/* What other processes may give back. */
static bool is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -EAGAIN || err == -ENOMEM;
}

/* Try again soon, unless it has been so for long: whether it is tried. */
static bool wait_for_resources(struct task *task, int err)
{
	if (task->short_since == 0) {
		log_line(STORM_LOG_WARN, task,
			"cannot be started again: %s; it is tried each second", strerror(-err));
		task->short_since = task->loop->now;
	}
	if (task->loop->now - task->short_since > SHORTAGE_SECONDS)
		return false;
	ev_timer_set(&task->restart_timer, 1, 0);
	ev_timer_start(task->run->loops[0].ev, &task->restart_timer);
	return true;
}

/* Whether it is not known yet that such a process can be started at all. */
static bool is_first_start(const struct task *task)
{
	return task->restarts == 0 && task->component->change == CHANGE_NONE;
}

static void start(struct task *task)
{
	struct process process;
	int err = launch(&process, task);

	if (err < 0 && !is_first_start(task) && is_shortage(err) && wait_for_resources(task, err))
		return;
	if (err < 0) {
		run_fail(task->run, "%s: cannot start %s: %s%s", name_of(task),
			task->component->command[0], strerror(-err),
			err == -EMFILE        ? " (each task needs three: see ulimit -n)" :
				err == -EPERM ? " (see its cstorm.nice and cstorm.rlimits)" :
						"");
		return;
	}
	task->short_since = 0;
	start_watching(task, &process);
	task->state = TASK_STARTING;
	task->paused = task->progressed = task->reported_error = false;
	task->killed_for = NULL;
	free(task->crash);
	task->crash = NULL;
	task->reader.wire = task->run->wire;
	task->born = task->heard = task->asked = task->loop->now;
	record_begin(task);
	log_line(STORM_LOG_DEBUG, task, "started as process %ld", (long)task->pid);
	task_queue(task); /* to be flushed */
}

static void on_start(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct task *task = timer->data;

	(void)loop;
	(void)events;
	loops_hold(task->run);
	start(task);
	loops_release(task->run);
}

void task_prepare(struct task *task)
{
	task->state = TASK_WAITING;
	if (handshake_write(task, task_queue(task)) < 0) {
		run_fail(task->run, "%s: out of memory for the handshake", name_of(task));
		return;
	}
	if (!task->component->spec->is_spout)
		send_heartbeat(task); /* its answer says that it is ready */
	else if (task->run->phase != RUN_STARTING)
		spout_activate(task);
}

static void launch_after(struct task *task, double seconds)
{
	ev_timer_init(&task->restart_timer, on_start, seconds, 0);
	task->restart_timer.data = task;
	ev_timer_start(task->run->loops[0].ev, &task->restart_timer);
}

void task_launch(struct task *task)
{
	launch_after(task, 0);
}

void task_start(struct task *task)
{
	task_prepare(task);
	task_launch(task);
}

static struct task *make_task(struct component *component, size_t index)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->run = component->run;
	task->component = component;
	task->index = index;
	task->input = task->output = task->errors = -1;
	task->deliveries = SLOTS_INIT(struct delivery);
	task->window = 1;
	return task;
}

int tasks_make(struct task ***made, struct component *component, size_t count)
{
	struct task **tasks = calloc(count, sizeof(*tasks));

	for (size_t i = 0; tasks && i < count; i++) {
		tasks[i] = make_task(component, i);
		if (!tasks[i]) {
			tasks_free(tasks, i);
			return -ENOMEM;
		}
	}
	*made = tasks;
	return tasks ? 0 : -ENOMEM;
}

void tasks_free(struct task **tasks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		task_free(tasks[i]);
	free(tasks);
}

/* Ending */

void task_close(struct task *task)
{
	task->closing = true;
	task->reported_error = false;
	task_queue(task); /* to be flushed, which ends the input */
}

void task_kill(struct task *task)
{
	if (task->pid > 0)
		kill(task->pid, SIGKILL);
}

/* How the process ended, in words. */
static void describe_death(const struct task *task, struct buffer *text)
{
	if (task->killed_for)
		buffer_append_format(text, "was killed %s", task->killed_for);
	else
		process_describe_end(text, task->exit_status);
}

/* What it said last, for a message that ends the run. */
static const char *last_words(const struct task *task)
{
	return task->last_error ? task->last_error : "nothing";
}

/* Take what the dead process has written, and let go of it. */
static void end_process(struct task *task)
{
	struct ev_loop *loop = task->loop->ev;

	while (!task->killed_for && task->output >= 0 && read_output(task))
		;
	while (read_errors(task))
		;
	if (task->error_line.length > 0)
		say_error_line(task, buffer_span(&task->error_line));
	buffer_truncate(&task->error_line, 0);
	ev_io_stop(loop, &task->input_watcher);
	ev_io_stop(loop, &task->output_watcher);
	ev_io_stop(loop, &task->errors_watcher);
	close_fd(&task->input);
	close_fd(&task->output);
	close_fd(&task->errors);
	task->pid = 0;
}

/* Fail what the dead task had, so that the spouts replay it, and forget the rest. */
static void lose_tuples(struct task *task)
{
	size_t pending = task->pending;
	size_t in_flight = task->deliveries.used;
	size_t untracked;

	output_clear(&task->queue);
	task->recorded = 0;
	frame_reader_free(&task->reader);
	set_congested(task, false);
	untracked = acker_fail_deliveries(task);
	if (task->component->spec->is_spout)
		spout_reset(task);
	if (untracked > 0)
		log_line(STORM_LOG_WARN, task,
			"%zu of its %zu tuples in flight are lost: they were emitted without an "
			"anchor, so no spout replays them",
			untracked, in_flight);
	else if (pending > 0)
		log_line(STORM_LOG_DEBUG, task,
			"%zu of its tuples were pending: it has to emit them again", pending);
}

/* Whether this death says nothing about the next life. */
static bool was_good_life(const struct task *task)
{
	bool killed_from_outside = !task->killed_for && WIFSIGNALED(task->exit_status) &&
		WTERMSIG(task->exit_status) == SIGKILL;

	return killed_from_outside ? task->progressed :
				     task->loop->now - task->born > GOOD_LIFE_SECONDS;
}

static void restart(struct task *task, const char *death)
{
	double seconds = 0;

	if (was_good_life(task))
		task->deaths = 0;
	if (task->deaths++ >= DEATHS_LIMIT) {
		run_fail(task->run, "gave up after %d deaths of %s: task %d %s; it said last: %s",
			task->deaths, name_of(task), task->id, death, last_words(task));
		return;
	}
	if (task->deaths > 1)
		seconds = RESTART_SECONDS * (1 << (task->deaths - 2));
	task->restarts++;
	log_line(STORM_LOG_WARN, task, "%s; it is started again", death);
	task_prepare(task);
	launch_after(task, seconds);
}

/*
 * Whether a task that was closed has ended as it should. Components in other languages (those of
 * pystorm, for one) take the end of their input for an error and exit with some status, and a debugger
 * has one of its own; what really went wrong they have reported.
 */
static bool closed_well(const struct task *task)
{
	if (task->killed_for || !WIFEXITED(task->exit_status) || output_pending(&task->queue) > 0)
		return false;
	if (task->component->spec->kind != SPEC_CLASS || task->component->spec->wrapper)
		return !task->reported_error;
	return WEXITSTATUS(task->exit_status) == 0;
}

/* A process that ends by itself before it was ever ready would do so again. */
static bool could_not_start(const struct task *task)
{
	return task->state != TASK_RUNNING && is_first_start(task) && WIFEXITED(task->exit_status);
}

/* Whether it had only to finish what it had, which is emitted again now. */
static bool died_retired(const struct task *task)
{
	return task->retired && (!task->closing || WIFSIGNALED(task->exit_status));
}

/* The process is dead: that was the end of the task, or it starts again, or the run has failed. */
static void die(struct task *task)
{
	struct run *run = task->run;
	struct buffer death = { 0 };
	bool well;

	end_process(task);
	describe_death(task, &death);
	record_end(task, buffer_text(&death));
	well = closed_well(task);
	lose_tuples(task);
	if (run->phase == RUN_ABORTING) {
		task->state = TASK_GONE;
	} else if (died_retired(task)) {
		task->state = TASK_GONE;
		log_line(STORM_LOG_WARN, task, "%s; another process is to take its place",
			buffer_text(&death));
	} else if (task->closing) {
		task->state = TASK_GONE;
		if (!well) {
			run->failed = true;
			log_line(STORM_LOG_ERROR, task,
				"did not close as it should, so results may be missing: it %s; it "
				"said last: %s",
				buffer_text(&death), last_words(task));
		}
	} else if (could_not_start(task)) {
		task->state = TASK_GONE;
		run_fail(run, "%s could not start: task %d %s; it said last: %s", name_of(task),
			task->id, buffer_text(&death), last_words(task));
	} else if (run->phase == RUN_STOPPING && task->component->spec->is_spout) {
		task->state = TASK_GONE;
		log_line(STORM_LOG_WARN, task, "%s", buffer_text(&death));
	} else {
		restart(task, buffer_text(&death));
	}
	buffer_free(&death);
}

/* Whether the component owes an answer: a spout that is not yet activated, because bolts start, does not. */
static bool owes_answer(const struct task *task)
{
	return task->state == TASK_STARTING || task->closing || !task->component->spec->is_spout ||
		task->commands.count > 0;
}

void task_check(struct task *task)
{
	const struct run *run = task->run;
	bool moving = task->state != TASK_RUNNING || task->closing;
	double limit = moving ? run->change_limit : run->silence_limit;
	double since = task->heard > task->asked ? task->heard : task->asked;

	if (task->pid == 0 || task->paused)
		return;
	if (owes_answer(task) && task->loop->now - since > limit &&
		!task->component->spec->wrapper) {
		log_line(STORM_LOG_ERROR, task,
			"hangs: it has been silent for %.0f s; it is killed",
			task->loop->now - since);
		condemn(task, "because it hung");
		return;
	}
	if (task->state == TASK_RUNNING && !task->closing && !task->component->spec->is_spout)
		send_heartbeat(task);
}

void task_free(struct task *task)
{
	struct delivery *delivery;
	uint32_t place = 0;

	while ((delivery = slots_next_ever(&task->deliveries, &place)))
		free(delivery->more);
	slots_free(&task->deliveries);
	frame_reader_free(&task->reader);
	output_free(&task->queue);
	record_free(task);
	buffer_free(&task->error_line);
	fifo_free(&task->commands);
	free(task->last_error);
	free(task->crash);
	free(task);
}
