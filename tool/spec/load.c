/* Gets the description of a topology: from a program, or from a file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spec/spec.h"

#define DESCRIPTION_LIMIT ((size_t)16 << 20)
#define DESCRIPTION_SECONDS 20

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Read all that a descriptor gives: 0, -EFBIG, -ETIMEDOUT or another negative errno. */
static int read_all(int fd, double deadline, struct buffer *text)
{
	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int wait = (int)((deadline - now()) * 1000);
		ssize_t count;

		if (wait <= 0 || poll(&ready, 1, wait) == 0)
			return -ETIMEDOUT;
		if (text->length > DESCRIPTION_LIMIT)
			return -EFBIG;
		if (buffer_reserve(text, 65536) < 0)
			return -ENOMEM;
		count = read(fd, text->data + text->length, 65536);
		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0)
			return 0;
		if (count > 0)
			text->length += (size_t)count;
	}
}

/* In the child: never returns. It dies with its parent. */
static void become_describe(const char *path, int output)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(nothing, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
		execl(path, path, "--describe", (char *)NULL);
	fprintf(stderr, "%s: cannot be run: %s\n", path, strerror(errno));
	_exit(127);
}

/* Wait for the end of a process; one that outlives the deadline is killed. */
static int wait_for_end(pid_t pid, double deadline, int *status)
{
	const struct timespec moment = { .tv_nsec = 5000000 };

	while (waitpid(pid, status, WNOHANG) == 0) {
		if (now() > deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, status, 0);
			return -ETIMEDOUT;
		}
		nanosleep(&moment, NULL);
	}
	return 0;
}

/* Run the program with --describe and take what it prints. */
static int run_describe(const char *path, struct buffer *text, struct buffer *problems)
{
	double deadline = now() + DESCRIPTION_SECONDS;
	int status = 0;
	int pipes[2];
	pid_t pid;
	int err;
	int late;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return spec_problem(problems, "%s: no pipe: %s", path, strerror(errno));
	pid = fork();
	if (pid == 0)
		become_describe(path, pipes[1]);
	close(pipes[1]);
	if (pid < 0) {
		close(pipes[0]);
		return spec_problem(problems, "%s: cannot be run: %s", path, strerror(errno));
	}
	err = read_all(pipes[0], deadline, text);
	close(pipes[0]);
	late = wait_for_end(pid, err < 0 ? 0 : deadline, &status);
	if (err == 0)
		err = late;
	if (err == -ETIMEDOUT)
		return spec_problem(problems,
			"%s --describe did not end in %d seconds: is it a topology?", path,
			DESCRIPTION_SECONDS);
	if (err < 0)
		return spec_problem(problems, "%s --describe: %s", path, strerror(-err));
	if (WIFSIGNALED(status))
		return spec_problem(problems, "%s --describe was killed by signal %d (%s)", path,
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return spec_problem(problems,
			"%s --describe failed with status %d: is it a topology?", path,
			WEXITSTATUS(status));
	return 0;
}

static int read_file(const char *path, struct buffer *text, struct buffer *problems)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return spec_problem(problems, "%s: %s", path, strerror(errno));
	err = read_all(fd, now() + DESCRIPTION_SECONDS, text);
	close(fd);
	return err < 0 ? spec_problem(problems, "%s: %s", path, strerror(-err)) : 0;
}

int spec_load(struct spec *spec, const char *path, struct buffer *problems)
{
	struct buffer text = { 0 };
	struct stat status;
	int err;

	*spec = (struct spec){ 0 };
	if (stat(path, &status) < 0)
		return spec_problem(problems, "%s: %s", path, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return spec_problem(problems, "%s is a directory; name the topology's file", path);
	/* Tasks may run elsewhere: the whole path. */
	spec->path = realpath(path, NULL);
	if (!spec->path)
		return spec_problem(problems, "%s: %s", path, strerror(errno));
	spec->is_program = access(spec->path, X_OK) == 0;
	if (spec->is_program)
		err = run_describe(spec->path, &text, problems);
	else
		err = read_file(spec->path, &text, problems);
	if (err == 0)
		err = spec_parse(spec, buffer_span(&text), problems);
	buffer_free(&text);
	return err;
}
