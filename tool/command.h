/* The subcommands of cstorm: one file each, listed in one table. */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

/* The exit statuses of every subcommand. */
enum exit_status {
	EXIT_STATUS_DONE = 0,
	EXIT_STATUS_FAILED = 1,
	EXIT_STATUS_USAGE = 2, /* wrong usage, or a topology that is not valid */
};

struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

int command_activate(int argc, char **argv);
int command_check(int argc, char **argv);
int command_deactivate(int argc, char **argv);
int command_describe(int argc, char **argv);
int command_errors(int argc, char **argv);
int command_flux(int argc, char **argv);
int command_graph(int argc, char **argv);
int command_info(int argc, char **argv);
int command_jar(int argc, char **argv);
int command_kill(int argc, char **argv);
int command_list(int argc, char **argv);
int command_log_level(int argc, char **argv);
int command_map(int argc, char **argv);
int command_new(int argc, char **argv);
int command_ps(int argc, char **argv);
int command_rebalance(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_run(int argc, char **argv);
int command_stats(int argc, char **argv);
int command_submit(int argc, char **argv);
int command_tap(int argc, char **argv);
int command_test(int argc, char **argv);
int command_top(int argc, char **argv);

#endif
