/* From a description in JSON to the model. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "protocol/description.h"
#include "spec/spec.h"

/* What the functions that read a part have in common. */
struct reader {
	struct spec *spec;
	const char *environment; /* NULL: none */
	struct problems *problems;
	const char *where; /* the component that is read, or the topology: for messages */
	int err; /* -ENOMEM, once memory has ended */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct place place_in(
	const struct reader *reader, const json_t *part, const json_t *container)
{
	return spec_place(reader->spec, part, container);
}

/* Warn of keys that mean nothing: they are slips, or of a newer cstorm. */
static void check_keys(
	struct reader *reader, json_t *object, const char *const *known, size_t known_count)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i = 0;

		while (i < known_count && strcmp(known[i], key) != 0)
			i++;
		if (i < known_count)
			continue;
		problems_warn(reader->problems, places_of_key(&reader->spec->places, value, object),
			"%s: the key %s means nothing", reader->where, key);
		problems_suggest(reader->problems, key, known, known_count);
	}
}

/* Zeroed memory for `count` entries and one more. */
static void *make_list(struct reader *reader, size_t count, size_t size)
{
	void *list = calloc(count + 1, size);

	if (!list)
		reader->err = -ENOMEM;
	return list;
}

/* A string, or NULL where it is not there; one of another type is a problem. */
static const char *read_optional(struct reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_string(value))
		problems_error(reader->problems, place_in(reader, value, object),
			"%s: %s must be a string", reader->where, key);
	return json_string_value(value);
}

/* A string that must be there; "" where it is not. */
static const char *read_string(struct reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		problems_error(reader->problems, place_in(reader, value, object), "%s: %s %s",
			reader->where, key, value ? "must be a string" : "is missing");
	return json_is_string(value) ? json_string_value(value) : "";
}

/* A list, or NULL where it is not there. */
static const json_t *read_list(struct reader *reader, const json_t *object, const char *key)
{
	const json_t *list = json_object_get(object, key);

	if (!list || json_is_null(list))
		return NULL;
	if (json_is_array(list))
		return list;
	problems_error(reader->problems, place_in(reader, list, object), "%s: %s must be a list",
		reader->where, key);
	return NULL;
}

/* A list of strings, with NULL after the last; absent is empty. */
static void read_names(struct reader *reader, const json_t *object, const char *key,
	const char ***names, size_t *count)
{
	const json_t *list = read_list(reader, object, key);
	size_t length = json_array_size(list);

	*names = make_list(reader, length, sizeof(**names));
	for (size_t i = 0; *names && i < length; i++) {
		const json_t *name = json_array_get(list, i);

		if (json_is_string(name))
			(*names)[(*count)++] = json_string_value(name);
		else
			problems_error(reader->problems, place_in(reader, name, list),
				"%s: %s must hold strings", reader->where, key);
	}
}

/* An object under a key; where there is none it is made. Borrowed. */
static json_t *read_object(struct reader *reader, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_object(value))
		problems_error(reader->problems, place_in(reader, value, object),
			"%s: %s must be an object", reader->where, key);
	if (!json_is_object(value)) {
		value = json_object();
		if (json_object_set_new(object, key, value) < 0)
			reader->err = -ENOMEM;
	}
	return value;
}

/* The part that the chosen environment has in place of an object's own; NULL: none. */
static json_t *environment_of(const struct reader *reader, const json_t *object)
{
	const json_t *environments = json_object_get(object, "environments");

	return reader->environment ? json_object_get(environments, reader->environment) : NULL;
}

/* A whole number: of the environment, or its own, or the fallback. */
static int read_number(struct reader *reader, const json_t *object, const char *key, int fallback)
{
	const json_t *environment = environment_of(reader, object);
	const json_t *value = json_object_get(environment, key);
	json_int_t number;

	if (!value)
		value = json_object_get(object, key);
	if (!value || json_is_null(value))
		return fallback;
	number = json_integer_value(value);
	if (json_is_integer(value) && number >= 1 && number <= INT_MAX)
		return (int)number;
	problems_error(reader->problems, place_in(reader, value, object),
		"%s: %s must be a whole number, at least 1", reader->where, key);
	return 1;
}

/* The configuration, with that of the environment over it. Borrowed. */
static json_t *read_config(struct reader *reader, json_t *object)
{
	json_t *config = read_object(reader, object, "config");
	json_t *environment = environment_of(reader, object);

	if (environment && json_object_get(environment, "config"))
		json_object_update(config, read_object(reader, environment, "config"));
	return config;
}

/* A name among several: its index, or `count` with the problem said. */
static size_t read_choice(struct reader *reader, const json_t *object, const char *key,
	const char *const *names, size_t count)
{
	const char *name = read_string(reader, object, key);
	size_t i = 0;

	while (i < count && strcmp(names[i], name) != 0)
		i++;
	if (i == count && name[0] != '\0') {
		problems_error(reader->problems,
			place_in(reader, json_object_get(object, key), object),
			"%s: no such %s: %s", reader->where, key, name);
		problems_suggest(reader->problems, name, names, count);
	}
	return i;
}

