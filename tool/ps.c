/* cstorm ps: list the topologies that run on this machine. */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "runs.h"

static const char help[] =
	"Usage: cstorm ps [OPTION]...\n"
	"\n"
	"List the topologies that this user runs on this machine with `cstorm run`.\n"
	"\n"
	"Options:\n"
	"  --json            print the list as JSON, with all that is known of each\n"
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 listed, 1 failed, 2 wrong usage.\n";

/* The status of all runs: a list. */
static json_t *ask_all(void)
{
	struct found_runs runs;
	json_t *list = json_array();
	int err = runs_find(&runs);

	if (err < 0)
		fprintf(stderr, "cstorm ps: cannot look for runs: %s\n", strerror(-err));
	for (size_t i = 0; i < runs.count; i++) {
		struct conversation conversation;
		json_t *status = NULL;

		if (run_connect(&conversation, &runs.list[i]) == 0 &&
			run_ask(&conversation, json_pack("{s:s}", "do", "status")) == 0)
			status = run_answer(&conversation);
		if (status)
			json_array_append_new(list, status);
		run_disconnect(&conversation);
	}
	runs_free(&runs);
	if (err == 0)
		return list;
	json_decref(list);
	return NULL;
}

static void print_table(const json_t *list)
{
	const json_t *run;
	size_t i;

	printf("%7s  %-20s %-9s %10s %14s %12s\n", "PID", "TOPOLOGY", "STATUS", "SECONDS", "TUPLES",
		"TUPLES/S");
	json_array_foreach(list, i, run) {
		const char *name = "";
		const char *status = "";
		json_int_t pid = 0;
		json_int_t tuples = 0;
		double seconds = 0;
		double rate = 0;

		json_unpack((json_t *)run, "{s:s, s:s, s:I, s:I, s:F, s:F}", "topology", &name,
			"status", &status, "pid", &pid, "tuples", &tuples, "seconds", &seconds,
			"tuples_per_second", &rate);
		printf("%7" JSON_INTEGER_FORMAT "  %-20s %-9s %10.1f %14" JSON_INTEGER_FORMAT
		       " %12.0f\n",
			pid, name, status, seconds, tuples, rate);
	}
}

int command_ps(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool understood = true;
	bool json = false;
	json_t *list;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
		}
		understood &= option == 'j';
		json = true;
	}
	if (!understood || optind != argc) {
		fprintf(stderr,
			"cstorm ps: the arguments are not understood\n"
			"`cstorm ps --help` says more.\n");
		return EXIT_STATUS_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	list = ask_all();
	if (list && json) {
		json_dumpf(list, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (list) {
		print_table(list);
	}
	json_decref(list);
	return list && fflush(stdout) == 0 && !ferror(stdout) ? EXIT_STATUS_DONE :
								EXIT_STATUS_FAILED;
}
