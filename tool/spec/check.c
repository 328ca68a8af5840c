/* Finds the mistakes of a topology before anything runs: all of them in one pass. */
#include <errno.h>
#include <stdlib.h>

#include "base/base64.h"
#include "protocol/description.h"
#include "spec/commands.h"
#include "spec/spec.h"

#define TASK_LIMIT 10000

struct check {
	struct spec *spec;
	struct problems *problems;
};

/* The place of a part of a component, or of the component. */
static struct place place_in(
	const struct check *check, const json_t *part, const struct spec_component *component)
{
	return spec_place(check->spec, part, component->json);
}

/* Suggest one of `count` structs that have a name at an offset. */
static void suggest(const struct check *check, const char *word, const void *entries, size_t size,
	size_t offset, size_t count)
{
	const char **names = calloc(count + 1, sizeof(*names));

	for (size_t i = 0; names && i < count; i++)
		memcpy(&names[i], (const char *)entries + i * size + offset, sizeof(*names));
	if (names)
		problems_suggest(check->problems, word, names, count);
	free(names);
}

static bool is_reserved(const char *name)
{
	return strncmp(name, "__", 2) == 0;
}

static void check_name(const struct check *check, size_t index)
{
	const struct spec_component *component = &check->spec->components[index];
	struct place place = place_in(check, json_object_get(component->json, "name"), component);
	size_t first = spec_find(check->spec, component->name);

	if (component->name[0] == '\0' && json_object_get(component->json, "name"))
		problems_error(check->problems, place, "component %zu has an empty name", index);
	if (is_reserved(component->name))
		problems_error(check->problems, place,
			"%s: names that begin with __ are Storm's own", component->name);
	if (first < index && component->name[0] != '\0')
		problems_error(check->problems, place, "%s: two components have this name",
			component->name);
}

static void check_parallelism(const struct check *check, const struct spec_component *component)
{
	const json_t *tasks = json_object_get(component->json, "tasks");
	struct place place = place_in(
		check, tasks ? tasks : json_object_get(component->json, "parallelism"), component);

	if (component->tasks > TASK_LIMIT)
		problems_error(check->problems, place, "%s: %d tasks, more than %d",
			component->name, component->tasks, TASK_LIMIT);
	if (component->tasks < component->parallelism)
		problems_error(check->problems, place,
			"%s: its parallelism is %d, but it has %d tasks: Storm runs no executor "
			"without a task",
			component->name, component->parallelism, component->tasks);
}

static void check_fields(const struct check *check, const struct spec_component *component,
	const struct spec_stream *stream)
{
	const json_t *fields = json_object_get(stream->json, "fields");

	for (size_t i = 0; i < stream->field_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(stream->fields[i], stream->fields[j]) == 0)
				problems_error(check->problems,
					place_in(check, json_array_get(fields, i), component),
					"%s: stream %s: two fields have the name %s",
					component->name, stream->name, stream->fields[i]);
		}
	}
}

static void check_outputs(const struct check *check, const struct spec_component *component)
{
	for (size_t i = 0; i < component->output_count; i++) {
		const struct spec_stream *stream = &component->outputs[i];
		struct place place = place_in(check, stream->json, component);

		if (is_reserved(stream->name))
			problems_error(check->problems, place,
				"%s: stream %s: names that begin with __ are Storm's own",
				component->name, stream->name);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(component->outputs[j].name, stream->name) == 0)
				problems_error(check->problems, place,
					"%s: two streams have the name %s", component->name,
					stream->name);
		}
		check_fields(check, component, stream);
	}
}

/* Find the fields that a fields grouping names. */
static void connect_fields(const struct check *check, const struct spec_component *component,
	struct spec_input *input, const struct spec_stream *stream)
{
	const json_t *fields = json_object_get(input->json, "fields");

	input->field_indexes = calloc(input->field_count + 1, sizeof(*input->field_indexes));
	if (!input->field_indexes) {
		check->problems->failed = true;
		return;
	}
	for (size_t i = 0; i < input->field_count; i++) {
		size_t field = 0;

		while (field < stream->field_count &&
			strcmp(stream->fields[field], input->fields[i]) != 0)
			field++;
		input->field_indexes[i] = field;
		if (field < stream->field_count)
			continue;
		problems_error(check->problems,
			spec_place(check->spec, json_array_get(fields, i), input->json),
			"%s: stream %s of %s has no field %s", component->name, input->stream,
			input->component, input->fields[i]);
		problems_suggest(
			check->problems, input->fields[i], stream->fields, stream->field_count);
	}
}

/* A custom grouping is an object of a Java class, or one that is serialized already. */
static void check_custom(const struct check *check, const struct spec_component *component,
	const struct spec_input *input, struct place place)
{
	const json_t *serialized = json_object_get(input->custom, "serialized");
	const char *text = json_string_value(serialized);
	char *bytes = text ? strdup(text) : NULL;
	size_t length;

	if (!serialized && !json_is_string(json_object_get(input->custom, "className")))
		problems_error(check->problems, place,
			"%s: the custom grouping of its input from %s names no Java class",
			component->name, input->component);
	if (serialized && (!bytes || base64_decode(span_of(bytes), bytes, &length) < 0))
		problems_error(check->problems, place,
			"%s: the custom grouping of its input from %s: what is serialized must be "
			"base64",
			component->name, input->component);
	free(bytes);
}

static void check_grouping(const struct check *check, const struct spec_component *component,
	struct spec_input *input, const struct spec_stream *stream)
{
	struct place place =
		spec_place(check->spec, json_object_get(input->json, "grouping"), input->json);

