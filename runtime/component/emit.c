/* Emits: from values to a message. */
#include "component/emit.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "component/stream.h"
#include "component/task.h"
#include "protocol/write.h"

/* What is emitted comes to a bolt with an envelope around it, which must not exceed FRAME_LIMIT. */
#define EMIT_LIMIT (FRAME_LIMIT - ((size_t)64 << 10))

static const struct storm_stream *find_stream(const struct storm_task *task, const char *name)
{
	const struct storm_stream *stream = task->outputs;

	for (; stream && stream->name; stream++) {
		if (stream->name == name || strcmp(stream->name, name) == 0)
			return stream;
	}
	return NULL;
}

/* An emission on its way to a message. */
struct emit {
	const struct storm_emission *emission;
	const struct storm_stream *stream;
	bool is_default; /* the stream */
	const struct storm_value *values;
	size_t count;
	const struct storm_tuple *const *anchors;
	size_t anchor_count;
	bool want_task_ids;
	enum wire wire; /* of the message */
	uint64_t number; /* a reliable spout's id for it; 0: none */
};

static bool has_id(const struct emit *emit)
{
	return emit->number != 0 || emit->emission->id.data;
}

/* Check an emission against the stream that the class declares. */
static int check(struct storm_task *task, const struct emit *emit)
{
	const struct storm_stream *stream = emit->stream;
	size_t field_count = stream_field_count(stream);

	if (emit->count != field_count)
		return storm_error(task, -EINVAL,
			"%s emits %zu values to stream %s, which has %zu fields",
			task->context.component, emit->count, stream->name, field_count);
	if (stream->direct && emit->emission->task == 0)
		return storm_error(task, -EINVAL, "%s names no task for the direct stream %s",
			task->context.component, stream->name);
	if (!stream->direct && emit->emission->task != 0)
		return storm_error(task, -EINVAL,
			"%s names a task for stream %s, which is not direct",
			task->context.component, stream->name);
	return 0;
}

static bool is_anchor(const struct emit *emit, const struct storm_tuple *tuple)
{
	/* Of a batch, those that were settled apart are left out. */
	return emit->emission->anchors || !tuple->settled;
}

/* What the tuple is anchored to: what the emission says, else the tuples at hand. */
static int choose_anchors(struct storm_task *task, struct emit *emit)
{
	const struct storm_emission *emission = emit->emission;
	size_t given = emission->anchors ? emission->anchor_count : task->current_count;

	emit->anchors = emission->anchors ? emission->anchors : task->current;
	for (size_t i = 0; i < given; i++) {
		if (emission->anchors && emit->anchors[i]->settled)
			return storm_error(task, -EINVAL,
				"%s anchors a tuple to one that is acked or failed already",
				task->context.component);
		emit->anchor_count += is_anchor(emit, emit->anchors[i]);
	}
	return 0;
}

static void write_head(struct buffer *message, const struct emit *emit)
{
	char map = (char)(0x83 + has_id(emit) + !emit->is_default + (emit->anchor_count > 0) +
		(emit->emission->task != 0));

	if (emit->wire == WIRE_MSGPACK)
		buffer_append(message, &map, 1);
	buffer_append_phrase(message, emit->wire,
		PHRASE("{\"command\":\"emit\"",
			"\xA7"
			"command\xA4"
			"emit"));
}

static int write_id(struct storm_task *task, struct buffer *message, const struct emit *emit)
{
	const struct storm_string id = emit->emission->id;
	enum wire wire = emit->wire;
	int err;

	if (!has_id(emit))
		return 0;
	buffer_append_phrase(message, wire, PHRASE(",\"id\":", "\xA2id"));
	if (emit->number != 0) {
		write_number_string(message, wire, emit->number);
		return 0;
	}
	err = write_string(message, wire, (struct span){ id.data, id.length });
	return err < 0 ? storm_error(task, err, "%s gives a message id that cannot be sent",
				 task->context.component) :
			 0;
}

