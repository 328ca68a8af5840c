/* A topology's static tables as JSON: what --describe prints and the cstorm command reads. */
#include <jansson.h>
#include <string.h>

#include "component/stream.h"
#include "component/task.h"
#include "protocol/description.h"

static json_t *describe_names(const char *const *names)
{
	json_t *list = json_array();

	for (; names && *names; names++)
		json_array_append_new(list, json_string(*names));
	return list;
}

static json_t *describe_fields(const struct storm_stream *stream)
{
	json_t *list = json_array();

	for (size_t i = 0; i < stream_field_count(stream); i++)
		json_array_append_new(list, json_string(stream_field(stream, i)));
	return list;
}

static json_t *describe_outputs(const struct storm_stream *stream)
{
	json_t *list = json_array();

	for (; stream && stream->name; stream++) {
		json_array_append_new(list,
			json_pack("{s:s, s:o, s:b}", "stream", stream->name, "fields",
				describe_fields(stream), "direct", (int)stream->direct));
	}
	return list;
}

static json_t *describe_inputs(const struct storm_input *input)
{
	json_t *list = json_array();

	for (; input && input->component; input++) {
		json_t *entry = json_pack("{s:s, s:s, s:s}", "component", input->component,
			"stream", input->stream ? input->stream : "default", "grouping",
			grouping_names[input->grouping]);

		if (input->fields)
			json_object_set_new(entry, "fields", describe_names(input->fields));
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *describe_settings(const struct storm_setting *setting)
{
	json_t *list = json_array();

	for (; setting && setting->name; setting++) {
		json_array_append_new(list,
			json_pack("{s:s, s:s?, s:s?}", "name", setting->name, "summary",
				setting->summary, "default", setting->value));
	}
	return list;
}

static json_t *describe_config(const struct storm_config_entry *entry)
{
	json_t *config = json_object();

	for (; entry && entry->key; entry++) {
		json_t *value = json_loads(entry->value, JSON_DECODE_ANY, NULL);

		json_object_set_new(config, entry->key, value ? value : json_string(entry->value));
	}
	return config;
}

static json_t *describe_component(const char *name, const char *summary, int parallelism,
	const struct storm_stream *outputs, const struct storm_setting *settings,
	const struct storm_config_entry *config)
{
	return json_pack("{s:s, s:s?, s:i, s:o, s:o, s:o}", "name", name, "summary", summary,
		"parallelism", parallelism == 0 ? 1 : parallelism, "outputs",
		describe_outputs(outputs), "settings", describe_settings(settings), "config",
		describe_config(config));
}

json_t *describe_topology(const struct storm_topology *topology)
{
	const struct storm_spout *spout = topology->spouts;
	const struct storm_bolt *bolt = topology->bolts;
	json_t *spouts = json_array();
	json_t *bolts = json_array();

	for (; spout && spout->name; spout++) {
		json_array_append_new(spouts,
			describe_component(spout->name, spout->spout_class->summary,
				spout->parallelism, spout->spout_class->outputs,
				spout->spout_class->settings, spout->config));
	}
	for (; bolt && bolt->name; bolt++) {
		json_t *entry = describe_component(bolt->name, bolt->bolt_class->summary,
			bolt->parallelism, bolt->bolt_class->outputs, bolt->bolt_class->settings,
			bolt->config);

		json_object_set_new(entry, "inputs", describe_inputs(bolt->inputs));
		json_array_append_new(bolts, entry);
	}
	return json_pack("{s:i, s:s, s:s?, s:o, s:o, s:o}", "cstorm", DESCRIPTION_VERSION, "name",
		topology->name, "summary", topology->summary, "config",
		describe_config(topology->config), "spouts", spouts, "bolts", bolts);
}
