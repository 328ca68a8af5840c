/*
 * From Flux YAML to a description.
 *
 * The parts of the YAML are put into the description as they are, so that they keep their places.
 */
#include "spec/flux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocol/description.h"
#include "spec/file.h"
#include "spec/filter.h"
#include "spec/properties.h"
#include "spec/yaml.h"

/* Of all included files, in bytes: one may be named many times, and stays in memory each time. */
#define INCLUDE_LIMIT ((size_t)16 << 20)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct flux {
	struct spec *spec;
	struct filter filter;
	struct problems *problems;
	size_t included; /* bytes */
};

/* The keys of Flux's objects */

static const char *const topology_keys[] = { "name", "config", "components", "spouts", "bolts",
	"streams", "includes", "workerHooks", "topologySource" };
static const char *const vertex_keys[] = { "id", "className", "constructorArgs", "properties",
	"configMethods", "factory", "factoryArgs", "parallelism", "numTasks", "onHeapMemoryLoad",
	"offHeapMemoryLoad", "cpuLoad", "config" };
static const char *const stream_keys[] = { "name", "from", "to", "grouping" };
static const char *const grouping_keys[] = { "type", "streamId", "args", "customClass" };
static const char *const include_keys[] = { "resource", "file", "override" };

const char *const flux_groupings[GROUPING_COUNT] = {
	[STORM_GROUPING_NONE] = "NONE",
	[STORM_GROUPING_SHUFFLE] = "SHUFFLE",
	[STORM_GROUPING_LOCAL_OR_SHUFFLE] = "LOCAL_OR_SHUFFLE",
	[STORM_GROUPING_FIELDS] = "FIELDS",
	[STORM_GROUPING_ALL] = "ALL",
	[STORM_GROUPING_GLOBAL] = "GLOBAL",
	[STORM_GROUPING_DIRECT] = "DIRECT",
	[STORM_GROUPING_CUSTOM] = "CUSTOM",
};

const struct flux_load flux_loads[FLUX_LOAD_COUNT] = {
	{ "onHeapMemoryLoad", "topology.component.resources.onheap.memory.mb" },
	{ "offHeapMemoryLoad", "topology.component.resources.offheap.memory.mb" },
	{ "cpuLoad", "topology.component.cpu.pcore.percent" },
};

static struct place place_of(const struct flux *flux, const json_t *value, const json_t *container)
{
	return places_of(&flux->spec->places, value, container);
}

/* Flux refuses a key that it does not know. */
static void check_keys(struct flux *flux, json_t *object, const char *what,
	const char *const *known, size_t known_count)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i = 0;

		while (i < known_count && strcmp(known[i], key) != 0)
			i++;
		if (i < known_count)
			continue;
		problems_error(flux->problems, places_of_key(&flux->spec->places, value, object),
			"%s has no key %s", what, key);
		problems_suggest(flux->problems, key, known, known_count);
	}
}

/* Put a copy's reference to a part of the YAML into the description, if it is there. */
static void carry(json_t *to, const char *to_key, const json_t *from, const char *from_key)
{
	json_t *value = json_object_get(from, from_key);

	if (value && !json_is_null(value))
		json_object_set(to, to_key, value);
}

/* The same for a number, which Flux does not let be null. */
static void carry_number(
	struct flux *flux, json_t *to, const char *to_key, const json_t *from, const char *from_key)
{
	const json_t *value = json_object_get(from, from_key);

	if (json_is_null(value))
		problems_error(flux->problems, place_of(flux, value, from),
			"%s must be a whole number", from_key);
	carry(to, to_key, from, from_key);
}

/* A new object that stands where a part of the YAML does. */
static json_t *make_object_at(struct flux *flux, const json_t *part, const json_t *container)
{
	json_t *object = json_object();

	places_note(&flux->spec->places, object, place_of(flux, part, container),
		places_of_key(&flux->spec->places, part, container));
	return object;
}

/* A list under a key, NULL where there is none; one of another type is a problem. */
static json_t *list_of(struct flux *flux, const json_t *object, const char *key)
{
	json_t *list = json_object_get(object, key);

	if (!list || json_is_null(list))
		return NULL;
	if (json_is_array(list))
		return list;
	problems_error(flux->problems, place_of(flux, list, object), "%s must be a list", key);
	return NULL;
}

