/* Access to the values of a tuple. */
#include "component/tuple.h"

#include <errno.h>
#include <stdlib.h>

#include "component/task.h"

static const char *const type_names[] = {
	[STORM_NULL] = "null",
	[STORM_BOOLEAN] = "a boolean",
	[STORM_INTEGER] = "an integer",
	[STORM_DOUBLE] = "a number with a fraction",
	[STORM_STRING] = "a string",
	[STORM_ARRAY] = "an array",
	[STORM_OBJECT] = "an object",
};

/* Decode a string of the envelope behind what `origin` holds, with a zero byte. */
static void add_origin(struct buffer *origin, const struct json_text *string)
{
	if (string->type != STORM_STRING || buffer_reserve(origin, string->text.length + 1) < 0) {
		origin->failed |= string->type == STORM_STRING;
	} else {
		origin->length += json_decode_string(string, origin->data + origin->length);
	}
	buffer_append(origin, "", 1);
}

int tuple_set(struct storm_tuple *tuple, struct storm_task *task, struct message *message)
{
	size_t stream;

	tuple->task = task;
	tuple->message = message;
	tuple->settled = false;
	buffer_truncate(&tuple->decoded, 0);

	/* Most tuples come from where the last one came from. */
	if (tuple->source && json_string_equals(&message->comp, span_of(tuple->component)) &&
		json_string_equals(&message->stream, span_of(tuple->stream)))
		return 0;

	buffer_truncate(&tuple->origin, 0);
	add_origin(&tuple->origin, &message->comp);
	stream = tuple->origin.length;
	if (message->stream.type == STORM_NULL)
		buffer_append(&tuple->origin, STREAM_DEFAULT, sizeof(STREAM_DEFAULT));
	else
		add_origin(&tuple->origin, &message->stream);
	if (tuple->origin.failed)
		return -ENOMEM;
	tuple->component = tuple->origin.data;
	tuple->stream = tuple->origin.data + stream;
	tuple->source = context_source(&task->context, tuple->component, tuple->stream);
	return 0;
}

void tuple_free(struct storm_tuple *tuple)
{
	buffer_free(&tuple->origin);
	buffer_free(&tuple->decoded);
	tuple->source = NULL;
}

/* The name of a field, for messages. */
static const char *field_name(const struct storm_tuple *tuple, size_t index)
{
	if (tuple->source && index < tuple->source->field_count)
		return tuple->source->fields[index];
	return "?";
}

static int wrong_type(const struct storm_tuple *tuple, size_t index, enum storm_type wanted)
{
	return storm_error(tuple->task, -EINVAL,
		"field %zu (%s) of a tuple from %s, stream %s, is %s, not %s", index,
		field_name(tuple, index), tuple->component, tuple->stream,
		type_names[tuple->message->values[index].type], type_names[wanted]);
}

static int out_of_range(const struct storm_tuple *tuple, size_t index)
{
	const struct span text = tuple->message->values[index].text;

	return storm_error(tuple->task, -ERANGE,
		"field %zu (%s) of a tuple from %s, stream %s: %.*s", index,
		field_name(tuple, index), tuple->component, tuple->stream,
		text.length > 40 ? 40 : (int)text.length, text.data);
}

/* NULL, with the reason set, where there is no such index. */
static const struct json_text *find(const struct storm_tuple *tuple, size_t index)
{
	if (index < tuple->message->value_count)
		return &tuple->message->values[index];
	storm_error(tuple->task, -ENOENT, "field %zu of a tuple from %s, stream %s, which has %zu",
		index, tuple->component, tuple->stream, tuple->message->value_count);
	return NULL;
}

int storm_tuple_index(const struct storm_tuple *tuple, const char *field)
{
	struct buffer names = { 0 };

	for (size_t i = 0; tuple->source && i < tuple->source->field_count; i++) {
		if (strcmp(tuple->source->fields[i], field) == 0)
			return (int)i;
	}
	for (size_t i = 0; tuple->source && i < tuple->source->field_count; i++)
		buffer_append_format(&names, " %s", tuple->source->fields[i]);
	storm_error(tuple->task, -ENOENT, "field %s of a tuple from %s, stream %s, which has:%s",
		field, tuple->component, tuple->stream,
		names.length > 0 ? buffer_text(&names) : " no named fields");
	buffer_free(&names);
	return -ENOENT;
}

int storm_tuple_string_at(
	const struct storm_tuple *tuple, size_t index, struct storm_string *string)
{
	/* What is decoded is a cache that callers do not see. */
	struct buffer *decoded = &((struct storm_tuple *)tuple)->decoded;
	const struct json_text *value = find(tuple, index);
	char *out;

	if (!value)
		return -ENOENT;
	if (value->type != STORM_STRING)
		return wrong_type(tuple, index, STORM_STRING);
	if (buffer_reserve(decoded, tuple->message->tuple.text.length) < 0)
		return storm_error(tuple->task, -ENOMEM, "decoding a string");
	out = decoded->data + (value->text.data - tuple->message->tuple.text.data);
	string->length = json_decode_string(value, out);
	string->data = out;
	out[string->length] = '\0'; /* in place of the quotes */
	return 0;
}

int storm_tuple_integer_at(const struct storm_tuple *tuple, size_t index, int64_t *integer)
{
	const struct json_text *value = find(tuple, index);

	if (!value)
		return -ENOENT;
	if (value->type != STORM_INTEGER)
		return wrong_type(tuple, index, STORM_INTEGER);
	if (json_decode_integer(value, integer) < 0)
		return out_of_range(tuple, index);
	return 0;
}

