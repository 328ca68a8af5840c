/* Metrics: kept here, and reported at intervals. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "component/task.h"
#include "protocol/json_write.h"
#include "protocol/write.h"

/* Seconds between two reports, where the configuration does not say. */
#define INTERVAL 10

/*
 * Durations are counted in buckets whose widths grow with them: 8 for each power of two, from a
 * microsecond to more than an hour, so a quantile is right to an eighth.
 */
#define BUCKETS_OF_A_POWER 8
#define POWERS 32
#define BUCKET_COUNT (BUCKETS_OF_A_POWER * POWERS)
#define SMALLEST 1e-6

/* In seconds, thirty years: sums of what is longer would not stay finite. */
#define LONGEST 1e9

struct durations {
	uint64_t count;
	double sum;
	double least;
	double most;
	uint32_t buckets[BUCKET_COUNT];
};

struct measurement {
	int64_t counter; /* since the last report */
	double gauge;
	bool is_set; /* the gauge, since the last report */
	struct durations *durations;
};

double storm_clock(void)
{
	return clock_now();
}

static size_t metric_count(const struct storm_task *task)
{
	const struct storm_metric *metrics = task_metrics(task);
	size_t count = 0;

	while (metrics && metrics[count].name)
		count++;
	return count;
}

/* The measurement of a metric, if it is of this kind. */
static struct measurement *find(
	struct storm_task *task, unsigned int metric, enum storm_metric_kind kind)
{
	if (!task->measurements || metric >= metric_count(task) ||
		task_metrics(task)[metric].kind != kind)
		return NULL;
	return &task->measurements[metric];
}

void storm_counter_add(struct storm_task *task, unsigned int metric, int64_t number)
{
	struct measurement *measurement = find(task, metric, STORM_COUNTER);

	if (measurement)
		measurement->counter += number;
}

void storm_gauge_set(struct storm_task *task, unsigned int metric, double value)
{
	struct measurement *measurement = find(task, metric, STORM_GAUGE);

	if (!measurement || !isfinite(value))
		return;
	measurement->gauge = value;
	measurement->is_set = true;
}

static size_t bucket_of(double seconds)
{
	int power;
	double fraction;

	if (seconds < SMALLEST)
		return 0;
	fraction = frexp(seconds / SMALLEST, &power); /* from 0.5 to 1, times 2^power */
	if (power > POWERS)
		return BUCKET_COUNT - 1;
	return (size_t)(power - 1) * BUCKETS_OF_A_POWER +
		(size_t)((fraction - 0.5) * 2 * BUCKETS_OF_A_POWER);
}

/* The duration in the middle of a bucket. */
static double bucket_middle(size_t bucket)
{
	double start = ldexp(SMALLEST, (int)(bucket / BUCKETS_OF_A_POWER));

	return start * (1 + ((double)(bucket % BUCKETS_OF_A_POWER) + 0.5) / BUCKETS_OF_A_POWER);
}

void storm_timer_record(struct storm_task *task, unsigned int metric, double seconds)
{
	struct measurement *measurement = find(task, metric, STORM_TIMER);
	struct durations *durations;

	if (!measurement || !(seconds >= 0 && seconds <= LONGEST))
		return;
	durations = measurement->durations;
	if (durations->count++ == 0 || seconds < durations->least)
		durations->least = seconds;
	durations->most = fmax(durations->most, seconds);
	durations->sum += seconds;
	durations->buckets[bucket_of(seconds)]++;
}

/* The duration that this share of all is not longer than. */
static double quantile(const struct durations *durations, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)durations->count);
	uint64_t seen = 0;

	for (size_t i = 0; i < BUCKET_COUNT; i++) {
		seen += durations->buckets[i];
		if (seen >= wanted)
			return fmin(durations->most, fmax(durations->least, bucket_middle(i)));
	}
	return durations->most;
}

