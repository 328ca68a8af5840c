/* Bytes on their way to a descriptor. */
#include "protocol/output.h"

#include <errno.h>
#include <unistd.h>

/* Once the written part is this large and the larger half, the rest moves to the front. */
#define COMPACT_SIZE ((size_t)256 << 10)

static void compact(struct output *output)
{
	struct buffer *buffer = &output->buffer;

	if (output->sent < COMPACT_SIZE || output->sent < buffer->length / 2)
		return;
	memmove(buffer->data, buffer->data + output->sent, buffer->length - output->sent);
	buffer->length -= output->sent;
	output->sent = 0;
}

int output_flush(struct output *output, int fd)
{
	while (output_pending(output) > 0) {
		ssize_t count =
			write(fd, output->buffer.data + output->sent, output_pending(output));

		if (count >= 0) {
			output->sent += (size_t)count;
		} else if (errno == EAGAIN) {
			compact(output);
			return 0;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	output->buffer.length = output->sent = 0;
	return 1;
}

void output_clear(struct output *output)
{
	buffer_truncate(&output->buffer, 0);
	output->sent = 0;
}

void output_free(struct output *output)
{
	buffer_free(&output->buffer);
	output->sent = 0;
}
