/* cstorm activate, deactivate and kill: the life of a topology on a cluster. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/nimbus.h"
#include "command.h"

static const char activate_help[] = "Usage: cstorm activate [OPTION]... NAME\n"
				    "\n"
				    "Have the spouts of a topology on a Storm cluster emit again.\n"
				    "\n"
				    "Options:\n" NIMBUS_HELP "  -h, --help        print this\n"
				    "\n"
				    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static const char deactivate_help[] =
	"Usage: cstorm deactivate [OPTION]... NAME\n"
	"\n"
	"Have the spouts of a topology on a Storm cluster emit no more; its workers stay.\n"
	"\n"
	"Options:\n" NIMBUS_HELP "  -h, --help        print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static const char kill_help[] =
	"Usage: cstorm kill [OPTION]... NAME\n"
	"\n"
	"End a topology on a Storm cluster: its spouts emit no more, and after a while, in which tuples\n"
	"that are on their way can be processed, its workers are stopped.\n"
	"\n"
	"Options:\n"
	"  -w, --wait SECONDS  stop the workers after so long (default: the topology's message time-out)\n" NIMBUS_HELP
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

#define LONGEST_WAIT 86400

struct request {
	const char *command; /* "cstorm kill", for messages */
	const char *help;
	const struct nimbus_call *call;
	bool can_wait;
	struct nimbus_options nimbus;
	const char *name;
	int wait; /* -1: it is not said */
};

static int refuse(const struct request *request, const char *what, const char *argument)
{
	fprintf(stderr, "%s: %s%s\n`%s --help` says more.\n", request->command, what, argument,
		request->command);
	return EXIT_STATUS_USAGE;
}

static int parse_wait(struct request *request, const char *text)
{
	char *end;
	long seconds = strtol(text, &end, 10);

	if (end == text || *end != '\0' || seconds < 0 || seconds > LONGEST_WAIT)
		return refuse(request, "--wait must be whole seconds, up to a day, not ", text);
	request->wait = (int)seconds;
	return EXIT_STATUS_DONE;
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int take_option(struct request *request, int option)
{
	int taken = nimbus_option(&request->nimbus, option, optarg);

	if (taken == -EINVAL)
		return refuse(request, "--timeout must be a number of seconds, up to a day, not ",
			optarg);
	if (taken == 1)
		return EXIT_STATUS_DONE;
	if (option == 'w' && request->can_wait)
		return parse_wait(request, optarg);
	if (option != 'h')
		return refuse(request, "the options are not understood", "");
	fputs(request->help, stdout);
	return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
}

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		NIMBUS_LONG_OPTIONS,
		{ "wait", required_argument, NULL, 'w' },
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, "w:h", options, NULL)) != -1)
		status = take_option(request, option);
	if (status != EXIT_STATUS_DONE)
		return status;
	if (optind == argc)
		return refuse(request, "the name of a topology is missing", "");
	if (optind + 1 < argc)
		return refuse(request, "one topology only; what is this: ", argv[optind + 1]);
	request->name = argv[optind];
	return EXIT_STATUS_DONE;
}

static json_t *arguments_of(const struct request *request)
{
	json_t *arguments = json_pack("{s:s}", "name", request->name);

	if (request->can_wait)
		json_object_set_new(arguments, "options",
			request->wait >= 0 ? json_pack("{s:i}", "wait_secs", request->wait) :
					     json_object());
	return arguments;
}

static int ask(const struct request *request)
{
	struct nimbus nimbus = NIMBUS_INIT;
	struct buffer problem = { 0 };
	int err = nimbus_connect(&nimbus, &request->nimbus, &problem);

	if (err == 0)
		err = nimbus_call(&nimbus, request->call, arguments_of(request), NULL, &problem);
	if (err < 0)
		fprintf(stderr, "%s: %s\n", request->command, buffer_text(&problem));
	nimbus_disconnect(&nimbus);
	buffer_free(&problem);
	return err < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

static int run(struct request *request, int argc, char **argv)
{
	int status = parse_arguments(request, argc, argv);

	if (status == EXIT_STATUS_DONE)
		status = ask(request);
	return status < 0 ? EXIT_STATUS_DONE : status;
}

int command_activate(int argc, char **argv)
{
	struct request request = {
		.command = "cstorm activate",
		.help = activate_help,
		.call = &nimbus_activate,
	};

	return run(&request, argc, argv);
}

int command_deactivate(int argc, char **argv)
{
	struct request request = {
		.command = "cstorm deactivate",
		.help = deactivate_help,
		.call = &nimbus_deactivate,
	};

	return run(&request, argc, argv);
}

int command_kill(int argc, char **argv)
{
	struct request request = {
		.command = "cstorm kill",
		.help = kill_help,
		.call = &nimbus_kill,
		.can_wait = true,
		.wait = -1,
	};

	return run(&request, argc, argv);
}
