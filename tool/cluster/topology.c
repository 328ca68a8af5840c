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
		problems_error(problems, spec_place(spec, input->custom, input->json),
			"%s: the custom grouping of its input from %s is an object in Java, which "
			"Flux makes: `cstorm jar`, and submit its topology.yaml with Flux",
			component->name, input->component);
		return NULL;
	default:
		return json_pack("{s:{}}", names[input->grouping]);
	}
}

static json_t *inputs_of(
	const struct spec *spec, const struct spec_component *component, struct problems *problems)
{
	json_t *inputs = json_array();

	for (size_t i = 0; i < component->input_count; i++) {
		const struct spec_input *input = &component->inputs[i];

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

static json_t *component_of(
	const struct spec *spec, const struct spec_component *component, struct problems *problems)
{
	if (component->kind != SPEC_SHELL) {
		problems_error(problems, spec_place(spec, component->java, component->json),
			"%s is an object in Java, which Flux makes: `cstorm jar`, and submit its "
			"topology.yaml with Flux",
			component->name);
		return NULL;
	}
	return json_pack("{s:{s:{s:s, s:s}}, s:{s:o, s:o, s:i, s:o}}",
		component->is_spout ? "spout_object" : "bolt_object", "shell", "execution_command",
		component->command[0], "script", component->command[1], "common", "inputs",
		inputs_of(spec, component, problems), "streams", streams_of(component),
		"parallelism_hint", component->parallelism, "json_conf", conf_of(component));
}

json_t *topology_for_nimbus(const struct spec *spec, struct problems *problems)
{
	json_t *topology = json_pack("{s:{}, s:{}, s:{}}", "spouts", "bolts", "state_spouts");

	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];
		json_t *part = component_of(spec, component, problems);

		if (part)
			json_object_set_new(
				json_object_get(topology, component->is_spout ? "spouts" : "bolts"),
				component->name, part);
	}
	if (problems_result(problems) == 0)
		return topology;
	json_decref(topology);
	return NULL;
}
