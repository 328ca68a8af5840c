#include "cluster/storm_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/file.h"
#include "spec/yaml.h"

#define DEFAULT_PORT 6627

/* The path of the file in a folder, owned by the caller; NULL: it is not there. */
static char *file_in(const char *folder, const char *more)
{
	char *path;

	if (!folder || asprintf(&path, "%s%s/storm.yaml", folder, more) < 0)
		return NULL;
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static char *find_file(void)
{
	const char *folder = getenv("STORM_CONF_DIR");
	char *path = file_in(folder, "");

	if (!folder)
		path = file_in(getenv("HOME"), "/.storm");
	if (!folder && !path)
		path = file_in("/etc/storm/conf", "");
	return path;
}

/* What the file says, a new reference. */
static int read_file(const char *path, json_t **all, struct buffer *problem)
{
	struct problems problems = { 0 };
	struct places places = { 0 };
	struct buffer text = { 0 };
	int err = file_read(path, &text, &problems);

	*all = json_object();
	if (err == 0 && !yaml_says_nothing(buffer_text(&text))) {
		json_decref(*all);
		*all = yaml_read(buffer_span(&text), path, &places, &problems);
		err = problems_result(&problems);
	}
	if (err < 0)
		problems_explain(&problems, problem);
	if (err == 0 && *all && !json_is_object(*all)) {
		buffer_append_format(problem, "%s is no map of keys and values", path);
		err = -EINVAL;
	}
	places_free(&places);
	problems_free(&problems);
	buffer_free(&text);
	return err;
}

/* What storm.yaml says, over what is there. */
static int apply(struct storm_yaml *conf, const char *path, struct buffer *problem)
{
	json_t *all = NULL;
	const json_t *seeds;
	const json_t *port;
	int err = read_file(path, &all, problem);

	seeds = json_object_get(all, "nimbus.seeds");
	port = json_object_get(all, "nimbus.thrift.port");
	if (err == 0 && seeds) {
		json_decref(conf->seeds);
		conf->seeds = json_deep_copy(seeds);
		free(conf->source);
		if (asprintf(&conf->source, "as %s says", path) < 0)
			conf->source = NULL;
	}
	if (err == 0 && json_is_integer(port))
		conf->port = (int)json_integer_value(port);
	json_decref(all);
	return err;
}

static bool are_strings(const json_t *list)
{
	const json_t *item;
	size_t index;

	json_array_foreach(list, index, item) {
		if (!json_is_string(item))
			return false;
	}
	return json_array_size(list) > 0;
}

int storm_yaml_read(struct storm_yaml *conf, struct buffer *problem)
{
	char *path = find_file();
	int err = 0;

	*conf = (struct storm_yaml){
		.seeds = json_pack("[s]", "localhost"),
		.port = DEFAULT_PORT,
		.source = strdup("no storm.yaml says otherwise"),
	};
	if (path)
		err = apply(conf, path, problem);
	if (err == 0 && !are_strings(conf->seeds)) {
		buffer_append_format(
			problem, "%s: nimbus.seeds must be a list of host names", path);
		err = -EINVAL;
	}
	free(path);
	if (err < 0)
		storm_yaml_free(conf);
	return err;
}

void storm_yaml_free(struct storm_yaml *conf)
{
	json_decref(conf->seeds);
	free(conf->source);
	*conf = (struct storm_yaml){ 0 };
}
