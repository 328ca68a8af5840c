/* Finds the mistakes of a topology before anything runs: all of them in one pass. */
#include <errno.h>
#include <stdlib.h>

#include "spec/nearest.h"
#include "spec/spec.h"

#define TASK_LIMIT 10000

/* "; did you mean NAME?" into a buffer, for one of `count` structs that start with a name. */
static const char *suggestion(
	struct buffer *text, const char *word, const void *entries, size_t size, size_t count)
{
	const char **names = calloc(count + 1, sizeof(*names));
	const char *nearest = NULL;

	for (size_t i = 0; names && i < count; i++)
		memcpy(&names[i], (const char *)entries + i * size, sizeof(*names));
	if (names)
		nearest = nearest_name(word, names, count);
	buffer_truncate(text, 0);
	if (nearest)
		buffer_append_format(text, "; did you mean %s?", nearest);
	free(names);
	return buffer_text(text);
}

static void check_name(const struct spec *spec, size_t index, struct buffer *problems)
{
	const struct spec_component *component = &spec->components[index];

	if (component->name[0] == '\0')
		spec_problem(problems, "component %zu has an empty name", index);
	else if (strncmp(component->name, "__", 2) == 0)
		spec_problem(
			problems, "%s: names that begin with __ are Storm's own", component->name);
	if (spec_find(spec, component->name) < index)
		spec_problem(problems, "%s: two components have this name", component->name);
	if (component->parallelism < 1 || component->parallelism > TASK_LIMIT)
		spec_problem(problems, "%s: parallelism is %d, it must be 1 to %d", component->name,
			component->parallelism, TASK_LIMIT);
}

static void check_outputs(const struct spec_component *component, struct buffer *problems)
{
	for (size_t i = 0; i < component->output_count; i++) {
		const struct spec_stream *stream = &component->outputs[i];

		if (strncmp(stream->name, "__", 2) == 0)
			spec_problem(problems,
				"%s: stream %s: names that begin with __ are Storm's own",
				component->name, stream->name);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(component->outputs[j].name, stream->name) == 0)
				spec_problem(problems, "%s: two streams have the name %s",
					component->name, stream->name);
		}
		for (size_t field = 0; field < stream->field_count; field++) {
			for (size_t other = 0; other < field; other++) {
				if (strcmp(stream->fields[field], stream->fields[other]) == 0)
					spec_problem(problems,
						"%s: stream %s: two fields have the name %s",
						component->name, stream->name,
						stream->fields[field]);
			}
		}
	}
}

/* Find the fields that a fields grouping names. */
static void connect_fields(const char *name, struct spec_input *input,
	const struct spec_stream *stream, struct buffer *problems)
{
	struct buffer hint = { 0 };

	input->field_indexes = calloc(input->field_count + 1, sizeof(*input->field_indexes));
	if (!input->field_indexes) {
		spec_problem(problems, "%s: out of memory", name);
		return;
	}
	for (size_t i = 0; i < input->field_count; i++) {
		size_t field = 0;

		while (field < stream->field_count &&
			strcmp(stream->fields[field], input->fields[i]) != 0)
			field++;
		input->field_indexes[i] = field;
		if (field == stream->field_count)
			spec_problem(problems, "%s: stream %s of %s has no field %s%s", name,
				input->stream, input->component, input->fields[i],
				suggestion(&hint, input->fields[i], stream->fields,
					sizeof(*stream->fields), stream->field_count));
	}
	buffer_free(&hint);
}

static void check_grouping(const char *name, struct spec_input *input,
	const struct spec_stream *stream, struct buffer *problems)
{
	if (input->grouping == STORM_GROUPING_FIELDS) {
		if (input->field_count == 0)
			spec_problem(problems,
				"%s: the fields grouping of its input from %s names no fields",
				name, input->component);
		connect_fields(name, input, stream, problems);
	}
	if (input->grouping == STORM_GROUPING_DIRECT && !stream->direct)
		spec_problem(problems,
			"%s: a direct grouping, but stream %s of %s is not declared as direct",
			name, input->stream, input->component);
	if (input->grouping != STORM_GROUPING_DIRECT && stream->direct)
		spec_problem(problems,
			"%s: stream %s of %s is direct: its input needs the direct grouping", name,
			input->stream, input->component);
}

/* Find the component and the stream that an input names. */
static void connect_input(
	struct spec *spec, const char *name, struct spec_input *input, struct buffer *problems)
{
	const struct spec_component *source;
	struct buffer hint = { 0 };

	input->source = spec_find(spec, input->component);
	if (input->source == spec->component_count) {
		spec_problem(problems, "%s: its input %s is no component of the topology%s", name,
			input->component,
			suggestion(&hint, input->component, spec->components,
				sizeof(*spec->components), spec->component_count));
		buffer_free(&hint);
		return;
	}
	source = &spec->components[input->source];
	while (input->source_stream < source->output_count &&
		strcmp(source->outputs[input->source_stream].name, input->stream) != 0)
		input->source_stream++;
	if (input->source_stream == source->output_count)
		spec_problem(problems, "%s: its input %s has no stream %s%s", name,
			input->component, input->stream,
			suggestion(&hint, input->stream, source->outputs, sizeof(*source->outputs),
				source->output_count));
	else
		check_grouping(name, input, &source->outputs[input->source_stream], problems);
	buffer_free(&hint);
}

static void check_inputs(
	struct spec *spec, struct spec_component *component, struct buffer *problems)
{
	if (component->is_spout && component->input_count > 0)
		spec_problem(problems, "%s: a spout has no inputs", component->name);
	if (!component->is_spout && component->input_count == 0)
		spec_problem(problems, "%s: a bolt needs an input", component->name);
	for (size_t i = 0; i < component->input_count; i++) {
		struct spec_input *input = &component->inputs[i];

		for (size_t j = 0; j < i; j++) {
			if (strcmp(component->inputs[j].component, input->component) == 0 &&
				strcmp(component->inputs[j].stream, input->stream) == 0)
				spec_problem(problems,
					"%s: stream %s of %s is its input twice; Storm allows "
					"it once",
					component->name, input->stream, input->component);
		}
		connect_input(spec, component->name, input, problems);
	}
}

int spec_check(struct spec *spec, struct buffer *problems)
{
	size_t before = problems->length;
	size_t spouts = 0;

	if (spec->name[0] == '\0')
		spec_problem(problems, "the topology's name is empty");
	for (size_t i = 0; i < spec->component_count; i++) {
		spouts += spec->components[i].is_spout;
		check_name(spec, i, problems);
		check_outputs(&spec->components[i], problems);
		check_inputs(spec, &spec->components[i], problems);
	}
	if (spouts == 0)
		spec_problem(problems, "the topology has no spout");
	return problems->length > before || problems->failed ? -EINVAL : 0;
}
