/* Finding messages in MessagePack that comes in pieces of any size. */
#include "protocol/frame.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "protocol/msgpack.h"
#include "random.h"

#define READER ((struct frame_reader){ .wire = WIRE_MSGPACK })

/* Messages, one behind the other, with what is left when the input ends. */
struct stream {
	const char *name;
	struct span messages[6]; /* all zero behind the last one */
	struct span rest;
};

#define BYTES(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}
#define NEXT "\x81\xA7\x63ommand\xA4next"

static const struct stream streams[] = {
	{ "nothing", { { NULL, 0 } }, BYTES("") },
	{ "a command", { BYTES(NEXT) }, BYTES("") },
	{ "commands", { BYTES(NEXT), BYTES(NEXT), BYTES(NEXT) }, BYTES("") },
	{ "empty lists", { BYTES("\x90"), BYTES("\x80"), BYTES("\xDC\0\0"), BYTES("\xDF\0\0\0\0") },
		BYTES("") },
	{ "values that are no lists",
		{ BYTES("\x07"), BYTES("\xC0"), BYTES("\xD9\x02hi"), BYTES("\xCD\x01\x02"),
			BYTES("\xC4\x03\x81\x90\xC1") },
		BYTES("") },
	{ "lists in lists",
		{ BYTES("\x92\x91\x92\x01\x02\x90"),
			BYTES("\x82\x01\x81\x02\x93\xC0\xC0\xC0\x04\x80"),
			BYTES("\xDD\0\0\0\2\xDE\0\1\xA1k\xDC\0\1\xC3\xCB\0\0\0\0\0\0\0\0") },
		BYTES("") },
	{ "what is an end in JSON",
		{ BYTES("\x91\xA5\nend\n"), BYTES("\x0A"),
			BYTES("\xA3"
			      "end") },
		BYTES("") },
	{ "bytes in strings that would begin values",
		{ BYTES("\xC4\x04\xDD\xFF\xFF\xFF"), BYTES("\x92\xC4\x01\x9F\xC5\0\2\xDF\xFF") },
		BYTES("") },
	{ "a message that goes on", { BYTES(NEXT) }, BYTES("\x92\x01") },
	{ "a string that goes on", { BYTES("\x90") }, BYTES("\x91\xDA\x01\0text") },
	{ "a header that goes on", { BYTES("\x90") }, BYTES("\xDD\0\0\0") },
	{ "a count that will not come", { { NULL, 0 } },
		BYTES("\xDF\xFF\xFF\xFF\xFF\xDD\xFF\xFF\xFF\xFF") },
};

#define STREAM_COUNT (sizeof(streams) / sizeof(streams[0]))

static void write_stream(const struct stream *stream, struct buffer *bytes)
{
	for (const struct span *message = stream->messages; message->data; message++)
		buffer_append_span(bytes, *message);
	buffer_append_span(bytes, stream->rest);
}

/* Feed a piece, and check that it completes the next ones of the expected messages. */
static void feed(
	struct frame_reader *reader, const char *piece, size_t length, const struct span **expected)
{
	struct span frame;
	int more;

	cr_assert_eq(frame_reader_feed(reader, piece, length), 0);
	while ((more = frame_reader_next(reader, &frame)) > 0) {
		cr_assert_not_null((*expected)->data, "more messages than there are");
		cr_assert(span_equals(frame, **expected));
		(*expected)++;
	}
	cr_assert_eq(more, 0);
}

static void check_end(
	struct frame_reader *reader, const struct stream *stream, const struct span *expected)
{
	cr_assert_null(expected->data, "%s: a message is missing", stream->name);
	cr_assert(span_equals(frame_reader_rest(reader), stream->rest), "%s: another rest",
		stream->name);
	frame_reader_free(reader);
}

Test(frame_msgpack, messages_that_come_byte_by_byte)
{
	for (size_t i = 0; i < STREAM_COUNT; i++) {
		struct frame_reader reader = READER;
		const struct span *expected = streams[i].messages;
		struct buffer bytes = { 0 };

		write_stream(&streams[i], &bytes);
		for (size_t at = 0; at < bytes.length; at++)
			feed(&reader, bytes.data + at, 1, &expected);
		check_end(&reader, &streams[i], expected);
		buffer_free(&bytes);
	}
}

