/* Processes: how they start, and that none is left behind. */
#ifndef LOCAL_PROCESS_H
#define LOCAL_PROCESS_H

#include <jansson.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/bytes.h"

struct process {
	pid_t pid;
	int input;
	int output;
	int errors;
};

/*
 * Allow this process as many descriptors as it may have, since a task needs three. Processes that are
 * started have the limit that was before: some look at every descriptor below it.
 */
void process_raise_file_limit(void);

#define PROCESS_LIMITS_MOST 16

struct process_limit {
	const char *name; /* for messages */
	int resource; /* of setrlimit(2) */
	rlim_t limit; /* the soft and the hard one */
};

/* What a process is started with. All zero: as the runner is. */
struct process_setup {
	char *folder; /* it runs in; NULL: here */
	char *cgroup; /* it runs in this group: a folder; NULL: the runner's */
	json_t *env; /* variables of the environment, strings, over the runner's; NULL: none */
	int nice; /* 0: the runner's */
	struct process_limit limits[PROCESS_LIMITS_MOST];
	size_t limit_count;
};

/*
 * Start a command with pipes as its standard input, output and error: 0 or a negative errno; -EPERM: a limit
 * or the niceness is not allowed.
 */
int process_start(struct process *process, char *const *command, const struct process_setup *setup);

/* How a process has ended, for people, of what waitpid says of it: as "ended with exit status 1". */
void process_describe_end(struct buffer *text, int status);

/* Kill every process that descends from this one, and wait for it. */
void process_kill_descendants(void);

/* Have descendants whose parents die become ours. */
void process_adopt_orphans(void);

#endif
