/* The handshake, as Storm sends it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "local/record.h"
#include "protocol/transcode.h"

/*
 * What Storm's defaults.yaml says for the keys that a component may look at; and metrics, which the
 * runner takes as they come.
 */
static const struct storm_config_entry defaults[] = {
	{ "cstorm.metrics", "true" },
	{ "storm.cluster.mode", "\"local\"" },
	{ "supervisor.worker.timeout.secs", "30" },
	{ "topology.acker.executors", "null" },
	{ "topology.debug", "false" },
	{ "topology.enable.message.timeouts", "true" },
	{ "topology.max.spout.pending", "null" },
	{ "topology.message.timeout.secs", "30" },
	{ "topology.multilang.serializer", "\"" SERIALIZER_JSON "\"" },
	{ "topology.shellbolt.max.pending", "100" },
	{ "topology.tasks", "null" },
	{ "topology.tick.tuple.freq.secs", "null" },
	{ "topology.workers", "1" },
};

json_t *handshake_config(const struct run *run, const struct component *component)
{
	json_t *config = json_object();

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		json_object_set_new(config, defaults[i].key,
			json_loads(defaults[i].value, JSON_DECODE_ANY, NULL));
	if (run->options->verbosity > 0)
		json_object_set_new(config, "cstorm.log.level", json_string("trace"));
	json_object_update(config, run->spec->config);
	if (component)
		json_object_update(config, component->spec->config);
	/* It may stand still in a debugger in the midst of a call. */
	if (component && component->spec->wrapper)
		json_object_set_new(config, "cstorm.call.timeout.secs", json_integer(0));
	json_object_set_new(config, "topology.name", json_string(run->spec->name));
	/* As Storm's: a name that no other run has. */
	json_object_set_new(config, "storm.id",
		json_sprintf("%s-%d-%lld", run->spec->name, (int)getpid(), (long long)run->date));
	return config;
}

static const char *const grouping_types[] = {
	[STORM_GROUPING_NONE] = "NONE",
	[STORM_GROUPING_SHUFFLE] = "SHUFFLE",
	[STORM_GROUPING_LOCAL_OR_SHUFFLE] = "LOCAL_OR_SHUFFLE",
	[STORM_GROUPING_FIELDS] = "FIELDS",
	[STORM_GROUPING_ALL] = "ALL",
	[STORM_GROUPING_GLOBAL] = "FIELDS", /* Storm: a fields grouping of no fields */
	[STORM_GROUPING_DIRECT] = "DIRECT",
	[STORM_GROUPING_CUSTOM] = "CUSTOM_OBJECT",
};

static json_t *names(const char *const *list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(list[i]));
	return array;
}

static json_t *grouping(const struct spec_input *input)
{
	json_t *object = json_pack("{s:s}", "type", grouping_types[input->grouping]);

	if (input->grouping == STORM_GROUPING_FIELDS || input->grouping == STORM_GROUPING_GLOBAL)
		json_object_set_new(object, "fields", names(input->fields, input->field_count));
	return object;
}

/* The object under a key, made where it is missing. Borrowed. */
static json_t *member(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!value) {
		value = json_object();
		json_object_set_new(object, key, value);
	}
	return value;
}

static void add_outputs(json_t *context, const struct component *component)
{
	json_t *streams = json_array();
	json_t *fields = json_object();
	json_t *targets = json_object();

	for (size_t i = 0; i < component->spec->output_count; i++) {
		const struct route *route = &component->routes[i];
		const struct spec_stream *stream = route->stream;

		json_array_append_new(streams, json_string(stream->name));
		json_object_set_new(
			fields, stream->name, names(stream->fields, stream->field_count));
		for (size_t j = 0; j < route->target_count; j++)
			json_object_set_new(member(targets, stream->name),
				route->targets[j].component->spec->name,
				grouping(route->targets[j].input));
	}
	json_object_set_new(context, "streams", streams);
	json_object_set_new(context, "stream->outputfields", fields);
	json_object_set_new(context, "stream->target->grouping", targets);
}

static void add_inputs(json_t *context, const struct component *component)
{
	const struct spec *spec = component->run->spec;
	json_t *groupings = json_object();
	json_t *fields = json_object();

	for (size_t i = 0; i < component->spec->input_count; i++) {
		const struct spec_input *input = &component->spec->inputs[i];
		const struct spec_stream *stream =
			&spec->components[input->source].outputs[input->source_stream];

		json_object_set_new(
			member(groupings, input->component), input->stream, grouping(input));
		json_object_set_new(member(fields, input->component), input->stream,
			names(stream->fields, stream->field_count));
	}
	json_object_set_new(context, "source->stream->grouping", groupings);
	json_object_set_new(context, "source->stream->fields", fields);
}

static void add_tasks(json_t *context, const struct run *run)
{
	json_t *tasks = json_object();
	char id[16];

	for (size_t i = 1; i <= run->id_count; i++) {
		if (run->tasks[i]->retired)
			continue;
		snprintf(id, sizeof(id), "%zu", i);
		json_object_set_new(tasks, id, json_string(run->tasks[i]->component->spec->name));
	}
	json_object_set_new(context, "task->component", tasks);
}

int handshake_write(const struct task *task, struct buffer *buffer)
{
	const struct run *run = task->run;
	json_t *config = handshake_config(run, task->component);
	json_t *context = json_object();
	struct buffer pids = { 0 };
	json_t *handshake;
	char *text;
	int err = 0;

	json_object_set_new(config, "cstorm.task.restarts", json_integer(task->restarts));
	add_tasks(context, run);
	json_object_set_new(context, "taskid", json_integer(task->id));
	json_object_set_new(context, "componentid", json_string(task->component->spec->name));
	add_outputs(context, task->component);
	add_inputs(context, task->component);
	if (run->record_folder)
		buffer_append_format(&pids, "%s/" RECORD_PIDS, run->record_folder);
	else
		buffer_append_format(&pids, "%s/" DIRECTORY_PIDS,
			buffer_text((struct buffer *)&run->directory.path));
	handshake = json_pack("{s:s, s:o, s:o}", "pidDir", buffer_text(&pids), "conf", config,
		"context", context);
	buffer_free(&pids);
	text = handshake ? json_dumps(handshake, JSON_COMPACT) : NULL;
	json_decref(handshake);
	if (!text)
		return -ENOMEM;
	if (run->wire == WIRE_LINES)
		buffer_append_literal(buffer, "\t");
	if (run->wire == WIRE_MSGPACK)
		err = transcode_to_msgpack(span_of(text), buffer, NULL);
	else
		buffer_append(buffer, text, strlen(text));
	buffer_append_frame_end(buffer, run->wire);
	free(text);
	return buffer->failed ? -ENOMEM : err;
}