Test(frame_msgpack, messages_that_come_in_three_pieces)
{
	for (size_t i = 0; i < STREAM_COUNT; i++) {
		struct buffer bytes = { 0 };
		struct span all;

		write_stream(&streams[i], &bytes);
		all = buffer_span(&bytes);
		for (size_t first = 0; first <= all.length; first++) {
			for (size_t second = first; second <= all.length; second++) {
				struct frame_reader reader = READER;
				const struct span *expected = streams[i].messages;

				feed(&reader, all.data, first, &expected);
				feed(&reader, all.data + first, second - first, &expected);
				feed(&reader, all.data + second, all.length - second, &expected);
				check_end(&reader, &streams[i], expected);
			}
		}
		buffer_free(&bytes);
	}
}

/* A value of any kind, with what is in it. */
static void random_value(struct random *random, struct buffer *text, size_t depth)
{
	char bytes[400] = { 0 };
	size_t count = random_below(random, 4);

	switch (random_below(random, depth > 4 ? 4 : 6)) {
	case 0:
		msgpack_write_integer(
			text, (int64_t)(random_next(random) >> random_below(random, 64)));
		break;
	case 1:
		msgpack_write_double(text, (double)random_next(random));
		break;
	case 2:
		msgpack_write_string(text, (struct span){ bytes, random_below(random, 400) });
		break;
	case 3:
		msgpack_write_binary(text, (struct span){ bytes, random_below(random, 40) });
		break;
	case 4:
		msgpack_write_array(text, count);
		for (size_t i = 0; i < count; i++)
			random_value(random, text, depth + 1);
		break;
	default:
		msgpack_write_map(text, count);
		for (size_t i = 0; i < 2 * count; i++)
			random_value(random, text, depth + 1);
	}
}

Test(frame_msgpack, thousands_of_messages_in_pieces_of_any_size)
{
	const size_t count = 3000;
	struct random random = { 3 };
	struct frame_reader reader = READER;
	struct buffer bytes = { 0 };
	struct span *messages = calloc(count + 1, sizeof(*messages));
	size_t *starts = calloc(count + 1, sizeof(*starts));
	const struct span *expected = messages;

	for (size_t i = 0; i < count; i++) {
		starts[i] = bytes.length;
		random_value(&random, &bytes, 0);
		messages[i].length = bytes.length - starts[i];
	}
	for (size_t i = 0; i < count; i++)
		messages[i].data = bytes.data + starts[i];
	for (size_t at = 0; at < bytes.length;) {
		size_t length = random_below(&random, random_once_in(&random, 10) ? 20000 : 40);

		if (length > bytes.length - at)
			length = bytes.length - at;
		feed(&reader, bytes.data + at, length, &expected);
		at += length;
	}
	cr_assert_eq(expected, messages + count);
	cr_assert_eq(frame_reader_rest(&reader).length, 0);
	/* The messages before did not stay in memory. */
	cr_assert_lt(reader.buffer.capacity, 256 << 10);
	free(messages);
	free(starts);
	buffer_free(&bytes);
	frame_reader_free(&reader);
}

Test(frame_msgpack, a_reader_can_be_used_again_after_free)
{
	static const struct span messages[] = { BYTES("\x91\x07"), { NULL, 0 } };
	struct frame_reader reader = READER;

	for (int i = 0; i < 2; i++) {
		const struct span *expected = messages;

		feed(&reader, "\x91\x07\x9F\x01\x02", 5, &expected);
		cr_assert_null(expected->data);
		frame_reader_free(&reader);
		cr_assert_eq(frame_reader_rest(&reader).length, 0);
	}
}

/* The limit */

/* The last result of next() for bytes that come one by one, and how many it needed. */
static int next_with_limit(size_t limit, struct span bytes, size_t *needed)
{
	struct frame_reader reader = { .wire = WIRE_MSGPACK, .limit = limit };
	struct span frame;
	int result = 0;

	for (*needed = 0; result == 0 && *needed < bytes.length; ++*needed) {
		cr_assert_eq(frame_reader_feed(&reader, bytes.data + *needed, 1), 0);
		result = frame_reader_next(&reader, &frame);
	}
	frame_reader_free(&reader);
	return result;
}

