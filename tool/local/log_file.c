#include "local/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/write_all.h"

/* Other writers (logrotate's copytruncate) change the size too. */
static void read_size(struct log_file *file)
{
	struct stat status;

	if (fstat(file->fd, &status) == 0)
		file->size = (uint64_t)status.st_size;
}

/* Whether another run has it. Devices are for everybody. */
static bool is_taken(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
		flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int log_file_open(struct log_file *file, const struct log_options *options)
{
	int fd;

	log_file_close(file);
	file->options = options;
	fd = open(options->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (is_taken(fd)) {
		close(fd);
		return -EWOULDBLOCK;
	}
	file->fd = fd;
	read_size(file);
	return 0;
}

void log_file_close(struct log_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

/* FILE.1 is the youngest of the old ones. */
static int name_file(char name[static PATH_MAX], const struct log_options *options, unsigned age)
{
	int length = snprintf(name, PATH_MAX, age > 0 ? "%s.%u" : "%s", options->path, age);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Let every file be one older, and begin a new one. */
static int rotate(struct log_file *file)
{
	const struct log_options *options = file->options;
	char from[PATH_MAX];
	char to[PATH_MAX];

	for (unsigned age = options->old_files; age > 0; age--) {
		int err = name_file(to, options, age);

		if (err == 0)
			err = name_file(from, options, age - 1);
		if (err < 0)
			return err;
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	if (options->old_files == 0 && ftruncate(file->fd, 0) < 0)
		return -errno;
	return log_file_open(file, options);
}

static int make_room(struct log_file *file, size_t length)
{
	if (file->size + length <= file->options->size)
		return 0;
	read_size(file);
	if (file->size == 0 || file->size + length <= file->options->size)
		return 0;
	return rotate(file);
}

int log_file_write(struct log_file *file, struct span lines)
{
	int err = file->fd < 0 ? log_file_open(file, file->options) : 0;

	if (err == 0)
		err = make_room(file, lines.length);
	if (err < 0)
		return err;
	err = write_all(file->fd, lines);
	if (err == 0)
		file->size += lines.length;
	else if (ftruncate(file->fd, (off_t)file->size) < 0)
		read_size(file);
	return err;
}
