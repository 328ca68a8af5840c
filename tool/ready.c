#include "ready.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "cstorm-components"

void ready_program(char *path)
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash;

	path[length > 0 && length < PATH_MAX ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash && (size_t)(slash - path) + sizeof(PROGRAM) + 1 < PATH_MAX)
		strcpy(slash + 1, PROGRAM);
	if (access(path, X_OK) < 0)
		strcpy(path, PROGRAM);
}
