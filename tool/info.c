/* cstorm info: how a topology on a cluster is doing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cluster/nimbus.h"
#include "command.h"

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
	"  --json            print what Nimbus says as JSON\n" NIMBUS_HELP
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 shown, 1 failed, 2 wrong usage.\n";

struct request {
	struct nimbus_options nimbus;
	const char *name;
	const char *window;
	bool system;
	bool json;
};

static int refuse(const char *what, const char *argument)
{
	fprintf(stderr, "cstorm info: %s%s\n`cstorm info --help` says more.\n", what, argument);
	return EXIT_STATUS_USAGE;
}

static int parse_window(struct request *request, const char *text)
{
	static const char *const windows[] = { "600", "10800", "86400" };

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		if (strcmp(text, windows[i]) == 0) {
			request->window = windows[i];
			return EXIT_STATUS_DONE;
		}
	}
	return refuse("Storm's windows are 600, 10800 and 86400 s, not ", text);
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int take_option(struct request *request, int option)
{
	int taken = nimbus_option(&request->nimbus, option, optarg);

	if (taken == -EINVAL)
		return refuse("--timeout must be a number of seconds, up to a day, not ", optarg);
	if (taken == 1)
		return EXIT_STATUS_DONE;
	switch (option) {
	case 'w':
		return parse_window(request, optarg);
	case 's':
		request->system = true;
		return EXIT_STATUS_DONE;
	case 'j':
		request->json = true;
		return EXIT_STATUS_DONE;
	case 'h':
		fputs(help, stdout);
		return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
	default:
		return refuse("the options are not understood", "");
	}
}

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "window", required_argument, NULL, 'w' },
		{ "system", no_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		NIMBUS_LONG_OPTIONS,
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		status = take_option(request, option);
	if (status != EXIT_STATUS_DONE)
		return status;
	if (optind == argc)
		return refuse("the name of a topology is missing", "");
	if (optind + 1 < argc)
		return refuse("one topology only; what is this: ", argv[optind + 1]);
	request->name = argv[optind];
	return EXIT_STATUS_DONE;
}

/* Asking */

static json_t *page_arguments(const struct request *request, const char *id, const char *component)
{
	json_t *arguments = json_pack(
		"{s:s, s:b}", "window", request->window, "is_include_sys", request->system);

	json_object_set_new(arguments, component ? "topology_id" : "id", json_string(id));
	if (component)
		json_object_set_new(arguments, "component_id", json_string(component));
	return arguments;
}

/* The pages of all components of a kind, into an object. */
static int ask_components(const struct request *request, struct nimbus *nimbus, const json_t *page,
	const char *kind, json_t *components, struct buffer *problem)
{
	const char *id = json_string_value(json_object_get(page, "id"));
	const char *name;
	json_t *unused;
	int err = 0;

	json_object_foreach(json_object_get(page, kind), name, unused) {
		json_t *component = NULL;

		if (err == 0)
			err = nimbus_call(nimbus, &nimbus_get_component_page,
				page_arguments(request, id, name), &component, problem);
		if (component)
			json_object_set_new(components, name, component);
	}
	return err;
}

/* What Nimbus says of the topology and of its components: {"topology": ..., "components": {...}}. */
static int ask(const struct request *request, json_t **all, struct buffer *problem)
{
	struct nimbus nimbus = NIMBUS_INIT;
	json_t *components = json_object();
	json_t *summary = NULL;
	json_t *page = NULL;
	int err = nimbus_connect(&nimbus, &request->nimbus, problem);

	if (err == 0)
		err = nimbus_call(&nimbus, &nimbus_find_topology,
			json_pack("{s:s}", "name", request->name), &summary, problem);
	if (err == 0)
		err = nimbus_call(&nimbus, &nimbus_get_topology_page,
			page_arguments(
				request, json_string_value(json_object_get(summary, "id")), NULL),
			&page, problem);
	if (err == 0)
		err = ask_components(
			request, &nimbus, page, "id_to_spout_agg_stats", components, problem);
	if (err == 0)
		err = ask_components(
			request, &nimbus, page, "id_to_bolt_agg_stats", components, problem);
	*all = err == 0 ? json_pack("{s:O*, s:O}", "topology", page, "components", components) :
			  NULL;
	json_decref(components);
	json_decref(summary);
	json_decref(page);
	nimbus_disconnect(&nimbus);
	return err;
}

