/* Finding frames in bytes that come in pieces of any size. */
#include "protocol/frame.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "random.h"

/* Feed a piece, and check that it completes the next ones of the expected frames. */
static void feed(
	struct frame_reader *reader, const char *piece, size_t length, const struct span **expected)
{
	struct span frame;
	int more;

	cr_assert_eq(frame_reader_feed(reader, piece, length), 0);
	while ((more = frame_reader_next(reader, &frame)) > 0) {
		cr_assert_not_null((*expected)->data, "more frames than there are");
		cr_assert(span_equals(frame, **expected), "expected '%s', got '%.*s'",
			(*expected)->data, (int)frame.length, frame.data);
		(*expected)++;
	}
	cr_assert_eq(more, 0);
}

/* Frames as they come in, what they are, and what is left when the input ends. */
struct stream {
	const char *name;
	struct span wire;
	struct span frames[5]; /* all zero behind the last one */
	struct span rest;
};

/* The frames are as expected wherever the bytes are cut in three. */
static void check_in_three_pieces(const struct stream *stream)
{
	struct span wire = stream->wire;

	for (size_t first = 0; first <= wire.length; first++) {
		for (size_t second = first; second <= wire.length; second++) {
			struct frame_reader reader = { 0 };
			const struct span *expected = stream->frames;

			feed(&reader, wire.data, first, &expected);
			feed(&reader, wire.data + first, second - first, &expected);
			feed(&reader, wire.data + second, wire.length - second, &expected);
			cr_assert_null(expected->data, "%s, cut at %zu and %zu: no '%s'",
				stream->name, first, second, expected->data);
			cr_assert(span_equals(frame_reader_rest(&reader), stream->rest),
				"%s, cut at %zu and %zu: another rest", stream->name, first,
				second);
			frame_reader_free(&reader);
		}
	}
}

static void check_byte_by_byte(const struct stream *stream)
{
	struct frame_reader reader = { 0 };
	const struct span *expected = stream->frames;

	for (size_t i = 0; i < stream->wire.length; i++)
		feed(&reader, stream->wire.data + i, 1, &expected);
	cr_assert_null(expected->data, "%s: no '%s'", stream->name, expected->data);
	cr_assert(span_equals(frame_reader_rest(&reader), stream->rest), "%s", stream->name);
	frame_reader_free(&reader);
}

#define BYTES(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static const struct stream streams[] = {
	{ "nothing", BYTES(""), { { NULL, 0 } }, BYTES("") },
	{ "one frame", BYTES("{\"command\":\"next\"}\nend\n"), { BYTES("{\"command\":\"next\"}") },
		BYTES("") },
	{ "many frames", BYTES("{\"a\":1}\nend\n[4,5]\nend\n{}\nend\n[]\nend\n"),
		{ BYTES("{\"a\":1}"), BYTES("[4,5]"), BYTES("{}"), BYTES("[]") }, BYTES("") },
	{ "line breaks in the text", BYTES("{\n\"a\":\n1\n}\nend\n\n[\n]\n\nend\n"),
		{ BYTES("{\n\"a\":\n1\n}"), BYTES("\n[\n]\n") }, BYTES("") },
	{ "a carriage return behind end", BYTES("{}\r\nend\r\n[]\nend\r\n"),
		{ BYTES("{}\r"), BYTES("[]") }, BYTES("") },
	{ "no text", BYTES("end\nend\r\nend\n"), { BYTES(""), BYTES(""), BYTES("") }, BYTES("") },
	{ "an empty line", BYTES("\nend\n\r\nend\n"), { BYTES(""), BYTES("\r") }, BYTES("") },
	{ "lines that begin with end", BYTES("ending\nend \nend\r\r\nendend\nend\n"),
		{ BYTES("ending\nend \nend\r\r\nendend") }, BYTES("") },
	{ "lines that end with end", BYTES(" end\n\rend\n1end\nsend\nend\n"),
		{ BYTES(" end\n\rend\n1end\nsend") }, BYTES("") },
	{ "lines that are nearly end", BYTES("END\nen\nd\nenf\n\"end\"\nend\n"),
		{ BYTES("END\nen\nd\nenf\n\"end\"") }, BYTES("") },
	{ "end within a line", BYTES("{\"end\":\"end\"}\nend\n"), { BYTES("{\"end\":\"end\"}") },
		BYTES("") },
	{ "zero bytes", BYTES("a\0b\nend\n\0\nend\n\0end\n"), { BYTES("a\0b"), BYTES("\0") },
		BYTES("\0end\n") },
	{ "a frame whose end has not come", BYTES("{}\nend\n{\"a\":1}\nen"), { BYTES("{}") },
		BYTES("{\"a\":1}\nen") },
	{ "an end without its newline", BYTES("{}\nend"), { { NULL, 0 } }, BYTES("{}\nend") },
	{ "a line break alone", BYTES("[]\nend\n\n"), { BYTES("[]") }, BYTES("\n") },
};