int storm_tuple_double_at(const struct storm_tuple *tuple, size_t index, double *number)
{
	const struct json_text *value = find(tuple, index);
	int err;

	if (!value)
		return -ENOENT;
	if (value->type != STORM_DOUBLE && value->type != STORM_INTEGER)
		return wrong_type(tuple, index, STORM_DOUBLE);
	err = json_decode_double(value, number);
	if (err == -ERANGE)
		return out_of_range(tuple, index);
	return err < 0 ? storm_error(tuple->task, err, "decoding a number") : 0;
}

int storm_tuple_boolean_at(const struct storm_tuple *tuple, size_t index, bool *boolean)
{
	const struct json_text *value = find(tuple, index);

	if (!value)
		return -ENOENT;
	if (value->type != STORM_BOOLEAN)
		return wrong_type(tuple, index, STORM_BOOLEAN);
	*boolean = value->text.data[0] == 't';
	return 0;
}

int storm_tuple_json_at(const struct storm_tuple *tuple, size_t index, struct storm_string *text)
{
	const struct json_text *value = find(tuple, index);

	if (!value)
		return -ENOENT;
	*text = (struct storm_string){ value->text.data, value->text.length };
	return 0;
}

#define GETTER(name, type)                                                                      \
	int storm_tuple_get_##name(const struct storm_tuple *tuple, const char *field, type)    \
	{                                                                                       \
		int index = storm_tuple_index(tuple, field);                                    \
                                                                                                \
		return index < 0 ? index : storm_tuple_##name##_at(tuple, (size_t)index, name); \
	}

GETTER(string, struct storm_string *string)
GETTER(integer, int64_t *integer)
GETTER(boolean, bool *boolean)

int storm_tuple_get_double(const struct storm_tuple *tuple, const char *field, double *number)
{
	int index = storm_tuple_index(tuple, field);

	return index < 0 ? index : storm_tuple_double_at(tuple, (size_t)index, number);
}

int storm_tuple_get_json(
	const struct storm_tuple *tuple, const char *field, struct storm_string *text)
{
	int index = storm_tuple_index(tuple, field);

	return index < 0 ? index : storm_tuple_json_at(tuple, (size_t)index, text);
}

size_t storm_tuple_size(const struct storm_tuple *tuple)
{
	return tuple->message->value_count;
}

enum storm_type storm_tuple_type_at(const struct storm_tuple *tuple, size_t index)
{
	return index < tuple->message->value_count ? tuple->message->values[index].type :
						     STORM_NULL;
}

const char *storm_tuple_component(const struct storm_tuple *tuple)
{
	return tuple->component;
}

const char *storm_tuple_stream(const struct storm_tuple *tuple)
{
	return tuple->stream;
}

int storm_tuple_task(const struct storm_tuple *tuple)
{
	return message_task(tuple->message);
}

/* A kept tuple with all that it needs: the text of its message, taken apart again. */
struct kept_tuple {
	struct storm_tuple tuple; /* first: it is what the caller holds */
	struct message message;
	char frame[];
};

/* The part of the frame that has all that a tuple needs: from its first span to its last. */
static struct span message_extent(const struct message *message)
{
	const struct json_text *texts[] = { &message->id, &message->comp, &message->stream,
		&message->task, &message->tuple };
	const char *start = message->tuple.text.data;
	const char *end = start + message->tuple.text.length;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct span text = texts[i]->text;

		if (!text.data)
			continue;
		if (text.data < start)
			start = text.data;
		if (text.data + text.length > end)
			end = text.data + text.length;
	}
	return (struct span){ start, (size_t)(end - start) };
}

static void move_text(struct json_text *text, const char *from, char *to)
{
	if (text->text.data)
		text->text.data = to + (text->text.data - from);
}

struct storm_tuple *storm_tuple_keep(const struct storm_tuple *tuple)
{
	const struct message *message = tuple->message;
	struct span extent = message_extent(message);
	size_t values_size = message->value_count * sizeof(*message->values);
	struct kept_tuple *kept = calloc(1, sizeof(*kept) + extent.length);

	if (!kept)
		return NULL;
	memcpy(kept->frame, extent.data, extent.length);
	kept->message = *message;
	kept->message.values = malloc(values_size > 0 ? values_size : 1);
	if (!kept->message.values) {
		free(kept);
		return NULL;
	}
	if (values_size > 0)
		memcpy(kept->message.values, message->values, values_size);
	move_text(&kept->message.id, extent.data, kept->frame);
	move_text(&kept->message.comp, extent.data, kept->frame);
	move_text(&kept->message.stream, extent.data, kept->frame);
	move_text(&kept->message.task, extent.data, kept->frame);
	move_text(&kept->message.tuple, extent.data, kept->frame);
	for (size_t i = 0; i < message->value_count; i++)
		move_text(&kept->message.values[i], extent.data, kept->frame);
	if (tuple_set(&kept->tuple, tuple->task, &kept->message) < 0) {
		storm_tuple_release(&kept->tuple);
		return NULL;
	}
	/* Where acks are automatic, the runtime settles the tuple when process() returns. */
	kept->tuple.settled = tuple->settled || !tuple->task->bolt_class->manual_ack;
	return &kept->tuple;
}

void storm_tuple_release(struct storm_tuple *tuple)
{
	struct kept_tuple *kept = (struct kept_tuple *)tuple;

	if (!kept)
		return;
	tuple_free(&kept->tuple);
	message_free(&kept->message);
	free(kept);
}
