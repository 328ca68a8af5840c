/* Reads the handshake. */
#include "component/context.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "component/stream.h"
#include "protocol/message.h"

static int bad(struct buffer *error, const char *what)
{
	buffer_append_format(error, "the handshake is not valid: %s", what);
	return -EBADMSG;
}

const struct source *context_source(
	const struct context *context, const char *component, const char *stream)
{
	for (size_t i = 0; i < context->source_count; i++) {
		const struct source *source = &context->sources[i];

		if (strcmp(source->component, component) == 0 &&
			strcmp(source->stream, stream) == 0)
			return source;
	}
	return NULL;
}

const struct peer *context_peer(const struct context *context, const char *component)
{
	for (size_t i = 0; i < context->peer_count; i++) {
		if (strcmp(context->peers[i].component, component) == 0)
			return &context->peers[i];
	}
	return NULL;
}

/* Add an entry of zeros to an array. */
static void *add_entry(void *array_pointer, size_t *count, size_t entry_size)
{
	void **array = array_pointer;
	char *entries = realloc(*array, (*count + 1) * entry_size);

	if (!entries)
		return NULL;
	*array = entries;
	return memset(entries + entry_size * (*count)++, 0, entry_size);
}

static struct source *add_source(
	struct context *context, const char *component, const char *stream, size_t field_count)
{
	struct source *source =
		add_entry(&context->sources, &context->source_count, sizeof(*source));

	if (!source)
		return NULL;
	source->component = component;
	source->stream = stream;
	source->fields = calloc(field_count + 1, sizeof(*source->fields));
	source->field_count = field_count;
	return source->fields ? source : NULL;
}

static int read_sources(struct context *context, const json_t *fields, struct buffer *error)
{
	const char *component;
	json_t *streams;

	json_object_foreach((json_t *)fields, component, streams) {
		const char *stream;
		json_t *names;

		json_object_foreach(streams, stream, names) {
			struct source *source =
				add_source(context, component, stream, json_array_size(names));

			if (!source)
				return -ENOMEM;
			source->is_input = true;
			for (size_t i = 0; i < source->field_count; i++) {
				source->fields[i] = json_string_value(json_array_get(names, i));
				if (!source->fields[i])
					return bad(error,
						"source->stream->fields has a name that is "
						"not a string");
			}
		}
	}
	return 0;
}

/* What the task emits. */
static int read_outputs(struct context *context, const json_t *streams, struct buffer *error)
{
	struct storm_stream *output;
	const char *stream;
	json_t *names;

	if (!json_is_object(streams))
		return 0;
	output = context->outputs = calloc(json_object_size(streams) + 1, sizeof(*output));
	if (!output)
		return -ENOMEM;
	json_object_foreach((json_t *)streams, stream, names) {
		const char **fields = calloc(json_array_size(names) + 1, sizeof(*fields));

		*output++ = (struct storm_stream){ .name = stream, .fields = fields };
		if (!fields)
			return -ENOMEM;
		for (size_t i = 0; i < json_array_size(names); i++) {
			fields[i] = json_string_value(json_array_get(names, i));
			if (!fields[i])
				return bad(error,
					"stream->outputfields has a name that is not a string");
		}
	}
	return 0;
}

/* Add the streams that the topology declares and the handshake did not name. */
static int add_declared(
	struct context *context, const char *component, const struct storm_stream *stream)
{
	for (; stream && stream->name; stream++) {
		size_t count = stream_field_count(stream);
		struct source *source;

		if (context_source(context, component, stream->name))
			continue;
		source = add_source(context, component, stream->name, count);
		if (!source)
			return -ENOMEM;
		for (size_t i = 0; i < count; i++)
			source->fields[i] = stream_field(stream, i);
	}
	return 0;
}

static int add_all_declared(struct context *context, const struct storm_topology *topology)
{
	const struct storm_spout *spout = topology->spouts;
	const struct storm_bolt *bolt = topology->bolts;
	int err = 0;

	for (; err == 0 && spout && spout->name; spout++)
		err = add_declared(context, spout->name, spout_outputs(spout));
	for (; err == 0 && bolt && bolt->name; bolt++)
		err = add_declared(context, bolt->name, bolt_outputs(bolt));
	return err;
}