static void read_outputs(struct reader *reader, struct spec_component *component)
{
	static const char *const keys[] = { "stream", "fields", "direct" };
	const json_t *list = read_list(reader, component->json, "outputs");

	component->outputs = make_list(reader, json_array_size(list), sizeof(*component->outputs));
	for (size_t i = 0; component->outputs && i < json_array_size(list); i++) {
		struct spec_stream *stream = &component->outputs[component->output_count++];
		json_t *entry = json_array_get(list, i);

		stream->json = entry;
		check_keys(reader, entry, keys, COUNT(keys));
		stream->name = read_string(reader, entry, "stream");
		read_names(reader, entry, "fields", &stream->fields, &stream->field_count);
		stream->direct = json_is_true(json_object_get(entry, "direct"));
	}
}

static void read_inputs(struct reader *reader, struct spec_component *component)
{
	static const char *const keys[] = { "component", "stream", "grouping", "fields", "custom" };
	const json_t *list = read_list(reader, component->json, "inputs");

	component->inputs = make_list(reader, json_array_size(list), sizeof(*component->inputs));
	for (size_t i = 0; component->inputs && i < json_array_size(list); i++) {
		struct spec_input *input = &component->inputs[component->input_count++];
		json_t *entry = json_array_get(list, i);
		const char *stream;

		input->json = entry;
		check_keys(reader, entry, keys, COUNT(keys));
		input->component = read_string(reader, entry, "component");
		stream = read_optional(reader, entry, "stream");
		input->stream = stream ? stream : "default";
		input->grouping = (enum storm_grouping)read_choice(
			reader, entry, "grouping", grouping_names, GROUPING_COUNT);
		read_names(reader, entry, "fields", &input->fields, &input->field_count);
		input->custom = json_object_get(entry, "custom");
	}
}

static void read_settings(struct reader *reader, struct spec_component *component)
{
	const json_t *list = read_list(reader, component->json, "settings");

	component->settings =
		make_list(reader, json_array_size(list), sizeof(*component->settings));
	for (size_t i = 0; component->settings && i < json_array_size(list); i++) {
		struct spec_setting *setting = &component->settings[component->setting_count++];
		const json_t *entry = json_array_get(list, i);

		setting->name = read_string(reader, entry, "name");
		setting->summary = read_optional(reader, entry, "summary");
		setting->value = read_optional(reader, entry, "default");
	}
}

static void read_metrics(struct reader *reader, struct spec_component *component)
{
	const json_t *list = read_list(reader, component->json, "metrics");

	component->metrics = make_list(reader, json_array_size(list), sizeof(*component->metrics));
	for (size_t i = 0; component->metrics && i < json_array_size(list); i++) {
		struct spec_metric *metric = &component->metrics[component->metric_count++];
		const json_t *entry = json_array_get(list, i);

		metric->name = read_string(reader, entry, "name");
		metric->kind = (enum storm_metric_kind)read_choice(
			reader, entry, "kind", metric_kind_names, METRIC_KIND_COUNT);
	}
}

/* Variables of the environment: an object of strings, or NULL. */
static const json_t *read_env(struct reader *reader, const json_t *object)
{
	const json_t *env = json_object_get(object, "env");
	const char *name;
	json_t *value;

	if (!env || json_is_null(env))
		return NULL;
	if (!json_is_object(env))
		problems_error(reader->problems, place_in(reader, env, object),
			"%s: env must be an object", reader->where);
	json_object_foreach((json_t *)env, name, value) {
		if (!json_is_string(value))
			problems_error(reader->problems, place_in(reader, value, env),
				"%s: env: %s must be a string", reader->where, name);
		if (name[0] == '\0' || strchr(name, '='))
			problems_error(reader->problems, place_in(reader, value, env),
				"%s: env: \"%s\" can be no variable's name", reader->where, name);
	}
	return json_is_object(env) ? env : NULL;
}

const char *const java_keys[JAVA_KEY_COUNT] = { "className", "constructorArgs", "properties",
	"configMethods", "factory", "factoryArgs" };

/* A Java class and what it is made with. */
static void read_java(struct reader *reader, struct spec_component *component, json_t *java)
{
	component->kind = SPEC_JAVA;
	component->java = java;
	if (!json_is_object(java)) {
		problems_error(reader->problems, place_in(reader, java, component->json),
			"%s: java must be an object", reader->where);
		return;
	}
	check_keys(reader, java, java_keys, JAVA_KEY_COUNT);
	read_string(reader, java, "className");
}

