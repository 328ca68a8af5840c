/* cstorm list: the topologies on a cluster. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cluster/nimbus.h"
#include "command.h"

static const char help[] = "Usage: cstorm list [OPTION]...\n"
			   "\n"
			   "List the topologies on a Storm cluster.\n"
			   "\n"
			   "Options:\n"
			   "  --json            print what Nimbus says as a JSON list\n" NIMBUS_HELP
			   "  -h, --help        print this\n"
			   "\n"
			   "Exit status: 0 listed, 1 failed, 2 wrong usage.\n";

struct request {
	struct nimbus_options nimbus;
	bool json;
};

static int refuse(const char *what, const char *argument)
{
	fprintf(stderr, "cstorm list: %s%s\n`cstorm list --help` says more.\n", what, argument);
	return EXIT_STATUS_USAGE;
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		NIMBUS_LONG_OPTIONS,
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		int taken = nimbus_option(&request->nimbus, option, optarg);

		if (taken == -EINVAL)
			return refuse(
				"--timeout must be a number of seconds, up to a day, not ", optarg);
		if (option == 'h') {
			fputs(help, stdout);
			return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
		}
		if (option == 'j')
			request->json = true;
		else if (taken == 0)
			return refuse("the options are not understood", "");
	}
	return optind < argc ? refuse("what is this: ", argv[optind]) : EXIT_STATUS_DONE;
}

static const char *text_of(const json_t *topology, const char *name)
{
	const char *text = json_string_value(json_object_get(topology, name));

	return text ? text : "";
}

static long long number_of(const json_t *topology, const char *name)
{
	return json_integer_value(json_object_get(topology, name));
}

static void print_table(const json_t *topologies)
{
	const json_t *topology;
	size_t index;

	printf("%-20s %-10s %6s %10s %8s %12s  %s\n", "NAME", "STATUS", "TASKS", "EXECUTORS",
		"WORKERS", "UPTIME/S", "ID");
	json_array_foreach(topologies, index, topology) {
		printf("%-20s %-10s %6lld %10lld %8lld %12lld  %s\n", text_of(topology, "name"),
			text_of(topology, "status"), number_of(topology, "num_tasks"),
			number_of(topology, "num_executors"), number_of(topology, "num_workers"),
			number_of(topology, "uptime_secs"), text_of(topology, "id"));
	}
}

static int print(const struct request *request, const json_t *topologies)
{
	if (!request->json)
		print_table(topologies);
	else if (json_dumpf(topologies, stdout, JSON_INDENT(2)) == 0)
		putchar('\n');
	if (fflush(stdout) != EOF && !ferror(stdout))
		return EXIT_STATUS_DONE;
	fprintf(stderr, "cstorm list: cannot print: %s\n", strerror(errno));
	return EXIT_STATUS_FAILED;
}

static int list(const struct request *request)
{
	struct nimbus nimbus = NIMBUS_INIT;
	struct buffer problem = { 0 };
	json_t *topologies = NULL;
	int status = EXIT_STATUS_FAILED;
	int err = nimbus_connect(&nimbus, &request->nimbus, &problem);

	if (err == 0)
		err = nimbus_call(
			&nimbus, &nimbus_get_topologies, json_object(), &topologies, &problem);
	if (err < 0)
		fprintf(stderr, "cstorm list: %s\n", buffer_text(&problem));
	else
		status = print(request, topologies);
	json_decref(topologies);
	nimbus_disconnect(&nimbus);
	buffer_free(&problem);
	return status;
}

int command_list(int argc, char **argv)
{
	struct request request = { 0 };
	int status = parse_arguments(&request, argc, argv);

	if (status == EXIT_STATUS_DONE)
		status = list(&request);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
