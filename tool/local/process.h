/* Processes: how they start, and that none is left behind. */
#ifndef LOCAL_PROCESS_H
#define LOCAL_PROCESS_H

#include <jansson.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	int input;
	int output;
	int errors;
};

/*
 * Start a command with pipes as its standard input, output and error, in a folder (NULL: here), with
 * some variables of the environment (NULL: none) over the runner's: 0 or a negative errno.
 */
int process_start(
	struct process *process, char *const *command, const char *folder, const json_t *env);

/* Kill every process that descends from this one, and wait for it. */
void process_kill_descendants(void);

/* Have descendants whose parents die become ours. */
void process_adopt_orphans(void);

#endif