	if (input->grouping == STORM_GROUPING_FIELDS) {
		if (input->field_count == 0)
			problems_error(check->problems, place,
				"%s: the fields grouping of its input from %s names no fields",
				component->name, input->component);
		connect_fields(check, component, input, stream);
	} else if (input->field_count > 0) {
		problems_warn(check->problems, place,
			"%s: the %s grouping of its input from %s has no use for fields",
			component->name, grouping_names[input->grouping], input->component);
	}
	if (input->grouping == STORM_GROUPING_CUSTOM)
		check_custom(check, component, input, place);
	if (input->grouping == STORM_GROUPING_DIRECT && !stream->direct)
		problems_error(check->problems, place,
			"%s: a direct grouping, but stream %s of %s is not declared as direct",
			component->name, input->stream, input->component);
	if (input->grouping != STORM_GROUPING_DIRECT && stream->direct)
		problems_error(check->problems, place,
			"%s: stream %s of %s is direct: its input needs the direct grouping",
			component->name, input->stream, input->component);
}

/* Find the stream that an input names. */
static void connect_stream(const struct check *check, const struct spec_component *component,
	struct spec_input *input, const struct spec_component *source)
{
	while (input->source_stream < source->output_count &&
		strcmp(source->outputs[input->source_stream].name, input->stream) != 0)
		input->source_stream++;
	if (input->source_stream < source->output_count) {
		check_grouping(check, component, input, &source->outputs[input->source_stream]);
		return;
	}
	/* What a Java class declares is known to Java alone. */
	if (source->kind == SPEC_JAVA && source->output_count == 0)
		return;
	problems_error(check->problems,
		spec_place(check->spec, json_object_get(input->json, "stream"), input->json),
		"%s: its input %s has no stream %s", component->name, input->component,
		input->stream);
	suggest(check, input->stream, source->outputs, sizeof(*source->outputs),
		offsetof(struct spec_stream, name), source->output_count);
}

/* Find the component that an input names. */
static void connect_input(
	const struct check *check, const struct spec_component *component, struct spec_input *input)
{
	const struct spec *spec = check->spec;

	if (input->component[0] == '\0' || input->grouping == GROUPING_COUNT)
		return; /* said already */
	input->source = spec_find(spec, input->component);
	if (input->source < spec->component_count) {
		connect_stream(check, component, input, &spec->components[input->source]);
		return;
	}
	problems_error(check->problems,
		spec_place(spec, json_object_get(input->json, "component"), input->json),
		"%s: its input %s is no component of the topology", component->name,
		input->component);
	suggest(check, input->component, spec->components, sizeof(*spec->components),
		offsetof(struct spec_component, name), spec->component_count);
}

static void check_inputs(const struct check *check, const struct spec_component *component)
{
	struct place place = place_in(check, NULL, component);

	if (component->is_spout && component->input_count > 0)
		problems_error(
			check->problems, place, "%s: a spout has no inputs", component->name);
	if (!component->is_spout && component->input_count == 0)
		problems_error(
			check->problems, place, "%s: a bolt needs an input", component->name);
	for (size_t i = 0; i < component->input_count; i++) {
		struct spec_input *input = &component->inputs[i];

		for (size_t j = 0; j < i; j++) {
			if (strcmp(component->inputs[j].component, input->component) == 0 &&
				strcmp(component->inputs[j].stream, input->stream) == 0)
				problems_error(check->problems,
					place_in(check, input->json, component),
					"%s: stream %s of %s is its input twice; Storm allows "
					"it once",
					component->name, input->stream, input->component);
		}
		connect_input(check, component, input);
	}
}

/* Mark all that receives what comes, by some way, of a component. */
static void mark_downstream(const struct spec *spec, size_t from, bool *marked)
{
	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		for (size_t j = 0; j < component->input_count; j++) {
			if (component->inputs[j].source != from || marked[i])
				continue;
			marked[i] = true;
			mark_downstream(spec, i, marked);
		}
	}
}

/* Warn of bolts that no spout's tuples come to, and of those that receive what they have caused. */
static void check_ways(const struct check *check)
{
	const struct spec *spec = check->spec;
	bool *reached = calloc(spec->component_count + 1, sizeof(*reached));
	bool *own = calloc(spec->component_count + 1, sizeof(*own));

	for (size_t i = 0; reached && i < spec->component_count; i++) {
		if (spec->components[i].is_spout)
			mark_downstream(spec, i, reached);
	}
	for (size_t i = 0; reached && own && i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		memset(own, 0, spec->component_count * sizeof(*own));
		mark_downstream(spec, i, own);
		if (!component->is_spout && !reached[i])
			problems_warn(check->problems, place_in(check, NULL, component),
				"%s: no tuples of a spout come to it", component->name);
		if (own[i])
			problems_warn(check->problems, place_in(check, NULL, component),
				"%s is on a cycle: it receives what comes of its own tuples",
				component->name);
	}
	free(reached);
	free(own);
}

int spec_check(struct spec *spec, struct problems *problems)
{
	const struct check check = { spec, problems };
	struct place place = spec_place(spec, json_object_get(spec->description, "name"), NULL);
	size_t spouts = 0;

	if (!spec->name)
		return problems_result(problems); /* there is nothing to check */
	if (spec->name[0] == '\0' && json_object_get(spec->description, "name"))
		problems_error(problems, place, "the topology's name is empty");
	for (size_t i = 0; i < spec->component_count; i++) {
		spouts += spec->components[i].is_spout;
		check_name(&check, i);
		check_parallelism(&check, &spec->components[i]);
		check_outputs(&check, &spec->components[i]);
		check_inputs(&check, &spec->components[i]);
	}
	if (spouts == 0)
		problems_error(problems, spec_place(spec, NULL, NULL), "the topology has no spout");
	if (problems->error_count == 0)
		check_ways(&check); /* all inputs have their sources */
	commands_check(spec, problems);
	return problems_result(problems);
}
