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

static json_t *describe_java(const struct storm_java *java)
{
	json_t *object = java->serialized ? json_pack("{s:s}", "serialized", java->serialized) :
					    json_pack("{s:s}", "className", java->class_name);
	json_t *arguments = java->arguments ? json_loads(java->arguments, 0, NULL) : NULL;

	if (arguments)
		json_object_set_new(object, "constructorArgs", arguments);
	else if (java->arguments)
		json_object_set_new(object, "constructorArgs", json_string(java->arguments));
	return object;
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
		if (input->custom)
			json_object_set_new(entry, "custom", describe_java(input->custom));
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

json_t *describe_config(const struct storm_config_entry *entry)
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

static json_t *describe_environments(const struct storm_environment *environment)
{
	json_t *environments = json_object();

	for (; environment && environment->name; environment++) {
		json_t *entry = json_object();

		if (environment->parallelism != 0)
			json_object_set_new(
				entry, "parallelism", json_integer(environment->parallelism));
		if (environment->tasks != 0)
			json_object_set_new(entry, "tasks", json_integer(environment->tasks));
		if (environment->config)
			json_object_set_new(entry, "config", describe_config(environment->config));
		json_object_set_new(environments, environment->name, entry);
	}
	return environments;
}

/* Take the parts of another object over. */
static void add_parts(json_t *object, json_t *parts)
{
	json_object_update(object, parts);
	json_decref(parts);
}

static json_t *describe_env(const struct storm_config_entry *variable)
{
	json_t *env = json_object();

	for (; variable->key; variable++)
		json_object_set_new(env, variable->key, json_string(variable->value));
	return env;
}

static json_t *describe_component(const char *name, int parallelism, int tasks,
	const struct storm_environment *environments, const struct storm_config_entry *config,
	const struct storm_config_entry *env)
{
	json_t *entry = json_pack("{s:s, s:i, s:o}", "name", name, "parallelism",
		parallelism == 0 ? 1 : parallelism, "config", describe_config(config));

	if (tasks != 0)
		json_object_set_new(entry, "tasks", json_integer(tasks));
	if (environments)
		json_object_set_new(entry, "environments", describe_environments(environments));
	if (env)
		json_object_set_new(entry, "env", describe_env(env));
	return entry;
}

static json_t *describe_class(const char *summary, const struct storm_stream *outputs,
	const struct storm_setting *settings, const struct storm_metric *metrics)
{
	return json_pack("{s:s?, s:o, s:o, s:o}", "summary", summary, "outputs",
		describe_outputs(outputs), "settings", describe_settings(settings), "metrics",
		describe_metrics(metrics));
}

/* The classes that a component can be of: what each has, and the setting that chooses. */
static json_t *describe_choices(
	const struct storm_choice *choices, const struct storm_stream *outputs)
{
	json_t *settings = json_array();
	json_t *metrics = json_array();
	struct buffer names = { 0 };
	json_t *parts;

	buffer_append_literal(&names, "one of:");
	for (const struct storm_choice *choice = choices; choice->name; choice++) {
		const struct storm_spout_class *spout = choice->spout_class;
		const struct storm_bolt_class *bolt = choice->bolt_class;
		json_t *more = describe_settings(spout ? spout->settings : bolt->settings);

		json_array_extend(settings, more);
		json_decref(more);
		more = describe_metrics(spout ? spout->metrics : bolt->metrics);
		json_array_extend(metrics, more);
		json_decref(more);
		buffer_append_format(&names, " %s", choice->name);
	}
	json_array_insert_new(settings, 0,
		json_pack("{s:s, s:s, s:s}", "name", "use", "summary", buffer_text(&names),
			"default", choices->name));
	parts = json_pack("{s:s, s:o, s:o, s:o}", "summary", buffer_text(&names), "outputs",
		describe_outputs(outputs), "settings", settings, "metrics", metrics);
	buffer_free(&names);
	return parts;
}

static json_t *describe_foreign(const struct storm_foreign *foreign)
{
	json_t *parts = json_pack("{s:o}", "outputs", describe_outputs(foreign->outputs));

	if (foreign->command)
		json_object_set_new(parts, "command", describe_names(foreign->command));
	else
		json_object_set_new(parts, "java", describe_java(&foreign->java));
	return parts;
}

static json_t *describe_spout(const struct storm_spout *spout)
{
	const struct storm_spout_class *class = spout->spout_class;
	json_t *entry = describe_component(spout->name, spout->parallelism, spout->tasks,
		spout->environments, spout->config, spout->env);

	if (spout->choices)
		add_parts(entry, describe_choices(spout->choices, spout_outputs(spout)));
	else if (class)
		add_parts(entry,
			describe_class(class->summary, spout_outputs(spout), class->settings,
				class->metrics));
	else if (spout->foreign)
		add_parts(entry, describe_foreign(spout->foreign));
	return entry;
}

static json_t *describe_bolt(const struct storm_bolt *bolt)
{
	const struct storm_bolt_class *class = bolt->bolt_class;
	json_t *entry = describe_component(bolt->name, bolt->parallelism, bolt->tasks,
		bolt->environments, bolt->config, bolt->env);

	if (bolt->choices)
		add_parts(entry, describe_choices(bolt->choices, bolt_outputs(bolt)));
	else if (class)
		add_parts(entry,
			describe_class(
				class->summary, class->outputs, class->settings, class->metrics));
	else if (bolt->foreign)
		add_parts(entry, describe_foreign(bolt->foreign));
	json_object_set_new(entry, "inputs", describe_inputs(bolt->inputs));
	return entry;
}

json_t *describe_topology(const struct storm_topology *topology)
{
	const struct storm_spout *spout = topology->spouts;
	const struct storm_bolt *bolt = topology->bolts;
	json_t *spouts = json_array();
	json_t *bolts = json_array();
	json_t *description;

	for (; spout && spout->name; spout++)
		json_array_append_new(spouts, describe_spout(spout));
	for (; bolt && bolt->name; bolt++)
		json_array_append_new(bolts, describe_bolt(bolt));
	description = json_pack("{s:i, s:s, s:s?, s:o, s:o, s:o}", "cstorm", DESCRIPTION_VERSION,
		"name", topology->name, "summary", topology->summary, "config",
		describe_config(topology->config), "spouts", spouts, "bolts", bolts);
	if (topology->environments)
		json_object_set_new(
			description, "environments", describe_environments(topology->environments));
	return description;
}
