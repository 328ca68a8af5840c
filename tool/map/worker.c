/* A process of the bolt: what it is sent and what it answers, how it dies and is started again. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "local/stack.h"
#include "map/map.h"
#include "protocol/write.h"

/* So many items may be in flight, so many bytes wait to be written. */
#define WINDOW_MOST 4096
#define QUEUE_MOST ((size_t)256 << 10)

/*
 * A whole window should take about so long: longer than what it costs to send one, and than a batch of
 * the bolt's waits to be complete; shorter than one would want to wait for the last process.
 */
#define WINDOW_SHORT 0.1
#define WINDOW_LONG 0.4

/* So many deaths in a row, with nothing acked between, end it all. */
#define DEATHS_LIMIT 5

/* Before the second restart in a row: this long, doubled for each further one. */
#define RESTART_SECONDS 0.1

#define ERROR_LINE_LIMIT ((size_t)8 << 10)

#define TICK_ID "tick"

void worker_init(struct map *map, size_t index)
{
	struct worker *worker = &map->workers[index];

	worker->map = map;
	worker->task = map->bolt->tasks[index];
	worker->process = (struct process){ 0, -1, -1, -1 };
	worker->window = 1;
}

static size_t index_of(const struct worker *worker)
{
	return (size_t)(worker - worker->map->workers);
}

/* Words */

static void set_last_words(struct worker *worker, struct span text)
{
	free(worker->last_words);
	worker->last_words = strndup(text.data, text.length);
}

/* Starting */

int worker_start(struct worker *worker)
{
	struct map *map = worker->map;
	const struct component *bolt = map->bolt;
	int err;

	if (worker->process.pid != 0 || worker->ended || map->now < worker->restart)
		return 0;
	output_clear(&worker->output);
	err = handshake_write(worker->task, &worker->output.buffer);
	if (err == 0)
		err = process_start(&worker->process, bolt->command, &bolt->setup);
	if (err < 0 && worker->task->restarts > 0 && worker->deaths < DEATHS_LIMIT) {
		log_line(STORM_LOG_WARN, worker->task,
			"cannot be started again: %s; once more soon", strerror(-err));
		worker->deaths++;
		worker->restart = map->now + RESTART_SECONDS * (double)(1u << worker->deaths);
		return 0;
	}
	if (err < 0) {
		log_line(STORM_LOG_ERROR, NULL, "cannot start %s: %s", bolt->command[0],
			strerror(-err));
		return err;
	}
	worker->reader.wire = map->run.wire;
	worker->window = 1;
	worker->marker = 0;
	worker->killed_for = NULL;
	worker->reported_error = worker->complained = false;
	worker->settled = map->now;
	worker->next_tick = map->tick_seconds > 0 ? map->now + map->tick_seconds : 0;
	return 0;
}

/* Sending */

/* A tuple's message, up to its values; and what is behind them. */
static void append_head(const struct map *map, struct buffer *buffer, uint64_t number)
{
	enum wire wire = map->run.wire;

	if (wire == WIRE_LINES) {
		buffer_append_unsigned(buffer, number);
		buffer_append_literal(buffer, "\t");
		return;
	}
	buffer_append_phrase(buffer, wire, PHRASE("{\"id\":", "\x85\xA2id"));
	write_number_string(buffer, wire, number);
	buffer_append_span(buffer, buffer_span(&map->head));
}

static void append_end(const struct map *map, struct buffer *buffer)
{
	if (map->run.wire == WIRE_JSON)
		buffer_append_literal(buffer, "}");
	buffer_append_frame_end(buffer, map->run.wire);
}

static int send_item(struct worker *worker, uint64_t number)
{
	struct map *map = worker->map;
	struct item *item = items_get(map, number);
	struct buffer *buffer = &worker->output.buffer;
	size_t before = buffer->length;
	int err;

	append_head(map, buffer, number);
	err = line_append(map, buffer, buffer_span(&item->line));
	append_end(map, buffer);
	if (err == -EBADMSG) {
		buffer_truncate(buffer, before);
		items_give_up(map, number, buffer_text(&map->text));
		return 0;
	}
	if (err < 0 || buffer->failed || fifo_push(&worker->sent, number) < 0)
		return -ENOMEM;
	item->state = ITEM_SENT;
	item->worker = index_of(worker);
	if (worker->in_flight++ == 0)
		worker->settled = map->now;
	if (worker->marker == 0) {
		worker->marker = number;
		worker->marked = map->now;
	}
	return 0;
}

