/*
 * https://prometheus.io/docs/instrumenting/exposition_formats/: all samples of a metric follow one another,
 * so each metric is a walk over the components.
 */
#include "local/exposition.h"

#include <stdio.h>

/* A metric of something that the statistics have a list of, for each component. */
struct metric {
	const char *name;
	const char *type;
	const char *help;
	const char *list; /* of the component's; NULL: the component itself */
	const char *key; /* of its entries */
};

static const struct metric metrics[] = {
	{ "cstorm_emitted_total", "counter",
		"Tuples that the tasks of a component have emitted to a stream.", "outputs",
		"emitted" },
	{ "cstorm_transferred_total", "counter", "Copies of them that were sent to tasks.",
		"outputs", "transferred" },
	{ "cstorm_spout_acked_total", "counter", "Tuples of a spout that were processed in full.",
		"outputs", "acked" },
	{ "cstorm_spout_failed_total", "counter", "Tuples of a spout that have failed.", "outputs",
		"failed" },
	{ "cstorm_spout_timed_out_total", "counter", "Those of them that were not settled in time.",
		"outputs", "timed_out" },
	{ "cstorm_executed_total", "counter", "Tuples that came to the tasks of a bolt.", "inputs",
		"executed" },
	{ "cstorm_acked_total", "counter", "Tuples that a bolt has acked.", "inputs", "acked" },
	{ "cstorm_failed_total", "counter", "Tuples that a bolt has failed.", "inputs", "failed" },
	{ "cstorm_task_restarts_total", "counter",
		"How often the process of a task was started again.", "processes", "restarts" },
	{ "cstorm_task_queued_bytes", "gauge", "What waits in the runner to be sent to a task.",
		"processes", "queued_bytes" },
	{ "cstorm_task_in_flight", "gauge",
		"Tuples that a task has, or that a spout's task waits for.", "processes",
		"in_flight" },
	{ "cstorm_task_cpu_seconds_total", "counter", "Processor time of the process of a task.",
		"processes", "cpu_seconds" },
	{ "cstorm_task_memory_bytes", "gauge", "Resident memory of the process of a task.",
		"processes", "memory_bytes" },
};

/* What the components measure themselves. */
static const struct metric own_counter = { "cstorm_component_counter_total", "counter",
	"The counters of the components.", NULL, NULL };
static const struct metric own_gauge = { "cstorm_component_gauge", "gauge",
	"The gauges of the components.", NULL, NULL };
static const struct metric own_timer = { "cstorm_component_timer_seconds", "summary",
	"The timers of the components.", NULL, NULL };
static const struct metric latency = { "cstorm_latency_seconds", "summary",
	"From the emit of a spout until all that came of it was acked; of a bolt from the queue to the ack.",
	NULL, NULL };

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static double number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* Writing */

static void append_header(struct buffer *text, const struct metric *metric)
{
	buffer_append_format(text, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
		metric->name, metric->type);
}

static void append_label(struct buffer *labels, const char *name, const char *value)
{
	buffer_append_format(labels, "%s%s=\"", labels->length > 0 ? "," : "", name);
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buffer_append_literal(labels, "\\n");
		else if (*value == '\\' || *value == '"')
			buffer_append_format(labels, "\\%c", *value);
		else
			buffer_append(labels, value, 1);
	}
	buffer_append_literal(labels, "\"");
}

/* The labels of an entry of a component's list: all that name it. */
static struct buffer labels_of(const json_t *component, const json_t *entry)
{
	struct buffer labels = { 0 };
	const json_t *task = json_object_get(entry, "task");
	char number[24];

	append_label(&labels, "component", string_of(component, "name"));
	if (json_object_get(entry, "component"))
		append_label(&labels, "source", string_of(entry, "component"));
	if (json_object_get(entry, "stream"))
		append_label(&labels, "stream", string_of(entry, "stream"));
	if (task) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(task));
		append_label(&labels, "task", number);
	}
	return labels;
}

static void append_sample(struct buffer *text, const char *name, const char *ending,
	struct buffer *labels, double value)
{
	buffer_append_format(text, "%s%s{%s} %.17g\n", name, ending, buffer_text(labels), value);
}

static void append_metric(
	struct buffer *text, const struct metric *metric, const json_t *components)
{
	const json_t *component;
	const json_t *entry;
	size_t i;
	size_t j;

