/*
 * Metrics: numbers that a component measures and reports.
 *
 * A class declares them in a table, and names one by its place there:
 *
 *	enum { VISITS, QUEUE, LATENCY };
 *
 *	.metrics = STORM_METRICS(
 *		[VISITS] = { "visits", STORM_COUNTER, "pages that were fetched" },
 *		[QUEUE] = { "queue", STORM_GAUGE, "requests that wait" },
 *		[LATENCY] = { "latency", STORM_TIMER, "of a request" }),
 *
 *	storm_counter_add(task, VISITS, 1);
 *
 * They are kept in the process, and reported with Storm's `metrics` command every
 * cstorm.metrics.interval.secs (10): a counter as what was added since the last report, a gauge as
 * its value, a timer as an object of count, mean, min, max, p50 and p99 in milliseconds since the
 * last report. `cstorm run` shows them. In a Storm cluster the Java side of the component must have
 * registered a metric of each name (an IShellMetric: CountShellMetric for counters,
 * AssignableShellMetric for the others), because Storm ends a worker that hears of one it does not
 * know. So nothing is reported unless the configuration says cstorm.metrics: true.
 */
#ifndef CSTORM_METRICS_H
#define CSTORM_METRICS_H

#include <stdint.h>

#include <cstorm/macros.h>

struct storm_task;

/** The kinds of metrics. */
enum storm_metric_kind {
	STORM_COUNTER,
	STORM_GAUGE,
	STORM_TIMER,
};

/** A metric of a class. */
struct storm_metric {
	const char *name;
	enum storm_metric_kind kind;
	const char *summary; /* one line */
};

#define STORM_METRICS(...) ((const struct storm_metric[]){ __VA_ARGS__, { .name = NULL } })

/**
 * Add to a counter.
 *
 * @param metric  the place in the class's table; what is no counter there is left alone
 */
STORM_API void storm_counter_add(struct storm_task *task, unsigned int metric, int64_t number);

/** Set a gauge. NaN and infinity leave it as it is. */
STORM_API void storm_gauge_set(struct storm_task *task, unsigned int metric, double value);

/** Record a duration, in seconds. One that is negative, or longer than 1e9, is left out. */
STORM_API void storm_timer_record(struct storm_task *task, unsigned int metric, double seconds);

/** The time on a clock that never goes back, in seconds: for the durations of timers. */
STORM_API double storm_clock(void);

#endif
