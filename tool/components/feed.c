/* A spout that emits the tuples of a file. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include <cstorm.h>

#include "components.h"

/* A tuple that fails so often is given up: a test must end. */
#define MAX_FAILS 3

static json_t *description;

static int emit_one(struct storm_task *task, const json_t *tuple)
{
	const json_t *values = json_object_get(tuple, "values");
	size_t count = json_array_size(values);
	struct storm_value *list = calloc(count + 1, sizeof(*list));
	int err;

	if (!list)
		return storm_error(task, -ENOMEM, "a tuple of %zu values", count);
	for (size_t i = 0; i < count; i++)
		list[i] = storm_tree(json_array_get(values, i));
	err = storm_emit_full(task,
		&(struct storm_emission){
			.stream = json_string_value(json_object_get(tuple, "stream")),
			.values = list,
			.count = count,
			.task = (int)json_integer_value(json_object_get(tuple, "task")),
		});
	free(list);
	return err;
}

static int next(struct storm_task *task)
{
	const json_t *tuples = json_object_get(description, "tuples");
	size_t *at = storm_state(task);

	if (*at == json_array_size(tuples))
		return STORM_FINISHED;
	return emit_one(task, json_array_get(tuples, (*at)++));
}

/* The fields of a stream, with NULL after the last. */
static const char *const *make_fields(const json_t *names)
{
	const char **fields = calloc(json_array_size(names) + 1, sizeof(*fields));

	for (size_t i = 0; fields && i < json_array_size(names); i++)
		fields[i] = json_string_value(json_array_get(names, i));
	return fields;
}

static struct storm_stream *make_outputs(const json_t *streams)
{
	struct storm_stream *outputs = calloc(json_array_size(streams) + 1, sizeof(*outputs));
	const json_t *stream;
	size_t i;

	json_array_foreach(streams, i, stream) {
		if (!outputs)
			break;
		outputs[i].name = json_string_value(json_object_get(stream, "stream"));
		outputs[i].fields = make_fields(json_object_get(stream, "fields"));
		outputs[i].direct = json_is_true(json_object_get(stream, "direct"));
	}
	return outputs;
}

int feed_main(const char *path)
{
	struct storm_spout_class feed = {
		.state_size = sizeof(size_t),
		.reliable = true,
		.max_fails = MAX_FAILS,
		.next = next,
	};
	const struct storm_topology topology = {
		.name = "feed",
		.spouts = STORM_SPOUTS({ .name = "feed", .spout_class = &feed }),
	};
	char option[] = "--component";
	char name[] = "feed";
	char *arguments[] = { name, option, name, NULL };
	json_error_t why;

	description = json_load_file(path, 0, &why);
	if (!description) {
		fprintf(stderr, "%s:%d: %s\n", path, why.line, why.text);
		return 1;
	}
	feed.outputs = make_outputs(json_object_get(description, "streams"));
	return storm_main(&topology, 3, arguments);
}