#define STREAM_COUNT (sizeof(streams) / sizeof(streams[0]))

Test(frame_reader, finds_the_frames_of_bytes_in_three_pieces)
{
	for (size_t i = 0; i < STREAM_COUNT; i++)
		check_in_three_pieces(&streams[i]);
}

Test(frame_reader, finds_the_frames_of_bytes_that_come_one_by_one)
{
	for (size_t i = 0; i < STREAM_COUNT; i++)
		check_byte_by_byte(&streams[i]);
}

/* Text of lines of which some are nearly an end. */
static void random_frame(struct random *random, struct buffer *text)
{
	static const char *const lines[] = { "{\"id\":\"1\",\"tuple\":[\"word\"]}", "", "en",
		" end", "end ", "ended", "[1]", "e", "\r" };

	buffer_append_literal(text, "[");
	for (size_t count = random_below(random, 5); count > 0; count--) {
		const char *line = RANDOM_OF(random, lines);

		buffer_append_format(text, "%s%s", line, random_once_in(random, 3) ? "" : "\n");
	}
	if (random_once_in(random, 20)) {
		for (size_t length = random_below(random, 5000); length > 0; length--)
			buffer_append_literal(text, "x");
	}
	buffer_append_literal(text, "]");
}

Test(frame_reader, finds_thousands_of_frames_in_pieces_of_any_size)
{
	const size_t count = 5000;
	struct random random = { 8 };
	struct frame_reader reader = { 0 };
	struct buffer wire = { 0 };
	struct buffer text = { 0 };
	struct span *frames = calloc(count + 1, sizeof(*frames));
	size_t *starts = calloc(count, sizeof(*starts));
	const struct span *expected = frames;
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		buffer_truncate(&text, 0);
		random_frame(&random, &text);
		starts[i] = wire.length;
		frames[i].length = text.length;
		buffer_append_span(&wire, buffer_span(&text));
		buffer_append_format(&wire, "\nend%s\n", random_once_in(&random, 5) ? "\r" : "");
	}
	for (size_t i = 0; i < count; i++)
		frames[i].data = wire.data + starts[i];
	while (at < wire.length) {
		size_t length = random_below(&random, random_once_in(&random, 10) ? 20000 : 40);

		if (length > wire.length - at)
			length = wire.length - at;
		feed(&reader, wire.data + at, length, &expected);
		at += length;
	}
	cr_assert_eq(expected, frames + count);
	cr_assert_eq(frame_reader_rest(&reader).length, 0);
	/* The frames before did not stay in memory. */
	cr_assert_lt(reader.buffer.capacity, 256 << 10);
	free(frames);
	free(starts);
	buffer_free(&text);
	buffer_free(&wire);
	frame_reader_free(&reader);
}

/*
 * What is behind is not looked at again, however many pieces a frame comes in: it may as well be full
 * of ends then.
 */
