/* Components for the tests of what all have in common: logs, metrics, signs of life, deaths. */
#include <assert.h>
#include <ev.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ways.h"

enum {
	COUNTER,
	GAUGE,
	TIMER
};

#define METRICS                                                          \
	STORM_METRICS([COUNTER] = { "counter", STORM_COUNTER, "a sum" }, \
		[GAUGE] = { "gauge", STORM_GAUGE, "a value" },           \
		[TIMER] = { "timer", STORM_TIMER, "durations" })

static int number_of(const struct storm_tuple *tuple, int64_t *number)
{
	return storm_tuple_integer_at(tuple, 1, number);
}

/* Logs */

static int say_levels(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)tuple;
	storm_log(task, STORM_LOG_TRACE, "trace %d", storm_log_enabled(task, STORM_LOG_TRACE));
	storm_log_debug(task, "debug %d", storm_log_enabled(task, STORM_LOG_DEBUG));
	storm_log_info(task, "info %d", storm_log_enabled(task, STORM_LOG_INFO));
	storm_log_warn(task, "warn %d", storm_log_enabled(task, STORM_LOG_WARN));
	storm_log_error(task, "error %d", storm_log_enabled(task, STORM_LOG_ERROR));
	printf("printed\n");
	fprintf(stderr, "complained\n");
	return 0;
}

static int say_much(struct storm_task *task, const struct storm_tuple *tuple)
{
	int64_t count;
	int err = number_of(tuple, &count);

	for (int64_t i = 0; i < count && err == 0; i++)
		storm_log_info(task, "line %lld", (long long)i);
	return err;
}

/* The text is the third field: any bytes a C program can print. */
static int print_text(FILE *file, const struct storm_tuple *tuple)
{
	struct storm_string text;
	int err = storm_tuple_string_at(tuple, 2, &text);

	if (err == 0 &&
		(fwrite(text.data, 1, text.length, file) != text.length || fflush(file) == EOF))
		err = -errno;
	return err;
}

static int print(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	return print_text(stdout, tuple);
}

static int complain(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	return print_text(stderr, tuple);
}

static int print_bytes(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	(void)tuple;
	return write(STDOUT_FILENO, "\xFF \0 caf\xE9\n", 9) == 9 ? 0 : -errno;
}

static int run_child(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string command;
	int err = storm_tuple_string_at(tuple, 2, &command);

	(void)task;
	if (err < 0)
		return err;
	return system(command.data) == 0 ? 0 : -ECHILD;
}

/* Metrics */

static int count(struct storm_task *task, const struct storm_tuple *tuple)
{
	int64_t number;
	int err = number_of(tuple, &number);

	if (err == 0)
		storm_counter_add(task, COUNTER, number);
	return err;
}

static int gauge(struct storm_task *task, const struct storm_tuple *tuple)
{
	double number;
	int err = storm_tuple_double_at(tuple, 1, &number);

	if (err == 0)
		storm_gauge_set(task, GAUGE, number);
	return err;
}

static int record(struct storm_task *task, const struct storm_tuple *tuple)
{
	double number;
	int err = storm_tuple_double_at(tuple, 1, &number);

	if (err == 0)
		storm_timer_record(task, TIMER, number);
	return err;
}

/* What is no number, no metric, or of another kind, is left alone. */
static int measure_wrongly(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)tuple;
	storm_counter_add(task, GAUGE, 1);
	storm_counter_add(task, 99, 1);
	storm_gauge_set(task, TIMER, 1);
	storm_gauge_set(task, GAUGE, NAN);
	storm_gauge_set(task, GAUGE, INFINITY);
	storm_timer_record(task, COUNTER, 1);
	storm_timer_record(task, TIMER, -1);
	storm_timer_record(task, TIMER, NAN);
	storm_timer_record(task, TIMER, INFINITY);
	storm_timer_record(task, TIMER, 1e308);
	return 0;
}

/* Deaths */

static int *volatile nowhere; /* where nothing is */

static int access_nowhere(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	(void)tuple;
	return *nowhere;
}

static int divide(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	(void)tuple;
	return raise(SIGFPE);
}