static int add_task(struct context *context, const char *component, int task)
{
	struct peer *peer = (struct peer *)context_peer(context, component);
	size_t place;
	int *tasks;

	if (!peer) {
		peer = add_entry(&context->peers, &context->peer_count, sizeof(*peer));
		if (!peer)
			return -ENOMEM;
		peer->component = component;
	}
	tasks = realloc(peer->tasks, (peer->task_count + 1) * sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	peer->tasks = tasks;
	for (place = peer->task_count++; place > 0 && tasks[place - 1] > task; place--)
		tasks[place] = tasks[place - 1];
	tasks[place] = task;
	return 0;
}

static int read_tasks(struct context *context, const json_t *tasks, struct buffer *error)
{
	const char *task;
	json_t *component;

	json_object_foreach((json_t *)tasks, task, component) {
		char *end;
		long id = strtol(task, &end, 10);

		if (end == task || *end != '\0' || id < INT_MIN || id > INT_MAX)
			return bad(error, "task->component has a key that is not a task id");
		if (!json_is_string(component))
			return bad(error, "task->component has a value that is not a string");
		if (add_task(context, json_string_value(component), (int)id) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Storm before 0.10 does not name the component, but all tasks. */
static const char *component_of(const struct context *context, int task)
{
	for (size_t i = 0; i < context->peer_count; i++) {
		for (size_t j = 0; j < context->peers[i].task_count; j++) {
			if (context->peers[i].tasks[j] == task)
				return context->peers[i].component;
		}
	}
	return NULL;
}

static size_t own_index(const struct context *context)
{
	const struct peer *peer = context_peer(context, context->component);

	for (size_t i = 0; peer && i < peer->task_count; i++) {
		if (peer->tasks[i] == context->task)
			return i;
	}
	return 0;
}

int context_read(struct context *context, const struct storm_topology *topology, struct span frame,
	struct buffer *error)
{
	json_error_t why;
	json_t *inner;
	json_t *task;
	int err;

	context->handshake = json_loadb(frame.data, frame.length, JSON_ALLOW_NUL, &why);
	if (!context->handshake) {
		buffer_append_format(
			error, "the handshake is not JSON: %s at byte %d", why.text, why.position);
		return -EBADMSG;
	}
	context->conf = json_object_get(context->handshake, "conf");
	context->pid_dir = json_string_value(json_object_get(context->handshake, "pidDir"));
	inner = json_object_get(context->handshake, "context");
	context->component = json_string_value(json_object_get(inner, "componentid"));
	task = json_object_get(inner, "taskid");
	if (!json_is_object(context->conf))
		return bad(error, "conf is missing, or not an object");
	if (!json_is_object(inner))
		return bad(error, "context is missing, or not an object");
	if (!json_is_integer(task) || json_integer_value(task) < INT_MIN ||
		json_integer_value(task) > INT_MAX)
		return bad(error, "context.taskid is missing, or not a task id");
	context->task = (int)json_integer_value(task);

	err = read_tasks(context, json_object_get(inner, "task->component"), error);
	if (err == 0 && !context->component)
		context->component = component_of(context, context->task);
	if (err == 0 && !context->component)
		err = bad(error, "context.componentid is missing, or not a string");
	if (err == 0)
		err = read_outputs(context, json_object_get(inner, "stream->outputfields"), error);
	if (err == 0)
		err = read_sources(
			context, json_object_get(inner, "source->stream->fields"), error);
	if (err == 0)
		err = add_all_declared(context, topology);
	if (err == 0)
		context->index = own_index(context);
	return err;
}

void context_free(struct context *context)
{
	for (struct storm_stream *output = context->outputs; output && output->name; output++)
		free((void *)output->fields);
	for (size_t i = 0; i < context->source_count; i++) {
		free(context->sources[i].fields);
		free(context->sources[i].indexes);
	}
	for (size_t i = 0; i < context->peer_count; i++)
		free(context->peers[i].tasks);
	free(context->outputs);
	free(context->sources);
	free(context->peers);
	json_decref(context->handshake);
	*context = (struct context){ 0 };
}
