/*
 * Moves the standard descriptors aside.
 *
 * Descriptors 1 and 2 become files in memory, not pipes: nobody reads while the component's code
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

/* The bytes of a character, at most. */
#define UTF8_MOST 4

/* Sanitizers report on descriptor 2 and end the process: to them it stays what it was. */
void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

static int move_aside(int fd, int replacement)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int err = 0;

	if (moved < 0 || dup2(replacement, fd) < 0)
		err = -errno;
	return err < 0 ? err : moved;
}

/* Put a file in memory behind a descriptor; returns what the descriptor was. */
static int collect_from(int fd, struct collector *collector, const char *name)
{
	collector->file = memfd_create(name, MFD_CLOEXEC);
	if (collector->file < 0)
		return -errno;
	/* Several processes may write it: each at the end that it has then. */
	if (fcntl(collector->file, F_SETFL, O_APPEND) < 0)
		return -errno;
	return move_aside(fd, collector->file);
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
	stdio->output = collect_from(STDOUT_FILENO, &stdio->printed, "stdout");
	if (stdio->output < 0)
		return stdio->output;
	stdio->errors = collect_from(STDERR_FILENO, &stdio->complained, "stderr");
	if (stdio->errors < 0)
		return stdio->errors;
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)stdio->errors);
	setvbuf(stdout, NULL, _IOLBF, 0);
	return 0;
}

/* Hand over what there is of a line, but for a character that may not be whole. */
static void hand_over_part(struct collector *collector,
	void (*handle_line)(void *context, struct span line), void *context)
{
	struct buffer *line = &collector->line;
	const unsigned char *bytes = (const unsigned char *)line->data;
	size_t end = line->length;

	while (line->length - end < UTF8_MOST - 1 && (bytes[end - 1] & 0xC0) == 0x80)
		end--;
	end = bytes[end - 1] >= 0xC0 ? end - 1 : line->length;
	handle_line(context, (struct span){ line->data, end });
	memmove(line->data, line->data + end, line->length - end);
	line->length -= end;
}

static void collect_bytes(struct collector *collector, struct span bytes,
	void (*handle_line)(void *context, struct span line), void *context)
{
	while (bytes.length > 0) {
		const char *newline = memchr(bytes.data, '\n', bytes.length);
		size_t length = newline ? (size_t)(newline - bytes.data) : bytes.length;
		size_t room = LINE_LIMIT - collector->line.length;

		if (length > room && room == 0) {
			hand_over_part(collector, handle_line, context);
			continue;
		}
		if (length > room) {
			length = room;
			newline = NULL;
		}
		buffer_append(&collector->line, bytes.data, length);
		if (newline) {
			handle_line(context, buffer_span(&collector->line));
			buffer_truncate(&collector->line, 0);
		}
		length += newline != NULL;
		bytes.data += length;
		bytes.length -= length;
	}
}

/* The end of the file, or -1. */
static off_t end_of(const struct collector *collector)
{
	struct stat status;

	return fstat(collector->file, &status) == 0 ? status.st_size : -1;
}

void stdio_collect(struct collector *collector, bool last,
	void (*handle_line)(void *context, struct span line), void *context)
{
	off_t first = collector->read;
	off_t end = end_of(collector);
	char bytes[READ_SIZE];
	ssize_t count = 0;

	while (collector->read < end &&
		(count = pread(collector->file, bytes, sizeof(bytes), collector->read)) > 0) {
		collector->read += count;
		collect_bytes(
			collector, (struct span){ bytes, (size_t)count }, handle_line, context);
	}
	if (collector->read > first)
		fallocate(collector->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first,
			collector->read - first);
	if (last && collector->line.length > 0) {
		handle_line(context, buffer_span(&collector->line));
		buffer_truncate(&collector->line, 0);
	}
}

size_t stdio_tail(const struct collector *collector, char *bytes, size_t size)
{
	off_t end = end_of(collector);
	off_t start = end - (off_t)size > collector->read ? end - (off_t)size : collector->read;
	ssize_t count = start < end ? pread(collector->file, bytes, size, start) : 0;

	return count > 0 ? (size_t)count : 0;
}

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_collector(struct collector *collector)
{
	close_if_open(&collector->file);
	buffer_free(&collector->line);
}

void stdio_close(struct stdio *stdio)
{
	if (stdio->errors >= 0)
		dup2(stdio->errors, STDERR_FILENO);
	close_if_open(&stdio->input);
	close_if_open(&stdio->output);
	close_collector(&stdio->printed);
	close_collector(&stdio->complained);
	/* A sanitizer may still have something to say to it. */
	if (!__sanitizer_set_report_fd)
		close_if_open(&stdio->errors);
}
