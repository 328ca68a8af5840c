/* Spouts for the tests: with nothing to emit, at a rate, waiting for events, asking for task ids. */
#include <ev.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "ways.h"

/* Never has anything to emit; says what it hears of. */

static int next_of_none(struct storm_task *task)
{
	int64_t *calls = storm_state(task);

	++*calls;
	return 0;
}

static void say_activated(struct storm_task *task)
{
	storm_log_info(task, "activated");
}

static void say_deactivated(struct storm_task *task)
{
	const int64_t *calls = storm_state(task);

	storm_log_info(task, "deactivated after %lld", (long long)*calls);
}

static void say_ack(struct storm_task *task, const char *id, size_t length)
{
	storm_log_info(task, "ack %s %zu", id, length);
}

static const struct storm_spout_class quiet = {
	.outputs = STORM_FIELDS("number"),
	.state_size = sizeof(int64_t),
	.next = next_of_none,
	.ack = say_ack,
	.activate = say_activated,
	.deactivate = say_deactivated,
};

/* As many tuples as the setting `burst` says, each time. */

static int next_of_many(struct storm_task *task)
{
	int64_t *number = storm_state(task);
	int64_t burst;
	int err = storm_setting_integer(task, "burst", &burst);

	for (int64_t i = 0; i < burst && err == 0; i++)
		err = storm_emit(task, storm_integer((*number)++));
	return err;
}

static const struct storm_spout_class busy = {
	.outputs = STORM_FIELDS("number"),
	.settings = STORM_SETTINGS({ "burst", "tuples at once", "1" }),
	.state_size = sizeof(int64_t),
	.next = next_of_many,
};

/* Reliable; a tuple may fail as often as it will. */
static int next_of_one(struct storm_task *task)
{
	int64_t *number = storm_state(task);

	if (*number > 0)
		return STORM_FINISHED;
	return storm_emit_full(task,
		&(const struct storm_emission){
			STORM_VALUES(storm_integer((*number)++)), .tag = UINT64_MAX });
}

static void say_acked(struct storm_task *task, uint64_t tag)
{
	storm_log_info(task, "acked %d", tag == UINT64_MAX);
}

static const struct storm_spout_class patient = {
	.outputs = STORM_FIELDS("number"),
	.state_size = sizeof(int64_t),
	.reliable = true,
	.next = next_of_one,
	.acked = say_acked,
};

/* The bytes of a named pipe, each a tuple. */

struct reader {
	int fd;
	struct ev_io readable;
};

