/* Answers those who ask about a run. */
#include "local/control.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "local/rebalance.h"
#include "local/run.h"
#include "protocol/write.h"

#define REQUEST_LIMIT 65536

/* A client that does not read keeps so much waiting, and misses what comes then. */
#define TAP_LIMIT ((size_t)1 << 20)

struct client {
	struct run *run;
	int fd;
	struct ev_io readable;
	struct ev_io writable;
	struct buffer request;
	struct output output;

	/* What it taps */
	bool taps;
	const struct component *component; /* NULL: all */
	char *stream; /* NULL: all */
	json_int_t every; /* shows one tuple of so many */
	json_int_t left; /* until the next one is shown */
	json_int_t missed; /* because it did not read */

	struct client *prev;
	struct client *next;
};

/* Several loops may show tuples at a time. */
static pthread_mutex_t showing = PTHREAD_MUTEX_INITIALIZER;

static void hang_up(struct client *client)
{
	struct control *control = &client->run->control;

	control->taps -= client->taps;
	DL_DELETE(control->clients, client);
	ev_io_stop(client->run->loops[0].ev, &client->readable);
	ev_io_stop(client->run->loops[0].ev, &client->writable);
	close(client->fd);
	buffer_free(&client->request);
	output_free(&client->output);
	free(client->stream);
	free(client);
}

/* Write what it can take now; false: it is gone. */
static bool write_some(struct client *client)
{
	int written = output_flush(&client->output, client->fd);

	if (written < 0) {
		hang_up(client);
		return false;
	}
	if (written == 0)
		ev_io_start(client->run->loops[0].ev, &client->writable);
	else
		ev_io_stop(client->run->loops[0].ev, &client->writable);
	return true;
}

static void append_json(struct client *client, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	buffer_append_format(&client->output.buffer, "%s\n", text ? text : "{}");
	free(text);
	json_decref(value);
}

static void append_error(struct client *client, const char *what, const char *name)
{
	struct buffer text = { 0 };

	buffer_append_format(&text, "%s%s", what, name ? name : "");
	append_json(client, json_pack("{s:s}", "error", buffer_text(&text)));
	buffer_free(&text);
}

/* Requests */

static const struct component *find_component(const struct run *run, const char *name)
{
	for (size_t i = 0; i < run->component_count; i++) {
		if (strcmp(run->components[i].spec->name, name) == 0)
			return &run->components[i];
	}
	return NULL;
}

static bool has_stream(const struct component *component, const char *name)
{
	for (size_t i = 0; i < component->spec->output_count; i++) {
		if (strcmp(component->spec->outputs[i].name, name) == 0)
			return true;
	}
	return false;
}

static void begin_tap(struct client *client, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "component"));
	const char *stream = json_string_value(json_object_get(request, "stream"));
	json_int_t every = json_integer_value(json_object_get(request, "every"));

	if (name)
		client->component = find_component(client->run, name);
	if (name && !client->component) {
		append_error(client, "the topology has no component ", name);
		return;
	}
	if (stream && client->component && !has_stream(client->component, stream)) {
		append_error(client, "the component has no stream ", stream);
		return;
	}
	free(client->stream);
	client->stream = stream ? strdup(stream) : NULL;
	client->every = every > 0 ? every : 1;
	client->left = 1;
	client->run->control.taps += !client->taps;
	client->taps = true;
	append_json(client, json_pack("{s:b}", "tapping", 1));
}

static void begin_rebalance(struct client *client, const json_t *request)
{
	struct buffer problem = { 0 };

	if (rebalance_begin(client->run, json_object_get(request, "tasks"), &problem) < 0)
		append_error(client, buffer_text(&problem), NULL);
	else
		append_json(client, json_pack("{s:b}", "rebalancing", 1));
	buffer_free(&problem);
}

static void answer(struct client *client, const json_t *request)
{
	const char *action = json_string_value(json_object_get(request, "do"));

	if (!action) {
		append_error(client, "a request must be a JSON object with \"do\"", NULL);
	} else if (strcmp(action, "status") == 0) {
		append_json(client, stats_json(client->run));
	} else if (strcmp(action, "tap") == 0) {
		begin_tap(client, request);
	} else if (strcmp(action, "rebalance") == 0) {
		begin_rebalance(client, request);
	} else {
		append_error(client, "no such request: ", action);
	}
}

/* Answer all whole lines. */
static void answer_lines(struct client *client)
{
	struct buffer *text = &client->request;
	char *newline;

	while ((newline = memchr(text->data, '\n', text->length))) {
		size_t length = (size_t)(newline - text->data) + 1;
		json_t *request = json_loadb(text->data, length, 0, NULL);

		answer(client, request);
		json_decref(request);
		memmove(text->data, text->data + length, text->length - length);
		text->length -= length;
	}
}

