/* cstorm stats: what has passed through a topology on a cluster. */
#include <stdio.h>
#include <string.h>

#include "asking.h"
#include "cluster/pages.h"

static const char help[] =
	"Usage: cstorm stats [OPTION]... NAME\n"
	"\n"
	"Show what has passed through a topology on a Storm cluster in the last 10 minutes, 3 hours, day,\n"
	"and since its start: through all of it, through each component, and through each executor. The\n"
	"counts are Storm's, which takes samples (topology.stats.sample.rate) and sends them once a minute.\n"
	"\n"
	"Options:\n"
	"  -c, --component NAME  of this component only\n"
	"  --system          show Storm's own components too, such as __acker\n"
	"  --json            print what Nimbus says as JSON\n" ASKING_HELP "\n"
	"Exit status: 0 shown, 1 failed, 2 wrong usage.\n";

struct request {
	struct asking asking;
	bool system;
};

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		ASKING_COMPONENT_OPTION,
		{ "system", no_argument, NULL, 's' },
		ASKING_LONG_OPTIONS,
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, ASKING_SHORT_OPTIONS "c:", options, NULL)) !=
			-1) {
		if (option == 's')
			request->system = true;
		else
			status = asking_option(&request->asking, option);
	}
	return status == EXIT_STATUS_DONE ? asking_name(&request->asking, argc, argv) : status;
}

static int ask(
	const struct asking *asking, struct nimbus *nimbus, json_t **answer, struct buffer *problem)
{
	const struct request *request = (const struct request *)asking;
	const struct pages_wanted wanted = { asking->name, PAGES_ALL_TIME, request->system };
	int err = pages_all(nimbus, &wanted, answer, problem);

	return err < 0 ? err :
			 asking_choose(asking, json_object_get(*answer, "components"), problem);
}

/* Printing. What is not known is not printed. */

static void print_count(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (value)
		printf(" %11lld", (long long)json_integer_value(value));
	else
		printf(" %11s", "");
}

static void print_latency(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (value)
		printf(" %10.3f", json_number_value(value));
	else
		printf(" %10s", "");
}

/* What counts are of a bolt's input, or of a spout's tuples. */
static void print_stats(const json_t *stats)
{
	const json_t *common = json_object_get(stats, "common_stats");
	const json_t *specific = json_object_get(stats, "specific_stats");
	const json_t *bolt = json_object_get(specific, "bolt");
	const json_t *capacity = json_object_get(bolt, "capacity");

	print_count(common, "emitted");
	print_count(common, "transferred");
	print_count(bolt, "executed");
	print_count(common, "acked");
	print_count(common, "failed");
	print_latency(bolt, "execute_latency_ms");
	print_latency(bolt, "process_latency_ms");
	print_latency(json_object_get(specific, "spout"), "complete_latency_ms");
	if (capacity)
		printf(" %9.1f", json_number_value(capacity) * 100);
	printf("\n");
}

static void print_head(const char *first, const char *second)
{
	printf("%-20s %-26s %11s %11s %11s %11s %11s %10s %10s %10s %9s\n", first, second,
		"EMITTED", "TRANSFERRED", "EXECUTED", "ACKED", "FAILED", "EXECUTE/MS", "PROCESS/MS",
		"COMPLETE/MS", "BUSY/%");
}

static const char *window_name(const char *window)
{
	static const char *const names[] = { "10 minutes", "3 hours", "1 day", "all time" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(window, pages_windows[i]) == 0)
			return names[i];
	}
	return window;
}

static void print_topology(const json_t *topology)
{
	const json_t *stats = json_object_get(topology, "topology_stats");

	for (size_t i = 0; i < sizeof(pages_windows) / sizeof(pages_windows[0]); i++) {
		const char *window = pages_windows[i];

		printf("%-20s %-26s", asking_text(topology, "name"), window_name(window));
		print_count(json_object_get(stats, "window_to_emitted"), window);
		print_count(json_object_get(stats, "window_to_transferred"), window);
		printf(" %11s", "");
		print_count(json_object_get(stats, "window_to_acked"), window);
		print_count(json_object_get(stats, "window_to_failed"), window);
		printf(" %10s %10s", "", "");
		print_latency(json_object_get(stats, "window_to_complete_latencies_ms"), window);
		printf("\n");
	}
}

static void print_windows(const char *name, const json_t *component)
{
	const json_t *stats = json_object_get(component, "window_to_stats");

	for (size_t i = 0; i < sizeof(pages_windows) / sizeof(pages_windows[0]); i++) {
		const json_t *of_window = json_object_get(stats, pages_windows[i]);

		if (!of_window)
			continue;
		printf("%-20s %-26s", name, window_name(pages_windows[i]));
		print_stats(of_window);
	}
}

static void print_executors(const char *name, const json_t *component)
{
	const json_t *executor;
	size_t index;

	json_array_foreach(json_object_get(component, "exec_stats"), index, executor) {
		const json_t *summary = json_object_get(executor, "exec_summary");
		const json_t *tasks = json_object_get(summary, "executor_info");
		char who[256];
		char where[256];

		snprintf(who, sizeof(who), "%s %lld-%lld", name,
			asking_integer(tasks, "task_start"), asking_integer(tasks, "task_end"));
		snprintf(where, sizeof(where), "%s:%lld", asking_text(summary, "host"),
			asking_integer(summary, "port"));
		printf("%-20s %-26s", who, where);
		print_stats(json_object_get(executor, "stats"));
	}
}

static void print(const struct asking *asking, const json_t *answer)
{
	const json_t *topology = json_object_get(answer, "topology");
	json_t *components = json_object_get(answer, "components");
	const char *name;
	json_t *component;

	(void)asking;
	printf("%s: %s for %lld s\n\n", asking_text(topology, "id"),
		asking_text(topology, "status"), asking_integer(topology, "uptime_secs"));
	print_head("TOPOLOGY", "IN THE LAST");
	print_topology(topology);
	printf("\n");
	print_head("COMPONENT", "IN THE LAST");
	json_object_foreach(components, name, component)
		print_windows(name, component);
	printf("\n");
	print_head("TASKS", "WORKER");
	json_object_foreach(components, name, component)
		print_executors(name, component);
}

int command_stats(int argc, char **argv)
{
	struct request request = { .asking = { .command = "cstorm stats", .help = help } };
	int status = parse_arguments(&request, argc, argv);

	if (status == EXIT_STATUS_DONE)
		status = asking_do(&request.asking, ask, print);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
