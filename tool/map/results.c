/* From a line to the values of a tuple, and from the values of a tuple to a line. */
#include <errno.h>
#include <stdarg.h>

#include "map/map.h"
#include "protocol/json_scan.h"
#include "protocol/json_write.h"
#include "protocol/transcode.h"
#include "protocol/write.h"

/* Lines to tuples */

/* As it is, but for what is not UTF-8, which is repaired. */
static void append_text(struct map *map, struct buffer *buffer, struct span line)
{
	enum wire wire = map->run.wire;

	if (wire == WIRE_LINES) {
		map->repaired_count += write_utf8(buffer, line) > 0;
		return;
	}
	write_list_start(buffer, wire, 1);
	if (write_string(buffer, wire, line) == -EILSEQ) {
		write_string_lossy(buffer, wire, line);
		map->repaired_count++;
	}
	write_list_end(buffer, wire);
}

STORM_PRINTF(2, 3)
static int refuse(struct map *map, const char *format, ...)
{
	va_list arguments;

	buffer_truncate(&map->text, 0);
	va_start(arguments, format);
	buffer_append_formatv(&map->text, format, arguments);
	va_end(arguments);
	return -EBADMSG;
}

static int append_json(struct map *map, struct buffer *buffer, struct span json)
{
	if (map->run.wire == WIRE_MSGPACK)
		return transcode_to_msgpack(json, buffer, NULL);
	buffer_append_span(buffer, json);
	return 0;
}

/* The member of an object: whether it has one. The last one counts where there are several. */
static bool find_member(const struct encoded *object, const char *name, struct encoded *found)
{
	struct encoded_list entries = encoded_entries(object);
	struct encoded key;
	struct encoded value;
	bool is_there = false;

	while (encoded_entries_next(&entries, &key, &value)) {
		if (encoded_equals(&key, span_of(name))) {
			*found = value;
			is_there = true;
		}
	}
	return is_there;
}

/* The members of an object that the stream's fields name. */
static int append_members(struct map *map, struct buffer *buffer, const struct encoded *object)
{
	const struct spec_stream *stream =
		&map->run.spec->components[map->bolt->spec->inputs[0].source].outputs[0];
	struct encoded value;
	int err = 0;

	write_list_start(buffer, map->run.wire, stream->field_count);
	for (size_t i = 0; i < stream->field_count && err == 0; i++) {
		if (i > 0)
			write_list_separator(buffer, map->run.wire);
		if (!find_member(object, stream->fields[i], &value))
			return refuse(
				map, "the object has no \"%s\" (see --fields)", stream->fields[i]);
		err = append_json(map, buffer, value.text);
	}
	write_list_end(buffer, map->run.wire);
	return err;
}

static int append_value(struct map *map, struct buffer *buffer, struct span json)
{
	int err;

	write_list_start(buffer, map->run.wire, 1);
	err = append_json(map, buffer, json);
	write_list_end(buffer, map->run.wire);
	return err;
}

int line_append(struct map *map, struct buffer *buffer, struct span line)
{
	struct json_scanner scanner = json_scanner(line);
	struct encoded value;
	int err;

	if (map->options->from == MAP_TEXT) {
		append_text(map, buffer, line);
		return 0;
	}
	if (json_scan_document(&scanner, &value) < 0)
		return refuse(map, "not JSON: %s at byte %zu", scanner.error.what,
			scanner.error.offset + 1);
	if (value.type == STORM_ARRAY)
		err = append_json(map, buffer, value.text);
	else if (value.type == STORM_OBJECT)
		err = append_members(map, buffer, &value);
	else
		err = append_value(map, buffer, value.text);
	if (err == -EDOM)
		return refuse(map, "it has a number that is too large");
	return err;
}

/* Tuples to lines */

static int append_texts(struct map *map, struct buffer *line)
{
	int err = 0;

	for (size_t i = 0; i < map->message.value_count && err == 0; i++) {
		if (i > 0)
			buffer_append_literal(line, "\t");
		err = write_text(line, &map->message.values[i]);
	}
	return err;
}

/* The fields of the stream, where the bolt has declared them and the tuple has as many values. */
static const struct spec_stream *fields_of(const struct map *map)
{
	const struct spec_component *bolt = map->bolt->spec;

	for (size_t i = 0; i < bolt->output_count; i++) {
		if (strcmp(bolt->outputs[i].name, map->options->stream) == 0 &&
			bolt->outputs[i].field_count == map->message.value_count)
			return &bolt->outputs[i];
	}
	return NULL;
}

static int append_object(struct map *map, struct buffer *line)
{
	const struct spec_stream *stream = fields_of(map);
	int err = 0;

	buffer_append(line, stream ? "{" : "[", 1);
	for (size_t i = 0; i < map->message.value_count && err == 0; i++) {
		if (i > 0)
			buffer_append_literal(line, ",");
		if (stream) {
			write_string_lossy(line, WIRE_JSON, span_of(stream->fields[i]));
			buffer_append_literal(line, ":");
		}
		err = encoded_to_json(&map->message.values[i], line);
	}
	buffer_append(line, stream ? "}" : "]", 1);
	return err;
}

int results_append(struct map *map, struct buffer *results)
{
	size_t before = results->length;
	int err = map->options->to == MAP_JSON ? append_object(map, results) :
						 append_texts(map, results);

	buffer_append_literal(results, "\n");
	if (results->failed)
		return -ENOMEM;
	if (err < 0)
		buffer_truncate(results, before);
	else
		map->result_count++;
	return err;
}
