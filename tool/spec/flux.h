/*
 * Topologies in the YAML of Storm's Flux.
 *
 * FluxShellSpout and FluxShellBolt are multi-lang components, which run here as in a cluster. Any
 * other class is one of Java's, carried through to a cluster as it is.
 */
#ifndef SPEC_FLUX_H
#define SPEC_FLUX_H

#include "protocol/description.h"
#include "spec/spec.h"

#define FLUX_SHELL_SPOUT "org.apache.storm.flux.wrappers.spouts.FluxShellSpout"
#define FLUX_SHELL_BOLT "org.apache.storm.flux.wrappers.bolts.FluxShellBolt"

/* Flux's names of the groupings, by enum storm_grouping. */
extern const char *const flux_groupings[GROUPING_COUNT];

/* Keys of a component that are configuration to Storm. */
struct flux_load {
	const char *name;
	const char *key;
};
#define FLUX_LOAD_COUNT 3
extern const struct flux_load flux_loads[FLUX_LOAD_COUNT];

/*
 * Make the spec's description of a file in Flux YAML, with the places of its parts: 0, or a negative
 * errno with every problem that there is.
 */
int flux_read(struct spec *spec, const struct spec_source *source, struct span text,
	struct problems *problems);

/*
 * Write a topology that has been checked in Flux YAML. `program` is how its components start the
 * topology's own program, where it has one.
 *
 * Returns 0, or a negative errno with everything in the topology that Flux cannot say.
 */
int flux_write(const struct spec *spec, const char *program, struct buffer *text,
	struct problems *problems);

#endif
