/*
 * Ask: each line goes to a server, and its answer comes out. The server reads lines on a TCP
 * connection and answers each with a line, in the same order, as many services do.
 *
 * Shows an asynchronous bolt: process() only queues the question and returns. The answers come in a
 * watcher of the task's event loop; each emits, and acks the tuple that was kept for it. So hundreds
 * of questions are on their way at a time, in one process, and none is lost: what is not answered
 * when the connection breaks is failed, and its spout emits it again.
 */
#include <cstorm.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ANSWERS,
	WAITING
};

/* Bytes with a start and an end. */
struct text {
	char *data;
	size_t length;
	size_t capacity;
};

/* A question on its way. */
struct question {
	struct storm_tuple *tuple;
	struct question *next;
};

struct client {
	struct storm_task *task;
	int fd;
	struct ev_io readable;
	struct ev_io writable;
	struct text outgoing;
	struct text incoming;
	struct question *oldest;
	struct question **newest;
	size_t count;
};

static int append(struct text *text, const char *data, size_t length)
{
	if (text->capacity - text->length < length) {
		size_t capacity = (text->length + length) * 2;
		char *bytes = realloc(text->data, capacity);

		if (!bytes)
			return -ENOMEM;
		text->data = bytes;
		text->capacity = capacity;
	}
	memcpy(text->data + text->length, data, length);
	text->length += length;
	return 0;
}

static void drop(struct text *text, size_t length)
{
	memmove(text->data, text->data + length, text->length - length);
	text->length -= length;
}

static void count_waiting(struct client *client, int change)
{
	client->count += (size_t)change;
	storm_gauge_set(client->task, WAITING, (double)client->count);
}

/* The oldest question is answered, or will not be. */
static void settle(struct client *client, const char *answer, size_t length)
{
	struct question *question = client->oldest;
	struct storm_task *task = client->task;
	const struct storm_tuple *anchor = question->tuple;
	int err = answer ?
		storm_emit_full(task,
			&(const struct storm_emission){ STORM_VALUES(storm_string(answer, length)),
				.anchors = &anchor, .anchor_count = 1 }) :
		-EPIPE;

	if (err < 0)
		storm_fail(task, question->tuple);
	else
		storm_ack(task, question->tuple);
	storm_tuple_release(question->tuple);
	client->oldest = question->next;
	if (!client->oldest)
		client->newest = &client->oldest;
	free(question);
	count_waiting(client, -1);
	storm_counter_add(task, ANSWERS, answer != NULL);
}

/* The connection is of no use any more: the process ends, and its parent starts another one. */
static void give_up(struct client *client, int err, const char *what)
{
	while (client->oldest)
		settle(client, NULL, 0);
	storm_fatal(client->task, err, "the connection to %s: %s",
		storm_setting(client->task, "server"), what);
}

static void take_answers(struct client *client)
{
	struct text *incoming = &client->incoming;
	size_t start = 0;
	const char *newline;

	while ((newline = memchr(incoming->data + start, '\n', incoming->length - start))) {
		size_t end = (size_t)(newline - incoming->data);

		if (!client->oldest) {
			give_up(client, -EPROTO, "an answer that nobody asked for");
			return;
		}
		settle(client, incoming->data + start, end - start);
		start = end + 1;
	}
	drop(incoming, start);
}

static void on_readable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct client *client = watcher->data;
	char bytes[65536];
	ssize_t count = read(client->fd, bytes, sizeof(bytes));

	(void)loop;
	(void)events;
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0)
		give_up(client, count < 0 ? -errno : -ECONNRESET, "it has ended");
	else if (append(&client->incoming, bytes, (size_t)count) < 0)
		give_up(client, -ENOMEM, "its answers");
	else
		take_answers(client);
}

static void on_writable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct client *client = watcher->data;
	ssize_t count = write(client->fd, client->outgoing.data, client->outgoing.length);

	(void)events;
	if (count < 0 && errno != EAGAIN && errno != EINTR)
		give_up(client, -errno, "cannot write");
	else if (count > 0)
		drop(&client->outgoing, (size_t)count);
	if (client->outgoing.length == 0)
		ev_io_stop(loop, watcher);
}

