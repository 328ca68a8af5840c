/*
 * The life of a component process: handshake, then messages until the input ends.
 *
 * The loop is libev's, and the class's own watchers run in it. Before it sleeps, what goes to the
 * parent is flushed; never once a message while more waits.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "component/task.h"

void task_stop(struct storm_task *task)
{
	task->stopping = true;
	ev_break(task->loop, EVBREAK_ALL);
}

void task_fatal(struct storm_task *task, const char *what, int err)
{
	const char *reason = task_reason(task, err);

	storm_report_error(task, "%s: %s", what, reason);
	task->status = 1;
	task_stop(task);
}

struct ev_loop *storm_loop(const struct storm_task *task)
{
	return task->loop;
}

static void log_line_printed(void *context, struct span line)
{
	log_printed(context, false, line);
}

static void log_line_complained(void *context, struct span line)
{
	log_printed(context, true, line);
}

static void collect_printed(struct storm_task *task, bool last)
{
	if (last)
		fflush(stdout);
	stdio_collect(&task->stdio.printed, last, log_line_printed, task);
	stdio_collect(&task->stdio.complained, last, log_line_complained, task);
}

static void handle_message(struct storm_task *task, struct span frame)
{
	struct wire_error error;
	int err = message_scan(&task->message, task_wire(task), frame, &error);

	if (err == -EBADMSG)
		storm_error(task, err, "byte %zu of a message of %zu bytes: %s", error.offset,
			frame.length, error.what);
	if (err == 0)
		err = task->spout_class ? spout_handle(task, &task->message) :
					  bolt_handle(task, &task->message);
	/* What runs from here on is no callback of the message's, and has no tuple at hand. */
	task->alive.callback = NULL;
	task->tuple.message = NULL;
	if (err < 0)
		task_fatal(task, task->spout_class ? "the spout stops" : "the bolt stops", err);
}

/* Go on with what was read ahead while a callback waited for task ids. */
static void take_deferred(struct storm_task *task)
{
	struct frame_reader deferred = task->deferred;

	if (deferred.buffer.length == 0)
		return;
	task->deferred = task->reader;
	frame_reader_free(&task->deferred);
	deferred.start = deferred.line = deferred.scanned = 0;
	deferred.missing = 0;
	task->reader = deferred;
}

static void handle_frames(struct storm_task *task)
{
	struct span frame;
	int found = 0;

	while (!task->stopping && (found = frame_reader_next(&task->reader, &frame)) > 0) {
		if (task->context.handshake)
			handle_message(task, frame);
		else
			task_start(task, frame);
		take_deferred(task);
	}
	if (found == -EMSGSIZE) {
		storm_error(task, found, "the limit is %zu bytes", FRAME_LIMIT);
		task_fatal(task, "a message is too large", found);
	} else if (found < 0) {
		storm_error(task, found, "byte %zu of a message begins no value of MessagePack",
			task->reader.scanned - task->reader.start);
		task_fatal(task, "cannot read from the parent", found);
	}
}

/* Whether nobody reads the output any more. */
static bool parent_is_gone(const struct storm_task *task)
{
	struct pollfd output = { .fd = task->stdio.output };

	return poll(&output, 1, 0) > 0;
}

/* The input is at its end: no message comes any more. */
static void handle_input_end(struct storm_task *task)
{
	struct span rest = frame_reader_rest(&task->reader);

	task->input_ended = true;
	ev_io_stop(task->loop, &task->input);
	if (!task->context.handshake) {
		dprintf(task->stdio.errors, "%s: the input ended before a whole handshake came\n",
			task->topology->name);
		task->status = 1;
		task_stop(task);
	} else if (rest.length > 0) {
		storm_error(task, -EBADMSG, "%zu bytes without their end", rest.length);
		task_fatal(task, "the input was cut off", -EBADMSG);
	} else if (parent_is_gone(task)) {
		task_stop(task);
	} else if (task->opened && task->bolt_class) {
		batches_process_all(task);
	}
}

static void on_input(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct storm_task *task = watcher->data;
	bool is_first = !task->context.handshake && task->reader.buffer.length == 0;
	ssize_t count = frame_reader_read(&task->reader, watcher->fd);

	(void)loop;
	(void)events;
	if (count == -EAGAIN)
		return;
	if (is_first && count > 0)
		task->reader.wire = task->deferred.wire = wire_of(task->reader.buffer.data[0]);
	handle_frames(task);
	if (task->stopping)
		return;
	if (count < 0)
		task_fatal(task, "cannot read from the parent", (int)count);
	else if (count == 0)
		handle_input_end(task);
}

