/* From a description in JSON to the model, and overrides from the command line. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "protocol/description.h"
#include "spec/nearest.h"
#include "spec/spec.h"

int spec_problem(struct buffer *problems, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buffer_append_formatv(problems, format, arguments);
	va_end(arguments);
	buffer_append_literal(problems, "\n");
	return -EINVAL;
}

/* A required string. */
static int parse_string(const json_t *object, const char *key, const char *where,
	const char **value, struct buffer *problems)
{
	const json_t *entry = json_object_get(object, key);

	*value = json_string_value(entry);
	if (*value)
		return 0;
	return spec_problem(
		problems, "%s: %s %s", where, key, entry ? "must be a string" : "is missing");
}

/* A list of strings, with NULL after the last; absent is empty. */
static int parse_names(const json_t *list, const char *where, const char ***names, size_t *count,
	struct buffer *problems)
{
	size_t length = json_array_size(list);

	if (list && !json_is_array(list))
		return spec_problem(problems, "%s must be a list", where);
	*names = calloc(length + 1, sizeof(**names));
	if (!*names)
		return -ENOMEM;
	for (*count = 0; *count < length; (*count)++) {
		(*names)[*count] = json_string_value(json_array_get(list, *count));
		if (!(*names)[*count])
			return spec_problem(problems, "%s must hold strings", where);
	}
	return 0;
}

static int parse_outputs(
	struct spec_component *component, const json_t *list, struct buffer *problems)
{
	size_t length = json_array_size(list);

	if (list && !json_is_array(list))
		return spec_problem(problems, "%s: outputs must be a list", component->name);
	component->outputs = calloc(length + 1, sizeof(*component->outputs));
	if (!component->outputs)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++) {
		struct spec_stream *stream = &component->outputs[component->output_count++];
		const json_t *entry = json_array_get(list, i);
		int err = parse_string(entry, "stream", component->name, &stream->name, problems);

		if (err == 0)
			err = parse_names(json_object_get(entry, "fields"), component->name,
				&stream->fields, &stream->field_count, problems);
		if (err < 0)
			return err;
		stream->direct = json_is_true(json_object_get(entry, "direct"));
	}
	return 0;
}

static int parse_grouping(struct spec_input *input, const json_t *entry,
	const struct spec_component *component, struct buffer *problems)
{
	const char *nearest;
	const char *name;
	int err = parse_string(entry, "grouping", component->name, &name, problems);

	if (err < 0)
		return err;
	for (size_t i = 0; i < GROUPING_COUNT; i++) {
		if (strcmp(name, grouping_names[i]) == 0) {
			input->grouping = (enum storm_grouping)i;
			return 0;
		}
	}
	nearest = nearest_name(name, grouping_names, GROUPING_COUNT);
	return spec_problem(problems, "%s: no such grouping: %s; did you mean %s?", component->name,
		name, nearest ? nearest : "shuffle");
}

static int parse_inputs(
	struct spec_component *component, const json_t *list, struct buffer *problems)
{
	size_t length = json_array_size(list);

	if (list && !json_is_array(list))
		return spec_problem(problems, "%s: inputs must be a list", component->name);
	component->inputs = calloc(length + 1, sizeof(*component->inputs));
	if (!component->inputs)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++) {
		struct spec_input *input = &component->inputs[component->input_count++];
		const json_t *entry = json_array_get(list, i);
		int err = parse_string(
			entry, "component", component->name, &input->component, problems);

		input->stream = json_string_value(json_object_get(entry, "stream"));
		if (!input->stream)
			input->stream = "default";
		if (err == 0)
			err = parse_grouping(input, entry, component, problems);
		if (err == 0)
			err = parse_names(json_object_get(entry, "fields"), component->name,
				&input->fields, &input->field_count, problems);
		if (err < 0)
			return err;
	}
	return 0;
}

static int parse_settings(
	struct spec_component *component, const json_t *list, struct buffer *problems)
{
	size_t length = json_array_size(list);

