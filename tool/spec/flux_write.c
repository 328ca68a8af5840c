/* From the model to Flux YAML: the parts as JSON values first, in the order in which people read. */
#include <string.h>

#include "spec/flux.h"
#include "spec/yaml.h"

/* SnakeYAML's, for all values. */
#define DEPTH_LIMIT 50

struct writer {
	const struct spec *spec;
	const char *program;
	struct problems *problems;
};

/* Components */

static json_t *list_strings(const char *const *names, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *list_command(const struct writer *writer, const struct spec_component *component)
{
	if (component->kind == SPEC_CLASS)
		return json_pack("[sss]", writer->program, "--component", component->name);
	return list_strings(component->command, component->command_length);
}

/* The key of a component that Flux has for a key of the configuration; NULL: none. */
static const char *find_load(const char *key, const json_t *value)
{
	for (size_t i = 0; i < FLUX_LOAD_COUNT; i++) {
		if (strcmp(flux_loads[i].key, key) == 0 && json_is_integer(value))
			return flux_loads[i].name;
	}
	return NULL;
}

/* The streams: the default one with the constructor, the others by name. */
static void write_outputs(const struct writer *writer, const struct spec_component *component,
	json_t *arguments, json_t *methods)
{
	for (size_t i = 0; i < component->output_count; i++) {
		const struct spec_stream *stream = &component->outputs[i];
		json_t *fields = list_strings(stream->fields, stream->field_count);

		if (strcmp(stream->name, "default") == 0)
			json_array_append_new(arguments, fields);
		else
			json_array_append_new(methods,
				json_pack("{s:s, s:[s, o]}", "name", "setNamedStream", "args",
					stream->name, fields));
		if (stream->direct)
			problems_error(writer->problems,
				spec_place(writer->spec, stream->json, component->json),
				"%s: the stream %s is direct: Flux has no direct streams for "
				"multi-lang components",
				component->name, stream->name);
	}
}

static void write_shell(
	const struct writer *writer, const struct spec_component *component, json_t *vertex)
{
	json_t *arguments = json_pack("[o]", list_command(writer, component));
	json_t *methods = json_array();
	const char *key;
	json_t *value;

	json_object_set_new(vertex, "className",
		json_string(component->is_spout ? FLUX_SHELL_SPOUT : FLUX_SHELL_BOLT));
	write_outputs(writer, component, arguments, methods);
	json_object_foreach(component->config, key, value) {
		if (!find_load(key, value))
			json_array_append_new(methods,
				json_pack("{s:s, s:[s, O]}", "name", "addComponentConfig", "args",
					key, value));
	}
	if (component->env)
		json_array_append_new(methods,
			json_pack("{s:s, s:[O]}", "name", "setEnv", "args", component->env));
	json_object_set_new(vertex, "constructorArgs", arguments);
	if (json_array_size(methods) > 0)
		json_object_set(vertex, "configMethods", methods);
	json_decref(methods);
}

static void write_java(
	const struct writer *writer, const struct spec_component *component, json_t *vertex)
{
	const char *key;
	json_t *value;

	for (size_t i = 0; i < JAVA_KEY_COUNT; i++) {
		json_t *part = json_object_get(component->java, java_keys[i]);

		if (part && !json_is_null(part))
			json_object_set(vertex, java_keys[i], part);
	}
	json_object_foreach(component->config, key, value) {
		if (!find_load(key, value))
			problems_error(writer->problems,
				spec_place(writer->spec, value, component->json),
				"%s: its configuration %s: Flux has none for components in Java",
				component->name, key);
	}
}

static json_t *write_component(const struct writer *writer, const struct spec_component *component)
{
	json_t *vertex = json_pack("{s:s}", "id", component->name);
	const char *key;
	json_t *value;

	if (component->kind == SPEC_JAVA)
		write_java(writer, component, vertex);
	else
		write_shell(writer, component, vertex);
	json_object_foreach(component->config, key, value) {
		if (find_load(key, value))
			json_object_set(vertex, find_load(key, value), value);
	}
	json_object_set_new(vertex, "parallelism", json_integer(component->parallelism));
	if (component->tasks != component->parallelism)
		json_object_set_new(vertex, "numTasks", json_integer(component->tasks));
	return vertex;
}

static json_t *write_components(const struct writer *writer, bool spouts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < writer->spec->component_count; i++) {
		const struct spec_component *component = &writer->spec->components[i];

		if (component->is_spout == spouts)
			json_array_append_new(list, write_component(writer, component));
	}
	return list;
}

/* Streams */

static json_t *write_input(const struct writer *writer, const struct spec_component *component,
	const struct spec_input *input)
{
	json_t *grouping = json_pack("{s:s}", "type", flux_groupings[input->grouping]);

	if (strcmp(input->stream, "default") != 0)
		json_object_set_new(grouping, "streamId", json_string(input->stream));
	if (input->grouping == STORM_GROUPING_FIELDS)
		json_object_set_new(
			grouping, "args", list_strings(input->fields, input->field_count));
	if (input->custom)
		json_object_set(grouping, "customClass", (json_t *)input->custom);
	if (json_object_get(input->custom, "serialized"))
		problems_error(writer->problems,
			spec_place(writer->spec, input->custom, input->json),
			"%s: its custom grouping is a serialized object: Flux needs its class",
			component->name);
	return json_pack("{s:s, s:s, s:o}", "from", input->component, "to", component->name,
		"grouping", grouping);
}

static json_t *write_streams(const struct writer *writer)
{
	json_t *list = json_array();

	for (size_t i = 0; i < writer->spec->component_count; i++) {
		const struct spec_component *component = &writer->spec->components[i];

		for (size_t j = 0; j < component->input_count; j++)
			json_array_append_new(
				list, write_input(writer, component, &component->inputs[j]));
	}
	return list;
}

/* The whole */

/* The first part that lies deeper than Flux reads; NULL: none. */
static const json_t *find_deep(const json_t *value, int depth)
{
	const json_t *found = NULL;
	const json_t *part;
	const char *key;
	size_t i;

	if (depth > DEPTH_LIMIT)
		return value;
	json_array_foreach(value, i, part) {
		if (!found)
			found = find_deep(part, depth + 1);
	}
	json_object_foreach((json_t *)value, key, part) {
		if (!found)
			found = find_deep(part, depth + 1);
	}
	return found;
}

static void check_depth(const struct writer *writer, const json_t *topology)
{
	const json_t *deep = find_deep(topology, 1);

	if (deep)
		problems_error(writer->problems, spec_place(writer->spec, deep, NULL),
			"values are nested deeper than the %d levels that Flux reads", DEPTH_LIMIT);
}

int flux_write(const struct spec *spec, const char *program, struct buffer *text,
	struct problems *problems)
{
	const struct writer writer = { spec, program, problems };
	const json_t *objects = json_object_get(spec->description, "objects");
	const json_t *hooks = json_object_get(spec->description, "hooks");
	json_t *topology = json_pack("{s:s}", "name", spec->name);
	int err;

	if (json_object_size(spec->config) > 0)
		json_object_set(topology, "config", spec->config);
	if (objects)
		json_object_set(topology, "components", (json_t *)objects);
	if (hooks)
		json_object_set(topology, "workerHooks", (json_t *)hooks);
	json_object_set_new(topology, "spouts", write_components(&writer, true));
	json_object_set_new(topology, "bolts", write_components(&writer, false));
	json_object_set_new(topology, "streams", write_streams(&writer));
	check_depth(&writer, topology);
	err = problems_result(problems);
	if (err == 0)
		err = yaml_write(topology, text);
	json_decref(topology);
	return err;
}
