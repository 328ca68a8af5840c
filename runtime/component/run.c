/*
 * The life of a component process: handshake, then messages until the input ends.
 *
 * What goes to the parent is flushed when the input is drained, never once a message while more
 * waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "component/task.h"

/* Flush in the middle of a batch when this much is pending. */
#define FLUSH_SIZE ((size_t)64 << 10)

struct buffer *task_begin_frame(struct storm_task *task)
{
	return &task->output.buffer;
}

void task_end_frame(struct storm_task *task)
{
	buffer_append_literal(&task->output.buffer, FRAME_END);
	if (output_pending(&task->output) >= FLUSH_SIZE)
		task_flush(task);
}

static void stop(struct storm_task *task)
{
	task->stopping = true;
	ev_break(task->loop, EVBREAK_ALL);
}

void task_flush(struct storm_task *task)
{
	int err = task->output.buffer.failed ? -ENOMEM : 0;

	if (err == 0 && !task->output_broken)
		err = output_flush(&task->output, task->stdio.output);
	if (err < 0) {
		/* Nobody is there to hear of it but who reads the standard error. */
		if (err != -EPIPE)
			fprintf(stderr, "%s: cannot write to the parent: %s\n",
				task->topology->name, strerror(-err));
		task->output_broken = true;
		task->status = 1;
		stop(task);
	}
	if (task->output_broken)
		output_clear(&task->output);
}

static void log_printed_line(void *context, struct span line)
{
	storm_log_info(context, "%.*s", (int)line.length, line.data);
}

static void collect_printed(struct storm_task *task, bool last)
{
	stdio_collect(&task->stdio, last, log_printed_line, task);
}

void task_fatal(struct storm_task *task, const char *what, int err)
{
	const char *reason = task_reason(task, err);

	storm_report_error(task, "%s: %s", what, reason);
	task->status = 1;
	stop(task);
}

