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

static json_t *describe_metrics(const struct storm_metric *metric)
{
	json_t *list = json_array();

	for (; metric && metric->name; metric++) {
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s?}", "name", metric->name, "kind",
				metric_kind_names[metric->kind], "summary", metric->summary));
	}
	return list;
}

static json_t *describe_component(
	const char *name, int parallelism, const struct storm_config_entry *config)
{
	return json_pack("{s:s, s:i, s:o}", "name", name, "parallelism",
		parallelism == 0 ? 1 : parallelism, "config", describe_config(config));
}

static void add_class(json_t *component, const char *summary, const struct storm_stream *outputs,
	const struct storm_setting *settings, const struct storm_metric *metrics)
{
	json_t *parts = json_pack("{s:s?, s:o, s:o, s:o}", "summary", summary, "outputs",
		describe_outputs(outputs), "settings", describe_settings(settings), "metrics",
		describe_metrics(metrics));

	json_object_update(component, parts);
	json_decref(parts);
}

static json_t *describe_spout(const struct storm_spout *spout)
{
	const struct storm_spout_class *class = spout->spout_class;
	json_t *entry = describe_component(spout->name, spout->parallelism, spout->config);

	add_class(entry, class->summary, class->outputs, class->settings, class->metrics);
	return entry;
}

static json_t *describe_bolt(const struct storm_bolt *bolt)
{
	const struct storm_bolt_class *class = bolt->bolt_class;
	json_t *entry = describe_component(bolt->name, bolt->parallelism, bolt->config);

	add_class(entry, class->summary, class->outputs, class->settings, class->metrics);
	json_object_set_new(entry, "inputs", describe_inputs(bolt->inputs));
	return entry;
}

json_t *describe_topology(const struct storm_topology *topology)
{
	const struct storm_spout *spout = topology->spouts;
	const struct storm_bolt *bolt = topology->bolts;
	json_t *spouts = json_array();
	json_t *bolts = json_array();

	for (; spout && spout->name; spout++)
		json_array_append_new(spouts, describe_spout(spout));
	for (; bolt && bolt->name; bolt++)
		json_array_append_new(bolts, describe_bolt(bolt));
	return json_pack("{s:i, s:s, s:s?, s:o, s:o, s:o}", "cstorm", DESCRIPTION_VERSION, "name",
		topology->name, "summary", topology->summary, "config",
		describe_config(topology->config), "spouts", spouts, "bolts", bolts);
}
