#include "spec/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)16 << 20)
#define READ_SIZE 65536

/* Read all that there is: 0 or a negative errno. */
static int read_all(int fd, struct buffer *text)
{
	for (;;) {
		ssize_t count;

		if (text->length > FILE_LIMIT)
			return -EFBIG;
		if (buffer_reserve(text, READ_SIZE) < 0)
			return -ENOMEM;
		count = read(fd, text->data + text->length, READ_SIZE);
		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0)
			return 0;
		if (count > 0)
			text->length += (size_t)count;
	}
}

int file_read(const char *path, struct buffer *text, struct problems *problems)
{
	const struct place place = { .file = path };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return problems_error(problems, place, "%s", strerror(errno));
	err = read_all(fd, text);
	close(fd);
	return err < 0 ? problems_error(problems, place, "%s", strerror(-err)) : 0;
}