	append_header(text, metric);
	json_array_foreach(components, i, component) {
		json_array_foreach(json_object_get(component, metric->list), j, entry) {
			const json_t *value = json_object_get(entry, metric->key);
			struct buffer labels = { 0 };

			if (!value)
				continue; /* of spouts only */
			labels = labels_of(component, entry);
			append_sample(text, metric->name, "", &labels, json_number_value(value));
			buffer_free(&labels);
		}
	}
}

/* Latencies */

static void append_quantile(
	struct buffer *text, const struct buffer *labels, const char *quantile, double seconds)
{
	struct buffer all = { 0 };

	buffer_append_span(&all, buffer_span(labels));
	append_label(&all, "quantile", quantile);
	append_sample(text, latency.name, "", &all, seconds);
	buffer_free(&all);
}

static void append_latencies(struct buffer *text, const json_t *component, const char *list)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(component, list), i, entry) {
		struct buffer labels = { 0 };
		double count = number_of(entry, "acked");

		if (!json_object_get(entry, "latency_ms"))
			continue;
		labels = labels_of(component, entry);
		append_quantile(text, &labels, "0.5", number_of(entry, "latency_p50_ms") / 1000);
		append_quantile(text, &labels, "0.99", number_of(entry, "latency_p99_ms") / 1000);
		append_sample(text, latency.name, "_sum", &labels,
			number_of(entry, "latency_ms") * count / 1000);
		append_sample(text, latency.name, "_count", &labels, count);
		buffer_free(&labels);
	}
}

/* The components' own */

static struct buffer labels_of_own(const json_t *component, const char *name, const char *task)
{
	struct buffer labels = { 0 };

	append_label(&labels, "component", string_of(component, "name"));
	append_label(&labels, "name", name);
	if (task)
		append_label(&labels, "task", task);
	return labels;
}

static bool is_timer(const json_t *value)
{
	return json_is_object(value) && json_object_get(value, "mean");
}

static void append_own_gauge(
	struct buffer *text, const json_t *component, const char *name, json_t *values)
{
	const char *task;
	json_t *value;

	json_object_foreach(values, task, value) {
		struct buffer labels = labels_of_own(component, name, task);

		if (json_is_number(value))
			append_sample(text, own_gauge.name, "", &labels, json_number_value(value));
		buffer_free(&labels);
	}
}

static void append_own(struct buffer *text, const struct metric *metric, const json_t *components)
{
	const json_t *component;
	const char *name;
	json_t *value;
	size_t i;

	append_header(text, metric);
	json_array_foreach(components, i, component) {
		json_object_foreach(json_object_get(component, "metrics"), name, value) {
			struct buffer labels = labels_of_own(component, name, NULL);
			double count = number_of(value, "count");

			if (metric == &own_counter && json_is_number(value))
				append_sample(
					text, metric->name, "", &labels, json_number_value(value));
			else if (metric == &own_gauge && json_is_object(value) && !is_timer(value))
				append_own_gauge(text, component, name, value);
			if (metric == &own_timer && is_timer(value)) {
				append_sample(text, metric->name, "_sum", &labels,
					number_of(value, "mean") * count / 1000);
				append_sample(text, metric->name, "_count", &labels, count);
			}
			buffer_free(&labels);
		}
	}
}

/* The run */

static void append_run(struct buffer *text, const json_t *stats)
{
	struct buffer labels = { 0 };
	static const struct metric run_metrics[] = {
		{ "cstorm_uptime_seconds", "gauge", "How long the topology has run.", NULL,
			"seconds" },
		{ "cstorm_cpu_seconds_total", "counter", "Processor time of the runner itself.",
			NULL, "cpu_seconds" },
		{ "cstorm_memory_bytes", "gauge", "Resident memory of the runner itself.", NULL,
			"memory_bytes" },
	};

	append_label(&labels, "topology", string_of(stats, "topology"));
	for (size_t i = 0; i < sizeof(run_metrics) / sizeof(run_metrics[0]); i++) {
		append_header(text, &run_metrics[i]);
		append_sample(text, run_metrics[i].name, "", &labels,
			number_of(stats, run_metrics[i].key));
	}
	buffer_free(&labels);
}

void exposition_append(struct buffer *text, const json_t *stats)
{
	const json_t *components = json_object_get(stats, "components");
	const json_t *component;
	size_t i;

	append_run(text, stats);
	for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		append_metric(text, &metrics[i], components);
	append_header(text, &latency);
	json_array_foreach(components, i, component) {
		append_latencies(text, component, "outputs");
		append_latencies(text, component, "inputs");
	}
	append_own(text, &own_counter, components);
	append_own(text, &own_gauge, components);
	append_own(text, &own_timer, components);
}
