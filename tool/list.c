/* cstorm list: the topologies on a cluster. */
#include <stdio.h>

#include "asking.h"

static const char help[] =
	"Usage: cstorm list [OPTION]...\n"
	"\n"
	"List the topologies on a Storm cluster.\n"
	"\n"
	"Options:\n"
	"  --json            print what Nimbus says as a JSON list\n" ASKING_HELP "\n"
	"Exit status: 0 listed, 1 failed, 2 wrong usage.\n";

static void print_table(const struct asking *asking, const json_t *topologies)
{
	const json_t *topology;
	size_t index;

	(void)asking;
	printf("%-20s %-10s %6s %10s %8s %12s  %s\n", "NAME", "STATUS", "TASKS", "EXECUTORS",
		"WORKERS", "UPTIME/S", "ID");
	json_array_foreach(topologies, index, topology) {
		printf("%-20s %-10s %6lld %10lld %8lld %12lld  %s\n", asking_text(topology, "name"),
			asking_text(topology, "status"), asking_integer(topology, "num_tasks"),
			asking_integer(topology, "num_executors"),
			asking_integer(topology, "num_workers"),
			asking_integer(topology, "uptime_secs"), asking_text(topology, "id"));
	}
}

static int ask(
	const struct asking *asking, struct nimbus *nimbus, json_t **answer, struct buffer *problem)
{
	(void)asking;
	return nimbus_call(nimbus, &nimbus_get_topologies, json_object(), answer, problem);
}

int command_list(int argc, char **argv)
{
	static const struct option options[] = { ASKING_LONG_OPTIONS, { 0 } };
	struct asking asking = { .command = "cstorm list", .help = help };
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, ASKING_SHORT_OPTIONS, options, NULL)) != -1)
		status = asking_option(&asking, option);
	if (status == EXIT_STATUS_DONE && optind < argc)
		status = asking_refuse(&asking, "what is this: ", argv[optind]);
	if (status == EXIT_STATUS_DONE)
		status = asking_do(&asking, ask, print_table);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