static int write_stream(struct storm_task *task, struct buffer *message, const struct emit *emit)
{
	enum wire wire = emit->wire;
	int err;

	if (emit->is_default)
		return 0;
	buffer_append_phrase(message, wire, PHRASE(",\"stream\":", "\xA6stream"));
	err = write_string(message, wire, span_of(emit->stream->name));
	return err < 0 ? storm_error(task, err, "the stream's name") : 0;
}

/* Of a line, an id is bare. */
static void append_id(struct buffer *message, const struct storm_tuple *tuple)
{
	if (tuple->message->is_line)
		write_string_lossy(message, WIRE_JSON, tuple->message->id.text);
	else
		buffer_append_span(message, tuple->message->id.text);
}

static void write_anchors(struct buffer *message, const struct emit *emit)
{
	enum wire wire = emit->wire;
	size_t written = 0;

	if (emit->anchor_count == 0)
		return;
	buffer_append_phrase(message, wire,
		PHRASE(",\"anchors\":",
			"\xA7"
			"anchors"));
	write_list_start(message, wire, emit->anchor_count);
	for (size_t i = 0; written < emit->anchor_count; i++) {
		if (!is_anchor(emit, emit->anchors[i]))
			continue;
		if (written++ > 0)
			write_list_separator(message, wire);
		append_id(message, emit->anchors[i]);
	}
	write_list_end(message, wire);
}

