/*
 * What components measure, gathered from their reports: one value a metric of a component.
 *
 * A counter is the sum of what its tasks have counted; a timer, over all their durations; of a gauge,
 * and of a metric that the component does not declare, each task's last report counts.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include "local/run.h"

/* Tasks of one component may be in several loops. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static const struct spec_metric *find_metric(const struct component *component, const char *name)
{
	for (size_t i = 0; i < component->spec->metric_count; i++) {
		if (strcmp(component->spec->metrics[i].name, name) == 0)
			return &component->spec->metrics[i];
	}
	return NULL;
}

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* The sum of two counters. */
static json_t *add(const json_t *sum, const json_t *count)
{
	return json_integer(json_integer_value(sum) + json_integer_value(count));
}

/* The durations of two reports as one. */
static json_t *merge_durations(const json_t *all, const json_t *report)
{
	double count = number(all, "count") + number(report, "count");
	double sum = number(all, "mean") * number(all, "count") +
		number(report, "mean") * number(report, "count");
	double least = number(report, "min");

	return json_pack("{s:I, s:f, s:f, s:f}", "count", (json_int_t)count, "mean",
		count > 0 ? sum / count : 0, "min", all ? fmin(number(all, "min"), least) : least,
		"max", fmax(number(all, "max"), number(report, "max")));
}

/* The last report of each task. */
static json_t *put_last(json_t *last, const struct task *task, json_t *report)
{
	char id[16];

	last = json_is_object(last) ? json_incref(last) : json_object();
	snprintf(id, sizeof(id), "%d", task->id);
	json_object_set(last, id, report);
	return last;
}

void metrics_add(struct task *task, const char *name, json_t *report)
{
	struct component *component = task->component;
	const struct spec_metric *metric = find_metric(component, name);
	json_t *before;
	json_t *after;

	pthread_mutex_lock(&mutex);
	before = json_object_get(component->metrics, name);
	if (metric && metric->kind == STORM_COUNTER && json_is_integer(report))
		after = add(before, report);
	else if (metric && metric->kind == STORM_TIMER && json_is_object(report))
		after = merge_durations(before, report);
	else
		after = put_last(before, task, report);
	if (!component->metrics)
		component->metrics = json_object();
	json_object_set_new(component->metrics, name, after);
	pthread_mutex_unlock(&mutex);
}

static void print_value(const char *label, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

	fprintf(stderr, "%s%s", label, text ? text : "?");
	free(text);
}

static void print_tasks(json_t *values)
{
	const char *separator = " ";
	json_t *value;
	const char *id;

	json_object_foreach(values, id, value) {
		fprintf(stderr, "%stask %s ", separator, id);
		print_value("", value);
		separator = ", ";
	}
}

void metrics_print(const struct component *component)
{
	json_t *value;
	const char *name;

	json_object_foreach(component->metrics, name, value) {
		fprintf(stderr, "%s.%s:", component->spec->name, name);
		if (json_is_integer(value))
			print_value(" ", value);
		else if (json_object_get(value, "count"))
			fprintf(stderr, " %.0f times, %.3f ms (%.3f to %.3f)",
				number(value, "count"), number(value, "mean"), number(value, "min"),
				number(value, "max"));
		else
			print_tasks(value);
		fprintf(stderr, "\n");
	}
}