	if (list && !json_is_array(list))
		return spec_problem(problems, "%s: settings must be a list", component->name);
	component->settings = calloc(length + 1, sizeof(*component->settings));
	if (!component->settings)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++) {
		struct spec_setting *setting = &component->settings[component->setting_count++];
		const json_t *entry = json_array_get(list, i);
		int err = parse_string(entry, "name", component->name, &setting->name, problems);

		if (err < 0)
			return err;
		setting->summary = json_string_value(json_object_get(entry, "summary"));
		setting->value = json_string_value(json_object_get(entry, "default"));
	}
	return 0;
}

static int parse_metric_kind(struct spec_metric *metric, const json_t *entry,
	const struct spec_component *component, struct buffer *problems)
{
	const char *name;
	int err = parse_string(entry, "kind", component->name, &name, problems);

	if (err < 0)
		return err;
	for (size_t i = 0; i < METRIC_KIND_COUNT; i++) {
		if (strcmp(name, metric_kind_names[i]) == 0) {
			metric->kind = (enum storm_metric_kind)i;
			return 0;
		}
	}
	return spec_problem(problems,
		"%s: no such kind of metric: %s; it must be counter, gauge or "
		"timer",
		component->name, name);
}

static int parse_metrics(
	struct spec_component *component, const json_t *list, struct buffer *problems)
{
	size_t length = json_array_size(list);
	int err = 0;

	if (list && !json_is_array(list))
		return spec_problem(problems, "%s: metrics must be a list", component->name);
	component->metrics = calloc(length + 1, sizeof(*component->metrics));
	if (!component->metrics)
		return -ENOMEM;
	for (size_t i = 0; i < length && err == 0; i++) {
		struct spec_metric *metric = &component->metrics[component->metric_count++];
		const json_t *entry = json_array_get(list, i);

		err = parse_string(entry, "name", component->name, &metric->name, problems);
		if (err == 0)
			err = parse_metric_kind(metric, entry, component, problems);
	}
	return err;
}

/* The words that start the component; those of a C class are the topology's own file. */
static int parse_command(const struct spec *spec, struct spec_component *component,
	const json_t *command, struct buffer *problems)
{
	size_t count;
	int err;

	if (command) {
		component->is_foreign = true;
		err = parse_names(command, component->name, &component->command, &count, problems);
		if (err == 0 && count == 0)
			err = spec_problem(problems, "%s: command is empty", component->name);
		return err;
	}
	if (!spec->is_program)
		return spec_problem(problems,
			"%s: command is missing: the list of words that start it, because %s is not "
			"a program that could",
			component->name, spec->path);
	component->command = calloc(2, sizeof(*component->command));
	if (!component->command)
		return -ENOMEM;
	component->command[0] = spec->path;
	return 0;
}

/* The configuration under a key: an object, empty where there is none. Borrowed. */
static json_t *parse_config(json_t *object, const char *where, struct buffer *problems)
{
	json_t *config = json_object_get(object, "config");

	if (config && !json_is_object(config)) {
		spec_problem(problems, "%s: config must be an object", where);
		return NULL;
	}
	if (!config) {
		config = json_object();
		json_object_set_new(object, "config", config);
	}
	return config;
}

static int parse_component(struct spec *spec, json_t *entry, bool is_spout, struct buffer *problems)
{
	struct spec_component *component = &spec->components[spec->component_count++];
	const json_t *parallelism = json_object_get(entry, "parallelism");
	json_int_t tasks = parallelism ? json_integer_value(parallelism) : 1;
	int err = parse_string(
		entry, "name", is_spout ? "a spout" : "a bolt", &component->name, problems);

	if (err < 0)
		return err;
	component->is_spout = is_spout;
	if ((parallelism && !json_is_integer(parallelism)) || tasks < INT_MIN || tasks > INT_MAX)
		return spec_problem(
			problems, "%s: parallelism must be a whole number", component->name);
	component->parallelism = (int)tasks;
	component->config = parse_config(entry, component->name, problems);
	if (!component->config)
		return -EINVAL;
	err = parse_command(spec, component, json_object_get(entry, "command"), problems);
	if (err == 0)
		err = parse_outputs(component, json_object_get(entry, "outputs"), problems);
	if (err == 0)
		err = parse_inputs(component, json_object_get(entry, "inputs"), problems);
	if (err == 0)
		err = parse_settings(component, json_object_get(entry, "settings"), problems);
	if (err == 0)
		err = parse_metrics(component, json_object_get(entry, "metrics"), problems);
	return err;
}

