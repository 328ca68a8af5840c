/* cstorm run: run a topology on this machine. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "local/local.h"
#include "spec/spec.h"

static const char help[] =
	"Usage: cstorm run [OPTION]... TOPOLOGY\n"
	"\n"
	"Run a topology on this machine: each task is a process of its own, and tuples that fail are\n"
	"replayed. The run ends when every spout has finished and all its tuples are processed.\n"
	"TOPOLOGY is a topology's program, or a file with a description like the one that its\n"
	"--describe prints, in which each component has a `command`: the words that start it.\n"
	"\n"
	"Options:\n"
	"  -o KEY=VALUE      set a key of the topology's configuration; VALUE is JSON or plain text\n"
	"  -p COMPONENT=N    run N tasks of a component\n"
	"  --time SECONDS    stop gracefully after this time\n"
	"  --stats FILE      write the statistics to FILE as JSON\n"
	"  -q, --quiet       log errors only, and print no statistics\n"
	"  -v, --verbose     log everything\n"
	"  -h, --help        print this\n"
	"\n"
	"`TOPOLOGY --help` lists the settings that its components have. The logs of all components\n"
	"and the statistics go to the standard error; the standard output is the topology's own.\n"
	"SIGINT and SIGTERM stop the run gracefully, a second one at once.\n"
	"\n"
	"Exit status: 0 finished or stopped gracefully, 1 failed, 2 wrong usage or invalid topology.\n";

/* Options that need the topology first: kept until it is loaded. */
struct override {
	int option;
	const char *argument;
};

struct request {
	struct local_options options;
	struct override *overrides;
	size_t override_count;
	const char *topology;
};

static int refuse(const char *what, const char *argument)
{
	fprintf(stderr, "cstorm run: %s%s\n`cstorm run --help` says more.\n", what, argument);
	return EXIT_STATUS_USAGE;
}

static int parse_seconds(struct request *request, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds > 0) || seconds > 1e9)
		return refuse("--time must be a number of seconds above 0, not ", text);
	request->options.seconds = seconds;
	return EXIT_STATUS_DONE;
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "time", required_argument, NULL, 't' },
		{ "stats", required_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	request->overrides = calloc((size_t)argc, sizeof(*request->overrides));
	if (!request->overrides)
		return EXIT_STATUS_FAILED;
	while ((option = getopt_long(argc, argv, "o:p:qvh", options, NULL)) != -1) {
		switch (option) {
		case 'o':
		case 'p':
			request->overrides[request->override_count++] =
				(struct override){ option, optarg };
			break;
		case 't':
			if (parse_seconds(request, optarg) != EXIT_STATUS_DONE)
				return EXIT_STATUS_USAGE;
			break;
		case 's':
			request->options.stats_path = optarg;
			break;
		case 'q':
			request->options.verbosity = -1;
			break;
		case 'v':
			request->options.verbosity = 1;
			break;
		case 'h':
			fputs(help, stdout);
			return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
		default:
			return refuse("the options are not understood", "");
		}
	}
	if (optind == argc)
		return refuse("the topology is missing", "");
	if (optind + 1 < argc)
		return refuse("one topology only; what is this: ", argv[optind + 1]);
	request->topology = argv[optind];
	return EXIT_STATUS_DONE;
}

static int load(struct spec *spec, const struct request *request, struct buffer *problems)
{
	int err = spec_load(spec, request->topology, problems);
	int failed = 0;

	for (size_t i = 0; err == 0 && i < request->override_count; i++) {
		const struct override *override = &request->overrides[i];

		if (override->option == 'o')
			failed |= spec_set_config(spec, override->argument, problems);
		else
			failed |= spec_set_parallelism(spec, override->argument, problems);
	}
	if (err == 0)
		failed |= spec_check(spec, problems);
	if (err == 0)
		failed |= local_check(spec, problems);
	return err < 0 ? err : failed;
}

/* Find out now, not after the run, that the statistics cannot be written. */
static int check_stats_path(const char *path)
{
	FILE *file = path ? fopen(path, "ae") : NULL;

	if (path && !file) {
		fprintf(stderr, "cstorm run: cannot write the statistics to %s: %s\n", path,
			strerror(errno));
		return EXIT_STATUS_FAILED;
	}
	if (file)
		fclose(file);
	return EXIT_STATUS_DONE;
}

int command_run(int argc, char **argv)
{
	struct request request = { .options = { .verbosity = 0 } };
	struct buffer problems = { 0 };
	struct spec spec = { 0 };
	int status = parse_arguments(&request, argc, argv);

	if (status == EXIT_STATUS_DONE && load(&spec, &request, &problems) != 0) {
		fprintf(stderr, "cstorm run: the topology cannot be run:\n%s",
			buffer_text(&problems));
		status = EXIT_STATUS_USAGE;
	}
	if (status == EXIT_STATUS_DONE)
		status = check_stats_path(request.options.stats_path);
	if (status == EXIT_STATUS_DONE)
		status = local_run(&spec, &request.options);
	spec_free(&spec);
	buffer_free(&problems);
	free(request.overrides);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
