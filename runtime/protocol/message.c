/* Takes the messages of the multi-lang protocol apart. */
#include "protocol/message.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "protocol/json_key.h"
#include "protocol/json_scan.h"
#include "protocol/msgpack.h"

#define ANY_TYPE (~0u)
#define TYPE(type) (1u << STORM_##type)

/* A key of the envelope: where it goes, and the types that it may have besides null. */
struct envelope_key {
	struct span name;
	struct json_key json;
	size_t offset;
	unsigned int types;
	const char *what; /* said where it has another type */
};

#define KEY(member, types, what)                                                \
	{                                                                       \
		{ #member, sizeof(#member) - 1 }, JSON_KEY(#member),            \
			offsetof(struct message, member), (types) | TYPE(NULL), \
			#member " must be " what                                \
	}

/* In the order in which Storm and libcstorm write them: each is looked for from the one before on. */
static const struct envelope_key envelope_keys[] = {
	KEY(command, TYPE(STRING), "a string"),
	KEY(id, ANY_TYPE, "a value"),
	KEY(comp, TYPE(STRING), "a string"),
	KEY(stream, TYPE(STRING), "a string"),
	KEY(anchors, TYPE(ARRAY) | TYPE(STRING), "an array"),
	KEY(task, TYPE(INTEGER), "an integer"),
	KEY(need_task_ids, TYPE(BOOLEAN), "true or false"),
	KEY(tuple, TYPE(ARRAY), "an array"),
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

/* From the key at *expected on, which is set to the one behind it. NULL: it is not of the envelope, its value is skipped. */
static const struct envelope_key *find_key(const struct encoded *key, size_t *expected)
{
	struct span name = encoded_plain(key);

	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct envelope_key *candidate = &envelope_keys[*expected % KEY_COUNT];

		*expected = *expected % KEY_COUNT + 1;
		if (name.data ? span_equals(name, candidate->name) :
				encoded_equals(key, candidate->name))
			return candidate;
	}
	return NULL;
}

static struct encoded *value_of(struct message *message, const struct envelope_key *key)
{
	return (struct encoded *)(void *)((char *)message + key->offset);
}

static bool has_wrong_type(const struct envelope_key *key, const struct encoded *value)
{
	return !(key->types >> value->type & 1);
}

static int add_value(struct message *message, const struct encoded *value)
{
	if (message->value_count == message->value_capacity) {
		size_t capacity = message->value_capacity == 0 ? 16 : message->value_capacity * 2;
		struct encoded *values =
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
static int scan_json_values(
	struct message *message, struct json_scanner *scanner, struct encoded *array)
{
	const char *start = scanner->at;
	int more;

	json_scan_enter(scanner);
	more = json_scan_element(scanner, true);
	while (more > 0) {
		struct encoded value;
		int err = json_scan_value(scanner, &value);

		if (err == 0)
			err = add_value(message, &value);
		if (err < 0)
			return err;
		more = json_scan_element(scanner, false);
	}
	*array = (struct encoded){ .text = { start, (size_t)(scanner->at - start) },
		.type = STORM_ARRAY,
		.wire = WIRE_JSON };
	return more;
}

static int scan_json_member(
	struct message *message, struct json_scanner *scanner, const struct envelope_key *key)
{
	char first = json_scan_peek(scanner);
	const char *start = scanner->at;
	struct encoded skipped;
	struct encoded *value;
	int err;

	if (!key)
		return json_scan_value(scanner, &skipped);
	value = value_of(message, key);
	if (value == &message->tuple)
		message->value_count = 0;
	if (value == &message->tuple && first == '[')
		err = scan_json_values(message, scanner, value);
	else
		err = json_scan_value(scanner, value);
	if (err == 0 && has_wrong_type(key, value))
		err = json_fail(scanner, start, key->what);
	return err;
}

/* The next key, where it stands as Storm and libcstorm write it: without spaces, in their order, one left out at most. */
static const struct envelope_key *scan_expected_key(
	struct json_scanner *scanner, bool first, size_t *expected)
{
	const char *at = scanner->at;

	if (!first && (at == scanner->end || *at++ != ','))
		return NULL;
	for (size_t i = *expected; i < *expected + 2 && i < KEY_COUNT; i++) {
		const struct envelope_key *key = &envelope_keys[i];

		if (json_key_is_at(at, scanner->end, &key->json)) {
			scanner->at = at + key->json.length;
			*expected = i + 1;
			return key;
		}
	}
	return NULL;
}

static int scan_json_envelope(struct message *message, struct json_scanner *scanner)
{
	size_t expected = 0;

	json_scan_enter(scanner);
	for (bool first = true;; first = false) {
		const struct envelope_key *key = scan_expected_key(scanner, first, &expected);
		int err;

		if (!key) {
			struct encoded name;
			int more = json_scan_key(scanner, first, &name);

			if (more <= 0)
				return more;
			key = find_key(&name, &expected);
		}
		err = scan_json_member(message, scanner, key);
		if (err < 0)
			return err;
	}
}

/* Whether the values, of a message that is a list, are task ids. */
static bool are_task_ids(const struct message *message)
{
	for (size_t i = 0; i < message->value_count; i++) {
		if (message->values[i].type != STORM_INTEGER)
			return false;
	}
	return true;
}

#define NOT_TASK_IDS "a list must hold task ids"
#define NOT_A_MESSAGE "a message must be an object or a list"

static int scan_json(struct message *message, struct span frame, struct wire_error *error)
{
	struct json_scanner scanner = json_scanner(frame);
	char c = json_scan_peek(&scanner);
	const char *start = scanner.at;
	struct encoded array;
	int err;

	if (c == '{') {
		err = scan_json_envelope(message, &scanner);
	} else if (c == '[') {
		message->is_task_ids = true;
		err = scan_json_values(message, &scanner, &array);
		if (err == 0 && !are_task_ids(message))
			err = json_fail(&scanner, start, NOT_TASK_IDS);
	} else {
		err = json_fail(&scanner, start, NOT_A_MESSAGE);
	}
	if (err == 0)
		err = json_scan_end(&scanner);
	*error = scanner.error;
	return err;
}

static int scan_msgpack_values(
	struct message *message, struct msgpack_scanner *scanner, uint64_t count)
{
	int err = 0;

	for (uint64_t i = 0; i < count && err == 0; i++) {
		struct encoded value;

		err = msgpack_scan_value(scanner, &value);
		if (err == 0)
			err = add_value(message, &value);
	}
	return err;
}

/* Scan the tuple's array and keep its values one by one. */
static int scan_msgpack_tuple(
	struct message *message, struct msgpack_scanner *scanner, struct encoded *array)
{
	const char *start = scanner->at;
	uint64_t count;
	int err = msgpack_scan_list(scanner, &array->type, &count);

	message->value_count = 0;
	if (err == 0 && array->type == STORM_OBJECT)
		return msgpack_fail(scanner, start, "tuple must be an array");
	if (err == 0 && array->type == STORM_ARRAY)
		err = scan_msgpack_values(message, scanner, count);
	array->text = (struct span){ start, (size_t)(scanner->at - start) };
	array->wire = WIRE_MSGPACK;
	return err;
}

static int scan_msgpack_member(
	struct message *message, struct msgpack_scanner *scanner, size_t *expected)
{
	const struct envelope_key *key;
	struct encoded name;
	struct encoded skipped;
	struct encoded *value;
	const char *start;
	int err = msgpack_scan_value(scanner, &name);

	if (err < 0)
		return err;
	key = name.type == STORM_STRING ? find_key(&name, expected) : NULL;
	if (!key)
		return msgpack_scan_value(scanner, &skipped);
	start = scanner->at;
	value = value_of(message, key);
	err = value == &message->tuple ? scan_msgpack_tuple(message, scanner, value) :
					 msgpack_scan_value(scanner, value);
	if (err == 0 && has_wrong_type(key, value))
		err = msgpack_fail(scanner, start, key->what);
	return err;
}

static int scan_msgpack(struct message *message, struct span frame, struct wire_error *error)
{
	struct msgpack_scanner scanner = msgpack_scanner(frame);
	enum storm_type type = STORM_NULL;
	uint64_t count = 0;
	size_t expected = 0;
	int err = msgpack_scan_list(&scanner, &type, &count);

	if (err == 0 && type == STORM_OBJECT) {
		for (uint64_t i = 0; i < count && err == 0; i++)
			err = scan_msgpack_member(message, &scanner, &expected);
	} else if (err == 0 && type == STORM_ARRAY) {
		message->is_task_ids = true;
		err = scan_msgpack_values(message, &scanner, count);
		if (err == 0 && !are_task_ids(message))
			err = msgpack_fail(&scanner, scanner.start, NOT_TASK_IDS);
	} else if (err == 0) {
		err = msgpack_fail(&scanner, scanner.start, NOT_A_MESSAGE);
	}
	if (err == 0 && scanner.at < scanner.end)
		err = msgpack_fail(&scanner, scanner.at, "something follows the message");
	*error = scanner.error;
	return err;
}

static struct encoded on_line(enum storm_type type, struct span text)
{
	return (struct encoded){ .text = text, .type = type, .wire = WIRE_LINES };
}

/* A tuple of one string. The tuple begins with the tab before it, as a list does with a bracket. */
static int scan_tuple_line(struct message *message, struct span frame, struct wire_error *error)
{
	const char *end = frame.data + frame.length;
	const char *tab = frame.length > 0 ? memchr(frame.data, '\t', frame.length) : NULL;
	const char *invalid;
	struct encoded text;

	if (!tab || tab == frame.data) {
		*error = (struct wire_error){ 0, "a line begins with an id and a tab" };
		return -EBADMSG;
	}
	invalid = utf8_first_invalid(frame.data, end);
	if (invalid < end) {
		*error = (struct wire_error){ (size_t)(invalid - frame.data), "not UTF-8" };
		return -EBADMSG;
	}
	text = on_line(STORM_STRING, (struct span){ tab + 1, (size_t)(end - tab) - 1 });
	message->is_line = true;
	message->id =
		on_line(STORM_STRING, (struct span){ frame.data, (size_t)(tab - frame.data) });
	message->comp = on_line(STORM_STRING, SPAN(LINES_COMPONENT));
	message->stream = on_line(STORM_STRING, SPAN(STREAM_DEFAULT));
	message->tuple = on_line(STORM_ARRAY, (struct span){ tab, (size_t)(end - tab) });
	return add_value(message, &text);
}

static int scan_line(struct message *message, struct span frame, struct wire_error *error)
{
	if (frame.length > 0 && strchr("{[\t", frame.data[0]))
		return scan_json(message, frame, error);
	return scan_tuple_line(message, frame, error);
}

int message_scan(
	struct message *message, enum wire wire, struct span frame, struct wire_error *error)
{
	/* All but the array of values, which is used again. */
	memset(message, 0, offsetof(struct message, values));
	message->value_count = 0;
	switch (wire) {
	case WIRE_MSGPACK:
		return scan_msgpack(message, frame, error);
	case WIRE_LINES:
		return scan_line(message, frame, error);
	case WIRE_JSON:
		break;
	}
	return scan_json(message, frame, error);
}

int message_task(const struct message *message)
{
	int64_t task;

	if (message->task.type != STORM_INTEGER || encoded_integer(&message->task, &task) < 0 ||
		task < INT_MIN || task > INT_MAX)
		return 0;
	return (int)task;
}

bool message_stream_is(const struct message *message, const char *stream)
{
	if (message->stream.type == STORM_NULL)
		return strcmp(stream, STREAM_DEFAULT) == 0;
	return encoded_equals(&message->stream, span_of(stream));
}