static void send_tick(struct worker *worker)
{
	struct map *map = worker->map;
	struct buffer *buffer = &worker->output.buffer;

	if (worker->next_tick == 0 || map->now < worker->next_tick)
		return;
	worker->next_tick = map->now + map->tick_seconds;
	buffer_append_phrase(buffer, map->run.wire,
		PHRASE("{\"id\":\"" TICK_ID "\",\"comp\":\"" COMPONENT_SYSTEM
		       "\",\"stream\":\"" STREAM_TICK "\",\"task\":-1,\"tuple\":[",
			"\x85\xA2id\xA4" TICK_ID "\xA4"
			"comp\xA8" COMPONENT_SYSTEM "\xA6stream\xA6" STREAM_TICK
			"\xA4task\xFF\xA5tuple\x91"));
	write_integer(buffer, map->run.wire, (int64_t)map->tick_seconds);
	buffer_append_phrase(buffer, map->run.wire, PHRASE("]}", ""));
	buffer_append_frame_end(buffer, map->run.wire);
}

int worker_feed(struct worker *worker)
{
	struct map *map = worker->map;
	int err = 0;

	if (worker->process.pid == 0 || worker->closing)
		return 0;
	send_tick(worker);
	while (err == 0 && worker->in_flight < worker->window &&
		output_pending(&worker->output) < QUEUE_MOST) {
		uint64_t number = items_take(map);

		if (number == 0)
			return 0;
		err = send_item(worker, number);
	}
	return err;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int worker_write(struct worker *worker)
{
	int written;

	if (worker->process.input < 0)
		return 0;
	written = output_flush(&worker->output, worker->process.input);
	if (written < 0) {
		output_clear(&worker->output); /* its death says the rest */
		close_fd(&worker->process.input);
	} else if (written == 1 && worker->closing) {
		close_fd(&worker->process.input);
	}
	return 0;
}

void worker_close(struct worker *worker)
{
	if (worker->closing || worker->ended)
		return;
	worker->closing = true;
	worker->settled = worker->map->now;
	if (worker->process.pid == 0)
		worker->ended = true;
}

/* Settling */

static bool has(const struct worker *worker, uint64_t number)
{
	struct map *map = worker->map;
	const struct item *item = items_get(map, number);

	return number >= map->first && number < map->next && item->state == ITEM_SENT &&
		item->worker == index_of(worker);
}

/* A line of a window was settled: the next window may be another. */
static void measure(struct worker *worker, uint64_t number)
{
	double seconds = worker->map->now - worker->marked;

	if (number != worker->marker)
		return;
	worker->marker = 0;
	if (seconds < WINDOW_SHORT && worker->window < WINDOW_MOST)
		worker->window *= 2;
	else if (seconds > WINDOW_LONG && worker->window > 1)
		worker->window /= 2;
}

static void settle(struct worker *worker, uint64_t number, bool acked)
{
	struct map *map = worker->map;

	if (!has(worker, number))
		return;
	worker->in_flight--;
	worker->settled = map->now;
	while (worker->sent.count > 0 && !has(worker, worker->sent.items[worker->sent.head]))
		fifo_pop(&worker->sent);
	measure(worker, number);
	if (acked) {
		worker->deaths = 0;
		items_finish(map, number);
	} else {
		items_fail(map, number,
			worker->complained ? worker->last_words : "the bolt does not say why");
	}
	worker->complained = false;
	/* The item that was settled may have been the oldest. */
	while (worker->sent.count > 0 && !has(worker, worker->sent.items[worker->sent.head]))
		fifo_pop(&worker->sent);
}

/* Answers */

static void break_protocol(struct worker *worker, const char *how)
{
	if (worker->killed_for)
		return;
	log_line(STORM_LOG_ERROR, worker->task, "broke the protocol and is killed: %s", how);
	worker->killed_for = "for breaking the protocol";
	kill(worker->process.pid, SIGKILL);
}

/* The item that an emit belongs to: the first of its anchors. 0: it has none. */
static uint64_t anchor_of(const struct message *message)
{
	struct encoded_list anchors;
	struct encoded id;

	if (message->anchors.type == STORM_STRING)
		return acker_delivery_number(&message->anchors);
	if (message->anchors.type != STORM_ARRAY)
		return 0;
	anchors = encoded_list(&message->anchors);
	return encoded_list_next(&anchors, &id) ? acker_delivery_number(&id) : 0;
}

static void answer_task_ids(struct worker *worker, const struct message *message)
{
	enum wire wire = worker->map->run.wire;
	struct buffer *buffer = &worker->output.buffer;

	if (message_task(message) != 0 ||
		(message->need_task_ids.type != STORM_NULL &&
			!encoded_boolean(&message->need_task_ids)))
		return;
	write_list_start(buffer, wire, 1);
	write_integer(buffer, wire, worker->map->receiver);
	write_list_end(buffer, wire);
	buffer_append_frame_end(buffer, wire);
}

/* Where the results go that are anchored to an item: what belongs to none is ready at once. */
static struct buffer *results_of(const struct worker *worker, uint64_t number)
{
	struct map *map = worker->map;

	return has(worker, number) ? &items_get(map, number)->results : &map->ready;
}

static int handle_emit(struct worker *worker)
{
	struct map *map = worker->map;
	const struct message *message = &map->message;
	struct buffer *results = results_of(worker, anchor_of(message));
	size_t before = results->length;
	int err;

	answer_task_ids(worker, message);
	if (message->tuple.type != STORM_ARRAY) {
		break_protocol(worker, "it emits no tuple");
		return 0;
	}
	if (!message_stream_is(message, map->options->stream)) {
		map->other_count++;
		return 0;
	}
	err = results_append(map, results);
	if (results != &map->ready)
		map->bytes += results->length - before;
	if (err == -EDOM) {
		log_line(STORM_LOG_ERROR, worker->task,
			"it emits a number that cannot be written as JSON");
		map->failed = true;
		err = 0;
	}
	return err;
}

/* Whether a bolt of libcstorm says why it will fail a tuple: the reason is kept. */
static bool take_reason(struct worker *worker, const char *text)
{
	const char *colon =
		strncmp(text, FAIL_LOG, strlen(FAIL_LOG)) == 0 ? strstr(text, ": ") : NULL;

	if (!colon)
		return false;
	worker->complained = true;
	set_last_words(worker, span_of(colon + 2));
	return true;
}

static void handle_log(struct worker *worker)
{
	const struct message *message = &worker->map->message;
	struct buffer text = encoded_text(&message->msg);
	int64_t level = STORM_LOG_INFO;

	if (message->level.type == STORM_INTEGER)
		encoded_integer(&message->level, &level);
	if (level < STORM_LOG_TRACE || level > STORM_LOG_ERROR)
		level = STORM_LOG_INFO;
	if (take_reason(worker, buffer_text(&text)))
		level = STORM_LOG_DEBUG; /* it is said when the line is given up */
	log_text((enum storm_log_level)level, worker->task, NULL, buffer_span(&text));
	buffer_free(&text);
}

/* An error is the reason of the fail behind it, and is said with that; or it is the process's last. */
static void handle_error(struct worker *worker)
{
	struct buffer text = encoded_text(&worker->map->message.msg);
	struct buffer named = { 0 };
	bool is_end = worker->closing && strstr(buffer_text(&text), LOCAL_END_OF_INPUT);
	const char *stack = strstr(buffer_text(&text), CRASH_STACK);

	worker->reported_error |= !is_end;
	worker->complained = true;
	set_last_words(worker, buffer_span(&text));
	if (stack) {
		stack_append_named(&named, buffer_span(&text), worker->map->bolt->setup.folder);
		log_text(STORM_LOG_ERROR, worker->task, NULL, buffer_span(&named));
		*strchrnul(worker->last_words, '\n') = '\0';
	} else if (worker->in_flight == 0 && !is_end) {
		log_text(STORM_LOG_ERROR, worker->task, NULL, buffer_span(&text));
	}
	buffer_free(&named);
	buffer_free(&text);
}

static int handle_message(struct worker *worker)
{
	const struct message *message = &worker->map->message;

	if (message_is(message, SPAN("emit")))
		return handle_emit(worker);
	if (message_is(message, SPAN("ack")))
		settle(worker, acker_delivery_number(&message->id), true);
	else if (message_is(message, SPAN("fail")))
		settle(worker, acker_delivery_number(&message->id), false);
	else if (message_is(message, SPAN("log")))
		handle_log(worker);
	else if (message_is(message, SPAN("error")))
		handle_error(worker);
	return 0; /* a pid, a sync, metrics */
}

/* The number that a line begins with, which is cut off; 0 where it begins with none. */
static uint64_t take_number(struct span *line)
{
	uint64_t number = 0;

	while (line->length > 0 && *line->data >= '0' && *line->data <= '9') {
		number = 10 * number + (uint64_t)(*line->data - '0');
		line->data++;
		line->length--;
	}
	return number;
}

/* An emit: a number, or none, then a tab and the results as they will be written. */
static int handle_results(struct worker *worker, struct span line)
{
	struct map *map = worker->map;
	struct buffer *results = results_of(worker, take_number(&line));

	if (line.length > 0 && *line.data != '\t')
		return -EBADMSG;
	line.length = line.length > 0 ? line.length - 1 : 0;
	buffer_append(results, line.data + 1, line.length);
	buffer_append_literal(results, "\n");
	if (results != &map->ready)
		map->bytes += line.length + 1;
	map->result_count++;
	return results->failed ? -ENOMEM : 0;
}

static int handle_line(struct worker *worker, struct span line, struct wire_error *error)
{
	struct map *map = worker->map;
	char first = line.length > 0 ? *line.data : '\0';
	int err;

	if (first == '{') {
		err = message_scan(&map->message, WIRE_LINES, line, error);
		return err < 0 ? err : handle_message(worker);
	}
	error->what = "a line of no known kind";
	if (first != '+' && first != '-')
		return handle_results(worker, line);
	line.data++;
	line.length--;
	settle(worker, take_number(&line), first == '+');
	return line.length == 0 ? 0 : -EBADMSG;
}

static int handle_frame(struct worker *worker, struct span frame)
{
	struct map *map = worker->map;
	struct wire_error error = { 0, NULL };
	struct buffer how = { 0 };
	int err;

	if (map->run.wire == WIRE_LINES) {
		err = handle_line(worker, frame, &error);
	} else {
		err = message_scan(&map->message, map->run.wire, frame, &error);
		if (err == 0)
			err = handle_message(worker);
	}
	if (err != -EBADMSG)
		return err;
	buffer_append_format(&how, "what it says is no message: %s", error.what);
	break_protocol(worker, buffer_text(&how));
	buffer_free(&how);
	return 0;
}

static int handle_frames(struct worker *worker)
{
	struct span frame;
	int found = 0;
	int err = 0;

	while (err == 0 && !worker->killed_for &&
		(found = frame_reader_next(&worker->reader, &frame)) == 1)
		err = handle_frame(worker, frame);
	if (found < 0)
		break_protocol(worker,
			found == -EMSGSIZE ? "its message is too long" :
					     "what it says is no message");
	return err;
}

/* Ending */

static void describe_death(struct worker *worker, struct buffer *death)
{
	int status = 0;

	while (waitpid(worker->process.pid, &status, 0) < 0 && errno == EINTR)
		;
	if (worker->killed_for)
		buffer_append_format(death, "was killed %s", worker->killed_for);
	else
		process_describe_end(death, status);
	/* pystorm, for one, takes the end of its input for an error. */
	if (worker->closing && !worker->killed_for && WIFEXITED(status) &&
		(worker->map->bolt->spec->kind != SPEC_CLASS ? !worker->reported_error :
							       WEXITSTATUS(status) == 0))
		worker->ended = true;
}

/* The oldest item that it had has failed; the others are to be sent again, before all else. */
static int lose_items(struct worker *worker, const char *death)
{
	struct map *map = worker->map;
	struct buffer why = { 0 };
	uint64_t blamed = 0;
	int err = 0;

	while (worker->sent.count > 0) {
		uint64_t number = fifo_pop(&worker->sent);

		if (!has(worker, number))
			continue;
		if (blamed == 0) {
			blamed = number;
			continue;
		}
		map->bytes -= items_get(map, number)->results.length;
		buffer_truncate(&items_get(map, number)->results, 0);
		items_get(map, number)->state = ITEM_WAITING;
		if (fifo_push(&map->again, number) < 0)
			err = -ENOMEM;
	}
	worker->in_flight = 0;
	if (blamed == 0)
		return err;
	buffer_append_format(&why, "its process %s%s%s", death,
		worker->last_words && !worker->killed_for ? ": " : "",
		worker->last_words && !worker->killed_for ? worker->last_words : "");
	items_fail(map, blamed, buffer_text(&why));
	buffer_free(&why);
	return err;
}

static int die(struct worker *worker)
{
	struct map *map = worker->map;
	struct buffer death = { 0 };
	int err;

	worker_read_errors(worker);
	describe_death(worker, &death);
	worker->process.pid = 0;
	close_fd(&worker->process.input);
	close_fd(&worker->process.output);
	close_fd(&worker->process.errors);
	frame_reader_free(&worker->reader);
	buffer_truncate(&worker->error_line, 0);
	if (worker->ended) {
		buffer_free(&death);
		return 0;
	}
	err = lose_items(worker, buffer_text(&death));
	if (worker->closing) {
		log_line(STORM_LOG_ERROR, worker->task, "%s when it was to end",
			buffer_text(&death));
		map->failed = worker->ended = true;
	} else if (++worker->deaths >= DEATHS_LIMIT && err == 0) {
		log_line(STORM_LOG_ERROR, worker->task,
			"%s, for the %dth time in a row: it is not started again%s%s",
			buffer_text(&death), DEATHS_LIMIT,
			worker->last_words ? "; its last words: " : "",
			worker->last_words ? worker->last_words : "");
		err = -ECHILD;
	} else {
		log_line(STORM_LOG_WARN, worker->task, "%s; it is started again",
			buffer_text(&death));
		worker->restart = map->now +
			(worker->deaths < 2 ? 0 : RESTART_SECONDS * (double)(1u << worker->deaths));
		worker->task->restarts++;
		map->restarts++;
	}
	buffer_free(&death);
	return err;
}

int worker_read(struct worker *worker)
{
	ssize_t count = frame_reader_read(&worker->reader, worker->process.output);

	if (count == -EAGAIN || count == -EINTR)
		return 0;
	if (count == -ENOMEM)
		return -ENOMEM;
	if (count <= 0)
		return die(worker);
	return handle_frames(worker);
}

static void say_error_line(struct worker *worker)
{
	log_text(STORM_LOG_WARN, worker->task, "STDERR", buffer_span(&worker->error_line));
	if (!worker->complained)
		set_last_words(worker, buffer_span(&worker->error_line));
	buffer_truncate(&worker->error_line, 0);
}

void worker_read_errors(struct worker *worker)
{
	char bytes[4096];
	ssize_t count = 1;

	while (worker->process.errors >= 0 &&
		(count = read(worker->process.errors, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < count; i++) {
			if (bytes[i] == '\n' || worker->error_line.length >= ERROR_LINE_LIMIT)
				say_error_line(worker);
			if (bytes[i] != '\n')
				buffer_append(&worker->error_line, &bytes[i], 1);
		}
	}
	if (count == 0)
		close_fd(&worker->process.errors);
}

void worker_check(struct worker *worker)
{
	struct map *map = worker->map;
	double silent = map->now - worker->settled;

	if (worker->process.pid == 0 || worker->killed_for ||
		(worker->in_flight == 0 && !worker->closing) || silent < map->options->timeout)
		return;
	log_line(STORM_LOG_ERROR, worker->task, "%s for %.0f s; it is killed (see --timeout)",
		worker->closing ? "has not ended" : "has settled nothing", silent);
	worker->killed_for = worker->closing ? "because it did not end" :
					       "because it settled nothing for too long";
	kill(worker->process.pid, SIGKILL);
}

void worker_free(struct worker *worker)
{
	if (worker->process.pid != 0) {
		kill(worker->process.pid, SIGKILL);
		waitpid(worker->process.pid, NULL, 0);
	}
	close_fd(&worker->process.input);
	close_fd(&worker->process.output);
	close_fd(&worker->process.errors);
	frame_reader_free(&worker->reader);
	output_free(&worker->output);
	buffer_free(&worker->error_line);
	fifo_free(&worker->sent);
	free(worker->last_words);
}
