/* What components measure, and how they report it. */
#include <criterion/criterion.h>
#include <math.h>

#include "comma_locale.h"
#include "lone_task.h"

enum {
	VISITS,
	QUEUE,
	LATENCY
};

static const struct storm_bolt_class bolt = {
	.metrics = STORM_METRICS([VISITS] = { "visits", STORM_COUNTER, "" },
		[QUEUE] = { "queue", STORM_GAUGE, "" }, [LATENCY] = { "latency", STORM_TIMER, "" }),
};
static const struct storm_topology topology = {
	.name = "topology",
	.bolts = STORM_BOLTS({ .name = "bolt", .bolt_class = &bolt }),
};

static void start(struct storm_task *task, enum wire wire)
{
	lone_task_start(task, &topology, wire,
		"{\"conf\":{\"cstorm.metrics\":true},"
		"\"context\":{\"componentid\":\"bolt\",\"taskid\":1}}");
	cr_assert_eq(metrics_start(task), 0);
}

static void end(struct storm_task *task)
{
	ev_timer_stop(task->loop, &task->metrics_timer);
	metrics_free(task);
	lone_task_end(task);
}

/* The next report: the value of a metric, as JSON. */
static void take_report(struct storm_task *task, const char *name, struct buffer *json)
{
	struct message message = { 0 };
	struct wire_error error = { 0, NULL };
	struct span frame;

	cr_assert(lone_task_says(task, &frame), "no report of %s", name);
	cr_assert_eq(message_scan(&message, task_wire(task), frame, &error), 0,
		"%.*s: %s at byte %zu", (int)frame.length, frame.data, error.what, error.offset);
	cr_assert(message_is(&message, SPAN("metrics")));
	cr_assert(encoded_equals(&message.name, span_of(name)), "not of %s", name);
	buffer_truncate(json, 0);
	cr_assert_eq(encoded_to_json(&message.params, json), 0);
	message_free(&message);
}

static void check_report(struct storm_task *task, const char *name, const char *expected)
{
	struct buffer json = { 0 };

	take_report(task, name, &json);
	cr_assert_str_eq(buffer_text(&json), expected);
	buffer_free(&json);
}

/* The report of the timer: a new reference. */
static json_t *take_durations(struct storm_task *task)
{
	struct buffer text = { 0 };
	json_t *durations;

	metrics_report(task);
	take_report(task, "latency", &text);
	durations = json_loads(buffer_text(&text), 0, NULL);
	cr_assert_not_null(durations, "%s", buffer_text(&text));
	buffer_free(&text);
	return durations;
}

static double number(const json_t *durations, const char *key)
{
	const json_t *value = json_object_get(durations, key);

	cr_assert(json_is_number(value), "no %s", key);
	return json_number_value(value);
}

static bool is_near(double value, double expected, double share)
{
	return fabs(value - expected) <= fabs(expected) * share;
}

static const enum wire wires[] = { WIRE_JSON, WIRE_MSGPACK };

Test(metrics, counters_are_what_was_added_since_the_last_report)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;

		start(&task, wires[i]);
		storm_counter_add(&task, VISITS, 40);
		storm_counter_add(&task, VISITS, 3);
		storm_counter_add(&task, VISITS, -1);
		metrics_report(&task);
		check_report(&task, "visits", "42");
		storm_counter_add(&task, VISITS, INT64_MIN);
		metrics_report(&task);
		check_report(&task, "visits", "-9223372036854775808");
		metrics_report(&task); /* nothing */
		end(&task);
	}
}

Test(metrics, gauges_are_what_they_were_set_to_last)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;

		start(&task, wires[i]);
		storm_gauge_set(&task, QUEUE, 5);
		storm_gauge_set(&task, QUEUE, 0.1);
		metrics_report(&task);
		check_report(&task, "queue", "0.1");
		metrics_report(&task); /* not set since */
		storm_gauge_set(&task, QUEUE, 0);
		metrics_report(&task);
		check_report(&task, "queue", "0.0");
		storm_gauge_set(&task, QUEUE, -1e300);
		storm_gauge_set(&task, QUEUE, NAN);
		storm_gauge_set(&task, QUEUE, INFINITY);
		metrics_report(&task);
		check_report(&task, "queue", "-1e+300");
		end(&task);
	}
}

