/* Writes YAML. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "spec/yaml.h"

#define LINE_WIDTH 100

/* The emitter's functions take over the event, and keep the first error that there is. */
static bool emit_value(yaml_emitter_t *emitter, const json_t *value);

static bool emit_scalar(
	yaml_emitter_t *emitter, const char *text, size_t length, yaml_scalar_style_t style)
{
	yaml_event_t event;

	return yaml_scalar_event_initialize(
		       &event, NULL, NULL, (const yaml_char_t *)text, (int)length, 1, 1, style) &&
		yaml_emitter_emit(emitter, &event);
}

static bool emit_string(yaml_emitter_t *emitter, const char *text, size_t length)
{
	return emit_scalar(emitter, text, length,
		yaml_is_plain(text) && !strchr(text, '\n') ? YAML_ANY_SCALAR_STYLE :
							     YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

/* YAML 1.1 needs the point in a fraction, and the sign in its exponent. */
static bool emit_real(yaml_emitter_t *emitter, double number)
{
	char digits[32];
	char text[40];
	size_t mantissa;

	for (int precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, number);
		if (strtod(digits, NULL) == number)
			break;
	}
	mantissa = strcspn(digits, "e");
	snprintf(text, sizeof(text), "%.*s%s%s", (int)mantissa, digits,
		memchr(digits, '.', mantissa) ? "" : ".0", digits + mantissa);
	return emit_scalar(emitter, text, strlen(text), YAML_PLAIN_SCALAR_STYLE);
}

static bool emit_word(yaml_emitter_t *emitter, const char *word)
{
	return emit_scalar(emitter, word, strlen(word), YAML_PLAIN_SCALAR_STYLE);
}

static bool emit_integer(yaml_emitter_t *emitter, json_int_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, number);
	return emit_word(emitter, text);
}

/* A list of words or numbers stands in one line. */
static bool is_short(const json_t *list)
{
	const json_t *value;
	size_t i;

	json_array_foreach(list, i, value) {
		if (json_is_array(value) || json_is_object(value))
			return false;
	}
	return true;
}

static bool emit_list(yaml_emitter_t *emitter, const json_t *list)
{
	yaml_event_t event;
	const json_t *value;
	size_t i;

	if (!yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
		    is_short(list) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE) ||
		!yaml_emitter_emit(emitter, &event))
		return false;
	json_array_foreach(list, i, value) {
		if (!emit_value(emitter, value))
			return false;
	}
	return yaml_sequence_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static bool emit_object(yaml_emitter_t *emitter, const json_t *object)
{
	yaml_event_t event;
	const char *key;
	json_t *value;

	if (!yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) ||
		!yaml_emitter_emit(emitter, &event))
		return false;
	json_object_foreach((json_t *)object, key, value) {
		if (!emit_string(emitter, key, strlen(key)) || !emit_value(emitter, value))
			return false;
	}
	return yaml_mapping_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static bool emit_value(yaml_emitter_t *emitter, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return emit_object(emitter, value);
	case JSON_ARRAY:
		return emit_list(emitter, value);
	case JSON_STRING:
		return emit_string(emitter, json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
		return emit_integer(emitter, json_integer_value(value));
	case JSON_REAL:
		return emit_real(emitter, json_real_value(value));
	case JSON_TRUE:
		return emit_word(emitter, "true");
	case JSON_FALSE:
		return emit_word(emitter, "false");
	case JSON_NULL:
		return emit_word(emitter, "null");
	}
	return false;
}

static bool emit_document(yaml_emitter_t *emitter, const json_t *value)
{
	yaml_event_t event;

	return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
		yaml_emitter_emit(emitter, &event) &&
		yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
		yaml_emitter_emit(emitter, &event) && emit_value(emitter, value) &&
		yaml_document_end_event_initialize(&event, 1) &&
		yaml_emitter_emit(emitter, &event) && yaml_stream_end_event_initialize(&event) &&
		yaml_emitter_emit(emitter, &event);
}

static int append(void *text, unsigned char *data, size_t size)
{
	struct buffer *buffer = text;

	buffer_append(buffer, (const char *)data, size);
	return !buffer->failed;
}

int yaml_write(const json_t *value, struct buffer *text)
{
	yaml_emitter_t emitter;
	bool done;

	if (!yaml_emitter_initialize(&emitter))
		return -ENOMEM;
	yaml_emitter_set_output(&emitter, append, text);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, LINE_WIDTH);
	done = emit_document(&emitter, value);
	yaml_emitter_delete(&emitter);
	if (text->length > 0 && text->data[text->length - 1] != '\n')
		buffer_append_literal(text, "\n");
	return done ? 0 : -ENOMEM;
}
