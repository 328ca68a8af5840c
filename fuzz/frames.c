/* Frames: however the bytes come in, they are the same. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "protocol/frame.h"

#define LIMIT 512

/* Append the frames that are there, each with its length. Returns 0 or what ends the stream. */
static int take_frames(struct frame_reader *reader, struct buffer *frames)
{
	struct span frame;
	int found;

	while ((found = frame_reader_next(reader, &frame)) > 0) {
		REQUIRE(frame.length <= LIMIT);
		buffer_append_integer(frames, (int64_t)frame.length);
		buffer_append_literal(frames, ":");
		buffer_append_span(frames, frame);
	}
	return found;
}

/* Read bytes in pieces, whose sizes are taken from `sizes`; none: all at once. */
static int read_pieces(enum wire wire, struct span bytes, struct span sizes, struct buffer *frames)
{
	struct frame_reader reader = { .wire = wire, .limit = LIMIT };
	size_t turn = 0;
	int err = 0;

	while (bytes.length > 0 && err == 0) {
		size_t piece = sizes.length > 0 ?
			(unsigned char)sizes.data[turn++ % sizes.length] % 37U + 1U :
			bytes.length;

		if (piece > bytes.length)
			piece = bytes.length;
		REQUIRE(frame_reader_feed(&reader, bytes.data, piece) == 0);
		bytes.data += piece;
		bytes.length -= piece;
		err = take_frames(&reader, frames);
	}
	if (err == 0) {
		buffer_append_literal(frames, "|");
		buffer_append_span(frames, frame_reader_rest(&reader));
	}
	REQUIRE(err == 0 || err == -EMSGSIZE || err == -EBADMSG);
	frame_reader_free(&reader);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wire wire = size > 0 && data[0] % 2 ? WIRE_MSGPACK : WIRE_JSON;
	size_t head = size < 4 ? size : 4;
	char *copy = fuzz_copy(data, size);
	struct span bytes = { copy + head, size - head };
	struct buffer whole = { 0 };
	struct buffer pieces = { 0 };
	int err = read_pieces(wire, bytes, (struct span){ NULL, 0 }, &whole);

	REQUIRE(read_pieces(wire, bytes, (struct span){ copy, head }, &pieces) == err);
	REQUIRE(whole.length == pieces.length);
	REQUIRE(whole.length == 0 || memcmp(whole.data, pieces.data, whole.length) == 0);
	buffer_free(&whole);
	buffer_free(&pieces);
	free(copy);
	return 0;
}
