/*
 * The limit: what a component in C could do at best. It finds frames, takes the text of the id and of the tuple as they
 * stand, and writes an emit and an ack around them: nothing is checked, nothing is decoded, only this one layout of JSON is
 * known. With `ack` as its argument it writes acks alone.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)256 << 10)

struct output {
	char *data;
	size_t length;
};

static void flush(struct output *output)
{
	size_t written = 0;

	while (written < output->length) {
		ssize_t count =
			write(STDOUT_FILENO, output->data + written, output->length - written);

		if (count < 0)
			exit(1);
		written += (size_t)count;
	}
	output->length = 0;
}

static void put(struct output *output, const char *text, size_t length)
{
	memcpy(output->data + output->length, text, length);
	output->length += length;
}

#define PUT(output, literal) put(output, literal, sizeof(literal) - 1)

/* A frame of a tuple: {"id":"...","comp":"...","stream":"...","task":N,"tuple":[...]}, and nothing else. */
static void answer(struct output *output, const char *frame, size_t length, bool acks_only)
{
	static const char head[] = "{\"id\":";
	const char *id = frame + sizeof(head) - 1;
	const char *id_end;
	const char *tuple;

	if (length < sizeof(head) || memcmp(frame, head, sizeof(head) - 1) != 0)
		return;
	id_end = memchr(id + 1, '"', length - sizeof(head));
	tuple = memmem(frame, length, "\"tuple\":", 8);
	if (!id_end || !tuple)
		return;
	tuple += 8;
	if (output->length + 2 * length + 256 > BLOCK)
		flush(output);
	if (!acks_only) {
		PUT(output, "{\"command\":\"emit\",\"anchors\":[");
		put(output, id, (size_t)(id_end + 1 - id));
		PUT(output, "],\"need_task_ids\":false,\"tuple\":");
		put(output, tuple, (size_t)(frame + length - 1 - tuple));
		PUT(output, "}\nend\n");
	}
	PUT(output, "{\"command\":\"ack\",\"id\":");
	put(output, id, (size_t)(id_end + 1 - id));
	PUT(output, "}\nend\n");
}

int main(int argc, char **argv)
{
	bool acks_only = argc > 1 && strcmp(argv[1], "ack") == 0;
	struct output output = { malloc(BLOCK), 0 };
	char *input = malloc(BLOCK);
	size_t length = 0;
	ssize_t count;

	while (output.data && input &&
		(count = read(STDIN_FILENO, input + length, BLOCK - length)) > 0) {
		const char *frame = input;
		const char *end;

		length += (size_t)count;
		while ((end = memmem(frame, (size_t)(input + length - frame), "\nend\n", 5))) {
			answer(&output, frame, (size_t)(end - frame), acks_only);
			frame = end + 5;
		}
		length -= (size_t)(frame - input);
		memmove(input, frame, length);
	}
	flush(&output);
	return 0;
}