/* Send a metric, whose value is JSON text. */
static void send(struct storm_task *task, const char *name, struct span params)
{
	struct buffer *message = task_begin_message(task);
	const struct storm_value value = storm_json(params.data, params.length);
	enum wire wire = task_wire(task);

	buffer_append_phrase(message, wire,
		PHRASE("{\"command\":\"metrics\",\"name\":",
			"\x83\xA7"
			"command\xA7metrics\xA4name"));
	write_string_lossy(message, wire, span_of(name));
	buffer_append_phrase(message, wire, PHRASE(",\"params\":", "\xA6params"));
	write_value(message, wire, &value);
	buffer_append_phrase(message, wire, PHRASE("}", ""));
	task_end_message(task);
}

static void describe_durations(const struct durations *durations, struct buffer *text)
{
	const struct {
		const char *name;
		double seconds;
	} numbers[] = {
		{ "mean", durations->sum / (double)durations->count },
		{ "min", durations->least },
		{ "max", durations->most },
		{ "p50", quantile(durations, 0.5) },
		{ "p99", quantile(durations, 0.99) },
	};

	buffer_append_literal(text, "{\"count\":");
	buffer_append_unsigned(text, durations->count);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		buffer_append_format(text, ",\"%s\":", numbers[i].name);
		json_write_double(text, numbers[i].seconds * 1000);
	}
	buffer_append_literal(text, "}");
}

/* The value to report, as JSON; false where there is nothing to. */
static bool describe(const struct storm_metric *metric, const struct measurement *measurement,
	struct buffer *text)
{
	switch (metric->kind) {
	case STORM_COUNTER:
		buffer_append_integer(text, measurement->counter);
		return measurement->counter != 0;
	case STORM_GAUGE:
		json_write_double(text, measurement->gauge);
		return measurement->is_set;
	case STORM_TIMER:
		if (measurement->durations->count == 0)
			return false;
		describe_durations(measurement->durations, text);
		return true;
	}
	return false;
}

void metrics_report(struct storm_task *task)
{
	const struct storm_metric *metrics = task_metrics(task);
	struct buffer text = { 0 };

	for (size_t i = 0; task->measurements && i < metric_count(task); i++) {
		struct measurement *measurement = &task->measurements[i];

		buffer_truncate(&text, 0);
		if (describe(&metrics[i], measurement, &text))
			send(task, metrics[i].name, buffer_span(&text));
		measurement->counter = 0;
		measurement->is_set = false;
		if (measurement->durations)
			memset(measurement->durations, 0, sizeof(*measurement->durations));
	}
	buffer_free(&text);
}

static void on_time(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	metrics_report(timer->data);
}

int metrics_start(struct storm_task *task)
{
	const struct storm_metric *metrics = task_metrics(task);
	double interval = task_config_number(task, "cstorm.metrics.interval.secs", INTERVAL);
	size_t count = metric_count(task);

	if (count == 0 || !json_is_true(storm_config(task, "cstorm.metrics")))
		return 0;
	if (interval <= 0)
		return storm_error(task, -EINVAL,
			"cstorm.metrics.interval.secs must be above zero, not %g", interval);
	task->measurements = calloc(count, sizeof(*task->measurements));
	if (!task->measurements)
		return storm_error(task, -ENOMEM, "metrics");
	for (size_t i = 0; i < count; i++) {
		if (metrics[i].kind != STORM_TIMER)
			continue;
		task->measurements[i].durations =
			calloc(1, sizeof(*task->measurements[i].durations));
		if (!task->measurements[i].durations)
			return storm_error(task, -ENOMEM, "metrics");
	}
	ev_timer_init(&task->metrics_timer, on_time, interval, interval);
	task->metrics_timer.data = task;
	ev_timer_start(task->loop, &task->metrics_timer);
	return 0;
}

void metrics_free(struct storm_task *task)
{
	for (size_t i = 0; task->measurements && i < metric_count(task); i++)
		free(task->measurements[i].durations);
	free(task->measurements);
	task->measurements = NULL;
}
