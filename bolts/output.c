/* Opens what a bolt writes to. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int output_open(struct storm_task *task, int flags)
{
	const char *path = storm_setting(task, "output");
	int fd;

	if (strcmp(path, "-") == 0) {
		fd = storm_standard_output(task);
		if (fd < 0)
			return fd;
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	} else {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
	}
	return fd < 0 ? storm_error(task, -errno, "cannot open the output %s", path) : fd;
}