/* Components */

static void add_stream(
	struct flux *flux, json_t *component, json_t *name, json_t *fields, const json_t *container)
{
	json_t *outputs = json_object_get(component, "outputs");
	json_t *stream = make_object_at(flux, fields, container);

	json_object_set_new(stream, "stream", name);
	if (fields)
		json_object_set(stream, "fields", fields);
	json_array_append_new(outputs, stream);
}

/* One of the methods that Flux calls on a shell component. */
static void apply_method(struct flux *flux, json_t *component, const json_t *method)
{
	static const char *const known[] = { "addComponentConfig", "changeChildCWD",
		"setDefaultStream", "setEnv", "setNamedStream" };
	const json_t *name_value = json_object_get(method, "name");
	const char *name = json_string_value(name_value);
	json_t *arguments = json_object_get(method, "args");
	json_t *first = json_array_get(arguments, 0);
	json_t *second = json_array_get(arguments, 1);
	struct place place = place_of(flux, name_value, method);

	if (!name) {
		problems_error(flux->problems, place, "a configMethods entry: name is missing");
	} else if (strcmp(name, "setDefaultStream") == 0) {
		if (json_array_size(arguments) == 1 && json_is_array(first))
			add_stream(flux, component, json_string("default"), first, method);
		else
			problems_error(flux->problems, place,
				"setDefaultStream takes one list of fields: - [word, count]");
	} else if (strcmp(name, "setNamedStream") == 0) {
		if (json_array_size(arguments) == 2 && json_is_string(first) &&
			json_is_array(second))
			add_stream(flux, component, json_incref(first), second, method);
		else
			problems_error(flux->problems, place,
				"setNamedStream takes a name and a list of fields");
	} else if (strcmp(name, "addComponentConfig") == 0) {
		if (json_array_size(arguments) == 2 && json_is_string(first))
			json_object_set(json_object_get(component, "config"),
				json_string_value(first), second);
		else
			problems_error(flux->problems, place,
				"addComponentConfig takes a key and a value");
	} else if (strcmp(name, "setEnv") == 0) {
		if (json_array_size(arguments) == 1 && json_is_object(first))
			json_object_set(component, "env", first);
		else
			problems_error(flux->problems, place, "setEnv takes a map of variables");
	} else if (strcmp(name, "changeChildCWD") == 0) {
		problems_warn(flux->problems, place, "the method %s is for a cluster only", name);
	} else {
		problems_error(
			flux->problems, place, "a multi-lang component has no method %s", name);
		problems_suggest(flux->problems, name, known, COUNT(known));
	}
}

/* What FluxShellSpout and FluxShellBolt are made with: a command, and the default stream's fields. */
static void read_shell(struct flux *flux, json_t *component, const json_t *vertex)
{
	const json_t *arguments = list_of(flux, vertex, "constructorArgs");
	const json_t *methods = list_of(flux, vertex, "configMethods");
	json_t *command = json_array_get(arguments, 0);
	json_t *fields = json_array_get(arguments, 1);
	const json_t *method;
	size_t i;

	if (json_is_array(command))
		json_object_set(component, "command", command);
	else
		problems_error(flux->problems,
			place_of(flux, command ? command : arguments, vertex),
			"the first of constructorArgs must be the command, a list of words");
	if (!json_is_array(command))
		json_object_set_new(component, "command", json_pack("[s]", "?"));
	if (json_is_array(fields))
		add_stream(flux, component, json_string("default"), fields, vertex);
	else if (fields)
		problems_error(flux->problems, place_of(flux, fields, vertex),
			"the second of constructorArgs must be the fields, a list of names");
	json_array_foreach(methods, i, method)
		apply_method(flux, component, method);
}

/* Any other class: all that it is made with goes to the cluster. */
static void read_java(struct flux *flux, json_t *component, const json_t *vertex)
{
	json_t *java = make_object_at(flux, json_object_get(vertex, "className"), vertex);

	for (size_t i = 0; i < JAVA_KEY_COUNT; i++)
		carry(java, java_keys[i], vertex, java_keys[i]);
	json_object_set_new(component, "java", java);
}

