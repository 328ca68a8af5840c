/* Asks a topology's program for its description. */
#include "spec/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define DESCRIPTION_LIMIT ((size_t)16 << 20)
#define DESCRIPTION_SECONDS 20

/* Read all that a descriptor gives: 0, -EFBIG, -ETIMEDOUT or another negative errno. */
static int read_all(int fd, double deadline, struct buffer *text)
{
	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int wait = (int)((deadline - clock_now()) * 1000);
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
static void become_describe(const char *path, const char *folder, int output)
{
	char *const words[] = { (char *)path, (char *)"--describe", NULL };
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(nothing, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
		(!folder || chdir(folder) == 0)) {
		/* With a slash, not the shell's way: what is no program is none. */
		if (strchr(path, '/'))
			execv(path, words);
		else
			execvp(path, words);
	}
	fprintf(stderr, "%s: cannot be run: %s\n", path, strerror(errno));
	_exit(127);
}

/* Wait for the end of a process; one that outlives the deadline is killed. */
static int wait_for_end(pid_t pid, double deadline, int *status)
{
	const struct timespec moment = { .tv_nsec = 5000000 };

	while (waitpid(pid, status, WNOHANG) == 0) {
		if (clock_now() > deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, status, 0);
			return -ETIMEDOUT;
		}
		nanosleep(&moment, NULL);
	}
	return 0;
}

/* Run the program with --describe and take what it prints. */
int program_describe(
	const char *path, const char *folder, struct buffer *text, struct problems *problems)
{
	const struct place place = { .file = path };
	double deadline = clock_now() + DESCRIPTION_SECONDS;
	int status = 0;
	int pipes[2];
	pid_t pid;
	int err;
	int late;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return problems_error(problems, place, "no pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		become_describe(path, folder, pipes[1]);
	close(pipes[1]);
	if (pid < 0) {
		close(pipes[0]);
		return problems_error(problems, place, "cannot be run: %s", strerror(errno));
	}
	err = read_all(pipes[0], deadline, text);
	close(pipes[0]);
	late = wait_for_end(pid, err < 0 ? 0 : deadline, &status);
	if (err == 0)
		err = late;
	if (err == -ETIMEDOUT)
		return problems_error(problems, place,
			"--describe did not end in %d seconds: is it a topology?",
			DESCRIPTION_SECONDS);
	if (err < 0)
		return problems_error(problems, place, "--describe: %s", strerror(-err));
	if (WIFSIGNALED(status))
		return problems_error(problems, place, "--describe was killed by signal %d (%s)",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return problems_error(problems, place,
			"--describe failed with status %d: is it a topology?", WEXITSTATUS(status));
	return 0;
}
