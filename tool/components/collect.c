/* A bolt that appends each tuple to a file. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include <cstorm.h>

#include "components.h"

static FILE *file;

static int write_tuple(struct storm_task *task, const struct storm_tuple *tuple)
{
	json_t *values = json_array();
	json_t *line;
	int err = 0;

	for (size_t i = 0; i < storm_tuple_size(tuple) && err == 0; i++) {
		json_t *value = NULL;

		err = storm_tuple_tree_at(tuple, i, &value);
		json_array_append_new(values, value);
	}
	line = json_pack("{s:s, s:s, s:o}", "component", storm_tuple_component(tuple), "stream",
		storm_tuple_stream(tuple), "values", values);
	if (err == 0 && (json_dumpf(line, file, JSON_COMPACT) < 0 || putc('\n', file) == EOF))
		err = storm_error(task, -EIO, "cannot write what is tested");
	json_decref(line);
	return err;
}

static int close_file(struct storm_task *task)
{
	return fclose(file) == EOF ? storm_error(task, -errno, "cannot write what is tested") : 0;
}

int collect_main(const char *path)
{
	static const struct storm_bolt_class collect = {
		.process = write_tuple,
		.close = close_file,
	};
	const struct storm_topology topology = {
		.name = "collect",
		.bolts = STORM_BOLTS({ .name = "collect", .bolt_class = &collect }),
	};
	char option[] = "--component";
	char name[] = "collect";
	char *arguments[] = { name, option, name, NULL };

	file = fopen(path, "ae");
	if (!file) {
		perror(path);
		return 1;
	}
	return storm_main(&topology, 3, arguments);
}