/* Once the input has ended, a bolt goes on until it has settled the tuples that it has kept. */
static bool is_done(const struct storm_task *task)
{
	return task->input_ended && (task->spout_class || task->kept == 0);
}

/* Before the loop sleeps. */
static void on_prepare(struct ev_loop *loop, struct ev_prepare *watcher, int events)
{
	struct storm_task *task = watcher->data;

	(void)loop;
	(void)events;
	/* The class's own watchers may have emitted, or have read ahead; so may next(). */
	do {
		if (task->deferred.buffer.length > 0) {
			take_deferred(task);
			handle_frames(task);
		}
		spout_look(task);
	} while (task->deferred.buffer.length > 0 && !task->stopping);
	collect_printed(task, false);
	if (task->bolt_class || task->answering || task->answered || !task->opened)
		task_flush(task);
	if (is_done(task))
		task_stop(task);
	task->alive.callback = NULL;
	atomic_store(&task->alive.busy, false);
}

/* When the loop wakes up. */
static void on_check(struct ev_loop *loop, struct ev_check *watcher, int events)
{
	struct storm_task *task = watcher->data;

	(void)loop;
	(void)events;
	atomic_store(&task->alive.busy, true);
}

static void on_terminate(struct ev_loop *loop, struct ev_signal *watcher, int events)
{
	(void)loop;
	(void)events;
	task_stop(watcher->data);
}

static bool is_ignored(int signal_number)
{
	struct sigaction action;

	return sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Handle messages until the input ends, the parent says SIGTERM, or an error stops the task. */
static void run_loop(struct storm_task *task)
{
	struct ev_prepare prepare;
	struct ev_check check;
	struct ev_signal terminate;

	ev_io_init(&task->input, on_input, task->stdio.input, EV_READ);
	ev_prepare_init(&prepare, on_prepare);
	ev_check_init(&check, on_check);
	ev_signal_init(&terminate, on_terminate, SIGTERM);
	task->input.data = prepare.data = check.data = terminate.data = task;
	/* Around the class's watchers: the first to run after the sleep, the last before it. */
	ev_set_priority(&check, EV_MAXPRI);
	ev_set_priority(&prepare, EV_MINPRI);
	ev_io_start(task->loop, &task->input);
	ev_prepare_start(task->loop, &prepare);
	ev_check_start(task->loop, &check);
	if (!is_ignored(SIGTERM))
		ev_signal_start(task->loop, &terminate);
	while (!task->stopping)
		ev_run(task->loop, 0);
	atomic_store(&task->alive.busy, true);
	ev_io_stop(task->loop, &task->input);
	ev_prepare_stop(task->loop, &prepare);
	ev_check_stop(task->loop, &check);
	ev_signal_stop(task->loop, &terminate);
}

static void close_task(struct storm_task *task)
{
	int (*close_class)(struct storm_task *) =
		task->spout_class ? task->spout_class->close : task->bolt_class->close;
	int err = 0;

	task_clear_reason(task);
	alive_call(task, "close");
	if (close_class)
		err = close_class(task);
	if (err < 0)
		task_fatal(task, "cannot close", err);
	metrics_report(task);
}

static void free_task(struct storm_task *task)
{
	alive_stop(task);
	batches_free(task);
	tuple_free(&task->tuple);
	spout_free_pending(task);
	metrics_free(task);
	context_free(&task->context);
	message_free(&task->message);
	frame_reader_free(&task->reader);
	frame_reader_free(&task->deferred);
	output_free(&task->output);
	stdio_close(&task->stdio);
	buffer_free(&task->setting);
	buffer_free(&task->reason);
	free(task->task_ids);
	free(task->state);
	if (task->loop)
		ev_loop_destroy(task->loop);
}

int task_run(const struct storm_topology *topology, const char *part)
{
	struct storm_task task = { .topology = topology,
		.part = part,
		.stdio = STDIO_INIT,
		.log = LOG_INIT,
		.pending = SLOTS_INIT(struct pending_tuple) };
	int err;

	signal(SIGPIPE, SIG_IGN);
	err = stdio_take(&task.stdio);
	if (err < 0) {
		fprintf(stderr, "%s: cannot take the standard input and output: %s\n",
			topology->name, strerror(-err));
		free_task(&task);
		return 1;
	}
	task.loop = ev_loop_new(EVFLAG_AUTO);
	if (!task.loop) {
		dprintf(task.stdio.errors, "%s: cannot make an event loop\n", topology->name);
		free_task(&task);
		return 1;
	}
	run_loop(&task);
	if (task.opened)
		close_task(&task);
	collect_printed(&task, true);
	log_end(&task);
	task_flush(&task);
	free_task(&task);
	return task.status;
}