static int parse_components(
	struct spec *spec, const json_t *list, bool are_spouts, struct buffer *problems)
{
	json_t *entry;
	int err = 0;
	size_t i;

	if (list && !json_is_array(list))
		return spec_problem(problems, "%s must be a list", are_spouts ? "spouts" : "bolts");
	json_array_foreach(list, i, entry) {
		err = parse_component(spec, entry, are_spouts, problems);
		if (err < 0)
			break;
	}
	return err;
}

static int parse_version(const struct spec *spec, struct buffer *problems)
{
	const json_t *version = json_object_get(spec->description, "cstorm");

	if (json_integer_value(version) == DESCRIPTION_VERSION)
		return 0;
	if (json_is_integer(version))
		return spec_problem(problems,
			"%s: a description of version %lld; this cstorm (%s) reads version %d: build "
			"the topology and the command with the same cstorm",
			spec->path, (long long)json_integer_value(version), CSTORM_VERSION,
			DESCRIPTION_VERSION);
	return spec_problem(problems, "%s: not a description of a topology", spec->path);
}

int spec_parse(struct spec *spec, struct span text, struct buffer *problems)
{
	json_error_t why;
	json_t *spouts;
	json_t *bolts;
	int err;

	spec->description = json_loadb(text.data ? text.data : "", text.length, 0, &why);
	if (!spec->description)
		return spec_problem(problems,
			"%s: neither a topology's program nor its description: line %d, column %d: %s",
			spec->path, why.line, why.column, why.text);
	err = parse_version(spec, problems);
	if (err == 0)
		err = parse_string(
			spec->description, "name", "the topology", &spec->name, problems);
	if (err < 0)
		return err;
	spec->config = parse_config(spec->description, spec->name, problems);
	if (!spec->config)
		return -EINVAL;

	spouts = json_object_get(spec->description, "spouts");
	bolts = json_object_get(spec->description, "bolts");
	spec->components = calloc(
		json_array_size(spouts) + json_array_size(bolts) + 1, sizeof(*spec->components));
	if (!spec->components)
		return -ENOMEM;
	err = parse_components(spec, spouts, true, problems);
	return err < 0 ? err : parse_components(spec, bolts, false, problems);
}

size_t spec_find(const struct spec *spec, const char *component)
{
	size_t i = 0;

	while (i < spec->component_count && strcmp(spec->components[i].name, component) != 0)
		i++;
	return i;
}

/* Whether KEY is PREFIX.something. */
static bool begins_with(const char *key, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(key, prefix, length) == 0 && key[length] == '.';
}

/* Whether KEY is PREFIX.NAME. */
static bool is_setting(const char *key, const char *prefix, const char *name)
{
	return begins_with(key, prefix) && strcmp(key + strlen(prefix) + 1, name) == 0;
}

/* Add PREFIX.NAME to the list of keys that are known. */
static void add_key(const char **keys, size_t *count, const char *prefix, const char *name)
{
	struct buffer key = { 0 };

	buffer_append_format(&key, "%s.%s", prefix, name);
	buffer_text(&key);
	keys[(*count)++] = key.data;
}

/*
 * A key that begins with the topology's or a component's name must be a setting that a component
 * declares, so that a typo does not pass unseen. Components that declare none take any key.
 */
