#include "replay/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local/alone.h"
#include "local/record.h"
#include "protocol/frame.h"
#include "protocol/message.h"
#include "protocol/transcode.h"

/* So many bytes of the input are looked at, at a time. */
#define PIECE ((size_t)64 << 10)

/* Messages of the input, one after the other. */
struct walk {
	struct frame_reader reader;
	struct span left;
};

/* The next message: 1; 0 at the end; or a negative errno. */
static int walk_next(struct walk *walk, struct span *frame)
{
	int found;

	while ((found = frame_reader_next(&walk->reader, frame)) == 0 && walk->left.length > 0) {
		size_t length = walk->left.length < PIECE ? walk->left.length : PIECE;
		int err = frame_reader_feed(&walk->reader, walk->left.data, length);

		if (err < 0)
			return err;
		walk->left.data += length;
		walk->left.length -= length;
	}
	return found;
}

static int map_input(struct recording *recording, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *bytes;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		err = -errno;
	else if (!S_ISREG(status.st_mode) || status.st_size == 0)
		err = -EBADMSG;
	if (err == 0) {
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes == MAP_FAILED)
			err = -errno;
		else
			recording->input = (struct span){ bytes, (size_t)status.st_size };
	}
	close(fd);
	return err;
}

/* The handshake as JSON, a new reference; NULL where the input begins with something else. */
static json_t *read_handshake(const struct recording *recording, size_t *length)
{
	struct walk walk = { .reader.wire = recording->wire, .left = recording->input };
	json_t *handshake = NULL;
	struct span frame;

	if (walk_next(&walk, &frame) > 0) {
		handshake = alone_decode(recording->wire, frame);
		*length = recording->input.length - walk.left.length -
			frame_reader_rest(&walk.reader).length;
	}
	frame_reader_free(&walk.reader);
	if (!json_is_string(json_object_get(handshake, "pidDir"))) {
		json_decref(handshake);
		handshake = NULL;
	}
	return handshake;
}

static void open_times(struct recording *recording, const char *path)
{
	char *line = NULL;
	size_t size = 0;

	recording->times = fopen(path, "re");
	if (recording->times && getline(&line, &size, recording->times) > 0)
		recording->start = json_loads(line, 0, NULL);
	free(line);
}

/* What stands beside the input, where it has the name of a recording. */
static int open_others(struct recording *recording, const char *path)
{
	size_t length = strlen(path);
	size_t ending = strlen(RECORD_INPUT);
	char *other;

	if (length <= ending || strcmp(path + length - ending, RECORD_INPUT) != 0)
		return 0;
	if (asprintf(&other, "%.*s" RECORD_OUTPUT, (int)(length - ending), path) < 0)
		return -ENOMEM;
	recording->answers = open(other, O_RDONLY | O_CLOEXEC);
	free(other);
	if (asprintf(&other, "%.*s" RECORD_TIMES, (int)(length - ending), path) < 0)
		return -ENOMEM;
	open_times(recording, other);
	free(other);
	return 0;
}

int recording_open(struct recording *recording, const char *path)
{
	json_t *handshake;
	int err = map_input(recording, path);

	if (err == 0) {
		recording->wire = wire_of(recording->input.data[0]);
		handshake = read_handshake(recording, &recording->handshake);
		if (!handshake)
			err = -EBADMSG;
		json_decref(handshake);
	}
	if (err == 0)
		err = open_others(recording, path);
	if (err == -EBADMSG)
		fprintf(stderr,
			"cstorm replay: %s is no recording: it does not begin with a handshake\n",
			path);
	else if (err < 0)
		fprintf(stderr, "cstorm replay: cannot read %s: %s\n", path, strerror(-err));
	return err;
}

bool recording_next_time(struct recording *recording, double *seconds, size_t *count)
{
	return recording->times && fscanf(recording->times, "%lf in %zu\n", seconds, count) == 2;
}

char *recording_end(struct recording *recording)
{
	char *line = NULL;
	char *end = NULL;
	size_t size = 0;

	if (!recording->times)
		return NULL;
	rewind(recording->times);
	while (getline(&line, &size, recording->times) > 0) {
		const char *at = line + strspn(line, "0123456789.");

		if (strncmp(at, " end ", 5) == 0) {
			free(end);
			end = strndup(at + 5, strcspn(at + 5, "\n"));
		}
	}
	rewind(recording->times);
	if (getline(&line, &size, recording->times) < 0)
		rewind(recording->times);
	free(line);
	return end;
}

int recording_handshake(
	const struct recording *recording, const char *pids, struct buffer *handshake)
{
	size_t length;
	json_t *json = read_handshake(recording, &length);
	char *text;
	int err = 0;

	json_object_set_new(json, "pidDir", json_string(pids));
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!text)
		return -ENOMEM;
	if (recording->wire == WIRE_JSON)
		buffer_append_span(handshake, span_of(text));
	else
		err = transcode_to_msgpack(span_of(text), handshake, NULL);
	buffer_append_frame_end(handshake, recording->wire);
	free(text);
	return handshake->failed ? -ENOMEM : err;
}

/* Note the tuple in a frame with the differences that it belongs to. */
static void note_tuple(json_t *differences, const struct message *message, struct span frame)
{
	json_t *difference;
	size_t i;

	json_array_foreach(differences, i, difference) {
		const char *id = json_string_value(json_object_get(difference, "tuple"));
		json_t *tuple;

		if (!id || !encoded_equals(&message->id, span_of(id)))
			continue;
		tuple = alone_decode(message->id.wire, frame);
		json_object_set_new(difference, "tuple",
			json_pack("{s:O*, s:O*, s:O*, s:O*}", "id", json_object_get(tuple, "id"),
				"component", json_object_get(tuple, "comp"), "stream",
				json_object_get(tuple, "stream"), "values",
				json_object_get(tuple, "tuple")));
		json_decref(tuple);
	}
}

void recording_find_tuples(const struct recording *recording, json_t *differences)
{
	struct walk walk = { .reader.wire = recording->wire, .left = recording->input };
	struct message message = { 0 };
	struct wire_error error;
	struct span frame;

	while (json_array_size(differences) > 0 && walk_next(&walk, &frame) > 0) {
		if (message_scan(&message, recording->wire, frame, &error) == 0 &&
			message.tuple.type == STORM_ARRAY)
			note_tuple(differences, &message, frame);
	}
	message_free(&message);
	frame_reader_free(&walk.reader);
}

void recording_close(struct recording *recording)
{
	if (recording->input.length > 0)
		munmap((void *)recording->input.data, recording->input.length);
	if (recording->answers >= 0)
		close(recording->answers);
	if (recording->times)
		fclose(recording->times);
	json_decref(recording->start);
}
