/* cstorm rebalance: change the numbers of tasks of a running topology. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "runs.h"

static const char help[] =
	"Usage: cstorm rebalance [OPTION]... COMPONENT=N...\n"
	"\n"
	"Give components of a running topology N tasks each. From one moment to the next, tuples go to\n"
	"new tasks, which wait until the old ones have finished what they have and closed; nothing is\n"
	"lost, and the other components go on. With the same N, a component's processes begin anew,\n"
	"such as those of a program that has been built again.\n"
	"\n"
	"Options:\n"
	"  -r, --run RUN     of this run: a pid, or a topology's name\n"
	"  --no-wait         end when it has begun, not when the new tasks run\n"
	"  -h, --help        print this\n"
	"\n"
	"What the old tasks had in memory is gone with them, as in Storm. Spouts close when all their\n"
	"tuples are settled.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage or a rebalance that cannot be.\n";

#define PAUSE_NANOSECONDS 50000000

struct request {
	const char *run; /* NULL: the only one */
	json_t *tasks; /* a number a component */
	bool no_wait;
};

static int refuse(const char *what, const char *argument)
{
	fprintf(stderr, "cstorm rebalance: %s%s\n`cstorm rebalance --help` says more.\n", what,
		argument);
	return EXIT_STATUS_USAGE;
}

static int parse_change(struct request *request, const char *argument)
{
	const char *equals = strrchr(argument, '=');
	int status = EXIT_STATUS_DONE;
	json_int_t count;
	char *name;
	char *end;

	if (!equals || equals == argument)
		return refuse("what is to change must be COMPONENT=N, not ", argument);
	errno = 0;
	count = strtoll(equals + 1, &end, 10);
	if (errno != 0 || end == equals + 1 || *end != '\0' || count < 1)
		return refuse("a number of tasks must be at least 1, not ", equals + 1);
	name = strndup(argument, (size_t)(equals - argument));
	if (!name || json_object_set_new(request->tasks, name, json_integer(count)) < 0)
		status = refuse("the name of a component is no UTF-8: ", argument);
	free(name);
	return status;
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "run", required_argument, NULL, 'r' },
		{ "no-wait", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while ((option = getopt_long(argc, argv, "r:h", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			request->run = optarg;
			break;
		case 'n':
			request->no_wait = true;
			break;
		case 'h':
			fputs(help, stdout);
			return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
		default:
			return refuse("the options are not understood", "");
		}
	}
	if (optind == argc)
		return refuse("which components are to have other numbers of tasks?", "");
	for (int i = optind; i < argc && status == EXIT_STATUS_DONE; i++)
		status = parse_change(request, argv[i]);
	return status;
}

/* Ask until it is done: an exit status. */
static int wait_until_done(struct conversation *conversation)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NANOSECONDS };
	bool goes_on = true;

	while (goes_on) {
		json_t *status = NULL;

		nanosleep(&pause, NULL);
		if (run_ask(conversation, json_pack("{s:s}", "do", "status")) == 0)
			status = run_answer(conversation);
		if (!status) {
			fprintf(stderr, "cstorm rebalance: the run has ended meanwhile\n");
			return EXIT_STATUS_FAILED;
		}
		goes_on = json_is_true(json_object_get(status, "rebalancing"));
		json_decref(status);
	}
	return EXIT_STATUS_DONE;
}

static int rebalance(const struct request *request)
{
	struct conversation conversation = { 0 };
	int status = run_choose(&conversation, "cstorm rebalance", request->run);

	if (status != EXIT_STATUS_DONE)
		return status;
	status = run_request(&conversation, "cstorm rebalance",
		json_pack("{s:s, s:O}", "do", "rebalance", "tasks", request->tasks));
	if (status == EXIT_STATUS_DONE && !request->no_wait)
		status = wait_until_done(&conversation);
	run_disconnect(&conversation);
	return status;
}

int command_rebalance(int argc, char **argv)
{
	struct request request = { .tasks = json_object() };
	int status = parse_arguments(&request, argc, argv);

	signal(SIGPIPE, SIG_IGN);
	if (status == EXIT_STATUS_DONE)
		status = rebalance(&request);
	json_decref(request.tasks);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
