/* Emits: from values to a frame. */
#include <errno.h>

#include "component/task.h"
#include "protocol/json_write.h"

/* What is emitted comes to a bolt with an envelope around it, which must not exceed FRAME_LIMIT. */
#define EMIT_LIMIT (FRAME_LIMIT - ((size_t)64 << 10))

static const struct storm_stream *find_stream(const struct storm_task *task, const char *name)
{
	const struct storm_stream *stream = task_outputs(task);

	for (; stream && stream->name; stream++) {
		if (stream->name == name || strcmp(stream->name, name) == 0)
			return stream;
	}
	return NULL;
}

static size_t field_count(const struct storm_stream *stream)
{
	size_t count = 0;

	while (stream->fields && stream->fields[count])
		count++;
	return count;
}

/* Check an emission against the stream that the class declares. */
static int check(struct storm_task *task, const struct storm_emission *emission, const char *name)
{
	const struct storm_stream *stream = find_stream(task, name);

	if (!stream)
		return storm_error(task, -ENOENT,
			"%s emits to stream %s, which its class does not declare",
			task->context.component, name);
	if (emission->count != field_count(stream))
		return storm_error(task, -EINVAL,
			"%s emits %zu values to stream %s, which has %zu fields",
			task->context.component, emission->count, name, field_count(stream));
	if (stream->direct && emission->task == 0)
		return storm_error(task, -EINVAL, "%s names no task for the direct stream %s",
			task->context.component, name);
	if (!stream->direct && emission->task != 0)
		return storm_error(task, -EINVAL,
			"%s names a task for stream %s, which is not direct",
			task->context.component, name);
	return 0;
}

static int write_anchors(
	struct storm_task *task, struct buffer *frame, const struct storm_emission *emission)
{
	const struct storm_tuple *current = &task->tuple;
	const struct storm_tuple *const *anchors = emission->anchors;
	size_t count = emission->anchor_count;

	if (!anchors && task->processing && !task->bolt_class->manual_anchor) {
		anchors = &current;
		count = 1;
	}
	if (!anchors || count == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (anchors[i]->settled)
			return storm_error(task, -EINVAL,
				"%s anchors a tuple to one that is acked or failed already",
				task->context.component);
		if (i == 0)
			buffer_append_literal(frame, ",\"anchors\":[");
		else
			buffer_append_literal(frame, ",");
		buffer_append_span(frame, anchors[i]->message->id.text);
	}
	buffer_append_literal(frame, "]");
	return 0;
}

/* Write the frame behind the id. */
static int write_rest(struct storm_task *task, struct buffer *frame, const char *stream,
	const struct storm_emission *emission)
{
	size_t start = frame->length;
	int err;

	if (strcmp(stream, STREAM_DEFAULT) != 0) {
		buffer_append_literal(frame, ",\"stream\":");
		err = json_write_string(frame, span_of(stream));
		if (err < 0)
			return storm_error(task, err, "the stream's name");
	}
	err = write_anchors(task, frame, emission);
	if (err < 0)
		return err;
	if (emission->task != 0) {
		buffer_append_literal(frame, ",\"task\":");
		buffer_append_integer(frame, emission->task);
	}
	buffer_append_literal(frame, ",\"need_task_ids\":false,\"tuple\":[");
	for (size_t i = 0; i < emission->count; i++) {
		if (i > 0)
			buffer_append_literal(frame, ",");
		err = json_write_value(frame, &emission->values[i]);
		if (err < 0)
			return storm_error(task, err,
				"%s emits to stream %s a value %zu that cannot be sent",
				task->context.component, stream, i);
	}
	buffer_append_literal(frame, "]}");
	if (frame->length - start > EMIT_LIMIT)
		return storm_error(task, -EMSGSIZE,
			"%s emits a tuple of %zu bytes to stream %s; the limit is %zu",
			task->context.component, frame->length - start, stream, EMIT_LIMIT);
	return frame->failed ? storm_error(task, -ENOMEM, "an emit") : 0;
}

/* Write the id that makes Storm track the tuple; a reliable spout's is the runtime's own. */
static int write_id(struct storm_task *task, struct buffer *frame,
	const struct storm_emission *emission, uint64_t *number, struct buffer **kept)
{
	int err;

	if (task->spout_class && task->spout_class->reliable) {
		err = spout_keep(task, emission->tag, number, kept);
		if (err < 0)
			return storm_error(task, err, "too many tuples are pending");
		buffer_append_literal(frame, ",\"id\":\"");
		buffer_append_unsigned(frame, *number);
		buffer_append_literal(frame, "\"");
	} else if (task->spout_class && emission->id.data) {
		buffer_append_literal(frame, ",\"id\":");
		err = json_write_string(
			frame, (struct span){ emission->id.data, emission->id.length });
		if (err < 0)
			return storm_error(task, err, "%s gives a message id that cannot be sent",
				task->context.component);
	}
	return 0;
}

int storm_emit_full(struct storm_task *task, const struct storm_emission *emission)
{
	const char *stream = emission->stream ? emission->stream : STREAM_DEFAULT;
	struct buffer *kept = NULL;
	uint64_t number = 0;
	struct buffer *frame;
	size_t start;
	size_t rest;
	int err = check(task, emission, stream);

	if (err < 0)
		return err;
	frame = task_begin_frame(task);
	start = frame->length;
	buffer_append_literal(frame, "{\"command\":\"emit\"");
	err = write_id(task, frame, emission, &number, &kept);
	rest = frame->length;
	if (err == 0)
		err = write_rest(task, frame, stream, emission);
	if (err == 0 && kept) {
		buffer_truncate(kept, 0);
		buffer_append(kept, frame->data + rest, frame->length - rest);
		if (kept->failed)
			err = storm_error(task, -ENOMEM, "keeping a pending tuple");
	}
	if (err < 0) {
		if (number != 0)
			spout_forget(task, number);
		buffer_truncate(frame, start);
		return err;
	}
	task_end_frame(task);
	return 0;
}
