/* cstorm tap: show the tuples of a running topology as they pass. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "runs.h"

static const char help[] =
	"Usage: cstorm tap [OPTION]... [COMPONENT[:STREAM]]\n"
	"\n"
	"Show the tuples that a component of a running topology emits, each as a line of JSON, until\n"
	"the run ends. Without a component, those of all. The run does not wait: of what cannot be\n"
	"shown in time, {\"missed\": N} says how many tuples there were.\n"
	"\n"
	"Options:\n"
	"  -r, --run RUN     of this run: a pid, or a topology's name\n"
	"  -n, --count N     end after so many tuples\n"
	"  --every N         show one tuple of so many\n"
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 the run or the count is at its end, 1 failed, 2 wrong usage.\n";

struct request {
	const char *run; /* NULL: the only one */
	char *component; /* NULL: all */
	const char *stream; /* NULL: all; a part of the component's text */
	long long count; /* 0: no end */
	long long every;
};

static int refuse(const char *what, const char *argument)
{
	fprintf(stderr, "cstorm tap: %s%s\n`cstorm tap --help` says more.\n", what, argument);
	return EXIT_STATUS_USAGE;
}

static int parse_number(long long *number, const char *text)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *number < 1)
		return refuse("a number of tuples must be at least 1, not ", text);
	return EXIT_STATUS_DONE;
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "run", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'n' },
		{ "every", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	char *colon;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, "r:n:h", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			request->run = optarg;
			break;
		case 'n':
			status = parse_number(&request->count, optarg);
			break;
		case 'e':
			status = parse_number(&request->every, optarg);
			break;
		case 'h':
			fputs(help, stdout);
			return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
		default:
			return refuse("the options are not understood", "");
		}
	}
	if (status == EXIT_STATUS_DONE && optind + 1 < argc)
		return refuse("one component only; what is this: ", argv[optind + 1]);
	if (status != EXIT_STATUS_DONE || optind == argc)
		return status;
	request->component = argv[optind];
	colon = strchr(request->component, ':');
	if (colon) {
		*colon = '\0';
		request->stream = colon + 1;
	}
	return EXIT_STATUS_DONE;
}

/* Print the lines that come, until there are enough. */
static int show(const struct request *request, struct conversation *conversation)
{
	long long left = request->count;
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while ((length = getline(&line, &size, conversation->in)) > 0) {
		if (fwrite(line, 1, (size_t)length, stdout) < (size_t)length ||
			fflush(stdout) == EOF)
			break;
		if (strncmp(line, "{\"missed\"", 9) != 0 && left > 0 && --left == 0)
			break;
	}
	free(line);
	if (ferror(stdout) && errno != EPIPE) {
		fprintf(stderr, "cstorm tap: cannot print: %s\n", strerror(errno));
		return EXIT_STATUS_FAILED;
	}
	return EXIT_STATUS_DONE;
}

static int tap(const struct request *request)
{
	struct conversation conversation = { 0 };
	int status = run_choose(&conversation, "cstorm tap", request->run);

	if (status != EXIT_STATUS_DONE)
		return status;
	status = run_request(&conversation, "cstorm tap",
		json_pack("{s:s, s:s*, s:s*, s:I}", "do", "tap", "component", request->component,
			"stream", request->stream, "every", (json_int_t)request->every));
	if (status == EXIT_STATUS_DONE)
		status = show(request, &conversation);
	run_disconnect(&conversation);
	return status;
}

int command_tap(int argc, char **argv)
{
	struct request request = { .every = 1 };
	int status = parse_arguments(&request, argc, argv);

	signal(SIGPIPE, SIG_IGN);
	if (status == EXIT_STATUS_DONE)
		status = tap(&request);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