/* Printing */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

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

	snprintf(name, sizeof(name), "%s:%s", text_of(id, "componentId"), text_of(id, "streamId"));
	printf("%s  <- %-24s %12s %12lld %12lld %8lld", head, name, "", number_of(bolt, "executed"),
		number_of(common, "acked"), number_of(common, "failed"));
	print_latency(bolt, "process_latency_ms");
}

static void print_output(const char *head, const char *stream, const json_t *stats)
{
	const json_t *common = json_object_get(stats, "common_stats");
	const json_t *spout = json_object_get(json_object_get(stats, "specific_stats"), "spout");

	printf("%s  -> %-24s %12lld", head, stream, number_of(common, "emitted"));
	if (spout)
		printf(" %12s %12lld %8lld", "", number_of(common, "acked"),
			number_of(common, "failed"));
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

	snprintf(head, sizeof(head), "%-16s %9lld %6lld", name, number_of(common, "num_executors"),
		number_of(common, "num_tasks"));
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

/* The first line of an error: what follows is Java's stack. */
static void print_errors(const json_t *all)
{
	const char *name;
	json_t *component;

	json_object_foreach(json_object_get(all, "components"), name, component) {
		const json_t *error;
		size_t index;

		json_array_foreach(json_object_get(component, "errors"), index, error) {
			const char *text = text_of(error, "error");
			time_t when = (time_t)number_of(error, "error_time_secs");
			char time[32] = "";
			struct tm local;

			if (localtime_r(&when, &local))
				strftime(time, sizeof(time), "%F %T", &local);
			printf("%s%s %s on %s:%lld: %.*s\n", index == 0 ? "\n" : "", time, name,
				text_of(error, "host"), number_of(error, "port"),
				(int)strcspn(text, "\n"), text);
		}
	}
}

static void print_table(const json_t *all)
{
	const json_t *topology = json_object_get(all, "topology");

	printf("%s: %s for %lld s, %lld workers, %lld executors, %lld tasks; Storm %s\n\n",
		text_of(topology, "id"), text_of(topology, "status"),
		number_of(topology, "uptime_secs"), number_of(topology, "num_workers"),
		number_of(topology, "num_executors"), number_of(topology, "num_tasks"),
		text_of(topology, "storm_version"));
	printf("%-16s %9s %6s  %-27s %12s %12s %12s %8s %10s\n", "COMPONENT", "EXECUTORS", "TASKS",
		"STREAM", "EMITTED", "EXECUTED", "ACKED", "FAILED", "LATENCY/MS");
	print_components(all, "id_to_spout_agg_stats");
	print_components(all, "id_to_bolt_agg_stats");
	print_errors(all);
}

static int info(const struct request *request)
{
	struct buffer problem = { 0 };
	json_t *all = NULL;
	int status = EXIT_STATUS_DONE;
	int err = ask(request, &all, &problem);

	if (err < 0) {
		fprintf(stderr, "cstorm info: %s\n", buffer_text(&problem));
		status = EXIT_STATUS_FAILED;
	} else if (!request->json) {
		print_table(all);
	} else if (json_dumpf(all, stdout, JSON_INDENT(2)) == 0) {
		putchar('\n');
	}
	if (fflush(stdout) == EOF || ferror(stdout)) {
		fprintf(stderr, "cstorm info: cannot print: %s\n", strerror(errno));
		status = EXIT_STATUS_FAILED;
	}
	json_decref(all);
	buffer_free(&problem);
	return status;
}

int command_info(int argc, char **argv)
{
	struct request request = { .window = ":all-time" };
	int status = parse_arguments(&request, argc, argv);

	if (status == EXIT_STATUS_DONE)
		status = info(&request);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
