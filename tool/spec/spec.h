/*
 * The model of a topology: what `TOPOLOGY --describe` prints, taken apart and checked.
 *
 * Strings are borrowed from the description, which the spec owns.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#include <cstorm/topology.h>

struct spec_stream {
	const char *name;
	const char **fields;
	size_t field_count;
	bool direct;
};

struct spec_input {
	const char *component;
	const char *stream;
	enum storm_grouping grouping;
	const char **fields;
	size_t field_count;

	/* Set by spec_check */
	size_t source; /* the index of the component */
	size_t source_stream; /* the index of its stream */
	size_t *field_indexes; /* of the fields in that stream */
};

struct spec_setting {
	const char *name;
	const char *summary; /* NULL: none */
	const char *value; /* the default; NULL: none */
};

struct spec_metric {
	const char *name;
	enum storm_metric_kind kind;
};

struct spec_component {
	const char *name;
	bool is_spout;
	int parallelism;
	const char **command; /* NULL after the last word */
	bool is_foreign; /* the command is not the topology's own program */
	struct spec_stream *outputs;
	size_t output_count;
	struct spec_input *inputs;
	size_t input_count;
	struct spec_setting *settings;
	size_t setting_count;
	struct spec_metric *metrics;
	size_t metric_count;
	json_t *config; /* of this component alone; an object */
};

struct spec {
	char *path; /* the topology's file */
	bool is_program; /* the file starts those of its components that have no command */
	json_t *description;
	const char *name;
	json_t *config; /* an object */
	struct spec_component *components;
	size_t component_count;
};

/*
 * Load a topology: a program that answers --describe, or a file that holds such a description.
 *
 * Returns 0, or a negative errno with the reason in `problems`, a line each.
 */
int spec_load(struct spec *spec, const char *path, struct buffer *problems);

/* Read a description from text; what the spec says of its file is set already. As spec_load. */
int spec_parse(struct spec *spec, struct span text, struct buffer *problems);

/* Override a part: -o KEY=VALUE and -p COMPONENT=N. As spec_load. */
int spec_set_config(struct spec *spec, const char *assignment, struct buffer *problems);
int spec_set_parallelism(struct spec *spec, const char *assignment, struct buffer *problems);

/*
 * Check a topology and connect its inputs: 0, or -EINVAL with every problem that there is, a line
 * each.
 */
int spec_check(struct spec *spec, struct buffer *problems);

/* A component by its name: its index, or the number of components. */
size_t spec_find(const struct spec *spec, const char *component);

/* Add a line to the problems. Returns -EINVAL. */
STORM_PRINTF(2, 3)
int spec_problem(struct buffer *problems, const char *format, ...);

void spec_free(struct spec *spec);

#endif
