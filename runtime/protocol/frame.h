/*
 * Frames: where one message ends and the next one begins.
 *
 * In JSON a message is its text, a newline, `end`, a newline. The text itself may have line breaks; a
 * carriage return before the newline of `end` is allowed, as Storm's reader does. In MessagePack
 * messages follow one another, and each says by itself how long it is. Lines end with a newline.
 */
#ifndef PROTOCOL_FRAME_H
#define PROTOCOL_FRAME_H

#include <sys/types.h>

#include "protocol/wire.h"

/* The largest frame that is read, unless a reader says otherwise. */
#define FRAME_LIMIT ((size_t)64 << 20)

#define FRAME_END "\nend\n"

/* What follows each message. */
static inline void buffer_append_frame_end(struct buffer *buffer, enum wire wire)
{
	if (wire == WIRE_JSON)
		buffer_append_literal(buffer, FRAME_END);
	else if (wire == WIRE_LINES)
		buffer_append_literal(buffer, "\n");
}

/* Finds frames in a stream of bytes that comes in pieces of any size. */
struct frame_reader {
	struct buffer buffer;
	size_t start; /* of the frame being read */
	size_t scanned; /* bytes before it were looked at */
	size_t line; /* JSON: the start of the line being read */
	uint64_t missing; /* MessagePack: values that are still to come in this frame */
	size_t limit; /* of a frame's bytes; 0: FRAME_LIMIT */
	enum wire wire;
};

/* The wire that a message with this first byte is on. */
static inline enum wire wire_of(char first)
{
	if (first & 0x80)
		return WIRE_MSGPACK;
	return first == '\t' ? WIRE_LINES : WIRE_JSON;
}

void frame_reader_free(struct frame_reader *reader);

/*
 * Read once from a descriptor. Returns the number of bytes, 0 at the end of the input, or a
 * negative errno (-EAGAIN where nothing is there now).
 */
ssize_t frame_reader_read(struct frame_reader *reader, int fd);

/* Hand bytes to the reader: 0 or -ENOMEM. */
int frame_reader_feed(struct frame_reader *reader, const char *data, size_t length);

/*
 * The next whole frame, without its end: 1 and the frame; 0 when more bytes are needed;
 * -EMSGSIZE when it is larger than the limit; -EBADMSG where what comes is not MessagePack. The frame
 * is borrowed until bytes are read or fed.
 */
int frame_reader_next(struct frame_reader *reader, struct span *frame);

/* The bytes of a frame whose end has not come. */
struct span frame_reader_rest(const struct frame_reader *reader);

#endif
