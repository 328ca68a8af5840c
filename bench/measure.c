/*
 * measure COMMAND [ARGUMENT]...: runs a command, and prints on the standard error what it took: seconds on the clock, seconds
 * of the processor, and the largest resident memory in bytes. It is small, for Linux counts the memory of who starts a
 * process as the process's own; and it starts it at once, where an interpreter would be measured with it.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	double start = now();
	struct rusage usage;
	pid_t pid = argc > 1 ? fork() : -1;

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(127);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, NULL, 0, &usage) < 0)
		return 1;
	fprintf(stderr, "%.9f %.6f %ld\n", now() - start,
		seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss * 1024);
	return 0;
}
