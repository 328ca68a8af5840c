/* Frames. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocol/frame.h"

/* Feed text; the frames that are found are joined with | into `found`. */
static int feed(struct frame_reader *reader, const char *text, size_t length, struct buffer *found)
{
	struct span frame;
	int more;

	cr_assert_eq(frame_reader_feed(reader, text, length), 0);
	while ((more = frame_reader_next(reader, &frame)) > 0) {
		buffer_append_span(found, frame);
		buffer_append_literal(found, "|");
	}
	return more;
}

static const char wire[] = "{\"command\":\"next\"}\nend\n{\n \"a\": 1\n}\r\nend\r\nend\n[4]\nend\n"
			   "ending\n end\nend \nend\n";
static const char frames[] = "{\"command\":\"next\"}|{\n \"a\": 1\n}\r||[4]|ending\n end\nend |";

Test(frame_reader, finds_frames_however_the_bytes_are_cut)
{
	size_t length = sizeof(wire) - 1;

	for (size_t first = 0; first <= length; first++) {
		for (size_t second = first; second <= length; second++) {
			struct frame_reader reader = { 0 };
			struct buffer found = { 0 };

			feed(&reader, wire, first, &found);
			feed(&reader, wire + first, second - first, &found);
			feed(&reader, wire + second, length - second, &found);
			cr_assert_str_eq(
				buffer_text(&found), frames, "cut at %zu and %zu", first, second);
			cr_assert_eq(frame_reader_rest(&reader).length, 0);
			buffer_free(&found);
			frame_reader_free(&reader);
		}
	}
}

Test(frame_reader, finds_frames_byte_by_byte)
{
	struct frame_reader reader = { 0 };
	struct buffer found = { 0 };

	for (size_t i = 0; i < sizeof(wire) - 1; i++)
		feed(&reader, wire + i, 1, &found);
	cr_assert_str_eq(buffer_text(&found), frames);
	buffer_free(&found);
	frame_reader_free(&reader);
}

Test(frame_reader, keeps_the_limit)
{
	struct frame_reader reader = { .limit = 10 };
	struct buffer found = { 0 };

	cr_assert_eq(feed(&reader, "0123456789\nend\n", 15, &found), 0);
	cr_assert_str_eq(buffer_text(&found), "0123456789|");
	cr_assert_eq(feed(&reader, "0123456789x\nend\n", 16, &found), -EMSGSIZE);
	frame_reader_free(&reader);
	cr_assert_eq(feed(&reader, "no end in sight", 15, &found), -EMSGSIZE);
	frame_reader_free(&reader);
	buffer_free(&found);
}

Test(frame_reader, says_what_is_left_at_the_end)
{
	struct frame_reader reader = { 0 };
	struct buffer found = { 0 };

	feed(&reader, "{}\nend\n{\"a\"", 11, &found);
	cr_assert(span_equals(frame_reader_rest(&reader), SPAN("{\"a\"")));
	buffer_free(&found);
	frame_reader_free(&reader);
}

struct sender {
	int fd;
	size_t length;
	int count;
};

static void *send_frames(void *argument)
{
	const struct sender *sender = argument;
	char *text = malloc(sender->length + 5);

	memset(text, 'x', sender->length);
	memcpy(text + sender->length, "\nend\n", 5);
	for (int i = 0; i < sender->count; i++) {
		size_t sent = 0;

		while (sent < sender->length + 5) {
			ssize_t count = write(sender->fd, text + sent, sender->length + 5 - sent);

			if (count > 0)
				sent += (size_t)count;
		}
	}
	free(text);
	close(sender->fd);
	return NULL;
}

static void read_frames(size_t length, int count)
{
	struct frame_reader reader = { 0 };
	struct sender sender = { .length = length, .count = count };
	struct span frame;
	pthread_t thread;
	int pipes[2];
	int found = 0;

	cr_assert_eq(pipe(pipes), 0);
	sender.fd = pipes[1];
	pthread_create(&thread, NULL, send_frames, &sender);
	while (frame_reader_read(&reader, pipes[0]) > 0) {
		while (frame_reader_next(&reader, &frame) > 0) {
			cr_assert_eq(frame.length, length);
			found++;
		}
	}
	cr_assert_eq(found, count);
	pthread_join(thread, NULL);
	close(pipes[0]);
	frame_reader_free(&reader);
}

Test(frame_reader, reads_large_and_small_frames_from_a_pipe)
{
	read_frames(1 << 20, 8);
	read_frames(300000, 20);
	read_frames(7, 100000);
}
