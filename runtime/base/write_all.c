#include "base/write_all.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int write_all(int fd, struct span bytes)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };

	while (bytes.length > 0) {
		ssize_t count = write(fd, bytes.data, bytes.length);

		if (count < 0 && errno == EAGAIN)
			poll(&writable, 1, -1); /* somebody has made it non-blocking */
		else if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0) {
			bytes.data += count;
			bytes.length -= (size_t)count;
		}
	}
	return 0;
}
