#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "local/process.h"

/* A larger pipe means fewer switches between the processes. */
#define PIPE_SIZE (128 << 10)

/* The limit that was before it was raised. */
static struct rlimit file_limit;
static bool file_limit_raised;

void process_raise_file_limit(void)
{
	struct rlimit raised;

	if (file_limit_raised || getrlimit(RLIMIT_NOFILE, &file_limit) < 0)
		return;
	raised = file_limit;
	raised.rlim_cur = raised.rlim_max;
	file_limit_raised = setrlimit(RLIMIT_NOFILE, &raised) == 0;
}

/* In the child: whether it is in its group. */
static bool join_cgroup(const struct process_setup *setup)
{
	int group;
	int fd;

	if (!setup->cgroup)
		return true;
	group = open(setup->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, "0", 1) == 1;
}

/* In the child: whether all could be set. */
static bool limit(const struct process_setup *setup)
{
	if (setup->nice != 0 && setpriority(PRIO_PROCESS, 0, setup->nice) < 0) {
		errno = EPERM;
		return false;
	}
	for (size_t i = 0; i < setup->limit_count; i++) {
		const struct process_limit *each = &setup->limits[i];
		struct rlimit limits = { each->limit, each->limit };

		if (setrlimit(each->resource, &limits) < 0) {
			errno = EPERM;
			return false;
		}
	}
	return true;
}

/* In the child: never returns. */
static void become(char *const *command, const struct process_setup *setup, int input, int output,
	int errors, int failure, pid_t parent)
{
	const char *name;
	json_t *value;
	int err;

	/*
	 * An interrupt from the terminal and a signal to the whole group are the runner's to
	 * handle: it closes the components in order. If the runner dies, they die.
	 */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (file_limit_raised)
		setrlimit(RLIMIT_NOFILE, &file_limit);
	json_object_foreach(setup->env, name, value)
		setenv(name, json_string_value(value), 1);
	if (getppid() == parent && join_cgroup(setup) && limit(setup) &&
		dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
		dup2(errors, STDERR_FILENO) >= 0 && (!setup->folder || chdir(setup->folder) == 0))
		execvp(command[0], command);
	err = errno;
	if (write(failure, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

static void close_pair(int pair[2])
{
	if (pair[0] >= 0)
		close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
}

int process_start(struct process *process, char *const *command, const struct process_setup *setup)
{
	int input[2] = { -1, -1 };
	int output[2] = { -1, -1 };
	int errors[2] = { -1, -1 };
	int failure[2] = { -1, -1 };
	pid_t parent = getpid();
	pid_t pid = -1;
	int err = 0;

	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 ||
		pipe2(errors, O_CLOEXEC) < 0 || pipe2(failure, O_CLOEXEC) < 0 ||
		(pid = fork()) < 0) {
		err = -errno;
		close_pair(input);
		close_pair(output);
		close_pair(errors);
		close_pair(failure);
		return err;
	}
	if (pid == 0)
		become(command, setup, input[0], output[1], errors[1], failure[1], parent);
	close(input[0]);
	close(output[1]);
	close(errors[1]);
	close(failure[1]);
	if (read(failure[0], &err, sizeof(err)) == (ssize_t)sizeof(err)) {
		close(failure[0]);
		close(input[1]);
		close(output[0]);
		close(errors[0]);
		waitpid(pid, NULL, 0);
		return -err;
	}
	close(failure[0]);
	fcntl(input[1], F_SETPIPE_SZ, PIPE_SIZE);
	fcntl(output[0], F_SETPIPE_SZ, PIPE_SIZE);
	fcntl(input[1], F_SETFL, O_NONBLOCK);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	fcntl(errors[0], F_SETFL, O_NONBLOCK);
	*process = (struct process){ pid, input[1], output[0], errors[0] };
	return 0;
}

void process_describe_end(struct buffer *text, int status)
{
	if (WIFSIGNALED(status))
		buffer_append_format(text, "was killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		buffer_append_format(text, "ended with exit status %d", WEXITSTATUS(status));
}

void process_adopt_orphans(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void kill_children(void)
{
	char path[64];
	FILE *children;
	long pid;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/children", (long)getpid());
	children = fopen(path, "re");
	if (!children)
		return;
	while (fscanf(children, "%ld", &pid) == 1)
		kill((pid_t)pid, SIGKILL);
	fclose(children);
}

void process_kill_descendants(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	pid_t pid;

	/* The children of those that die become ours, so the list is read until nobody is left. */
	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 || errno == EINTR) {
		if (pid == 0) {
			kill_children();
			nanosleep(&moment, NULL);
		}
	}
}