/* The loads are configuration to Storm. */
static void read_config(struct flux *flux, json_t *component, const json_t *vertex)
{
	json_t *own = json_object_get(vertex, "config");
	json_t *config = make_object_at(flux, own, vertex);

	if (own)
		problems_warn(flux->problems, places_of_key(&flux->spec->places, own, vertex),
			"Flux 2.8 has no config of a component: addComponentConfig goes with all");
	if (own && !json_is_object(own) && !json_is_null(own))
		problems_error(flux->problems, place_of(flux, own, vertex), "config must be a map");
	if (json_is_object(own))
		json_object_update(config, own);
	for (size_t i = 0; i < FLUX_LOAD_COUNT; i++)
		carry(config, flux_loads[i].key, vertex, flux_loads[i].name);
	json_object_set_new(component, "config", config);
}

static json_t *read_vertex(struct flux *flux, json_t *vertex, bool is_spout)
{
	const char *class_name = json_string_value(json_object_get(vertex, "className"));
	json_t *component = make_object_at(flux, json_object_get(vertex, "id"), vertex);

	check_keys(flux, vertex, is_spout ? "a spout" : "a bolt", vertex_keys, COUNT(vertex_keys));
	if (!json_is_object(vertex))
		problems_error(flux->problems, place_of(flux, vertex, NULL), "%s must be a map",
			is_spout ? "a spout" : "a bolt");
	else if (!json_object_get(vertex, "id"))
		problems_error(flux->problems, place_of(flux, NULL, vertex), "id is missing");
	carry(component, "name", vertex, "id");
	carry_number(flux, component, "parallelism", vertex, "parallelism");
	carry_number(flux, component, "tasks", vertex, "numTasks");
	json_object_set_new(component, "outputs", json_array());
	json_object_set_new(component, "inputs", json_array());
	read_config(flux, component, vertex);
	if (class_name && strcmp(class_name, is_spout ? FLUX_SHELL_SPOUT : FLUX_SHELL_BOLT) == 0)
		read_shell(flux, component, vertex);
	else
		read_java(flux, component, vertex);
	if (class_name && strcmp(class_name, is_spout ? FLUX_SHELL_BOLT : FLUX_SHELL_SPOUT) == 0)
		problems_error(flux->problems,
			place_of(flux, json_object_get(vertex, "className"), vertex),
			"%s is the class of a %s", class_name, is_spout ? "bolt" : "spout");
	return component;
}

static void read_vertices(struct flux *flux, const json_t *topology, json_t *description,
	const char *key, bool is_spout)
{
	const json_t *vertices = list_of(flux, topology, key);
	json_t *components = json_array();
	json_t *vertex;
	size_t i;

	json_array_foreach(vertices, i, vertex)
		json_array_append_new(components, read_vertex(flux, vertex, is_spout));
	json_object_set_new(description, key, components);
}

/* Streams */

/* The component of an id; NULL where there is none. */
static json_t *find_component(const json_t *description, const char *id)
{
	static const char *const kinds[] = { "bolts", "spouts" };

	for (size_t kind = 0; kind < COUNT(kinds); kind++) {
		json_t *component;
		size_t i;

		json_array_foreach(json_object_get(description, kinds[kind]), i, component) {
			const char *name = json_string_value(json_object_get(component, "name"));

			if (name && strcmp(name, id) == 0)
				return component;
		}
	}
	return NULL;
}

static void refuse_target(struct flux *flux, const json_t *description, const json_t *stream)
{
	const json_t *to = json_object_get(stream, "to");
	const json_t *bolts = json_object_get(description, "bolts");
	const char **names = calloc(json_array_size(bolts) + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; names && i < json_array_size(bolts); i++) {
		const char *name =
			json_string_value(json_object_get(json_array_get(bolts, i), "name"));

		if (name)
			names[count++] = name;
	}
	problems_error(flux->problems, place_of(flux, to, stream), "there is no bolt %s",
		json_string_value(to));
	if (names)
		problems_suggest(flux->problems, json_string_value(to), names, count);
	free(names);
}

