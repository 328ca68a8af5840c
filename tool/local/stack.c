/*
 * A frame of a report is FILE(+OFFSET)[ADDRESS], or FILE()[ADDRESS] in a program that is not moved when it
 * is loaded. All frames of one file are asked for at once.
 */
#include "local/stack.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "local/process.h"
#include "protocol/message.h"

#define FRAMES_MOST 128

/* The run waits for the names: not for long. */
#define NAMING_SECONDS 5

struct frame {
	struct span line;
	struct span file; /* empty: the line is no frame without a name */
	unsigned long offset;
	struct buffer names; /* the function, and those that it is inlined in */
};

static struct span next_line(struct span *text)
{
	const char *newline = memchr(text->data, '\n', text->length);
	size_t length = newline ? (size_t)(newline - text->data) : text->length;
	struct span line = { text->data, length };

	length += newline != NULL;
	text->data += length;
	text->length -= length;
	return line;
}

static void parse_frame(struct frame *frame, struct span line)
{
	char text[PATH_MAX + 64];
	char *bracket;

	*frame = (struct frame){ .line = line };
	snprintf(text, sizeof(text), "%.*s", (int)line.length, line.data);
	bracket = strrchr(text, '(');
	if (!bracket || bracket == text)
		return;
	if (sscanf(bracket, "(+0x%lx)", &frame->offset) == 1 ||
		sscanf(bracket, "() [0x%lx]", &frame->offset) == 1)
		frame->file = (struct span){ line.data, (size_t)(bracket - text) };
}

/* Read all that a process says, up to its end or the deadline. */
static void read_all(int fd, double deadline, struct buffer *text)
{
	double left;

	while ((left = deadline - clock_now()) > 0 && buffer_reserve(text, 4096) == 0) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		ssize_t count = -1;

		if (poll(&ready, 1, (int)(left * 1000) + 1) > 0)
			count = read(fd, text->data + text->length, 4096);
		if (count == 0)
			return;
		if (count > 0)
			text->length += (size_t)count;
	}
}

/* What a command says on its standard output. */
static void run_command(
	char *const *words, const char *folder, double deadline, struct buffer *text)
{
	const struct process_setup setup = { .folder = (char *)folder };
	struct process process;

	if (process_start(&process, words, &setup) < 0)
		return;
	close(process.input);
	read_all(process.output, deadline, text);
	kill(process.pid, SIGKILL); /* it is at its end, or takes too long */
	waitpid(process.pid, NULL, 0);
	close(process.output);
	close(process.errors);
}

/* The answer has a line for each frame, and one for each function that it is inlined in. */
static void take_names(struct frame *frames, size_t count, struct span file, struct span answer)
{
	static const char inlined[] = " (inlined by) ";
	struct frame *frame = NULL;
	size_t next = 0;

	while (answer.length > 0) {
		struct span line = next_line(&answer);
		bool goes_on = line.length > strlen(inlined) &&
			memcmp(line.data, inlined, strlen(inlined)) == 0;

		if (!goes_on) {
			while (next < count && !span_equals(frames[next].file, file))
				next++;
			if (next == count)
				return;
			frame = &frames[next++];
		}
		if (frame && line.length > 2 && memcmp(line.data, "??", 2) != 0) {
			buffer_append_literal(&frame->names, " ");
			buffer_append(&frame->names, line.data + goes_on, line.length - goes_on);
		}
	}
}

/* Name all frames of a file. */
static void name_frames(
	struct frame *frames, size_t count, struct span file, const char *folder, double deadline)
{
	char offsets[FRAMES_MOST][24];
	char *words[FRAMES_MOST + 8] = { (char *)"addr2line", (char *)"-p", (char *)"-f",
		(char *)"-i", (char *)"-s", (char *)"-e" };
	char *name = strndup(file.data, file.length);
	struct buffer answer = { 0 };
	size_t word = 6;

	words[word++] = name;
	for (size_t i = 0; i < count; i++) {
		if (!span_equals(frames[i].file, file))
			continue;
		/* What called another function stands behind the call; the first is where it crashed. */
		snprintf(offsets[i], sizeof(offsets[i]), "0x%lx", frames[i].offset - (i > 0));
		words[word++] = offsets[i];
	}
	if (name)
		run_command(words, folder, deadline, &answer);
	take_names(frames, count, file, buffer_span(&answer));
	for (size_t i = 0; i < count; i++) {
		if (span_equals(frames[i].file, file))
			frames[i].file.length = 0; /* it is done */
	}
	buffer_free(&answer);
	free(name);
}

static size_t parse_frames(struct frame *frames, struct span lines)
{
	size_t count = 0;

	while (lines.length > 0 && count < FRAMES_MOST)
		parse_frame(&frames[count++], next_line(&lines));
	return count;
}

void stack_append_named(struct buffer *text, struct span report, const char *folder)
{
	const char *stack = memmem(report.data, report.length, CRASH_STACK, strlen(CRASH_STACK));
	double deadline = clock_now() + NAMING_SECONDS;
	struct frame frames[FRAMES_MOST];
	struct span lines = { 0 };
	size_t count;

	if (stack) {
		lines = (struct span){ stack, report.length - (size_t)(stack - report.data) };
		next_line(&lines);
	}
	buffer_append(text, report.data, report.length - lines.length);
	count = parse_frames(frames, lines);
	for (size_t i = 0; i < count; i++) {
		if (frames[i].file.length > 0)
			name_frames(frames, count, frames[i].file, folder, deadline);
	}
	for (size_t i = 0; i < count; i++) {
		buffer_append_span(text, frames[i].line);
		buffer_append_span(text, buffer_span(&frames[i].names));
		buffer_append_literal(text, "\n");
		buffer_free(&frames[i].names);
	}
}
