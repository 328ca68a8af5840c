/*
 * The bolt as a topology of three: a spout of lines, which no process is, the bolt, and one that takes
 * what it emits. So its handshake has what a bolt finds in a real topology.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/nearest.h"
#include "map/map.h"
#include "ready.h"

/* Taking its description from a topology */

static int refuse_name(
	const struct map_bolt *request, const char *name, bool is_ready, struct problems *problems)
{
	const struct place place = { .file = is_ready ? NULL : request->path };
	const struct spec *spec = &request->topology;
	const char **names = calloc(spec->component_count + 1, sizeof(*names));
	size_t count = 0;

	problems_error(
		problems, place, "there is no %sbolt %s", is_ready ? "ready-made " : "", name);
	for (size_t i = 0; names && i < spec->component_count; i++) {
		if (!spec->components[i].is_spout)
			names[count++] = spec->components[i].name;
	}
	if (names)
		problems_suggest(problems, name, names, count);
	free(names);
	return -EINVAL;
}

/* The outputs of a bolt of which nobody knows what it emits. */
static json_t *unknown_outputs(const struct map_bolt *request)
{
	return json_pack("[{s:s, s:[]}]", "stream", request->stream, "fields");
}

/* What is described of one bolt; its inputs are ours. A new reference. */
static json_t *take_bolt(struct map_bolt *request, size_t index)
{
	struct spec *spec = &request->topology;
	json_t *bolt;

	spec_complete(spec);
	bolt = json_deep_copy(spec->components[index].json);
	json_object_set(bolt, "config", spec->components[index].config);
	json_object_del(bolt, "inputs");
	json_object_del(bolt, "environments");
	if (spec->components[index].output_count == 0)
		json_object_set_new(bolt, "outputs", unknown_outputs(request));
	return bolt;
}

/* The bolt of a topology at request->path. */
static int take_from_topology(struct spec *spec, struct map_bolt *request, const char *name,
	bool is_ready, json_t **bolt, json_t **config, struct problems *problems)
{
	struct spec *topology = &request->topology;
	struct spec_source source = is_ready ? (struct spec_source){ 0 } : request->source;
	size_t index;
	int err;

	if (!request->path)
		return -ENOMEM;
	source.path = request->path;
	err = spec_load(topology, &source, problems);
	if (err < 0)
		return err;
	index = spec_find(topology, name);
	if (index == topology->component_count || topology->components[index].is_spout)
		return refuse_name(request, name, is_ready, problems);
	*bolt = take_bolt(request, index);
	*config = json_deep_copy(topology->config);
	spec->path = strdup(topology->path);
	spec->is_program = topology->is_program;
	return 0;
}

/* Finding it */

/* Where a name is TOPOLOGY:COMPONENT, the colon. */
static const char *find_colon(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon && colon > name && colon[1] != '\0' ? colon : NULL;
}

/* The path of a program that PATH may have. Owned by the caller. */
static char *find_in_path(const char *name)
{
	const char *at = getenv("PATH");
	char *path = NULL;

	if (strchr(name, '/'))
		return strdup(name);
	for (; at && *at != '\0'; at += *at == ':') {
		size_t length = strcspn(at, ":");

		if (asprintf(&path, "%.*s/%s", (int)length, at, name) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
		path = NULL;
		at += length;
	}
	return strdup(name);
}

static int take_named(struct spec *spec, struct map_bolt *request, json_t **bolt, json_t **config,
	struct problems *problems)
{
	const char *colon = find_colon(request->name);
	char program[PATH_MAX];

	if (colon) {
		request->path = strndup(request->name, (size_t)(colon - request->name));
	} else {
		ready_program(program);
		request->path = find_in_path(program);
	}
	return take_from_topology(
		spec, request, colon ? colon + 1 : request->name, !colon, bolt, config, problems);
}

static json_t *take_command(const struct map_bolt *request)
{
	json_t *words = json_array();

	for (size_t i = 0; request->command[i]; i++)
		json_array_append_new(words, json_string(request->command[i]));
	return json_pack("{s:s, s:o, s:o}", "name", "bolt", "command", words, "outputs",
		unknown_outputs(request));
}

/* The topology around it */

static json_t *split_names(const char *names)
{
	json_t *list = json_array();

	while (names) {
		size_t length = strcspn(names, ",");

		json_array_append_new(list, json_stringn(names, length));
		names = names[length] == ',' ? names + length + 1 : NULL;
	}
	return list;
}

static json_t *describe_results(const json_t *bolt)
{
	json_t *inputs = json_array();
	const json_t *output;
	size_t i;

	json_array_foreach(json_object_get(bolt, "outputs"), i, output) {
		bool direct = json_is_true(json_object_get(output, "direct"));

		json_array_append_new(inputs,
			json_pack("{s:O, s:O, s:s}", "component", json_object_get(bolt, "name"),
				"stream", json_object_get(output, "stream"), "grouping",
				direct ? "direct" : "shuffle"));
	}
	return json_pack(
		"{s:s, s:[s], s:o}", "name", MAP_RESULTS, "command", "true", "inputs", inputs);
}

/* Takes the references of the bolt and of the configuration. */
static json_t *describe(
	const struct map_bolt *request, const char *name, json_t *bolt, json_t *config)
{
	json_object_set_new(bolt, "parallelism", json_integer((json_int_t)request->processes));
	json_object_set_new(bolt, "tasks", json_integer((json_int_t)request->processes));
	json_object_set_new(bolt, "inputs",
		json_pack("[{s:s, s:s, s:s}]", "component", MAP_INPUT, "stream", "default",
			"grouping", "shuffle"));
	return json_pack("{s:i, s:s, s:o, s:[{s:s, s:[s], s:[{s:s, s:o}]}], s:[o, o]}", "cstorm", 1,
		"name", name, "config", config, "spouts", "name", MAP_INPUT, "command", "true",
		"outputs", "stream", "default", "fields", split_names(request->fields), "bolts",
		bolt, describe_results(bolt));
}

int map_describe(struct spec *spec, struct map_bolt *request, struct problems *problems)
{
	json_t *bolt = NULL;
	json_t *config = NULL;
	int err = 0;

	*spec = (struct spec){ 0 };
	if (request->command) {
		spec->path = strdup("map");
		bolt = take_command(request);
		config = json_object();
	} else {
		err = take_named(spec, request, &bolt, &config, problems);
	}
	if (err < 0)
		return err;
	if (!bolt || !config || !spec->path)
		return -ENOMEM;
	request->is_ours = spec->is_program && !json_object_get(bolt, "command");
	spec->description =
		describe(request, json_string_value(json_object_get(bolt, "name")), bolt, config);
	return spec->description ? spec_parse(spec, &(const struct spec_source){ 0 }, problems) :
				   -ENOMEM;
}

void map_bolt_free(struct map_bolt *bolt)
{
	free(bolt->path);
	spec_free(&bolt->topology);
}
