/* cstorm errors: what has gone wrong in a topology on a cluster. */
#include "errors.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "asking.h"
#include "cluster/pages.h"

static const char help[] =
	"Usage: cstorm errors [OPTION]... NAME\n"
	"\n"
	"Show the errors of a topology on a Storm cluster: when each was reported, by which component,\n"
	"and where. Storm keeps the ten newest of each component, as long as the worker lives that has\n"
	"reported them, and the last one of each.\n"
	"\n"
	"Options:\n"
	"  -c, --component NAME  those of this component only\n"
	"  --full            show Java's stack of each, too\n"
	"  --json            print what Nimbus says as JSON, by component\n" ASKING_HELP "\n"
	"Exit status: 0 shown, 1 failed, 2 wrong usage.\n";

struct request {
	struct asking asking;
	bool full;
};

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		ASKING_COMPONENT_OPTION,
		{ "full", no_argument, NULL, 'f' },
		ASKING_LONG_OPTIONS,
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, ASKING_SHORT_OPTIONS "c:", options, NULL)) !=
			-1) {
		if (option == 'f')
			request->full = true;
		else
			status = asking_option(&request->asking, option);
	}
	return status == EXIT_STATUS_DONE ? asking_name(&request->asking, argc, argv) : status;
}

static int ask(
	const struct asking *asking, struct nimbus *nimbus, json_t **answer, struct buffer *problem)
{
	int err = pages_errors(nimbus, asking->name, answer, problem);

	return err < 0 ? err : asking_choose(asking, *answer, problem);
}

size_t errors_print(const char *component, const json_t *errors, bool whole)
{
	const json_t *error;
	size_t index;

	json_array_foreach(errors, index, error) {
		const char *text = asking_text(error, "error");
		time_t when = (time_t)asking_integer(error, "error_time_secs");
		char time[32] = "";
		struct tm local;

		if (localtime_r(&when, &local))
			strftime(time, sizeof(time), "%F %T", &local);
		printf("%s %s on %s:%lld: %.*s\n", time, component, asking_text(error, "host"),
			asking_integer(error, "port"), (int)strcspn(text, whole ? "" : "\n"), text);
	}
	return json_array_size(errors);
}

static void print(const struct asking *asking, const json_t *answer)
{
	const struct request *request = (const struct request *)asking;
	const char *component;
	size_t count = 0;
	json_t *errors;

	json_object_foreach((json_t *)answer, component, errors)
		count += errors_print(component, errors, request->full);
	if (count == 0)
		printf("no errors\n");
}

int command_errors(int argc, char **argv)
{
	struct request request = { .asking = { .command = "cstorm errors", .help = help } };
	int status = parse_arguments(&request, argc, argv);

	if (status == EXIT_STATUS_DONE)
		status = asking_do(&request.asking, ask, print);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
