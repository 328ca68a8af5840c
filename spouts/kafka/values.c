#include "values.h"

#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "protocol/json_scan.h"
#include "protocol/write.h"

enum source {
	FROM_KEY,
	FROM_VALUE,
	FROM_TOPIC,
	FROM_PARTITION,
	FROM_OFFSET,
	FROM_TIMESTAMP,
	FROM_HEADERS,
	FROM_MEMBER,
};

static const char *const sources[] = {
	[FROM_KEY] = "key",
	[FROM_VALUE] = "value",
	[FROM_TOPIC] = "topic",
	[FROM_PARTITION] = "partition",
	[FROM_OFFSET] = "offset",
	[FROM_TIMESTAMP] = "timestamp",
	[FROM_HEADERS] = "headers",
};

/* A member of the value, whatever its name is: "value.key". */
#define MEMBER_PREFIX "value."

struct value_field {
	enum source source;
	struct span member;
};

static int read_format(struct storm_task *task, struct values *values)
{
	static const char *const formats[] = {
		[FORMAT_TEXT] = "text", [FORMAT_JSON] = "json", [FORMAT_BINARY] = "binary"
	};
	const char *format = storm_setting(task, "format");

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(format, formats[i]) == 0) {
			values->format = (enum values_format)i;
			return 0;
		}
	}
	return storm_error(task, -EINVAL,
		"the setting %s.format must be text, json or binary, not %s",
		storm_task_component(task), format);
}

/* Any name but those of the message's parts is the value, or a member of it if it is JSON. */
static struct value_field field_of(const struct values *values, const char *name)
{
	for (size_t i = 0; i < FROM_MEMBER; i++) {
		if (strcmp(name, sources[i]) == 0)
			return (struct value_field){ .source = (enum source)i };
	}
	if (values->format != FORMAT_JSON)
		return (struct value_field){ .source = FROM_VALUE };
	if (strncmp(name, MEMBER_PREFIX, strlen(MEMBER_PREFIX)) == 0)
		name += strlen(MEMBER_PREFIX);
	return (struct value_field){ .source = FROM_MEMBER, .member = span_of(name) };
}

int values_prepare(struct storm_task *task, struct values *values)
{
	const char *const *names = storm_output_fields(task, "default");
	int err = read_format(task, values);

	while (names && names[values->count])
		values->count++;
	if (err == 0 && values->count == 0)
		err = storm_error(task, -EINVAL, "%s emits no field: its topology must name one",
			storm_task_component(task));
	if (err < 0)
		return err;
	values->fields = calloc(values->count, sizeof(*values->fields));
	values->list = calloc(values->count, sizeof(*values->list));
	if (!values->fields || !values->list)
		return storm_error(task, -ENOMEM, "the fields");
	for (size_t i = 0; i < values->count; i++) {
		values->fields[i] = field_of(values, names[i]);
		values->has_members |= values->fields[i].source == FROM_MEMBER;
	}
	return 0;
}

static struct storm_value bytes_of(const struct values *values, const void *data, size_t length)
{
	if (!data)
		return storm_null();
	return values->format == FORMAT_BINARY ? storm_binary(data, length) :
						 storm_string(data, length);
}

static struct storm_value payload_of(const struct values *values, const rd_kafka_message_t *message)
{
	if (values->format == FORMAT_JSON && message->payload)
		return storm_json(message->payload, message->len);
	return bytes_of(values, message->payload, message->len);
}

/* The headers as a list of pairs: a name may be there more than once. */
static struct storm_value headers_of(struct values *values, const rd_kafka_message_t *message)
{
	struct buffer *text = &values->headers;
	rd_kafka_headers_t *headers;
	const char *name;
	const void *data;
	size_t length;

