/* The project file, cstorm.yaml: the environments in which a project's topologies run. */
#ifndef SPEC_PROJECT_H
#define SPEC_PROJECT_H

#include <jansson.h>

#include "spec/places.h"
#include "spec/problems.h"

#define PROJECT_FILE "cstorm.yaml"

/* All zero: there is none. */
struct project {
	char *path;
	json_t *all;
	const char *chosen; /* the environment that is in force; NULL: none */
	struct places places;
};

/* Read the one in this folder, or else in the nearest above: 0, also where there is none; or a negative errno with
 * the problem said. */
int project_read(struct project *project, struct problems *problems);
void project_free(struct project *project);

/* The environment of this name: an object whose members are of the right types; NULL: there is none. */
json_t *project_environment(const struct project *project, const char *name);

/* The name of the only environment, or NULL where there is none: 0; or -EINVAL: one of several must be chosen. */
int project_only_environment(
	const struct project *project, const char **name, struct problems *problems);

/* Say that there is no environment of this name. Returns -EINVAL. */
int project_refuse_environment(
	const struct project *project, const char *name, struct problems *problems);

#endif