Test(metrics, timers_tell_of_the_durations_since_the_last_report)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;
		json_t *durations;

		start(&task, wires[i]);
		storm_timer_record(&task, LATENCY, 100);
		json_decref(take_durations(&task));
		for (int j = 1; j <= 1000; j++)
			storm_timer_record(&task, LATENCY, j * 1e-3);
		durations = take_durations(&task);
		cr_assert_eq(number(durations, "count"), 1000);
		cr_assert(is_near(number(durations, "mean"), 500.5, 1e-5));
		cr_assert(is_near(number(durations, "min"), 1, 1e-5));
		cr_assert(is_near(number(durations, "max"), 1000, 1e-5));
		cr_assert(is_near(number(durations, "p50"), 500, 1.0 / 8));
		cr_assert(is_near(number(durations, "p99"), 990, 1.0 / 8));
		json_decref(durations);
		metrics_report(&task); /* nothing */
		end(&task);
	}
}

/* A duration alone is all of a timer's numbers; they are never outside of what there was. */
Test(metrics, timers_of_durations_of_any_length)
{
	static const double lengths[] = { 0, 1e-300, 1e-9, 0.999999e-6, 1e-6, 1.000001e-6, 0.5, 1,
		3600, 4294.967296, 1e6, 1e9 };
	struct storm_task task;

	start(&task, WIRE_JSON);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		static const char *const keys[] = { "mean", "min", "max", "p50", "p99" };
		json_t *durations;

		storm_timer_record(&task, LATENCY, lengths[i]);
		durations = take_durations(&task);
		cr_assert_eq(number(durations, "count"), 1);
		for (size_t j = 0; j < 5; j++)
			cr_assert(is_near(number(durations, keys[j]), lengths[i] * 1000, 1e-5),
				"%s of %g", keys[j], lengths[i]);
		json_decref(durations);
	}
	end(&task);
}

Test(metrics, timers_leave_out_what_is_no_duration)
{
	static const double lengths[] = { NAN, -NAN, INFINITY, -INFINITY, -1e-300, 1.1e9, 1.7e308 };
	struct storm_task task;

	start(&task, WIRE_JSON);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		storm_timer_record(&task, LATENCY, lengths[i]);
	metrics_report(&task); /* nothing */
	end(&task);
}

/* A program may have set a locale with a decimal comma: the reports stay JSON. */
Test(metrics, do_not_heed_the_locale)
{
	comma_locale_set();
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;
		json_t *durations;

		start(&task, wires[i]);
		storm_gauge_set(&task, QUEUE, 0.5);
		metrics_report(&task);
		check_report(&task, "queue", "0.5");
		storm_timer_record(&task, LATENCY, 0.0125);
		durations = take_durations(&task);
		cr_assert(is_near(number(durations, "mean"), 12.5, 1e-5));
		json_decref(durations);
		end(&task);
	}
}

Test(metrics, of_another_kind_or_of_no_place_are_left_alone)
{
	struct storm_task task;

	start(&task, WIRE_JSON);
	for (unsigned int metric = 0; metric < 5; metric++) {
		if (metric != VISITS)
			storm_counter_add(&task, metric, 1);
		if (metric != QUEUE)
			storm_gauge_set(&task, metric, 1);
		if (metric != LATENCY)
			storm_timer_record(&task, metric, 1);
	}
	storm_counter_add(&task, UINT32_MAX, 1);
	metrics_report(&task); /* nothing */
	end(&task);
}

Test(metrics, are_reported_in_the_order_of_the_table)
{
	struct storm_task task;
	struct buffer json = { 0 };

	start(&task, WIRE_JSON);
	storm_timer_record(&task, LATENCY, 1);
	storm_gauge_set(&task, QUEUE, 1);
	storm_counter_add(&task, VISITS, 1);
	metrics_report(&task);
	check_report(&task, "visits", "1");
	check_report(&task, "queue", "1.0");
	take_report(&task, "latency", &json);
	buffer_free(&json);
	end(&task);
}

Test(metrics, are_not_reported_unless_the_configuration_says_so)
{
	static const char *const configurations[] = { "{}", "{\"cstorm.metrics\":false}",
		"{\"cstorm.metrics\":\"true\"}", "{\"cstorm.metrics\":null}" };

	for (size_t i = 0; i < sizeof(configurations) / sizeof(configurations[0]); i++) {
		struct storm_task task;
		struct buffer handshake = { 0 };

		buffer_append_format(&handshake,
			"{\"conf\":%s,\"context\":{\"componentid\":\"bolt\",\"taskid\":1}}",
			configurations[i]);
		lone_task_start(&task, &topology, WIRE_JSON, buffer_text(&handshake));
		cr_assert_eq(metrics_start(&task), 0);
		storm_counter_add(&task, VISITS, 1);
		storm_gauge_set(&task, QUEUE, 1);
		storm_timer_record(&task, LATENCY, 1);
		metrics_report(&task); /* nothing */
		end(&task);
		buffer_free(&handshake);
	}
}
