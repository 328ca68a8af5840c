#include "jar/libraries.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The files of glibc and of GCC's runtime, which no system that runs Java is without; and musl's one. */
static const char *const base[] = { "ld-", "linux-vdso.", "linux-gate.", "libc.so.", "libm.so.",
	"libmvec.so.", "libpthread.so.", "libdl.so.", "librt.so.", "libresolv.so.", "libutil.so.",
	"libanl.so.", "libnsl.so.", "libgcc_s.so.", "libc.musl-" };

bool library_is_base(const char *name)
{
	const char *slash = strrchr(name, '/');

	name = slash ? slash + 1 : name;
	for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++) {
		if (strncmp(name, base[i], strlen(base[i])) == 0)
			return true;
	}
	return false;
}

/* Start a loader with --list, and give what it says: its pid, or a negative errno. */
static pid_t start_list(const char *loader, const char *program, FILE **output)
{
	char *const words[] = { (char *)loader, (char *)"--list", (char *)program, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid;
	int err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	err = posix_spawn(&pid, loader, &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*output = err == 0 ? fdopen(ends[0], "r") : NULL;
	if (*output)
		return pid;
	close(ends[0]);
	return err != 0 ? -err : -ENOMEM;
}

/*
 * A line is "NAME => PATH (ADDRESS)" or "NAME => not found"; or "NAME (ADDRESS)" for the loader, what the kernel has,
 * and a library that is named by its path.
 */
static int take_line(
	char *line, int (*found)(void *context, const char *name, const char *path), void *context)
{
	char *arrow = strstr(line, " => ");
	char *path = arrow ? arrow + 4 : NULL;
	char *end = strstr(path ? path : line, " (");

	if (arrow)
		*arrow = '\0';
	if (end)
		*end = '\0';
	line += strspn(line, " \t");
	return found(context, line, path && path[0] == '/' ? path : NULL);
}

int libraries_list(const char *loader, const char *program,
	int (*found)(void *context, const char *name, const char *path), void *context)
{
	FILE *output = NULL;
	pid_t pid = start_list(loader, program, &output);
	char *line = NULL;
	size_t size = 0;
	int status = 0;
	int err = 0;

	if (pid < 0)
		return pid;
	while (err == 0 && getline(&line, &size, output) > 0)
		err = take_line(line, found, context);
	free(line);
	fclose(output);
	waitpid(pid, &status, 0);
	return err == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ? -ENOEXEC : err;
}