static int check_setting(const struct spec *spec, const char *key, struct buffer *problems)
{
	const char *known[512];
	size_t count = 0;
	bool ours = begins_with(key, spec->name);
	bool found = false;
	int err = 0;

	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		ours |= begins_with(key, component->name);
		for (size_t j = 0; j < component->setting_count; j++) {
			const char *name = component->settings[j].name;

			found |= is_setting(key, component->name, name) ||
				is_setting(key, spec->name, name);
			if (count + 2 <= sizeof(known) / sizeof(known[0])) {
				add_key(known, &count, spec->name, name);
				add_key(known, &count, component->name, name);
			}
		}
	}
	if (ours && !found && count > 0) {
		const char *nearest = nearest_name(key, known, count);

		err = spec_problem(problems, "no component declares a setting for %s%s%s%s", key,
			nearest ? "; did you mean " : "", nearest ? nearest : "",
			nearest ? "?" : "");
	}
	for (size_t i = 0; i < count; i++)
		free((char *)known[i]);
	return err;
}

int spec_set_config(struct spec *spec, const char *assignment, struct buffer *problems)
{
	const char *equals = strchr(assignment, '=');
	json_t *value;
	char *key;
	int err;

	if (!equals || equals == assignment)
		return spec_problem(problems, "-o %s: it must be KEY=VALUE", assignment);
	key = strndup(assignment, (size_t)(equals - assignment));
	if (!key)
		return -ENOMEM;
	err = check_setting(spec, key, problems);
	if (err == 0) {
		value = json_loads(equals + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
		if (!value)
			value = json_string(equals + 1);
		if (!value)
			err = spec_problem(problems, "-o %s: the value is not UTF-8", key);
		else if (json_object_set_new(spec->config, key, value) < 0)
			err = spec_problem(problems, "-o %s: the key is not UTF-8", key);
	}
	free(key);
	return err;
}

int spec_set_parallelism(struct spec *spec, const char *assignment, struct buffer *problems)
{
	const char *equals = strchr(assignment, '=');
	size_t component;
	char *name;
	char *end;
	long tasks;

	if (!equals || equals == assignment)
		return spec_problem(problems, "-p %s: it must be COMPONENT=N", assignment);
	tasks = strtol(equals + 1, &end, 10);
	if (end == equals + 1 || *end != '\0' || tasks < 1 || tasks > INT_MAX)
		return spec_problem(
			problems, "-p %s: the number of tasks must be 1 or more", assignment);
	name = strndup(assignment, (size_t)(equals - assignment));
	if (!name)
		return -ENOMEM;
	component = spec_find(spec, name);
	if (component == spec->component_count) {
		const char **names = calloc(spec->component_count + 1, sizeof(*names));
		const char *nearest = NULL;

		for (size_t i = 0; names && i < spec->component_count; i++)
			names[i] = spec->components[i].name;
		if (names)
			nearest = nearest_name(name, names, spec->component_count);
		spec_problem(problems, "-p %s: the topology %s has no such component%s%s%s",
			assignment, spec->name, nearest ? "; did you mean " : "",
			nearest ? nearest : "", nearest ? "?" : "");
		free(names);
		free(name);
		return -EINVAL;
	}
	spec->components[component].parallelism = (int)tasks;
	free(name);
	return 0;
}

void spec_free(struct spec *spec)
{
	for (size_t i = 0; i < spec->component_count; i++) {
		struct spec_component *component = &spec->components[i];

		for (size_t j = 0; j < component->output_count; j++)
			free(component->outputs[j].fields);
		for (size_t j = 0; j < component->input_count; j++) {
			free(component->inputs[j].fields);
			free(component->inputs[j].field_indexes);
		}
		free(component->outputs);
		free(component->inputs);
		free(component->settings);
		free(component->metrics);
		free(component->command);
	}
	free(spec->components);
	free(spec->path);
	json_decref(spec->description);
	*spec = (struct spec){ 0 };
}
