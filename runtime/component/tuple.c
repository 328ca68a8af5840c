/* Access to the values of a tuple. */
#include "component/tuple.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "component/task.h"
#include "protocol/msgpack.h"

static const char *const type_names[] = {
	[STORM_NULL] = "null",
	[STORM_BOOLEAN] = "a boolean",
	[STORM_INTEGER] = "an integer",
	[STORM_DOUBLE] = "a number with a fraction",
	[STORM_STRING] = "a string",
	[STORM_ARRAY] = "an array",
	[STORM_OBJECT] = "an object",
	[STORM_BINARY] = "binary data",
};

/* Decode a string of the envelope behind what `origin` holds, with a zero byte. */
static void add_origin(struct buffer *origin, const struct encoded *string)
{
	if (string->type != STORM_STRING || buffer_reserve(origin, string->text.length + 1) < 0) {
		origin->failed |= string->type == STORM_STRING;
	} else {
		origin->length += encoded_string(string, origin->data + origin->length);
	}
	buffer_append(origin, "", 1);
}

static void free_json(struct storm_tuple *tuple)
{
	while (tuple->json) {
		struct json_text *json = tuple->json;

		tuple->json = json->next;
		buffer_free(&json->text);
		free(json);
	}
}

/* Most tuples come from where the last one came from. */
static bool is_of_same_origin(const struct storm_tuple *tuple, const struct message *message)
{
	const struct buffer *origin = &tuple->origin;
	struct span component = { origin->data + tuple->component_text,
		tuple->stream_text - tuple->component_text };
	struct span stream = { origin->data + tuple->stream_text,
		origin->length - tuple->stream_text };

	return tuple->source && span_equals(message->comp.text, component) &&
		span_equals(message->stream.text, stream);
}

int tuple_set(struct storm_tuple *tuple, struct storm_task *task, struct message *message)
{
	size_t stream;

	tuple->task = task;
	tuple->message = message;
	tuple->settled = false;
	buffer_truncate(&tuple->decoded, 0);
	buffer_truncate(&tuple->binary, 0);
	free_json(tuple);

	if (is_of_same_origin(tuple, message))
		return 0;
	buffer_truncate(&tuple->origin, 0);
	add_origin(&tuple->origin, &message->comp);
	stream = tuple->origin.length;
	if (message->stream.type == STORM_NULL)
		buffer_append(&tuple->origin, STREAM_DEFAULT, sizeof(STREAM_DEFAULT));
	else
		add_origin(&tuple->origin, &message->stream);
	tuple->component_text = tuple->origin.length;
	buffer_append_span(&tuple->origin, message->comp.text);
	tuple->stream_text = tuple->origin.length;
	buffer_append_span(&tuple->origin, message->stream.text);
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
	buffer_free(&tuple->binary);
	free_json(tuple);
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
	return storm_error(tuple->task, -ERANGE, "field %zu (%s) of a tuple from %s, stream %s: %s",
		index, field_name(tuple, index), tuple->component, tuple->stream,
		encoded_excerpt(&tuple->message->values[index]).text);
}

/* NULL, with the reason set, where there is no such index. */
static const struct encoded *find(const struct storm_tuple *tuple, size_t index)
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

const char *storm_tuple_field(const struct storm_tuple *tuple, size_t index)
{
	return tuple->source && index < tuple->source->field_count ? tuple->source->fields[index] :
								     NULL;
}

/* The place to decode a value to; NULL, with the reason set, when memory ended. */
static char *place_for(
	const struct storm_tuple *tuple, const struct encoded *value, struct buffer *decoded)
{
	/* All at once: what is handed out must not move. */
	if (buffer_reserve(decoded, tuple->message->tuple.text.length) < 0) {
		storm_error(tuple->task, -ENOMEM, "decoding a value");
		return NULL;
	}
	return decoded->data + (value->text.data - tuple->message->tuple.text.data);
}

