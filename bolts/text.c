#include "text.h"

#include <errno.h>

#include "protocol/write.h"

int text_read_format(struct storm_task *task, enum text_format *format)
{
	static const char *const formats[] = {
		[TEXT_FIRST] = "first", [TEXT_JSON] = "json", [TEXT_TSV] = "tsv"
	};
	const char *setting = storm_setting(task, "format");

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (strcmp(setting, formats[i]) == 0) {
			*format = (enum text_format)i;
			return 0;
		}
	}
	return storm_error(task, -EINVAL,
		"the setting %s.format must be first, json or tsv, not %s",
		storm_task_component(task), setting);
}

static int append_json(struct buffer *text, const struct storm_tuple *tuple, size_t index)
{
	struct storm_string json;
	int err = storm_tuple_json_at(tuple, index, &json);

	if (err == 0)
		buffer_append(text, json.data, json.length);
	return err;
}

/* A string as JSON is written anew: on its way here it may have got escapes that it does not need, as Storm's have. */
static int append_value(
	struct buffer *text, const struct storm_tuple *tuple, size_t index, bool is_json)
{
	struct storm_string string;
	int err;

	if (storm_tuple_type_at(tuple, index) != STORM_STRING)
		return append_json(text, tuple, index);
	err = storm_tuple_string_at(tuple, index, &string);
	if (err < 0)
		return err;
	if (is_json)
		write_string_lossy(text, WIRE_JSON, (struct span){ string.data, string.length });
	else
		buffer_append(text, string.data, string.length);
	return 0;
}

int text_append_field(struct buffer *text, const struct storm_tuple *tuple, size_t index)
{
	return append_value(text, tuple, index, false);
}

static int append_cell(struct buffer *text, const struct storm_tuple *tuple, size_t index)
{
	struct storm_string string;
	struct storm_binary binary;
	struct storm_value value;
	int err;

	switch (storm_tuple_type_at(tuple, index)) {
	case STORM_NULL:
		return 0;
	case STORM_STRING:
		err = storm_tuple_string_at(tuple, index, &string);
		value = storm_string(string.data, string.length);
		break;
	case STORM_BINARY:
		err = storm_tuple_binary_at(tuple, index, &binary);
		value = storm_binary(binary.data, binary.length);
		break;
	default:
		return append_json(text, tuple, index);
	}
	return err < 0 ? err : write_value(text, WIRE_LINES, &value);
}

static int append_cells(struct buffer *text, const struct storm_tuple *tuple)
{
	int err = 0;

	for (size_t i = 0; i < storm_tuple_size(tuple) && err == 0; i++) {
		if (i > 0)
			buffer_append_literal(text, "\t");
		err = append_cell(text, tuple, i);
	}
	return err;
}

/* A field whose name is not known has its index for a name. */
static void append_name(struct buffer *text, const struct storm_tuple *tuple, size_t index)
{
	const char *name = storm_tuple_field(tuple, index);

	if (name)
		write_string_lossy(text, WIRE_JSON, span_of(name));
	else
		buffer_append_format(text, "\"%zu\"", index);
}

static int append_object(struct buffer *text, const struct storm_tuple *tuple)
{
	int err = 0;

	buffer_append_literal(text, "{");
	for (size_t i = 0; i < storm_tuple_size(tuple) && err == 0; i++) {
		if (i > 0)
			buffer_append_literal(text, ",");
		append_name(text, tuple, i);
		buffer_append_literal(text, ":");
		err = append_value(text, tuple, i, true);
	}
	buffer_append_literal(text, "}");
	return err;
}

int text_append(struct buffer *text, const struct storm_tuple *tuple, enum text_format format)
{
	size_t before = text->length;
	int err;

	switch (format) {
	case TEXT_JSON:
		err = append_object(text, tuple);
		break;
	case TEXT_TSV:
		err = append_cells(text, tuple);
		break;
	default:
		err = text_append_field(text, tuple, 0);
	}
	if (err < 0)
		buffer_truncate(text, before);
	return err;
}
