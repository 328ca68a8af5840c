/*
 * Moves the standard input and output aside.
 *
 * Descriptor 1 becomes a file in memory, not a pipe: nobody reads while the component's code
 * runs, so a pipe would block a component that prints much, for ever. What was read is given back
 * by punching it out of the file.
 */
#include "component/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE 4096

/* A line that is longer is handed over in parts. */
#define LINE_LIMIT ((size_t)32 << 10)

static int move_aside(int fd, int replacement)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int err = 0;

	if (moved < 0 || dup2(replacement, fd) < 0)
		err = -errno;
	return err < 0 ? err : moved;
}

int stdio_take(struct stdio *stdio)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (nothing < 0)
		return -errno;
	stdio->input = move_aside(STDIN_FILENO, nothing);
	close(nothing);
	if (stdio->input < 0)
		return stdio->input;
	stdio->collected = memfd_create("stdout", MFD_CLOEXEC);
	if (stdio->collected < 0)
		return -errno;
	stdio->output = move_aside(STDOUT_FILENO, stdio->collected);
	if (stdio->output < 0)
		return stdio->output;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return 0;
}

static void collect_bytes(struct stdio *stdio, struct span bytes,
	void (*handle_line)(void *context, struct span line), void *context)
{
	while (bytes.length > 0) {
		const char *newline = memchr(bytes.data, '\n', bytes.length);
		size_t length = newline ? (size_t)(newline - bytes.data) : bytes.length;

		buffer_append(&stdio->line, bytes.data, length);
		if (newline || stdio->line.length >= LINE_LIMIT) {
			handle_line(context, buffer_span(&stdio->line));
			buffer_truncate(&stdio->line, 0);
		}
		length += newline != NULL;
		bytes.data += length;
		bytes.length -= length;
	}
}

void stdio_collect(struct stdio *stdio, bool last,
	void (*handle_line)(void *context, struct span line), void *context)
{
	off_t first = stdio->read;
	struct stat status;
	char bytes[READ_SIZE];
	ssize_t count = 0;

	if (last)
		fflush(stdout);
	if (fstat(stdio->collected, &status) < 0)
		return;
	while (stdio->read < status.st_size &&
		(count = pread(stdio->collected, bytes, sizeof(bytes), stdio->read)) > 0) {
		stdio->read += count;
		collect_bytes(stdio, (struct span){ bytes, (size_t)count }, handle_line, context);
	}
	if (stdio->read > first)
		fallocate(stdio->collected, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first,
			stdio->read - first);
	if (last && stdio->line.length > 0) {
		handle_line(context, buffer_span(&stdio->line));
		buffer_truncate(&stdio->line, 0);
	}
}

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void stdio_close(struct stdio *stdio)
{
	close_if_open(&stdio->input);
	close_if_open(&stdio->output);
	close_if_open(&stdio->collected);
	buffer_free(&stdio->line);
}