int storm_tuple_string_at(
	const struct storm_tuple *tuple, size_t index, struct storm_string *string)
{
	const struct encoded *value = find(tuple, index);
	/* What is decoded is a cache that callers do not see. */
	struct buffer *decoded = &((struct storm_tuple *)tuple)->decoded;
	char *out;

	if (!value)
		return -ENOENT;
	if (value->type != STORM_STRING)
		return wrong_type(tuple, index, STORM_STRING);
	out = place_for(tuple, value, decoded);
	if (!out)
		return -ENOMEM;
	string->length = encoded_string(value, out);
	string->data = out;
	out[string->length] = '\0'; /* in place of the quotes, or of MessagePack's header */
	return 0;
}

int storm_tuple_binary_at(
	const struct storm_tuple *tuple, size_t index, struct storm_binary *binary)
{
	const struct encoded *value = find(tuple, index);
	struct buffer *decoded = &((struct storm_tuple *)tuple)->binary;
	char *out;

	if (!value)
		return -ENOENT;
	out = place_for(tuple, value, decoded);
	if (!out)
		return -ENOMEM;
	if (encoded_binary(value, out, &binary->length) < 0)
		return storm_error(tuple->task, -EINVAL,
			"field %zu (%s) of a tuple from %s, stream %s, is %s, which is neither "
			"binary data, nor base64, nor a list of bytes",
			index, field_name(tuple, index), tuple->component, tuple->stream,
			type_names[value->type]);
	binary->data = out;
	return 0;
}

int storm_tuple_value_at(const struct storm_tuple *tuple, size_t index, struct storm_value *value)
{
	const struct encoded *encoded = find(tuple, index);

	if (!encoded)
		return -ENOENT;
	/* Text on a line is decoded; on the other wires it is passed on as it stands. */
	*value = (struct storm_value){ .type = encoded->wire == WIRE_LINES ? STORM_STRING :
									     STORM_VERBATIM,
		.string = { encoded->text.data, encoded->text.length } };
	return 0;
}

int storm_tuple_tree_at(const struct storm_tuple *tuple, size_t index, struct json_t **tree)
{
	struct storm_string text;
	json_error_t why;
	int err = storm_tuple_json_at(tuple, index, &text);

	if (err < 0)
		return err;
	*tree = json_loadb(text.data, text.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	if (*tree)
		return 0;
	return storm_error(tuple->task, -ERANGE, "field %zu (%s) of a tuple from %s, stream %s: %s",
		index, field_name(tuple, index), tuple->component, tuple->stream, why.text);
}

int storm_tuple_integer_at(const struct storm_tuple *tuple, size_t index, int64_t *integer)
{
	const struct encoded *value = find(tuple, index);

	if (!value)
		return -ENOENT;
	if (value->type != STORM_INTEGER)
		return wrong_type(tuple, index, STORM_INTEGER);
	if (encoded_integer(value, integer) < 0)
		return out_of_range(tuple, index);
	return 0;
}

int storm_tuple_double_at(const struct storm_tuple *tuple, size_t index, double *number)
{
	const struct encoded *value = find(tuple, index);
	int err;

	if (!value)
		return -ENOENT;
	if (value->type != STORM_DOUBLE && value->type != STORM_INTEGER)
		return wrong_type(tuple, index, STORM_DOUBLE);
	err = encoded_double(value, number);
	if (err == -ERANGE)
		return out_of_range(tuple, index);
	return err < 0 ? storm_error(tuple->task, err, "decoding a number") : 0;
}

int storm_tuple_boolean_at(const struct storm_tuple *tuple, size_t index, bool *boolean)
{
	const struct encoded *value = find(tuple, index);

	if (!value)
		return -ENOENT;
	if (value->type != STORM_BOOLEAN)
		return wrong_type(tuple, index, STORM_BOOLEAN);
	*boolean = encoded_boolean(value);
	return 0;
}

int storm_tuple_json_at(const struct storm_tuple *tuple, size_t index, struct storm_string *text)
{
	const struct encoded *value = find(tuple, index);
	/* As what is decoded, it lives as long as the tuple. */
	struct json_text **list = &((struct storm_tuple *)tuple)->json;
	struct json_text *json;
	int err;

	if (!value)
		return -ENOENT;
	*text = (struct storm_string){ value->text.data, value->text.length };
	if (value->wire == WIRE_JSON)
		return 0;
	json = calloc(1, sizeof(*json));
	if (!json)
		return storm_error(tuple->task, -ENOMEM, "decoding a value");
	LL_PREPEND(*list, json);
	err = encoded_to_json(value, &json->text);
	*text = (struct storm_string){ buffer_text(&json->text), json->text.length };
	return err < 0 ? storm_error(tuple->task, err,
				 "field %zu (%s) of a tuple from %s, stream %s, as JSON", index,
				 field_name(tuple, index), tuple->component, tuple->stream) :
			 0;
}

#define GETTER(name, type)                                                                        \
	int storm_tuple_get_##name(const struct storm_tuple *tuple, const char *field, type *out) \
	{                                                                                         \
		int index = storm_tuple_index(tuple, field);                                      \
                                                                                                  \
		return index < 0 ? index : storm_tuple_##name##_at(tuple, (size_t)index, out);    \
	}

GETTER(string, struct storm_string)
GETTER(integer, int64_t)
GETTER(double, double)
GETTER(boolean, bool)
GETTER(binary, struct storm_binary)
GETTER(value, struct storm_value)
GETTER(tree, struct json_t *)
GETTER(json, struct storm_string)

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
	const struct peer *input = tuple->message->is_line ?
		context_peer(&tuple->task->context, LINES_COMPONENT) :
		NULL;

	return input ? input->tasks[0] : message_task(tuple->message);
}

