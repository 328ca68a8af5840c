/*
 * What the configuration says of the processes of a component: cstorm.nice, cstorm.rlimits and cstorm.env, of the
 * component or, for all, of the topology. For its cstorm.cgroup see cgroup.h.
 */
#ifndef LOCAL_LIMITS_H
#define LOCAL_LIMITS_H

#include "local/process.h"
#include "spec/spec.h"

/* Check them all: problems are said. */
void limits_check(const struct spec *spec, struct problems *problems);

/* Take a checked component's into the setup of its processes: 0 or -ENOMEM. */
int limits_take(struct process_setup *setup, const struct spec *spec,
	const struct spec_component *component);

#endif