static void on_readable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct client *client = watcher->data;
	struct run *run = client->run;
	char bytes[4096];
	ssize_t count = read(client->fd, bytes, sizeof(bytes));

	(void)loop;
	(void)events;
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	loops_hold(run);
	if (count > 0)
		buffer_append(&client->request, bytes, (size_t)count);
	if (count <= 0 || client->request.length > REQUEST_LIMIT || client->request.failed) {
		hang_up(client);
	} else {
		answer_lines(client);
		write_some(client);
	}
	loops_release(run);
}

static void on_writable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct client *client = watcher->data;
	struct run *run = client->run;

	(void)loop;
	(void)events;
	loops_hold(run);
	write_some(client);
	loops_release(run);
}

static void on_connection(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct run *run = watcher->data;
	int fd = accept4(watcher->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client = fd >= 0 ? calloc(1, sizeof(*client)) : NULL;

	(void)events;
	if (!client) {
		if (fd >= 0)
			close(fd);
		else if (errno == EMFILE || errno == ENFILE)
			ev_io_stop(loop,
				watcher); /* it would be called for ever: see control_resume */
		return;
	}
	client->run = run;
	client->fd = fd;
	ev_io_init(&client->readable, on_readable, fd, EV_READ);
	ev_io_init(&client->writable, on_writable, fd, EV_WRITE);
	client->readable.data = client->writable.data = client;
	ev_io_start(loop, &client->readable);
	loops_hold(run);
	DL_APPEND(run->control.clients, client);
	loops_release(run);
}

void control_resume(struct run *run)
{
	ev_io_start(run->loops[0].ev, &run->control.listener);
}

/* Tapping */

/* JSON in one line: its own line breaks can only stand between values. */
static void append_line(struct buffer *buffer, struct span json)
{
	size_t start = buffer->length;

	buffer_append_span(buffer, json);
	for (size_t i = start; i < buffer->length; i++) {
		if (buffer->data[i] == '\n' || buffer->data[i] == '\r')
			buffer->data[i] = ' ';
	}
}

static void append_tuple(
	struct buffer *buffer, const struct task *task, const struct message *message)
{
	buffer_append_literal(buffer, "{\"component\":");
	write_string_lossy(buffer, WIRE_JSON, span_of(task->component->spec->name));
	buffer_append_literal(buffer, ",\"stream\":");
	if (message->stream.type == STORM_NULL)
		buffer_append_literal(buffer, "\"" STREAM_DEFAULT "\"");
	else
		encoded_to_json(&message->stream, buffer);
	buffer_append_format(buffer, ",\"task\":%d,\"values\":", task->id);
	if (task->run->wire == WIRE_JSON)
		append_line(buffer, message->tuple.text);
	else
		encoded_to_json(&message->tuple, buffer);
	buffer_append_literal(buffer, "}\n");
}

static void show(struct client *client, const struct task *task, const struct message *message)
{
	struct buffer *buffer = &client->output.buffer;

	if (--client->left > 0)
		return;
	client->left = client->every;
	if (output_pending(&client->output) > TAP_LIMIT) {
		client->missed++;
		return;
	}
	if (client->missed > 0)
		buffer_append_format(
			buffer, "{\"missed\":%" JSON_INTEGER_FORMAT "}\n", client->missed);
	client->missed = 0;
	append_tuple(buffer, task, message);
}

void control_show(struct run *run, const struct task *task, const struct message *message)
{
	struct client *client;

	pthread_mutex_lock(&showing);
	DL_FOREACH(run->control.clients, client) {
		if (client->taps && (!client->component || client->component == task->component) &&
			(!client->stream || message_stream_is(message, client->stream)))
			show(client, task, message);
	}
	pthread_mutex_unlock(&showing);
	if (!atomic_exchange(&run->control.shown, true))
		loop_wake(&run->loops[0]);
}

void control_write(struct run *run)
{
	struct client *client;

	if (!atomic_exchange(&run->control.shown, false))
		return;
	pthread_mutex_lock(&showing);
	DL_FOREACH(run->control.clients, client) {
		if (output_pending(&client->output) > 0)
			ev_io_start(run->loops[0].ev, &client->writable);
	}
	pthread_mutex_unlock(&showing);
}

/* Listening */

/* By way of the folder's descriptor: the path of a socket must be short. */
static int bind_in(int folder, int fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" DIRECTORY_SOCKET,
		folder);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
		return -errno;
	return 0;
}

int control_start(struct run *run)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = bind_in(run->directory.lock, fd);
	if (err < 0) {
		close(fd);
		return err;
	}
	ev_io_init(&run->control.listener, on_connection, fd, EV_READ);
	run->control.listener.data = run;
	ev_io_start(run->loops[0].ev, &run->control.listener);
	return 0;
}

void control_stop(struct run *run)
{
	struct control *control = &run->control;

	while (control->clients)
		hang_up(control->clients);
	if (!ev_is_active(&control->listener))
		return;
	ev_io_stop(run->loops[0].ev, &control->listener);
	close(control->listener.fd);
}
