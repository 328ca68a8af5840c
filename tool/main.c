/* The cstorm command: finds the subcommand and runs it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "command.h"

static const struct command commands[] = {
	{ "activate", "have a topology on a cluster emit again", command_activate },
	{ "check", "find the mistakes of a topology", command_check },
	{ "deactivate", "have a topology on a cluster emit no more", command_deactivate },
	{ "describe", "print a topology as JSON", command_describe },
	{ "errors", "show what has gone wrong in a topology on a cluster", command_errors },
	{ "flux", "write a topology in the YAML of Storm's Flux", command_flux },
	{ "graph", "draw a topology", command_graph },
	{ "info", "show how a topology on a cluster is doing", command_info },
	{ "jar", "pack a topology for a cluster", command_jar },
	{ "kill", "end a topology on a cluster", command_kill },
	{ "list", "list the topologies on a cluster", command_list },
	{ "log-level", "change what a topology on a cluster logs", command_log_level },
	{ "map", "process lines with one bolt", command_map },
	{ "new", "begin a project", command_new },
	{ "ps", "list the topologies that run on this machine", command_ps },
	{ "rebalance", "change the numbers of tasks of a running topology", command_rebalance },
	{ "replay", "send a recording to one component and compare its answers", command_replay },
	{ "run", "run a topology on this machine", command_run },
	{ "stats", "show what has passed through a topology on a cluster", command_stats },
	{ "submit", "put a topology on a cluster", command_submit },
	{ "tap", "show the tuples of a running topology as they pass", command_tap },
	{ "test", "test components and topologies", command_test },
	{ "top", "watch a running topology", command_top },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static int print_help(void)
{
	printf("cstorm: run Apache Storm topologies without a JVM\n\n"
	       "Usage: cstorm COMMAND [ARGUMENT]...\n\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-11s %s\n", commands[i].name, commands[i].summary);
	printf("\n`cstorm COMMAND --help` says more. `cstorm --version` prints the version.\n");
	return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

static int refuse(const char *word)
{
	const char *names[COMMAND_COUNT];
	const char *nearest;

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	nearest = nearest_name(word, names, COMMAND_COUNT);
	fprintf(stderr, "cstorm: no such command: %s", word);
	if (nearest)
		fprintf(stderr, "; did you mean %s?", nearest);
	fprintf(stderr, "\n`cstorm --help` lists them.\n");
	return EXIT_STATUS_USAGE;
}

/*
 * A standard descriptor that is closed would become that of the next file. Keep its place with one
 * that fails when it is used: the input cannot be read, the outputs cannot be written.
 */
static void keep_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	keep_standard_descriptors();
	if (!word) {
		fprintf(stderr, "cstorm: a command is missing\n`cstorm --help` lists them.\n");
		return EXIT_STATUS_USAGE;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return print_help();
	if (strcmp(word, "--version") == 0) {
		printf("cstorm %s\n", CSTORM_VERSION);
		return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(word, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	return refuse(word);
}