/* What the component is: its command's words, or a Java class; or else a class of the program. */
static void read_kind(struct reader *reader, struct spec_component *component)
{
	const struct spec *spec = reader->spec;
	json_t *java = json_object_get(component->json, "java");

	read_names(reader, component->json, "command", &component->command,
		&component->command_length);
	if (java && !json_is_null(java)) {
		read_java(reader, component, java);
	} else if (json_object_get(component->json, "command")) {
		component->kind = SPEC_SHELL;
		if (component->command_length == 0)
			problems_error(reader->problems, place_in(reader, NULL, component->json),
				"%s: command is empty", component->name);
	} else if (spec->is_program) {
		free(component->command);
		component->command = make_list(reader, 1, sizeof(*component->command));
		if (component->command)
			component->command[component->command_length++] = spec->path;
	} else {
		problems_error(reader->problems, place_in(reader, NULL, component->json),
			"%s: command is missing: the list of words that start it, because %s is "
			"not a program that could",
			component->name, spec->path);
	}
}

static void read_component(struct reader *reader, json_t *entry, bool is_spout)
{
	static const char *const keys[] = { "name", "summary", "parallelism", "tasks", "config",
		"environments", "env", "command", "java", "outputs", "inputs", "settings",
		"metrics" };
	struct spec *spec = reader->spec;
	struct spec_component *component = &spec->components[spec->component_count++];

	component->json = entry;
	component->is_spout = is_spout;
	reader->where = is_spout ? "a spout" : "a bolt";
	component->name = read_string(reader, entry, "name");
	if (component->name[0] != '\0')
		reader->where = component->name;
	check_keys(reader, entry, keys, COUNT(keys));
	component->parallelism = read_number(reader, entry, "parallelism", 1);
	component->tasks = read_number(reader, entry, "tasks", component->parallelism);
	component->config = read_config(reader, entry);
	component->env = read_env(reader, entry);
	read_kind(reader, component);
	read_outputs(reader, component);
	read_inputs(reader, component);
	read_settings(reader, component);
	read_metrics(reader, component);
}

/* Read spouts or bolts. One that is no object cannot be asked for anything, and is left out. */
static void add_components(struct reader *reader, const json_t *list, bool are_spouts)
{
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		if (json_is_object(entry))
			read_component(reader, entry, are_spouts);
		else
			problems_error(reader->problems, place_in(reader, entry, list),
				"%s must be an object", are_spouts ? "a spout" : "a bolt");
	}
}

static void read_components(struct reader *reader)
{
	struct spec *spec = reader->spec;
	const json_t *spouts = read_list(reader, spec->description, "spouts");
	const json_t *bolts = read_list(reader, spec->description, "bolts");

	spec->components = make_list(reader, json_array_size(spouts) + json_array_size(bolts),
		sizeof(*spec->components));
	if (!spec->components)
		return;
	add_components(reader, spouts, true);
	add_components(reader, bolts, false);
}

static int read_version(const struct reader *reader)
{
	const json_t *version = json_object_get(reader->spec->description, "cstorm");
	struct place place = place_in(reader, version, reader->spec->description);

	if (json_integer_value(version) == DESCRIPTION_VERSION)
		return 0;
	if (json_is_integer(version))
		return problems_error(reader->problems, place,
			"a description of version %lld; this cstorm (%s) reads version %d: build "
			"the topology and the command with the same cstorm",
			(long long)json_integer_value(version), CSTORM_VERSION,
			DESCRIPTION_VERSION);
	return problems_error(reader->problems, place, "not a description of a topology");
}

/* Add the names of an object's environments to a list of those that are there. */
static void add_environments(json_t *names, const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(object, "environments"), name, value)
		json_object_set(names, name, value);
}

static void check_environment(struct reader *reader)
{
	const struct spec *spec = reader->spec;
	json_t *known = json_object();
	const char **names;
	size_t count = 0;
	json_t *value;
	const char *name;

	add_environments(known, spec->description);
	for (size_t i = 0; i < spec->component_count; i++)
		add_environments(known, spec->components[i].json);
	names = make_list(reader, json_object_size(known), sizeof(*names));
	json_object_foreach(known, name, value) {
		if (names)
			names[count++] = name;
	}
	if (!json_object_get(known, reader->environment)) {
		problems_error(reader->problems, places_of(&spec->places, NULL, NULL),
			"the topology %s describes no environment %s", spec->name,
			reader->environment);
		problems_suggest(reader->problems, reader->environment, names, count);
	}
	free(names);
	json_decref(known);
}

int spec_parse(struct spec *spec, const struct spec_source *source, struct problems *problems)
{
	static const char *const keys[] = { "cstorm", "name", "summary", "config", "environments",
		"objects", "hooks", "spouts", "bolts" };
	struct reader reader = { spec, source->environment, problems, "the topology", 0 };

	if (read_version(&reader) < 0)
		return -EINVAL;
	check_keys(&reader, spec->description, keys, COUNT(keys));
	spec->name = read_string(&reader, spec->description, "name");
	spec->config = read_config(&reader, spec->description);
	read_components(&reader);
	if (source->environment && !source->environment_is_known)
		check_environment(&reader);
	return reader.err < 0 ? reader.err : problems_result(problems);
}
