/* Takes the messages of the multi-lang protocol apart. */
#include "protocol/message.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define ANY_TYPE (~0u)
#define TYPE(type) (1u << STORM_##type)

/* A key of the envelope: where it goes, and the types that it may have besides null. */
struct envelope_key {
	struct span name;
	size_t offset;
	unsigned int types;
	const char *what; /* said where it has another type */
};

#define KEY(member, types, what)                                                    \
	{                                                                           \
		{ #member, sizeof(#member) - 1 }, offsetof(struct message, member), \
			(types) | TYPE(NULL), #member " must be " what              \
	}

static const struct envelope_key envelope_keys[] = {
	KEY(command, TYPE(STRING), "a string"),
	KEY(id, ANY_TYPE, "a value"),
	KEY(tuple, TYPE(ARRAY), "an array"),
	KEY(comp, TYPE(STRING), "a string"),
	KEY(stream, TYPE(STRING), "a string"),
	KEY(task, TYPE(INTEGER), "an integer"),
	KEY(anchors, TYPE(ARRAY) | TYPE(STRING), "an array"),
	KEY(need_task_ids, TYPE(BOOLEAN), "true or false"),
	KEY(msg, TYPE(STRING), "a string"),
	KEY(level, TYPE(INTEGER), "an integer"),
	KEY(name, TYPE(STRING), "a string"),
	KEY(params, ANY_TYPE, "a value"),
	KEY(pid, TYPE(INTEGER), "an integer"),
	KEY(finished, TYPE(BOOLEAN), "true or false"),
};

#define KEY_COUNT (sizeof(envelope_keys) / sizeof(envelope_keys[0]))

void message_free(struct message *message)
{
	free(message->values);
	*message = (struct message){ 0 };
}

/* NULL for a key that is not of the envelope: its value is skipped. */
static const struct envelope_key *find_key(const struct json_text *key)
{
	const struct span plain = { key->text.data + 1, key->text.length - 2 };

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (key->escaped ? json_string_equals(key, envelope_keys[i].name) :
				   span_equals(plain, envelope_keys[i].name))
			return &envelope_keys[i];
	}
	return NULL;
}

static int add_value(struct message *message, const struct json_text *value)
{
	if (message->value_count == message->value_capacity) {
		size_t capacity = message->value_capacity == 0 ? 16 : message->value_capacity * 2;
		struct json_text *values =
			realloc(message->values, capacity * sizeof(*message->values));

		if (!values)
			return -ENOMEM;
		message->values = values;
		message->value_capacity = capacity;
	}
	message->values[message->value_count++] = *value;
	return 0;
}

/* Scan an array and keep its values one by one. */
static int scan_values(
	struct message *message, struct json_scanner *scanner, struct json_text *array)
{
	const char *start = scanner->at;
	int more;

	json_scan_enter(scanner);
	more = json_scan_element(scanner, true);
	while (more > 0) {
		struct json_text value;
		int err = json_scan_value(scanner, &value);

		if (err == 0)
			err = add_value(message, &value);
		if (err < 0)
			return err;
		more = json_scan_element(scanner, false);
	}
	array->type = STORM_ARRAY;
	array->escaped = false;
	array->text = (struct span){ start, (size_t)(scanner->at - start) };
	return more;
}

static int scan_member(
	struct message *message, struct json_scanner *scanner, const struct json_text *key_text)
{
	const struct envelope_key *key = find_key(key_text);
	const char *start = scanner->at;
	struct json_text skipped;
	struct json_text *value;
	int err;

	if (!key)
		return json_scan_value(scanner, &skipped);
	value = (struct json_text *)(void *)((char *)message + key->offset);
	if (value == &message->tuple)
		message->value_count = 0;
	if (value == &message->tuple && json_scan_peek(scanner) == '[')
		err = scan_values(message, scanner, value);
	else
		err = json_scan_value(scanner, value);
	if (err == 0 && !(key->types >> value->type & 1))
		err = json_fail(scanner, start, key->what);
	return err;
}

static int scan_envelope(struct message *message, struct json_scanner *scanner)
{
	struct json_text key;
	int more;
	int err;

	json_scan_enter(scanner);
	more = json_scan_key(scanner, true, &key);
	while (more > 0) {
		err = scan_member(message, scanner, &key);
		if (err < 0)
			return err;
		more = json_scan_key(scanner, false, &key);
	}
	return more;
}

static int scan_task_ids(struct message *message, struct json_scanner *scanner)
{
	struct json_text array;
	const char *start = scanner->at;
	int err = scan_values(message, scanner, &array);

	if (err < 0)
		return err;
	for (size_t i = 0; i < message->value_count; i++) {
		if (message->values[i].type != STORM_INTEGER)
			return json_fail(scanner, start, "a list must hold task ids");
	}
	message->is_task_ids = true;
	return 0;
}

int message_scan(struct message *message, struct span frame, struct json_error *error)
{
	struct json_scanner scanner = json_scanner(frame);
	char c = json_scan_peek(&scanner);
	int err;

	/* All but the array of values, which is used again. */
	memset(message, 0, offsetof(struct message, values));
	message->value_count = 0;
	if (c == '{')
		err = scan_envelope(message, &scanner);
	else if (c == '[')
		err = scan_task_ids(message, &scanner);
	else
		err = json_fail(&scanner, scanner.at, "a message must be an object or a list");
	if (err == 0)
		err = json_scan_end(&scanner);
	*error = scanner.error;
	return err;
}

int message_task(const struct message *message)
{
	int64_t task;

	if (message->task.type != STORM_INTEGER || json_decode_integer(&message->task, &task) < 0 ||
		task < INT_MIN || task > INT_MAX)
		return 0;
	return (int)task;
}

bool message_stream_is(const struct message *message, const char *stream)
{
	if (message->stream.type == STORM_NULL)
		return strcmp(stream, STREAM_DEFAULT) == 0;
	return json_string_equals(&message->stream, span_of(stream));
}
