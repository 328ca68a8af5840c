/* cstorm run: run a topology on this machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "command.h"
#include "local/local.h"
#include "topology.h"

#define LOOPS_LIMIT 256
#define LOG_FILES_LIMIT 1000

static const char help[] =
	"Usage: cstorm run [OPTION]... TOPOLOGY\n"
	"\n"
	"Run a topology on this machine: each task is a process of its own, and tuples that fail are\n"
	"replayed. The run ends when every spout has finished and all its tuples are processed.\n"
	"TOPOLOGY is a topology's program, or a file: in the YAML of Storm's Flux, or in JSON as a\n"
	"program's --describe prints it.\n"
	"\n"
	"Options:\n" TOPOLOGY_HELP "  --time SECONDS    stop gracefully after this time\n"
	"  --loops N         pass tuples on with N threads (default: half of the processors + 1)\n"
	"  --stats FILE      write the statistics to FILE as JSON\n"
	"  --metrics ADDRESS  serve the statistics to Prometheus over HTTP at [HOST:]PORT\n"
	"  --wrap COMPONENT=COMMAND  run a component in a debugger or a profiler; {task}: its task's number\n"
	"  --log FILE        write the log to FILE, errors to the standard error as well\n"
	"  --log-size SIZE   begin the log anew when it has SIZE bytes, or K, M or G (default: 64M)\n"
	"  --log-files N     keep N old ones: FILE.1 is the youngest (default: 5)\n"
	"  --record DIR      write what each task is sent and answers to files in DIR\n"
	"  -q, --quiet       log errors only, and print no statistics\n"
	"  -v, --verbose     log everything\n"
	"  -h, --help        print this\n"
	"\n"
	"`TOPOLOGY --help` lists the settings that its components have. The logs of all components\n"
	"and the statistics go to the standard error; the standard output is the topology's own.\n"
	"SIGINT and SIGTERM stop the run gracefully, a second one at once; SIGHUP begins a --log anew.\n"
	"\n"
	"Exit status: 0 finished or stopped gracefully, 1 failed, 2 wrong usage or invalid topology.\n";

struct request {
	struct topology_options topology;
	struct local_options options;
};

static int parse_seconds(struct request *request, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds > 0) || seconds > 1e9)
		return topology_refuse(&request->topology,
			"--time must be a number of seconds above 0, not ", text);
	request->options.seconds = seconds;
	return EXIT_STATUS_DONE;
}

static int parse_log_size(struct request *request, const char *text)
{
	if (!size_parse(text, &request->options.log.size) || request->options.log.size == 0)
		return topology_refuse(&request->topology,
			"--log-size must be a number of bytes above 0, or one with K, M or G, not ",
			text);
	return EXIT_STATUS_DONE;
}

static int parse_log_files(struct request *request, const char *text)
{
	char *end;
	unsigned long files = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || files > LOG_FILES_LIMIT)
		return topology_refuse(&request->topology,
			"--log-files must be a number from 0 to 1000, not ", text);
	request->options.log.old_files = (unsigned)files;
	return EXIT_STATUS_DONE;
}

static int parse_loops(struct request *request, const char *text, const char *rule)
{
	char *end;
	unsigned long loops = strtoul(text, &end, 10);

	if (*text < '1' || *text > '9' || *end != '\0' || loops > LOOPS_LIMIT)
		return topology_refuse(&request->topology, rule, text);
	request->options.loops = loops;
	return EXIT_STATUS_DONE;
}

/* What the environment says, where no option does. */
static int parse_environment(struct request *request)
{
	const char *loops = getenv("CSTORM_LOOPS");

	if (request->options.loops > 0 || !loops || *loops == '\0')
		return EXIT_STATUS_DONE;
	return parse_loops(
		request, loops, "CSTORM_LOOPS must be a number of threads from 1 to 256, not ");
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "time", required_argument, NULL, 't' },
		{ "loops", required_argument, NULL, 'l' },
		{ "stats", required_argument, NULL, 's' },
		{ "metrics", required_argument, NULL, 'm' },
		{ "log", required_argument, NULL, 'L' },
		{ "log-size", required_argument, NULL, 'S' },
		{ "log-files", required_argument, NULL, 'F' },
		{ "record", required_argument, NULL, 'r' },
		{ "wrap", required_argument, NULL, TOPOLOGY_WRAP },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		TOPOLOGY_LONG_OPTIONS,
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, TOPOLOGY_SHORT_OPTIONS "qvh", options, NULL)) !=
		-1) {
		if (topology_option(&request->topology, option, optarg))
			continue;
		switch (option) {
		case 't':
			if (parse_seconds(request, optarg) != EXIT_STATUS_DONE)
				return EXIT_STATUS_USAGE;
			break;
		case 'l':
			if (parse_loops(request, optarg,
				    "--loops must be a number of threads from 1 to 256, not ") !=
				EXIT_STATUS_DONE)
				return EXIT_STATUS_USAGE;
			break;
		case 'm':
			request->options.metrics_address = optarg;
			break;
		case 's':
			request->options.stats_path = optarg;
			break;
		case 'L':
			request->options.log.path = optarg;
			break;
		case 'S':
			if (parse_log_size(request, optarg) != EXIT_STATUS_DONE)
				return EXIT_STATUS_USAGE;
			break;
		case 'F':
			if (parse_log_files(request, optarg) != EXIT_STATUS_DONE)
				return EXIT_STATUS_USAGE;
			break;
		case 'r':
			request->options.record_path = optarg;
			break;
		case TOPOLOGY_WRAP:
			topology_override(&request->topology, option, optarg);
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
			return topology_refuse(
				&request->topology, "the options are not understood", "");
		}
	}
	return topology_argument(&request->topology, argc, argv);
}

/* Load the topology: an exit status, with the problems said. */
static int load(struct spec *spec, const struct request *request)
{
	struct problems problems = { 0 };
	int err = topology_load(spec, &request->topology, &problems);

	if (spec->config)
		err = local_check(spec, &problems);
	problems_sort(&problems);
	if (err < 0)
		fprintf(stderr, "cstorm run: the topology cannot be run:\n");
	if (err < 0 || request->options.verbosity >= 0)
		problems_print(&problems, stderr);
	problems_free(&problems);
	return err < 0 ? EXIT_STATUS_USAGE : EXIT_STATUS_DONE;
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
	struct request request = {
		.options.log = { .size = 64 << 20, .old_files = 5 },
	};
	struct spec spec = { 0 };
	int status;

	topology_begin(&request.topology, "cstorm run");
	status = parse_arguments(&request, argc, argv);
	if (status == EXIT_STATUS_DONE)
		status = parse_environment(&request);
	if (status == EXIT_STATUS_DONE)
		status = load(&spec, &request);
	if (status == EXIT_STATUS_DONE)
		status = check_stats_path(request.options.stats_path);
	if (status == EXIT_STATUS_DONE)
		status = local_run(&spec, &request.options);
	spec_free(&spec);
	topology_options_free(&request.topology);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
