#include "cluster/topology.h"

#include <stdlib.h>
#include <string.h>

static json_t *list_strings(const char *const *strings, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(strings[i]));
	return list;
}

/* An argument of a constructor; NULL: it is of no type that Thrift can carry. */
static json_t *java_argument(const json_t *value)
{
	json_int_t number = json_integer_value(value);

	switch (json_typeof(value)) {
	case JSON_INTEGER:
		/* As Flux chooses. */
		return json_pack("{s:I}",
			number >= INT32_MIN && number <= INT32_MAX ? "int_arg" : "long_arg",
			number);
	case JSON_REAL:
		return json_pack("{s:f}", "double_arg", json_number_value(value));
	case JSON_STRING:
		return json_pack("{s:s}", "string_arg", json_string_value(value));
	case JSON_TRUE:
	case JSON_FALSE:
		return json_pack("{s:b}", "bool_arg", json_is_true(value));
	default:
		return NULL;
	}
}

/* Whether an object is made by its constructor alone. */
static bool is_plain(const json_t *java)
{
	static const char *const others[] = { "properties", "configMethods", "factory",
		"factoryArgs" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const json_t *other = json_object_get(java, others[i]);

		if (other && !json_is_null(other))
			return false;
	}
	return true;
}

/*
 * An object of a Java class, which the workers make; NULL: it takes more than a constructor with plain values, which
 * Thrift has no words for.
 */
static json_t *java_object_of(const json_t *java)
{
	json_t *arguments = json_array();
	const json_t *value;
	size_t index;
	bool can = is_plain(java);

	json_array_foreach(json_object_get(java, "constructorArgs"), index, value)
		can &= json_array_append_new(arguments, java_argument(value)) == 0;
	if (can)
		return json_pack("{s:O, s:o}", "full_class_name",
			json_object_get(java, "className"), "args_list", arguments);
	json_decref(arguments);
	return NULL;
}

#define SAY_FLUX                                                                               \
	"takes more than a constructor with numbers, strings and truth values: Flux can make " \
	"it (`cstorm jar`, and submit the jar's topology.yaml with Flux)"

static json_t *custom_grouping(const struct spec *spec, const struct spec_component *component,
	const struct spec_input *input, struct problems *problems)
{
	json_t *serialized = json_object_get(input->custom, "serialized");
	json_t *object;

	if (serialized)
		return json_pack("{s:O}", "custom_serialized", serialized);
	object = java_object_of(input->custom);
	if (object)
		return json_pack("{s:o}", "custom_object", object);
	problems_error(problems, spec_place(spec, input->custom, input->json),
		"%s: the custom grouping of its input from %s " SAY_FLUX, component->name,
		input->component);
	return NULL;
}

/* The grouping of an input; NULL with the problem said. */
static json_t *grouping_of(const struct spec *spec, const struct spec_component *component,
	const struct spec_input *input, struct problems *problems)
{
	static const char *const names[] = {
		[STORM_GROUPING_SHUFFLE] = "shuffle",
		[STORM_GROUPING_ALL] = "all",
		[STORM_GROUPING_NONE] = "none",
		[STORM_GROUPING_DIRECT] = "direct",
		[STORM_GROUPING_LOCAL_OR_SHUFFLE] = "local_or_shuffle",
	};

	switch (input->grouping) {
	case STORM_GROUPING_FIELDS:
		return json_pack(
			"{s:o}", "fields", list_strings(input->fields, input->field_count));
	case STORM_GROUPING_GLOBAL:
		return json_pack("{s:[]}", "fields"); /* by none of them */
	case STORM_GROUPING_CUSTOM:
		return custom_grouping(spec, component, input, problems);
	default:
		return json_pack("{s:{}}", names[input->grouping]);
	}
}