static int open_pipe(struct storm_task *task)
{
	struct reader *reader = storm_state(task);

	reader->fd = open(storm_setting(task, "pipe"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return reader->fd < 0 ? storm_error(task, -errno, "the pipe") : 0;
}

static int emit_byte(struct storm_task *task)
{
	struct reader *reader = storm_state(task);
	char byte;

	if (read(reader->fd, &byte, 1) != 1)
		return 0;
	return storm_emit(task, storm_string(&byte, 1));
}

static int next_of_pipe(struct storm_task *task)
{
	struct reader *reader = storm_state(task);
	int err = emit_byte(task);

	return err < 0 ? err : storm_wait_readable(task, reader->fd);
}

static int close_pipe(struct storm_task *task)
{
	struct reader *reader = storm_state(task);

	close(reader->fd);
	return 0;
}

#define PIPE_SETTING STORM_SETTINGS({ "pipe", "a named pipe", NULL })

static const struct storm_spout_class waiter = {
	.outputs = STORM_FIELDS("byte"),
	.settings = PIPE_SETTING,
	.state_size = sizeof(struct reader),
	.open = open_pipe,
	.next = next_of_pipe,
	.close = close_pipe,
};

/* The same with a watcher of its own, which wakes the spout. */

static void on_readable(struct ev_loop *loop, struct ev_io *readable, int events)
{
	(void)events;
	ev_io_stop(loop, readable);
	storm_wake(readable->data);
}

static int open_watched(struct storm_task *task)
{
	struct reader *reader = storm_state(task);
	int err = open_pipe(task);

	ev_io_init(&reader->readable, on_readable, reader->fd, EV_READ);
	reader->readable.data = task;
	return err;
}

static int next_when_woken(struct storm_task *task)
{
	struct reader *reader = storm_state(task);

	ev_io_start(storm_loop(task), &reader->readable);
	return emit_byte(task);
}

static int close_watched(struct storm_task *task)
{
	struct reader *reader = storm_state(task);

	ev_io_stop(storm_loop(task), &reader->readable);
	return close_pipe(task);
}

static const struct storm_spout_class woken = {
	.outputs = STORM_FIELDS("byte"),
	.settings = PIPE_SETTING,
	.state_size = sizeof(struct reader),
	.open = open_watched,
	.next = next_when_woken,
	.close = close_watched,
};

/* Asks which tasks receive its tuples, wherever it can, and where it cannot. */

static int say_tasks(struct storm_task *task, const char *what)
{
	const int *ids;
	size_t count;
	int err = storm_emit_and_get_tasks(task,
		&(const struct storm_emission){ STORM_VALUES(storm_text(what)) }, &ids, &count);

	if (err < 0)
		storm_log_info(task, "%s: %d", what, err == -EAGAIN);
	else
		storm_log_info(task, "%s: %zu, the first is %d", what, count, count ? ids[0] : 0);
	return 0;
}

static int open_asker(struct storm_task *task)
{
	return storm_setting(task, "pipe") ? open_pipe(task) : say_tasks(task, "open");
}

static int next_asker(struct storm_task *task)
{
	struct reader *reader = storm_state(task);
	char byte;

	if (!storm_setting(task, "pipe"))
		return say_tasks(task, "next");
	if (read(reader->fd, &byte, 1) == 1)
		return say_tasks(task, "woken");
	return storm_wait_readable(task, reader->fd);
}

static void ack_asker(struct storm_task *task, const char *id, size_t length)
{
	(void)length;
	say_tasks(task, id);
}

static const struct storm_spout_class asker = {
	.outputs = STORM_FIELDS("text"),
	.settings = PIPE_SETTING,
	.state_size = sizeof(struct reader),
	.open = open_asker,
	.next = next_asker,
	.ack = ack_asker,
};

/* Emits three tuples; each is emitted again later the first time, at once the second, and never the third. */

static int next_of_three(struct storm_task *task)
{
	int64_t *number = storm_state(task);
	int err = storm_emit_full(task,
		&(const struct storm_emission){
			STORM_VALUES(storm_integer(++*number)), .tag = (uint64_t)*number });

	return err == 0 && *number == 3 ? STORM_FINISHED : err;
}

static double say_retry(struct storm_task *task, uint64_t tag, unsigned int fails)
{
	static const double seconds[] = { 0.2, 0, -1 };

	storm_log_info(task, "fail %u of %d", fails, (int)tag);
	return seconds[fails - 1];
}

static void say_failed(struct storm_task *task, uint64_t tag)
{
	storm_log_info(task, "gave up %d", (int)tag);
}

static const struct storm_spout_class hesitant = {
	.outputs = STORM_FIELDS("number"),
	.state_size = sizeof(int64_t),
	.reliable = true,
	.next = next_of_three,
	.retry = say_retry,
	.failed = say_failed,
};

/* Emits the names of its fields, which the topology has given. */

static int next_of_fields(struct storm_task *task)
{
	const char *const *fields = storm_output_fields(task, "default");
	struct storm_value values[8];
	size_t count = 0;

	for (; fields[count] && count < 8; count++)
		values[count] = storm_text(fields[count]);
	return storm_emit_full(
		task, &(const struct storm_emission){ .values = values, .count = count });
}

static const struct storm_spout_class open_fields = {
	.summary = "the names of its fields",
	.outputs = STORM_FIELDS("anything"),
	.settings = STORM_SETTINGS({ "colour", "a setting of one choice", "red" }),
	.fields_chosen = true,
	.next = next_of_fields,
};

static int next_of_error(struct storm_task *task)
{
	int err = storm_emit(task, storm_integer(1));

	return err < 0 ? err : storm_error(task, -EIO, "the source is broken");
}

static int close_with_error(struct storm_task *task)
{
	return storm_error(task, -ENOSPC, "what is left cannot be written");
}

static const struct storm_spout_class broken = {
	.outputs = STORM_FIELDS("number"),
	.next = next_of_error,
};

static const struct storm_spout_class hard_to_close = {
	.outputs = STORM_FIELDS("number"),
	.state_size = sizeof(int64_t),
	.next = next_of_none,
	.close = close_with_error,
};

static const struct storm_topology topology = {
	.name = "ways_spouts",
	.spouts = STORM_SPOUTS({ .name = "quiet", .spout_class = &quiet },
		{ .name = "busy", .spout_class = &busy },
		{ .name = "patient", .spout_class = &patient },
		{ .name = "waiter", .spout_class = &waiter },
		{ .name = "woken", .spout_class = &woken },
		{ .name = "asker", .spout_class = &asker },
		{ .name = "hesitant", .spout_class = &hesitant },
		{ .name = "named",
			.spout_class = &open_fields,
			.outputs = STORM_FIELDS("first", "second") },
		{ .name = "either",
			.choices = STORM_CHOICES({ "many", .spout_class = &busy },
				{ "fields", .spout_class = &open_fields }) },
		{ .name = "broken", .spout_class = &broken },
		{ .name = "hard_to_close", .spout_class = &hard_to_close }),
};

int main(int argc, char **argv)
{
	return storm_main(&topology, argc, argv);
}
