/*
 * What a fields grouping of the runner chooses, for the tests that compare it with Storm's.
 *
 * Usage: grouping json|msgpack FIELD,... TASKS,...
 *
 * Reads messages of a component, and prints a line for each: the hash of the values at these places,
 * and the index of the chosen task for each of these numbers of tasks.
 */
#include <stdio.h>
#include <stdlib.h>

#include "local/run.h"

#define MOST 16

/* Numbers with commas between them: how many. */
static size_t read_numbers(const char *text, size_t *numbers)
{
	size_t count = 0;
	char *end;

	do {
		numbers[count++] = strtoul(text, &end, 10);
		text = end + 1;
	} while (*end == ',' && count < MOST);
	return count;
}

struct question {
	size_t fields[MOST];
	size_t field_count;
	size_t tasks[MOST];
	size_t task_count;
};

static int answer(const struct question *question, const struct message *message)
{
	struct buffer scratch = { 0 };
	int32_t hash;

	for (size_t i = 0; i < question->field_count; i++) {
		if (question->fields[i] >= message->value_count)
			return -1;
	}
	hash = grouping_hash(message->values, question->fields, question->field_count, &scratch);
	printf("%d", hash);
	for (size_t i = 0; i < question->task_count; i++)
		printf(" %zu", grouping_index(hash, question->tasks[i]));
	printf("\n");
	buffer_free(&scratch);
	return 0;
}

static int answer_all(enum wire wire, const struct question *question)
{
	struct frame_reader reader = { .wire = wire };
	struct message message = { 0 };
	struct wire_error error = { 0, "the tuple is too short" };
	struct span frame = { NULL, 0 };
	int err = 0;

	while (frame_reader_read(&reader, 0) > 0) {
		while (err == 0 && (err = frame_reader_next(&reader, &frame)) > 0) {
			err = message_scan(&message, wire, frame, &error);
			err = err < 0 ? err : answer(question, &message);
		}
	}
	if (err < 0)
		fprintf(stderr, "grouping: byte %zu of %.*s: %s\n", error.offset, (int)frame.length,
			frame.data, error.what);
	message_free(&message);
	frame_reader_free(&reader);
	return err < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct question question;

	if (argc != 4) {
		fprintf(stderr, "usage: grouping json|msgpack FIELD,... TASKS,...\n");
		return 2;
	}
	question.field_count = read_numbers(argv[2], question.fields);
	question.task_count = read_numbers(argv[3], question.tasks);
	return answer_all(argv[1][0] == 'j' ? WIRE_JSON : WIRE_MSGPACK, &question);
}