Test(frame_reader, looks_at_no_line_twice)
{
	const size_t line_count = 20000;
	struct frame_reader reader = { 0 };
	struct buffer text = { 0 };
	size_t moved = 0;
	size_t capacity = 0;
	struct span frame;

	for (size_t i = 0; i < line_count; i++)
		buffer_append_literal(&text, "[1,2],\n");
	for (size_t i = 0; i < text.length; i++) {
		cr_assert_eq(frame_reader_feed(&reader, text.data + i, 1), 0);
		moved += reader.buffer.capacity == capacity ? 0 : reader.buffer.length;
		capacity = reader.buffer.capacity;
		cr_assert_eq(frame_reader_next(&reader, &frame), 0);
		cr_assert_eq(reader.scanned, i + 1);
		if (reader.line > 0)
			memcpy(reader.buffer.data + reader.line - 5, "\nend\n", 5);
	}
	cr_assert_eq(frame_reader_feed(&reader, "end\n", 4), 0);
	cr_assert_eq(frame_reader_next(&reader, &frame), 1);
	cr_assert_eq(frame.length, text.length - 1);
	/* Memory doubles: each byte is moved once, and once more in the mean. */
	cr_assert_lt(moved, 2 * text.length);
	buffer_free(&text);
	frame_reader_free(&reader);
}

Test(frame_reader, can_be_used_again_after_free)
{
	static const struct span frames[] = { { "{}", 2 }, { NULL, 0 } };
	struct frame_reader reader = { 0 };

	for (int i = 0; i < 2; i++) {
		const struct span *expected = frames;

		feed(&reader, SPAN("{}\nend\n[1,").data, 10, &expected);
		cr_assert_null(expected->data);
		frame_reader_free(&reader);
		cr_assert_eq(frame_reader_rest(&reader).length, 0);
	}
}

/* The limit */

/* The last result of next(), for a frame of this length that is cut at a place. */
static int next_with_limit(size_t limit, struct span wire, size_t cut)
{
	struct frame_reader reader = { .limit = limit };
	struct span frame;
	int result;

	cr_assert_eq(frame_reader_feed(&reader, wire.data, cut), 0);
	result = frame_reader_next(&reader, &frame);
	if (result == 0) {
		cr_assert_eq(frame_reader_feed(&reader, wire.data + cut, wire.length - cut), 0);
		result = frame_reader_next(&reader, &frame);
	}
	frame_reader_free(&reader);
	return result;
}

Test(frame_reader, lets_a_frame_pass_that_is_as_large_as_the_limit)
{
	const struct span wires[] = { SPAN("[1,2,3,4]\nend\n"), SPAN("[1,\n3,\n5]\nend\r\n") };

	for (size_t i = 0; i < 2; i++) {
		for (size_t cut = 0; cut <= wires[i].length; cut++) {
			cr_assert_eq(next_with_limit(10, wires[i], cut), 1, "cut at %zu", cut);
			cr_assert_eq(next_with_limit(9, wires[i], cut), 1, "cut at %zu", cut);
			cr_assert_eq(
				next_with_limit(8, wires[i], cut), -EMSGSIZE, "cut at %zu", cut);
			cr_assert_eq(
				next_with_limit(1, wires[i], cut), -EMSGSIZE, "cut at %zu", cut);
		}
	}
}

Test(frame_reader, counts_each_frame_by_itself)
{
	static const struct span frames[] = { { "[1,2]", 5 }, { "[3,4]", 5 }, { "[5,6]", 5 },
		{ NULL, 0 } };
	struct frame_reader reader = { .limit = 5 };
	const struct span *expected = frames;

	feed(&reader, SPAN("[1,2]\nend\n[3,4]\nend\n[5,6]\nend\n[7,8").data, 34, &expected);
	cr_assert_null(expected->data);
	frame_reader_free(&reader);
}

Test(frame_reader, does_not_wait_for_ever_for_an_end)
{
	static const char *const texts[] = { "x", "x\n", "\n", "end ", "en\n", "\nen" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct frame_reader reader = { .limit = 1000 };
		struct span frame;
		int result = 0;
		size_t fed = 0;

		while (result == 0 && fed < 2000) {
			cr_assert_eq(frame_reader_feed(&reader, texts[i], strlen(texts[i])), 0);
			fed += strlen(texts[i]);
			result = frame_reader_next(&reader, &frame);
		}
		cr_assert_eq(result, -EMSGSIZE);
		cr_assert_gt(fed, 1000);
		cr_assert_lt(fed, 1020);
		frame_reader_free(&reader);
	}
}