/* The type of a grouping, in the words of descriptions. */
static void read_grouping(struct flux *flux, json_t *input, json_t *grouping)
{
	json_t *type = json_object_get(grouping, "type");
	const char *name = json_string_value(type);
	size_t i = 0;

	check_keys(flux, grouping, "a grouping", grouping_keys, COUNT(grouping_keys));
	while (name && i < GROUPING_COUNT && strcmp(flux_groupings[i], name) != 0)
		i++;
	if (name && i < GROUPING_COUNT) {
		json_object_set_new(input, "grouping", json_string(grouping_names[i]));
		places_note(&flux->spec->places, json_object_get(input, "grouping"),
			place_of(flux, type, grouping), place_of(flux, type, grouping));
	} else {
		problems_error(flux->problems, place_of(flux, type, grouping), "%s%s",
			name ? "no such type of grouping: " : "the type of the grouping is missing",
			name ? name : "");
		if (name)
			problems_suggest(flux->problems, name, flux_groupings, GROUPING_COUNT);
		json_object_set_new(input, "grouping", json_string("shuffle"));
	}
	carry(input, "stream", grouping, "streamId");
	carry(input, "fields", grouping, "args");
	carry(input, "custom", grouping, "customClass");
}

static void read_stream(struct flux *flux, const json_t *description, json_t *stream)
{
	const json_t *from = json_object_get(stream, "from");
	const json_t *to = json_object_get(stream, "to");
	json_t *grouping = json_object_get(stream, "grouping");
	json_t *target;
	json_t *input;

	check_keys(flux, stream, "a stream", stream_keys, COUNT(stream_keys));
	if (!json_is_string(from) || !json_is_string(to) || !json_is_object(grouping)) {
		problems_error(flux->problems, place_of(flux, NULL, stream),
			"a stream needs from, to and a grouping with a type");
		return;
	}
	target = find_component(description, json_string_value(to));
	if (!target) {
		refuse_target(flux, description, stream);
		return;
	}
	input = make_object_at(flux, from, stream);
	carry(input, "component", stream, "from");
	read_grouping(flux, input, grouping);
	json_array_append_new(json_object_get(target, "inputs"), input);
}

/* Includes */

/* The name of a file, any bytes, for as long as the spec is there: places borrow it. */
static const char *keep_name(struct flux *flux, const char *file)
{
	json_t *name = json_string_nocheck(file);

	json_array_append_new(flux->spec->origin, name);
	return json_string_value(name);
}

/* Read a text of a file whose name is kept: a topology that the spec owns, or NULL. */
static json_t *read_yaml(struct flux *flux, struct span text, const char *file)
{
	struct buffer filtered = { 0 };
	json_t *topology;

	flux->filter.file = file;
	filter_text(&flux->filter, text, &filtered, flux->problems);
	topology = yaml_read(buffer_span(&filtered), file, &flux->spec->places, flux->problems);
	buffer_free(&filtered);
	if (topology && !json_is_object(topology)) {
		problems_error(flux->problems, (struct place){ .file = file },
			"not a topology in YAML: it must be a map with name, spouts, bolts and "
			"streams");
		json_decref(topology);
		return NULL;
	}
	json_array_append_new(flux->spec->origin, topology);
	check_keys(flux, topology, "a topology", topology_keys, COUNT(topology_keys));
	return topology;
}

/* Whether a list holds an entry with this id; its place is set. */
static bool find_id(const json_t *list, const json_t *entry, size_t *place)
{
	const json_t *id = json_object_get(entry, "id");

	for (*place = 0; *place < json_array_size(list); (*place)++) {
		if (id && json_equal(json_object_get(json_array_get(list, *place), "id"), id))
			return true;
	}
	return false;
}

/* Add the included entries; those that are there already are replaced, or stay. */
static void include_list(json_t *topology, const json_t *included, const char *key, bool override)
{
	const json_t *from = json_object_get(included, key);
	json_t *to = json_object_get(topology, key);
	json_t *entry;
	size_t place;
	size_t i;

	if (!json_is_array(from))
		return;
	if (!json_is_array(to)) {
		json_object_set(topology, key, (json_t *)from);
		return;
	}
	json_array_foreach(from, i, entry) {
		if (!find_id(to, entry, &place))
			json_array_append(to, entry);
		else if (override)
			json_array_set(to, place, entry);
	}
}

