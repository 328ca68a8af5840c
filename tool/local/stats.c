/*
 * The statistics of a run, under Storm's names: emitted are the tuples that a component emits,
 * transferred the copies that its receivers get; executed are the copies that came to a bolt. The
 * latency of a spout's tuple is the time until its whole tree was acked, that of a bolt's the time
 * from the runner's queue to its ack.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "local/notify.h"
#include "local/run.h"
#include "local/usage.h"

static double latency_ms(const struct outcome_stats *outcome)
{
	return outcome->acked > 0 ? outcome->latency_sum / (double)outcome->acked * 1000 : 0;
}

static void add_outcome(struct outcome_stats *sum, const struct outcome_stats *outcome)
{
	sum->acked += outcome->acked;
	sum->failed += outcome->failed;
	sum->timed_out += outcome->timed_out;
	sum->latency_sum += outcome->latency_sum;
	histogram_merge(&sum->latencies, &outcome->latencies);
}

/* What all loops together know. */
static struct route_account sum_of_route(const struct run *run, const struct route *route)
{
	struct route_account sum = { 0 };

	for (size_t i = 0; i < run->loop_count; i++) {
		const struct route_account *account = &run->loops[i].routes[route->index];

		sum.emitted += account->emitted;
		sum.transferred += account->transferred;
		add_outcome(&sum.outcome, &account->outcome);
	}
	return sum;
}

static struct target_account sum_of_target(const struct run *run, const struct target *target)
{
	struct target_account sum = { 0 };

	for (size_t i = 0; i < run->loop_count; i++) {
		const struct target_account *account = &run->loops[i].targets[target->index];

		sum.executed += account->executed;
		add_outcome(&sum.outcome, &account->outcome);
	}
	return sum;
}

/* The copies that all bolts have received: what the speed of a run is measured by. */
static uint64_t count_tuples(const struct run *run)
{
	uint64_t count = 0;

	for (size_t i = 0; i < run->loop_count; i++) {
		for (size_t j = 0; j < run->route_count; j++)
			count += run->loops[i].routes[j].transferred;
	}
	return count;
}

static int count_restarts(const struct component *component)
{
	int count = component->earlier_restarts;

	for (size_t i = 0; i < component->task_count; i++)
		count += component->tasks[i]->restarts;
	return count;
}

/* The target that an input of a component is. */
static const struct target *find_target(
	const struct component *component, const struct spec_input *input)
{
	const struct component *source = &component->run->components[input->source];
	const struct route *route = &source->routes[input->source_stream];

	for (size_t i = 0; i < route->target_count; i++) {
		if (route->targets[i].input == input)
			return &route->targets[i];
	}
	return NULL;
}

static const char *status_of(const struct run *run)
{
	static const char *const phases[] = {
		[RUN_STARTING] = "starting",
		[RUN_RUNNING] = "running",
		[RUN_STOPPING] = "stopping",
		[RUN_CLOSING] = "closing",
	};

	if (run->ended == 0 && run->phase < RUN_ABORTING)
		return phases[run->phase];
	if (run->failed)
		return "failed";
	return run->stopped ? "stopped" : "finished";
}

static double seconds_of(const struct run *run)
{
	double until = run->ended > 0 ? run->ended : run_now(run);

	return until > run->started ? until - run->started : 0;
}

static double rate_of(const struct run *run)
{
	return seconds_of(run) > 0 ? (double)count_tuples(run) / seconds_of(run) : 0;
}

static void print_component(const struct component *component)
{
	for (size_t i = 0; i < component->spec->input_count; i++) {
		const struct spec_input *input = &component->spec->inputs[i];
		const struct target_account sum =
			sum_of_target(component->run, find_target(component, input));

		fprintf(stderr, "%-12s %5zu  <- %-20s %12s %12llu %12llu %8llu %10.3f\n",
			component->spec->name, component->task_count, input->component, "",
			(unsigned long long)sum.executed, (unsigned long long)sum.outcome.acked,
			(unsigned long long)sum.outcome.failed, latency_ms(&sum.outcome));
	}
	for (size_t i = 0; i < component->spec->output_count; i++) {
		const struct route *route = &component->routes[i];
		const struct route_account sum = sum_of_route(component->run, route);

		fprintf(stderr, "%-12s %5zu  -> %-20s %12llu", component->spec->name,
			component->task_count, route->stream->name,
			(unsigned long long)sum.emitted);
		if (component->spec->is_spout)
			fprintf(stderr, " %12s %12llu %8llu %10.3f", "",
				(unsigned long long)sum.outcome.acked,
				(unsigned long long)sum.outcome.failed, latency_ms(&sum.outcome));
		fprintf(stderr, "\n");
	}
}

void stats_show(const struct run *run)
{
	char text[128];

	snprintf(text, sizeof(text), "%s for %.0f s, %llu tuples, %.0f tuples/s, %zu in flight",
		status_of(run), seconds_of(run), (unsigned long long)count_tuples(run),
		rate_of(run), run_in_flight(run));
	log_status("%.40s: %s", run->spec->name, text);
	notify("STATUS=%s", text);
}

