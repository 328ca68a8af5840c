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

/* In seconds: what a task that is told to end may still take. Storm's workers have 3 to end their own. */
#define END_LIMIT 5

void task_stop(struct storm_task *task)
{
	task->stopping = true;
	ev_break(task->loop, EVBREAK_ALL);
}

void task_fatal(struct storm_task *task, const char *what, int err)
{
	struct buffer text = { 0 };

	buffer_append_format(&text, "%s: %s", what, task_reason(task, err));
	task_die(task, text.failed ? span_of(what) : buffer_span(&text));
	buffer_free(&text);
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

void task_handle_frames(struct storm_task *task)
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

void task_end_input(struct storm_task *task)
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
	task_handle_frames(task);
	if (task->stopping)
		return;
	if (count < 0)
		task_fatal(task, "cannot read from the parent", (int)count);
	else if (count == 0)
		task_end_input(task);
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
			task_handle_frames(task);
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

/*
 * A task that is told to end while it writes what nobody reads any more would never come to hear of it,
 * and Storm waits for it: so an alarm ends one that does not end itself.
 */
static void on_terminate_signal(int signal_number)
{
	alarm(END_LIMIT);
	ev_feed_signal(signal_number);
}

static void watch_terminate(struct storm_task *task)
{
	struct sigaction action = { .sa_handler = on_terminate_signal, .sa_flags = SA_RESTART };

	ev_signal_start(task->loop, &task->terminate);
	sigaction(SIGTERM, &action, NULL);
}

static bool is_ignored(int signal_number)
{
	struct sigaction action;

	return sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void task_watch(struct storm_task *task)
{
	ev_io_init(&task->input, on_input, task->stdio.input, EV_READ);
	ev_prepare_init(&task->prepare, on_prepare);
	ev_check_init(&task->check, on_check);
	ev_signal_init(&task->terminate, on_terminate, SIGTERM);
	task->input.data = task->prepare.data = task->check.data = task->terminate.data = task;
	/* Around the class's watchers: the first to run after the sleep, the last before it. */
	ev_set_priority(&task->check, EV_MAXPRI);
	ev_set_priority(&task->prepare, EV_MINPRI);
	ev_prepare_start(task->loop, &task->prepare);
	ev_check_start(task->loop, &task->check);
	if (task->test)
		return;
	ev_io_start(task->loop, &task->input);
	if (!is_ignored(SIGTERM))
		watch_terminate(task);
}

void task_unwatch(struct storm_task *task)
{
	ev_io_stop(task->loop, &task->input);
	ev_prepare_stop(task->loop, &task->prepare);
	ev_check_stop(task->loop, &task->check);
	ev_signal_stop(task->loop, &task->terminate);
}

/* Handle messages until the input ends, the parent says SIGTERM, or an error stops the task. */
static void run_loop(struct storm_task *task)
{
	task_watch(task);
	while (!task->stopping)
		ev_run(task->loop, 0);
	atomic_store(&task->alive.busy, true);
	task_unwatch(task);
}

void task_close(struct storm_task *task)
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

void task_free(struct storm_task *task)
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
	buffer_free(&task->last_words);
	free(task->task_ids);
	free(task->state);
	if (task->loop)
		ev_loop_destroy(task->loop);
}

int task_run(const struct storm_topology *topology, const char *part)
{
	struct storm_task task = TASK_INIT;
	int err;

	task.topology = topology;
	task.part = part;
	signal(SIGPIPE, SIG_IGN);
	err = stdio_take(&task.stdio);
	if (err < 0) {
		fprintf(stderr, "%s: cannot take the standard input and output: %s\n",
			topology->name, strerror(-err));
		task_free(&task);
		return 1;
	}
	task.loop = ev_loop_new(EVFLAG_AUTO);
	if (!task.loop) {
		dprintf(task.stdio.errors, "%s: cannot make an event loop\n", topology->name);
		task_free(&task);
		return 1;
	}
	run_loop(&task);
	if (task.opened)
		task_close(&task);
	collect_printed(&task, true);
	log_end(&task);
	task_flush(&task);
	/* The parent first: the runner knows by then what it finds here. */
	if (task.last_words.length > 0)
		dprintf(task.stdio.errors, FATAL "%s\n", buffer_text(&task.last_words));
	task_free(&task);
	return task.status;
}
