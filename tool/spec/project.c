#include "spec/project.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/file.h"
#include "spec/yaml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where the file is, owned by the caller; NULL: nowhere. */
static char *find_file(void)
{
	char *folder = getcwd(NULL, 0);
	char *slash = folder ? folder + strlen(folder) : NULL;
	char *path = NULL;

	while (slash) {
		*slash = '\0';
		if (asprintf(&path, "%s/" PROJECT_FILE, folder) < 0)
			path = NULL;
		if (!path || access(path, F_OK) == 0)
			break;
		free(path);
		path = NULL;
		slash = strrchr(folder, '/');
	}
	free(folder);
	return path;
}

/* Checking */

static bool is_hosts(const json_t *value)
{
	const json_t *host;
	size_t index;

	json_array_foreach(value, index, host) {
		if (!json_is_string(host))
			return false;
	}
	return json_is_string(value) || json_array_size(value) > 0;
}

static bool is_seconds(const json_t *value)
{
	return json_is_number(value) && json_number_value(value) > 0 &&
		json_number_value(value) <= 86400;
}

/* An option would be taken as one by ssh. */
static bool is_destination(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && *text != '\0' && *text != '-';
}

static bool is_object(const json_t *value)
{
	return json_is_object(value);
}

static const struct {
	const char *key;
	bool (*is_right)(const json_t *value);
	const char *what;
} members[] = {
	{ "config", is_object, "a map, the configuration of topologies" },
	{ "nimbus", is_hosts, "HOST or HOST:PORT, or a list of them" },
	{ "ssh", is_destination, "a destination of ssh, as USER@HOST" },
	{ "timeout", is_seconds, "a number of seconds, up to a day" },
};

static void check_member(struct project *project, const char *environment, const char *key,
	const json_t *value, const json_t *container, struct problems *problems)
{
	const char *names[COUNT(members)];

	for (size_t i = 0; i < COUNT(members); i++) {
		names[i] = members[i].key;
		if (strcmp(key, members[i].key) != 0)
			continue;
		if (!members[i].is_right(value))
			problems_error(problems, places_of(&project->places, value, container),
				"%s of the environment %s must be %s", key, environment,
				members[i].what);
		return;
	}
	problems_error(problems, places_of_key(&project->places, value, container),
		"an environment has no %s", key);
	problems_suggest(problems, key, names, COUNT(members));
}

static int check(struct project *project, struct problems *problems)
{
	static const char *const keys[] = { "environments" };
	json_t *environments = json_object_get(project->all, keys[0]);
	const char *name;
	const char *key;
	json_t *value;
	json_t *member;

	if (!json_is_object(project->all))
		return problems_error(problems, places_of(&project->places, NULL, NULL),
			"must be a map that has environments");
	json_object_foreach(project->all, key, value) {
		if (strcmp(key, keys[0]) == 0)
			continue;
		problems_error(problems, places_of_key(&project->places, value, project->all),
			"a project has no %s", key);
		problems_suggest(problems, key, keys, COUNT(keys));
	}
	if (environments && !json_is_object(environments))
		problems_error(problems, places_of(&project->places, environments, project->all),
			"environments must be a map of names");
	json_object_foreach(environments, name, value) {
		if (!json_is_object(value))
			problems_error(problems, places_of(&project->places, value, environments),
				"the environment %s must be a map, {} if nothing is special in it",
				name);
		json_object_foreach(value, key, member)
			check_member(project, name, key, member, value, problems);
	}
	return problems_result(problems);
}

int project_read(struct project *project, struct problems *problems)
{
	struct buffer text = { 0 };
	int err;

	*project = (struct project){ .path = find_file() };
	if (!project->path)
		return 0;
	project->places.file = project->path;
	err = file_read(project->path, &text, problems);
	if (err == 0 && !yaml_says_nothing(buffer_text(&text))) {
		project->all =
			yaml_read(buffer_span(&text), project->path, &project->places, problems);
		err = project->all ? check(project, problems) : problems_result(problems);
	}
	buffer_free(&text);
	return err;
}

void project_free(struct project *project)
{
	json_decref(project->all);
	places_free(&project->places);
	free(project->path);
	*project = (struct project){ 0 };
}

json_t *project_environment(const struct project *project, const char *name)
{
	return name ? json_object_get(json_object_get(project->all, "environments"), name) : NULL;
}

int project_only_environment(
	const struct project *project, const char **name, struct problems *problems)
{
	json_t *environments = json_object_get(project->all, "environments");

	*name = NULL;
	if (json_object_size(environments) > 1)
		return problems_error(problems,
			places_of_key(&project->places, environments, project->all),
			"there are several environments: choose one with -e");
	if (json_object_size(environments) == 1)
		*name = json_object_iter_key(json_object_iter(environments));
	return 0;
}

int project_refuse_environment(
	const struct project *project, const char *name, struct problems *problems)
{
	json_t *environments = json_object_get(project->all, "environments");
	const char **names = calloc(json_object_size(environments) + 1, sizeof(*names));
	const char *known;
	size_t count = 0;
	json_t *value;

	if (project->path)
		problems_error(problems, places_of(&project->places, environments, project->all),
			"there is no environment %s", name);
	else
		problems_error(problems, (struct place){ 0 },
			"there is no environment %s: no " PROJECT_FILE
			" is in this folder or above",
			name);
	json_object_foreach(environments, known, value) {
		if (names)
			names[count++] = known;
	}
	if (names)
		problems_suggest(problems, name, names, count);
	free(names);
	return -EINVAL;
}
