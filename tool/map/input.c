/* The lines of files, or of the standard input, one after the other. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "map/map.h"

#define BLOCK_SIZE ((size_t)256 << 10)

/* A longer line does not fit in a message. */
#define LINE_LIMIT ((size_t)32 << 20)

static const char *name_of(const struct map *map, size_t file)
{
	const struct map_options *options = map->options;

	if (options->path_count == 0 || strcmp(options->paths[file], "-") == 0)
		return "standard input";
	return options->paths[file];
}

static size_t file_count(const struct map *map)
{
	return map->options->path_count > 0 ? map->options->path_count : 1;
}

static int open_file(const struct map *map, size_t file)
{
	int fd;

	if (map->options->path_count == 0 || strcmp(map->options->paths[file], "-") == 0)
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = open(map->options->paths[file], O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int say_failed(const struct map *map, size_t file, const char *what, int err)
{
	log_line(STORM_LOG_ERROR, NULL, "cannot %s %s: %s", what, name_of(map, file),
		strerror(-err));
	return err;
}

/* Add the size of what is left to read; nobody knows it if one is no regular file. */
static void add_size(struct input *input, int fd, bool *known)
{
	struct stat status;
	off_t at;

	*known &= fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	at = *known ? lseek(fd, 0, SEEK_CUR) : 0;
	if (*known && at >= 0 && at < status.st_size)
		input->size += (uint64_t)(status.st_size - at);
}

int input_check(struct map *map)
{
	struct input *input = &map->input;
	bool known = true;
	struct stat status;
	int err = 0;

	input->fd = -1;
	input->files = calloc(file_count(map), sizeof(*input->files));
	if (!input->files)
		return -ENOMEM;
	for (size_t i = 0; i < file_count(map) && err == 0; i++) {
		int fd = open_file(map, i);

		if (fd < 0)
			return say_failed(map, i, "open", fd);
		if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
			err = say_failed(map, i, "read", -EISDIR);
		add_size(input, fd, &known);
		close(fd);
	}
	if (!known)
		input->size = 0;
	return err;
}

/* Begin with the next file: whether there is one. */
static int begin_next(struct map *map)
{
	struct input *input = &map->input;
	size_t file = input->file_count;

	if (file == file_count(map)) {
		input->ended = true;
		return 0;
	}
	input->fd = open_file(map, file);
	if (input->fd < 0)
		return say_failed(map, file, "open", input->fd);
	input->files[file] = (struct input_file){ name_of(map, file), map->next };
	input->file_count++;
	return 1;
}

/* Move the line being read to the block's begin. */
static void make_room(struct input *input)
{
	size_t left = input->block.length - input->start;

	if (input->start == 0)
		return;
	memmove(input->block.data, input->block.data + input->start, left);
	input->block.length = left;
	input->scanned -= input->start;
	input->start = 0;
}

/* The end of a file ends its last line, too. */
static void end_file(struct input *input)
{
	struct buffer *block = &input->block;

	close(input->fd);
	input->fd = -1;
	if (block->length > input->start && block->data[block->length - 1] != '\n')
		buffer_append_literal(block, "\n");
}

int input_read(struct map *map)
{
	struct input *input = &map->input;
	ssize_t count;
	int err;

	/* The files' lines must not meet: all of one are taken before the next one begins. */
	if (input->fd < 0) {
		err = begin_next(map);
		if (err <= 0)
			return err;
	}
	make_room(input);
	if (input->block.length > LINE_LIMIT) {
		log_line(STORM_LOG_ERROR, NULL,
			"%s:%llu: the line is longer than %zu MiB: too long for a tuple",
			input->files[input->file_count - 1].name,
			(unsigned long long)(map->next - input->files[input->file_count - 1].first +
				1),
			LINE_LIMIT >> 20);
		return -EMSGSIZE;
	}
	if (buffer_reserve(&input->block, BLOCK_SIZE) < 0)
		return -ENOMEM;
	do
		count = read(input->fd, input->block.data + input->block.length, BLOCK_SIZE);
	while (count < 0 && errno == EINTR && map_signals == 0);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (count < 0)
		return say_failed(map, input->file_count - 1, "read", -errno);
	if (count == 0)
		end_file(input);
	input->block.length += (size_t)count;
	input->read += (uint64_t)count;
	return input->block.failed ? -ENOMEM : 0;
}

int input_next(struct map *map, struct span *line)
{
	struct input *input = &map->input;
	const char *from = input->block.data + input->scanned;
	const char *newline = NULL;

	if (input->block.length > input->scanned)
		newline = memchr(from, '\n', input->block.length - input->scanned);
	if (!newline) {
		input->scanned = input->block.length;
		return 0;
	}
	line->data = input->block.data + input->start;
	line->length = (size_t)(newline - line->data);
	input->start += line->length + 1;
	input->scanned = input->start;
	if (line->length > 0 && line->data[line->length - 1] == '\r')
		line->length--;
	return 1;
}

const char *input_place(const struct input *input, uint64_t number, struct buffer *place)
{
	size_t file = input->file_count - 1;

	while (file > 0 && input->files[file].first > number)
		file--;
	buffer_append_format(place, "%s:%llu", input->files[file].name,
		(unsigned long long)(number - input->files[file].first + 1));
	return buffer_text(place);
}

void input_free(struct input *input)
{
	if (input->fd >= 0)
		close(input->fd);
	free(input->files);
	buffer_free(&input->block);
}
