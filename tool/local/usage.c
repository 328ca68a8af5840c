/* Reads /proc. */
#include "local/usage.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct usage usage_of(pid_t pid)
{
	struct usage usage = { 0, 0 };
	unsigned long user = 0;
	unsigned long system = 0;
	long pages = 0;
	char text[1024];
	const char *end;
	FILE *file;

	snprintf(text, sizeof(text), "/proc/%ld/stat", (long)pid);
	file = fopen(text, "re");
	if (!file)
		return usage;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	/* The second field is the program's name in parentheses, which may have any in it. */
	end = strrchr(text, ')');
	if (end &&
		sscanf(end + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d "
			"%*d %*u %*u %ld",
			&user, &system, &pages) == 3) {
		usage.cpu_seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
		usage.memory = (int64_t)pages * sysconf(_SC_PAGESIZE);
	}
	return usage;
}