void stats_print(const struct run *run)
{
	fprintf(stderr, "\n%-12s %5s  %-23s %12s %12s %12s %8s %10s\n", "component", "tasks",
		"stream", "emitted", "executed", "acked", "failed", "latency/ms");
	for (size_t i = 0; i < run->component_count; i++)
		print_component(&run->components[i]);
	for (size_t i = 0; i < run->component_count; i++) {
		int restarts = count_restarts(&run->components[i]);

		if (restarts > 0)
			fprintf(stderr, "%s: %d restarts\n", run->components[i].spec->name,
				restarts);
		metrics_print(&run->components[i]);
	}
	fprintf(stderr, "%s %s in %.3f s: %llu tuples, %.0f tuples/s\n", run->spec->name,
		status_of(run), seconds_of(run), (unsigned long long)count_tuples(run),
		rate_of(run));
}

static json_t *outcome_json(const struct outcome_stats *outcome)
{
	return json_pack("{s:I, s:I, s:I, s:f, s:f, s:f}", "acked", (json_int_t)outcome->acked,
		"failed", (json_int_t)outcome->failed, "timed_out", (json_int_t)outcome->timed_out,
		"latency_ms", latency_ms(outcome), "latency_p50_ms",
		histogram_quantile(&outcome->latencies, 0.5) * 1000, "latency_p99_ms",
		histogram_quantile(&outcome->latencies, 0.99) * 1000);
}

static json_t *output_json(const struct component *component, const struct route *route)
{
	const struct route_account sum = sum_of_route(component->run, route);
	json_t *output = json_pack("{s:s, s:I, s:I}", "stream", route->stream->name, "emitted",
		(json_int_t)sum.emitted, "transferred", (json_int_t)sum.transferred);

	if (component->spec->is_spout) {
		json_t *outcome = outcome_json(&sum.outcome);

		json_object_update(output, outcome);
		json_decref(outcome);
	}
	return output;
}

static json_t *input_json(const struct component *component, const struct spec_input *spec)
{
	const struct target_account sum =
		sum_of_target(component->run, find_target(component, spec));
	json_t *input = outcome_json(&sum.outcome);

	json_object_del(input, "timed_out");
	json_object_set_new(input, "component", json_string(spec->component));
	json_object_set_new(input, "stream", json_string(spec->stream));
	json_object_set_new(input, "executed", json_integer((json_int_t)sum.executed));
	return input;
}

static const char *const state_names[] = {
	[TASK_WAITING] = "waiting",
	[TASK_STARTING] = "starting",
	[TASK_OPENING] = "opening",
	[TASK_RUNNING] = "running",
	[TASK_GONE] = "gone",
};

static json_t *processes_json(const struct component *component)
{
	json_t *processes = json_array();

	for (size_t i = 0; i < component->task_count; i++) {
		const struct task *task = component->tasks[i];
		struct usage usage = usage_of(task->pid > 0 ? task->pid : -1);

		json_array_append_new(processes,
			json_pack("{s:i, s:I, s:s, s:i, s:I, s:I, s:f, s:I}", "task", task->id,
				"pid", (json_int_t)task->pid, "state", state_names[task->state],
				"restarts", task->restarts, "queued_bytes",
				(json_int_t)output_pending(&task->queue), "in_flight",
				(json_int_t)(component->spec->is_spout ? task->pending :
									 task->deliveries.used),
				"cpu_seconds", usage.cpu_seconds, "memory_bytes",
				(json_int_t)usage.memory));
	}
	return processes;
}

static json_t *component_json(const struct component *component)
{
	json_t *outputs = json_array();
	json_t *inputs = json_array();

	for (size_t i = 0; i < component->spec->output_count; i++)
		json_array_append_new(outputs, output_json(component, &component->routes[i]));
	for (size_t i = 0; i < component->spec->input_count; i++)
		json_array_append_new(inputs, input_json(component, &component->spec->inputs[i]));
	return json_pack("{s:s, s:s, s:I, s:i, s:o, s:o, s:o, s:o}", "name", component->spec->name,
		"kind", component->spec->is_spout ? "spout" : "bolt", "tasks",
		(json_int_t)component->task_count, "restarts", count_restarts(component), "outputs",
		outputs, "inputs", inputs, "metrics",
		component->metrics ? json_incref(component->metrics) : json_object(), "processes",
		processes_json(component));
}

json_t *stats_json(const struct run *run)
{
	json_t *components = json_array();
	struct usage usage = usage_of(getpid());

	for (size_t i = 0; i < run->component_count; i++)
		json_array_append_new(components, component_json(&run->components[i]));
	return json_pack("{s:s, s:s, s:s, s:b, s:I, s:f, s:I, s:f, s:f, s:I, s:o}", "topology",
		run->spec->name, "file", run->spec->path, "status", status_of(run), "rebalancing",
		run->rebalancing, "pid", (json_int_t)getpid(), "seconds", seconds_of(run), "tuples",
		(json_int_t)count_tuples(run), "tuples_per_second", rate_of(run), "cpu_seconds",
		usage.cpu_seconds, "memory_bytes", (json_int_t)usage.memory, "components",
		components);
}

int stats_write(const struct run *run, const char *path)
{
	json_t *stats = stats_json(run);
	FILE *file;
	int err = 0;

	file = fopen(path, "we");
	if (!file || !stats || json_dumpf(stats, file, JSON_INDENT(2)) < 0 ||
		putc('\n', file) == EOF)
		err = 1;
	if (file && fclose(file) == EOF)
		err = 1;
	if (err != 0)
		log_line(STORM_LOG_ERROR, NULL, "cannot write the statistics to %s: %s", path,
			strerror(errno));
	json_decref(stats);
	return err;
}