/* Nimbus must know what a component emits. A class in Java would say it itself, if it could be asked here. */
static void check_source(const struct spec *spec, const struct spec_component *component,
	const struct spec_input *input, struct problems *problems)
{
	const struct spec_component *source = &spec->components[input->source];

	if (source->kind == SPEC_JAVA && source->output_count == 0)
		problems_error(problems, spec_place(spec, input->json, component->json),
			"%s: what its source %s emits is known to Java alone: describe the "
			"topology in C, where STORM_JAVA says it, or let Flux submit it "
			"(`cstorm jar`)",
			component->name, source->name);
}

static json_t *inputs_of(
	const struct spec *spec, const struct spec_component *component, struct problems *problems)
{
	json_t *inputs = json_array();

	for (size_t i = 0; i < component->input_count; i++) {
		const struct spec_input *input = &component->inputs[i];

		check_source(spec, component, input, problems);
		json_array_append_new(inputs,
			json_pack("[{s:s, s:s}, o*]", "componentId", input->component, "streamId",
				input->stream, grouping_of(spec, component, input, problems)));
	}
	return inputs;
}

static json_t *streams_of(const struct spec_component *component)
{
	json_t *streams = json_object();

	for (size_t i = 0; i < component->output_count; i++) {
		const struct spec_stream *stream = &component->outputs[i];

		json_object_set_new(streams, stream->name,
			json_pack("{s:o, s:b}", "output_fields",
				list_strings(stream->fields, stream->field_count), "direct",
				stream->direct));
	}
	return streams;
}

/* Its own configuration as text. The number of tasks is a part of it in Storm. */
static json_t *conf_of(const struct spec_component *component)
{
	json_t *conf = json_deep_copy(component->config);
	json_t *string;
	char *text;

	if (component->tasks != component->parallelism)
		json_object_set_new(conf, "topology.tasks", json_integer(component->tasks));
	text = json_dumps(conf, JSON_COMPACT);
	string = text ? json_string(text) : NULL;
	free(text);
	json_decref(conf);
	return string;
}

/* A class that runs the process of a bolt in place of Storm's ShellBolt: it is made with the command as JSON. */
static json_t *process_bolt_of(const struct spec_component *component, const char *class_name)
{
	json_t *words =
		list_strings((const char *const *)component->command, component->command_length);
	char *text = json_dumps(words, JSON_COMPACT);
	json_t *object = json_pack("{s:{s:s, s:[{s:s}]}}", "java_object", "full_class_name",
		class_name, "args_list", "string_arg", text);

	free(text);
	json_decref(words);
	return object;
}

/* What it is; NULL with the problem said. */
static json_t *object_of(
	const struct spec *spec, const struct spec_component *component, struct problems *problems)
{
	const char *bolt_class = json_string_value(spec_setting(spec, component, BOLT_CLASS));
	json_t *object;

	if (component->kind != SPEC_JAVA && !component->is_spout && bolt_class)
		return process_bolt_of(component, bolt_class);
	if (component->kind != SPEC_JAVA)
		return json_pack("{s:{s:s, s:s}}", "shell", "execution_command",
			component->command[0], "script", component->command[1]);
	object = java_object_of(component->java);
	if (object)
		return json_pack("{s:o}", "java_object", object);
	problems_error(problems, spec_place(spec, component->java, component->json), "%s " SAY_FLUX,
		component->name);
	return NULL;
}

static json_t *component_of(
	const struct spec *spec, const struct spec_component *component, struct problems *problems)
{
	return json_pack("{s:o*, s:{s:o, s:o, s:i, s:o}}",
		component->is_spout ? "spout_object" : "bolt_object",
		object_of(spec, component, problems), "common", "inputs",
		inputs_of(spec, component, problems), "streams", streams_of(component),
		"parallelism_hint", component->parallelism, "json_conf", conf_of(component));
}

json_t *topology_for_nimbus(const struct spec *spec, struct problems *problems)
{
	json_t *topology = json_pack("{s:{}, s:{}, s:{}}", "spouts", "bolts", "state_spouts");

	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		json_object_set_new(
			json_object_get(topology, component->is_spout ? "spouts" : "bolts"),
			component->name, component_of(spec, component, problems));
	}
	if (problems_result(problems) == 0)
		return topology;
	json_decref(topology);
	return NULL;
}
