/* A component alone. */
#include "local/alone.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/write_all.h"
#include "local/run.h"
#include "protocol/transcode.h"

/* Of what it wrote to its standard error, so much is kept. */
#define ERRORS_KEPT ((size_t)4096)
#define END_SECONDS 10

struct alone {
	struct run run;
	struct local_options options;
	const struct component *component;
	struct process process;
	struct frame_reader reader;
	struct output output;
	struct buffer errors;
	bool shows_errors; /* as they come, too */
	struct buffer end; /* how it has ended; empty: it has not */
};

int alone_start(struct alone **started, const struct spec *spec, size_t component)
{
	struct alone *alone = calloc(1, sizeof(*alone));
	int err;

	if (!alone)
		return -ENOMEM;
	alone->options.verbosity = -1;
	alone->options.loops = 1;
	alone->run.spec = spec;
	alone->run.options = &alone->options;
	alone->process = (struct process){ 0, -1, -1, -1 };
	err = run_set_up(&alone->run);
	if (err == 0) {
		alone->component = &alone->run.components[component];
		alone->reader.wire = alone->run.wire;
		err = handshake_write(alone->component->tasks[0], &alone->output.buffer);
	}
	if (err == 0)
		err = process_start(
			&alone->process, alone->component->command, &alone->component->setup);
	if (err < 0) {
		alone_free(alone);
		alone = NULL;
	}
	*started = alone;
	return err;
}

int alone_start_command(struct alone **started, char *const *command, const char *folder,
	const json_t *env, enum wire wire)
{
	const struct process_setup setup = { .folder = (char *)folder, .env = (json_t *)env };
	struct alone *alone = calloc(1, sizeof(*alone));
	int err;

	*started = alone;
	if (!alone)
		return -ENOMEM;
	alone->run.directory = DIRECTORY_INIT;
	alone->run.wire = alone->reader.wire = wire;
	alone->shows_errors = true;
	alone->process = (struct process){ 0, -1, -1, -1 };
	err = process_start(&alone->process, command, &setup);
	if (err < 0) {
		alone_free(alone);
		*started = NULL;
	}
	return err;
}

struct output *alone_output(struct alone *alone)
{
	return &alone->output;
}

int alone_send(struct alone *alone, struct span json)
{
	struct buffer *buffer = &alone->output.buffer;
	int err = 0;

	if (alone->run.wire == WIRE_JSON)
		buffer_append_span(buffer, json);
	else
		err = transcode_to_msgpack(json, buffer, NULL);
	buffer_append_frame_end(buffer, alone->run.wire);
	return buffer->failed ? -ENOMEM : err;
}

int alone_send_receivers(struct alone *alone, const char *stream)
{
	const struct component *component = alone->component;
	struct buffer ids = { 0 };
	int count = 0;
	int err;

	buffer_append_literal(&ids, "[");
	for (size_t i = 0; i < component->spec->output_count; i++) {
		const struct route *route = &component->routes[i];

		for (size_t j = 0; j < route->target_count; j++) {
			if (strcmp(route->stream->name, stream) == 0)
				buffer_append_format(&ids, "%s%d", count++ > 0 ? "," : "",
					route->targets[j].component->tasks[0]->id);
		}
	}
	buffer_append_literal(&ids, "]");
	err = alone_send(alone, buffer_span(&ids));
	buffer_free(&ids);
	return err;
}

/* Whether there may be more. */
static bool read_errors(struct alone *alone)
{
	struct buffer *errors = &alone->errors;
	char bytes[ERRORS_KEPT];
	ssize_t count = read(alone->process.errors, bytes, sizeof(bytes));

	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
		close(alone->process.errors);
		alone->process.errors = -1;
	}
	if (count <= 0)
		return false;
	if (alone->shows_errors)
		write_all(STDERR_FILENO, (struct span){ bytes, (size_t)count });
	buffer_append(errors, bytes, (size_t)count);
	if (errors->length > ERRORS_KEPT) {
		size_t surplus = errors->length - ERRORS_KEPT;

		memmove(errors->data, errors->data + surplus, ERRORS_KEPT);
		buffer_truncate(errors, ERRORS_KEPT);
	}
	return true;
}