Test(frame_reader, has_a_limit_by_itself)
{
	const size_t piece = (size_t)1 << 20;
	struct frame_reader reader = { 0 };
	char *text = calloc(1, piece);
	struct span frame;

	for (size_t fed = piece; fed <= FRAME_LIMIT; fed += piece) {
		cr_assert_eq(frame_reader_feed(&reader, text, piece), 0);
		cr_assert_eq(frame_reader_next(&reader, &frame), 0);
	}
	cr_assert_eq(frame_reader_feed(&reader, text, piece), 0);
	cr_assert_eq(frame_reader_next(&reader, &frame), -EMSGSIZE);
	free(text);
	frame_reader_free(&reader);
}

/* Reading */

struct writer {
	int fd;
	struct span wire;
};

/* Write all in pieces of any size, and close. */
static void *write_all(void *argument)
{
	const struct writer *writer = argument;
	struct random random = { 9 };
	size_t at = 0;

	while (at < writer->wire.length) {
		size_t length = 1 + random_below(&random, 200000);
		ssize_t count;

		if (length > writer->wire.length - at)
			length = writer->wire.length - at;
		count = write(writer->fd, writer->wire.data + at, length);
		if (count < 0)
			break;
		at += (size_t)count;
	}
	close(writer->fd);
	return NULL;
}

Test(frame_reader, reads_large_frames_from_a_pipe)
{
	static const size_t sizes[] = { 1 << 20, 3, (1 << 20) + 1, 65536, 0, 131072, 2 << 20 };
	const size_t count = sizeof(sizes) / sizeof(sizes[0]);
	struct random random = { 10 };
	struct frame_reader reader = { 0 };
	struct buffer wire = { 0 };
	struct writer writer;
	struct span frame;
	pthread_t thread;
	size_t found = 0;
	size_t at = 0;
	ssize_t got;
	int fds[2];

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < sizes[i]; j++) {
			char c = "[1, \n"[random_below(&random, 5)];

			buffer_append(&wire, &c, 1);
		}
		buffer_append_literal(&wire, "\nend\n");
	}
	buffer_append_literal(&wire, "{\"rest\":");
	cr_assert_eq(pipe(fds), 0);
	writer = (struct writer){ fds[1], buffer_span(&wire) };
	cr_assert_eq(pthread_create(&thread, NULL, write_all, &writer), 0);
	while ((got = frame_reader_read(&reader, fds[0])) > 0) {
		int more;

		while ((more = frame_reader_next(&reader, &frame)) > 0) {
			cr_assert_lt(found, count);
			cr_assert(
				span_equals(frame, (struct span){ wire.data + at, sizes[found] }));
			at += sizes[found++] + 5;
		}
		cr_assert_eq(more, 0);
	}
	cr_assert_eq(got, 0);
	cr_assert_eq(found, count);
	cr_assert(span_equals(frame_reader_rest(&reader), SPAN("{\"rest\":")));
	cr_assert_eq(pthread_join(thread, NULL), 0);
	close(fds[0]);
	buffer_free(&wire);
	frame_reader_free(&reader);
}

Test(frame_reader, tells_when_nothing_is_there_now)
{
	struct frame_reader reader = { 0 };
	struct span frame;
	int fds[2];

	cr_assert_eq(pipe2(fds, O_NONBLOCK), 0);
	cr_assert_eq(frame_reader_read(&reader, fds[0]), -EAGAIN);
	cr_assert_eq(frame_reader_next(&reader, &frame), 0);
	cr_assert_eq(write(fds[1], "{}\nen", 5), 5);
	cr_assert_eq(frame_reader_read(&reader, fds[0]), 5);
	cr_assert_eq(frame_reader_next(&reader, &frame), 0);
	cr_assert_eq(frame_reader_read(&reader, fds[0]), -EAGAIN);
	cr_assert_eq(write(fds[1], "d\n", 2), 2);
	cr_assert_eq(frame_reader_read(&reader, fds[0]), 2);
	cr_assert_eq(frame_reader_next(&reader, &frame), 1);
	cr_assert(span_equals(frame, SPAN("{}")));
	close(fds[1]);
	cr_assert_eq(frame_reader_read(&reader, fds[0]), 0);
	close(fds[0]);
	cr_assert_eq(frame_reader_read(&reader, fds[0]), -EBADF);
	frame_reader_free(&reader);
}
