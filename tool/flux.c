/* cstorm flux: write a topology in the YAML of Storm's Flux, whatever it is written in. */
#include "spec/flux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "topology.h"

static const char help[] =
	"Usage: cstorm flux [OPTION]... TOPOLOGY\n"
	"\n"
	"Print a topology in the YAML of Storm's Flux: a file that `cstorm run` runs, and that Flux\n"
	"submits to a cluster.\n"
	"\n"
	"Options:\n" TOPOLOGY_HELP
	"  --program PATH    how components start the topology's own program (default: ./NAME)\n"
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 printed, 1 failed, 2 wrong usage, or a topology that Flux cannot say.\n";

struct request {
	struct topology_options topology;
	const char *program; /* NULL: the file beside the YAML */
};

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "program", required_argument, NULL, 'P' },
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
		if (option != 'P')
			return topology_refuse(
				&request->topology, "the options are not understood", "");
		request->program = optarg;
	}
	return topology_argument(&request->topology, argc, argv);
}

/* The program's file, beside the YAML; owned by the caller. */
static char *program_beside(const struct spec *spec)
{
	const char *slash = strrchr(spec->path, '/');
	char *path;

	return asprintf(&path, "./%s", slash ? slash + 1 : spec->path) < 0 ? NULL : path;
}

static void print_head(const struct spec *spec)
{
	const char *summary = json_string_value(json_object_get(spec->description, "summary"));

	/* A comment of one line, whatever the summary has in it. */
	if (summary)
		printf("# %s: %.*s\n", spec->name, (int)strcspn(summary, "\r\n"), summary);
	printf("# Written by `cstorm flux`. On one machine `cstorm run` runs it. In a cluster, the files\n"
	       "# that its commands name belong into the folder `resources` of the topology's jar.\n");
}

static int write_flux(const struct request *request)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };
	struct spec spec = { 0 };
	char *beside = NULL;
	int status = EXIT_STATUS_DONE;
	int err = topology_load(&spec, &request->topology, &problems);

	if (err == 0)
		beside = program_beside(&spec);
	if (err == 0)
		err = flux_write(
			&spec, request->program ? request->program : beside, &text, &problems);
	problems_print(&problems, stderr);
	if (err == 0) {
		print_head(&spec);
		if (fwrite(text.data, 1, text.length, stdout) < text.length ||
			fflush(stdout) == EOF) {
			fprintf(stderr, "cstorm flux: cannot print: %s\n", strerror(errno));
			status = EXIT_STATUS_FAILED;
		}
	} else {
		status = err == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
	}
	free(beside);
	buffer_free(&text);
	spec_free(&spec);
	problems_free(&problems);
	return status;
}

int command_flux(int argc, char **argv)
{
	struct request request = { 0 };
	int status;

	topology_begin(&request.topology, "cstorm flux");
	status = parse_arguments(&request, argc, argv);
	if (status == EXIT_STATUS_DONE)
		status = write_flux(&request);
	topology_options_free(&request.topology);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
