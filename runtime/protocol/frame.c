/* Finds frames in a stream of bytes. */
#include "protocol/frame.h"

#include <errno.h>
#include <unistd.h>

#include "protocol/msgpack.h"

/* One read takes what a pipe of the largest usual size holds. */
#define READ_SIZE ((size_t)128 << 10)

/* What may follow a frame's text while its end is still on the way. */
#define LONGEST_UNFINISHED_END (sizeof("\nend\r") - 1)

void frame_reader_free(struct frame_reader *reader)
{
	buffer_free(&reader->buffer);
	reader->start = reader->line = reader->scanned = 0;
	reader->missing = 0;
}

/* Forget the frames that were returned, and make room for at least `length` more bytes. */
static int make_room(struct frame_reader *reader, size_t length)
{
	struct buffer *buffer = &reader->buffer;

	if (reader->start == buffer->length) {
		buffer->length = reader->start = reader->line = reader->scanned = 0;
	} else if (reader->start > 0 && buffer->capacity - buffer->length < length) {
		memmove(buffer->data, buffer->data + reader->start, buffer->length - reader->start);
		buffer->length -= reader->start;
		reader->line -= reader->start;
		reader->scanned -= reader->start;
		reader->start = 0;
	}
	return buffer_reserve(buffer, length);
}

ssize_t frame_reader_read(struct frame_reader *reader, int fd)
{
	ssize_t count;

	if (make_room(reader, READ_SIZE) < 0)
		return -ENOMEM;
	do
		count = read(fd, reader->buffer.data + reader->buffer.length, READ_SIZE);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	reader->buffer.length += (size_t)count;
	return count;
}

int frame_reader_feed(struct frame_reader *reader, const char *data, size_t length)
{
	if (make_room(reader, length) < 0)
		return -ENOMEM;
	buffer_append(&reader->buffer, data, length);
	return 0;
}

static bool is_end(const char *line, size_t length)
{
	if (length == 4 && line[3] == '\r')
		length = 3;
	return length == 3 && memcmp(line, "end", 3) == 0;
}

static int next_json(struct frame_reader *reader, size_t limit, struct span *frame)
{
	const char *data = reader->buffer.data;

	while (reader->scanned < reader->buffer.length) {
		size_t start = reader->start;
		size_t line = reader->line;
		const char *newline = memchr(
			data + reader->scanned, '\n', reader->buffer.length - reader->scanned);

		if (!newline) {
			reader->scanned = reader->buffer.length;
			break;
		}
		reader->line = reader->scanned = (size_t)(newline - data) + 1;
		if (!is_end(data + line, (size_t)(newline - data) - line))
			continue;
		reader->start = reader->line;
		*frame = (struct span){ data + start, line > start ? line - 1 - start : 0 };
		return frame->length > limit ? -EMSGSIZE : 1;
	}
	if (reader->buffer.length - reader->start > limit + LONGEST_UNFINISHED_END)
		return -EMSGSIZE;
	return 0;
}

/* Look at one value after the other until none is missing. */
static int next_msgpack(struct frame_reader *reader, size_t limit, struct span *frame)
{
	const char *data = reader->buffer.data;
	const char *end = data + reader->buffer.length;
	size_t length = 0;

	if (reader->scanned == reader->start)
		reader->missing = 1;
	while (reader->missing > 0) {
		struct msgpack_header header;
		int found = msgpack_read_header(data + reader->scanned, end, &header);

		if (found <= 0)
			return found;
		length = reader->scanned + header.size + header.payload - reader->start;
		if (length > limit)
			return -EMSGSIZE;
		if (length > reader->buffer.length - reader->start)
			return 0;
		reader->scanned = reader->start + length;
		reader->missing += header.children - 1;
	}
	*frame = (struct span){ data + reader->start, length };
	reader->start = reader->line = reader->scanned;
	return 1;
}

static int next_line(struct frame_reader *reader, size_t limit, struct span *frame)
{
	const char *from = reader->buffer.data + reader->scanned;
	size_t length = reader->buffer.length - reader->scanned;
	const char *newline = length > 0 ? memchr(from, '\n', length) : NULL;

	reader->scanned =
		newline ? reader->scanned + (size_t)(newline - from) + 1 : reader->buffer.length;
	length = reader->scanned - reader->start;
	if (length > limit)
		return -EMSGSIZE;
	if (!newline)
		return 0;
	*frame = (struct span){ reader->buffer.data + reader->start, length - 1 };
	reader->start = reader->line = reader->scanned;
	return 1;
}

int frame_reader_next(struct frame_reader *reader, struct span *frame)
{
	size_t limit = reader->limit > 0 ? reader->limit : FRAME_LIMIT;

	if (reader->wire == WIRE_MSGPACK)
		return next_msgpack(reader, limit, frame);
	if (reader->wire == WIRE_LINES)
		return next_line(reader, limit, frame);
	return next_json(reader, limit, frame);
}

struct span frame_reader_rest(const struct frame_reader *reader)
{
	if (reader->buffer.length == reader->start)
		return (struct span){ "", 0 };
	return (struct span){ reader->buffer.data + reader->start,
		reader->buffer.length - reader->start };
}