	buffer_truncate(text, 0);
	buffer_append_literal(text, "[");
	if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &data, &length) ==
			RD_KAFKA_RESP_ERR_NO_ERROR;
			i++) {
			if (i > 0)
				buffer_append_literal(text, ",");
			buffer_append_literal(text, "[");
			write_string_lossy(text, WIRE_JSON, span_of(name));
			buffer_append_literal(text, ",");
			if (data)
				write_string_lossy(text, WIRE_JSON, (struct span){ data, length });
			else
				buffer_append_literal(text, "null");
			buffer_append_literal(text, "]");
		}
	}
	buffer_append_literal(text, "]");
	return storm_json(text->data, text->length);
}

static struct storm_value timestamp_of(const rd_kafka_message_t *message)
{
	rd_kafka_timestamp_type_t type;
	int64_t millis = rd_kafka_message_timestamp(message, &type);

	return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? storm_null() : storm_integer(millis);
}

static struct storm_value part_of(
	struct values *values, enum source source, const rd_kafka_message_t *message)
{
	switch (source) {
	case FROM_KEY:
		return bytes_of(values, message->key, message->key_len);
	case FROM_VALUE:
		return payload_of(values, message);
	case FROM_TOPIC:
		return storm_text(rd_kafka_topic_name(message->rkt));
	case FROM_PARTITION:
		return storm_integer(message->partition);
	case FROM_OFFSET:
		return storm_integer(message->offset);
	case FROM_TIMESTAMP:
		return timestamp_of(message);
	case FROM_HEADERS:
		return headers_of(values, message);
	case FROM_MEMBER:
		break; /* found later, all at once */
	}
	return storm_null();
}

static void set_member(
	struct values *values, const struct encoded *key, const struct encoded *value)
{
	for (size_t i = 0; i < values->count; i++) {
		if (values->fields[i].source == FROM_MEMBER &&
			json_string_equals(key, values->fields[i].member))
			values->list[i] = storm_json(value->text.data, value->text.length);
	}
}

/* The members of the object that the message is. One that it does not have is null. */
static int read_members(struct values *values, const rd_kafka_message_t *message, const char **why)
{
	struct json_scanner scanner = json_scanner((struct span){ message->payload, message->len });
	struct encoded key;
	struct encoded value;
	int more;

	*why = "it is no JSON object";
	if (json_scan_peek(&scanner) != '{')
		return -EBADMSG;
	json_scan_enter(&scanner);
	for (bool first = true; (more = json_scan_key(&scanner, first, &key)) > 0; first = false) {
		if (json_scan_value(&scanner, &value) < 0)
			break;
		set_member(values, &key, &value);
	}
	if (more == 0 && json_scan_end(&scanner) == 0)
		return 0;
	*why = scanner.error.what ? scanner.error.what : "it is no JSON";
	return -EBADMSG;
}

int values_read(struct values *values, const rd_kafka_message_t *message, const char **why)
{
	for (size_t i = 0; i < values->count; i++)
		values->list[i] = part_of(values, values->fields[i].source, message);
	if (values->headers.failed)
		return -ENOMEM;
	/* A message without a value says that its key is deleted. */
	return values->has_members && message->payload ? read_members(values, message, why) : 0;
}

int values_repair(struct values *values)
{
	struct buffer *repaired = &values->repaired;
	size_t room = 0;

	/* What is handed out must not move: a byte becomes three at most. */
	for (size_t i = 0; i < values->count; i++) {
		if (values->list[i].type == STORM_STRING)
			room += values->list[i].string.length * strlen(UTF8_REPLACEMENT);
	}
	buffer_truncate(repaired, 0);
	if (buffer_reserve(repaired, room) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < values->count; i++) {
		struct storm_value *value = &values->list[i];
		size_t start = repaired->length;

		if (value->type != STORM_STRING)
			continue;
		write_utf8(repaired, (struct span){ value->string.data, value->string.length });
		*value = storm_string(repaired->data + start, repaired->length - start);
	}
	return 0;
}

void values_free(struct values *values)
{
	free(values->fields);
	free(values->list);
	buffer_free(&values->headers);
	buffer_free(&values->repaired);
}
