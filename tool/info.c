/* cstorm info: how a topology on a cluster is doing. */
#include <stdio.h>
#include <string.h>

#include "asking.h"
#include "cluster/pages.h"
#include "errors.h"

static const char help[] =
	"Usage: cstorm info [OPTION]... NAME\n"
	"\n"
	"Show how a topology on a Storm cluster is doing: its components with their executors and tasks,\n"
	"what passes on their streams, latencies, and the last errors. The counts are Storm's, which\n"
	"takes samples (topology.stats.sample.rate) and sends them once a minute.\n"
	"\n"
	"Options:\n"
	"  --window SECONDS  what has passed in the last 600, 10800 or 86400 s (default: since the start)\n"
	"  --system          show Storm's own components too, such as __acker\n"
	"  --json            print what Nimbus says as JSON\n" ASKING_HELP "\n"
	"Exit status: 0 shown, 1 failed, 2 wrong usage.\n";

struct request {
	struct asking asking;
	const char *window;
	bool system;
};

static int parse_window(struct request *request, const char *text)
{
	for (size_t i = 0; i + 1 < sizeof(pages_windows) / sizeof(pages_windows[0]); i++) {
		if (strcmp(text, pages_windows[i]) == 0) {
			request->window = pages_windows[i];
			return EXIT_STATUS_DONE;
		}
	}
	return asking_refuse(
		&request->asking, "Storm's windows are 600, 10800 and 86400 s, not ", text);
}

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "window", required_argument, NULL, 'w' },
		{ "system", no_argument, NULL, 's' },
		ASKING_LONG_OPTIONS,
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, ASKING_SHORT_OPTIONS, options, NULL)) != -1) {
		if (option == 'w')
			status = parse_window(request, optarg);
		else if (option == 's')
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
	const struct pages_wanted wanted = { asking->name, request->window, request->system };

	return pages_all(nimbus, &wanted, answer, problem);
}

/* Printing */

static void print_latency(const json_t *stats, const char *name)
{
	const json_t *latency = json_object_get(stats, name);

	if (json_is_number(latency))
		printf(" %10.3f", json_number_value(latency));
	printf("\n");
}

static void print_input(const char *head, const json_t *pair)
{
	const json_t *id = json_array_get(pair, 0);
	const json_t *stats = json_array_get(pair, 1);
	const json_t *common = json_object_get(stats, "common_stats");
	const json_t *bolt = json_object_get(json_object_get(stats, "specific_stats"), "bolt");
	char name[256];

	snprintf(name, sizeof(name), "%s:%s", asking_text(id, "componentId"),
		asking_text(id, "streamId"));
	printf("%s  <- %-24s %12s %12lld %12lld %8lld", head, name, "",
		asking_integer(bolt, "executed"), asking_integer(common, "acked"),
		asking_integer(common, "failed"));
	print_latency(bolt, "process_latency_ms");
}

static void print_output(const char *head, const char *stream, const json_t *stats)
{
	const json_t *common = json_object_get(stats, "common_stats");
	const json_t *spout = json_object_get(json_object_get(stats, "specific_stats"), "spout");

	printf("%s  -> %-24s %12lld", head, stream, asking_integer(common, "emitted"));
	if (spout)
		printf(" %12s %12lld %8lld", "", asking_integer(common, "acked"),
			asking_integer(common, "failed"));
	print_latency(spout, "complete_latency_ms");
}

static void print_component(const char *name, const json_t *component, const json_t *stats)
{
	const json_t *inputs = json_object_get(component, "gsid_to_input_stats");
	json_t *outputs = json_object_get(component, "sid_to_output_stats");
	const json_t *common = json_object_get(stats, "common_stats");
	const json_t *bolt = json_object_get(json_object_get(stats, "specific_stats"), "bolt");
	const json_t *pair;
	const char *stream;
	json_t *of_stream;
	char head[96];
	size_t index;

	snprintf(head, sizeof(head), "%-16s %9lld %6lld", name,
		asking_integer(common, "num_executors"), asking_integer(common, "num_tasks"));
	json_array_foreach(inputs, index, pair)
		print_input(head, pair);
	json_object_foreach(outputs, stream, of_stream)
		print_output(head, stream, of_stream);
	if (json_array_size(inputs) + json_object_size(outputs) == 0)
		printf("%s\n", head);
	if (json_is_number(json_object_get(bolt, "capacity")))
		printf("%-16s is busy %.1f %% of the time\n", name,
			json_number_value(json_object_get(bolt, "capacity")) * 100);
}

static void print_components(const json_t *all, const char *kind)
{
	json_t *stats_of_kind = json_object_get(json_object_get(all, "topology"), kind);
	const char *name;
	json_t *stats;

	json_object_foreach(stats_of_kind, name, stats)
		print_component(
			name, json_object_get(json_object_get(all, "components"), name), stats);
}

static void print_errors(json_t *components)
{
	const char *name;
	json_t *component;

	json_object_foreach(components, name, component) {
		const json_t *errors = json_object_get(component, "errors");

		if (json_array_size(errors) > 0)
			printf("\n");
		errors_print(name, errors, false);
	}
}

static void print_table(const struct asking *asking, const json_t *all)
{
	const json_t *topology = json_object_get(all, "topology");
	const char *version =
		asking_text(topology, "storm_version"); /* if who submitted it said so */

	(void)asking;
	printf("%s: %s for %lld s, %lld workers, %lld executors, %lld tasks%s%s\n\n",
		asking_text(topology, "id"), asking_text(topology, "status"),
		asking_integer(topology, "uptime_secs"), asking_integer(topology, "num_workers"),
		asking_integer(topology, "num_executors"), asking_integer(topology, "num_tasks"),
		*version ? "; Storm " : "", version);
	printf("%-16s %9s %6s  %-27s %12s %12s %12s %8s %10s\n", "COMPONENT", "EXECUTORS", "TASKS",
		"STREAM", "EMITTED", "EXECUTED", "ACKED", "FAILED", "LATENCY/MS");
	print_components(all, "id_to_spout_agg_stats");
	print_components(all, "id_to_bolt_agg_stats");
	print_errors(json_object_get(all, "components"));
}

int command_info(int argc, char **argv)
{
	struct request request = {
		.asking = { .command = "cstorm info", .help = help },
		.window = PAGES_ALL_TIME,
	};
	int status = parse_arguments(&request, argc, argv);

	if (status == EXIT_STATUS_DONE)
		status = asking_do(&request.asking, ask, print_table);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