Test(frame_msgpack, a_message_may_be_as_large_as_the_limit)
{
	static const struct span messages[] = { BYTES("\x99\1\2\3\4\5\6\7\x8\x9"),
		BYTES("\xA9"
		      "123456789"),
		BYTES("\x92\xA3"
		      "123\xC4\x03\xFF\xFF\xFF"),
		BYTES("\xDD\0\0\0\1\xDF\0\0\0\0"),
		BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x90") };
	size_t needed;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		cr_assert_eq(messages[i].length, 10);
		cr_assert_eq(next_with_limit(11, messages[i], &needed), 1, "%zu", i);
		cr_assert_eq(next_with_limit(10, messages[i], &needed), 1, "%zu", i);
		cr_assert_eq(next_with_limit(9, messages[i], &needed), -EMSGSIZE, "%zu", i);
		cr_assert_eq(next_with_limit(1, messages[i], &needed), -EMSGSIZE, "%zu", i);
	}
}

/* What says that it is too large is not waited for. */
Test(frame_msgpack, a_message_that_announces_too_much_is_refused_at_once)
{
	size_t needed;

	cr_assert_eq(
		next_with_limit(100, SPAN("\x92\x01\xDB\xFF\xFF\xFF\xFF..."), &needed), -EMSGSIZE);
	cr_assert_eq(needed, 7);
	cr_assert_eq(next_with_limit(100, SPAN("\xC4\x63."), &needed), -EMSGSIZE);
	cr_assert_eq(needed, 2);
	cr_assert_eq(next_with_limit(0, SPAN("\xDB\x04\x00\x00\x00"), &needed), -EMSGSIZE);
	cr_assert_eq(needed, 5);
	cr_assert_eq(next_with_limit(0, SPAN("\xDB\x03\xFF\xFF\xFB"), &needed), 0);
}

Test(frame_msgpack, each_message_counts_by_itself)
{
	static const struct span messages[] = { BYTES("\x93\1\2\3"), BYTES("\x93\4\5\6"),
		{ NULL, 0 } };
	struct frame_reader reader = { .wire = WIRE_MSGPACK, .limit = 4 };
	const struct span *expected = messages;

	feed(&reader, "\x93\1\2\3\x93\4\5\6\x93\7", 10, &expected);
	cr_assert_null(expected->data);
	frame_reader_free(&reader);
}

Test(frame_msgpack, nobody_waits_for_ever_for_a_count_that_does_not_come)
{
	static const char *const counts[] = { "\xDD\xFF\xFF\xFF\xFF", "\xDF\xFF\xFF\xFF\xFF",
		"\x91" };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct frame_reader reader = { .wire = WIRE_MSGPACK, .limit = 1000 };
		struct span frame;
		int result = 0;
		size_t fed = 0;

		while (result == 0 && fed < 2000) {
			cr_assert_eq(frame_reader_feed(&reader, counts[i], strlen(counts[i])), 0);
			fed += strlen(counts[i]);
			result = frame_reader_next(&reader, &frame);
		}
		cr_assert_eq(result, -EMSGSIZE);
		cr_assert_gt(fed, 1000);
		cr_assert_leq(fed, 1005);
		frame_reader_free(&reader);
	}
}

/* Garbage */

static void check_garbage(struct span bytes, size_t messages_before)
{
	for (size_t cut = 0; cut <= bytes.length; cut++) {
		struct frame_reader reader = READER;
		struct span frame;
		size_t found = 0;
		int result;

		cr_assert_eq(frame_reader_feed(&reader, bytes.data, cut), 0);
		while ((result = frame_reader_next(&reader, &frame)) > 0)
			found++;
		if (result == 0) {
			cr_assert_eq(
				frame_reader_feed(&reader, bytes.data + cut, bytes.length - cut),
				0);
			while ((result = frame_reader_next(&reader, &frame)) > 0)
				found++;
		}
		cr_assert_eq(result, -EBADMSG);
		cr_assert_eq(found, messages_before);
		/* It does not get over it. */
		cr_assert_eq(frame_reader_next(&reader, &frame), -EBADMSG);
		frame_reader_free(&reader);
	}
}