int emit_write_value(struct buffer *message, enum wire wire, const struct storm_value *value)
{
	struct storm_value json;
	char *text;
	int err;

	if (value->type != STORM_TREE)
		return write_value(message, wire, value);
	text = value->tree ? json_dumps(value->tree, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (!text)
		return value->tree ? -ENOMEM : -EINVAL;
	json = storm_json(text, strlen(text));
	err = write_value(message, wire, &json);
	free(text);
	return err;
}

static int refuse_value(struct storm_task *task, const struct emit *emit, size_t i, int err)
{
	return storm_error(task, err, "%s emits to stream %s a value %zu (%s) that cannot be sent",
		task->context.component, emit->stream->name, i, stream_field(emit->stream, i));
}

static int write_values(struct storm_task *task, struct buffer *message, const struct emit *emit)
{
	enum wire wire = emit->wire;

	buffer_append_phrase(message, wire,
		emit->want_task_ids ? PHRASE(",\"need_task_ids\":true,\"tuple\":",
					      "\xADneed_task_ids\xC3\xA5tuple") :
				      PHRASE(",\"need_task_ids\":false,\"tuple\":",
					      "\xADneed_task_ids\xC2\xA5tuple"));
	write_list_start(message, wire, emit->count);
	for (size_t i = 0; i < emit->count; i++) {
		int err;

		if (i > 0)
			write_list_separator(message, wire);
		err = emit_write_value(message, wire, &emit->values[i]);
		if (err < 0)
			return refuse_value(task, emit, i, err);
	}
	write_list_end(message, wire);
	return 0;
}

/* The tuple that is its only anchor, whichever of a batch that is; NULL where there are more, or none. */
static const struct storm_tuple *only_anchor(const struct emit *emit)
{
	size_t i = 0;

	if (emit->anchor_count != 1)
		return NULL;
	while (!is_anchor(emit, emit->anchors[i]))
		i++;
	return emit->anchors[i];
}

/* On lines, an emit that says more than one has room for is JSON. */
static enum wire wire_of_emit(const struct storm_task *task, const struct emit *emit)
{
	const struct storm_tuple *anchor;

	if (task_wire(task) != WIRE_LINES)
		return task_wire(task);
	anchor = only_anchor(emit);
	if (emit->want_task_ids || emit->emission->task != 0 || !emit->is_default ||
		(emit->anchor_count > 0 && (!anchor || !anchor->message->is_line)))
		return WIRE_JSON;
	return WIRE_LINES;
}

static int write_line(struct storm_task *task, struct buffer *message, const struct emit *emit)
{
	const struct storm_tuple *anchor = only_anchor(emit);

	if (anchor)
		buffer_append_span(message, anchor->message->id.text);
	for (size_t i = 0; i < emit->count; i++) {
		int err;

		buffer_append_literal(message, "\t");
		err = emit_write_value(message, WIRE_LINES, &emit->values[i]);
		if (err < 0)
			return refuse_value(task, emit, i, err);
	}
	return 0;
}

static int write_object(struct storm_task *task, struct buffer *message, const struct emit *emit)
{
	int err;

	write_head(message, emit);
	err = write_id(task, message, emit);
	if (err == 0)
		err = write_stream(task, message, emit);
	if (err < 0)
		return err;
	write_anchors(message, emit);
	if (emit->emission->task != 0) {
		buffer_append_phrase(message, emit->wire, PHRASE(",\"task\":", "\xA4task"));
		write_integer(message, emit->wire, emit->emission->task);
	}
	err = write_values(task, message, emit);
	buffer_append_phrase(message, emit->wire, PHRASE("}", ""));
	return err;
}

static int write_message(struct storm_task *task, struct buffer *message, const struct emit *emit)
{
	size_t start = message->length;
	int err = emit->wire == WIRE_LINES ? write_line(task, message, emit) :
					     write_object(task, message, emit);

	if (err < 0)
		return err;
	if (message->length - start > EMIT_LIMIT)
		return storm_error(task, -EMSGSIZE,
			"%s emits a tuple of %zu bytes to stream %s; the limit is %zu",
			task->context.component, message->length - start, emit->stream->name,
			EMIT_LIMIT);
	return message->failed ? storm_error(task, -ENOMEM, "an emit") : 0;
}

/* Write the message, and keep it if it is to be replayed when it fails. */
static int send_emit(struct storm_task *task, struct emit *emit)
{
	struct buffer *message = task_begin_message(task);
	struct buffer *kept = NULL;
	size_t start = message->length;
	int err = 0;

	if (task->spout_class && task->spout_class->reliable &&
		spout_keep(task, emit->emission->tag, &emit->number, &kept) < 0)
		return storm_error(task, -ENOMEM, "too many tuples are pending");
	emit->wire = wire_of_emit(task, emit);
	err = write_message(task, message, emit);
	if (err == 0 && kept) {
		buffer_truncate(kept, 0);
		buffer_append(kept, message->data + start, message->length - start);
		if (kept->failed)
			err = storm_error(task, -ENOMEM, "keeping a pending tuple");
	}
	if (err < 0) {
		if (emit->number != 0)
			spout_forget(task, emit->number);
		buffer_truncate(message, start);
		return err;
	}
	task->emits++;
	task_end_message(task);
	return 0;
}

/* Emit a struct: its values are those of its members, in the order of the stream's fields. */
static int send_struct(struct storm_task *task, struct emit *emit)
{
	const struct storm_emission *emission = emit->emission;
	size_t count = stream_field_count(emit->stream);
	struct storm_value *values = calloc(count + 1, sizeof(*values));
	int err;

	if (!values)
		return storm_error(task, -ENOMEM, "an emit");
	err = mapping_values(task, emission->mapping, emission->record, emit->stream, values);
	emit->values = values;
	emit->count = count;
	if (err == 0)
		err = check(task, emit);
	if (err == 0)
		err = send_emit(task, emit);
	free(values);
	return err;
}

int emit(struct storm_task *task, const struct storm_emission *emission, bool want_task_ids)
{
	const char *name = emission->stream ? emission->stream : STREAM_DEFAULT;
	struct emit emit = {
		.emission = emission,
		.stream = find_stream(task, name),
		.values = emission->values,
		.count = emission->count,
		.want_task_ids = want_task_ids,
	};
	int err;

	if (!emit.stream)
		return storm_error(task, -ENOENT,
			"%s emits to stream %s, which its class does not declare",
			task->context.component, name);
	emit.is_default = !emission->stream || strcmp(name, STREAM_DEFAULT) == 0;
	err = choose_anchors(task, &emit);
	if (err < 0)
		return err;
	if (emission->mapping)
		return send_struct(task, &emit);
	err = check(task, &emit);
	return err < 0 ? err : send_emit(task, &emit);
}

int storm_emit_full(struct storm_task *task, const struct storm_emission *emission)
{
	return emit(task, emission, false);
}
