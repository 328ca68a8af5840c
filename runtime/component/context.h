/* What the handshake tells a task: who it is, who the others are, and the configuration. */
#ifndef COMPONENT_CONTEXT_H
#define COMPONENT_CONTEXT_H

#include <jansson.h>

#include "base/bytes.h"

#include <cstorm/topology.h>

/* A stream that comes in, with the names of its fields. */
struct source {
	const char *component;
	const char *stream;
	const char **fields;
	size_t field_count;
	bool is_input; /* of this task: the handshake says so */

	/* The places of a mapping's fields in it, of the mapping that was asked for last. */
	const struct storm_mapping *mapping;
	int *indexes;
};

/* A component of the topology, with the ids of its tasks in ascending order. */
struct peer {
	const char *component;
	int *tasks;
	size_t task_count;
};

/* All strings are borrowed from the handshake, or from the static topology. */
struct context {
	json_t *handshake;
	json_t *conf;
	const char *pid_dir; /* NULL: none */
	const char *component;
	int task;
	size_t index; /* among the tasks of the component */
	struct storm_stream *outputs; /* as the handshake names their fields; NULL: it does not */
	struct source *sources;
	size_t source_count;
	struct peer *peers;
	size_t peer_count;
};

/*
 * Read a handshake. Returns 0, -EBADMSG with the reason in `error`, or -ENOMEM.
 *
 * A parent that does not send the fields of the sources (Storm before 1.0) is helped out with
 * those that the topology declares.
 */
int context_read(struct context *context, const struct storm_topology *topology, struct span frame,
	struct buffer *error);

void context_free(struct context *context);

/* The source of a tuple; NULL where it is not known. */
const struct source *context_source(
	const struct context *context, const char *component, const char *stream);

const struct peer *context_peer(const struct context *context, const char *component);

#endif