/* Connect to HOST:PORT. */
static int connect_to(struct storm_task *task, const char *server)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const char *colon = server ? strrchr(server, ':') : NULL;
	struct addrinfo *addresses = NULL;
	char *host = colon ? strndup(server, (size_t)(colon - server)) : NULL;
	int problem = host ? getaddrinfo(host, colon + 1, &hints, &addresses) : 0;
	int err = -EINVAL;
	int fd = -1;

	free(host);
	if (!colon)
		return storm_error(task, -EINVAL, "the setting ask.server must be HOST:PORT");
	if (problem != 0)
		return storm_error(task, -EHOSTUNREACH, "%s: %s", server, gai_strerror(problem));
	for (const struct addrinfo *at = addresses; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) == 0)
			break;
		err = -errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(addresses);
	return fd < 0 ? storm_error(task, err, "cannot connect to %s", server) : fd;
}

static int prepare(struct storm_task *task)
{
	struct client *client = storm_state(task);

	client->task = task;
	client->newest = &client->oldest;
	client->fd = connect_to(task, storm_setting(task, "server"));
	if (client->fd < 0)
		return client->fd;
	fcntl(client->fd, F_SETFL, fcntl(client->fd, F_GETFL) | O_NONBLOCK);
	ev_io_init(&client->readable, on_readable, client->fd, EV_READ);
	ev_io_init(&client->writable, on_writable, client->fd, EV_WRITE);
	client->readable.data = client->writable.data = client;
	ev_io_start(storm_loop(task), &client->readable);
	return 0;
}

static int ask(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct client *client = storm_state(task);
	struct question *question = calloc(1, sizeof(*question));
	struct storm_string line;
	int err = storm_tuple_string_at(tuple, 0, &line);

	if (err == 0 && memchr(line.data, '\n', line.length))
		err = storm_error(task, -EINVAL, "a question of several lines");
	if (err == 0)
		err = append(&client->outgoing, line.data, line.length + 1);
	if (err < 0 || !question) {
		free(question);
		return err < 0 ? err : -ENOMEM;
	}
	client->outgoing.data[client->outgoing.length - 1] = '\n'; /* in place of the zero byte */
	question->tuple = storm_tuple_keep(tuple);
	if (!question->tuple) {
		client->outgoing.length -= line.length + 1;
		free(question);
		return -ENOMEM;
	}
	*client->newest = question;
	client->newest = &question->next;
	count_waiting(client, 1);
	ev_io_start(storm_loop(task), &client->writable);
	return 0; /* settled when the answer comes */
}

static int close_client(struct storm_task *task)
{
	struct client *client = storm_state(task);

	while (client->oldest)
		settle(client, NULL, 0);
	ev_io_stop(storm_loop(task), &client->readable);
	ev_io_stop(storm_loop(task), &client->writable);
	free(client->incoming.data);
	free(client->outgoing.data);
	close(client->fd);
	return 0;
}

static const struct storm_bolt_class ask_bolt = {
	.summary = "sends each line to a server, and emits its answer",
	.outputs = STORM_FIELDS("answer"),
	.settings = STORM_SETTINGS({ "server", "HOST:PORT of a server that answers lines", NULL }),
	.metrics = STORM_METRICS([ANSWERS] = { "answers", STORM_COUNTER, "answers that came" },
		[WAITING] = { "waiting", STORM_GAUGE, "questions without an answer" }),
	.state_size = sizeof(struct client),
	.manual_ack = true,
	.prepare = prepare,
	.process = ask,
	.close = close_client,
};

static const struct storm_topology topology = {
	.name = "ask",
	.summary = "each line goes to a server, and its answer comes out",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &storm_lines_spout }),
	.bolts = STORM_BOLTS(
		{
			.name = "ask",
			.bolt_class = &ask_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("lines")),
		},
		{
			.name = "write",
			.bolt_class = &storm_write_bolt,
			.inputs = STORM_INPUTS(STORM_GLOBAL("ask")),
		}),
	.config = STORM_CONFIG({ "topology.max.spout.pending", "500" }),
};

int main(int argc, char **argv)
{
	return storm_main(&topology, argc, argv);
}
