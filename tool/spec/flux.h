/*
 * Topologies in the YAML of Storm's Flux.
 *
 * FluxShellSpout and FluxShellBolt are multi-lang components, which run here as in a cluster. Any
 * other class is one of Java's, carried through to a cluster as it is.
 */
#ifndef SPEC_FLUX_H
#define SPEC_FLUX_H

#include "spec/spec.h"

/*
 * Make the spec's description of a file in Flux YAML, with the places of its parts: 0, or a negative
 * errno with every problem that there is.
 */
int flux_read(struct spec *spec, const struct spec_source *source, struct span text,
	struct problems *problems);

#endif
