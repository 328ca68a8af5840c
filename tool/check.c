/* cstorm check: find the mistakes of a topology before it runs. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "local/local.h"
#include "spec/config.h"
#include "topology.h"

static const char help[] =
	"Usage: cstorm check [OPTION]... TOPOLOGY\n"
	"\n"
	"Find the mistakes of a topology: all of them, each with the file, the line and what was\n"
	"probably meant. Nothing is run but --describe of the topology and of its programs.\n"
	"\n"
	"Options:\n" TOPOLOGY_HELP
	"  --json            print the problems as a JSON list on the standard output\n"
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 no errors (there may be warnings), 2 errors or wrong usage.\n";

struct request {
	struct topology_options topology;
	bool json;
};

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		TOPOLOGY_LONG_OPTIONS,
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, TOPOLOGY_SHORT_OPTIONS "h", options, NULL)) !=
		-1) {
		if (topology_option(&request->topology, option, optarg))
			continue;
		if (option == 'h') {
			fputs(help, stdout);
			return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
		}
		if (option != 'j')
			return topology_refuse(
				&request->topology, "the options are not understood", "");
		request->json = true;
	}
	return topology_argument(&request->topology, argc, argv);
}

static int print_json(const struct problems *problems)
{
	json_t *list = problems_json(problems);
	int err = json_dumpf(list, stdout, JSON_INDENT(2));

	json_decref(list);
	return err < 0 || putchar('\n') == EOF || fflush(stdout) == EOF ? -1 : 0;
}

static int check(const struct request *request)
{
	struct problems problems = { 0 };
	struct spec spec = { 0 };
	int status;

	topology_load(&spec, &request->topology, &problems);
	if (spec.config) {
		config_check(&spec, &problems);
		local_check_config(&spec, &problems);
	}
	problems_sort(&problems);
	status = problems_result(&problems) < 0 ? EXIT_STATUS_USAGE : EXIT_STATUS_DONE;
	if (!request->json) {
		problems_print(&problems, stderr);
		fprintf(stderr, "%s: %zu errors, %zu warnings\n", request->topology.source.path,
			problems.error_count, problems.count - problems.error_count);
	} else if (print_json(&problems) < 0) {
		status = EXIT_STATUS_FAILED;
	}
	spec_free(&spec);
	problems_free(&problems);
	return status;
}

int command_check(int argc, char **argv)
{
	struct request request = { 0 };
	int status;

	topology_begin(&request.topology, "cstorm check");
	status = parse_arguments(&request, argc, argv);
	if (status == EXIT_STATUS_DONE)
		status = check(&request);
	topology_options_free(&request.topology);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