/* A kept tuple with all that it needs: its message, the message's values, and the text of both. */
struct kept_tuple {
	struct storm_tuple tuple; /* first: it is what the caller holds */
	struct message message;
	struct encoded values[];
};

/* The part of the frame that has all that a tuple needs: from its first span to its last. */
static struct span message_extent(const struct message *message)
{
	const struct encoded *texts[] = { &message->id, &message->tuple, &message->comp,
		&message->stream, &message->task };
	size_t count = message->is_line ? 2 : sizeof(texts) / sizeof(texts[0]);
	const char *start = message->tuple.text.data;
	const char *end = start + message->tuple.text.length;

	for (size_t i = 0; i < count; i++) {
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

static void move_text(struct encoded *value, const char *from, char *to)
{
	if (value->text.data)
		value->text.data = to + (value->text.data - from);
}

struct storm_tuple *tuple_keep(const struct storm_tuple *tuple)
{
	const struct message *message = tuple->message;
	struct span extent = message_extent(message);
	size_t count = message->value_count;
	struct kept_tuple *kept =
		calloc(1, sizeof(*kept) + count * sizeof(struct encoded) + extent.length);
	char *frame;

	if (!kept)
		return NULL;
	frame = (char *)&kept->values[count];
	memcpy(frame, extent.data, extent.length);
	kept->message = *message;
	kept->message.values = kept->values;
	move_text(&kept->message.id, extent.data, frame);
	move_text(&kept->message.tuple, extent.data, frame);
	if (!message->is_line) {
		move_text(&kept->message.comp, extent.data, frame);
		move_text(&kept->message.stream, extent.data, frame);
		move_text(&kept->message.task, extent.data, frame);
	}
	for (size_t i = 0; i < count; i++) {
		kept->values[i] = message->values[i];
		move_text(&kept->values[i], extent.data, frame);
	}
	if (tuple_set(&kept->tuple, tuple->task, &kept->message) < 0) {
		storm_tuple_release(&kept->tuple);
		return NULL;
	}
	kept->tuple.settled = tuple->settled;
	return &kept->tuple;
}

struct storm_tuple *storm_tuple_keep(const struct storm_tuple *tuple)
{
	struct storm_tuple *kept = tuple_keep(tuple);

	if (!kept)
		return NULL;
	/* Where acks are automatic, the runtime settles the tuple when process() returns. */
	kept->settled |= !tuple->task->bolt_class->manual_ack;
	kept->kept = !kept->settled;
	tuple->task->kept += kept->kept;
	return kept;
}

void storm_tuple_release(struct storm_tuple *tuple)
{
	if (!tuple)
		return;
	if (tuple->kept && !tuple->settled)
		tuple->task->kept--;
	tuple_free(tuple);
	free((struct kept_tuple *)tuple);
}
