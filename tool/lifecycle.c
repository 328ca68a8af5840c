/* cstorm activate, deactivate and kill: the life of a topology on a cluster. */
#include <errno.h>

#include "asking.h"

static const char activate_help[] =
	"Usage: cstorm activate [OPTION]... NAME\n"
	"\n"
	"Have the spouts of a topology on a Storm cluster emit again.\n"
	"\n"
	"Options:\n"
	"  --json            print what Nimbus says of the topology then as JSON\n" ASKING_HELP "\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static const char deactivate_help[] =
	"Usage: cstorm deactivate [OPTION]... NAME\n"
	"\n"
	"Have the spouts of a topology on a Storm cluster emit no more; its workers stay.\n"
	"\n"
	"Options:\n"
	"  --json            print what Nimbus says of the topology then as JSON\n" ASKING_HELP "\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static const char kill_help[] =
	"Usage: cstorm kill [OPTION]... NAME\n"
	"\n"
	"End a topology on a Storm cluster: its spouts emit no more, and after a while, in which tuples\n"
	"that are on their way can be processed, its workers are stopped.\n"
	"\n"
	"Options:\n"
	"  -w, --wait SECONDS  stop the workers after so long (default: the topology's message time-out)\n"
	"  --json            print what Nimbus says of the topology then as JSON\n" ASKING_HELP "\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

#define LONGEST_WAIT 86400

struct request {
	struct asking asking;
	const struct nimbus_call *call;
	bool can_wait;
	int wait; /* -1: it is not said */
};

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		ASKING_LONG_OPTIONS,
		{ "wait", required_argument, NULL, 'w' },
		{ 0 },
	};
	struct asking *asking = &request->asking;
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, ASKING_SHORT_OPTIONS "w:", options, NULL)) !=
			-1) {
		if (option == 'w' && request->can_wait)
			status = asking_number(
				asking, "--wait", optarg, LONGEST_WAIT, &request->wait);
		else
			status = asking_option(asking, option);
	}
	return status == EXIT_STATUS_DONE ? asking_name(asking, argc, argv) : status;
}

static json_t *arguments_of(const struct request *request)
{
	json_t *arguments = json_pack("{s:s}", "name", request->asking.name);

	if (request->can_wait)
		json_object_set_new(arguments, "options",
			request->wait >= 0 ? json_pack("{s:i}", "wait_secs", request->wait) :
					     json_object());
	return arguments;
}

/* What a topology is afterwards. One that is killed may be gone already. */
static int ask_summary(const struct request *request, struct nimbus *nimbus, json_t **answer,
	struct buffer *problem)
{
	int err = nimbus_call(nimbus, &nimbus_find_topology,
		json_pack("{s:s}", "name", request->asking.name), answer, problem);

	if (err != -EREMOTEIO || !request->can_wait)
		return err;
	*answer = json_pack("{s:s, s:s}", "name", request->asking.name, "status", "KILLED");
	return 0;
}

static int ask(
	const struct asking *asking, struct nimbus *nimbus, json_t **answer, struct buffer *problem)
{
	const struct request *request = (const struct request *)asking;
	int err = nimbus_call(nimbus, request->call, arguments_of(request), NULL, problem);

	return err == 0 && asking->json ? ask_summary(request, nimbus, answer, problem) : err;
}

static int run(struct request *request, int argc, char **argv)
{
	int status = parse_arguments(request, argc, argv);

	if (status == EXIT_STATUS_DONE)
		status = asking_do(&request->asking, ask, NULL);
	return status < 0 ? EXIT_STATUS_DONE : status;
}

int command_activate(int argc, char **argv)
{
	struct request request = {
		.asking = { .command = "cstorm activate", .help = activate_help },
		.call = &nimbus_activate,
	};

	return run(&request, argc, argv);
}

int command_deactivate(int argc, char **argv)
{
	struct request request = {
		.asking = { .command = "cstorm deactivate", .help = deactivate_help },
		.call = &nimbus_deactivate,
	};

	return run(&request, argc, argv);
}

int command_kill(int argc, char **argv)
{
	struct request request = {
		.asking = { .command = "cstorm kill", .help = kill_help },
		.call = &nimbus_kill,
		.can_wait = true,
		.wait = -1,
	};

	return run(&request, argc, argv);
}
