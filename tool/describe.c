/* cstorm describe: print a topology as JSON, whatever it is written in. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "topology.h"

static const char help[] =
	"Usage: cstorm describe [OPTION]... TOPOLOGY\n"
	"\n"
	"Print a topology as JSON: its components, their streams, inputs and configuration. What a\n"
	"topology's program says of itself with --describe has the same form, and a file with it is\n"
	"a topology, too.\n"
	"\n"
	"Options:\n" TOPOLOGY_HELP "  -h, --help        print this\n"
	"\n"
	"Exit status: 0 printed, 1 failed, 2 wrong usage or invalid topology.\n";

static int parse_arguments(struct topology_options *topology, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		TOPOLOGY_LONG_OPTIONS,
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, TOPOLOGY_SHORT_OPTIONS "h", options, NULL)) !=
		-1) {
		if (topology_option(topology, option, optarg))
			continue;
		if (option != 'h')
			return topology_refuse(topology, "the options are not understood", "");
		fputs(help, stdout);
		return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
	}
	return topology_argument(topology, argc, argv);
}

/* A program's own components get their command, so that what is printed is a topology by itself. */
static void add_commands(const struct spec *spec)
{
	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		if (component->kind == SPEC_CLASS)
			json_object_set_new((json_t *)component->json, "command",
				json_pack("[s]", component->command[0]));
	}
}

static int describe(const struct topology_options *topology)
{
	struct problems problems = { 0 };
	struct spec spec = { 0 };
	int status = EXIT_STATUS_DONE;
	int err = topology_load(&spec, topology, &problems);

	if (err < 0)
		status = EXIT_STATUS_USAGE;
	problems_print(&problems, stderr);
	if (err == 0) {
		spec_complete(&spec);
		add_commands(&spec);
		if (json_dumpf(spec.description, stdout, JSON_INDENT(2)) < 0 ||
			putchar('\n') == EOF || fflush(stdout) == EOF)
			status = EXIT_STATUS_FAILED;
	}
	spec_free(&spec);
	problems_free(&problems);
	return status;
}

int command_describe(int argc, char **argv)
{
	struct topology_options topology = { 0 };
	int status;

	topology_begin(&topology, "cstorm describe");
	status = parse_arguments(&topology, argc, argv);
	if (status == EXIT_STATUS_DONE)
		status = describe(&topology);
	topology_options_free(&topology);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