static void include_object(json_t *topology, const json_t *included, const char *key, bool override)
{
	json_t *from = json_object_get(included, key);
	json_t *to = json_object_get(topology, key);

	if (!json_is_object(from))
		return;
	if (!json_is_object(to))
		json_object_set(topology, key, from);
	else if (override)
		json_object_update(to, from);
	else
		json_object_update_missing(to, from);
}

/* The path of an included file: beside the one that includes it, or else as it is. */
static char *find_included(const struct flux *flux, const char *file)
{
	const char *slash = strrchr(flux->spec->path, '/');
	char *path;

	while (file[0] == '/' && access(file, F_OK) < 0)
		file++; /* a resource of the class path */
	if (file[0] == '/' || !slash)
		return strdup(file);
	if (asprintf(&path, "%.*s/%s", (int)(slash - flux->spec->path), flux->spec->path, file) < 0)
		return NULL;
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return strdup(file);
}

static void include(struct flux *flux, json_t *topology, json_t *entry)
{
	const json_t *file = json_object_get(entry, "file");
	bool override = json_is_true(json_object_get(entry, "override"));
	char *found = json_is_string(file) ? find_included(flux, json_string_value(file)) : NULL;
	const char *path = found ? keep_name(flux, found) : NULL;
	struct buffer text = { 0 };
	json_t *included = NULL;

	check_keys(flux, entry, "an include", include_keys, COUNT(include_keys));
	if (!path) {
		problems_error(
			flux->problems, place_of(flux, file, entry), "an include needs a file");
	} else if (access(path, R_OK) < 0) {
		problems_error(flux->problems, place_of(flux, file, entry), "cannot include %s: %s",
			path, strerror(errno));
	} else if (flux->included > INCLUDE_LIMIT) {
		problems_error(flux->problems, place_of(flux, file, entry),
			"cannot include %s: the files before it are too large", path);
	} else if (file_read(path, &text, flux->problems) == 0) {
		flux->included += text.length;
		included = read_yaml(flux, buffer_span(&text), path);
	}
	if (json_object_get(included, "includes"))
		problems_warn(flux->problems,
			place_of(flux, json_object_get(included, "includes"), included),
			"Flux does not look at the includes of an included file");
	if (included && (override || !json_object_get(topology, "name")))
		carry(topology, "name", included, "name");
	include_object(topology, included, "config", override);
	include_list(topology, included, "components", override);
	include_list(topology, included, "spouts", override);
	include_list(topology, included, "bolts", override);
	include_list(topology, included, "streams", false);
	buffer_free(&text);
	free(found);
}

/* The whole */

static json_t *describe(struct flux *flux, json_t *topology)
{
	json_t *description = make_object_at(flux, topology, NULL);
	const json_t *source = json_object_get(topology, "topologySource");
	const json_t *includes = list_of(flux, topology, "includes");
	const json_t *streams;
	json_t *entry;
	size_t i;

	json_array_foreach(includes, i, entry)
		include(flux, topology, entry);
	if (source && !json_is_null(source))
		problems_error(flux->problems, place_of(flux, source, topology),
			"a topologySource makes the topology in Java: there is nothing to read here");
	json_object_set_new(description, "cstorm", json_integer(DESCRIPTION_VERSION));
	carry(description, "name", topology, "name");
	carry(description, "config", topology, "config");
	carry(description, "objects", topology, "components");
	carry(description, "hooks", topology, "workerHooks");
	read_vertices(flux, topology, description, "spouts", true);
	read_vertices(flux, topology, description, "bolts", false);
	streams = list_of(flux, topology, "streams");
	json_array_foreach(streams, i, entry)
		read_stream(flux, description, entry);
	return description;
}

int flux_read(struct spec *spec, const struct spec_source *source, struct span text,
	struct problems *problems)
{
	struct flux flux = {
		.spec = spec,
		.filter.environment = source->environment_filter,
		.problems = problems,
	};
	json_t *properties = NULL;
	json_t *topology;

	if (source->filter)
		flux.filter.properties = properties = properties_read(source->filter, problems);
	spec->origin = json_array();
	topology = read_yaml(&flux, text, keep_name(&flux, spec->places.file));
	if (topology)
		spec->description = describe(&flux, topology);
	json_decref(properties);
	return problems_result(problems);
}
