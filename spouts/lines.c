/* Spout: the lines of files or of the standard input. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "protocol/write.h"

#include <cstorm/components.h>

#define READ_SIZE ((size_t)128 << 10)
#define STANDARD_INPUT "-"

struct lines {
	char **paths; /* all files, of all tasks */
	size_t path_count;
	size_t path; /* the one being read, or the next one */

	int fd; /* -1: none is open */
	bool is_standard_input;
	off_t offset; /* where the next read starts; files only */
	struct buffer buffer;
	size_t start; /* of the next line in the buffer */
	size_t scanned; /* bytes before it hold no end of that line */
	uint64_t line; /* the number of the next line, from 1 */

	struct buffer repaired; /* a line with what is not UTF-8 replaced */
	uint64_t repaired_count;
};

static int add_path(struct lines *lines, const char *path)
{
	char **paths = realloc(lines->paths, (lines->path_count + 1) * sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	lines->paths = paths;
	paths[lines->path_count] = strdup(path);
	return paths[lines->path_count++] ? 0 : -ENOMEM;
}

static int read_setting(struct storm_task *task, struct lines *lines)
{
	const json_t *setting = storm_setting_json(task, "input");
	size_t i;
	json_t *path;

	if (!json_is_array(setting))
		return add_path(lines, storm_setting(task, "input"));
	json_array_foreach(setting, i, path) {
		if (!json_is_string(path))
			return storm_error(
				task, -EINVAL, "the setting input must be a list of paths");
		if (add_path(lines, json_string_value(path)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/*
 * A file is read by offset, from where the run was given it: the descriptor is shared with the
 * process that a restarted one replaces. What was read from a pipe is gone with that process.
 */
static int open_standard_input(struct storm_task *task, struct lines *lines)
{
	off_t offset;

	lines->fd = storm_standard_input(task);
	if (lines->fd < 0)
		return lines->fd;
	if ((fcntl(lines->fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
		return storm_error(task, -EBADF, "cannot read the standard input");
	offset = lseek(lines->fd, 0, SEEK_CUR);
	lines->offset = offset < 0 ? 0 : offset;
	if (offset >= 0 || storm_task_restarts(task) == 0)
		return 0;
	return storm_error(task, -ESPIPE,
		"the standard input is a pipe and cannot be read again after a crash of %s, so lines "
		"are lost; give a file as its input to have it replayed",
		storm_task_component(task));
}

static int open_path(struct storm_task *task, struct lines *lines)
{
	const char *path = lines->paths[lines->path];

	lines->is_standard_input = strcmp(path, STANDARD_INPUT) == 0;
	if (lines->is_standard_input)
		return open_standard_input(task, lines);
	lines->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (lines->fd < 0)
		return storm_error(task, -errno, "cannot open the input %s", path);
	return 0;
}

static void close_path(struct lines *lines)
{
	if (lines->fd >= 0 && !lines->is_standard_input)
		close(lines->fd);
	lines->fd = -1;
	lines->offset = 0;
	lines->line = 1;
	lines->start = lines->scanned = 0;
	buffer_truncate(&lines->buffer, 0);
}

/* Whole files are shared out among the tasks. */
static bool is_own(const struct storm_task *task, size_t path)
{
	const char *component = storm_task_component(task);

	return path % storm_component_tasks(task, component, NULL) == storm_task_index(task);
}

/* Find out now, not in the middle of the run, that an input cannot be read. */
static int check_paths(struct storm_task *task, struct lines *lines)
{
	struct stat status;
	int err = 0;

	for (lines->path = 0; lines->path < lines->path_count && err == 0; lines->path++) {
		if (!is_own(task, lines->path))
			continue;
		err = open_path(task, lines);
		if (err == 0 && fstat(lines->fd, &status) == 0 && S_ISDIR(status.st_mode))
			err = storm_error(task, -EISDIR, "the input %s", lines->paths[lines->path]);
		close_path(lines);
	}
	lines->path = 0;
	return err;
}

static void free_lines(struct lines *lines)
{
	close_path(lines);
	for (size_t i = 0; i < lines->path_count; i++)
		free(lines->paths[i]);
	free(lines->paths);
	buffer_free(&lines->buffer);
	buffer_free(&lines->repaired);
}

static int lines_open(struct storm_task *task)
{
	struct lines *lines = storm_state(task);
	int err;

	lines->fd = -1;
	close_path(lines);
	err = read_setting(task, lines);
	if (err == 0)
		err = check_paths(task, lines);
	if (err < 0)
		free_lines(lines);
	return err;
}

/* Whether a read would not wait. */
static bool is_readable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) != 0;
}

/* Read more: 1, 0 at the end of the file, or -EAGAIN where a pipe has nothing now. */
static int read_more(struct storm_task *task, struct lines *lines)
{
	struct buffer *buffer = &lines->buffer;
	ssize_t count;

	if (lines->start > 0) {
		memmove(buffer->data, buffer->data + lines->start, buffer->length - lines->start);
		buffer->length -= lines->start;
		lines->scanned -= lines->start;
		lines->start = 0;
	}
	if (buffer_reserve(buffer, READ_SIZE) < 0)
		return storm_error(task, -ENOMEM, "a line of more than %zu bytes", buffer->length);
	do {
		count = pread(lines->fd, buffer->data + buffer->length, READ_SIZE, lines->offset);
		if (count < 0 && errno == ESPIPE) {
			if (!is_readable(lines->fd))
				return -EAGAIN;
			count = read(lines->fd, buffer->data + buffer->length, READ_SIZE);
		}
	} while (count < 0 && errno == EINTR);
	if (count < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (count < 0)
		return storm_error(task, -errno, "cannot read %s", lines->paths[lines->path]);
	lines->offset += count;
	buffer->length += (size_t)count;
	return count > 0;
}

/* The next line of the open file: as read_more. */
static int next_line(struct storm_task *task, struct lines *lines, struct span *line)
{
	struct buffer *buffer = &lines->buffer;

	for (;;) {
		const char *newline = NULL;
		size_t next;
		size_t end;
		int more = 1;

		if (lines->scanned < buffer->length)
			newline = memchr(buffer->data + lines->scanned, '\n',
				buffer->length - lines->scanned);
		lines->scanned = buffer->length;
		if (!newline)
			more = read_more(task, lines);
		if (more < 0)
			return more;
		if (!newline && more > 0)
			continue;
		if (!newline && lines->start == buffer->length)
			return 0;
		/* A line's end, or the last line, which has none. */
		end = newline ? (size_t)(newline - buffer->data) : buffer->length;
		next = newline ? end + 1 : end;
		if (newline && end > lines->start && buffer->data[end - 1] == '\r')
			end--;
		*line = (struct span){ buffer->data + lines->start, end - lines->start };
		lines->start = lines->scanned = next;
		lines->line++;
		return 1;
	}
}

/* JSON carries UTF-8 only: replace what is not, and say so. */
static struct span repair(struct storm_task *task, struct lines *lines, struct span line)
{
	const char *end = line.data + line.length;
	const char *invalid = utf8_first_invalid(line.data, end);

	if (invalid == end)
		return line;
	if (lines->repaired_count++ == 0)
		storm_log_warn(task,
			"%s, line %llu is not UTF-8 at byte %zu: such bytes become U+FFFD, here and in "
			"all lines that follow",
			lines->paths[lines->path], (unsigned long long)lines->line - 1,
			(size_t)(invalid - line.data));
	buffer_truncate(&lines->repaired, 0);
	write_utf8(&lines->repaired, line);
	return buffer_span(&lines->repaired);
}

static int emit_line(struct storm_task *task, struct lines *lines, struct span line)
{
	line = repair(task, lines, line);
	if (lines->repaired.failed)
		return storm_error(task, -ENOMEM, "a line of %zu bytes", line.length);
	return storm_emit(task, storm_string(line.data, line.length));
}

/* Say at the end of all input how many lines were repaired. */
static int finish(struct storm_task *task, struct lines *lines)
{
	if (lines->repaired_count > 0)
		storm_log_warn(task, "%llu lines were not UTF-8",
			(unsigned long long)lines->repaired_count);
	return STORM_FINISHED;
}

static int lines_next(struct storm_task *task)
{
	struct lines *lines = storm_state(task);
	struct span line = { 0 };

	while (lines->path < lines->path_count) {
		int found = 0;

		if (is_own(task, lines->path)) {
			if (lines->fd < 0)
				found = open_path(task, lines);
			if (found == 0)
				found = next_line(task, lines, &line);
		}
		if (found == -EAGAIN)
			return storm_wait_readable(task, lines->fd);
		if (found < 0)
			return found;
		if (found > 0)
			return emit_line(task, lines, line);
		close_path(lines);
		lines->path++;
	}
	return finish(task, lines);
}

static int lines_close(struct storm_task *task)
{
	free_lines(storm_state(task));
	return 0;
}

const struct storm_spout_class storm_lines_spout = {
	.summary = "the lines of files or of the standard input",
	.outputs = STORM_FIELDS("line"),
	.settings = STORM_SETTINGS(
		{ "input", "a path, a JSON list of paths, or - for the standard input", "-" }),
	.state_size = sizeof(struct lines),
	.reliable = true,
	.open = lines_open,
	.next = lines_next,
	.close = lines_close,
};
