/* What a task knows of itself: its place in the topology, its settings, the run's descriptors. */
#include "component/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

const char *const *storm_output_fields(const struct storm_task *task, const char *stream)
{
	const struct storm_stream *output =
		task->context.outputs ? task->context.outputs : task->outputs;

	for (; output && output->name; output++) {
		if (strcmp(output->name, stream) == 0)
			return output->fields;
	}
	return NULL;
}

const struct storm_setting *task_settings(const struct storm_task *task)
{
	return task->spout_class ? task->spout_class->settings : task->bolt_class->settings;
}

const struct storm_metric *task_metrics(const struct storm_task *task)
{
	return task->spout_class ? task->spout_class->metrics : task->bolt_class->metrics;
}

double task_config_number(const struct storm_task *task, const char *key, double fallback)
{
	const json_t *value = storm_config(task, key);

	return json_is_number(value) ? json_number_value(value) : fallback;
}

void *storm_state(const struct storm_task *task)
{
	return task->state;
}

const char *storm_task_component(const struct storm_task *task)
{
	return task->context.component;
}

int storm_task_id(const struct storm_task *task)
{
	return task->context.task;
}

size_t storm_task_index(const struct storm_task *task)
{
	return task->context.index;
}

size_t storm_component_tasks(const struct storm_task *task, const char *component, const int **ids)
{
	const struct peer *peer = context_peer(&task->context, component);

	if (ids)
		*ids = peer ? peer->tasks : NULL;
	return peer ? peer->task_count : 0;
}

int storm_task_restarts(const struct storm_task *task)
{
	return (int)json_integer_value(storm_config(task, "cstorm.task.restarts"));
}

const struct json_t *storm_config(const struct storm_task *task, const char *key)
{
	json_t *value = key ? json_object_get(task->context.conf, key) : task->context.conf;

	return json_is_null(value) ? NULL : value;
}

/* A key of two parts. */
static const json_t *config_at(const struct storm_task *task, const char *prefix, const char *name)
{
	struct buffer key = { 0 };
	const json_t *value;

	buffer_append_format(&key, "%s.%s", prefix, name);
	value = storm_config(task, buffer_text(&key));
	buffer_free(&key);
	return value;
}

const struct json_t *storm_setting_json(const struct storm_task *task, const char *name)
{
	const json_t *value = config_at(task, task->context.component, name);

	return value ? value : config_at(task, task->topology->name, name);
}

const char *storm_setting(const struct storm_task *task, const char *name)
{
	struct buffer *text = &((struct storm_task *)task)->setting;
	const json_t *value = storm_setting_json(task, name);
	const struct storm_setting *setting = task_settings(task);
	char *dump;

	if (json_is_string(value))
		return json_string_value(value);
	if (value) {
		dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		buffer_truncate(text, 0);
		buffer_append_format(text, "%s", dump ? dump : "");
		free(dump);
		return buffer_text(text);
	}
	for (; setting && setting->name; setting++) {
		if (strcmp(setting->name, name) == 0)
			return setting->value;
	}
	return NULL;
}

int storm_setting_integer(struct storm_task *task, const char *name, int64_t *integer)
{
	const char *text = storm_setting(task, name);
	char *end;

	if (!text)
		return storm_error(
			task, -ENOENT, "the setting %s.%s", task->context.component, name);
	errno = 0;
	*integer = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return storm_error(task, -EINVAL,
			"the setting %s.%s must be a whole number, not %s", task->context.component,
			name, text);
	return 0;
}

/* A descriptor that the local runner hands down, named by the environment. */
static int inherited(struct storm_task *task, const char *variable, const char *what)
{
	const char *text = getenv(variable);
	int fd = text ? atoi(text) : -1;

	if (fd < 3 || fcntl(fd, F_GETFD) < 0)
		return storm_error(task, -ENOTCONN,
			"%s has no standard %s of the run here: only cstorm run gives one; name a file",
			task->context.component, what);
	return fd;
}

int storm_standard_input(struct storm_task *task)
{
	return inherited(task, "CSTORM_STDIN", "input");
}

int storm_standard_output(struct storm_task *task)
{
	return inherited(task, "CSTORM_STDOUT", "output");
}