/* Its output is at its end: so is the process, or soon. */
static void await_end(struct alone *alone)
{
	double deadline = clock_now() + END_SECONDS;
	const struct timespec moment = { .tv_nsec = 5000000 };
	int status;

	if (alone->process.pid == 0)
		return;
	while (waitpid(alone->process.pid, &status, WNOHANG) == 0) {
		if (clock_now() > deadline)
			kill(alone->process.pid, SIGKILL);
		nanosleep(&moment, NULL);
	}
	alone->process.pid = 0;
	process_describe_end(&alone->end, status);
	while (alone->process.errors >= 0 && read_errors(alone))
		;
}

/* Wait until something can be read or written, and do it: 0, -EPIPE at the end, -ETIMEDOUT. */
static int exchange(struct alone *alone, double deadline)
{
	struct process *process = &alone->process;
	struct pollfd ready[] = {
		{ .fd = process->output, .events = POLLIN },
		{ .fd = process->errors, .events = POLLIN },
		{ .fd = output_pending(&alone->output) > 0 ? process->input : -1,
			.events = POLLOUT },
	};
	double left = deadline - clock_now();
	ssize_t count = 0;

	int count_ready = left > 0 ? poll(ready, 3, (int)(left * 1000) + 1) : 0;

	if (count_ready == 0)
		return -ETIMEDOUT;
	if (count_ready < 0)
		return -errno;
	if (ready[1].revents)
		read_errors(alone);
	if (ready[2].revents && output_flush(&alone->output, process->input) < 0)
		output_clear(
			&alone->output); /* it has closed its input, or is dead: its output tells */
	if (ready[0].revents) {
		count = frame_reader_read(&alone->reader, process->output);
		if (count == 0) {
			await_end(alone);
			return -EPIPE;
		}
	}
	return count < 0 && count != -EAGAIN ? (int)count : 0;
}

int alone_exchange(struct alone *alone, double seconds)
{
	return alone->end.length > 0 ? -EPIPE : exchange(alone, clock_now() + seconds);
}

int alone_next(struct alone *alone, struct span *frame)
{
	int found = frame_reader_next(&alone->reader, frame);

	return found < 0 ? -EBADMSG : found;
}

json_t *alone_decode(enum wire wire, struct span frame)
{
	struct buffer json = { 0 };
	json_t *message = NULL;

	if (wire == WIRE_JSON)
		return json_loadb(frame.data, frame.length, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	if (transcode_to_json(frame, &json) == 0)
		message = json_loadb(json.data, json.length, JSON_ALLOW_NUL, NULL);
	buffer_free(&json);
	return message;
}

int alone_receive(struct alone *alone, double seconds, json_t **message)
{
	double deadline = clock_now() + seconds;
	struct span frame;
	int found;

	*message = NULL;
	while ((found = frame_reader_next(&alone->reader, &frame)) == 0) {
		int err = alone->end.length > 0 ? -EPIPE : exchange(alone, deadline);

		if (err < 0)
			return err;
	}
	if (found < 0)
		return -EBADMSG;
	*message = alone_decode(alone->run.wire, frame);
	return *message ? 0 : -EBADMSG;
}

void alone_close(struct alone *alone)
{
	double deadline = clock_now() + END_SECONDS;

	while (output_pending(&alone->output) > 0 && exchange(alone, deadline) == 0)
		;
	if (alone->process.input >= 0)
		close(alone->process.input);
	alone->process.input = -1;
	output_clear(&alone->output);
}

const char *alone_errors(struct alone *alone)
{
	return buffer_text(&alone->errors);
}

const char *alone_end(struct alone *alone)
{
	return alone->end.length > 0 ? buffer_text(&alone->end) : NULL;
}

void alone_free(struct alone *alone)
{
	if (!alone)
		return;
	if (alone->process.input >= 0)
		close(alone->process.input);
	if (alone->process.output >= 0)
		close(alone->process.output);
	if (alone->process.errors >= 0)
		close(alone->process.errors);
	process_kill_descendants();
	frame_reader_free(&alone->reader);
	output_free(&alone->output);
	buffer_free(&alone->errors);
	buffer_free(&alone->end);
	run_free(&alone->run);
	free(alone);
}
