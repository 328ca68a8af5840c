/* Finds the mistakes of a topology before anything runs: all of them in one pass. */
#include <errno.h>
#include <stdlib.h>

#include "base/base64.h"
#include "protocol/description.h"
#include "spec/commands.h"
#include "spec/spec.h"

#define COMPONENT_LIMIT 10000
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

/* Whether a name is in a set already; then it is. */
static bool was_seen(json_t *seen, const char *name)
{
	return json_object_get(seen, name) || json_object_set_new(seen, name, json_true()) < 0;
}

/* The same for the names of a component and a stream. */
static bool was_input_seen(json_t *seen, const struct spec_input *input)
{
	json_t *streams = json_object_get(seen, input->component);

	if (!streams) {
		streams = json_object();
		if (json_object_set_new(seen, input->component, streams) < 0)
			return true;
	}
	return was_seen(streams, input->stream);
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
	json_t *seen = json_object();

	for (size_t i = 0; i < stream->field_count; i++) {
		if (was_seen(seen, stream->fields[i]))
			problems_error(check->problems,
				place_in(check, json_array_get(fields, i), component),
				"%s: stream %s: two fields have the name %s", component->name,
				stream->name, stream->fields[i]);
	}
	json_decref(seen);
}

static void check_outputs(const struct check *check, const struct spec_component *component)
{
	json_t *seen = json_object();

	for (size_t i = 0; i < component->output_count; i++) {
		const struct spec_stream *stream = &component->outputs[i];
		struct place place = place_in(check, stream->json, component);

		if (is_reserved(stream->name))
			problems_error(check->problems, place,
				"%s: stream %s: names that begin with __ are Storm's own",
				component->name, stream->name);
		if (was_seen(seen, stream->name))
			problems_error(check->problems, place, "%s: two streams have the name %s",
				component->name, stream->name);
		check_fields(check, component, stream);
	}
	json_decref(seen);
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
	json_t *seen = json_object();

	if (component->is_spout && component->input_count > 0)
		problems_error(
			check->problems, place, "%s: a spout has no inputs", component->name);
	if (!component->is_spout && component->input_count == 0)
		problems_error(
			check->problems, place, "%s: a bolt needs an input", component->name);
	for (size_t i = 0; i < component->input_count; i++) {
		struct spec_input *input = &component->inputs[i];

		if (was_input_seen(seen, input))
			problems_error(check->problems, place_in(check, input->json, component),
				"%s: stream %s of %s is its input twice; Storm allows it once",
				component->name, input->stream, input->component);
		connect_input(check, component, input);
	}
	json_decref(seen);
}

/* One of a component's receivers, and the next one: 0 is none, for the list begins at 1. */
struct way {
	size_t receiver;
	size_t next;
};

/* All ways from component to component. */
struct ways {
	struct way *list;
	size_t *first; /* of each component */
	size_t *waiting; /* components whose receivers are still to be marked */
	bool *marked;
};

static void free_ways(struct ways *ways)
{
	free(ways->list);
	free(ways->first);
	free(ways->waiting);
	free(ways->marked);
}

/* Owned by the caller (free_ways): 0 or -ENOMEM. */
static int find_ways(const struct spec *spec, struct ways *ways)
{
	size_t count = 1;

	for (size_t i = 0; i < spec->component_count; i++)
		count += spec->components[i].input_count;
	ways->list = calloc(count, sizeof(*ways->list));
	ways->first = calloc(spec->component_count + 1, sizeof(*ways->first));
	ways->waiting = calloc(spec->component_count + 1, sizeof(*ways->waiting));
	ways->marked = calloc(spec->component_count + 1, sizeof(*ways->marked));
	if (!ways->list || !ways->first || !ways->waiting || !ways->marked)
		return -ENOMEM;
	for (size_t i = spec->component_count; i-- > 0;) {
		for (size_t j = 0; j < spec->components[i].input_count; j++) {
			size_t *first = &ways->first[spec->components[i].inputs[j].source];

			count--;
			ways->list[count] = (struct way){ i, *first };
			*first = count;
		}
	}
	return 0;
}

/* Mark all that receives what comes, by some way, of a component. */
static void mark_downstream(struct ways *ways, size_t from)
{
	size_t count = 0;

	ways->waiting[count++] = from;
	while (count > 0) {
		size_t way = ways->first[ways->waiting[--count]];

		for (; way != 0; way = ways->list[way].next) {
			size_t receiver = ways->list[way].receiver;

			if (ways->marked[receiver])
				continue;
			ways->marked[receiver] = true;
			ways->waiting[count++] = receiver;
		}
	}
}

/* Warn of bolts that no spout's tuples come to, and of those that receive what they have caused. */
static void check_ways(const struct check *check)
{
	const struct spec *spec = check->spec;
	struct ways ways;

	if (find_ways(spec, &ways) < 0) {
		check->problems->failed = true;
		free_ways(&ways);
		return;
	}
	for (size_t i = 0; i < spec->component_count; i++) {
		if (spec->components[i].is_spout)
			mark_downstream(&ways, i);
	}
	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		if (!component->is_spout && !ways.marked[i])
			problems_warn(check->problems, place_in(check, NULL, component),
				"%s: no tuples of a spout come to it", component->name);
	}
	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		memset(ways.marked, 0, spec->component_count * sizeof(*ways.marked));
		mark_downstream(&ways, i);
		if (ways.marked[i])
			problems_warn(check->problems, place_in(check, NULL, component),
				"%s is on a cycle: it receives what comes of its own tuples",
				component->name);
	}
	free_ways(&ways);
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
	/* No topology is so large, and each component is compared with all others. */
	if (spec->component_count > COMPONENT_LIMIT)
		return problems_error(problems, place, "%zu components, more than %d",
			spec->component_count, COMPONENT_LIMIT);
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