static int give_up(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_value what = storm_text("emitted before");
	int err = storm_emit(task, what);

	(void)tuple;
	if (err < 0)
		return err;
	abort();
}

static int fail_assertion(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	fprintf(stderr, "a \"quoted\" caf\xC3\xA9 \\ and\ttab\n");
	assert(storm_tuple_size(tuple) == 77);
	return 0;
}

/* Deeper than any stack; the compiler must not make a loop of it. */
static int recurse(volatile int *above)
{
	volatile int here[1000];

	here[0] = above[0] + 1;
	if (here[0] == 100000000)
		return 0;
	return recurse(here) + here[0];
}

static int overflow_stack(struct storm_task *task, const struct storm_tuple *tuple)
{
	volatile int start[1] = { 0 };

	(void)task;
	(void)tuple;
	return recurse(start);
}

static int hang(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	(void)tuple;
	while (!nowhere)
		pause();
	return 0;
}

static int sleep_millis(struct storm_task *task, const struct storm_tuple *tuple)
{
	int64_t millis;
	int err = number_of(tuple, &millis);

	(void)task;
	if (err == 0)
		usleep((useconds_t)millis * 1000);
	return err;
}

static void abort_on_time(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	abort();
}

static int abort_later(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct ev_timer *timer = storm_state(task);

	(void)tuple;
	ev_timer_init(timer, abort_on_time, 0.1, 0);
	ev_timer_start(storm_loop(task), timer);
	return 0;
}

static int process(struct storm_task *task, const struct storm_tuple *tuple)
{
	static const struct action actions[] = {
		{ "levels", say_levels },
		{ "log", say_much },
		{ "print", print },
		{ "complain", complain },
		{ "bytes", print_bytes },
		{ "child", run_child },
		{ "count", count },
		{ "gauge", gauge },
		{ "record", record },
		{ "measure wrongly", measure_wrongly },
		{ "SEGV", access_nowhere },
		{ "FPE", divide },
		{ "ABRT", give_up },
		{ "assert", fail_assertion },
		{ "overflow", overflow_stack },
		{ "hang", hang },
		{ "sleep", sleep_millis },
		{ "abort later", abort_later },
		{ NULL, unknown_word },
	};

	return act(task, tuple, actions);
}

static const struct storm_bolt_class life = {
	.outputs = STORM_FIELDS("value"),
	.metrics = METRICS,
	.state_size = sizeof(struct ev_timer),
	.process = process,
};

/* The same, but its tuples stay unsettled when process() is over. */
static const struct storm_bolt_class manual = {
	.outputs = STORM_FIELDS("value"),
	.state_size = sizeof(struct ev_timer),
	.manual_ack = true,
	.process = process,
};

static int abort_batch(struct storm_task *task, const struct storm_batch *batch)
{
	(void)task;
	(void)batch;
	abort();
}

static const struct storm_bolt_class batch = {
	.process_batch = abort_batch,
	.batching = { .seconds = 0.1 },
};

static int measure_next(struct storm_task *task)
{
	storm_counter_add(task, COUNTER, 1);
	printf("next\n");
	return 0;
}

static void abort_activated(struct storm_task *task)
{
	(void)task;
	abort();
}

static void sleep_deactivated(struct storm_task *task)
{
	(void)task;
	usleep(400000);
}

static const struct storm_spout_class spout = {
	.outputs = STORM_FIELDS("value"),
	.metrics = METRICS,
	.next = measure_next,
	.activate = abort_activated,
	.deactivate = sleep_deactivated,
};

static const struct storm_topology topology = {
	.name = "ways_life",
	.spouts = STORM_SPOUTS({ .name = "spout", .spout_class = &spout }),
	.bolts = STORM_BOLTS({ .name = "life",
				     .bolt_class = &life,
				     .inputs = STORM_INPUTS(STORM_SHUFFLE("spout")) },
		{ .name = "manual",
			.bolt_class = &manual,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("spout")) },
		{ .name = "batch",
			.bolt_class = &batch,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("spout")) }),
};

int main(int argc, char **argv)
{
	return storm_main(&topology, argc, argv);
}
