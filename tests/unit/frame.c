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

/* The frames of these bytes, and the rest, are as expected wherever the bytes are cut. */
static void check_frames(struct span wire, const struct span *frames, struct span rest)
{
	for (size_t first = 0; first <= wire.length; first++) {
		for (size_t second = first; second <= wire.length; second++) {
			struct frame_reader reader = { 0 };
			const struct span *expected = frames;

			feed(&reader, wire.data, first, &expected);
			feed(&reader, wire.data + first, second - first, &expected);
			feed(&reader, wire.data + second, wire.length - second, &expected);
			cr_assert_null(expected->data, "cut at %zu and %zu: no '%s'", first, second,
				expected->data);
			cr_assert(span_equals(frame_reader_rest(&reader), rest));
			frame_reader_free(&reader);
		}
	}
}

static void check_frames_byte_by_byte(struct span wire, const struct span *frames, struct span rest)
{
	struct frame_reader reader = { 0 };
	const struct span *expected = frames;

	for (size_t i = 0; i < wire.length; i++)
		feed(&reader, wire.data + i, 1, &expected);
	cr_assert_null(expected->data);
	cr_assert(span_equals(frame_reader_rest(&reader), rest));
	frame_reader_free(&reader);
}

/* Frames as they come in, what they are, and what is left when the input ends. */
static const struct {
	const char *name;
	const char *wire;
	struct span frames[5];
	const char *rest;
} cases[] = {
	{ "nothing", "", { { NULL, 0 } }, "" },
	{ "one frame", "{\"command\":\"next\"}\nend\n", { { "{\"command\":\"next\"}", 18 } }, "" },
	{ "many frames", "{\"a\":1}\nend\n[4,5]\nend\n{}\nend\n[]\nend\n",
		{ { "{\"a\":1}", 7 }, { "[4,5]", 5 }, { "{}", 2 }, { "[]", 2 } }, "" },
	{ "line breaks in the text", "{\n\"a\":\n1\n}\nend\n\n[\n]\n\nend\n",
		{ { "{\n\"a\":\n1\n}", 10 }, { "\n[\n]\n", 5 } }, "" },
	{ "a carriage return behind end", "{}\r\nend\r\n[]\nend\r\n",
		{ { "{}\r", 3 }, { "[]", 2 } }, "" },
	{ "no text", "end\nend\r\nend\n", { { "", 0 }, { "", 0 }, { "", 0 } }, "" },
	{ "an empty line", "\nend\n\r\nend\n", { { "", 0 }, { "\r", 1 } }, "" },
	{ "lines that are no end",
		"ending\n end\nend \nend\r\r\nEND\nen\nd\n\rend\nendend\n1end\nend\n",
		{ { "ending\n end\nend \nend\r\r\nEND\nen\nd\n\rend\nendend\n1end", 51 } }, "" },
	{ "end within a line", "{\"end\":\"end\"}\nend\n", { { "{\"end\":\"end\"}", 13 } }, "" },
	{ "a frame whose end has not come", "{}\nend\n{\"a\":1}\nen", { { "{}", 2 } },
		"{\"a\":1}\nen" },
	{ "an end without its newline", "{}\nend", { { NULL, 0 } }, "{}\nend" },
	{ "a line break alone", "[]\nend\n\n", { { "[]", 2 } }, "\n" },
};

Test(frame_reader, finds_the_frames_of_bytes_in_three_pieces)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_frames(span_of(cases[i].wire), cases[i].frames, span_of(cases[i].rest));
}

Test(frame_reader, finds_the_frames_of_bytes_that_come_one_by_one)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_frames_byte_by_byte(
			span_of(cases[i].wire), cases[i].frames, span_of(cases[i].rest));
}

Test(frame_reader, keeps_zero_bytes)
{
	static const struct span frames[] = { { "a\0b", 3 }, { "\0", 1 }, { NULL, 0 } };

	check_frames(SPAN("a\0b\nend\n\0\nend\n"), frames, SPAN(""));
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
	static const char *const texts[] = { "x", "x\n", "\n", "end ", "en\n", "\nend" };

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
