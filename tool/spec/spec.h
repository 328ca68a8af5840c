/*
 * The model of a topology: a description in JSON, taken apart and checked.
 *
 * Whatever a topology is written in becomes a description first: a program prints it (--describe), a
 * file in Flux YAML is translated (flux.h). Strings are borrowed from the description, which the
 * spec owns. docs/description.schema.json has its form.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "spec/places.h"
#include "spec/problems.h"

#include <cstorm/topology.h>

struct spec_stream {
	const json_t *json; /* its part of the description, for its place */
	const char *name;
	const char **fields;
	size_t field_count;
	bool direct;
};

struct spec_input {
	const json_t *json;
	const char *component;
	const char *stream;
	enum storm_grouping grouping;
	const char **fields;
	size_t field_count;
	const json_t *custom; /* the Java object of a custom grouping; NULL: none */

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

enum spec_kind {
	SPEC_CLASS, /* a class of the topology's own program */
	SPEC_SHELL, /* a command that speaks the multi-lang protocol */
	SPEC_JAVA, /* a Java class: for a cluster only */
};

/* What describes a component in Java, in Flux as in JSON. */
#define JAVA_KEY_COUNT 6
extern const char *const java_keys[JAVA_KEY_COUNT];

struct spec_component {
	const json_t *json;
	const char *name;
	bool is_spout;
	enum spec_kind kind;
	int parallelism; /* executors: threads of a worker */
	int tasks;
	const char **command; /* NULL after the last word; the program's own for a class */
	size_t command_length;
	const json_t *java; /* its class and what it is made with; NULL: it is not Java's */
	struct spec_stream *outputs;
	size_t output_count;
	struct spec_input *inputs;
	size_t input_count;
	struct spec_setting *settings;
	size_t setting_count;
	struct spec_metric *metrics;
	size_t metric_count;
	json_t *config; /* of this component alone; an object */
	const json_t *env; /* variables of its process's environment, strings; NULL: none */
	const char *wrapper; /* what runs its command, as the shell reads it; NULL: nothing */
};

struct spec {
	char *path; /* the topology's file */
	const char *resources; /* as the source says; borrowed */
	bool is_program; /* the file starts those of its components that are its classes */
	json_t *description;
	json_t *origin; /* what its parts were taken from; NULL: it is as it was read */
	struct places places;
	const char *name;
	json_t *config; /* an object */
	struct spec_component *components;
	size_t component_count;
};

/* What a topology is loaded from. */
struct spec_source {
	const char *path;
	const char *environment; /* the one of those that the topology describes; NULL: none */
	bool environment_is_known; /* to somebody else: the topology need not describe it */
	const char *
		resources; /* the folder in which shell components run; NULL: resources beside the topology, if it is there */
	const char *filter; /* Flux: a file of properties for ${NAME}; NULL: none */
	bool environment_filter; /* Flux: ${ENV-NAME} is a variable of the environment */
};

/*
 * Load a topology: a program that answers --describe, a file in Flux YAML, or one that holds a
 * description. Returns 0, or a negative errno with the reason in `problems`.
 */
int spec_load(struct spec *spec, const struct spec_source *source, struct problems *problems);

/*
 * Take the spec's description apart; what the spec says of its file is set already. As spec_load.
 */
int spec_parse(struct spec *spec, const struct spec_source *source, struct problems *problems);

/*
 * Override a part: -o KEY=VALUE, -p COMPONENT=N, --wrap COMPONENT=COMMAND. As spec_load. The last is
 * borrowed until the spec is freed.
 */
int spec_set_config(struct spec *spec, const char *assignment, struct problems *problems);
int spec_set_parallelism(struct spec *spec, const char *assignment, struct problems *problems);
int spec_set_wrapper(struct spec *spec, const char *assignment, struct problems *problems);

/*
 * Check a topology and connect its inputs: 0, or -EINVAL with every problem that there is, those of
 * loading it among them. It need not have been loaded well.
 */
int spec_check(struct spec *spec, struct problems *problems);

/* Bring the description up to what was overridden. */
void spec_complete(struct spec *spec);

/* A component by its name: its index, or the number of components. */
size_t spec_find(const struct spec *spec, const char *component);

/*
 * A key of a component's configuration: its own, else the topology's. NULL where it is not set. Borrowed. BOLT_CLASS is the
 * class in Java that runs the processes of bolts on a cluster, in place of Storm's ShellBolt; PROCESS_BOLT is ours.
 */
const json_t *spec_setting(
	const struct spec *spec, const struct spec_component *component, const char *key);

#define BOLT_CLASS "cstorm.bolt.class"
#define PROCESS_BOLT "cstorm.multilang.ProcessBolt"

/* The place of a part of the description, or of what it is in, or the topology's file. */
struct place spec_place(const struct spec *spec, const json_t *part, const json_t *container);

void spec_free(struct spec *spec);

#endif
