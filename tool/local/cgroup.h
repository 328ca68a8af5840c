/*
 * Control groups (version 2) for components: cstorm.cgroup in the configuration names files of controllers and
 * what is to be in them, as {"memory.max": "2G", "cpu.max": "50000 100000"}.
 *
 * Each component that has some gets a group, below the runner's own one, which a service manager must have
 * delegated. Where that is not permitted, the run goes on without groups, and says so.
 */
#ifndef LOCAL_CGROUP_H
#define LOCAL_CGROUP_H

#include "spec/spec.h"

struct run;

#define CGROUP_KEY "cstorm.cgroup"

/* Check what a configuration says of them: problems are said. */
void cgroup_check(const struct spec *spec, const json_t *config, struct problems *problems);

/* Make the groups: 0, or a negative errno when a value is refused, with the reason said. */
int cgroups_make(struct run *run);

/* When no process is left in them. */
void cgroups_remove(struct run *run);

#endif