Test(frame_msgpack, garbage_is_refused_behind_what_is_none)
{
	check_garbage(SPAN("\xC1"), 0);
	check_garbage(SPAN("\x90\x80\xC1"), 2);
	check_garbage(SPAN("\x91\x01\x82\xA1k\x01\xC7\x01\x05."), 1);
	check_garbage(SPAN("\x92\x91\xD4\x05.\x01"), 0);
}

/* The work */

/*
 * How many bytes a reader has moved so far, going by what it shows between calls: all that it holds
 * when its memory changes, and when the frame comes to the front.
 */
struct moves {
	size_t bytes;
	size_t capacity;
	size_t start;
};

static void count_moves(struct moves *moves, const struct frame_reader *reader)
{
	if (reader->buffer.capacity != moves->capacity || reader->start < moves->start)
		moves->bytes += reader->buffer.length - reader->start;
	moves->capacity = reader->buffer.capacity;
	moves->start = reader->start;
}

/* Feed a piece of a message. What is not looked at again may as well be garbage then. */
static void feed_and_spoil(
	struct frame_reader *reader, const char *piece, size_t length, struct moves *moves)
{
	size_t before = reader->scanned - reader->start;
	struct span frame;

	cr_assert_eq(frame_reader_feed(reader, piece, length), 0);
	count_moves(moves, reader);
	cr_assert_eq(frame_reader_next(reader, &frame), 0);
	memset(reader->buffer.data + reader->start + before, 0xC1,
		reader->scanned - reader->start - before);
}

Test(frame_msgpack, no_value_is_looked_at_twice)
{
	const size_t count = 100000;
	struct frame_reader reader = READER;
	struct moves moves = { 0 };
	struct buffer message = { 0 };
	struct span frame;

	/* Behind another one, so that the message does not begin at the front. */
	cr_assert_eq(frame_reader_feed(&reader, "\x90\x9F", 2), 0);
	cr_assert_eq(frame_reader_next(&reader, &frame), 1);
	for (size_t i = 1; i < 15; i++)
		feed_and_spoil(&reader, "\xC0", 1, &moves);
	msgpack_write_array(&message, count);
	for (size_t i = 0; i < count; i++) {
		msgpack_write_map(&message, 1);
		msgpack_write_string(&message, SPAN("key"));
		msgpack_write_integer(&message, (int64_t)i);
	}
	for (size_t i = 0; i + 1 < message.length; i++) {
		feed_and_spoil(&reader, message.data + i, 1, &moves);
		/* All but the header at hand, and a number that is not there in full, is behind. */
		cr_assert_lt(reader.buffer.length - reader.scanned, 9);
	}
	cr_assert_eq(frame_reader_feed(&reader, message.data + message.length - 1, 1), 0);
	cr_assert_eq(frame_reader_next(&reader, &frame), 1);
	cr_assert_eq(frame.length, message.length + 15);
	/* Memory doubles: each byte is moved once, and once more in the mean. */
	cr_assert_lt(moves.bytes, 2 * message.length);
	buffer_free(&message);
	frame_reader_free(&reader);
}

/* Of many messages that come piece by piece, each is moved to the front once at most. */
Test(frame_msgpack, what_was_handed_out_is_not_moved)
{
	struct frame_reader reader = READER;
	struct moves moves = { 0 };
	char message[1000] = "\x92\xC5\x03\xE3"; /* an array of binary data, and an integer */
	size_t total = 0;
	size_t found = 0;

	for (size_t i = 0; i < 10000; i++) {
		size_t cut = i % 999 + 1;
		struct span frame;

		cr_assert_eq(
			frame_reader_feed(&reader, message + total % 1000, 1000 - total % 1000), 0);
		total += 1000 - total % 1000;
		count_moves(&moves, &reader);
		while (frame_reader_next(&reader, &frame) > 0)
			found++;
		count_moves(&moves, &reader);
		cr_assert_eq(frame_reader_feed(&reader, message, cut), 0);
		total += cut;
		count_moves(&moves, &reader);
		while (frame_reader_next(&reader, &frame) > 0)
			found++;
		count_moves(&moves, &reader);
	}
	cr_assert_eq(found, 10000);
	cr_assert_lt(moves.bytes, 2 * total);
	cr_assert_leq(reader.buffer.capacity, 4096);
	frame_reader_free(&reader);
}