/* Storm finds the processes to kill by the names of these files. */
static int write_pid_file(struct storm_task *task)
{
	char path[PATH_MAX];
	int fd;

	if (!task->context.pid_dir || task->context.pid_dir[0] == '\0')
		return 0;
	if (snprintf(path, sizeof(path), "%s/%ld", task->context.pid_dir, (long)getpid()) >=
		(int)sizeof(path))
		return storm_error(
			task, -ENAMETOOLONG, "the pid file in %s", task->context.pid_dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return storm_error(task, -errno, "the pid file %s", path);
	close(fd);
	return 0;
}

/* Become the component that the handshake names. */
static int choose_class(struct storm_task *task)
{
	const struct storm_spout *spout = task->topology->spouts;
	const struct storm_bolt *bolt = task->topology->bolts;
	size_t state_size = 0;

	for (; spout && spout->name; spout++) {
		if (strcmp(spout->name, task->context.component) == 0) {
			task->spout_class = spout->spout_class;
			state_size = spout->spout_class->state_size;
		}
	}
	for (; bolt && bolt->name; bolt++) {
		if (strcmp(bolt->name, task->context.component) == 0) {
			task->bolt_class = bolt->bolt_class;
			state_size = bolt->bolt_class->state_size;
		}
	}
	if (!task->spout_class && !task->bolt_class)
		return storm_error(task, -ENOENT, "the topology %s has no component %s",
			task->topology->name, task->context.component);
	task->state = calloc(1, state_size > 0 ? state_size : 1);
	return task->state ? 0 : storm_error(task, -ENOMEM, "the state of the task");
}

static void handle_handshake(struct storm_task *task, struct span frame)
{
	int (*open_task)(struct storm_task *);
	struct buffer *answer;
	int err;

	err = context_read(&task->context, task->topology, frame, &task->reason);
	if (err == 0)
		err = write_pid_file(task);
	if (err == 0)
		err = choose_class(task);
	if (err < 0) {
		task_fatal(task, "cannot start", err);
		return;
	}
	answer = task_begin_frame(task);
	buffer_append_format(answer, "{\"pid\":%ld}", (long)getpid());
	task_end_frame(task);
	task_flush(task);

	open_task = task->spout_class ? task->spout_class->open : task->bolt_class->prepare;
	task_clear_reason(task);
	if (open_task)
		err = open_task(task);
	if (err < 0) {
		task_fatal(task, "cannot start", err);
		return;
	}
	task->opened = true;
}

static void handle_frame(struct storm_task *task, struct span frame)
{
	struct json_error error;
	int err;

	if (!task->context.handshake) {
		handle_handshake(task, frame);
		return;
	}
	err = message_scan(&task->message, frame, &error);
	if (err == -EBADMSG) {
		buffer_truncate(&task->reason, 0);
		buffer_append_format(&task->reason, "byte %zu of a message of %zu bytes: %s",
			error.offset, frame.length, error.what);
	}
	if (err == 0)
		err = task->spout_class ? spout_handle(task, &task->message) :
					  bolt_handle(task, &task->message);
	if (err < 0)
		task_fatal(task, task->spout_class ? "the spout stops" : "the bolt stops", err);
}

static void handle_input_end(struct storm_task *task)
{
	struct span rest = frame_reader_rest(&task->reader);

	if (!task->context.handshake) {
		fprintf(stderr, "%s: the input ended before a handshake came\n",
			task->topology->name);
		task->status = 1;
	} else if (rest.length > 0) {
		storm_error(task, -EBADMSG, "%zu bytes without their end", rest.length);
		task_fatal(task, "the input was cut off", -EBADMSG);
	}
	stop(task);
}

static void on_input(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct storm_task *task = watcher->data;
	ssize_t count = frame_reader_read(&task->reader, watcher->fd);
	struct span frame;
	int found = 0;

	(void)loop;
	(void)events;
	if (count == -EAGAIN)
		return;
	while (!task->stopping && (found = frame_reader_next(&task->reader, &frame)) > 0)
		handle_frame(task, frame);
	if (found < 0) {
		storm_error(task, found, "the limit is %zu bytes", FRAME_LIMIT);
		task_fatal(task, "a message is too large", found);
	} else if (count < 0) {
		task_fatal(task, "cannot read from the parent", (int)count);
	} else if (count == 0 && !task->stopping) {
		handle_input_end(task);
	}
	collect_printed(task, false);
	task_flush(task);
}

static void on_terminate(struct ev_loop *loop, struct ev_signal *watcher, int events)
{
	(void)loop;
	(void)events;
	stop(watcher->data);
}

static bool is_ignored(int signal_number)
{
	struct sigaction action;

	return sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Handle messages until the input ends, the parent says SIGTERM, or an error stops the task. */
static void handle_input(struct storm_task *task)
{
	struct ev_io input;
	struct ev_signal terminate;

	ev_io_init(&input, on_input, task->stdio.input, EV_READ);
	input.data = task;
	ev_io_start(task->loop, &input);
	ev_signal_init(&terminate, on_terminate, SIGTERM);
	terminate.data = task;
	if (!is_ignored(SIGTERM))
		ev_signal_start(task->loop, &terminate);
	ev_run(task->loop, 0);
	ev_io_stop(task->loop, &input);
	ev_signal_stop(task->loop, &terminate);
}

static void close_task(struct storm_task *task)
{
	int (*close_class)(struct storm_task *) =
		task->spout_class ? task->spout_class->close : task->bolt_class->close;
	int err = 0;

	task_clear_reason(task);
	if (close_class)
		err = close_class(task);
	if (err < 0)
		task_fatal(task, "cannot close", err);
}

static void free_task(struct storm_task *task)
{
	tuple_free(&task->tuple);
	spout_free_pending(task);
	context_free(&task->context);
	message_free(&task->message);
	frame_reader_free(&task->reader);
	output_free(&task->output);
	stdio_close(&task->stdio);
	buffer_free(&task->setting);
	buffer_free(&task->reason);
	free(task->state);
	if (task->loop)
		ev_loop_destroy(task->loop);
}

int task_run(const struct storm_topology *topology)
{
	struct storm_task task = { .topology = topology,
		.stdio = STDIO_INIT,
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
		fprintf(stderr, "%s: cannot make an event loop\n", topology->name);
		free_task(&task);
		return 1;
	}
	handle_input(&task);
	if (task.opened)
		close_task(&task);
	collect_printed(&task, true);
	task_flush(&task);
	free_task(&task);
	return task.status;
}
